"""EM from several starts under one covariance: where they come from, and how workers share them."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from docclust import em, engine, kernels
from docclust.errors import SettingError
from docclust.gaussian import Parameters
from docclust.kernels import Prepared
from docclust.mixture import growing, seeding, split_merge
from docclust.mixture.consensus import consensus
from docclust.mixture.defaults import are_held_apart, form, length_exponent, n_starts, pooling

if TYPE_CHECKING:
    from docclust.mixture import SparseGaussianMixture

# Starts are followed side by side where the matrix has no more numbers than these: it takes less time than to share
# every iteration of one among workers, and the memory of several fits.
SIDE_BY_SIDE = 5_000_000
# Moves are looked for again where EM has gone on from others, so often at most.
MOST_TIMES = 3


def options(X: sp.csr_array, mixture: "SparseGaussianMixture") -> dict[str, Any]:
    """What EM takes from every start and under every covariance; what `defaults.annealing` gives is added."""
    return {
        "max_iter": mixture.max_iter,
        "tol": mixture.tol,
        "target": em.corpus_moments(X),
        "weighting": kernels.Weighting.over(X, length_exponent(mixture)),
        "block_rows": mixture.block_rows,
        "n_jobs": mixture.n_jobs,
    }


def starts(
    X: sp.csr_array,
    rows: Prepared,
    mixture: "SparseGaussianMixture",
    covariance: str,
    options: dict,
    annealed: Callable[[], dict],
    rng: np.random.RandomState,
) -> list[np.ndarray] | list[Parameters]:
    """The parameters given, or labels of every start; only those drawn from documents do not wait for `annealed`."""
    # X: (n, v) CSR; rows: what `em.prepare` made of it -> n_init arrays (n,)
    if mixture.means_init is not None:
        return [_given(X, mixture, float(annealed()["schedule"][-1]))]
    n_init = n_starts(mixture.n_init, X.shape[0], mixture.n_components)
    if mixture.init_params == "split-merge":
        return _grown(X, mixture, covariance, n_init, options | annealed(), rng)
    return seeds(rows, mixture, n_init, options, rng)


def seeds(
    rows: Prepared, mixture: "SparseGaussianMixture", n_init: int, options: dict, rng: np.random.RandomState
) -> list[np.ndarray]:
    """Labels of `n_init` starts from documents."""
    # rows: of (n, v) -> n_init arrays (n,)
    method = mixture.n_components, mixture.init_params, mixture.seeding_steps, n_init
    return seeding.starts(rows, *method, rng, options["weighting"], n_jobs=mixture.n_jobs)


def _given(X: sp.csr_array, mixture: "SparseGaussianMixture", smoothing: float) -> Parameters:
    k, v = mixture.n_components, X.shape[1]
    means = np.ascontiguousarray(np.asarray(mixture.means_init, dtype=float).T)
    variances = 1 / np.ascontiguousarray(np.asarray(mixture.precisions_init, dtype=float).T)
    weights = np.asarray(mixture.weights_init, dtype=float)
    if means.shape != (v, k) or variances.shape != (v, k) or weights.shape != (k,):
        raise SettingError(
            f"means_init and precisions_init must have shape ({k}, {v}) and weights_init ({k},), "
            f"got {means.T.shape}, {variances.T.shape} and {weights.shape}."
        )
    return Parameters(weights, means, variances, smoothing if mixture.smoothing == "noise" else 0.0)


def _grown(
    X: sp.csr_array,
    mixture: "SparseGaussianMixture",
    covariance: str,
    n_init: int,
    options: dict,
    rng: np.random.RandomState,
) -> list[np.ndarray]:
    pooled = form(mixture, covariance, pooling(mixture, X.shape[0]))
    law = pooled, float(options["schedule"][-1]), options["target"], rng
    shared = {name: options[name] for name in ("weighting", "block_rows", "n_jobs")}
    return [growing.grow(X, mixture.n_components, *law, **shared).labels for _ in range(n_init)]


def run(
    rows: Prepared,
    starts: list,
    mixture: "SparseGaussianMixture",
    covariance: str,
    options: dict,
    state: tuple,
    strength: float | None = None,
    so_far: list[em.Fit] | None = None,
) -> list[em.Fit]:
    """EM from every start, in their order; only the best fit keeps its parameters.

    Parameters
    ----------
    rows : of shape (n, v)
    starts : what `starts` gives
    mixture : what its parameters say, but for `covariance`
    options : what `options` gives, with the schedule and the softness of `defaults.annealing`
    state : of the random numbers, the same for every start
    strength : float, default=None
        Pseudo-documents of pooled variances; None takes `defaults.pooling`.
    so_far : of the first starts, what it found for the same options
    """
    strength = pooling(mixture, rows.rows.shape[0]) if strength is None else strength
    options = options | {"form": form(mixture, covariance, strength)}
    workers = engine.workers(mixture.n_jobs)
    few = kernels.side_by_side(mixture.n_components, rows.rows.shape[0]) if _may_be_joined(mixture, covariance) else 1
    small = rows.rows.nnz <= SIDE_BY_SIDE
    results = list(so_far or [])
    parts = engine.shared_out(starts[len(results) :], few, mixture.n_jobs if small else 1)
    at_once = max(1, min(len(parts), workers)) if small else 1
    alone = options if at_once == 1 else options | {"n_jobs": workers // at_once}
    shared = rows, mixture.n_components, alone, state, _one_by_one(mixture.on_step)
    for part, fits in zip(parts, engine.map_blocks(_fit, parts, *shared, n_jobs=at_once), strict=True):
        for start, found in zip(part, fits, strict=True):
            found.runs = [(start, state, options)]
        results += fits
        kept = best(results)
        for result in results:
            result.found = result.found if result is kept else None
    return results


def best(fits: list[em.Fit]) -> em.Fit:
    """The fit with the greatest objective; one without any comes last."""
    return fits[int(np.nan_to_num(objectives(fits), nan=-np.inf, posinf=-np.inf).argmax())]


def objectives(fits: list[em.Fit]) -> np.ndarray:
    """Of every fit, in nats over all documents; nan where it is of another form than the last one's."""
    # -> (fits,)
    forms = [fit.runs[0][-1]["form"] for fit in fits]
    return np.array([fit.objective if form == forms[-1] else np.nan for fit, form in zip(fits, forms, strict=True)])


