"""The E-step over a block of documents and the M-step over a block of words: arrays for the compiled loops."""

import itertools

import numpy as np
import scipy.sparse as sp

from docclust.gaussian import Form, Moments
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
from docclust.kernels.weighting import EQUAL, Weighting

# A responsibility less than e^DROP times the largest one of its document is taken to be zero, and the others are
# scaled to sum to one. With q the responsibilities kept, F(q, parameters) <= objective (Neal & Hinton 1998, section 2),
# and F(q) is the logsumexp over the clusters kept: it lacks log(1 + dropped / kept) <= K e^DROP = K 1e-8 nats a
# document. An M-step raises F(q), so the objective never falls by more than that.
DROP = np.log(1e-8)
# With this in its place only what a double cannot hold is dropped.
UNDERFLOW = -746.0
# What stands for an array of documents where there is none.
NOTHING = np.empty(0)
NO_CLUSTERS = np.empty(0, dtype=np.int32)
# Numbers a line (a document or a word) for which there is room at once.
ROOM = 16


def log_joint(X: sp.csr_array, c: Compact) -> np.ndarray:
    """J of equation (E), in nats."""
    # X: (n, v) CSR -> (n, k)
    n, k = X.shape[0], c.constant.size
    J = np.empty((n, k))
    tile = expectation.scratch(np.diff(X.indptr), k, c.blend.shape[0])
    responsibilities = (
        np.zeros(1, dtype=np.uint64),
        np.empty(0, dtype=np.uint32),
        np.empty(0, dtype=c.pairs.values.dtype),
    )
    labels, of_groups = np.empty((0, 1), dtype=np.int32), np.empty((0, 1))
    expectation.expect(
        0, *_arrays(X, c), 0.0, NOTHING, NO_CLUSTERS, NOTHING, *tile, *responsibilities, labels,
        of_groups, NOTHING, of_groups, J,
    )  # fmt: skip
    return J


def _arrays(X: sp.csr_array, c: Compact) -> tuple:
    pairs = c.pairs
    parameters = pairs.starts, pairs.lists, pairs.clusters, pairs.values, c.free
    return X.indptr, X.indices, X.data, *parameters, c.common, c.blend, c.scale, c.constant, c.cooling


def expect(
    X: sp.csr_array,
    c: Compact,
    drop: float,
    undecided_below: float,
    weighting: Weighting = EQUAL,
    shares: np.ndarray | None = None,
    own: np.ndarray = NO_CLUSTERS,
    change: np.ndarray = NOTHING,
) -> Expectation:
    """E-step over a block of documents; undecided are those whose largest responsibility is below the bound.

    shares : the block's part of `room_for_shares`, if there is one
    own, change : (n,), the cluster of every document, and what is added to its J; or nothing
    """
    # X: (n, v) CSR
    n, k = X.shape[0], c.constant.size
    starts, counts = np.zeros(n + 1, dtype=np.uint64), np.zeros(k)
    few = k <= WHOLE_UP_TO
    clusters = np.empty(0 if few else _room(n, k), np.uint32)
    shares = np.empty(_room(n, k), c.pairs.values.dtype) if shares is None else shares
    labels, largest, largest_joint = np.empty((n, c.groups), dtype=np.int32), *np.empty((2, n, c.groups))
    shared, tile = _arrays(X, c), expectation.scratch(np.diff(X.indptr), k, c.blend.shape[0])
    weights, no_joint = weighting.of(np.diff(X.indptr)), np.empty((0, 0))
    told = labels, largest, counts, largest_joint, no_joint
    done = 0
    while True:
        done = expectation.expect(done, *shared, drop, weights, own, change, *tile, starts, clusters, shares, *told)
        if done == n:
            break
        used = int(starts[done])
        clusters, shares = _longer(clusters, used), _longer(shares, used)
    responsibilities = Responsibilities(starts, clusters[: 0 if few else starts[-1]], shares[: starts[-1]], weights)
    return Expectation(responsibilities, labels, counts, *sums(largest_joint, weights, largest, undecided_below))


def sums(
    largest_joint: np.ndarray, weights: np.ndarray, largest: np.ndarray, undecided_below: float
) -> tuple[np.ndarray, np.ndarray]:
    """Of every group the objective, and how many documents have no cluster with so large a responsibility.

    largest_joint, largest : (n, groups), the largest J of a document and the responsibility that goes with it
    """
    # weights: (n,) -> (groups,), (groups,)
    log_norm = largest_joint - np.log(largest)
    objective = np.array([(column * weights).sum() for column in log_norm.T])
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
    if values is None:
        width = _numbers(form) * counts.size
        room = _room(words.shape[0], width) if listed else words.shape[0] * width
        values = np.empty(room, dtype=r.shares.dtype)
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


def room_for_shares(blocks: list[sp.csr_array], c: Compact) -> list[np.ndarray | None]:
    """Of one array the part for what `expect` finds of each block, where documents have a share for all clusters."""
    k = c.constant.size
    if k > WHOLE_UP_TO:
        return [None] * len(blocks)
    return _parted([block.shape[0] * k for block in blocks], c.pairs.values.dtype)


def room_for(words: list[sp.csr_array], counts: np.ndarray, form: Form, precision: type) -> list[np.ndarray | None]:
    """Of one array the part for what `maximise` finds of each block, where all that there can be is few numbers."""
    if lists_clusters(counts.size):
        return [None] * len(words)
    width = _numbers(form) * counts.size
    return _parted([width * block.shape[0] for block in words], precision)


def _numbers(form: Form) -> int:
    """What a pair has: a linear number, and a quadratic one where clusters have variances of their own."""
    return 1 if form.shares_variances else 2


def _parted(sizes: list[int], precision: type) -> list[np.ndarray]:
    """One array in parts of these sizes."""
    edges = np.cumsum([0, *sizes])
    whole = np.empty(edges[-1], dtype=precision)
    return [whole[first:last] for first, last in itertools.pairwise(edges)]


def _maximised(words, r, counts, mode, values, form, smoothing, target, groups=1) -> tuple:
    m, k = words.shape[0], counts.size
    starts, lists = np.zeros(m + 1, dtype=np.uint64), np.zeros(m + 1, dtype=np.uint64)
    listed = lists_clusters(k) and mode != SUMS
    clusters = np.empty(_room(m, k) if listed else 0, dtype=np.uint32)
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
            done, words.indptr, words.indices, words.data, r.starts, r.clusters, r.shares, r.weights, counts, groups,
            mode, listed, smoothing, *options, *room,
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
