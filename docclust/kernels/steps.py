"""The E-step over a block of documents and the M-step over a block of words: arrays for the compiled loops."""

import itertools
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from docclust.gaussian import Coefficients, Form, Moments, Parameters
from docclust.kernels import expectation, maximisation, unseen
from docclust.kernels.maximisation import ISOTROPIC, OWN, SUMS, TIED
from docclust.kernels.records import (
    WHOLE_UP_TO,
    Compact,
    Expectation,
    Maximised,
    Pairs,
    Responsibilities,
    lists_clusters,
)

# A responsibility less than e^DROP times the largest one of its document is taken to be zero, and the others are
# scaled to sum to one. With q the responsibilities kept, F(q, parameters) <= objective (Neal & Hinton 1998, section 2),
# and F(q) is the logsumexp over the clusters kept: it lacks log(1 + dropped / kept) <= K e^DROP = K 1e-8 nats a
# document. An M-step raises F(q), so the objective never falls by more than that.
DROP = np.log(1e-8)
# With this in its place only what a double cannot hold is dropped.
UNDERFLOW = -746.0
# Numbers a line (a document or a word) for which there is room at once.
ROOM = 16
# Words whose parameters are made dense at a time.
PARAMETER_WORDS = 1024


def is_sparse(form: Form, smoothing: float) -> bool:
    """Whether clusters that have not seen a word have mean 0 there, and a variance that depends on their size alone."""
    kinks = form.covariance == "pooled" and form.smoothing == "floor"
    return form.smoothing != "prior" and not kinks and smoothing > 0


def one_hot(labels: np.ndarray, precision: type = np.float64, n_components: int = 0) -> Responsibilities:
    """Every document wholly in its cluster; in one of each group, if there are several of so many clusters."""
    # labels: (n,) or (n, groups)
    groups = 1 if labels.ndim == 1 else labels.shape[1]
    clusters = labels.reshape(-1, groups) + n_components * np.arange(groups)
    shares = np.ones(clusters.size, dtype=precision)
    starts = np.arange(0, clusters.size + 1, groups, dtype=np.uint64)
    return Responsibilities(starts, clusters.ravel().astype(np.uint32), shares)


def together(parts: list[Expectation]) -> Expectation:
    """The E-steps of consecutive blocks as one."""
    labels, counts = np.concatenate([part.labels for part in parts]), sum(part.counts for part in parts)
    objective, undecided = sum(part.objective for part in parts), sum(part.undecided for part in parts)
    found = [part.responsibilities for part in parts]
    starts, clusters, shares = (
        _chained([r.starts for r in found]),
        [r.clusters for r in found],
        [r.shares for r in found],
    )
    del parts, found
    return Expectation(Responsibilities(starts, joined(clusters), joined(shares)), labels, counts, objective, undecided)


def assigned(r: Responsibilities, rows: np.ndarray, clusters: np.ndarray, group: range) -> Responsibilities:
    """The same responsibilities, but these documents, in order, wholly in these clusters of a group."""
    # rows, clusters: (m,)
    lengths = np.diff(r.starts).astype(np.int64)
    document = np.repeat(np.arange(lengths.size), lengths)
    changed = np.zeros(lengths.size, dtype=bool)
    changed[rows] = True
    clusters_before = r.listed
    keep = ~changed[document] | (clusters_before < group.start) | (clusters_before >= group.stop)
    document, kept = document[keep], clusters_before[keep]
    at = np.searchsorted(document * group.stop + np.minimum(kept, group.stop - 1), rows * group.stop + clusters)
    starts = np.append(0, np.cumsum(np.bincount(document, minlength=lengths.size) + changed))
    ones = np.ones(rows.size, dtype=r.shares.dtype)
    return Responsibilities(
        starts.astype(np.uint64), np.insert(kept, at, clusters.astype(np.uint32)), np.insert(r.shares[keep], at, ones)
    )


