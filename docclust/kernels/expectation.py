"""The loop of the E-step, compiled: arrays in, arrays filled, nothing allocated.

All sums have a fixed order, and a loop that has no room left says where it stopped, so that its caller can go on
with longer arrays. What the arrays are is said in `docclust.kernels.records`.
"""

import numba
import numpy as np

# A document that keeps more than one cluster in so many has a share for all of them: loops then run over clusters in
# order, and not over lists of them.
WHOLE_FROM = 4
# Indices are unsigned: numba looks for negative ones otherwise, and the loop over clusters is not vectorised.
_index = np.uintp


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def add_rows(n, x_of, xx_of, place_of, values, free, k, J):
    """Add to J the n words whose k numbers (2 k, if free) begin at place_of, four at a time: J is read less often."""
    one, two, three, four = _index(1), _index(2), _index(3), _index(4)
    while n % four:  # the last four are made whole with a weight of zero
        x_of[n] = 0.0
        xx_of[n] = 0.0
        place_of[n] = place_of[0]
        n += one
    for p in range(_index(0), n, four):
        x0, x1, x2, x3 = x_of[p], x_of[p + one], x_of[p + two], x_of[p + three]
        a0, a1, a2, a3 = place_of[p], place_of[p + one], place_of[p + two], place_of[p + three]
        if free:
            y0, y1, y2, y3 = xx_of[p], xx_of[p + one], xx_of[p + two], xx_of[p + three]
            b0, b1, b2, b3 = a0 + k, a1 + k, a2 + k, a3 + k
            for c in range(k):
                J[c] += (
                    (x0 * values[a0 + c] - y0 * values[b0 + c])
                    + (x1 * values[a1 + c] - y1 * values[b1 + c])
                    + (x2 * values[a2 + c] - y2 * values[b2 + c])
                    + (x3 * values[a3 + c] - y3 * values[b3 + c])
                )
        else:
            for c in range(k):
                J[c] += x0 * values[a0 + c] + x1 * values[a1 + c] + x2 * values[a2 + c] + x3 * values[a3 + c]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def settle(i, k, n_components, background, drop, J, row_starts, kept, shares, labels, largest_share, log_norm):
    """What becomes of document i with these k numbers J: its label, and its shares of the clusters it keeps.

    It keeps all of them if they are all clusters and it would keep many.
    """
    used, n_kept = _index(row_starts[i]), _index(0)
    largest, label = -np.inf, _index(0)
    for c in range(k):
        if J[c] > largest:
            largest, label = J[c], c
    for c in range(k):
        if J[c] >= largest + drop:
            n_kept += _index(1)
    whole = k == n_components and _index(WHOLE_FROM) * n_kept > k
    total, row = 0.0, used
    for c in range(k):
        if J[c] >= largest + drop:
            kept[used] = c
            shares[used] = np.exp(J[c] - largest)
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
    log_norm[i] = largest + np.log(total) - background


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _joint(
    i, indptr, indices, data, starts, lists, clusters, values, free, common, blend, scale, constant,
    J, Q, x_of, xx_of, place_of,
):  # fmt: skip
    """J of row i, without the part common to all clusters, which is returned."""
    one, k = _index(1), _index(constant.size)
    for c in range(k):
        J[c] = 0.0
    n_nodes = _index(common.shape[1])
    for r in range(n_nodes):
        Q[r] = 0.0
    background, n_dense = 0.0, _index(0)
    for p in range(_index(indptr[i]), _index(indptr[i + 1])):
        j = _index(indices[p])
        x = data[p]
        xx = x * x
        first, n_pairs = _index(starts[j]), _index(starts[j + one]) - _index(starts[j])
        if free:
            first *= _index(2)
        if n_nodes == one or n_pairs == k:
            background += xx * common[j, 0]
        else:
            for r in range(n_nodes):
                Q[r] += xx * common[j, r]
        if n_pairs == k:
            x_of[n_dense] = x
            xx_of[n_dense] = xx
            place_of[n_dense] = first
            n_dense += one
        else:
            seen, second = _index(lists[j]), first + n_pairs
            if free:
                for t in range(n_pairs):
                    J[clusters[seen + t]] += x * values[first + t] - xx * values[second + t]
            else:
                for t in range(n_pairs):
                    J[clusters[seen + t]] += x * values[first + t]
    add_rows(n_dense, x_of, xx_of, place_of, values, free, k, J)
    for c in range(k):
        J[c] = scale[c] * J[c] + constant[c]
    if n_nodes > one:
        for r in range(n_nodes):
            for c in range(k):
                J[c] -= Q[r] * blend[r, c]
    return background


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def expect(
    begin, indptr, indices, data, starts, lists, clusters, values, free, common, blend, scale, constant, drop,
    J, Q, x_of, xx_of, place_of, row_starts, kept, shares, labels, largest_share, counts, log_norm, joint,
):  # fmt: skip
    """Rows from `begin` on; returns the first one for which `kept` had no room.

    If `joint` has rows, it is given J, and nothing else is: two loops would take twice as long to compile.
    """
    k = _index(constant.size)
    used = _index(row_starts[begin])
    room = _index(kept.size)
    for i in range(begin, labels.size):
        if used + k > room:
            return i
        background = _joint(
            i, indptr, indices, data, starts, lists, clusters, values, free, common, blend, scale, constant,
            J, Q, x_of, xx_of, place_of,
        )  # fmt: skip
        if joint.shape[0]:
            for c in range(k):
                joint[i, c] = J[c] - background
            continue
        settle(i, k, k, background, drop, J, row_starts, kept, shares, labels, largest_share, log_norm)
        used = _index(row_starts[i + 1])
        for t in range(_index(row_starts[i]), used):
            counts[kept[t]] += shares[t]
    return labels.size
