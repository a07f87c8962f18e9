"""A fit from beginning to end: starts, the covariance, EM, what starts agree on, splits and merges, leave-one-out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from docclust import em, engine
from docclust.kernels import Prepared
from docclust.mixture import covariance, defaults, restarts, split_merge
from docclust.mixture.consensus import consensus

if TYPE_CHECKING:
    from docclust.mixture import SparseGaussianMixture

# Moves are looked for again where EM has gone on from others, so often at most.
MOST_TIMES = 3


@dataclass(frozen=True)
class Outcome:
    """What a fit comes to.

    starts : EM from every start; they keep no parameters
    ended : what came of them
    covariance : the one it was run with
    apart, step : what it becomes where documents are held apart from their clusters, if they are, and that as a step
    """

    starts: list[em.Fit]
    ended: em.Fit
    covariance: str
    apart: em.Apart | None
    step: em.Step | None

    @property
    def objectives(self) -> np.ndarray:
        """Of every start, in nats over all documents; nan of one that EM followed with freer variances."""
        return restarts.objectives(self.starts)


def fit(X: sp.csr_array, mixture: "SparseGaussianMixture", rng: np.random.RandomState) -> Outcome:
    """Fit a mixture as its parameters say.

    Parameters
    ----------
    X : CSR of shape (n, v)
    mixture : what its parameters say
    """
    rows, kind, found = em.prepare(X), covariance.known(X, mixture), []
    # With very many clusters the spectrum shares out its products as well, and holds more than the starts do.
    beside = mixture.n_jobs if mixture.n_components < em.NEAR_FROM else 1
    with engine.beside(defaults.annealing, X, rows, mixture, n_jobs=beside) as annealed:
        options = restarts.options(X, mixture)
        starts = restarts.starts(X, rows, mixture, kind or "pooled", options, annealed, rng)
        options |= annealed()
    if kind == "cosine" and mixture.covariance == "auto" and X.shape[0] < defaults.SMALL_CORPUS:
        further = restarts.further(rows, starts, mixture, options, rng)
        starts = restarts.best_first(rows, starts, further, mixture, options)[: len(starts)]
    state = rng.get_state()
    if kind is None:
        kind, starts, found = covariance.choose(rows, starts, mixture, options, state, rng)
    votes = defaults.votes(mixture, kind, X.shape[0])
    if votes > len(starts):
        starts = starts + restarts.seeds(rows, mixture, votes - len(starts), options, rng)
    fits = restarts.run(
        rows, starts, mixture, kind, restarts.quicker(options) if votes else options, state, so_far=found
    )
    ended = _go_on_from_consensus(rows, fits, mixture, kind, options, state) if votes else replace(restarts.best(fits))
    for start in fits:
        start.found = None  # as large as the matrix, and `ended` has it
    _split_and_merge(rows, ended, len(fits), mixture, rng.randint(np.iinfo(np.int32).max))
    return Outcome(fits, ended, kind, *_hold_apart(rows, ended, mixture))


def _go_on_from_consensus(
    rows: Prepared, fits: list[em.Fit], mixture: "SparseGaussianMixture", covariance: str, options: dict, state: tuple
) -> em.Fit:
    """The best fit, gone on from what all of them agree on."""
    ended, k = replace(restarts.best(fits)), mixture.n_components
    labels = consensus([fit.labels for fit in fits], ended.labels, k)
    cold = _cold(
        options | {"form": defaults.form(mixture, covariance, defaults.pooling(mixture, labels.size))},
        mixture,
        "consensus",
    )
    [further] = restarts.fit_all([labels], rows, k, cold, state, _going_on(mixture.on_step, len(ended.steps)))
    further.runs = [(labels, state, cold)]
    ended.go_on(further)
    return ended


def _split_and_merge(rows: Prepared, ended: em.Fit, starts: int, mixture: "SparseGaussianMixture", seed: int) -> None:
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
        [further] = restarts.fit_all([labels], rows, k, cold, state, on_step)
        if further.objective <= ended.objective:
            return
        further.runs = [(labels, state, cold)]
        ended.go_on(further)


def _hold_apart(
    rows: Prepared, ended: em.Fit, mixture: "SparseGaussianMixture"
) -> tuple[em.Apart, em.Step] | tuple[None, None]:
    """Documents held against the clusters of a fit without themselves, where `leave_one_out` means it."""
    options = ended.runs[-1][-1] | {"softness": ended.runs[0][-1]["softness"]}
    held = (
        defaults.are_held_apart(mixture, options["form"].covariance, ended.labels.size) and mixture.means_init is None
    )
    if not held or not np.isfinite(ended.objective):
        return None, None
    ended.found = None  # as large as what takes its place
    found, step = em.held_apart(rows, ended, mixture.n_components, options)
    if mixture.on_step:
        mixture.on_step(step)
    return found, step


def _cold(options: dict, mixture: "SparseGaussianMixture", phase: str) -> dict:
    """Without annealing, and by all workers."""
    return options | {"schedule": options["schedule"][-1:], "softness": 0.0, "n_jobs": mixture.n_jobs, "phase": phase}


def _going_on(tell: Callable[[em.Step], None] | None, seen: int) -> Callable[[em.Step], None] | None:
    """The same, where so many iterations have been told of."""
    return tell and (lambda step: tell(step._replace(iteration=seen + step.iteration)))
