"""Split-and-merge moves: what EM cannot do by itself, once it has converged.

A fit may hold two topics in one cluster and one topic in two, and no step of EM leads from there to a better one: each
document is where it should be. So two clusters are merged, a third is split (Ueda, Nakano, Ghahramani & Hinton 2000),
and EM goes on from there. Their criteria say which clusters to try; here the objective itself does. Documents hardly
ever have more than one cluster, and with every document in its own the objective is a sum over clusters, up to a number
that no move changes. Of a cluster of N documents, by what they count, with variances v of its own,

    Q = N ln N - 1/2 (N + P) sum_j ln v_j                                                                   (Q)

since smoothing as noise makes the sum over j of ((x_j - m_j)^2 + s) / v_j the same whatever the documents are. With one
variance s for all, it is N ln N + |sum x|^2 / (2 s N), and with means of length one N ln N + |sum x| / s. So a move is
worth what Q gains where one cluster becomes two, less what it loses where two become one.
"""

import logging
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import scipy.sparse as sp

from docclust import em
from docclust.gaussian import TINY, Target
from docclust.mixture import seeding
from docclust.mixture.growing import Law

log = logging.getLogger("docclust")

# Fewer clusters are left as they are: on eight corpora with two to six no move was found after four starts. So are
# clusters of fewer documents in the mean: of 22 corpora with 34 to 95 fourteen lose NMI, 0.004 in the mean of all.
# TOGETHER: under these covariances a move would change all clusters.
LEAST_CLUSTERS = 7
LEAST_DOCUMENTS = 100
TOGETHER = ("tied",)
# A half holds this share of what a cluster holds in the mean, or it is none: two copies of a text of 2,000 words gain
# more than a topic. Of 40 clusters of 20 Newsgroups ten had five documents or fewer, and now none. NMI of 44 corpora is
# 0.4838 in the mean of one seed, 0.4842 with halves of any size; of the eight that it changes most 0.543, 0.542 (four).
LEAST_SHARE = 0.1
# The widest clusters are split and the nearest pairs merged for a trial, so many of each; of those, so many of the best
# splits are combined with so many of the best merges.
TRIED = 32
COMBINED = 12
# A cluster is halved along its principal direction, found by so many steps of the power method, and between two of its
# documents, followed by so many steps of k-means; the better halves, of so many of the best splits, by some of EM.
POWER_STEPS = 8
MEANS_STEPS = 8
SETTLED = 6
HALVING_STEPS = 4
# A search is over when no move gains, or after so many rounds.
MOST_ROUNDS = 20
BLOCK_ROWS = 2048


@dataclass(frozen=True)
class _Cluster:
    """Sums over the documents of a cluster: how much they count, and of their words w x and w x^2.

    rows : (m,), the documents
    words, sums : (w,) and (w, 2), of the words it has
    value : Q, in nats
    """

    rows: np.ndarray
    count: float
    words: np.ndarray
    sums: np.ndarray
    value: float


@dataclass(frozen=True)
class _Split:
    gain: float
    cluster: int
    half: np.ndarray  # the documents that leave
    settled: bool = False  # by EM


@dataclass(frozen=True)
class _Merge:
    loss: float
    one: int
    other: int


def moved(
    X: sp.csr_array,
    labels: np.ndarray,
    n_components: int,
    options: em.EMOptions,
    rng: np.random.RandomState,
) -> np.ndarray | None:
    """Labels after all moves that gain, from which EM is to go on; None where there is no such move.

    Parameters
    ----------
    X : CSR of shape (n, v)
    labels : int array of shape (n,), where EM has converged
    options : as for `docclust.em.fit`, with smoothing as noise

    References
    ----------
    Ueda, Nakano, Ghahramani & Hinton 2000, SMEM algorithm for mixture models, Neural Computation 12.
    """
    search = _Search(X, labels, n_components, Law(replace(options, block_rows=BLOCK_ROWS, n_jobs=1), rng))
    made = 0
    for _ in range(MOST_ROUNDS):
        found = search.round()
        made += found
        if not found:
            break
    log.info("Split and merge: %d moves made after EM.", made)
    return search.labels if made else None