def compact(c: Coefficients, precision: type = np.float64) -> Compact:
    """The same coefficients with every cluster at every word."""
    # linear: (v, k); quadratic: (v, k) or (v, 1)
    v, k = c.linear.shape
    shared = c.quadratic.shape[1] < k
    values = c.linear if shared else np.concatenate([c.linear, c.quadratic], axis=1)
    pairs = Pairs(
        np.arange(v + 1, dtype=np.uint64) * np.uint64(k),
        np.zeros(v + 1, dtype=np.uint64),
        np.empty(0, dtype=np.uint32),
        np.ascontiguousarray(values, dtype=precision).ravel(),
    )
    return Compact(pairs, c.quadratic if shared else np.zeros((v, 1)), np.ones((1, k)), np.ones(k), c.constant)


def log_joint(X: sp.csr_array, c: Compact) -> np.ndarray:
    """J of equation (E), in nats."""
    # X: (n, v) CSR -> (n, k)
    n, k = X.shape[0], c.constant.size
    J = np.empty((n, k))
    tile, nothing = expectation.scratch(np.diff(X.indptr), k, c.blend.shape[0]), np.empty(0)
    responsibilities = (
        np.zeros(1, dtype=np.uint64),
        np.empty(0, dtype=np.uint32),
        np.empty(0, dtype=c.pairs.values.dtype),
    )
    labels, nothing2 = np.empty((0, 1), dtype=np.int32), np.empty((0, 1))
    expectation.expect(0, *_arrays(X, c), 0.0, *tile, *responsibilities, labels, nothing2, nothing, nothing2, J)
    return J


