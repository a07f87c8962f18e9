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

from docclust import engine
from docclust.gaussian import (
    Coefficients,
    Form,
    Moments,
    Parameters,
    Target,
    accumulate,
    coefficients,
    expect,
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


def corpus_moments(X: sp.csr_array) -> Target:
    """Mean and variance of every word over all documents, the target of Bayesian smoothing."""
    # X: (n, v) CSR -> (v, 1), (v, 1)
    n = X.shape[0]
    mean = np.asarray(X.mean(axis=0)).reshape(-1, 1)
    square = np.asarray(X.multiply(X).sum(axis=0)).reshape(-1, 1) / n
    return Target(mean, np.maximum(square - mean**2, 0))


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
) -> Fit:
    """Run EM from a label for every document, or from parameters, until it has converged.

    Parameters
    ----------
    X : CSR of shape (n, v)
    start : int array of shape (n,), or Parameters
    schedule : smoothing by iteration; its last value holds from then on
    tol : gain of the objective, relative to its size, below which EM has converged
    """
    pieces = engine.blocks(X, block_rows)
    given = isinstance(start, Parameters)
    labels = np.full(X.shape[0], -1, dtype=np.int32) if given else np.asarray(start, dtype=np.int32)
    moments = (
        None if given else _total(_hard_moments(p, y, n_components, form) for p, y in _with_labels(pieces, labels))
    )
    parameters = start if given else None
    result = Fit(parameters, labels, target)
    reseeded: Counter[int] = Counter()
    for iteration in range(max_iter):
        smoothing = float(schedule[min(iteration, len(schedule) - 1)])
        cooled = iteration >= len(schedule)
        lost = 0
        if moments is not None:
            if form.smoothing != "add":  # the textbook form knows no such remedy
                lost = _reseed(moments, X, labels, form, reseeded, rng)
            if form.covariance == "pooled" and not cooled:  # frozen afterwards, so that the objective never falls
                target = Target(target.mean, within_variance(moments))
            parameters = maximise(moments, form, smoothing, target)
        shared = coefficients(parameters), form
        results = list(engine.map_blocks(_block, pieces, *shared, n_jobs=n_jobs))
        moments = _total(block_moments for block_moments, _, _ in results)
        previous, labels = labels, np.concatenate([block_labels for _, block_labels, _ in results])
        likelihood = moments.objective
        step = Step(
            iteration=iteration,
            objective=likelihood + log_prior(parameters, form, target),
            smoothing=smoothing,
            moved=int(np.count_nonzero(previous != labels)),
            undecided=sum(undecided for _, _, undecided in results),
            reseeded=lost,
        )
        result.steps.append(step)
        if on_step:
            on_step(step)
        if cooled and not lost and _has_converged(result.steps, abs(likelihood), tol, X.shape[0]):
            result.converged = True
            break
    result.parameters, result.labels, result.target = parameters, labels, target
    return result


def _has_converged(steps: list[Step], scale: float, tol: float, n: int) -> bool:
    gain = steps[-1].objective - steps[-2].objective
    return gain <= tol * scale and steps[-1].moved <= MOVED_SHARE * n


def _block(X: sp.csr_array, c: Coefficients, form: Form) -> tuple[Moments, np.ndarray, int]:
    responsibilities, log_norm = expect(X, c)
    moments = accumulate(X, responsibilities, form)
    moments.objective = float(log_norm.sum())
    undecided = int(np.count_nonzero(responsibilities.max(axis=1) < UNDECIDED_BELOW))
    return moments, responsibilities.argmax(axis=1).astype(np.int32), undecided


def _hard_moments(X: sp.csr_array, labels: np.ndarray, k: int, form: Form) -> Moments:
    responsibilities = np.zeros((X.shape[0], k))
    responsibilities[np.arange(X.shape[0]), labels] = 1
    return accumulate(X, responsibilities, form)


def _with_labels(pieces: list[sp.csr_array], labels: np.ndarray):
    stops = np.cumsum([piece.shape[0] for piece in pieces])
    return zip(pieces, np.split(labels, stops[:-1]), strict=True)


def _total(parts) -> Moments:
    parts = iter(parts)
    total = next(parts)
    for part in parts:
        total += part
    return total


def _reseed(
    moments: Moments, X: sp.csr_array, labels: np.ndarray, form: Form, reseeded: Counter, rng: np.random.RandomState
) -> int:
    """Give every lost cluster half of the largest one: the documents nearer to a random one of it than to its mean."""
    lost = [k for k in np.flatnonzero(moments.counts < LOST_BELOW) if reseeded[k] < RESEED_LIMIT]
    for cluster in lost:
        largest = int(moments.counts.argmax())
        members = np.flatnonzero(labels == largest)
        if members.size < 2:
            return 0
        rows = X[members]
        seed = rows[[rng.randint(members.size)]].toarray().ravel()
        mean = moments.first[:, largest] / moments.counts[largest]
        nearer = rows @ (seed - mean) > 0.5 * (seed @ seed - mean @ mean)
        if nearer.all() or not nearer.any():
            nearer = np.arange(members.size) % 2 == 0
        for k, part in ((cluster, rows[nearer]), (largest, rows[~nearer])):
            own = _hard_moments(part, np.zeros(part.shape[0], dtype=int), 1, form)
            moments.counts[k] = own.counts[0]
            moments.first[:, k] = own.first[:, 0]
            if not form.shares_variances:
                moments.second[:, k] = own.second[:, 0]
        labels[members[nearer]] = cluster
        reseeded[cluster] += 1
        log.info(
            "Cluster %d lost its documents; it was seeded again with %d of cluster %d.", cluster, nearer.sum(), largest
        )
    return len(lost)
