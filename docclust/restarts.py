"""EM from every start, under the covariance asked for, or under the one that the ends of `pooled` speak for."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from docclust import em, engine, kernels, seeding, splitmerge
from docclust.agreement import STAYS, have_clusters, leads_away, nearness
from docclust.errors import SettingError
from docclust.gaussian import Form, Parameters
from docclust.kernels import Prepared

if TYPE_CHECKING:
    from docclust.config.settings import MixtureSettings
    from docclust.mixture import SparseGaussianMixture

# Starts are followed side by side where the matrix has no more numbers than these: it takes less time than to share
# every iteration of one among workers, and the memory of several fits.
SIDE_BY_SIDE = 5_000_000
# Round clusters of which one holds more than this share of the documents, and so many times its part of them, leave it
# what none of them says. On package descriptions means of length one, which leave no such heap, gain 0.01 to 0.05 where
# it holds 0.43 to 0.69 (8 to 20 clusters), and lose up to 0.02 where it holds 0.18 to 0.2 (58). At 0.3 they gain 0.01
# and 0.03 on sections of the Unix manual, and 0.005 on descriptions in 30 clusters.
HEAP_SHARE, HEAP_TIMES = 1 / 4, 2
# Where documents have so many words in the mean, means of length one are taken at once. NMI with them less that with
# one variance alone: package descriptions in 58 clusters 0.006 (27 words), help of the Linux kernel's options in 63
# 0.026 (16); cut to fewer, 0.004 (8), -0.005, -0.005 (12), -0.007 (9), -0.008 (4), -0.01 (5). Of the ten corpora that
# the benchmark takes apart none loses by them. They have ten starts: k-means takes longer there.
ROUND_WORDS = 12
# Steps of k-means after which starts still tell how free variances should be.
MOST_STEPS = 20
# With fewer documents for every cluster there is too little to learn the variances of its words from, and means of
# length one find more. NMI with them less that with pooled variances: 20 Newsgroups in 2,000 clusters (9 documents in
# each) 0.016, in 500 (37) 0.006, 600 of its posts in 20 (30) 0.02, 1,000 with headers (50) 0.037; descriptions of
# packages in 500 (40) 0.034, 1,000 of them in 47 (21) 0.06; 200 articles of BBC in 5 (40) 0.02, all in 50 (45) -0.008.
# With more it is the other way round: AG News in 150 clusters (51) -0.021, 20 Newsgroups in 300 (61) -0.033.
FEW_DOCUMENTS = 50
# Documents count as their number of words to this power. NMI with 0, 0.5 and 1, two seeds: Reuters R8 0.545, 0.597 and
# 0.585, AG News 0.605, 0.604 and 0.583, BBC 0.906, 0.897 and 0.897. With 1 ten long newsgroup posts make a cluster.
LENGTH_EXPONENT = 0.5
# Pseudo-documents of the common variance, and the share of them that every cluster beyond so many adds: many clusters
# are small ones. NMI of five seeds with 1,000, 2,000, 4,000, 8,000: Reuters R52 in 52 clusters 0.517, 0.533, 0.545,
# 0.542; of two, 20 Newsgroups in 100 with 1,000, 4,000, 10,000, 40,000: 0.443, 0.474, 0.479, 0.438. With eight clusters
# more is less: Reuters R8, ten seeds, with 1,000, 1,300, 1,600: 0.528, 0.525, 0.485.
POOLING, POOLING_FROM, POOLING_A_CLUSTER = 1000.0, 20, 0.1
# Fewer in a small corpus: at most so many for every document, before clusters beyond 20 add theirs. NMI of five samples
# with a third, half, and all: 1,500 texts of AG News 0.549, 0.499, 0.492; 500 of BBC 0.883, 0.896, 0.871; 1,500 of
# Reuters R8 0.530, 0.523, 0.526; 2,000 of 20 Newsgroups 0.408, 0.418, 0.418.
POOLING_A_DOCUMENT = 1 / 3


def fit(X: sp.csr_array, mixture: "SparseGaussianMixture", rng: np.random.RandomState) -> tuple[list[em.Fit], str]:
    """EM from every start, and the covariance it was run with; only the best fit keeps its parameters.

    Parameters
    ----------
    X : CSR of shape (n, v)
    mixture : what its parameters say
    """
    rows, known = em.prepare(X), _known(X, mixture)
    with engine.beside(_annealed, X, rows, mixture, n_jobs=mixture.n_jobs) as annealed:
        options = _options(X, mixture)
        starts = _starts(X, rows, mixture, known or "pooled", options, annealed, rng)
        options |= annealed()
    state = rng.get_state()
    if known:
        return _run(rows, starts, mixture, known, options, state), known
    # Other starts agree for reasons of their own: seeds that nothing moved, since documents that share no word with any
    # are with the first; those in LSA space, since that has few dimensions; those that k-means has settled, since it
    # has few ends. On very short texts it tells nothing then.
    telling = mixture.init_params == "kmeans" and 0 < mixture.seeding_steps <= MOST_STEPS and len(starts) > 1
    wanted = _strength(mixture, X.shape[0])
    strength = min(_least_strength(X.shape[0]), wanted) if telling else wanted
    free = _run(rows, starts, mixture, "pooled", options, state, strength)
    if telling and leads_away(starts, _labels(free)):
        kept, kind = _round(X, rows, starts, mixture, options, state, rng)
        if have_clusters(starts, _labels(free)) or nearness(starts, _labels(kept)[: len(starts)]) >= STAYS:
            return kept, kind
    if strength < wanted:  # where variances are freer, it shows sooner that they lead away
        free = _run(rows, starts, mixture, "pooled", options, state)
    return free, "pooled"


def _known(X: sp.csr_array, mixture: "SparseGaussianMixture") -> str | None:
    """The covariance, where EM need not be run to choose it."""
    if mixture.covariance != "auto":
        return mixture.covariance
    if mixture.smoothing != "noise" or mixture.means_init is not None:
        return "own"
    few = X.shape[0] < FEW_DOCUMENTS * mixture.n_components
    return "cosine" if few and seeding.has_unit_rows(X) else None


def _round(
    X: sp.csr_array,
    rows: Prepared,
    starts: list,
    mixture: "SparseGaussianMixture",
    options: dict,
    state: tuple,
    rng: np.random.RandomState,
) -> tuple[list[em.Fit], str]:
    """EM with one variance for all; where rows have length one and texts are not short, so have the means.

    So too where documents heap up otherwise. Fits from further starts come after those from `starts`.
    """
    unit = seeding.has_unit_rows(X)
    if unit and X.nnz >= ROUND_WORDS * X.shape[0]:
        further = seeding.MORE_STARTS - len(starts) if mixture.n_init == "auto" else 0
        more = _seeds(rows, mixture, further, options, rng) if further > 0 else []
        return _run(rows, starts + more, mixture, "cosine", options, state), "cosine"
    kept = _run(rows, starts, mixture, "isotropic", options, state)
    best = max(kept, key=lambda result: result.objective)
    largest = np.bincount(best.labels).max() / best.labels.size
    if largest <= max(HEAP_SHARE, HEAP_TIMES / mixture.n_components) or not unit:
        return kept, "isotropic"
    return _run(rows, starts, mixture, "cosine", options, state), "cosine"


def _labels(fits: list[em.Fit]) -> list[np.ndarray]:
    return [fit.labels for fit in fits]


def _strength(mixture: "SparseGaussianMixture", n: int) -> float:
    """Pseudo-documents of pooled variances, among n documents."""
    if mixture.pooling != "auto":
        return mixture.pooling
    return _least_strength(n) * (1 + POOLING_A_CLUSTER * max(0, mixture.n_components - POOLING_FROM))


def _least_strength(n: int) -> float:
    """The same for few clusters."""
    return min(POOLING, POOLING_A_DOCUMENT * n)


def length_exponent(mixture: "SparseGaussianMixture | MixtureSettings") -> float:
    """How much more long documents count."""
    if mixture.length_exponent != "auto":
        return mixture.length_exponent
    return LENGTH_EXPONENT if mixture.smoothing == "noise" else 0.0


def _form(mixture: "SparseGaussianMixture", covariance: str, pooling: float) -> Form:
    pseudo = pooling, mixture.weight_pseudo, mixture.mean_pseudo, mixture.variance_pseudo
    return Form(covariance, mixture.smoothing, *pseudo)


def _starts(
    X: sp.csr_array,
    rows: Prepared,
    mixture: "SparseGaussianMixture",
    covariance: str,
    options: dict,
    annealed: Callable[[], dict],
    rng: np.random.RandomState,
) -> list[np.ndarray] | list[Parameters]:
    if mixture.means_init is not None:
        return [_given(X, mixture)]
    n_init = seeding.n_starts(mixture.n_init, X.shape[0])
    if mixture.init_params == "split-merge":
        return _grown(X, mixture, covariance, n_init, options | annealed(), rng)
    return _seeds(rows, mixture, n_init, options, rng)


def _seeds(
    rows: Prepared, mixture: "SparseGaussianMixture", n_init: int, options: dict, rng: np.random.RandomState
) -> list[np.ndarray]:
    method = mixture.n_components, mixture.init_params, mixture.seeding_steps, n_init
    return seeding.starts(rows, *method, rng, options["weighting"], n_jobs=mixture.n_jobs)


def _given(X: sp.csr_array, mixture: "SparseGaussianMixture") -> Parameters:
    k, v = mixture.n_components, X.shape[1]
    means = np.ascontiguousarray(np.asarray(mixture.means_init, dtype=float).T)
    variances = 1 / np.ascontiguousarray(np.asarray(mixture.precisions_init, dtype=float).T)
    weights = np.asarray(mixture.weights_init, dtype=float)
    if means.shape != (v, k) or variances.shape != (v, k) or weights.shape != (k,):
        raise SettingError(
            f"means_init and precisions_init must have shape ({k}, {v}) and weights_init ({k},), "
            f"got {means.T.shape}, {variances.T.shape} and {weights.shape}."
        )
    noise = float(mixture.reg_covar) if mixture.smoothing == "noise" and mixture.reg_covar != "auto" else 0.0
    return Parameters(weights, means, variances, noise)


def _grown(
    X: sp.csr_array,
    mixture: "SparseGaussianMixture",
    covariance: str,
    n_init: int,
    options: dict,
    rng: np.random.RandomState,
) -> list[np.ndarray]:
    form = _form(mixture, covariance, _strength(mixture, X.shape[0]))
    law = form, float(options["schedule"][-1]), options["target"], rng
    shared = {name: options[name] for name in ("weighting", "block_rows", "n_jobs")}
    return [splitmerge.grow(X, mixture.n_components, *law, **shared).labels for _ in range(n_init)]


def _run(
    rows: Prepared,
    starts: list,
    mixture: "SparseGaussianMixture",
    covariance: str,
    options: dict,
    state: tuple,
    strength: float | None = None,
) -> list[em.Fit]:
    pooling = _strength(mixture, rows.rows.shape[0]) if strength is None else strength
    options = options | {"form": _form(mixture, covariance, pooling)}
    workers = engine.workers(mixture.n_jobs)
    few = kernels.side_by_side(mixture.n_components, rows.rows.shape[0]) if _may_be_joined(mixture, covariance) else 1
    small = rows.rows.nnz <= SIDE_BY_SIDE
    parts = engine.shared_out(starts, few, mixture.n_jobs if small else 1)
    at_once = min(len(parts), workers) if small else 1
    alone = options if at_once == 1 else options | {"n_jobs": workers // at_once}
    shared = rows, mixture.n_components, alone, state, _one_by_one(mixture.on_step)
    results: list[em.Fit] = []
    for part, fits in zip(parts, engine.map_blocks(_fit, parts, *shared, n_jobs=at_once), strict=True):
        for start, found in zip(part, fits, strict=True):
            found.replay = start, state, options
        results += fits
        best = max(results, key=lambda result: result.objective)
        for result in results:
            result.found = result.found if result is best else None
    return results


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


def _one_by_one(tell: Callable[[em.Step], None] | None) -> Callable[[em.Step], None] | None:
    """The same, but never called by two threads at once."""
    if tell is None:
        return None
    lock = threading.Lock()

    def told(step: em.Step) -> None:
        with lock:
            tell(step)

    return told


def _options(X: sp.csr_array, mixture: "SparseGaussianMixture") -> dict[str, Any]:
    return {
        "max_iter": mixture.max_iter,
        "tol": mixture.tol,
        "target": em.corpus_moments(X),
        "weighting": kernels.Weighting.over(X, length_exponent(mixture)),
        "block_rows": mixture.block_rows,
        "n_jobs": mixture.n_jobs,
    }


def _annealed(X: sp.csr_array, rows: Prepared, mixture: "SparseGaussianMixture") -> dict[str, Any]:
    """Smoothing by iteration, and how soft responsibilities are kept while it lasts."""
    given = mixture.means_init is not None
    soft = mixture.annealing == "responsibilities" and mixture.smoothing != "add" and not given
    steps, softness = (mixture.annealing_steps, mixture.softness) if soft else (1, 0.0)
    if mixture.smoothing == "prior":  # its pseudo-documents are all the smoothing there is
        return {"schedule": np.zeros(steps), "softness": softness}
    least = em.least_smoothing(X)
    cooled = mixture.annealing == "smoothing" and mixture.smoothing == "noise" and not given
    if mixture.reg_covar == "auto" or cooled:
        eigenvalues = em.spectrum(rows, mixture.n_components, mixture.n_jobs)
    last = mixture.final_smoothing * eigenvalues[-1] if mixture.reg_covar == "auto" else float(mixture.reg_covar)
    if mixture.reg_covar == "auto" or mixture.smoothing == "noise":
        last = max(last, least)
    if cooled:
        schedule, softness = em.cooling_schedule(max(eigenvalues[0], least), last, mixture.annealing_steps), 0.0
    else:
        schedule = np.full(steps, last)
    return {"schedule": schedule, "softness": softness}
