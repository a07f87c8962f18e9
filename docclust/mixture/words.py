"""Columns -> those in which some row has a number: no other tells clusters apart, and there may be a million."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust import em


@dataclass(frozen=True)
class Words:
    """Which columns take part in a fit. The others have mean zero in every cluster, and the smoothing as variance.

    used : (w,), in order; or None where all do
    n_words : v
    least : the variance of the others where there is no smoothing
    noisy : whether the smoothing is a noise
    """

    used: np.ndarray | None = None
    n_words: int = 0
    least: float = 0.0
    noisy: bool = True

    @classmethod
    def seen_in(cls, X: sp.csr_array, *, noisy: bool) -> "Words":
        """Those of a matrix."""
        # X: (n, v) CSR
        used = np.flatnonzero(np.bincount(X.indices, minlength=X.shape[1]))
        return cls() if used.size in (0, X.shape[1]) else cls(used, X.shape[1], em.least_smoothing(X), noisy)

    def of(self, X: sp.csr_array) -> sp.csr_array:
        """Rows without the other columns: (n, v) -> (n, w)."""
        return X if self.used is None else X[:, self.used]

    def everywhere(self, found: em.Found, smoothing: float) -> em.Found:
        """Parameters of all columns, from those of the columns that took part."""
        if self.used is None:
            return found
        return found.among(self.used, self.n_words, max(smoothing, self.least))

    def log_density(self, smoothing: float) -> float:
        """What the other columns add to J of every document and cluster, in nats."""
        if self.used is None:
            return 0.0
        variance = max(smoothing, self.least)
        noise = smoothing / variance if self.noisy else 0.0
        return -0.5 * (self.n_words - self.used.size) * float(np.log(2 * np.pi * variance) + noise)
