"""Words that stand in the same documents say one thing, not several: a signature, a site, a table sent again.

An author's name, address and motto occur together, and only in the posts of that author. Taken one by one they would
make a post of hers on anything a mixture with the cluster where she mostly writes.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust.compiling import compiled

# Two words go together when of the documents that hold one of them this share holds both.
GO_TOGETHER = 0.4
# Words in more documents than this, or a larger share of them, are not looked at: they are no one's alone.
MOST_DOCUMENTS = 300
MOST_SHARE = 0.02
NO_GROUP = -1


@dataclass(frozen=True)
class Companions:
    """Words that go together. Those of the same documents are one group: a long text sent twice has thousands.

    groups : (v,), the group of every word, or NO_GROUP
    alike : (g, g) CSR, symmetric, its diagonal empty: the Jaccard index of groups that go together
    """

    groups: np.ndarray
    alike: sp.csr_array


def companions(counts: sp.csr_array) -> Companions:
    """Of every word those that go together with it, by their Jaccard index."""
    # counts: (n, v) CSR
    columns = sp.csc_array(counts)
    columns.sort_indices()
    found, firsts = np.full(counts.shape[1], NO_GROUP), []
    sizes, known = np.diff(columns.indptr), {}
    for word in np.flatnonzero((sizes > 0) & (sizes <= min(MOST_DOCUMENTS, MOST_SHARE * counts.shape[0]))):
        documents = columns.indices[columns.indptr[word] : columns.indptr[word + 1]].tobytes()
        found[word] = known.setdefault(documents, len(known))
        if found[word] == len(firsts):
            firsts.append(word)
    groups = columns[:, np.array(firsts, dtype=int)]
    rows = sp.csr_array(groups)
    pairs = _alike(rows.indptr, rows.indices, groups.indptr, groups.indices, GO_TOGETHER)
    half = sp.coo_array((pairs[2], pairs[:2]), shape=(len(firsts),) * 2)
    return Companions(found, sp.csr_array(half + half.T))


def shared(counts: sp.csr_array, together: Companions) -> np.ndarray:
    """By how many each word of each document is to be divided: itself, and its companions in the same document."""
    # counts: (n, v) CSR -> (nnz,)
    alike = together.alike
    return _shared(counts.indptr, counts.indices, together.groups, alike.indptr, alike.indices, alike.data)


@compiled()
def _alike(indptr, indices, column_starts, rows, least):
    # Both documents-by-groups and groups-by-documents -> pairs (g, g2 > g) and their Jaccard index
    first, second, alike = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)], [0.0 for _ in range(0)]
    n_groups = column_starts.size - 1
    both, touched = np.zeros(n_groups, np.int64), np.empty(n_groups, np.int64)
    for g in range(n_groups):
        size = column_starts[g + 1] - column_starts[g]
        n_touched = 0
        for p in range(column_starts[g], column_starts[g + 1]):
            i = rows[p]
            for q in range(indptr[i], indptr[i + 1]):
                other = indices[q]
                if other > g:
                    if both[other] == 0:
                        touched[n_touched] = other
                        n_touched += 1
                    both[other] += 1
        for t in range(n_touched):
            other = touched[t]
            either = size + column_starts[other + 1] - column_starts[other] - both[other]
            if both[other] >= least * either:
                first.append(g)
                second.append(other)
                alike.append(both[other] / either)
            both[other] = 0
    return np.array(first), np.array(second), np.array(alike)


@compiled()
def _shared(indptr, indices, groups, starts, others, alike):
    found, here, sums = np.ones(indices.size), np.zeros(starts.size - 1), np.zeros(starts.size - 1)
    for i in range(indptr.size - 1):
        for p in range(indptr[i], indptr[i + 1]):
            if groups[indices[p]] >= 0:
                here[groups[indices[p]]] += 1
        for p in range(indptr[i], indptr[i + 1]):
            g = groups[indices[p]]
            if g >= 0:
                if sums[g] == 0:
                    sums[g] = here[g]
                    for q in range(starts[g], starts[g + 1]):
                        sums[g] += here[others[q]] * alike[q]
                found[p] = sums[g]
        for p in range(indptr[i], indptr[i + 1]):
            if groups[indices[p]] >= 0:
                here[groups[indices[p]]] = sums[groups[indices[p]]] = 0
    return found
