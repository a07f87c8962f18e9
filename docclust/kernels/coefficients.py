"""Equation (E) as sparse coefficients: assembled from blocks of words, changed, and read as parameters."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from docclust.gaussian import Coefficients, Form, Parameters, least_penalty
from docclust.kernels import unseen
from docclust.kernels.joining import chained, joined
from docclust.kernels.records import Compact, Maximised, Pairs

# Words whose parameters are made dense at a time; every pair needs several indices for a moment.
PARAMETER_WORDS = 1024


def is_sparse(form: Form, smoothing: float) -> bool:
    """Whether clusters that have not seen a word have mean 0 there, and a variance that depends on their size alone."""
    kinks = form.covariance == "pooled" and form.smoothing == "floor"
    return form.smoothing != "prior" and not kinks and smoothing > 0


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
    prior = np.zeros(groups)
    if target is not None:
        penalty = (logs + pulls).reshape(groups, -1).sum(axis=1)
        prior = -0.5 * form.pooled_strength * (penalty - counts.size // groups * least_penalty(target + noise))
    starts, lists = chained([part.pairs.starts for part in parts]), chained([part.pairs.lists for part in parts])
    clusters, values = [part.pairs.clusters for part in parts], [part.pairs.values for part in parts]
    del parts
    pairs = Pairs(starts, lists, joined(clusters), joined(values))
    return Compact(pairs, common, blend, scale, constant, target, prior, np.ones(groups))


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


def favoured(c: Compact, gain: np.ndarray) -> Compact:
    """The same with so much more J of every cluster, (k,)."""
    return replace(c, constant=c.constant + gain)


def equally_likely(c: Compact, counts: np.ndarray) -> Compact:
    """The same clusters with equal weights: the most likely one is then the nearest."""
    return favoured(c, -np.log(_weights(counts, c.groups)))


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


def parameters(c: Compact, counts: np.ndarray, form: Form, smoothing: float) -> Iterator[tuple[np.ndarray, Parameters]]:
    """The mixture that has these coefficients: some words at a time (w,), and their parameters."""
    # -> weights (k,), means (w, k), variances (w, k) or (w, 1)
    v, k = c.common.shape[0], counts.size
    weights, noise = counts / counts.sum(), smoothing if form.smoothing == "noise" else 0.0
    shares = unseen.pooled_shares(counts, form.pooled_strength)
    for first in range(0, v, PARAMETER_WORDS):
        words = np.arange(first, min(first + PARAMETER_WORDS, v))
        means = np.zeros((words.size, k))
        if form.shares_variances:
            variances = 0.5 / c.common[words]
        else:
            pooled = 0.0 if c.target is None else c.target[words]
            variances = np.broadcast_to(pooled * shares + smoothing, means.shape).copy()
        starts = c.pairs.starts[first : words[-1] + 2].astype(np.int64)
        lengths = np.diff(starts)
        word = np.repeat(words - first, lengths)
        cluster = np.arange(word.size) + starts[0] - np.repeat(starts[:-1], lengths)
        linear = np.arange(word.size) + starts[0]
        if c.free:
            linear += np.repeat(starts[:-1], lengths)
            quadratic = c.pairs.values[linear + np.repeat(lengths, lengths)].astype(float)
        sparse = np.repeat(lengths < k, lengths)
        cluster[sparse] = c.pairs.clusters[c.pairs.lists[first] : c.pairs.lists[words[-1] + 1]]
        means[word, cluster] = c.pairs.values[linear]
        if c.free:
            reference = np.where(sparse, 0.5 / variances[word, cluster], c.common[first + word, 0])
            variances[word, cluster] = 0.5 / (quadratic + reference)
        means *= c.scale
        means *= variances
        yield words, Parameters(weights, means, variances, noise)
