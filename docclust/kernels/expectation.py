"""The loops of the E-step, compiled: arrays in, arrays filled, nothing allocated.

A function is called for a tile of documents, not for one: a call counts the references to every array it is given, and
that takes longer than the words of a short text. All sums have a fixed order, and a loop that has no room left says
where it stopped, so that its caller can go on with longer arrays. What the arrays are is said in
`docclust.kernels.records`; in a tile, J and Q are of one document after the other.
"""

import numpy as np

from docclust.compiling import compiled, within
from docclust.kernels.lanes import add_multiples, add_quadratics, fetch, largest_of, put_exponentials
from docclust.kernels.records import LISTED_FROM, WHOLE_UP_TO
from docclust.kernels.softness import LEAST_EXPONENT

# A document that keeps more than one cluster in so many has a share for all of them, and so have all documents where
# there are few clusters: loops then run over clusters in order, and not over lists of them.
WHOLE_FROM = 4
# Documents that the E-step is with at once: so many, and no more than these numbers J or words of theirs.
TILE_DOCUMENTS = 64
TILE_NUMBERS = 2**14
TILE_WORDS = 2**15
# The numbers of a word are asked for when so many words are still before it: with 20 clusters, a fifth less time.
AHEAD = 16
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


@within()
def add_words(n_documents, ends, x_of, place_of, values, free, k, J):
    """Add to the J of every document its words, whose k numbers (2 k, if free) begin at place_of.

    The words of document i end at ends[i]. They are added four at a time, so that J is read less often.
    """
    one, two, three, four, p = _index(1), _index(2), _index(3), _index(4), _index(0)
    for i in range(_index(n_documents)):
        at, end = i * k, _index(ends[i])
        while p + four <= end:
            x = x_of[p], x_of[p + one], x_of[p + two], x_of[p + three]
            places = place_of[p], place_of[p + one], place_of[p + two], place_of[p + three]
            if free:
                add_quadratics(J, at, k, values, places, x)
            else:
                add_multiples(J, at, k, values, places, x)
            p += four
        while p < end:
            if free:
                add_quadratics(J, at, k, values, (place_of[p],), (x_of[p],))
            else:
                add_multiples(J, at, k, values, (place_of[p],), (x_of[p],))
            p += one


@within(fastmath={"contract"})
def settle(
    first, last, groups, k, n_components, background, cooling, drop, weights, J,
    row_starts, kept, shares, labels, largest_share, largest_joint,
):  # fmt: skip
    """What becomes of documents with these k numbers J each: their labels, and their shares of the clusters they keep.

    Shares sum to the weight of the document. J is lost: its largest is told, which with that share says logsumexp J.

    One keeps all clusters if J is of all, and they are few or it would keep many. The same for each of the groups.
    """
    of_all = k == n_components
    for i in range(first, last):
        used = _index(row_starts[i])
        for g in range(_index(groups)):
            at = (_index(i - first) * _index(groups) + g) * k
            largest = largest_of(J, at, k)
            least, label, n_kept = largest + drop, k, _index(0)
            for c in range(k):
                label = min(label, c if J[at + c] == largest else k)
            whole = of_all and k <= _index(WHOLE_UP_TO)
            if of_all and not whole:
                for c in range(k):
                    n_kept += _index(J[at + c] >= least)
                whole = _index(WHOLE_FROM) * n_kept > k
            if whole:
                n_kept = k
                if kept.size:
                    for c in range(k):
                        kept[used + c] = g * k + c
            else:  # every cluster is put where the next one kept has its place: there is no guess whether it is kept
                n_kept = _index(0)
                for c in range(k):
                    number = J[at + c]
                    J[at + n_kept] = number
                    kept[used + n_kept] = c
                    n_kept += _index(number >= least)
            if drop >= LEAST_EXPONENT:
                total = put_exponentials(J, at, n_kept, largest, drop, shares, used)
            else:
                total = 0.0
                for c in range(n_kept):
                    shares[used + c] = np.exp(J[at + c] - largest) if J[at + c] >= least else 0.0
                    total += shares[used + c]
            inverse = 1 / total
            share = inverse * weights[i]
            for t in range(used, used + n_kept):
                shares[t] *= share
            used += n_kept
            labels[i, g] = min(label, k - _index(1))
            largest_share[i, g] = inverse
            largest_joint[i, g] = largest - background[i - first] * cooling[g]
        row_starts[i + 1] = used


