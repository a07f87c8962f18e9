"""How free the variances are: the covariance asked for, or the one that the ends of `pooled` speak for."""

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from docclust import defaults, em, engine, restarts, seeding
from docclust.agreement import STAYS, have_clusters, leads_away, nearness
from docclust.kernels import Prepared

if TYPE_CHECKING:
    from docclust.mixture import SparseGaussianMixture

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


def fit(X: sp.csr_array, mixture: "SparseGaussianMixture", rng: np.random.RandomState) -> tuple[list[em.Fit], str]:
    """EM from every start, and the covariance it was run with; only the best fit keeps its parameters.

    Parameters
    ----------
    X : CSR of shape (n, v)
    mixture : what its parameters say
    """
    rows, known = em.prepare(X), _known(X, mixture)
    with engine.beside(defaults.annealing, X, rows, mixture, n_jobs=mixture.n_jobs) as annealed:
        options = restarts.options(X, mixture)
        starts = restarts.starts(X, rows, mixture, known or "pooled", options, annealed, rng)
        options |= annealed()
    state = rng.get_state()
    if known:
        return restarts.run(rows, starts, mixture, known, options, state), known
    # Other starts agree for reasons of their own: seeds that nothing moved, since documents that share no word with any
    # are with the first; those in LSA space, since that has few dimensions; those that k-means has settled, since it
    # has few ends. On very short texts it tells nothing then.
    telling = mixture.init_params == "kmeans" and 0 < mixture.seeding_steps <= MOST_STEPS and len(starts) > 1
    wanted = defaults.pooling(mixture, X.shape[0])
    strength = min(defaults.least_pooling(X.shape[0]), wanted) if telling else wanted
    free = restarts.run(rows, starts, mixture, "pooled", options, state, strength)
    if telling and leads_away(starts, _labels(free)):
        kept, kind = _round(X, rows, starts, mixture, options, state, rng)
        if have_clusters(starts, _labels(free)) or nearness(starts, _labels(kept)[: len(starts)]) >= STAYS:
            return kept, kind
    if strength < wanted:  # where variances are freer, it shows sooner that they lead away
        free = restarts.run(rows, starts, mixture, "pooled", options, state)
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
        more = restarts.seeds(rows, mixture, further, options, rng) if further > 0 else []
        return restarts.run(rows, starts + more, mixture, "cosine", options, state), "cosine"
    kept = restarts.run(rows, starts, mixture, "isotropic", options, state)
    best = max(kept, key=lambda result: result.objective)
    largest = np.bincount(best.labels).max() / best.labels.size
    if largest <= max(HEAP_SHARE, HEAP_TIMES / mixture.n_components) or not unit:
        return kept, "isotropic"
    return restarts.run(rows, starts, mixture, "cosine", options, state), "cosine"


def _labels(fits: list[em.Fit]) -> list[np.ndarray]:
    return [fit.labels for fit in fits]
