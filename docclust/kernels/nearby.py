"""The loops of the E-step where a document is held against the clusters near its own, compiled.

Documents of one cluster have the same near clusters and many words in common. Their parameters are gathered into a
small table that stays in the cache, and its rows are read as those of a mixture of these few clusters. Each cluster
knows its own words, so that no list of the clusters of a word is searched.
"""

import numpy as np

from docclust.compiling import compiled
from docclust.kernels.expectation import add_words, settle
from docclust.kernels.lanes import fetch

_index = np.uintp


@compiled()
def turn(starts, lists, clusters, values, free, wide_ones, wide_of, wide, seen_starts, seen_words, seen_numbers):
    """Put the numbers of every pair where its cluster has them; see `docclust.kernels.neighbours.Seen`."""
    one, two, k, n_wide = _index(1), _index(2), _index(wide_of.size), _index(wide_ones.size)
    width = two if free else one
    following = seen_starts[:-1].copy()
    for j in range(_index(starts.size) - one):
        first, listed = _index(starts[j]) * width, _index(lists[j])
        n_pairs = _index(lists[j + one]) - listed
        row = j * n_wide * width
        if not n_pairs and starts[j] < starts[j + one]:
            for r in range(n_wide):
                c = _index(wide_ones[r])
                wide[row + r * width] = values[first + c]
                if free:
                    wide[row + r * width + one] = values[first + k + c]
        for t in range(n_pairs):
            c = clusters[listed + t]
            if wide_of[c] >= 0:
                place = row + _index(wide_of[c]) * width
                wide[place] = values[first + t]
                if free:
                    wide[place + one] = values[first + n_pairs + t]
            else:
                place = _index(following[c])
                following[c] += 1
                seen_words[place] = j
                seen_numbers[place * width] = values[first + t]
                if free:
                    seen_numbers[place * width + one] = values[first + n_pairs + t]


@compiled(fastmath={"contract"})
def expect_near(
    begin, documents, groups, near_starts, near, n_wide, wide_of, wide, seen_starts, seen_words, seen_numbers,
    indptr, indices, data, starts, values, free, common, blend, scale, constant, cooling, drop,
    weights, change, J, ends, x_of, place_of, background, place_in_table, words, here, table, common_of_place,
    beside, wide_row, row_starts, kept, shares, labels, largest_share, counts, largest_joint,
):  # fmt: skip
    """Groups of consecutive documents from `begin` on; returns the first group for which `kept` had no room.

    Group g is documents[groups[g, 0]:groups[g, 1]], all of cluster groups[g, 2], whose near clusters, in order, are
    near[near_starts[c]:near_starts[c + 1]]. If there is a `change`, it is added to a document's J of that cluster.
    """
    one, k, n_wide = _index(1), _index(constant.size), _index(n_wide)
    row_size = n_wide * _index(2 if free else 1)
    for g in range(begin, groups.shape[0]):
        first_near = _index(near_starts[groups[g, 2]])
        width = _index(near_starts[groups[g, 2] + 1]) - first_near
        first, last = _index(groups[g, 0]), _index(groups[g, 1])
        used = _index(row_starts[first])
        if used + (last - first) * width > _index(kept.size):
            return g
        stride = width * _index(2 if free else 1)
        n_words = _index(0)
        for m in range(first, last):
            i = _index(documents[m])
            for p in range(_index(indptr[i]), _index(indptr[i + one])):
                j = _index(indices[p])
                if place_in_table[j] < 0:
                    place_in_table[j] = n_words
                    words[n_words] = j
                    fetch(wide, j * row_size, row_size)
                    n_words += one
        _gather(
            n_words, words, near, first_near, width, stride, starts, values, free, common, blend, scale, k,
            n_wide, wide_of, wide, beside, wide_row, table, common_of_place,
        )  # fmt: skip
        for t in range(width):
            c = _index(near[first_near + t])
            _add_seen(
                _index(seen_starts[c]), _index(seen_starts[c + one]), t, width, stride, seen_words, seen_numbers,
                free, place_in_table, here, table,
            )  # fmt: skip
        m = first
        while m < last:
            until = min(m + _index(ends.size), last)
            for t in range((until - m) * width):
                J[t] = 0.0
            n = _index(0)
            for row in range(until - m):
                i, total = _index(documents[m + row]), 0.0
                for p in range(_index(indptr[i]), _index(indptr[i + one])):
                    place, x = _index(place_in_table[_index(indices[p])]), data[p]
                    total += x * x * common_of_place[place]
                    x_of[n] = x
                    place_of[n] = place * stride
                    n += one
                ends[row] = n
                background[row] = total
            add_words(until - m, ends, x_of, place_of, table, free, width, J)
            for i in range(until - m):
                for t in range(width):
                    c = near[first_near + t]
                    J[i * width + t] = scale[c] * J[i * width + t] + constant[c]
                    if change.size and c == groups[g, 2]:
                        J[i * width + t] += change[documents[m + i]]
            settle(
                m, until, 1, width, k, background, cooling, drop, weights, J,
                row_starts, kept, shares, labels, largest_share, largest_joint,
            )  # fmt: skip
            for t in range(_index(row_starts[m]), _index(row_starts[until])):
                kept[t] = near[first_near + kept[t]]
                counts[kept[t]] += shares[t]
            for i in range(m, until):
                labels[i, 0] = near[first_near + _index(labels[i, 0])]
            m = until
        for t in range(n_words):
            place_in_table[words[t]] = -1
    return groups.shape[0]


