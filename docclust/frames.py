"""EM as pictures: where clusters and documents stood at every iteration, seen in the plane of the finished model.

EM is deterministic, so the best start is run once more after the fit, when the plane is known. What is kept is small:
two numbers and a 2 x 2 matrix for a cluster, and the shares of a sample of documents in 255ths.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from docclust.em import HELD_APART, Found, Step
from docclust.gaussian import coefficients, log_joint
from docclust.mixture import SparseGaussianMixture
from docclust.plane import ellipses, plane
from docclust.probability import softmax
from docclust.results import Frames, Map

MAX_FRAMES = 40
MAX_LISTED = 400
MAX_SAMPLE = 600
# Documents times clusters, so that many clusters do not make a large file.
MAX_SHARES = 60_000


def picture(
    model: SparseGaussianMixture, X: sp.csr_array, listed: Iterable[int], order: np.ndarray, *, iterations: bool
) -> Map:
    """The map of a model that was just fitted on X, its documents in the order `order` of the rows of X.

    Parameters
    ----------
    listed : iterable of int
        Rows of X that are ambiguous, foremost first.
    order : int array of shape (n,)
    iterations : bool
        Whether the iterations of EM are looked at, which takes as long as one start.
    """
    P = plane(model.weights_, model.means_, model.covariances_)
    seen = record(model, X, sample(listed, X.shape[0], model.n_components), P) if iterations else None
    if seen is not None:
        seen = replace(seen, rows=np.argsort(order)[seen.rows])
    return Map((X @ P)[order].astype(np.float32), *ellipses(P, model.means_, model.covariances_), seen)


def sample(listed: Iterable[int], n: int, k: int) -> np.ndarray:
    """Rows to follow: the first 400 that are listed as ambiguous, and every m-th of all, 600 together at most."""
    most = max(min(MAX_SAMPLE, MAX_SHARES // k), 1)
    first = list(dict.fromkeys(listed))[: min(MAX_LISTED, most)]
    free = most - len(first)
    every = np.linspace(0, n - 1, min(free, n)).round().astype(int) if free else []
    return np.unique([*first, *every]).astype(int)


def record(model: SparseGaussianMixture, X: sp.csr_array, rows: np.ndarray, P: np.ndarray) -> Frames:
    """Run the best start of a fitted model again, and look at its iterations, or at some where there are many.

    Parameters
    ----------
    model : SparseGaussianMixture
        Just fitted on X; its temperature is the one that softens the shares.
    X : CSR of shape (n, v)
    rows : int array of shape (m,)
        The documents to follow.
    P : array of shape (v, 2)
        The plane.
    """
    followed, seen = X[rows], []
    n_words, kept = np.diff(followed.indptr), {model.steps_[i].iteration for i in thinned(len(model.steps_))}

    def look(step: Step, found: Found, temperature: float) -> None:
        if step.iteration not in kept:
            return
        J, centres, covariances = seen_from(found, followed, P)
        if step.phase == HELD_APART:
            J = model.apart(J, rows)
        shares = _in_255ths(softmax(J, temperature)), _in_255ths(softmax(J, model.temperature_.of(J, n_words)))
        seen.append((step.iteration, centres, covariances, *shares))

    model.replay(X, look)
    iterations, centres, covariances, shares, softened = (np.array(part) for part in zip(*seen, strict=True))
    return Frames(iterations, centres, covariances, rows, shares, softened)


def seen_from(found: Found, X: sp.csr_array, P: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """J of a few rows, and the ellipses of the clusters, as sums over some words after others."""
    # X: (m, v) CSR; P: (v, 2) -> (m, k), (k, 2), (k, 2, 2)
    sums = [0.0, 0.0, 0.0]
    for words, p in found.blocks():
        variances = np.broadcast_to(p.variances, p.means.shape)
        J = log_joint(X[:, words], coefficients(replace(p, weights=np.ones_like(p.weights))))
        for i, part in enumerate((J, *ellipses(P[words], p.means.T, variances.T))):
            sums[i] = sums[i] + part
    with np.errstate(divide="ignore"):  # a cluster of weight zero has log-density -inf, as it should
        return sums[0] + np.log(p.weights), sums[1], sums[2]


def thinned(n: int) -> list[int]:
    """Which of n frames are kept: all of 40; of more, the first 20 and 20 at even distances to the last."""
    if n <= MAX_FRAMES:
        return list(range(n))
    half = MAX_FRAMES // 2
    return [*range(half), *np.linspace(half, n - 1, MAX_FRAMES - half).round().astype(int).tolist()]


def _in_255ths(P: np.ndarray) -> np.ndarray:
    return np.round(255 * P).astype(np.uint8)