def tempered(c: Compact, temperature: float | np.ndarray) -> Compact:
    """The coefficients of J / temperature; of every group at its own."""
    cooling = 1 / np.atleast_1d(temperature)
    of_clusters = np.repeat(cooling, c.constant.size // cooling.size)
    return replace(
        c,
        blend=c.blend * of_clusters,
        scale=c.scale * of_clusters,
        constant=c.constant * of_clusters,
        cooling=c.cooling * cooling,
    )


def _arrays(X: sp.csr_array, c: Compact) -> tuple:
    pairs = c.pairs
    parameters = pairs.starts, pairs.lists, pairs.clusters, pairs.values, c.free
    return X.indptr, X.indices, X.data, *parameters, c.common, c.blend, c.scale, c.constant, c.cooling


def expect(X: sp.csr_array, c: Compact, drop: float, undecided_below: float) -> Expectation:
    """E-step over a block of documents; undecided are those whose largest responsibility is below the bound."""
    # X: (n, v) CSR
    n, k = X.shape[0], c.constant.size
    starts, counts = np.zeros(n + 1, dtype=np.uint64), np.zeros(k)
    few = k <= WHOLE_UP_TO
    clusters, shares = np.empty(0 if few else _room(n, k), np.uint32), np.empty(_room(n, k), c.pairs.values.dtype)
    labels, largest, log_norm = np.empty((n, c.groups), dtype=np.int32), *np.empty((2, n, c.groups))
    shared, tile = _arrays(X, c), expectation.scratch(np.diff(X.indptr), k, c.blend.shape[0])
    no_joint = np.empty((0, 0))
    done = 0
    while True:
        done = expectation.expect(
            done, *shared, drop, *tile, starts, clusters, shares, labels, largest, counts, log_norm, no_joint
        )
        if done == n:
            break
        used = int(starts[done])
        clusters, shares = _longer(clusters, used), _longer(shares, used)
    responsibilities = Responsibilities(starts, clusters[: 0 if few else starts[-1]], shares[: starts[-1]])
    return Expectation(responsibilities, labels, counts, *sums(log_norm, largest, undecided_below))


def sums(log_norm: np.ndarray, largest: np.ndarray, undecided_below: float) -> tuple[np.ndarray, np.ndarray]:
    """Of every group the objective, and how many documents have no cluster with so large a responsibility."""
    # log_norm, largest: (n, groups) -> (groups,), (groups,)
    objective = np.array([np.ascontiguousarray(column).sum() for column in log_norm.T])
    return objective, np.count_nonzero(largest < undecided_below, axis=0)


def accumulate(words: sp.csr_array, r: Responsibilities, counts: np.ndarray, form: Form) -> Moments:
    """The sums that an M-step needs, over a block of words: rows of the transposed matrix."""
    # words: (v, n) CSR -> Moments without objective
    shape = words.shape[0], 2, counts.size
    pairs, squares, _, _ = _maximised(words, r, counts, SUMS, np.empty(np.prod(shape)), form, 1.0, None)
    both = pairs.values.reshape(shape)
    return Moments(counts, both[:, 0], squares[:, None] if form.shares_variances else both[:, 1])


def maximise(
    words: sp.csr_array,
    r: Responsibilities,
    counts: np.ndarray,
    form: Form,
    smoothing: float,
    target: np.ndarray | None = None,
    groups: int = 1,
    values: np.ndarray | None = None,
) -> Maximised:
    """M-step over a block of words; pooled variances are drawn to `target` (v, groups), or to that within clusters.

    values : the block's part of `room_for`, if there is one
    """
    # words: (v, n) CSR
    mode = {"own": OWN, "pooled": OWN, "tied": TIED}.get(form.covariance, ISOTROPIC)
    listed = lists_clusters(counts.size)
    room = _room(words.shape[0], 2 * counts.size) if listed else 2 * words.shape[0] * counts.size
    values = np.empty(room, dtype=r.shares.dtype) if values is None else values
    pairs, common, target, sums = _maximised(words, r, counts, mode, values, form, smoothing, target, groups)
    if mode != OWN:
        common = common[:, None]
        background = np.array([-np.log(2 * common).sum(axis=0), 2 * common.sum(axis=0), [0.0]])
    elif not listed:  # all that sets a pair apart from no variance at all is in its numbers
        background = common.size * np.array([[np.log(smoothing)], [0.0], [0.0]])
        common = np.zeros((common.size, 1))
    elif not form.pooled_strength:
        background = common.size * np.array([[np.log(smoothing)], [1 / smoothing], [0.0]])
        common = np.full((common.size, 1), 0.5 / smoothing)
    else:
        noise = smoothing if form.smoothing == "noise" else 0.0
        dense = np.diff(pairs.starts) == counts.size  # these refer to the smoothing alone
        strength = form.pooled_strength
        common, background = unseen.precisions(target[:, 0], dense, counts, strength, smoothing, noise, r.single)
    return Maximised(pairs, common, target, *sums, background)


def room_for(words: list[sp.csr_array], counts: np.ndarray, form: Form, precision: type) -> list[np.ndarray | None]:
    """Of one array the part for what `maximise` finds of each block, where all that there can be is few numbers."""
    if lists_clusters(counts.size):
        return [None] * len(words)
    width = (1 if form.shares_variances else 2) * counts.size
    edges = width * np.cumsum([0] + [block.shape[0] for block in words])
    whole = np.empty(edges[-1], dtype=precision)
    return [whole[first:last] for first, last in itertools.pairwise(edges)]


def _maximised(words, r, counts, mode, values, form, smoothing, target, groups=1) -> tuple:
    m, k = words.shape[0], counts.size
    starts, lists = np.zeros(m + 1, dtype=np.uint64), np.zeros(m + 1, dtype=np.uint64)
    clusters = np.empty(_room(m, k), dtype=np.uint32)
    squares, inverses, logs, pulls, product = np.zeros(k), np.zeros(k), np.zeros(k), np.zeros(k), np.ones(k)
    documents = int(np.diff(words.indptr).max(initial=0))
    room = np.zeros(k), np.zeros(k), np.empty(k, dtype=np.uint32), np.full(k, -1)
    room += np.empty(documents, dtype=np.uintp), np.empty(documents), *np.empty((5, k)), *np.empty((2, groups))
    strength = form.pooled_strength if mode == OWN else 0.0
    estimated = strength > 0 and target is None
    width = 2 if mode <= OWN else 1
    common, target = np.empty(m), np.zeros((m, groups)) if target is None else target
    noise = smoothing if form.smoothing == "noise" else 0.0
    most_target = smoothing * unseen.most_ratio(unseen.pooled_shares(counts, strength), r.single)
    options = form.smoothing == "floor", strength, estimated, noise, most_target
    done = 0
    while True:
        done = maximisation.maximise(
            done, words.indptr, words.indices, words.data, r.starts, r.clusters, r.shares, counts, groups,
            mode, lists_clusters(k) and mode != SUMS, smoothing, *options, *room,
            starts, lists, clusters, values, common, target, squares, inverses, logs, pulls, product,
        )  # fmt: skip
        if done == m:
            break
        values, clusters = _longer(values, width * int(starts[done])), _longer(clusters, int(lists[done]))
    size = width * int(starts[-1])
    pairs = Pairs(starts, lists, clusters[: lists[-1]], values[:size])
    return pairs, common, target, (squares, inverses, logs, pulls)


def _room(lines: int, width: int) -> int:
    """Numbers to begin with: all there can be, if they are few. What is not filled takes no memory."""
    return lines * (width if width <= WHOLE_UP_TO else ROOM) + width


def _longer(array: np.ndarray, used: int) -> np.ndarray:
    """Twice as much room, and what is in use of the array."""
    found = np.empty(2 * array.size, dtype=array.dtype)
    found[:used] = array[:used]
    return found


def assemble(parts: list[Maximised], counts: np.ndarray, form: Form, smoothing: float, groups: int = 1) -> Compact:
    """Coefficients of equation (E) from the M-steps over all blocks of words, in order."""
    common = np.concatenate([part.common for part in parts])
    squares = sum(part.squares for part in parts)
    blend = unseen.blend(unseen.pooled_shares(counts, form.pooled_strength), common.shape[1])
    logs, inverses, pulls = (sum(part.unseen for part in parts) @ blend) + [
        sum(part.logs for part in parts), sum(part.inverses for part in parts), sum(part.pulls for part in parts),
    ]  # fmt: skip
    scale = np.ones(counts.size)
    if form.covariance in ("isotropic", "cosine"):
        if form.covariance == "cosine":
            lengths = np.sqrt(squares)
            scale = 1 / np.where(lengths > 0, lengths, 1)
        squares = squares * scale * scale / smoothing
        scale /= smoothing
    noise = smoothing if form.smoothing == "noise" else 0.0
    with np.errstate(divide="ignore"):  # a cluster of weight zero has log-density -inf, as it should
        log_weights = np.log(_weights(counts, groups))
    constant = log_weights - 0.5 * (common.shape[0] * np.log(2 * np.pi) + logs + noise * inverses + squares)
    target = np.concatenate([part.target for part in parts]) if form.covariance == "pooled" else None
    prior = -0.5 * form.pooled_strength * (logs + pulls).reshape(groups, -1).sum(axis=1)
    starts, lists = _chained([part.pairs.starts for part in parts]), _chained([part.pairs.lists for part in parts])
    clusters, values = [part.pairs.clusters for part in parts], [part.pairs.values for part in parts]
    del parts
    pairs = Pairs(starts, lists, joined(clusters), joined(values))
    return Compact(pairs, common, blend, scale, constant, target, prior, np.ones(groups))


def equally_likely(c: Compact, counts: np.ndarray) -> Compact:
    """The same clusters with equal weights: the most likely one is then the nearest."""
    return replace(c, constant=c.constant - np.log(_weights(counts, c.groups)))


def _weights(counts: np.ndarray, groups: int) -> np.ndarray:
    of_groups = counts.reshape(groups, -1)
    return (of_groups / of_groups.sum(axis=1, keepdims=True)).ravel()


def of_group(c: Compact, group: int) -> Compact:
    """The coefficients of one of several mixtures side by side, which have all clusters at every word."""
    size = c.constant.size // c.groups
    here = slice(group * size, (group + 1) * size)
    pairs = Pairs(
        c.pairs.starts // np.uint64(c.groups), c.pairs.lists, c.pairs.clusters,
        c.pairs.values.reshape(-1, c.groups, size)[:, group].ravel(),
    )  # fmt: skip
    target = None if c.target is None else c.target[:, [group]]
    return Compact(
        pairs, c.common, c.blend[:, here], c.scale[here], c.constant[here], target,
        c.log_prior[[group]], c.cooling[[group]],
    )  # fmt: skip


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Arrays as one; takes `parts` over, and gives each back when it is copied, since they are most of what is held.

    Consecutive parts of one array that they fill are that array.
    """
    base, sizes = parts[0].base, np.array([part.nbytes for part in parts])
    if base is not None and base.ndim == 1 and base.dtype == parts[0].dtype and base.nbytes == sizes.sum():
        begins = base.ctypes.data + np.cumsum(sizes) - sizes
        if all(part.ctypes.data == begin for part, begin in zip(parts, begins, strict=True)):
            return base
    whole, end = np.empty(sum(part.size for part in parts), dtype=parts[0].dtype), 0
    parts.reverse()
    while parts:
        part = parts.pop()
        whole[end : end + part.size] = part
        end += part.size
    return whole


def _chained(parts: list[np.ndarray]) -> np.ndarray:
    """Offsets into consecutive arrays as offsets into one."""
    ends = np.cumsum([0] + [part[-1] for part in parts[:-1]]).astype(np.uint64)
    return np.concatenate([parts[0][:1]] + [part[1:] + end for part, end in zip(parts, ends, strict=True)])


def parameters(c: Compact, counts: np.ndarray, form: Form, smoothing: float) -> Parameters:
    """The mixture that has these coefficients, as dense arrays."""
    # -> weights (k,), means (v, k), variances (v, k) or (v, 1)
    v, k = c.common.shape[0], counts.size
    means = np.zeros((v, k))
    if form.shares_variances:
        variances = 0.5 / c.common
    else:
        pooled = 0.0 if c.target is None else c.target
        variances = np.broadcast_to(
            pooled * unseen.pooled_shares(counts, form.pooled_strength) + smoothing, (v, k)
        ).copy()
    # In pieces, as every pair needs several indices for a moment.
    for first in range(0, v, PARAMETER_WORDS):
        words = np.arange(first, min(first + PARAMETER_WORDS, v))
        starts = c.pairs.starts[first : words[-1] + 2].astype(np.int64)
        lengths = np.diff(starts)
        word = np.repeat(words, lengths)
        cluster = np.arange(word.size) + starts[0] - np.repeat(starts[:-1], lengths)
        linear = np.arange(word.size) + starts[0]
        if c.free:
            linear += np.repeat(starts[:-1], lengths)
            quadratic = c.pairs.values[linear + np.repeat(lengths, lengths)].astype(float)
        sparse = np.repeat(lengths < k, lengths)
        cluster[sparse] = c.pairs.clusters[c.pairs.lists[first] : c.pairs.lists[words[-1] + 1]]
        means[word, cluster] = c.pairs.values[linear]
        if c.free:
            reference = np.where(sparse, 0.5 / variances[word, cluster], c.common[word, 0])
            variances[word, cluster] = 0.5 / (quadratic + reference)
    means *= c.scale
    means *= variances
    return Parameters(counts / counts.sum(), means, variances, smoothing if form.smoothing == "noise" else 0.0)
