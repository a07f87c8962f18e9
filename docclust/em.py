"""The EM loop: annealing, monitor, convergence. It knows matrices and parameters, no text and no files.

EM that begins with hard assignments stays near them. So its first iterations are annealed: either responsibilities are
kept soft, or smoothing falls from the largest eigenvalue of the covariance of the data, above which all clusters merge
(Rose 1998). From then on the objective never falls, and EM goes on until it hardly rises and hardly a document moves.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, eigsh

from docclust import engine, kernels
from docclust.gaussian import (
    Coefficients,
    Form,
    Moments,
    Parameters,
    Target,
    coefficients,
    log_joint,
    log_prior,
    maximise,
    within_variance,
)
from docclust.kernels import prepare

log = logging.getLogger("docclust")

UNDECIDED_BELOW = 0.9
# EM has converged when the objective gains less than tol and at most this share of the documents changes cluster.
MOVED_SHARE = 1e-3
# Lanczos is asked for no more eigenvalues than these; random vectors and steps of each for the density otherwise.
LANCZOS_UP_TO = 32
PROBES, QUADRATURE_STEPS = 8, 40
# A cluster that holds less than half a document is lost; one that is lost this often is left empty.
LOST_BELOW = 0.5
RESEED_LIMIT = 3
# Relative to the mean square of a word.
LEAST_SMOOTHING = 1e-9
# Documents on which the temperature of soft responsibilities is solved, and log-densities of them at most.
SOFT_SAMPLE, SOFT_DENSITIES = 600, 300_000
# Documents on which annealing goes on until its last few iterations: so many of them, or so many for every cluster.
# Half of the 18,331 documents of 20 Newsgroups, 460 for a cluster, cost 0.01 to 0.03 of NMI; so they take part whole.
SOFT_DOCUMENTS, SOFT_PER_CLUSTER, SOFT_WHOLE = 50_000, 500, 4
# Soft responsibilities only lead to the start of the steps that count: those below a share of the largest of their
# document are dropped. A thousandth in place of a ten-thousandth changed the mean NMI of five starts on Reuters R8 by
# 0.001; with many clusters 0.03 changed that of two on 20 Newsgroups (100 clusters) by 0.003, upwards.
SOFT_DROP, SOFT_DROP_OF_MANY, MANY = np.log(1e-3), np.log(0.03), 64


class Step(NamedTuple):
    """One iteration: objective (nats, all documents), smoothing, documents that changed cluster, and undecided ones."""

    iteration: int
    objective: float
    smoothing: float
    moved: int
    undecided: int
    reseeded: int = 0


@dataclass
class Fit:
    """A finished EM: parameters, the labels of a last E-step with them, its history, and what it was called with."""

    parameters: Parameters
    labels: np.ndarray
    target: Target
    steps: list[Step] = field(default_factory=list)
    converged: bool = False
    replay: tuple | None = None

    @property
    def objective(self) -> float:
        """Objective of the last step, in nats over all documents."""
        return self.steps[-1].objective


@dataclass(frozen=True)
class Model:
    """What an E-step needs: J / temperature, the prior's part of the objective, and the parameters on demand."""

    coefficients: kernels.Compact
    parameters: Callable[[], Parameters]
    log_prior: float = 0.0
    temperature: float = 1.0


@dataclass(frozen=True)
class _Soft:
    """How soft responsibilities are wanted, the documents that say how soft they are, and the last temperature."""

    sample: sp.csr_array
    softness: float
    guess: float | None

    def temperature(self, c: kernels.Compact) -> float:
        return kernels.temperature_of_entropy(kernels.log_joint(self.sample, c), self.softness, self.guess)