@compiled()
def _gather(
    n_words, words, near, first_near, width, stride, starts, values, free, common, blend, scale, k,
    n_wide, wide_of, wide, beside, wide_row, table, common_of_place,
):  # fmt: skip
    """The numbers of every word, of the near clusters, but for those that `_add_seen` adds.

    What clusters have in common that have not seen a word is said at its first node, and the rest is their own:
    beside (width, nodes) is what the nodes weigh in each.
    """
    one, two, n_nodes = _index(1), _index(2), _index(common.shape[1])
    per_word = two if free else one
    for t in range(width):
        c = near[first_near + t]
        wide_row[t] = wide_of[c]
        for r in range(n_nodes):
            beside[t * n_nodes + r] = blend[r, c] / scale[c]
    for w in range(n_words):
        j, place = _index(words[w]), w * stride
        first, n_pairs = _index(starts[j]) * per_word, _index(starts[j + one]) - _index(starts[j])
        row = j * n_wide * per_word
        common_of_place[w] = common[j, 0]
        dense = n_pairs == k
        for t in range(width):
            linear, quadratic = 0.0, 0.0
            if wide_row[t] >= 0:
                number = row + _index(wide_row[t]) * per_word
                linear = wide[number]
                if free:
                    quadratic = wide[number + one]
            elif dense:
                number = first + near[first_near + t]
                linear = values[number]
                if free:
                    quadratic = values[number + k]
            table[place + t] = linear
            if free:
                if not dense and n_nodes > one:
                    for r in range(n_nodes):
                        quadratic += common[j, r] * beside[t * n_nodes + r]
                    quadratic -= common[j, 0]
                table[place + width + t] = quadratic


@compiled()
def _add_seen(
    first, last, t, width, stride, seen_words, seen_numbers, free, place_in_table, here, table
):  # fmt: skip
    """Add the numbers of the words that a cluster has seen, and that are in the table.

    Those are listed first, which needs no guess whether a word is one of them.
    """
    one, n, per_word = _index(1), _index(0), _index(2 if free else 1)
    for p in range(first, last):
        here[n] = p
        n += _index(place_in_table[_index(seen_words[p])] >= 0)
    for h in range(n):
        p = _index(here[h])
        place, number = _index(place_in_table[_index(seen_words[p])]) * stride + t, p * per_word
        table[place] += seen_numbers[number]
        if free:
            table[place + width] += seen_numbers[number + one]
