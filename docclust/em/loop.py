"""The loop of E-steps and M-steps, and what it keeps of them."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import scipy.sparse as sp

from docclust import engine, kernels
from docclust.em.found import Fit, Found, Step
from docclust.em.looking import Looking
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
# A cluster that holds less than half a document is lost; one that is lost this often is left empty.
LOST_BELOW = 0.5
RESEED_LIMIT = 3
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
# From so many clusters on annealing ends when at most this share of the documents changes cluster: 20 Newsgroups in 100
# clusters keeps its NMI. With fewer, iterations in which nothing moves come before others in which much does: to end
# there cost 0.016 on BBC, 0.008 on documentation and 0.005 on 20 Newsgroups.
SETTLED_FROM, SETTLED_SHARE = 64, 0.005


@dataclass(frozen=True)
class Model:
    """What an E-step needs: J / temperature, the prior's part of the objective, and the parameters on demand."""

    coefficients: kernels.Compact
    found: Found
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
    softness : while the schedule lasts and documents move, responsibilities are softmax(J / T) with the T >= 1 at which
        their mean entropy is this share of log K (Ueda & Nakano 1998, with T from the data instead of a list); the
        objective of these iterations is T sum logsumexp(J / T). With 0, T is 1 throughout.
    on_step, on_parameters : told of every iteration; the second also of the parameters its E-step saw, and of its T
    """
    # The textbook form lets a cluster live on responsibilities as small as there are.
    drop = kernels.UNDERFLOW if form.smoothing == "add" else kernels.DROP
    soft_drop = next(least for many, least in reversed(SOFT_DROP.items()) if n_components >= many)
    whole = X if isinstance(X, kernels.Prepared) else prepare(X)
    n, place = whole.rows.shape[0], whole.place
    # The textbook form, and parameters of the caller's, may have densities on any scale.
    on_scale = form.smoothing == "noise" and not isinstance(start, Parameters)
    precision = whole.precision(n_components) if on_scale else np.float64
    annealed = len(schedule)
    in_part = softness and annealed > SOFT_WHOLE and not isinstance(start, Parameters)
    stride = max(1, n // max(SOFT_DOCUMENTS, SOFT_PER_CLUSTER * n_components)) if in_part else 1
    settles = softness > 0 and n_components >= SETTLED_FROM
    now = fraction = whole.every(stride)
    sample = whole.rows[:: -(-n // min(SOFT_SAMPLE, 1 + SOFT_DENSITIES // n_components))]
    target = target.at(whole.order)
    labels, responsibilities, counts = np.full(n, -1, dtype=np.int32), None, None
    if isinstance(start, Parameters):
        start = start.at(whole.order)
    else:
        labels = np.array(start, dtype=np.int32)[::stride]
        responsibilities = kernels.one_hot(labels, precision)
        counts = np.bincount(labels, minlength=n_components).astype(float)
    result = Fit(None, labels, target)
    reseeded: Counter[int] = Counter()
    looking = Looking(n_components, block_rows, n_jobs)
    temperature = None
    for iteration in range(max_iter):
        smoothing = float(schedule[min(iteration, len(schedule) - 1)])
        cooled = iteration >= annealed
        lost = 0
        if responsibilities is None:
            model = Model(kernels.compact(coefficients(start), precision), Found.of(start))
        else:
            if form.smoothing != "add":  # the textbook form knows no such remedy
                lost, responsibilities, counts = _reseed(now.rows, responsibilities, counts, labels, reseeded, rng)
            soft = _Soft(sample, softness, temperature) if softness and not cooled else None
            seen = now.rows.shape[0] / n
            model = given = None  # of the step before: it is as large as the one to come
            model, target = _maximise(
                now.words, responsibilities, counts, form, smoothing, target, cooled, seen, soft, n_jobs
            )
            temperature = model.temperature
        now = fraction if iteration < min(annealed, max_iter) - SOFT_WHOLE else whole
        looking.everywhere |= lost > 0 or now.rows.shape[0] != labels.size
        given = model.coefficients, drop if model.temperature == 1 else max(drop, soft_drop), UNDECIDED_BELOW
        near = looking.choose(labels, responsibilities, not cooled)
        responsibilities = found = None
        found = looking.expect(now.rows, labels, near, *given)
        responsibilities, counts = found.responsibilities, found.counts
        previous, labels = labels, found.labels
        # Of all documents, judged by those looked at.
        likelihood = model.temperature * found.objective * (n / labels.size)
        step = Step(
            iteration=iteration,
            objective=likelihood + model.log_prior,
            smoothing=smoothing,
            moved=_moved(previous, labels, stride, n),
            undecided=round(found.undecided * n / labels.size),
            reseeded=lost,
        )
        result.steps.append(step)
        if on_step:
            on_step(step)
        if on_parameters:
            on_parameters(step, model.found.parameters.at(place), model.temperature)
        if settles and not cooled and iteration and step.moved <= SETTLED_SHARE * n:
            annealed = min(annealed, iteration + 1 + (SOFT_WHOLE if now is not whole else 0))
        settled = cooled and not lost and _has_converged(result.steps, abs(likelihood), tol, n)
        if settled and near is None:
            result.converged = True
            break
        looking.everywhere = settled or iteration + 1 == annealed
    result.found = Found(partial(_in_place, model.found, place))
    result.labels, result.target = labels, target.at(place)
    return result


def _in_place(found: Found, place: np.ndarray) -> Parameters:
    return found.parameters.at(place)


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
        parts = engine.map_blocks(_maximise_block, pieces, *shared, smoothing, n_jobs=n_jobs)
        compact = kernels.assemble(list(parts), counts, form, smoothing)
        prior = compact.log_prior
        if pooled:
            target = Target(target.mean, compact.target[:, None])
        found = Found(partial(kernels.parameters, compact, counts, form, smoothing))
    else:
        parts = list(engine.map_blocks(kernels.accumulate, words, *shared, n_jobs=n_jobs))
        moments = Moments(counts, np.concatenate([p.first for p in parts]), np.concatenate([p.second for p in parts]))
        if pooled and not cooled:
            target = Target(target.mean, within_variance(moments))
        parameters = maximise(moments, form, smoothing, target)
        compact = kernels.compact(coefficients(parameters), responsibilities.shares.dtype)
        prior = log_prior(parameters, form, target)
        found = Found.of(parameters)
    temperature = soft.temperature(compact) if soft else 1.0
    softened = kernels.tempered(compact, temperature) if temperature != 1 else compact
    return Model(softened, found, prior / seen, temperature), target


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
