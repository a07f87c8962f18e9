"""The EM loop: cooling, monitor, convergence. It knows matrices and parameters, no text and no files.

Smoothing is cooled (deterministic annealing, Rose 1998): it begins at the largest eigenvalue of the covariance of
the data, above which all clusters merge, and falls geometrically to its final value; from there the objective
never falls, and EM goes on until it hardly rises and hardly a document moves.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, eigsh

from docclust import engine, kernels
from docclust.gaussian import (
    Form,
    Moments,
    Parameters,
    Target,
    coefficients,
    log_prior,
    maximise,
    within_variance,
)

log = logging.getLogger("docclust")

UNDECIDED_BELOW = 0.9
# EM has converged when the objective gains less than tol and at most this share of the documents changes cluster.
MOVED_SHARE = 1e-3
# A cluster that holds less than half a document is lost; one that is lost this often is left empty.
LOST_BELOW = 0.5
RESEED_LIMIT = 3
# Relative to the mean square of a word.
LEAST_SMOOTHING = 1e-9


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
    """A finished EM: parameters, the labels of a last E-step with them, and its history."""

    parameters: Parameters
    labels: np.ndarray
    target: Target
    steps: list[Step] = field(default_factory=list)
    converged: bool = False

    @property
    def objective(self) -> float:
        """Objective of the last step, in nats over all documents."""
        return self.steps[-1].objective


@dataclass(frozen=True)
class Model:
    """What an E-step needs of the parameters, the prior's part of the objective, and the parameters on demand."""

    coefficients: kernels.Compact
    parameters: Callable[[], Parameters]
    log_prior: float = 0.0


def spectrum(X: sp.csr_array, k: int) -> np.ndarray:
    """The k largest eigenvalues of the covariance of the rows, largest first, without forming it (Lanczos)."""
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
    columns = X.T.tocsr()
    product = LinearOperator((v, v), matvec=lambda u: columns @ (X @ u) / n - mean * (mean @ u), dtype=float)
    # A fixed first vector: ARPACK would otherwise draw one from the global random state.
    first = np.random.RandomState(0).uniform(-1, 1, v)
    return np.maximum(eigsh(product, k=k, v0=first, tol=1e-3, return_eigenvectors=False)[::-1], 0)


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
    X: sp.csr_array,
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
    on_step: Callable[[Step], None] | None = None,
    on_parameters: Callable[[Step, Parameters], None] | None = None,
) -> Fit:
    """Run EM from a label for every document, or from parameters, until it has converged.

    Parameters
    ----------
    X : CSR of shape (n, v)
    start : int array of shape (n,), or Parameters
    schedule : smoothing by iteration; its last value holds from then on
    tol : gain of the objective, relative to its size, below which EM has converged
    on_step, on_parameters : told of every iteration; the second also of the parameters its E-step saw
    """
    # The textbook form lets a cluster live on responsibilities as small as there are.
    drop = kernels.UNDERFLOW if form.smoothing == "add" else kernels.DROP
    X, place = kernels.frequent_first(X)
    target = target.at(np.argsort(place))
    documents = engine.blocks(X, block_rows)
    words = kernels.word_blocks(X)
    labels, responsibilities, counts = np.full(X.shape[0], -1, dtype=np.int32), None, None
    if isinstance(start, Parameters):
        start = start.at(np.argsort(place))
    else:
        labels = np.array(start, dtype=np.int32)
        responsibilities = kernels.one_hot(labels)
        counts = np.bincount(labels, minlength=n_components).astype(float)
    result = Fit(start, labels, target)
    reseeded: Counter[int] = Counter()
    for iteration in range(max_iter):
        smoothing = float(schedule[min(iteration, len(schedule) - 1)])
        cooled = iteration >= len(schedule)
        lost = 0
        if responsibilities is None:
            model = Model(kernels.compact(coefficients(start)), lambda: start)
        else:
            if form.smoothing != "add":  # the textbook form knows no such remedy
                lost, responsibilities, counts = _reseed(X, responsibilities, counts, labels, reseeded, rng)
            model, target = _maximise(words, responsibilities, counts, form, smoothing, target, cooled, n_jobs)
        parts = list(
            engine.map_blocks(kernels.expect, documents, model.coefficients, drop, UNDECIDED_BELOW, n_jobs=n_jobs)
        )
        responsibilities = kernels.joined([part.responsibilities for part in parts])
        counts = sum(part.counts for part in parts)
        previous, labels = labels, np.concatenate([part.labels for part in parts])
        likelihood = sum(part.objective for part in parts)
        step = Step(
            iteration=iteration,
            objective=likelihood + model.log_prior,
            smoothing=smoothing,
            moved=int(np.count_nonzero(previous != labels)),
            undecided=sum(part.undecided for part in parts),
            reseeded=lost,
        )
        result.steps.append(step)
        if on_step:
            on_step(step)
        if on_parameters:
            on_parameters(step, model.parameters().at(place))
        if cooled and not lost and _has_converged(result.steps, abs(likelihood), tol, X.shape[0]):
            result.converged = True
            break
    result.parameters, result.labels, result.target = model.parameters().at(place), labels, target.at(place)
    return result


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
    n_jobs: int | None,
) -> tuple[Model, Target]:
    shared = responsibilities, counts, form
    if kernels.is_sparse(form, smoothing):
        parts = list(engine.map_blocks(kernels.maximise, words, *shared, smoothing, n_jobs=n_jobs))
        compact = kernels.assemble(parts, counts, form, smoothing)
        return Model(compact, lambda: kernels.parameters(compact, counts, form, smoothing)), target
    parts = list(engine.map_blocks(kernels.accumulate, words, *shared, n_jobs=n_jobs))
    moments = Moments(counts, np.concatenate([p.first for p in parts]), np.concatenate([p.second for p in parts]))
    if form.covariance == "pooled" and not cooled:  # frozen afterwards, so that the objective never falls
        target = Target(target.mean, within_variance(moments))
    parameters = maximise(moments, form, smoothing, target)
    compact = kernels.compact(coefficients(parameters))
    return Model(compact, lambda: parameters, log_prior(parameters, form, target)), target


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
