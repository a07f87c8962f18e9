"""A mixture that was just fitted, made ready to be told of: clusters numbered, probabilities calibrated."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from docclust import calibration
from docclust.calibration import Calibration, Score, Starts
from docclust.engine import blocks, stacked
from docclust.gaussian import Coefficients, log_joint
from docclust.mixture import SparseGaussianMixture

# Probabilities below this are not stored, except a document's two largest; rows are then scaled to sum to one.
LEAST_PROBABILITY = 1e-6
# So many probabilities are stored at most, but this many of every document's.
MOST_STORED = 10_000_000
AT_LEAST_STORED = 32
# Nobody is surer than this of a document: nearer to one, a float can only be one.
LEAST_DOUBT = 1e-9


def number_by_size(model: SparseGaussianMixture, P: sp.csr_array) -> sp.csr_array:
    """Number clusters by how many documents are most likely theirs, the largest first; the same P by these numbers.

    Equal sizes by weight, then by their first document.
    """
    # P: (n, k) CSR -> (n, k) CSR
    k = model.n_components
    labels = np.concatenate([block.toarray().argmax(axis=1) for block in blocks(P, model.block_rows)])
    sizes, first = np.bincount(labels, minlength=k), np.full(k, labels.size)
    np.minimum.at(first, labels, np.arange(labels.size))
    order = np.lexsort((first, -model.weights_, -sizes))
    model.renumber(order)
    found = sp.csr_array((P.data, np.argsort(order).astype(P.indices.dtype)[P.indices], P.indptr), shape=P.shape)
    found.sort_indices()
    return found


def calibrate(
    model: SparseGaussianMixture,
    c: Coefficients,
    X: sp.csr_array,
    counts: sp.csr_array,
    weigh: Callable[[sp.csr_array], sp.csr_array],
    repeats: int,
    rng: np.random.Generator,
) -> Calibration:
    """Give a model the temperature that the documents of its fit tell.

    c : what `model.coefficients` gives; X, counts : (n, v) CSR, what `weigh` makes of counts
    """
    held_out = model.held_out(X)

    def known(counts: sp.csr_array) -> np.ndarray:
        return log_joint(weigh(counts), c)

    def scores(rows: np.ndarray) -> tuple[Score, Score]:
        if model.n_components == 1:  # there is no other to tell it from
            return known, known
        judge = held_out(rows)

        def unknown(counts: sp.csr_array) -> np.ndarray:
            return judge(weigh(counts))

        return unknown if model.holds_apart else known, unknown

    found = calibration.calibrate(model.counted(counts), model.n_components, scores, repeats, rng, _other_starts(model))
    model.temperature_ = found.temperature
    return found


def _other_starts(model: SparseGaussianMixture) -> Starts | None:
    """The starts of a fit that can be held against the best, or None where it had only one."""
    bounds = model.start_bounds_
    best = np.nanargmax(bounds)
    others = ~np.isnan(bounds) & (np.arange(bounds.size) != best)
    gaps = (bounds[best] - bounds[others]) / (float(np.nanstd(bounds)) or 1.0)
    return Starts(model.counted(model.start_labels_.T).T[others], gaps) if others.any() else None


def responsibilities(model: SparseGaussianMixture, X: sp.csr_array, c: Coefficients | None = None) -> sp.csr_array:
    """Calibrated probability of every cluster for every document of the fit; those that matter, rows sum to one.

    Short texts have some probability in every cluster. Of many documents in many clusters only the largest are kept.
    `c` are the model's `coefficients`, where they are at hand.
    """
    # X: (n, v) CSR -> (n, k) CSR
    c = model.coefficients() if c is None else c
    many = max(AT_LEAST_STORED, MOST_STORED // X.shape[0])
    kept = []
    first = 0
    for block in blocks(X, model.block_rows):
        P = model.probabilities(block, c, slice(first, first + block.shape[0]))
        first += block.shape[0]
        kept.append(stored(P, many))
    return stacked(kept)


def stored(P: np.ndarray, many: int) -> sp.csr_array:
    """Of the probabilities of a block those that are kept, so many of a document at most; rows sum to one.

    P is changed.
    """
    # P: (m, k) -> (m, k) CSR
    if P.shape[1] > 1:
        every, best = np.arange(P.shape[0]), P.argmax(axis=1)
        largest, P[every, best] = P[every, best], -1
        second = P.argmax(axis=1)
        runner_up = np.maximum(P[every, second], LEAST_DOUBT)  # so that no row becomes exactly 1
        if P.shape[1] > many:
            least = -np.partition(-P, many - 2, axis=1)[:, many - 2 : many - 1]  # the best is set aside
            P[least > P] = 0
        P[P < LEAST_PROBABILITY] = 0
        P[every, best], P[every, second] = largest, runner_up
        P /= P.sum(axis=1, keepdims=True)
    return sp.csr_array(P)


def median_temperature(model: SparseGaussianMixture, X: sp.csr_array) -> float:
    """The temperature of a median document."""
    found = model.temperature_
    logs = found.levels[model.labels_] + found.slope * np.log(np.maximum(np.diff(X.indptr), 1))
    return float(np.exp(np.median(logs)))