@within()
def _add_whole(first, last, indptr, indices, data, values, free, common, k, J, background):
    """The same where all words have all clusters; if free, and too few to be listed, those have nothing in common."""
    one, two, three, four, ahead = _index(1), _index(2), _index(3), _index(4), _index(AHEAD)
    width, n_words = two * k if free else k, _index(indices.size)
    for i in range(_index(first), _index(last)):
        at, total = (i - _index(first)) * k, 0.0
        p, end = _index(indptr[i]), _index(indptr[i + one])
        if not free or k >= LISTED_FROM:
            for q in range(p, end):
                total += data[q] * data[q] * common[indices[q], 0]
        background[i - _index(first)] = total
        while p + four <= end:
            for q in range(p + ahead, min(p + ahead + four, n_words)):
                fetch(values, _index(indices[q]) * width, width)
            x = data[p], data[p + one], data[p + two], data[p + three]
            j0, j1, j2, j3 = indices[p], indices[p + one], indices[p + two], indices[p + three]
            places = _index(j0) * width, _index(j1) * width, _index(j2) * width, _index(j3) * width
            if free:
                add_quadratics(J, at, k, values, places, x)
            else:
                add_multiples(J, at, k, values, places, x)
            p += four
        while p < end:
            place = _index(indices[p]) * width
            if free:
                add_quadratics(J, at, k, values, (place,), (data[p],))
            else:
                add_multiples(J, at, k, values, (place,), (data[p],))
            p += one


@within(fastmath={"contract"})
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


@compiled(fastmath={"contract"})
def expect(
    begin, indptr, indices, data, starts, lists, clusters, values, free, common, blend, scale, constant, cooling, drop,
    weights, own, change, J, Q, ends, x_of, place_of, background,
    row_starts, kept, shares, labels, largest_share, counts, largest_joint, joint,
):  # fmt: skip
    """Rows from `begin` on; returns the first one for which `shares` had no room.

    `kept` may be empty where all documents keep all clusters. If there is a `change`, it is added to J of each
    document's `own` cluster.

    If `joint` has rows, it is given J, and nothing else is: two loops would take twice as long to compile.
    """
    k, n_words, n_nodes = _index(constant.size), _index(common.shape[0]), _index(common.shape[1])
    whole = _index(starts[n_words]) == n_words * k
    room, first, n_documents, n_groups = _index(shares.size), begin, indptr.size - 1, _index(cooling.size)
    while first < n_documents:
        last = min(first + ends.size, n_documents)
        if not joint.shape[0] and _index(row_starts[first]) + _index(last - first) * k > room:
            return first
        J[:] = 0.0
        Q[:] = 0.0
        if whole:
            _add_whole(first, last, indptr, indices, data, values, free, common, k, J, background)
        else:
            _list_seen(
                first, last, indptr, indices, data, starts, lists, clusters, values, free, common, k, J, Q,
                ends, x_of, place_of, background,
            )  # fmt: skip
            add_words(last - first, ends, x_of, place_of, values, free, k, J)
        for i in range(_index(last - first)):
            for c in range(k):
                J[i * k + c] = scale[c] * J[i * k + c] + constant[c]
            if n_nodes > _index(1):
                for r in range(n_nodes):
                    for c in range(k):
                        J[i * k + c] -= Q[i * n_nodes + r] * blend[r, c]
        if change.size:
            for i in range(_index(last - first)):
                J[i * k + _index(own[first + i])] += change[first + i]
        if joint.shape[0]:
            for i in range(_index(last - first)):
                for c in range(k):
                    joint[first + i, c] = J[i * k + c] - background[i] * cooling[c // (k // n_groups)]
        else:
            settle(
                first, last, n_groups, k // n_groups, k // n_groups, background, cooling, drop, weights, J,
                row_starts, kept, shares, labels, largest_share, largest_joint,
            )  # fmt: skip
            if kept.size:
                for t in range(_index(row_starts[first]), _index(row_starts[last])):
                    counts[kept[t]] += shares[t]
            else:
                for i in range(_index(first), _index(last)):
                    for c in range(k):
                        counts[c] += shares[i * k + c]
        first = last
    return n_documents
