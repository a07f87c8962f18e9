"""The loops of the E-step, compiled: arrays in, arrays filled, nothing allocated.

A function is called for a tile of documents, not for one: a call counts the references to every array it is given, and
that takes longer than the words of a short text. All sums have a fixed order, and a loop that has no room left says
where it stopped, so that its caller can go on with longer arrays. What the arrays are is said in
`docclust.kernels.records`; in a tile, J and Q are of one document after the other.
"""

import numba
import numpy as np

# A document that keeps more than one cluster in so many has a share for all of them: loops then run over clusters in
# order, and not over lists of them.
WHOLE_FROM = 4
# Documents that the E-step is with at once: so many, and no more than these numbers J or words of theirs.
TILE_DOCUMENTS, TILE_NUMBERS, TILE_WORDS = 64, 2**14, 2**15
# Indices are unsigned: numba looks for negative ones otherwise, and the loop over clusters is not vectorised.
_index = np.uintp


def scratch(lengths: np.ndarray, k: int, n_nodes: int) -> tuple:
    """What the loops of the E-step write into while they are with one tile of documents that have so many words."""
    # lengths: (n,)
    longest = max(int(lengths.max(initial=0)), 1)
    tile = max(1, min(TILE_DOCUMENTS, TILE_NUMBERS // k, TILE_WORDS // longest))
    words = tile * longest
    sums = np.empty(tile * k), np.empty(tile * n_nodes)
    return *sums, np.empty(tile, dtype=np.uintp), np.empty(words), np.empty(words, dtype=np.uintp), np.empty(tile)


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def add_rows(n_documents, ends, x_of, place_of, values, free, k, J):
    """Add to the J of every document its words, whose k numbers (2 k, if free) begin at place_of.

    The words of document i end at ends[i]. They are added four at a time, so that J is read less often; the last four
    are made whole with weights of zero.
    """
    one, two, three, four, p = _index(1), _index(2), _index(3), _index(4), _index(0)
    for i in range(_index(n_documents)):
        at, end = i * k, _index(ends[i])
        while p < end:
            x0, x1, x2, x3 = x_of[p], 0.0, 0.0, 0.0
            a0 = a1 = a2 = a3 = place_of[p]
            if p + one < end:
                x1, a1 = x_of[p + one], place_of[p + one]
            if p + two < end:
                x2, a2 = x_of[p + two], place_of[p + two]
            if p + three < end:
                x3, a3 = x_of[p + three], place_of[p + three]
            p = min(p + four, end)
            if free:
                y0, y1, y2, y3 = x0 * x0, x1 * x1, x2 * x2, x3 * x3
                b0, b1, b2, b3 = a0 + k, a1 + k, a2 + k, a3 + k
                for c in range(k):
                    J[at + c] += (
                        (x0 * values[a0 + c] - y0 * values[b0 + c])
                        + (x1 * values[a1 + c] - y1 * values[b1 + c])
                        + (x2 * values[a2 + c] - y2 * values[b2 + c])
                        + (x3 * values[a3 + c] - y3 * values[b3 + c])
                    )
            else:
                for c in range(k):
                    J[at + c] += x0 * values[a0 + c] + x1 * values[a1 + c] + x2 * values[a2 + c] + x3 * values[a3 + c]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def settle(
    first, last, k, n_components, background, drop, J, row_starts, kept, shares, labels, largest_share, log_norm
):
    """What becomes of documents with these k numbers J each: their labels, and their shares of the clusters they keep.

    One keeps all clusters if J is of all and it would keep many.
    """
    for i in range(first, last):
        used, n_kept = _index(row_starts[i]), _index(0)
        at = _index(i - first) * k
        largest, label = -np.inf, _index(0)
        for c in range(k):
            if J[at + c] > largest:
                largest, label = J[at + c], c
        for c in range(k):
            if J[at + c] >= largest + drop:
                n_kept += _index(1)
        whole = k == n_components and _index(WHOLE_FROM) * n_kept > k
        total, row = 0.0, used
        for c in range(k):
            if J[at + c] >= largest + drop:
                kept[used] = c
                shares[used] = np.exp(J[at + c] - largest)
                total += shares[used]
                used += _index(1)
            elif whole:
                kept[used] = c
                shares[used] = 0.0
                used += _index(1)
        for t in range(row, used):
            shares[t] /= total
        row_starts[i + 1] = used
        labels[i] = label
        largest_share[i] = 1 / total
        log_norm[i] = largest + np.log(total) - background[i - first]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _list_whole(first, last, indptr, indices, data, width, free, common, ends, x_of, place_of, background):
    """The words of a tile for `add_rows` where all of them have all clusters; if free, those have nothing in common."""
    one, n = _index(1), _index(0)
    for i in range(_index(first), _index(last)):
        total = 0.0
        for p in range(_index(indptr[i]), _index(indptr[i + one])):
            j, x = _index(indices[p]), data[p]
            if not free:
                total += x * x * common[j, 0]
            x_of[n] = x
            place_of[n] = j * width
            n += one
        ends[i - _index(first)] = n
        background[i - _index(first)] = total


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _list_seen(
    first, last, indptr, indices, data, starts, lists, clusters, values, free, common, k, J, Q,
    ends, x_of, place_of, background,
):  # fmt: skip
    """The same where words have the clusters that have seen them; those that have few are added to J at once."""
    one, n, n_nodes = _index(1), _index(0), _index(common.shape[1])
    for i in range(_index(first), _index(last)):
        row = i - _index(first)
        at, node = row * k, row * n_nodes
        total = 0.0
        for p in range(_index(indptr[i]), _index(indptr[i + one])):
            j, x = _index(indices[p]), data[p]
            xx = x * x
            place, n_pairs = _index(starts[j]), _index(starts[j + one]) - _index(starts[j])
            if free:
                place *= _index(2)
            if n_nodes == one or n_pairs == k:
                total += xx * common[j, 0]
            else:
                for r in range(n_nodes):
                    Q[node + r] += xx * common[j, r]
            if n_pairs == k:
                x_of[n] = x
                place_of[n] = place
                n += one
            else:
                seen, second = _index(lists[j]), place + n_pairs
                if free:
                    for t in range(n_pairs):
                        J[at + clusters[seen + t]] += x * values[place + t] - xx * values[second + t]
                else:
                    for t in range(n_pairs):
                        J[at + clusters[seen + t]] += x * values[place + t]
        ends[row] = n
        background[row] = total


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def expect(
    begin, indptr, indices, data, starts, lists, clusters, values, free, common, blend, scale, constant, drop,
    J, Q, ends, x_of, place_of, background, row_starts, kept, shares, labels, largest_share, counts, log_norm, joint,
):  # fmt: skip
    """Rows from `begin` on; returns the first one for which `kept` had no room.

    If `joint` has rows, it is given J, and nothing else is: two loops would take twice as long to compile.
    """
    k, n_words, n_nodes = _index(constant.size), _index(common.shape[0]), _index(common.shape[1])
    whole = _index(starts[n_words]) == n_words * k
    room, first = _index(kept.size), begin
    while first < labels.size:
        last = min(first + ends.size, labels.size)
        if not joint.shape[0] and _index(row_starts[first]) + _index(last - first) * k > room:
            return first
        J[:] = 0.0
        Q[:] = 0.0
        if whole:
            width = _index(2) * k if free else k
            _list_whole(first, last, indptr, indices, data, width, free, common, ends, x_of, place_of, background)
        else:
            _list_seen(
                first, last, indptr, indices, data, starts, lists, clusters, values, free, common, k, J, Q,
                ends, x_of, place_of, background,
            )  # fmt: skip
        add_rows(last - first, ends, x_of, place_of, values, free, k, J)
        for i in range(_index(last - first)):
            for c in range(k):
                J[i * k + c] = scale[c] * J[i * k + c] + constant[c]
            if n_nodes > _index(1):
                for r in range(n_nodes):
                    for c in range(k):
                        J[i * k + c] -= Q[i * n_nodes + r] * blend[r, c]
        if joint.shape[0]:
            for i in range(_index(last - first)):
                for c in range(k):
                    joint[first + i, c] = J[i * k + c] - background[i]
        else:
            settle(first, last, k, k, background, drop, J, row_starts, kept, shares, labels, largest_share, log_norm)
            for t in range(_index(row_starts[first]), _index(row_starts[last])):
                counts[kept[t]] += shares[t]
        first = last
    return labels.size
