"""How free the variances are: the covariance asked for, or the one that the ends of `pooled` speak for."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from docclust import em, kernels
from docclust.kernels import Prepared
from docclust.mixture import defaults, restarts, seeding
from docclust.mixture.agreement import STAYS, have_clusters, is_open, leads_away, nearness

if TYPE_CHECKING:
    from docclust.mixture import SparseGaussianMixture

# Means of length one are taken at once where documents have so many words in the mean. Of shorter ones clusters with
# one variance alone must stay about as near to their starts, and none of them may hold more than this share of the
# documents, and so many times its part, which is what none of the others says. On one-line descriptions of packages
# they then find 0.02 more (NMI, two seeds); on 14 other corpora of short texts means of length one find 0.03 more in
# the mean, and 0.06 less on one.
ROUND_WORDS = 12
NEARLY_AS_NEAR = 0.03
HEAP_SHARE = 1 / 3
HEAP_TIMES = 2
# Documents that tell, in an evenly spaced part: at least so many, and so many for every cluster. A sixth of 63,464
# descriptions of a line tells the same as all, in 20 clusters and in 58. As many starts are looked at first where EM
# follows no more side by side, and the others where those leave it open.
TELLING_DOCUMENTS = 20_000
TELLING_A_CLUSTER = 300
FIRST_STARTS = 2
# Steps of k-means after which starts still tell how free variances should be.
MOST_STEPS = 20


def known(X: sp.csr_array, mixture: "SparseGaussianMixture") -> str | None:
    """The covariance, where EM need not be run to choose it."""
    if mixture.covariance != "auto":
        return mixture.covariance
    if mixture.smoothing != "noise" or mixture.means_init is not None:
        return "own"
    few = defaults.are_few(X.shape[0], mixture.n_components)
    return "cosine" if few and seeding.has_unit_rows(X) else None


def _tells(mixture: "SparseGaussianMixture", starts: list) -> bool:
    """Whether EM from these starts tells how free variances should be.

    Other starts agree for reasons of their own: seeds that nothing moved, since documents that share no word with any
    are with the first; those in LSA space, since that has few dimensions; those that k-means has settled, since it has
    few ends. On very short texts it tells nothing then.
    """
    return mixture.init_params == "kmeans" and 0 < mixture.seeding_steps <= MOST_STEPS and len(starts) > 1


def choose(
    rows: Prepared,
    starts: list[np.ndarray],
    mixture: "SparseGaussianMixture",
    options: em.EMOptions,
    state: tuple,
    rng: np.random.RandomState,
) -> tuple[str, list[np.ndarray], list[em.Fit]]:
    """The covariance that EM on some of the documents speaks for, where to start, and fits that hold for all.

    Where these starts do not tell it is ``pooled``.
    """
    if not _tells(mixture, starts):
        return "pooled", starts, []
    k, n = mixture.n_components, rows.rows.shape[0]
    stride = max(1, n // max(TELLING_DOCUMENTS, TELLING_A_CLUSTER * k))
    part, wanted = rows.every(stride), defaults.pooling(mixture, n)
    # Where variances are freer, it shows sooner that they lead away.
    least = min(defaults.least_pooling(n), wanted)
    one_by_one = kernels.side_by_side(k, part.rows.shape[0]) <= FIRST_STARTS

    def run(starts: list[np.ndarray], kind: str, so_far: list[em.Fit]) -> list[em.Fit]:
        freer = replace(options, form=defaults.form(mixture, kind, least))
        return restarts.run(part, starts, k, freer, state, mixture.on_step, so_far)

    def first(starts: list[np.ndarray]) -> list[np.ndarray]:
        return starts[:FIRST_STARTS] if one_by_one else starts

    some = [labels[::stride] for labels in starts]
    free = run(first(some), "pooled", [])
    away = leads_away(first(some), _labels(free), surely=len(free) < len(some))
    if not away and len(free) < len(some):
        free = run(some, "pooled", free)
        away = leads_away(some, _labels(free))
    more: list[np.ndarray] = []
    if len(free) == len(some) and is_open(some, _labels(free)):
        more = restarts.further(rows, starts, mixture, options.weighting, rng)
        some += [labels[::stride] for labels in more]
        free = run(some, "pooled", free)
        away = leads_away(some, _labels(free))
    # They vote, too, where variances are a little freer than they will be; their objective is another one then.
    holds = stride == 1 and (least == wanted or defaults.votes(mixture, "pooled", n))
    pooled = "pooled", starts + more, free if holds else []
    if not away:
        return pooled
    clear = have_clusters(some[: len(free)], _labels(free))
    more = more or restarts.further(rows, starts, mixture, options.weighting, rng)
    ranked = restarts.best_first(rows, starts, more, k, options.weighting)
    kind, fits = _round(part.rows, [labels[::stride] for labels in ranked[:FIRST_STARTS]], k, clear, run)
    if kind is None:
        return pooled
    return kind, ranked[: max(len(starts), defaults.votes(mixture, kind, n))], fits if stride == 1 else []


def _round(
    X: sp.csr_array, starts: list[np.ndarray], k: int, clear: bool, run: Callable[..., list[em.Fit]]
) -> tuple[str | None, list[em.Fit]]:
    """Which round clusters suit these documents, and fits of some starts; None where these were no clusters.

    clear : whether the starts have about as many clusters as EM finds; if not, round clusters have to stay near them
    """
    kinds = ("cosine", "isotropic") if seeding.has_unit_rows(X) else ("isotropic",)
    if X.nnz >= ROUND_WORDS * X.shape[0]:
        kinds = kinds[:1]
    if clear and len(kinds) == 1:
        return kinds[0], []
    fits = {kind: run(starts, kind, []) for kind in kinds}
    near = {kind: nearness(starts, _labels(found)) for kind, found in fits.items()}
    kind = kinds[0]
    if len(kinds) > 1 and near["isotropic"] > near["cosine"] - NEARLY_AS_NEAR and not _is_heap(fits["isotropic"], k):
        kind = "isotropic"
    return (kind, fits[kind]) if clear or near[kind] >= STAYS else (None, [])


def _is_heap(fits: list[em.Fit], k: int) -> bool:
    """Whether one cluster of the best fit holds what none of the others says."""
    labels = restarts.best(fits).labels
    return bool(np.bincount(labels).max() > max(HEAP_SHARE, HEAP_TIMES / k) * labels.size)


def _labels(fits: list[em.Fit]) -> list[np.ndarray]:
    return [fit.labels for fit in fits]
