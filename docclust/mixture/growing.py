"""A start grown from one cluster: split until there are K, then merge two and split a third while that gains.

Local maxima of EM have too many clusters in one place and too few in another, and no EM step leads from one to the
other. Ueda, Nakano, Ghahramani & Hinton 2000, "SMEM algorithm for mixture models", Neural Computation 12, do: their
two criteria say which clusters to try, EM on the documents of these clusters alone says whether it may be worth it,
and EM on all of them whether it is. What is accepted never lowers the objective of K clusters.

Each try costs an EM on the documents of at most three clusters, and at most five tries are made for a cluster.
"""

import logging
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.special import entr

from docclust import em, engine, kernels
from docclust.gaussian import (
    Coefficients,
    Moments,
    Target,
    coefficients,
    log_joint,
    maximise,
    squared,
    within_variance,
)
from docclust.mixture import seeding
from docclust.mixture.copies import n_distinct_rows
from docclust.probability import softmax

log = logging.getLogger("docclust")

# Of 5 K tries in all, at most three for each cluster that is added; the rest are merges.
SPLITS_TRIED = 3
TRIES_PER_CLUSTER = 5
# Pairs to merge, and clusters to split for each, that are tried before the search gives up.
PAIRS_TRIED = 3
THIRDS_TRIED = 2
# Of k-means that divides a cluster, of EM on the clusters concerned, and of EM on all documents.
HALVING_STEPS = 8
PARTIAL_STEPS = 5
WHOLE_STEPS = 10
TOL = 1e-6
# In many dimensions responsibilities are 0 or 1 and no two clusters overlap; those of a temperature at which their
# mean entropy is this share of log K say which are nearest to it. It is that of the annealing.
OVERLAP_SOFTNESS = 0.2
OVERLAP_SAMPLE = 1500


class Accepted(NamedTuple):
    """A move that was made, clusters there are since, and the objective (nats, all documents)."""

    move: str
    n_components: int
    objective: float


@dataclass
class Growth:
    """Labels (n,) to start EM from, the moves that led to them, and how many were tried."""

    labels: np.ndarray
    accepted: list[Accepted] = field(default_factory=list)
    tried: int = 0


@dataclass(frozen=True)
class Law:
    """What every EM of one search shares."""

    options: em.EMOptions
    rng: np.random.RandomState

    def fit(self, X: sp.csr_array, labels: np.ndarray, k: int, steps: int) -> em.Fit:
        """EM from these labels, so many steps of it at most."""
        # The target of `pooled` settles in the first M-step from labels, and would differ from try to try.
        form, pooled = self.options.form, self.options.form.covariance == "pooled"
        start = labels
        if pooled:
            moments = _moments(X, labels, k, self.options.weighting)
            start = maximise(moments, form, self.options.smoothing, self.options.target)
        # With parameters to start from the first step is an E-step alone, and knows no prior.
        options = replace(self.options.without_annealing(), max_iter=steps + pooled, tol=TOL)
        return em.fit(X, start, k, options, rng=self.rng)

    def settled(self, X: sp.csr_array, labels: np.ndarray, k: int) -> "Law":
        """The same, with the target of `pooled` at the variance within these clusters."""
        if self.options.form.covariance != "pooled":
            return self
        variance = np.maximum(within_variance(_moments(X, labels, k, self.options.weighting)), em.least_smoothing(X))
        return self.towards(Target(self.options.target.mean, variance))

    def towards(self, target: Target) -> "Law":
        """The same with another target."""
        return replace(self, options=replace(self.options, target=target))


