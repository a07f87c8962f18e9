"""The loop of the E-step where a document is held against the clusters near its own, compiled.

Documents of one cluster have the same near clusters and many words in common. Their parameters are gathered into a
small table that stays in the cache, and its rows are read as those of a mixture of these few clusters.
"""

import numba
import numpy as np

from docclust.kernels.expectation import add_words, settle

_index = np.uintp


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def expect_near(
    begin, documents, groups, near_starts, near,
    indptr, indices, data, starts, lists, clusters, values, free, common, blend, scale, constant, cooling, drop,
    J, Q, ends, x_of, place_of, background, place_in_table, position, words, table,
    row_starts, kept, shares, labels, largest_share, counts, log_norm,
):  # fmt: skip
    """Groups of consecutive documents from `begin` on; returns the first group for which `kept` had no room.

    Group g is documents[groups[g, 0]:groups[g, 1]], all of cluster groups[g, 2], whose near clusters, in order, are
    near[near_starts[c]:near_starts[c + 1]].
    """
    one, k, n_nodes = _index(1), _index(constant.size), _index(common.shape[1])
    for g in range(begin, groups.shape[0]):
        first_near = _index(near_starts[groups[g, 2]])
        width = _index(near_starts[groups[g, 2] + 1]) - first_near
        first, last = _index(groups[g, 0]), _index(groups[g, 1])
        used = _index(row_starts[first])
        if used + (last - first) * width > _index(kept.size):
            return g
        for t in range(width):
            position[near[first_near + t]] = t
        stride = width * _index(2 if free else 1)
        n_words = _index(0)
        for m in range(first, last):
            i = _index(documents[m])
            for p in range(_index(indptr[i]), _index(indptr[i + one])):
                j = _index(indices[p])
                if place_in_table[j] < 0:
                    place_in_table[j] = n_words * stride
                    words[n_words] = j
                    _gather(
                        j, n_words * stride, near, first_near, width, position, starts, lists, clusters, values,
                        free, k, table,
                    )  # fmt: skip
                    n_words += one
        m = first
        while m < last:
            until = min(m + _index(ends.size), last)
            for t in range((until - m) * width):
                J[t] = 0.0
            for t in range((until - m) * n_nodes):
                Q[t] = 0.0
            _list_words(
                m, until, documents, indptr, indices, data, starts, common, k, place_in_table, Q,
                ends, x_of, place_of, background,
            )  # fmt: skip
            add_words(until - m, ends, x_of, place_of, table, free, width, J)
            for i in range(until - m):
                for t in range(width):
                    c = near[first_near + t]
                    J[i * width + t] = scale[c] * J[i * width + t] + constant[c]
                    if n_nodes > one:
                        for r in range(n_nodes):
                            J[i * width + t] -= Q[i * n_nodes + r] * blend[r, c]
            settle(
                m, until, 1, width, k, background, cooling, drop, J,
                row_starts, kept, shares, labels, largest_share, log_norm,
            )  # fmt: skip
            for t in range(_index(row_starts[m]), _index(row_starts[until])):
                kept[t] = near[first_near + kept[t]]
                counts[kept[t]] += shares[t]
            for i in range(m, until):
                labels[i, 0] = near[first_near + _index(labels[i, 0])]
            m = until
        for t in range(n_words):
            place_in_table[words[t]] = -1
        for t in range(width):
            position[near[first_near + t]] = -1
    return groups.shape[0]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _list_words(
    first, last, documents, indptr, indices, data, starts, common, k, place_in_table, Q,
    ends, x_of, place_of, background,
):  # fmt: skip
    """The words of a tile for `add_words`, by their places in the table."""
    one, n, n_nodes = _index(1), _index(0), _index(common.shape[1])
    for m in range(first, last):
        i, row = _index(documents[m]), _index(m - first)
        total = 0.0
        for p in range(_index(indptr[i]), _index(indptr[i + one])):
            j, x = _index(indices[p]), data[p]
            xx = x * x
            if n_nodes == one or _index(starts[j + one]) - _index(starts[j]) == k:
                total += xx * common[j, 0]
            else:
                for r in range(n_nodes):
                    Q[row * n_nodes + r] += xx * common[j, r]
            x_of[n] = x
            place_of[n] = place_in_table[j]
            n += one
        ends[row] = n
        background[row] = total


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _gather(j, place, near, first_near, width, position, starts, lists, clusters, values, free, k, table):
    """The numbers of word j for the near clusters."""
    one = _index(1)
    first, n_pairs = _index(starts[j]), _index(starts[j + one]) - _index(starts[j])
    if free:
        first *= _index(2)
    if n_pairs == k:
        for t in range(width):
            table[place + t] = values[first + near[first_near + t]]
        if free:
            for t in range(width):
                table[place + width + t] = values[first + k + near[first_near + t]]
        return
    for t in range(width * _index(2 if free else 1)):
        table[place + t] = 0.0
    seen = _index(lists[j])
    for t in range(n_pairs):
        at = position[clusters[seen + t]]
        if at >= 0:
            table[place + _index(at)] = values[first + t]
            if free:
                table[place + width + _index(at)] = values[first + n_pairs + t]
