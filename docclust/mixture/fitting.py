"""A fit from beginning to end: starts, the covariance, EM, what starts agree on, splits and merges, leave-one-out."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from docclust import em, engine, kernels
from docclust.gaussian import Form
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
    n, k = X.shape[0], mixture.n_components
    rows, kind, found = em.prepare(X), covariance.known(X, mixture), []

    def form(kind: str) -> Form:
        return defaults.form(mixture, kind, defaults.pooling(mixture, n))

    # With very many clusters the spectrum shares out its products as well, and holds more than the starts do.
    beside = mixture.n_jobs if k < em.NEAR_FROM else 1
    drawn = restarts.are_drawn(mixture)
    with engine.beside(defaults.annealing, X, rows, mixture, n_jobs=beside) as annealed:
        target, weighting = em.corpus_moments(X), kernels.Weighting.over(X, defaults.length_exponent(mixture))
        if drawn:
            starts = restarts.seeds(rows, mixture, defaults.n_starts(mixture.n_init, n, k), weighting, rng)
        schedule, softness = annealed()
    options = em.EMOptions(
        form=form(kind or "pooled"),
        schedule=schedule,
        max_iter=mixture.max_iter,
        tol=mixture.tol,
        target=target,
        softness=softness,
        weighting=weighting,
        block_rows=mixture.block_rows,
        n_jobs=mixture.n_jobs,
    )
    if not drawn:
        starts = restarts.made(X, mixture, options, rng)
    if kind == "cosine" and mixture.covariance == "auto" and n < defaults.SMALL_CORPUS:
        further = restarts.further(rows, starts, mixture, weighting, rng)
        starts = restarts.best_first(rows, starts, further, k, weighting)[: len(starts)]
    state = rng.get_state()
    if kind is None:
        kind, starts, found = covariance.choose(rows, starts, mixture, options, state, rng)
    options = replace(options, form=form(kind))
    votes = defaults.votes(mixture, kind, n)
    if votes > len(starts):
        starts = starts + restarts.seeds(rows, mixture, votes - len(starts), weighting, rng)
    fits = restarts.run(rows, starts, k, restarts.quicker(options) if votes else options, state, mixture.on_step, found)
    ended = replace(restarts.best(fits))
    if votes:
        labels = consensus([fit.labels for fit in fits], ended.labels, k)
        cold = replace(options.without_annealing(), phase="consensus")
        ended.go_on(restarts.go_on(rows, ended, labels, k, cold, state, mixture.on_step))
    for start in fits:
        start.found = None  # as large as the matrix, and `ended` has it
    _split_and_merge(rows, ended, len(fits), mixture, rng.randint(np.iinfo(np.int32).max))
    return Outcome(fits, ended, kind, *_hold_apart(rows, ended, mixture))


def _split_and_merge(rows: Prepared, ended: em.Fit, starts: int, mixture: "SparseGaussianMixture", seed: int) -> None:
    """Move a fit on by splits and merges, and EM after them, for as long as its objective gains.

    starts : how many there were
    seed : of what halves clusters
    """
    _, state, options = ended.runs[-1]
    k, wanted = mixture.n_components, mixture.split_merge if mixture.split_merge != "auto" else starts > 1
    enough = k >= split_merge.LEAST_CLUSTERS and rows.rows.shape[0] >= split_merge.LEAST_DOCUMENTS * k
    plain = mixture.smoothing != "noise" or mixture.means_init is not None
    if plain or not wanted or not enough or options.form.covariance in split_merge.TOGETHER:
        return
    cold, rng = options.without_annealing(), np.random.RandomState(seed)
    moving = replace(cold, target=options.target.at(rows.order))
    for time in range(MOST_TIMES):
        if not (ended.converged and np.isfinite(ended.objective)):
            return
        labels = split_merge.moved(rows.rows, ended.labels, k, moving, rng)
        if labels is None:
            return
        phase = replace(cold, phase=f"splits and merges {time + 1}")
        further = restarts.go_on(rows, ended, labels, k, phase, state, mixture.on_step)
        if further.objective <= ended.objective:
            return
        ended.go_on(further)


def _hold_apart(
    rows: Prepared, ended: em.Fit, mixture: "SparseGaussianMixture"
) -> tuple[em.Apart, em.Step] | tuple[None, None]:
    """Documents held against the clusters of a fit without themselves, where `leave_one_out` means it."""
    options = replace(ended.runs[-1].options, softness=ended.runs[0].options.softness)
    held = defaults.are_held_apart(mixture, options.form.covariance, ended.labels.size)
    if not held or mixture.means_init is not None or not np.isfinite(ended.objective):
        return None, None
    ended.found = None  # as large as what takes its place
    found, step = em.held_apart(rows, ended, mixture.n_components, options)
    if mixture.on_step:
        mixture.on_step(step)
    return found, step