class _Search:
    """Labels, and what is known of their clusters."""

    def __init__(self, X: sp.csr_array, labels: np.ndarray, k: int, law: Law) -> None:
        self.X, self.labels, self.k = X, labels.astype(np.int32), k
        self.weights, self.unit = law.options.weighting.of(np.diff(X.indptr)), seeding.has_unit_rows(X)
        members = [np.flatnonzero(self.labels == c) for c in range(k)]
        squares, means = np.zeros((2, X.shape[1]))
        for count, words, sums in map(self._sums, members):
            squares[words] += sums[:, 1]
            means[words] += sums[:, 0] ** 2 / max(count, TINY)
        within = np.maximum((squares - means) / self.weights.sum(), em.least_smoothing(X))
        self.law = law.towards(Target(law.options.target.mean, within[:, None]))
        self.pooled = law.options.form.pooled_strength * within
        self.clusters = [self._cluster(rows) for rows in members]
        self.splits: dict[int, _Split | None] = {}
        self.merges: dict[tuple[int, int], float] = {}

    def round(self) -> int:
        """Make all moves that gain and have no cluster in common, best first; how many there were."""
        splits, merges = self._splits(), self._merges()
        pairs = [(s, m) for s, m in product(splits, merges) if s.cluster not in (m.one, m.other) and s.gain > m.loss]
        pairs.sort(key=lambda pair: pair[1].loss - pair[0].gain)
        changed: set[int] = set()
        made = 0
        for split, merge in pairs:
            concerned = {split.cluster, merge.one, merge.other}
            if not changed & concerned:
                self._move(split, merge)
                changed |= concerned
                made += 1
        self._renew(changed)
        return made

    def _move(self, split: _Split, merge: _Merge) -> None:
        # The merged cluster keeps the first number; those that leave the third get the one set free.
        self.labels[self.clusters[merge.other].rows] = merge.one
        self.labels[split.half] = merge.other

    def _renew(self, changed: set[int]) -> None:
        for c in changed:
            self.clusters[c] = self._cluster(np.flatnonzero(self.labels == c))
        self.splits = {c: split for c, split in self.splits.items() if c not in changed}
        self.merges = {pair: loss for pair, loss in self.merges.items() if not changed & set(pair)}

    def _splits(self) -> list[_Split]:
        """The best splits of the widest clusters, best first; the first of them are those of some EM."""
        widths = [c.sums[:, 1].sum() - c.sums[:, 0] @ c.sums[:, 0] / max(c.count, TINY) for c in self.clusters]
        for c in np.argsort(np.negative(widths), kind="stable")[:TRIED].tolist():
            if c not in self.splits:
                self.splits[c] = self._split(c)
        for split in self._best()[:SETTLED]:
            if not split.settled:
                self.splits[split.cluster] = self._settled_split(split)
        return self._best()

    def _best(self) -> list[_Split]:
        found = filter(None, self.splits.values())
        return sorted(found, key=lambda split: (-split.gain, split.cluster))[:COMBINED]

    def _split(self, c: int) -> _Split | None:
        """The better one of two ways to halve a cluster; None where all its documents are the same."""
        cluster = self.clusters[c]
        if cluster.rows.size < 2:
            return None
        X, weights = self._of(cluster.rows)[0], self.weights[cluster.rows]
        one, other = self.law.rng.choice(cluster.rows.size, 2, replace=False)
        a, b = X[[one, other]].toarray()
        between = X @ (a - b) > (0 if self.unit else 0.5 * (a @ a - b @ b))
        ways = [self._halved(X, weights, way) for way in (_along_principal(X, weights, self.law.rng), between)]
        split = max((self._split_at(c, halves) for halves in ways), key=lambda split: split.gain)
        return split if np.isfinite(split.gain) else None

    def _settled_split(self, split: _Split) -> _Split:
        rows = self.clusters[split.cluster].rows
        X, words = self._of(rows)
        law = self.law.towards(self.law.options.target.at(words))
        halves = law.fit(X, np.isin(rows, split.half).astype(np.int32), 2, HALVING_STEPS).labels
        return replace(max(split, self._split_at(split.cluster, halves), key=lambda found: found.gain), settled=True)

    def _split_at(self, c: int, halves: np.ndarray) -> _Split:
        cluster = self.clusters[c]
        parts = [self._cluster(cluster.rows[halves == half]) for half in (0, 1)]
        enough = min(part.rows.size for part in parts) >= LEAST_SHARE * self.labels.size / self.k
        gain = sum(part.value for part in parts) - cluster.value if enough else -np.inf
        return _Split(gain, c, parts[1].rows)

    def _halved(self, X: sp.csr_array, weights: np.ndarray, halves: np.ndarray) -> np.ndarray:
        """Two halves by some steps of k-means, spherical for rows of length one.

        Of two clusters the words of one are those of both less the other's: a third of the time of `seeding.start`.
        """
        whole, count = X.T @ weights, weights.sum()
        for _ in range(MEANS_STEPS):
            if halves.all() or not halves.any():
                break
            part, size = X.T @ (weights * halves), weights @ halves
            means = [(whole - part) / (count - size), part / size]
            if self.unit:
                means = [mean / max(np.linalg.norm(mean), TINY) for mean in means]
            middle = 0.5 * (means[1] @ means[1] - means[0] @ means[0])
            before, halves = halves, X @ (means[1] - means[0]) > middle
            if np.array_equal(before, halves):
                break
        return halves.astype(np.int32)

    def _of(self, rows: np.ndarray) -> tuple[sp.csr_array, np.ndarray]:
        """Some documents without the words that none of them has, and the words they have."""
        X = self.X[rows]
        words, at = np.unique(X.indices, return_inverse=True)
        return sp.csr_array((X.data, at.astype(np.int32), X.indptr), shape=(rows.size, words.size)), words

    def _merges(self) -> list[_Merge]:
        """The best merges of the pairs that are nearest by Ward's distance, best first."""
        counts = np.array([max(c.count, TINY) for c in self.clusters])
        starts = np.cumsum([0, *(c.words.size for c in self.clusters)])
        words, sums = (np.concatenate([getattr(c, name) for c in self.clusters]) for name in ("words", "sums"))
        means = sp.csr_array((sums[:, 0], words, starts), shape=(self.k, self.X.shape[1]))
        means.data /= np.repeat(counts, np.diff(starts))
        inner = (means @ means.T).toarray()
        squares = np.diag(inner)
        ward = (squares[:, None] + squares - 2 * inner) / (1 / counts[:, None] + 1 / counts)
        one, other = np.triu_indices(self.k, 1)
        for p in np.argsort(ward[one, other], kind="stable")[:TRIED].tolist():
            pair = int(one[p]), int(other[p])
            if pair not in self.merges:
                self.merges[pair] = self._loss(*(self.clusters[c] for c in pair))
        found = sorted((_Merge(loss, *pair) for pair, loss in self.merges.items()), key=lambda merge: merge.loss)
        return found[:COMBINED]

    def _loss(self, one: _Cluster, other: _Cluster) -> float:
        sums = np.zeros((self.X.shape[1], 2))
        for cluster in (one, other):
            sums[cluster.words] += cluster.sums
        return one.value + other.value - self._value(one.count + other.count, slice(None), sums)

    def _cluster(self, rows: np.ndarray) -> _Cluster:
        sums = self._sums(rows)
        return _Cluster(rows, *sums, self._value(*sums))

    def _sums(self, rows: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        part, weights = self.X[rows], self.weights[rows]
        x = part.data * np.repeat(weights, np.diff(part.indptr))
        sums = np.column_stack([np.bincount(part.indices, y, self.X.shape[1]) for y in (x, x * part.data)])
        words = np.flatnonzero(sums[:, 1])
        return float(weights.sum()), words, sums[words]

    def _value(self, count: float, words: np.ndarray | slice, sums: np.ndarray) -> float:
        """(Q) of a cluster with these sums, in nats."""
        if count == 0:
            return 0.0
        form, smoothing = self.law.options.form, self.law.options.smoothing
        value = count * np.log(count)
        if form.shares_variances:
            square = float(sums[:, 0] @ sums[:, 0])
            gain = np.sqrt(square) if form.covariance == "cosine" else square / (2 * count)
            return value + gain / smoothing
        scatter = np.maximum(sums[:, 1] - sums[:, 0] ** 2 / count, 0)
        size = count + form.pooled_strength
        variances = self.pooled / size + smoothing
        variances[words] += scatter / size
        return value - 0.5 * size * float(np.log(variances).sum())


def _along_principal(X: sp.csr_array, weights: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """On which side of the mean each document is, where they vary most (Boley 1998)."""
    # X: (n, v) CSR; weights: (n,) -> (n,) bool
    mean = X.T @ weights / weights.sum()
    direction = rng.standard_normal(mean.size)
    for _ in range(POWER_STEPS):
        along = weights * (X @ direction - mean @ direction)
        direction = X.T @ along - mean * along.sum()
        direction /= max(np.linalg.norm(direction), TINY)
    return X @ direction > mean @ direction
