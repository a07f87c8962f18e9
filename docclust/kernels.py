"""The E-step and the M-step of `gaussian` compiled, over sparse rows, sparse responsibilities and sparse parameters.

A word that a cluster has never seen has mean 0 there, and the variance that every other such cluster has: s, or the
word's own where clusters share it. Its part of J is common to these clusters and drops out of the responsibilities,
so parameters are kept only for the pairs of word and cluster that were seen, word by word:

    J_k(x) = c_k - sum_j x_j^2 common_j + scale_k sum over the words j of x that k has seen [x_j a_jk - x_j^2 b_jk]

with a = m / v and b = 1 / (2 v) - common. A word seen by many clusters has all of them, in order; its row is then read
in one contiguous sweep. The functions that take arrays only are compiled; sums have a fixed order in all of them. Here
is no loop over iterations, and no formula that `gaussian` does not have, where scipy computes the same for the tests.
"""

from dataclasses import dataclass

import numba
import numpy as np
import scipy.sparse as sp

from docclust.gaussian import TINY, Coefficients, Form, Moments, Parameters

# A responsibility less than e^DROP times the largest one of its document is taken to be zero, and the others are
# scaled to sum to one. With q the responsibilities kept, F(q, parameters) <= objective (Neal & Hinton 1998, section 2),
# and F(q) is the logsumexp over the clusters kept: it lacks log(1 + dropped / kept) <= K e^DROP = K 1e-12 nats a
# document. An M-step raises F(q), so the objective never falls by more than that.
DROP = np.log(1e-12)
# A word seen by more than one cluster in so many has a row with all clusters.
DENSE_FROM = 8

# From so many clusters on, parameters are held in single precision.
SINGLE_FROM = 64

SUMS, OWN, TIED, ISOTROPIC = range(4)


