"""EM as pictures: where clusters and documents stood at every iteration, seen in the plane of the finished model.

EM is deterministic, so the best start is run once more after the fit, when the plane is known. What is kept is small:
two numbers and a 2 x 2 matrix for a cluster, and the shares of a sample of documents in 255ths.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from docclust.em import Step
from docclust.gaussian import Parameters, coefficients, log_joint
from docclust.mixture import SparseGaussianMixture
from docclust.plane import ellipses, plane
from docclust.probability import softmax
from docclust.results import Frames, Map

MAX_FRAMES = 40
MAX_LISTED, MAX_SAMPLE = 400, 600
# Documents times clusters, so that many clusters do not make a large file.
MAX_SHARES = 60_000
# Clusters whose coefficients are made at once.
CLUSTERS = 32


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
    """Run the best start of a fitted model again, and look at every iteration.

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
    n_words = np.diff(followed.indptr)

    def look(step: Step, parameters: Parameters, temperature: float) -> None:
        variances = np.broadcast_to(parameters.variances, parameters.means.shape)
        J = _log_joint(followed, parameters)
        seen.append(
            (
                step.iteration,
                *ellipses(P, parameters.means.T, variances.T),
                _in_255ths(softmax(J, temperature)),
                _in_255ths(softmax(J, model.temperature_.of(J, n_words))),
            )
        )

    model.replay(X, look)
    kept = [seen[i] for i in thinned(len(seen))]
    iterations, centres, covariances, shares, softened = (np.array(part) for part in zip(*kept, strict=True))
    return Frames(iterations, centres, covariances, rows, shares, softened)


def _log_joint(X: sp.csr_array, parameters: Parameters) -> np.ndarray:
    """J of every row, a few clusters at a time: coefficients of all at once would be two more arrays of words x K."""
    # X: (m, v) CSR -> (m, k)
    k = parameters.weights.size
    found = []
    for part in np.array_split(np.arange(k), -(-k // CLUSTERS)):
        few = slice(part[0], part[-1] + 1)
        variances = parameters.variances[:, few] if parameters.variances.shape[1] > 1 else parameters.variances
        piece = Parameters(parameters.weights[few], parameters.means[:, few], variances, parameters.noise)
        found.append(log_joint(X, coefficients(piece)))
    return np.hstack(found)


def thinned(n: int) -> list[int]:
    """Which of n frames are kept: all of 40; of more, the first 20 and 20 at even distances to the last."""
    if n <= MAX_FRAMES:
        return list(range(n))
    half = MAX_FRAMES // 2
    return [*range(half), *np.linspace(half, n - 1, MAX_FRAMES - half).round().astype(int).tolist()]


def _in_255ths(P: np.ndarray) -> np.ndarray:
    return np.round(255 * P).astype(np.uint8)