def quicker(options: dict) -> dict:
    """The same with half the steps of annealing: enough of starts that are only to vote."""
    return options | {"schedule": options["schedule"][::-2][::-1]}


def agreed(
    rows: Prepared, fits: list[em.Fit], mixture: "SparseGaussianMixture", covariance: str, options: dict, state: tuple
) -> em.Fit:
    """The best fit, gone on from what all of them agree on."""
    ended, k = replace(best(fits)), mixture.n_components
    labels = consensus([fit.labels for fit in fits], ended.labels, k)
    cold = _cold(options | {"form": form(mixture, covariance, pooling(mixture, labels.size))}, mixture, "consensus")
    [further] = _fit([labels], rows, k, cold, state, _going_on(mixture.on_step, len(ended.steps)))
    further.runs = [(labels, state, cold)]
    ended.go_on(further)
    return ended


def improve(rows: Prepared, ended: em.Fit, starts: int, mixture: "SparseGaussianMixture", seed: int) -> None:
    """Move a fit on by splits and merges, and EM after them, for as long as its objective gains.

    starts : how many there were
    seed : of what halves clusters
    """
    _, state, options = ended.runs[-1]
    k, wanted = mixture.n_components, mixture.split_merge if mixture.split_merge != "auto" else starts > 1
    enough = k >= split_merge.LEAST_CLUSTERS and rows.rows.shape[0] >= split_merge.LEAST_DOCUMENTS * k
    plain = mixture.smoothing != "noise" or mixture.means_init is not None
    if plain or not wanted or not enough or options["form"].covariance in split_merge.TOGETHER:
        return
    law = options["form"], float(options["schedule"][-1]), options["target"].at(rows.order), options["weighting"]
    rng = np.random.RandomState(seed)
    for time in range(MOST_TIMES):
        cold = _cold(options, mixture, f"splits and merges {time + 1}")
        if not (ended.converged and np.isfinite(ended.objective)):
            return
        labels = split_merge.moved(rows.rows, ended.labels, k, *law, rng)
        if labels is None:
            return
        on_step = _going_on(mixture.on_step, len(ended.steps))
        [further] = _fit([labels], rows, k, cold, state, on_step)
        if further.objective <= ended.objective:
            return
        further.runs = [(labels, state, cold)]
        ended.go_on(further)


def apart(rows: Prepared, ended: em.Fit, mixture: "SparseGaussianMixture") -> tuple[em.Apart, em.Step] | None:
    """Documents held against the clusters of a fit without themselves, where `leave_one_out` means it."""
    options = ended.runs[-1][-1] | {"softness": ended.runs[0][-1]["softness"]}
    held = are_held_apart(mixture, options["form"].covariance, ended.labels.size) and mixture.means_init is None
    if not held or not np.isfinite(ended.objective):
        return None
    ended.found = None  # as large as what takes its place
    found, step = em.held_apart(rows, ended, mixture.n_components, options)
    if mixture.on_step:
        mixture.on_step(step)
    return found, step


def _cold(options: dict, mixture: "SparseGaussianMixture", phase: str) -> dict:
    """Without annealing, and by all workers."""
    return options | {"schedule": options["schedule"][-1:], "softness": 0.0, "n_jobs": mixture.n_jobs, "phase": phase}


def _may_be_joined(mixture: "SparseGaussianMixture", covariance: str) -> bool:
    """Whether EM can follow several starts side by side."""
    return mixture.smoothing == "noise" and covariance != "tied" and mixture.means_init is None


def _fit(
    starts: list[np.ndarray] | list[Parameters],
    rows: Prepared,
    n_components: int,
    options: dict[str, Any],
    state: tuple,
    on_step: Callable[[em.Step], None] | None,
) -> list[em.Fit]:
    rngs = [np.random.RandomState() for _ in starts]
    for rng in rngs:
        rng.set_state(state)
    return em.fit_all(rows, starts, n_components, **options, rngs=rngs, on_step=on_step)


def _going_on(tell: Callable[[em.Step], None] | None, seen: int) -> Callable[[em.Step], None] | None:
    """The same, where so many iterations have been told of."""
    return tell and (lambda step: tell(step._replace(iteration=seen + step.iteration)))


def _one_by_one(tell: Callable[[em.Step], None] | None) -> Callable[[em.Step], None] | None:
    """The same, but never called by two threads at once."""
    if tell is None:
        return None
    lock = threading.Lock()

    def told(step: em.Step) -> None:
        with lock:
            tell(step)

    return told