def spectrum(X: sp.csr_array, k: int) -> np.ndarray:
    """The k largest eigenvalues of the covariance of the rows, largest first, without forming it.

    By Lanczos up to 32 of them, to a relative 1e-3. Beyond that by `_spectral_density`: the first to single precision,
    those from the 33rd on within 7 % on BBC, Reuters R8 and 20 Newsgroups (more where they fall steeply with rank),
    and those between only roughly.
    """
    # X: (n, v) CSR -> (min(k, n, v),)
    n, v = X.shape
    mean = np.asarray(X.mean(axis=0)).ravel()
    k = min(k, n, v)
    if k >= min(n, v) - 1 or min(n, v) <= 64:
        # Too small for Lanczos: the smaller of X'X and XX', centred, has min(n, v) rows.
        gram = (X.T @ X if v <= n else X @ X.T).toarray()
        if v <= n:
            covariance = gram / n - np.outer(mean, mean)
        else:
            centring = np.eye(n) - 1 / n
            covariance = centring @ gram @ centring / n
        return np.maximum(np.linalg.eigvalsh(covariance)[::-1][:k], 0)
    if k > LANCZOS_UP_TO:
        return _spectral_density(X, k)
    columns = X.T.tocsr()
    product = LinearOperator((v, v), matvec=lambda u: columns @ (X @ u) / n - mean * (mean @ u), dtype=float)
    # A fixed first vector: ARPACK would otherwise draw one from the global random state.
    first = np.random.RandomState(0).uniform(-1, 1, v)
    return np.maximum(eigsh(product, k=k, v0=first, tol=1e-3, return_eigenvectors=False)[::-1], 0)


def _spectral_density(X: sp.csr_array, k: int) -> np.ndarray:
    """The k largest eigenvalues where their number below any value is estimated from random vectors.

    Stochastic Lanczos quadrature (Lin, Saad & Yang 2016, section 3.2). The count above an eigenvalue of rank k has a
    standard deviation of at most sqrt(2 k / PROBES).
    """
    # X: (n, v) CSR -> (k,)
    n, v = X.shape
    X = kernels.frequent_first(X)[0].astype(np.float32)
    columns, mean = X.T.tocsr(), np.asarray(X.mean(axis=0)).reshape(-1, 1)
    basis = np.random.RandomState(0).choice(np.array([-1, 1], dtype=np.float32), (v, PROBES)) / np.float32(np.sqrt(v))
    before, off = np.zeros_like(basis), np.zeros(PROBES, dtype=np.float32)
    diagonals, offs = [], []
    for _ in range(QUADRATURE_STEPS):
        following = columns @ (X @ basis) / np.float32(n) - mean * (mean.T @ basis) - off * before
        diagonals.append((following * basis).sum(axis=0, dtype=float))
        following -= diagonals[-1].astype(np.float32) * basis
        offs.append(np.sqrt((following**2).sum(axis=0, dtype=float)))
        off = np.maximum(offs[-1], np.finfo(np.float32).tiny).astype(np.float32)
        before, basis = basis, following / off
    T = np.zeros((PROBES, QUADRATURE_STEPS, QUADRATURE_STEPS))
    at = np.arange(QUADRATURE_STEPS)
    T[:, at, at] = np.transpose(diagonals)
    T[:, at[1:], at[:-1]] = np.transpose(offs[:-1])  # eigh reads the lower triangle
    nodes, vectors = np.linalg.eigh(T)
    weights = vectors[:, 0] ** 2 * (v / PROBES)
    order = np.argsort(-nodes, axis=None)
    nodes, weights = nodes.ravel()[order], weights.ravel()[order]
    found = np.interp(np.arange(k) + 0.5, np.cumsum(weights) - weights / 2, nodes)
    found[0] = nodes[0]  # Lanczos finds the largest one itself
    return np.maximum(found, 0)


def cooling_schedule(first: float, last: float, steps: int) -> np.ndarray:
    """Smoothing by iteration: geometric from `first` to `last` in `steps` iterations, then `last` for ever."""
    return np.geomspace(max(first, last), last, steps) if steps > 1 and last > 0 else np.full(1, last)


def least_smoothing(X: sp.csr_array) -> float:
    """A variance that is nothing on the scale of X, and yet not zero: for data that do not vary."""
    mean_square = (X.data @ X.data) / max(X.shape[0] * X.shape[1], 1)
    return LEAST_SMOOTHING * (mean_square or 1.0)


def corpus_moments(X: sp.csr_array) -> Target:
    """Mean and variance of every word over all documents, the target of Bayesian smoothing; no variance is zero."""
    # X: (n, v) CSR -> (v, 1), (v, 1)
    n = X.shape[0]
    mean = np.asarray(X.mean(axis=0)).reshape(-1, 1)
    square = np.asarray(X.multiply(X).sum(axis=0)).reshape(-1, 1) / n
    return Target(mean, np.maximum(square - mean**2, least_smoothing(X)))