@dataclass(frozen=True)
class Responsibilities:
    """Sparse, document by document: document i is in clusters[starts[i]:starts[i + 1]], by these shares."""

    starts: np.ndarray
    clusters: np.ndarray
    shares: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Numbers of (word, cluster) pairs, word by word, for consecutive words.

    Word j has starts[j + 1] - starts[j] pairs. If that is K, they are those of all clusters in order; else those of
    clusters[lists[j]:lists[j + 1]]. The first numbers of all pairs of a word come before the second ones, if any.
    """

    starts: np.ndarray
    lists: np.ndarray
    clusters: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Compact:
    """`Coefficients`, word by word and only for the clusters that have seen the word; see the top of the module."""

    pairs: Pairs
    common: np.ndarray
    scale: np.ndarray
    constant: np.ndarray

    @property
    def free(self) -> bool:
        """Whether clusters have variances of their own, so that pairs have a linear and a quadratic number."""
        return self.pairs.values.size == 2 * self.pairs.starts[-1] > 0


@dataclass(frozen=True)
class Maximised:
    """An M-step over one block of words; `squares`, `inverses` and `logs` (k,) are what its pairs add to J."""

    pairs: Pairs
    common: np.ndarray
    squares: np.ndarray
    inverses: np.ndarray
    logs: np.ndarray


@dataclass(frozen=True)
class Expectation:
    """An E-step over one block: responsibilities, labels (n,), N (k,), sum of logsumexp J, documents undecided."""

    responsibilities: Responsibilities
    labels: np.ndarray
    counts: np.ndarray
    objective: float
    undecided: int


def is_sparse(form: Form, smoothing: float) -> bool:
    """Whether all clusters that have not seen a word have the same mean and variance there."""
    return form.smoothing != "prior" and form.covariance != "pooled" and smoothing > 0


def one_hot(labels: np.ndarray) -> Responsibilities:
    """Every document wholly in its cluster."""
    return Responsibilities(np.arange(labels.size + 1, dtype=np.uint64), labels.astype(np.uint32), np.ones(labels.size))


def joined(parts: list[Responsibilities]) -> Responsibilities:
    """The responsibilities of consecutive blocks as one."""
    return Responsibilities(
        _chained([part.starts for part in parts]),
        np.concatenate([part.clusters for part in parts]),
        np.concatenate([part.shares for part in parts]),
    )


def assigned(r: Responsibilities, rows: np.ndarray, labels: np.ndarray) -> Responsibilities:
    """The same responsibilities, but these documents wholly in these clusters."""
    lengths = np.diff(r.starts).astype(np.int64)
    keep = np.ones(lengths.size, dtype=bool)
    keep[rows] = False
    keep_pairs = np.repeat(keep, lengths)
    lengths[rows] = 1
    starts = np.append(0, np.cumsum(lengths))
    clusters, shares = np.empty(starts[-1], dtype=np.uint32), np.ones(starts[-1])
    others = np.repeat(keep, lengths)
    clusters[others], shares[others] = r.clusters[keep_pairs], r.shares[keep_pairs]
    clusters[starts[:-1][rows]] = labels
    return Responsibilities(starts.astype(np.uint64), clusters, shares)


def compact(c: Coefficients) -> Compact:
    """The same coefficients with every cluster at every word."""
    # linear: (v, k); quadratic: (v, k) or (v, 1)
    v, k = c.linear.shape
    shared = c.quadratic.shape[1] < k
    values = c.linear if shared else np.concatenate([c.linear, c.quadratic], axis=1)
    pairs = Pairs(
        np.arange(v + 1, dtype=np.uint64) * np.uint64(k),
        np.zeros(v + 1, dtype=np.uint64),
        np.empty(0, dtype=np.uint32),
        np.ascontiguousarray(values, dtype=precision(k)).ravel(),
    )
    return Compact(pairs, c.quadratic.ravel() if shared else np.zeros(v), np.ones(k), c.constant)


def precision(n_components: int) -> type:
    """How parameters are held: in single precision where reading them takes the time; sums are always double."""
    return np.float32 if n_components >= SINGLE_FROM else np.float64


def expect(X: sp.csr_array, c: Compact, drop: float, undecided_below: float) -> Expectation:
    """E-step over a block of documents; undecided are those whose largest responsibility is below the bound."""
    # X: (n, v) CSR
    n, k = X.shape[0], c.constant.size
    pairs = c.pairs
    starts, counts = np.zeros(n + 1, dtype=np.uint64), np.zeros(k)
    clusters, shares = np.empty(4 * n + k, dtype=np.uint32), np.empty(4 * n + k)
    labels, largest, log_norm = np.empty(n, dtype=np.int32), np.empty(n), np.empty(n)
    scratch = np.empty(k)
    done = 0
    while True:
        done = _expect(
            done, X.indptr, X.indices, X.data,
            pairs.starts, pairs.lists, pairs.clusters, pairs.values, c.free, c.common, c.scale, c.constant, drop,
            scratch, starts, clusters, shares, labels, largest, counts, log_norm,
        )  # fmt: skip
        if done == n:
            break
        clusters, shares = _longer(clusters), _longer(shares)
    responsibilities = Responsibilities(starts, clusters[: starts[-1]].copy(), shares[: starts[-1]].copy())
    undecided = int(np.count_nonzero(largest < undecided_below))
    return Expectation(responsibilities, labels, counts, float(log_norm.sum()), undecided)


def accumulate(words: sp.csr_array, r: Responsibilities, counts: np.ndarray, form: Form) -> Moments:
    """The sums that an M-step needs, over a block of words: rows of the transposed matrix."""
    # words: (v, n) CSR -> Moments without objective
    shape = words.shape[0], 2, counts.size
    sums = _maximised(words, r, counts, SUMS, np.empty(np.prod(shape)), 1.0, False)
    both = sums.pairs.values.reshape(shape)
    return Moments(counts, both[:, 0], sums.common[:, None] if form.shares_variances else both[:, 1])


def maximise(words: sp.csr_array, r: Responsibilities, counts: np.ndarray, form: Form, smoothing: float) -> Maximised:
    """M-step over a block of words."""
    # words: (v, n) CSR
    mode = {"own": OWN, "tied": TIED}.get(form.covariance, ISOTROPIC)
    values = np.empty(8 * (words.shape[0] + counts.size), dtype=precision(counts.size))
    return _maximised(words, r, counts, mode, values, smoothing, form.smoothing == "floor")


def _maximised(words, r, counts, mode, values, smoothing, floor) -> Maximised:
    m, k = words.shape[0], counts.size
    starts, lists = np.zeros(m + 1, dtype=np.uint64), np.zeros(m + 1, dtype=np.uint64)
    clusters = np.empty(m + k, dtype=np.uint32)
    common, squares, inverses, logs, product = np.empty(m), np.zeros(k), np.zeros(k), np.zeros(k), np.ones(k)
    scratch = np.zeros(k), np.zeros(k), np.empty(k, dtype=np.uint32), np.full(k, -1)
    done = 0
    while True:
        done = _maximise(
            done, words.indptr, words.indices, words.data, r.starts, r.clusters, r.shares, counts,
            mode, smoothing, floor, *scratch, starts, lists, clusters, values, common, squares, inverses, logs, product,
        )  # fmt: skip
        if done == m:
            break
        values, clusters = _longer(values), _longer(clusters)
    logs += np.log(product)
    size = int(starts[-1]) * (2 if mode <= OWN else 1)
    return Maximised(Pairs(starts, lists, clusters[: lists[-1]], values[:size]), common, squares, inverses, logs)


def _longer(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array, np.empty_like(array)])


def assemble(parts: list[Maximised], counts: np.ndarray, form: Form, smoothing: float) -> Compact:
    """Coefficients of equation (E) from the M-steps over all blocks of words, in order."""
    pairs = Pairs(
        _chained([part.pairs.starts for part in parts]),
        _chained([part.pairs.lists for part in parts]),
        np.concatenate([part.pairs.clusters for part in parts]),
        np.concatenate([part.pairs.values for part in parts]),
    )
    common = np.concatenate([part.common for part in parts])
    squares = sum(part.squares for part in parts)
    logs = sum(part.logs for part in parts)
    inverses = sum(part.inverses for part in parts)
    scale = np.ones(counts.size)
    if form.covariance in ("isotropic", "cosine"):
        if form.covariance == "cosine":
            scale /= np.maximum(np.sqrt(squares), TINY)
        squares = squares * scale**2 / smoothing
        scale /= smoothing
    noise = smoothing if form.smoothing == "noise" else 0.0
    with np.errstate(divide="ignore"):  # a cluster of weight zero has log-density -inf, as it should
        log_weights = np.log(counts / counts.sum())
    # Summed over all words: log(2 pi v) and noise / v of clusters that have not seen them; then what pairs add.
    unseen = np.log(np.pi / common).sum() + 2 * noise * common.sum()
    return Compact(pairs, common, scale, log_weights - 0.5 * (unseen + logs + noise * inverses + squares))


def _chained(parts: list[np.ndarray]) -> np.ndarray:
    """Offsets into consecutive arrays as offsets into one."""
    ends = np.cumsum([0] + [part[-1] for part in parts[:-1]]).astype(np.uint64)
    return np.concatenate([parts[0][:1]] + [part[1:] + end for part, end in zip(parts, ends, strict=True)])


def parameters(c: Compact, counts: np.ndarray, form: Form, smoothing: float) -> Parameters:
    """The mixture that has these coefficients, as dense arrays."""
    # -> weights (k,), means (v, k), variances (v, k) or (v, 1)
    v, k = c.common.size, counts.size
    means = np.zeros((v, k))
    variances = np.repeat(0.5 / c.common[:, None], 1 if form.shares_variances else k, axis=1)
    starts, lists = c.pairs.starts.astype(np.int64), c.pairs.lists.astype(np.int64)
    width = 2 if c.free else 1
    for j in range(v):
        n_pairs = starts[j + 1] - starts[j]
        seen = slice(None) if n_pairs == k else c.pairs.clusters[lists[j] : lists[j + 1]]
        values = c.pairs.values[width * starts[j] : width * starts[j + 1]].astype(float)
        means[j, seen] = values[:n_pairs]
        if c.free:
            variances[j, seen] = 0.5 / (values[n_pairs:] + c.common[j])
    means *= c.scale
    means *= variances
    return Parameters(counts / counts.sum(), means, variances, smoothing if form.smoothing == "noise" else 0.0)


# Indices are unsigned: numba looks for negative ones otherwise, and the loop over clusters is not vectorised.
_index = np.uintp


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def _expect(
    begin, indptr, indices, data, starts, lists, clusters, values, free, common, scale, constant, drop,
    J, row_starts, kept, shares, labels, largest_share, counts, log_norm,
):  # fmt: skip
    """Rows from `begin` on; returns the first one for which `kept` had no room."""
    k = _index(constant.size)
    used = _index(row_starts[begin])
    room = _index(kept.size)
    for i in range(begin, labels.size):
        if used + k > room:
            return i
        for c in range(k):
            J[c] = 0.0
        background = 0.0
        for p in range(_index(indptr[i]), _index(indptr[i + 1])):
            j = _index(indices[p])
            x = data[p]
            xx = x * x
            background += xx * common[j]
            first, n_pairs = _index(starts[j]), _index(starts[j + _index(1)]) - _index(starts[j])
            if free:
                first *= _index(2)
            second = first + n_pairs
            if n_pairs == k:
                if free:
                    for c in range(k):
                        J[c] += x * values[first + c] - xx * values[second + c]
                else:
                    for c in range(k):
                        J[c] += x * values[first + c]
            else:
                seen = _index(lists[j])
                if free:
                    for t in range(n_pairs):
                        J[clusters[seen + t]] += x * values[first + t] - xx * values[second + t]
                else:
                    for t in range(n_pairs):
                        J[clusters[seen + t]] += x * values[first + t]
        largest, label = -np.inf, _index(0)
        for c in range(k):
            J[c] = scale[c] * J[c] + constant[c]
            if J[c] > largest:
                largest, label = J[c], c
        total, row = 0.0, used
        for c in range(k):
            if J[c] > largest + drop:
                kept[used] = c
                shares[used] = np.exp(J[c] - largest)
                total += shares[used]
                used += _index(1)
        for t in range(row, used):
            shares[t] /= total
            counts[kept[t]] += shares[t]
        row_starts[i + 1] = used
        labels[i] = label
        largest_share[i] = 1 / total
        log_norm[i] = largest + np.log(total) - background
    return labels.size


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def _maximise(
    begin, indptr, rows, data, row_starts, row_clusters, shares, counts, mode, smoothing, floor,
    moment1, moment2, seen, seen_at, starts, lists, clusters, values, common, squares, inverses, logs, product,
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
        n_seen, dense, square = _index(0), mode == SUMS, 0.0
        for p in range(_index(indptr[w]), _index(indptr[w + 1])):
            x = data[p]
            xx = x * x
            square += xx
            i = _index(rows[p])
            row, end = _index(row_starts[i]), _index(row_starts[i + one])
            if end - row == k:
                dense = True
                for c in range(k):
                    moment1[c] += shares[row + c] * x
                if free:
                    for c in range(k):
                        moment2[c] += shares[row + c] * xx
            else:
                for t in range(row, end):
                    c = _index(row_clusters[t])
                    moment1[c] += shares[t] * x
                    moment2[c] += shares[t] * xx
                    if seen_at[c] != w:
                        seen_at[c] = w
                        seen[n_seen] = c
                        n_seen += one
        if dense or _index(DENSE_FROM) * n_seen > k:
            for c in range(k):
                seen[c] = c
            n_seen = k
        else:
            for t in range(n_seen):
                clusters[listed + t] = seen[t]
            listed += n_seen
        starts[w + 1] = first + n_seen
        lists[w + 1] = listed
        variance = smoothing
        if mode == TIED:
            for t in range(n_seen):
                square -= moment1[seen[t]] ** 2 / max(counts[seen[t]], TINY)
            variance = max(square, 0.0) / n
            variance = max(variance, smoothing) if floor else variance + smoothing
        common[w] = square if mode == SUMS else 0.5 / variance
        first *= width
        for t in range(n_seen):
            c = seen[t]
            if mode == SUMS:
                values[first + t] = moment1[c]
                values[first + n_seen + t] = moment2[c]
            else:
                size = max(counts[c], TINY)
                mean = moment1[c] / size
                linear = mean
                if mode == TIED:
                    linear = mean / variance
                elif mode == OWN:
                    scatter = max(moment2[c] - mean * moment1[c], 0.0) / size
                    own = max(scatter, smoothing) if floor else scatter + smoothing
                    linear = mean / own
                    values[first + n_seen + t] = 0.5 / own - 0.5 / smoothing
                    inverses[c] += 1 / own - 1 / smoothing
                    # No factor is less than 1: the logarithm of the product is taken before it overflows.
                    product[c] *= own / smoothing
                    if product[c] > 1e150:
                        logs[c] += np.log(product[c])
                        product[c] = 1.0
                values[first + t] = linear
                squares[c] += mean * linear
            moment1[c] = 0.0
            moment2[c] = 0.0
    return common.size
