"""The loop of the M-step, compiled, in the manner of `docclust.kernels.expectation`."""

import numpy as np

from docclust.compiling import compiled, within
from docclust.gaussian import TINY
from docclust.kernels.lanes import add_both_moments, add_multiples, own_coefficients, weighted_squares

# A word seen by more than one cluster in so many has all clusters.
DENSE_FROM = 8
# What a word becomes: its sums, or the coefficients of a form.
SUMS, OWN, TIED, ISOTROPIC = range(4)
_index = np.uintp


@compiled(fastmath={"contract"})
def maximise(
    begin, indptr, rows, data, row_starts, row_clusters, shares, weights, counts, groups,
    mode, listed_clusters, smoothing, floor, strength, estimated, noise, most_target,
    moment1, moment2, seen, seen_at, row_of, x_of, inverse_size, inverse_pooled, pooled_share, pseudo, pull, sizes,
    growth, starts, lists, clusters, values, common, target, squares, inverses, logs, pulls, product,
):  # fmt: skip
    """Words from `begin` on; returns the first one for which `clusters` or `values` had no room.

    Clusters are of so many mixtures, or groups, side by side; of more than one only where words have all of them.
    """
    k, n_groups = _index(counts.size), _index(groups)
    size = k // n_groups
    free = mode <= OWN
    none, one, two, three, four = _index(0), _index(1), _index(2), _index(3), _index(4)
    width = two if free else one
    n_documents = row_starts.size - 1
    all_whole = _index(row_starts[n_documents]) == _index(n_documents) * k
    sizes[:] = 0.0
    growth[:] = 1.0
    for c in range(k):
        sizes[c // size] += counts[c]
        inverse_size[c] = 1 / max(counts[c], TINY)
        inverse_pooled[c] = 1 / (max(counts[c], TINY) + strength)
        pooled_share[c] = strength * inverse_pooled[c]
    for w in range(begin, common.size):
        first, listed = _index(starts[w]), _index(lists[w])
        if width * (first + k) > _index(values.size) or (listed_clusters and listed + k > _index(clusters.size)):
            _to_logs(none, k, product, logs)
            return w
        n_seen, n_whole, square, largest = none, none, 0.0, 0.0
        p, end_of_word = _index(indptr[w]), _index(indptr[w + 1])
        in_all_clusters = all_whole and p < end_of_word
        # With shares of all documents for all clusters, four at a time; the others, and what is left, are sorted first.
        while all_whole and p + four <= end_of_word:
            i0, i1, i2, i3 = _index(rows[p]), _index(rows[p + one]), _index(rows[p + two]), _index(rows[p + three])
            x0, x1, x2, x3 = data[p], data[p + one], data[p + two], data[p + three]
            xx0, xx1, xx2, xx3 = x0 * x0, x1 * x1, x2 * x2, x3 * x3
            square = square + weights[i0] * xx0 + weights[i1] * xx1 + weights[i2] * xx2 + weights[i3] * xx3
            largest = max(max(max(largest, xx0), max(xx1, xx2)), xx3)
            places, x, xx = (i0 * k, i1 * k, i2 * k, i3 * k), (x0, x1, x2, x3), (xx0, xx1, xx2, xx3)
            if free:
                add_both_moments(moment1, moment2, k, shares, places, x, xx)
            else:
                add_multiples(moment1, none, k, shares, places, x)
            p += four
        for q in range(p, end_of_word):
            x = data[q]
            xx = x * x
            i = _index(rows[q])
            square += weights[i] * xx
            largest = max(largest, xx)
            row, end = (i * k, i * k + k) if all_whole else (_index(row_starts[i]), _index(row_starts[i + one]))
            if end - row == k:
                row_of[n_whole] = row
                x_of[n_whole] = x
                n_whole += one
            else:
                for t in range(row, end):
                    c = _index(row_clusters[t])
                    moment1[c] += shares[t] * x
                    moment2[c] += shares[t] * xx
                    if listed_clusters and seen_at[c] != w:
                        seen_at[c] = w
                        seen[n_seen] = c
                        n_seen += one
        p = none
        while p + four <= n_whole:
            x0, x1, x2, x3 = x_of[p], x_of[p + one], x_of[p + two], x_of[p + three]
            places = row_of[p], row_of[p + one], row_of[p + two], row_of[p + three]
            x, xx = (x0, x1, x2, x3), (x0 * x0, x1 * x1, x2 * x2, x3 * x3)
            if free:
                add_both_moments(moment1, moment2, k, shares, places, x, xx)
            else:
                add_multiples(moment1, none, k, shares, places, x)
            p += four
        while p < n_whole:
            x = x_of[p]
            if free:
                add_both_moments(moment1, moment2, k, shares, (row_of[p],), (x,), (x * x,))
            else:
                add_multiples(moment1, none, k, shares, (row_of[p],), (x,))
            p += one
        if n_whole or in_all_clusters or not listed_clusters:
            n_seen = k
        scatter = square
        for g in range(n_groups):
            scatter = square
            if mode == TIED or estimated:
                if n_seen == k:
                    scatter -= weighted_squares(g * size, size, moment1, inverse_size)
                else:
                    for t in range(n_seen):
                        c = seen[t]
                        scatter -= moment1[c] * moment1[c] * inverse_size[c]
            scatter = max(scatter, 0.0) / sizes[g]
            if estimated:
                target[w, g] = scatter
        dense = _index(DENSE_FROM) * n_seen > k
        if dense or (strength > 0 and target[w, 0] > most_target):
            n_seen = k
        else:
            for t in range(n_seen):
                clusters[listed + t] = seen[t]
            listed += n_seen
        starts[w + 1] = first + n_seen
        lists[w + 1] = listed
        first *= width
        if mode == SUMS:
            common[w] = square
            for c in range(k):
                values[first + c] = moment1[c]
                values[first + k + c] = moment2[c]
        elif mode == OWN:
            for g in range(n_groups):
                # No factor is less than 1, and none more than this: logarithms are taken before the product overflows.
                ratio = 1 + max(largest, target[w, g]) / smoothing
                if growth[g] * ratio > 1e290:
                    _to_logs(g * size, g * size + size, product, logs)
                    growth[g] = 1.0
                growth[g] *= ratio
                for c in range(g * size, g * size + size):
                    pseudo[c], pull[c] = strength * target[w, g], target[w, g] + noise
            if n_seen == k:
                inverse, bounds = 1 / smoothing, (smoothing, 0.0) if floor else (0.0, smoothing)
                own_coefficients(
                    k, (moment1, moment2), (inverse_size, inverse_pooled), (pseudo, pull),
                    (bounds[0], bounds[1], inverse, inverse if listed_clusters else 0.0),
                    values, first, (squares, inverses, pulls, product),
                )  # fmt: skip
            else:
                for t in range(n_seen):
                    c = seen[t]
                    mean = moment1[c] * inverse_size[c]
                    own = (max(moment2[c] - mean * moment1[c], 0.0) + pseudo[c]) * inverse_pooled[c]
                    own = max(own, smoothing) if floor else own + smoothing
                    precision, unseen = 1 / own, 1 / (target[w, 0] * pooled_share[c] + smoothing)
                    values[first + t] = mean * precision
                    values[first + n_seen + t] = 0.5 * (precision - unseen)
                    squares[c] += mean * mean * precision
                    inverses[c] += precision - unseen
                    pulls[c] += pull[c] * (precision - unseen)
                    product[c] *= own * unseen
        else:
            shared = smoothing
            if mode == TIED:
                shared = max(scatter, smoothing) if floor else scatter + smoothing
            common[w] = 0.5 / shared
            inverse = 1 / shared if mode == TIED else 1.0
            for t in range(n_seen):
                c = t if n_seen == k else _index(seen[t])
                linear = moment1[c] * inverse_size[c] * inverse
                values[first + t] = linear
                squares[c] += moment1[c] * inverse_size[c] * linear
        if n_seen == k:
            for c in range(k):
                moment1[c] = 0.0
                moment2[c] = 0.0
        else:
            for t in range(n_seen):
                moment1[seen[t]] = 0.0
                moment2[seen[t]] = 0.0
    _to_logs(none, k, product, logs)
    return common.size


@within()
def _to_logs(first, last, product, logs):
    for c in range(first, last):
        logs[c] += np.log(product[c])
        product[c] = 1.0