def fit(
    X: sp.csr_array | kernels.Prepared,
    start: np.ndarray | Parameters,
    n_components: int,
    *,
    form: Form,
    schedule: np.ndarray,
    max_iter: int,
    tol: float,
    target: Target,
    block_rows: int = 4096,
    n_jobs: int | None = None,
    rng: np.random.RandomState,
    softness: float = 0.0,
    on_step: Callable[[Step], None] | None = None,
    on_parameters: Callable[[Step, Parameters, float], None] | None = None,
) -> Fit:
    """Run EM from a label for every document, or from parameters, until it has converged.

    Parameters
    ----------
    X : CSR of shape (n, v), or what `prepare` made of it
    start : int array of shape (n,), or Parameters
    schedule : smoothing by iteration; its last value holds from then on
    tol : gain of the objective, relative to its size, below which EM has converged
    softness : while the schedule lasts, responsibilities are softmax(J / T) with the T >= 1 at which their mean entropy
        is this share of log K (Ueda & Nakano 1998, with T from the data instead of a list); the objective of these
        iterations is T sum logsumexp(J / T). With 0, T is 1 throughout.
    on_step, on_parameters : told of every iteration; the second also of the parameters its E-step saw, and of its T
    """
    # The textbook form lets a cluster live on responsibilities as small as there are.
    drop = kernels.UNDERFLOW if form.smoothing == "add" else kernels.DROP
    soft_drop = SOFT_DROP_OF_MANY if n_components >= MANY else SOFT_DROP
    whole = X if isinstance(X, kernels.Prepared) else prepare(X)
    n, place = whole.rows.shape[0], whole.place
    softened = len(schedule) if softness else 0
    stride = max(1, n // max(SOFT_DOCUMENTS, SOFT_PER_CLUSTER * n_components)) if softened > SOFT_WHOLE else 1
    if isinstance(start, Parameters):
        stride = 1
    now = fraction = whole.every(stride)
    sample = whole.rows[:: -(-n // min(SOFT_SAMPLE, 1 + SOFT_DENSITIES // n_components))]
    target = target.at(whole.order)
    labels, responsibilities, counts = np.full(n, -1, dtype=np.int32), None, None
    if isinstance(start, Parameters):
        start = start.at(whole.order)
    else:
        labels = np.array(start, dtype=np.int32)[::stride]
        responsibilities = kernels.one_hot(labels)
        counts = np.bincount(labels, minlength=n_components).astype(float)
    result = Fit(start, labels, target)
    reseeded: Counter[int] = Counter()
    temperature = None
    for iteration in range(max_iter):
        smoothing = float(schedule[min(iteration, len(schedule) - 1)])
        cooled = iteration >= len(schedule)
        lost = 0
        if responsibilities is None:
            model = Model(kernels.compact(coefficients(start)), lambda: start)
        else:
            if form.smoothing != "add":  # the textbook form knows no such remedy
                lost, responsibilities, counts = _reseed(now.rows, responsibilities, counts, labels, reseeded, rng)
            soft = _Soft(sample, softness, temperature) if iteration < softened else None
            seen = now.rows.shape[0] / n
            model, target = _maximise(
                now.words, responsibilities, counts, form, smoothing, target, cooled, seen, soft, n_jobs
            )
            temperature = model.temperature
        now = fraction if iteration < min(softened, max_iter) - SOFT_WHOLE else whole
        shared = model.coefficients, drop if model.temperature == 1 else max(drop, soft_drop), UNDECIDED_BELOW
        parts = list(engine.map_blocks(kernels.expect, engine.blocks(now.rows, block_rows), *shared, n_jobs=n_jobs))
        responsibilities = kernels.joined([part.responsibilities for part in parts])
        counts = sum(part.counts for part in parts)
        previous, labels = labels, np.concatenate([part.labels for part in parts])
        # Of all documents, judged by those looked at.
        likelihood = model.temperature * sum(part.objective for part in parts) * (n / labels.size)
        step = Step(
            iteration=iteration,
            objective=likelihood + model.log_prior,
            smoothing=smoothing,
            moved=_moved(previous, labels, stride, n),
            undecided=round(sum(part.undecided for part in parts) * n / labels.size),
            reseeded=lost,
        )
        result.steps.append(step)
        if on_step:
            on_step(step)
        if on_parameters:
            on_parameters(step, model.parameters().at(place), model.temperature)
        if cooled and not lost and _has_converged(result.steps, abs(likelihood), tol, n):
            result.converged = True
            break
    result.parameters, result.labels, result.target = model.parameters().at(place), labels, target.at(place)
    return result


def _moved(previous: np.ndarray, labels: np.ndarray, stride: int, n: int) -> int:
    """Documents that changed cluster, judged by those of which both clusters are known."""
    now = labels if labels.size == previous.size else labels[::stride]
    return round(np.count_nonzero(previous != now) * n / now.size)


def softening(X: sp.csr_array, c: Coefficients, share: float) -> float:
    """The temperature T >= 1 at which softmax(J / T) has a mean entropy of `share` times log K."""
    # X: (n, v) CSR
    return kernels.temperature_of_entropy(log_joint(X, c), share)


def _has_converged(steps: list[Step], scale: float, tol: float, n: int) -> bool:
    gain = steps[-1].objective - steps[-2].objective
    return gain <= tol * scale and steps[-1].moved <= MOVED_SHARE * n


def _maximise(
    words: list[sp.csr_array],
    responsibilities: kernels.Responsibilities,
    counts: np.ndarray,
    form: Form,
    smoothing: float,
    target: Target,
    cooled: bool,
    seen: float,
    soft: _Soft | None,
    n_jobs: int | None,
) -> tuple[Model, Target]:
    """M-step over a share `seen` of the documents, in which pseudo-documents are as many fewer."""
    pooled = form.covariance == "pooled"
    if pooled:
        form = replace(form, pooling=form.pooling * seen)
    shared = responsibilities, counts, form
    if kernels.is_sparse(form, smoothing):
        # The target is frozen after annealing, so that the objective never falls.
        pieces = _with_target(words, target.variance if pooled and cooled else None)
        parts = list(engine.map_blocks(_maximise_block, pieces, *shared, smoothing, n_jobs=n_jobs))
        compact = kernels.assemble(parts, counts, form, smoothing)
        prior = compact.log_prior
        if pooled:
            target = Target(target.mean, compact.target[:, None])
        given = lambda: kernels.parameters(compact, counts, form, smoothing)  # noqa: E731
    else:
        parts = list(engine.map_blocks(kernels.accumulate, words, *shared, n_jobs=n_jobs))
        moments = Moments(counts, np.concatenate([p.first for p in parts]), np.concatenate([p.second for p in parts]))
        if pooled and not cooled:
            target = Target(target.mean, within_variance(moments))
        parameters = maximise(moments, form, smoothing, target)
        compact, prior = kernels.compact(coefficients(parameters)), log_prior(parameters, form, target)
        given = lambda: parameters  # noqa: E731
    temperature = soft.temperature(compact) if soft else 1.0
    softened = kernels.tempered(compact, temperature) if temperature != 1 else compact
    return Model(softened, given, prior / seen, temperature), target


def _with_target(words: list[sp.csr_array], variance: np.ndarray | None) -> list[tuple]:
    if variance is None:
        return [(block, None) for block in words]
    edges = np.cumsum([block.shape[0] for block in words])[:-1]
    return list(zip(words, np.split(variance.ravel(), edges), strict=True))


def _maximise_block(piece: tuple, *shared: object) -> kernels.Maximised:
    block, target = piece
    return kernels.maximise(block, *shared, target)


def _reseed(
    X: sp.csr_array,
    responsibilities: kernels.Responsibilities,
    counts: np.ndarray,
    labels: np.ndarray,
    reseeded: Counter,
    rng: np.random.RandomState,
) -> tuple[int, kernels.Responsibilities, np.ndarray]:
    """Give every lost cluster half of the largest one: the documents nearer to a random one of it than to its mean."""
    lost = [k for k in np.flatnonzero(counts < LOST_BELOW) if reseeded[k] < RESEED_LIMIT]
    for done, cluster in enumerate(lost):
        largest = int(counts.argmax())
        members = np.flatnonzero(labels == largest)
        if members.size < 2:
            return done, responsibilities, counts
        rows = X[members]
        seed = rows[[rng.randint(members.size)]].toarray().ravel()
        mean = np.asarray(rows.mean(axis=0)).ravel()
        nearer = rows @ (seed - mean) > 0.5 * (seed @ seed - mean @ mean)
        if nearer.all() or not nearer.any():
            nearer = np.arange(members.size) % 2 == 0
        labels[members[nearer]] = cluster
        responsibilities = kernels.assigned(responsibilities, members, labels[members])
        counts = np.bincount(responsibilities.clusters, responsibilities.shares, minlength=counts.size)
        reseeded[cluster] += 1
        log.info(
            "Cluster %d lost its documents; it was seeded again with %d of cluster %d.", cluster, nearer.sum(), largest
        )
    return len(lost), responsibilities, counts
