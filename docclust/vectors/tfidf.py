"""Counts -> TF-IDF: two pure functions of sparse arrays, the same for whole documents and for halves of them."""

import numpy as np
import scipy.sparse as sp

from docclust.vectors.rows import run_sums


def smoothed_idf(counts: sp.csr_array) -> np.ndarray:
    """How rare each word is: idf = ln((1 + n) / (1 + df)) + 1, as if one more document held every word.

    Parameters
    ----------
    counts : (n, v) CSR
        How often each document holds each word.

    Returns
    -------
    (v,) float64, at least 1

    References
    ----------
    scikit-learn, `TfidfTransformer` with ``smooth_idf=True``.
    """
    # counts: (n, v) CSR -> (v,)
    n, v = counts.shape
    df = np.bincount(counts.indices[counts.data != 0], minlength=v)
    return np.log((1 + n) / (1 + df)) + 1


def tfidf(counts: sp.csr_array, idf: np.ndarray, *, sublinear: bool) -> sp.csr_array:
    """Rows of length one, in the direction of tf * idf; a row without words stays zero.

    tf is the count c, or 1 + ln c if `sublinear`.

    Parameters
    ----------
    counts : (n, v) CSR
        Not changed.
    idf : (v,)
    sublinear : bool

    Returns
    -------
    (n, v) CSR of float64, without stored zeros

    References
    ----------
    Salton & Buckley 1988, table 1; scikit-learn, `TfidfTransformer`.
    """
    # counts: (n, v) CSR; idf: (v,) -> (n, v) CSR
    weights = counts.astype(np.float64)
    # The halves of a document hold zeros where all its words of a kind went to the other half; ln 0 is -inf.
    weights.eliminate_zeros()
    if sublinear:
        np.log(weights.data, out=weights.data)
        weights.data += 1
    weights.data *= idf[weights.indices]
    lengths = np.diff(weights.indptr)
    weights.data /= np.repeat(np.sqrt(run_sums(weights.data**2, lengths)), lengths)
    return weights
