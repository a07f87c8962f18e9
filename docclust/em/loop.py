"""The loop of E-steps and M-steps, and what it keeps of them."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from docclust import kernels
from docclust.em import maximising
from docclust.em.annealing import Annealing, least_share, temperature_sample
from docclust.em.found import Fit, Found, Step
from docclust.em.looking import Looking
from docclust.em.options import EMOptions
from docclust.em.reseeding import reseed
from docclust.gaussian import Form, Parameters, Target
from docclust.kernels import prepare

UNDECIDED_BELOW = 0.9
# Smoothing that is less than this share of the largest variance of a word would be lost in single precision.
SINGLE_FROM_SHARE = 1e-4
# Variances in between, and what is made of them with numbers of their scale, are far from the ends of single precision.
SINGLE_SCALES = 1e-15, 1e15
# EM has converged when the objective gains less than tol and at most this share of the documents changes cluster, or
# one of them.
MOVED_SHARE = 1e-3


def fit(
    X: sp.csr_array | kernels.Prepared,
    start: np.ndarray | Parameters,
    n_components: int,
    options: EMOptions,
    *,
    rng: np.random.RandomState,
    on_step: Callable[[Step], None] | None = None,
    on_found: Callable[[Step, Found, float], None] | None = None,
) -> Fit:
    """Run EM from a label for every document, (n,), or from parameters, until it has converged; see `fit_all`."""
    return fit_all(X, [start], n_components, options, rngs=[rng], on_step=on_step, on_found=on_found)[0]


def fit_all(
    X: sp.csr_array | kernels.Prepared,
    starts: list[np.ndarray] | list[Parameters],
    n_components: int,
    options: EMOptions,
    *,
    rngs: list[np.random.RandomState],
    on_step: Callable[[Step], None] | None = None,
    on_found: Callable[[Step, Found, float], None] | None = None,
) -> list[Fit]:
    """Run EM from several starts side by side, each until it has converged; what is found is that of each alone.

    A word of a document is read once for all of them, and with few clusters reading takes most of the time. More than
    one are only for labels and few clusters (`docclust.kernels.side_by_side`), for `noise`, and not for tied variances.

    Parameters
    ----------
    X : CSR of shape (n, v), or what `prepare` made of it
    starts : int arrays of shape (n,), or Parameters
    rngs : of every start, the random numbers for clusters that have lost their documents
    on_step, on_found : told of every iteration; the second also of the parameters its E-step saw, and of its T
    """
    n_jobs = options.n_jobs
    whole = X if isinstance(X, kernels.Prepared) else prepare(X)
    n, form = whole.rows.shape[0], options.form
    by_parameters = isinstance(starts[0], Parameters)
    annealing = Annealing.of(options, n_components, n, from_labels=not by_parameters)
    part, sample = whole.every(annealing.stride), temperature_sample(whole, n_components)
    # The textbook form lets a cluster live on responsibilities as small as there are.
    drop = kernels.UNDERFLOW if form.smoothing == "add" else kernels.DROP
    # Parameters of the caller's may have densities on any scale.
    held = np.float64 if by_parameters else precision(whole, form, n_components, options.smoothing, options.target)
    target, now = options.target.at(whole.order), part
    labels, responsibilities, counts = np.full((n, len(starts)), -1, dtype=np.int32), None, None
    if not by_parameters:
        labels = np.column_stack(starts).astype(np.int32)[:: annealing.stride]
        weights = options.weighting.of(np.diff(part.rows.indptr))
        responsibilities = kernels.one_hot(labels, held, n_components, weights)
        counts = np.concatenate([np.bincount(column, weights, n_components) for column in labels.T])
    results = [Fit(None, column) for column in labels.T]
    reseeded: Counter[int] = Counter()
    looking = Looking(n_components, options.weighting, options.block_rows, n_jobs)
    temperature = None
    for iteration in range(options.max_iter):
        smoothing, last = annealing.smoothing(iteration), iteration + 1 == options.max_iter
        cooled, soft = not annealing.lasts(iteration), annealing.is_soft(iteration)
        lost = [0] * len(starts)
        if responsibilities is None:
            model = maximising.given(starts[0].at(whole.order), held)
        else:
            if form.smoothing != "add":  # the textbook form knows no such remedy
                live = [None if result.converged else rng for result, rng in zip(results, rngs, strict=True)]
                lost, responsibilities, counts = reseed(now.rows, responsibilities, counts, labels, reseeded, live)
            softened = maximising.Soft(sample, annealing.softness, temperature) if soft else None
            seen = now.rows.shape[0] / n
            model = given = None  # of the step before: it is as large as the one to come
            model, target = maximising.maximise_all(
                now.words,
                responsibilities,
                counts,
                form,
                smoothing,
                target,
                cooled,
                seen,
                softened,
                len(starts),
                n_jobs,
            )
            temperature = model.temperature
        now = part if annealing.is_in_part(iteration) else whole
        looking.everywhere |= any(lost) or now.rows.shape[0] != labels.shape[0]
        given = model.coefficients, max(drop, least_share(n_components)) if soft else drop, UNDECIDED_BELOW
        near = looking.choose(labels[:, 0], responsibilities, not cooled)
        responsibilities = found = None
        found = looking.expect(now.rows, labels[:, 0], near, *given)
        responsibilities, counts = found.responsibilities, found.counts
        previous, labels = labels, found.labels
        # Of all documents, judged by those looked at.
        likelihood = model.temperature * found.objective * (n / labels.shape[0])
        settled = []
        for g, result in enumerate(results):
            if result.converged:
                continue
            step = Step(
                iteration=iteration,
                objective=float(likelihood[g] + model.log_prior[g]),
                smoothing=smoothing,
                moved=_moved(previous[:, g], labels[:, g], annealing.stride, n),
                undecided=round(int(found.undecided[g]) * n / labels.shape[0]),
                reseeded=lost[g],
                phase=annealing.phase(iteration, options.phase),
            )
            result.steps.append(step)
            if on_step:
                on_step(step)
            if on_found:
                on_found(step, model.found[g].in_order(whole.order), float(model.temperature[g]))
            compared = annealing.compares(iteration) and not lost[g]
            settled.append(compared and _has_converged(result.steps, abs(likelihood[g]), options.tol, n))
            if (settled[-1] and near is None) or last:
                result.converged = settled[-1] and near is None
                result.found, result.labels = model.found[g].in_order(whole.order), labels[:, g].copy()
        if all(result.converged for result in results):
            break
        annealing.settle(iteration, results[0].steps[-1].moved, n)
        looking.everywhere = all(settled) or iteration + 1 == annealing.ends
    return results


def precision(X: kernels.Prepared, form: Form, n_components: int, smoothing: float, target: Target) -> type:
    """How parameters and responsibilities are held."""
    # Single precision must keep variances of listed words apart from the smoothing; the textbook form has any scale.
    refers = kernels.lists_clusters(n_components) and not form.shares_variances
    apart = not refers or smoothing > SINGLE_FROM_SHARE * target.variance.max(initial=0)
    low, high = SINGLE_SCALES
    held = low < smoothing and target.variance.max(initial=0) < high
    return X.precision(n_components) if form.smoothing == "noise" and apart and held else np.float64


def _moved(previous: np.ndarray, labels: np.ndarray, stride: int, n: int) -> int:
    """Documents that changed cluster, judged by those of which both clusters are known."""
    now = labels if labels.size == previous.size else labels[::stride]
    return round(np.count_nonzero(previous != now) * n / now.size)


def _has_converged(steps: list[Step], scale: float, tol: float, n: int) -> bool:
    gain = steps[-1].objective - steps[-2].objective
    return gain <= tol * scale and steps[-1].moved <= max(1, MOVED_SHARE * n)
