"""The loop of E-steps and M-steps, and what it keeps of them."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from docclust import kernels
from docclust.em import maximising
from docclust.em.found import ANNEALING, Fit, Found, Step
from docclust.em.looking import Looking
from docclust.em.options import EMOptions
from docclust.em.reseeding import reseed
from docclust.gaussian import Coefficients, Form, Parameters, Target, log_joint
from docclust.kernels import prepare

UNDECIDED_BELOW = 0.9
# Smoothing that is less than this share of the largest variance of a word would be lost in single precision.
SINGLE_FROM_SHARE = 1e-4
# Variances in between, and what is made of them with numbers of their scale, are far from the ends of single precision.
SINGLE_SCALES = 1e-15, 1e15
# EM has converged when the objective gains less than tol and at most this share of the documents changes cluster, or
# one of them.
MOVED_SHARE = 1e-3
# Documents on which the temperature of soft responsibilities is solved, and log-densities of them at most.
SOFT_SAMPLE, SOFT_DENSITIES = 600, 300_000
# Documents on which annealing goes on until its last few iterations: so many of them, or so many for every cluster.
# Half of the 18,331 documents of 20 Newsgroups, 460 for a cluster, cost 0.01 to 0.03 of NMI; so they take part whole.
SOFT_DOCUMENTS, SOFT_PER_CLUSTER, SOFT_WHOLE = 50_000, 500, 4
# Soft responsibilities only lead to the start of the steps that count: those below a share of the largest of their
# document are dropped. A thousandth in place of a ten-thousandth changed the mean NMI of five starts on Reuters R8 by
# 0.001; with many clusters it has to be more. On 20 Newsgroups in 100 clusters a tenth costs 0.012 against 0.03, and on
# 63,666 package descriptions in 500 nothing, where it halves the time of an iteration.
SOFT_DROP = {1: np.log(1e-3), 64: np.log(0.03), 200: np.log(0.1)}
# From so many clusters on annealing ends when at most this share of the documents changes cluster. Three quarters of it
# take a tenth more time; they gain 0.002 of NMI on 20 Newsgroups in 100 clusters, 0.001 on AG News, and lose 0.001 on
# package descriptions. With fewer, iterations in which nothing moves come before others in which much does: to end
# there cost 0.016 on BBC, 0.008 on documentation and 0.005 on 20 Newsgroups.
SETTLED_FROM, SETTLED_SHARE = 64, 0.02


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
    form, schedule, max_iter, n_jobs = options.form, options.schedule, options.max_iter, options.n_jobs
    # The textbook form lets a cluster live on responsibilities as small as there are.
    drop = kernels.UNDERFLOW if form.smoothing == "add" else kernels.DROP
    soft_least = soft_drop(n_components)
    whole = X if isinstance(X, kernels.Prepared) else prepare(X)
    n = whole.rows.shape[0]
    by_parameters = isinstance(starts[0], Parameters)
    # Parameters of the caller's may have densities on any scale.
    held = np.float64 if by_parameters else precision(whole, form, n_components, options.smoothing, options.target)
    annealed = min(len(schedule), max(1, max_iter // 2))
    schedule = schedule[np.linspace(len(schedule) - 1, 0, annealed).round().astype(int)[::-1]]
    softness = options.softness if max_iter > 1 else 0.0
    in_part = softness and annealed > SOFT_WHOLE and not by_parameters
    stride = max(1, n // max(SOFT_DOCUMENTS, SOFT_PER_CLUSTER * n_components)) if in_part else 1
    settles = softness > 0 and n_components >= SETTLED_FROM
    now = fraction = whole.every(stride)
    sample = soft_sample(whole, n_components)
    target = options.target.at(whole.order)
    every = range(len(starts))
    labels, responsibilities, counts = np.full((n, len(starts)), -1, dtype=np.int32), None, None
    if not by_parameters:
        labels = np.column_stack(starts).astype(np.int32)[::stride]
        weights = options.weighting.of(np.diff(fraction.rows.indptr))
        responsibilities = kernels.one_hot(labels, held, n_components, weights)
        counts = np.concatenate([np.bincount(column, weights, n_components) for column in labels.T])
    results = [Fit(None, labels[:, g]) for g in every]
    reseeded: Counter[int] = Counter()
    looking = Looking(n_components, options.weighting, options.block_rows, n_jobs)
    temperature = None
    for iteration in range(max_iter):
        smoothing = float(schedule[min(iteration, len(schedule) - 1)])
        cooled = iteration >= annealed
        # The objective of annealing is another, and higher.
        compared = iteration > annealed or (cooled and not softness and len(schedule) == 1)
        lost = [0] * len(starts)
        if responsibilities is None:
            model = maximising.given(starts[0].at(whole.order), held)
        else:
            if form.smoothing != "add":  # the textbook form knows no such remedy
                live = [None if result.converged else rng for result, rng in zip(results, rngs, strict=True)]
                lost, responsibilities, counts = reseed(now.rows, responsibilities, counts, labels, reseeded, live)
            soft = maximising.Soft(sample, softness, temperature) if softness and not cooled else None
            seen = now.rows.shape[0] / n
            model = given = None  # of the step before: it is as large as the one to come
            model, target = maximising.maximise_all(
                now.words, responsibilities, counts, form, smoothing, target, cooled, seen, soft, len(starts), n_jobs
            )
            temperature = model.temperature
        now = fraction if iteration < annealed - SOFT_WHOLE else whole
        looking.everywhere |= any(lost) or now.rows.shape[0] != labels.shape[0]
        given = model.coefficients, max(drop, soft_least) if softness and not cooled else drop, UNDECIDED_BELOW
        near = looking.choose(labels[:, 0], responsibilities, not cooled)
        responsibilities = found = None
        found = looking.expect(now.rows, labels[:, 0], near, *given)
        responsibilities, counts = found.responsibilities, found.counts
        previous, labels = labels, found.labels
        # Of all documents, judged by those looked at.
        likelihood = model.temperature * found.objective * (n / labels.shape[0])
        settled = []
        for g in every:
            if results[g].converged:
                continue
            step = Step(
                iteration=iteration,
                objective=float(likelihood[g] + model.log_prior[g]),
                smoothing=smoothing,
                moved=_moved(previous[:, g], labels[:, g], stride, n),
                undecided=round(int(found.undecided[g]) * n / labels.shape[0]),
                reseeded=lost[g],
                phase=options.phase if cooled or not (softness or len(schedule) > 1) else ANNEALING,
            )
            results[g].steps.append(step)
            if on_step:
                on_step(step)
            if on_found:
                on_found(step, model.found[g].in_order(whole.order), float(model.temperature[g]))
            still = compared and not lost[g] and _has_converged(results[g].steps, abs(likelihood[g]), options.tol, n)
            settled.append(still)
            if (still and near is None) or iteration + 1 == max_iter:
                results[g].converged = still and near is None
                results[g].found = model.found[g].in_order(whole.order)
                results[g].labels = labels[:, g].copy()
        if all(result.converged for result in results):
            break
        if settles and not cooled and iteration and results[0].steps[-1].moved <= SETTLED_SHARE * n:
            annealed = min(annealed, iteration + 1 + (SOFT_WHOLE if now is not whole else 0))
        looking.everywhere = all(settled) or iteration + 1 == annealed
    return results


def soft_sample(X: kernels.Prepared, n_components: int) -> sp.csr_array:
    """Documents that say how soft responsibilities are."""
    return X.rows[:: -(-X.rows.shape[0] // min(SOFT_SAMPLE, 1 + SOFT_DENSITIES // n_components))]


def soft_drop(n_components: int) -> float:
    """The logarithm of the share below which a soft responsibility is dropped."""
    return next(least for many, least in reversed(SOFT_DROP.items()) if n_components >= many)


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


def softening(X: sp.csr_array, c: Coefficients, share: float) -> float:
    """The temperature T >= 1 at which softmax(J / T) has a mean entropy of `share` times log K."""
    # X: (n, v) CSR
    return kernels.temperature_of_entropy(log_joint(X, c), share)


def _has_converged(steps: list[Step], scale: float, tol: float, n: int) -> bool:
    gain = steps[-1].objective - steps[-2].objective
    return gain <= tol * scale and steps[-1].moved <= max(1, MOVED_SHARE * n)