def grow(
    X: sp.csr_array,
    n_components: int,
    options: em.EMOptions,
    rng: np.random.RandomState,
    *,
    labels: np.ndarray | None = None,
) -> Growth:
    """Grow a mixture from one cluster to K by splitting, then merge and split while the objective gains.

    Parameters
    ----------
    X : CSR of shape (n, v)
    options : as for `docclust.em.fit`
        The mixture whose objective decides; nothing is annealed. The target of ``pooled`` is the variance within the
        clusters there are whenever one is added, and is held from then on.
    labels : int array of shape (n,), or None
        Where to begin instead of with one cluster.

    Returns
    -------
    Growth
        Labels in [0, K), each at least once where so many rows differ; and every accepted move. Objectives of the
        same number of clusters never fall.

    References
    ----------
    Ueda, Nakano, Ghahramani & Hinton 2000: the SMEM algorithm, its split and its merge criterion.
    """
    law = Law(options, rng)
    labels = np.zeros(X.shape[0], dtype=np.int32) if labels is None else labels
    k = int(labels.max()) + 1
    law = law.settled(X, labels, k)
    whole = law.fit(X, labels, k, WHOLE_STEPS)
    grown = Growth(whole.labels, [Accepted("start", k, whole.objective)])
    while k < n_components:
        law = law.settled(X, grown.labels, k)
        split, tried = _best_split(X, grown.labels, whole, law)
        grown.tried += tried
        if split is None:
            break
        k += 1
        law = law.settled(X, split, k)
        whole = law.fit(X, split, k, WHOLE_STEPS)
        # EM may leave a cluster without documents; the split itself does not.
        grown.labels = whole.labels if np.unique(whole.labels).size == k else split
        grown.accepted.append(Accepted("split", k, whole.objective))
    while k > 2 and grown.tried < TRIES_PER_CLUSTER * n_components:
        found, tried = _better(X, grown.labels, whole, law, TRIES_PER_CLUSTER * n_components - grown.tried)
        grown.tried += tried
        if found is None:
            break
        whole, grown.labels = found, found.labels
        grown.accepted.append(Accepted("merge and split", k, whole.objective))
    log.info("Split and merge: %d moves made of %d tried.", len(grown.accepted) - 1, grown.tried)
    return grown


def divergences(X: sp.csr_array, c: Coefficients, weights: np.ndarray, block_rows: int = 2048) -> np.ndarray:
    """How badly each cluster fits its documents: the local Kullback divergence of the split criterion, in nats.

    J_split(k) = sum_i f_ik ln(f_ik / p_k(x_i)), with f_ik = r_ik / N_k the share of document i in the documents of k.
    """
    # X: (n, v) CSR; weights: (k,) -> (k,)
    counts, entropies, logs = np.zeros(weights.size), np.zeros(weights.size), np.zeros(weights.size)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    for block in engine.blocks(X, block_rows):
        J = log_joint(block, c)
        R = softmax(J, 1.0)
        counts += R.sum(axis=0)
        entropies -= entr(R).sum(axis=0)
        with np.errstate(invalid="ignore"):  # a cluster of weight zero has J = log weight = -inf
            logs += np.where(R > 0, R * (J - log_weights), 0).sum(axis=0)
    size = np.maximum(counts, np.finfo(float).tiny)
    return (entropies - logs) / size - np.log(size)


