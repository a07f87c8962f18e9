"""How much a document counts."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class Weighting:
    """A document of n distinct words counts `unit` * n ** `exponent` times; one without words as if it had one.

    Rows of length one that have few words lie far from the mean of their cluster, and say little about it: were words
    drawn one by one, the variance of a row about the mean of its cluster would go as 1 / n, and the mean of least
    variance would weigh rows by n. Part of the variance is that of documents, though, whatever their length.
    """

    exponent: float = 0.0
    unit: float = 1.0

    @classmethod
    def over(cls, X: sp.csr_array, exponent: float) -> "Weighting":
        """The weighting whose mean over the rows is one."""
        # X: (n, v) CSR
        return cls(exponent, float(1 / cls(exponent).of(np.diff(X.indptr)).mean()))

    def of(self, n_words: np.ndarray) -> np.ndarray:
        """What documents with so many words count."""
        # n_words: (n,) -> (n,)
        return self.unit * np.maximum(n_words, 1.0) ** self.exponent


EQUAL = Weighting()
