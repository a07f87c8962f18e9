"""Counts -> TF-IDF: what a corpus tells of its words, and rows by it, for whole documents as for halves of them."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust.config import TermFrequency
from docclust.vectors.rows import run_sums

# What search engines take; Robertson & Zaragoza 2009 find 1.2 to 2, and 0.5 to 0.8, reasonably good nearly everywhere.
K1 = 1.2
B = 0.75


@dataclass(frozen=True)
class TfIdf:
    """Rows of length one, in the direction of tf * idf, as a corpus tells them.

    idf : (v,) float64, at least 1; how rare each word is: ln((1 + n) / (1 + df)) + 1, as if one more document held
        every word (scikit-learn, `TfidfTransformer` with ``smooth_idf=True``)
    mean_length : words of a document, in the mean
    tf : what c occurrences of a word count for. "bm25": c (K1 + 1) / (c + K1 (1 - B + B length / mean_length)), no more
        than K1 + 1, and nearly that after fewer in a short document than in a long one; "log": 1 + ln c; "count": c

    References
    ----------
    Robertson & Zaragoza 2009, section 3.4 (BM25); Salton & Buckley 1988, table 1.
    """

    idf: np.ndarray
    mean_length: float
    tf: TermFrequency

    @classmethod
    def of(cls, counts: sp.csr_array, tf: TermFrequency) -> "TfIdf":
        """What a corpus tells by how often each document holds each word, (n, v) CSR."""
        n, v = counts.shape
        df = np.bincount(counts.indices[counts.data != 0], minlength=v)
        return cls(np.log((1 + n) / (1 + df)) + 1, float(counts.data.sum(dtype=np.int64)) / max(1, n), tf)

    def rows(self, counts: sp.csr_array) -> sp.csr_array:
        """Documents as rows; one without words stays zero.

        Parameters
        ----------
        counts : (n, v) CSR
            Not changed.

        Returns
        -------
        (n, v) CSR of float64, without stored zeros
        """
        weights = counts.astype(np.float64)
        # The halves of a document hold zeros where all its words of a kind went to the other half; ln 0 is -inf.
        weights.eliminate_zeros()
        words = np.diff(weights.indptr)
        if self.tf == "log":
            np.log(weights.data, out=weights.data)
            weights.data += 1
        elif self.tf == "bm25":
            length = run_sums(weights.data, words) / (self.mean_length or 1.0)
            weights.data *= (K1 + 1) / (weights.data + np.repeat(K1 * (1 - B + B * length), words))
        weights.data *= self.idf[weights.indices]
        weights.data /= np.repeat(np.sqrt(run_sums(weights.data**2, words)), words)
        return weights
