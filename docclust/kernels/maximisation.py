"""The loop of the M-step, compiled, in the manner of `docclust.kernels.expectation`."""

import numba
import numpy as np

from docclust.gaussian import TINY
from docclust.kernels.unseen import MOST_RATIO

# A word seen by more than one cluster in so many has a row with all clusters.
DENSE_FROM = 8
# What a word becomes: its sums, or the coefficients of a form.
SUMS, OWN, TIED, ISOTROPIC = range(4)
_index = np.uintp


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def maximise(
    begin, indptr, rows, data, row_starts, row_clusters, shares, counts, mode, smoothing, floor, strength, estimated,
    noise, moment1, moment2, seen, seen_at, row_of, x_of, starts, lists, clusters, values, common, target,
    squares, inverses, logs, pulls, product,
):  # fmt: skip
    """Words from `begin` on; returns the first one for which `clusters` or `values` had no room."""
    k = _index(counts.size)
    free = mode <= OWN
    one, width = _index(1), _index(2 if free else 1)
    n = 0.0
    for c in range(k):
        n += counts[c]
    for w in range(begin, common.size):
        first, listed = _index(starts[w]), _index(lists[w])
        if width * (first + k) > _index(values.size) or listed + k > _index(clusters.size):
            return w
        n_seen, n_whole, square = _index(0), _index(0), 0.0
        for p in range(_index(indptr[w]), _index(indptr[w + 1])):
            x = data[p]
            xx = x * x
            square += xx
            i = _index(rows[p])
            row, end = _index(row_starts[i]), _index(row_starts[i + one])
            if end - row == k:
                row_of[n_whole] = row
                x_of[n_whole] = x
                n_whole += one
            else:
                for t in range(row, end):
                    c = _index(row_clusters[t])
                    moment1[c] += shares[t] * x
                    moment2[c] += shares[t] * xx
                    if seen_at[c] != w:
                        seen_at[c] = w
                        seen[n_seen] = c
                        n_seen += one
        if n_whole:
            _add_whole(n_whole, row_of, x_of, shares, k, free, moment1, moment2)
        within = 0.0
        if mode == TIED or estimated:
            within = square
            if n_whole:
                for c in range(k):
                    within -= moment1[c] * moment1[c] / max(counts[c], TINY)
            else:
                for t in range(n_seen):
                    within -= moment1[seen[t]] ** 2 / max(counts[seen[t]], TINY)
            within = max(within, 0.0) / n
        if estimated:
            target[w] = within
        dense = mode == SUMS or n_whole > 0 or _index(DENSE_FROM) * n_seen > k
        if dense or (strength > 0 and target[w] > MOST_RATIO * smoothing):
            for c in range(k):
                seen[c] = c
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
            # Of clusters that have not seen the word; a row with all clusters refers to the smoothing alone.
            unseen = target[w] if n_seen < k else 0.0
            pseudo = strength * target[w]
            for t in range(n_seen):
                c = seen[t]
                size = max(counts[c], TINY)
                mean = moment1[c] / size
                variance = (max(moment2[c] - mean * moment1[c], 0.0) + pseudo) / (size + strength)
                variance = max(variance, smoothing) if floor else variance + smoothing
                reference = unseen * strength / (size + strength) + smoothing
                precision = 1 / variance
                excess = precision - 1 / reference
                values[first + t] = mean * precision
                values[first + n_seen + t] = 0.5 * excess
                squares[c] += mean * mean * precision
                inverses[c] += excess
                pulls[c] += (target[w] + noise) * excess
                # No factor is less than 1: the logarithm of the product is taken before it overflows.
                product[c] *= variance / reference
                if product[c] > 1e150:
                    logs[c] += np.log(product[c])
                    product[c] = 1.0
        else:
            variance = smoothing
            if mode == TIED:
                variance = max(within, smoothing) if floor else within + smoothing
            common[w] = 0.5 / variance
            for t in range(n_seen):
                c = seen[t]
                mean = moment1[c] / max(counts[c], TINY)
                linear = mean / variance if mode == TIED else mean
                values[first + t] = linear
                squares[c] += mean * linear
        for t in range(n_seen):
            moment1[seen[t]] = 0.0
            moment2[seen[t]] = 0.0
    return common.size


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _add_whole(n, row_of, x_of, shares, k, free, moment1, moment2):
    """The moments of documents that have a share in every cluster, four at a time."""
    one, two, three, four = _index(1), _index(2), _index(3), _index(4)
    while n % four:
        x_of[n] = 0.0
        row_of[n] = row_of[0]
        n += one
    for p in range(_index(0), n, four):
        x0, x1, x2, x3 = x_of[p], x_of[p + one], x_of[p + two], x_of[p + three]
        r0, r1, r2, r3 = row_of[p], row_of[p + one], row_of[p + two], row_of[p + three]
        if free:
            y0, y1, y2, y3 = x0 * x0, x1 * x1, x2 * x2, x3 * x3
            for c in range(k):
                s0, s1, s2, s3 = shares[r0 + c], shares[r1 + c], shares[r2 + c], shares[r3 + c]
                moment1[c] += (x0 * s0 + x1 * s1) + (x2 * s2 + x3 * s3)
                moment2[c] += (y0 * s0 + y1 * s1) + (y2 * s2 + y3 * s3)
        else:
            for c in range(k):
                moment1[c] += (x0 * shares[r0 + c] + x1 * shares[r1 + c]) + (x2 * shares[r2 + c] + x3 * shares[r3 + c])