def overlaps(X: sp.csr_array, c: Coefficients) -> np.ndarray:
    """How far each two clusters claim the same documents: cosine of their softened responsibilities, (k, k).

    The merge criterion, J_merge(k, l) = sum_i r_ik r_il, freed of the sizes of the clusters; on 1,500 documents.
    """
    # X: (n, v) CSR -> (k, k)
    sample = X[:: -(-X.shape[0] // OVERLAP_SAMPLE)]
    R = softmax(log_joint(sample, c), em.softening(sample, c, OVERLAP_SOFTNESS))
    lengths = np.sqrt((R * R).sum(axis=0))
    R /= np.where(lengths > 0, lengths, 1)
    return R.T @ R


def _best_split(X: sp.csr_array, labels: np.ndarray, whole: em.Fit, law: Law) -> tuple[np.ndarray | None, int]:
    """The labels after the split that gains most in its own cluster, the new one numbered last; and splits tried."""
    k = whole.parameters.weights.size
    best, best_gain, tried = None, -np.inf, 0
    for cluster in _split_order(X, labels, whole, law):
        members = np.flatnonzero(labels == cluster)
        rows = X[members]
        if members.size < 2 or n_distinct_rows(rows, 2) < 2:
            continue
        tried += 1
        halves = _halved(rows, law)
        after = law.fit(rows, halves, 2, PARTIAL_STEPS)
        if np.unique(after.labels).size == 2:
            halves = after.labels
        gain = after.objective - law.fit(rows, np.zeros(members.size, dtype=np.int32), 1, 1).objective
        if gain > best_gain:
            best, best_gain = labels.copy(), gain
            best[members[halves == 1]] = k
        if tried == SPLITS_TRIED:
            break
    return best, tried


def _split_order(X: sp.csr_array, labels: np.ndarray, whole: em.Fit, law: Law) -> list[int]:
    """Clusters by the split criterion, the largest second: the criterion is one of a document and forgets how many."""
    p = whole.parameters
    order = np.argsort(-divergences(X, coefficients(p), p.weights, law.options.block_rows), kind="stable").tolist()
    largest = int(np.bincount(labels, minlength=p.weights.size).argmax())
    order.remove(largest)
    return [*order[:1], largest, *order[1:]]


def _better(X: sp.csr_array, labels: np.ndarray, whole: em.Fit, law: Law, most: int) -> tuple[em.Fit | None, int]:
    """The first merge of two and split of a third with a better objective, or none; and how many were tried."""
    k = whole.parameters.weights.size
    nearness = np.triu(overlaps(X, coefficients(whole.parameters)), 1)
    pairs = np.column_stack(np.unravel_index(np.argsort(-nearness, axis=None, kind="stable")[:PAIRS_TRIED], (k, k)))
    order = _split_order(X, labels, whole, law)
    halved: dict[int, np.ndarray] = {}
    tried = 0
    for one, other in pairs.tolist():
        if one >= other:
            continue
        for third in [cluster for cluster in order if cluster not in (one, other)][:THIRDS_TRIED]:
            if tried == most:
                return None, tried
            tried += 1
            if third not in halved:
                halved[third] = _halved(X[labels == third], law)
            if not halved[third].any():
                continue
            # The merged cluster keeps the first number; the second half of the third gets the one set free.
            moved = np.where(labels == other, one, labels)
            moved[np.flatnonzero(labels == third)[halved[third] == 1]] = other
            affected = np.flatnonzero(np.isin(labels, (one, other, third)))
            rows, names = X[affected], np.array([one, other, third])
            before = law.fit(rows, _places(names, labels[affected]), 3, PARTIAL_STEPS)
            after = law.fit(rows, _places(names, moved[affected]), 3, PARTIAL_STEPS)
            if after.objective <= before.objective:
                continue
            moved[affected] = names[after.labels]
            found = law.fit(X, moved, k, WHOLE_STEPS)
            if found.objective > whole.objective and np.unique(found.labels).size == k:
                return found, tried
    return None, tried


def _halved(X: sp.csr_array, law: Law) -> np.ndarray:
    """Two halves of the rows by a few steps of k-means, (n,) of 0 and 1; all 0 where they are equal."""
    if X.shape[0] < 2 or n_distinct_rows(X, 2) < 2:
        return np.zeros(X.shape[0], dtype=np.int32)
    return seeding.start(X, 2, "kmeans", HALVING_STEPS, law.rng, law.options.weighting)


def _places(names: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For every label its place among the names."""
    return (labels[:, None] == names).argmax(axis=1).astype(np.int32)


def _moments(X: sp.csr_array, labels: np.ndarray, k: int, weighting: kernels.Weighting) -> Moments:
    """The sums of the documents of every cluster; (v, k) is what the parameters of `pooled` have."""
    # X: (n, v) CSR; labels: (n,) -> (k,), (v, k), (v, k)
    n, weights = X.shape[0], weighting.of(np.diff(X.indptr))
    membership = sp.csr_array((weights, labels, np.arange(n + 1)), shape=(n, k))
    counts = np.bincount(labels, weights, k)
    return Moments(counts, (X.T @ membership).toarray(), (squared(X).T @ membership).toarray())
