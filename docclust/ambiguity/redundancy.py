"""Words that stand in the same documents say one thing, not several: a signature, a site, a table sent again.

An author's name, address and motto occur together, and only in the posts of that author. Taken one by one they would
make a post of hers on anything a mixture with the cluster where she mostly writes.
"""

import numba
import numpy as np
import scipy.sparse as sp

# Two words go together when of the documents that hold one of them this share holds both.
GO_TOGETHER = 0.4
# Words in more documents than this, or a larger share of them, are not looked at: they are no one's alone.
MOST_DOCUMENTS = 300
MOST_SHARE = 0.02


def companions(counts: sp.csr_array) -> sp.csr_array:
    """Of every word those that go together with it, by their Jaccard index."""
    # counts: (n, v) CSR -> (v, v) CSR, symmetric, its diagonal empty
    columns = counts.tocsc()
    rare = np.diff(columns.indptr) <= min(MOST_DOCUMENTS, MOST_SHARE * counts.shape[0])
    first, second, alike = _alike(
        counts.indptr, counts.indices, columns.indptr, columns.indices, rare, GO_TOGETHER, counts.shape[1]
    )
    found = sp.coo_array((alike, (first, second)), shape=(counts.shape[1],) * 2)
    return sp.csr_array(found + found.T)


def shared(counts: sp.csr_array, together: sp.csr_array) -> np.ndarray:
    """By how many each word of each document is to be divided: itself, and its companions in the same document."""
    # counts: (n, v) CSR; together: (v, v) CSR -> (nnz,)
    return _shared(counts.indptr, counts.indices, together.indptr, together.indices, together.data, counts.shape[1])


@numba.njit(nogil=True, cache=True)
def _alike(indptr, indices, column_starts, rows, rare, least, v):
    # Both documents-by-words and words-by-documents -> pairs (w, w2 > w) and their Jaccard index
    first, second, alike = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)], [0.0 for _ in range(0)]
    both, touched = np.zeros(v, np.int64), np.empty(v, np.int64)
    for w in range(v):
        size = column_starts[w + 1] - column_starts[w]
        if not rare[w] or size == 0:
            continue
        n_touched = 0
        for p in range(column_starts[w], column_starts[w + 1]):
            i = rows[p]
            for q in range(indptr[i], indptr[i + 1]):
                other = indices[q]
                if other > w and rare[other]:
                    if both[other] == 0:
                        touched[n_touched] = other
                        n_touched += 1
                    both[other] += 1
        for t in range(n_touched):
            other = touched[t]
            either = size + column_starts[other + 1] - column_starts[other] - both[other]
            if both[other] >= least * either:
                first.append(w)
                second.append(other)
                alike.append(both[other] / either)
            both[other] = 0
    return np.array(first), np.array(second), np.array(alike)


@numba.njit(nogil=True, cache=True)
def _shared(indptr, indices, starts, others, alike, v):
    found, here = np.ones(indices.size), np.zeros(v, np.bool_)
    for i in range(indptr.size - 1):
        for p in range(indptr[i], indptr[i + 1]):
            here[indices[p]] = True
        for p in range(indptr[i], indptr[i + 1]):
            for q in range(starts[indices[p]], starts[indices[p] + 1]):
                if here[others[q]]:
                    found[p] += alike[q]
        for p in range(indptr[i], indptr[i + 1]):
            here[indices[p]] = False
    return found
