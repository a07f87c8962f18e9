"""Squared distances from one document to all others by the documents of its words, compiled."""

import numpy as np
import scipy.sparse as sp

from docclust.compiling import compiled

_index = np.uintp


def nearer(
    X: sp.csr_array, words: sp.csr_array, norms: np.ndarray, row: int, closest: np.ndarray, found: np.ndarray
) -> float:
    """Fill `found` with the lesser of `closest` and each document's squared distance to that of `row`; return its sum.

    Only documents that share a word with it are visited.
    """
    # X: (n, v) CSR; words: its transpose, CSR; norms, closest, found: (n,)
    return _nearer(X.indptr, X.indices, X.data, words.indptr, words.indices, words.data, norms, row, closest, found)


@compiled()
def _nearer(indptr, indices, data, word_indptr, documents, weights, norms, row, closest, found):
    for i in range(found.size):
        found[i] = 0.0
    for p in range(_index(indptr[row]), _index(indptr[row + 1])):
        j, x = _index(indices[p]), data[p]
        for q in range(_index(word_indptr[j]), _index(word_indptr[j + _index(1)])):
            found[_index(documents[q])] += x * weights[q]
    total = 0.0
    for i in range(found.size):
        distance = max(norms[row] + norms[i] - 2 * found[i], 0.0)
        if i == row:
            distance = 0.0
        found[i] = min(closest[i], distance)
        total += found[i]
    return total
