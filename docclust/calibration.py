"""Probabilities that mean what they say, from halves of documents and without labels.

Each document's words are split in two at random. Half A predicts the cluster of half B; the temperature T that makes
these predictions most likely is the one at which softmax(J / T) can be believed. In high dimension J alone saturates:
every posterior is 0 or 1 however little a document says.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from sklearn.metrics import normalized_mutual_info_score

from docclust.mixture import probabilities

# The search for log T: e^-3 to e^10 covers one word a document as well as thousands.
LOG_TEMPERATURES = (-3.0, 10.0)
MAX_DOCUMENTS = 20_000
BINS = 15


@dataclass(frozen=True)
class Calibration:
    """A fitted temperature, and what the halves say about the clustering.

    temperature : what J is divided by
    spread : standard deviation of log temperature over the repeats
    calibration_error : mean gap between stated and found probability, over bins of equal count
    half_agreement : normalised mutual information between the clusters of the two halves
    information : nats that one half tells about the cluster of the other
    """

    temperature: float
    spread: float
    calibration_error: float
    half_agreement: float
    information: float


def halves(counts: sp.csr_array, rng: np.random.Generator) -> tuple[sp.csr_array, sp.csr_array]:
    """Split each document's words in two by binomial thinning; the halves add up to the whole."""
    # counts: (n, v) CSR of integers -> two of the same
    first = rng.binomial(counts.data, 0.5)
    parts = []
    for data in (first, counts.data - first):
        part = sp.csr_array((data, counts.indices.copy(), counts.indptr.copy()), shape=counts.shape)
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


def calibrate(
    counts: sp.csr_array, score: Callable[[sp.csr_array], np.ndarray], repeats: int, rng: np.random.Generator
) -> Calibration:
    """Fit the temperature on `repeats` splits of at most 20,000 documents, taken at equal distances.

    Parameters
    ----------
    counts : CSR of shape (n, v)
        Word counts of the documents.
    score : function
        Word counts of m documents -> J of equation (E), (m, k), in nats.
    """
    counts = counts[:: -(-counts.shape[0] // MAX_DOCUMENTS)]
    splits = [_scored_halves(counts, score, rng) for _ in range(repeats)]
    splits = [(J, labels) for J, labels in splits if labels.size]
    if not splits:  # documents of one word have no halves
        return Calibration(1.0, 0.0, float("nan"), float("nan"), float("nan"))
    logs = [np.log(fit_temperature(J, labels)) for J, labels in splits]
    temperature = float(np.exp(np.mean(logs)))
    J, labels = (np.concatenate(parts) for parts in zip(*splits, strict=True))
    P = probabilities(J, temperature)
    predicted = P.argmax(axis=1)
    share = np.bincount(labels, minlength=P.shape[1]) / labels.size
    entropy = -float(np.sum(share[share > 0] * np.log(share[share > 0])))
    return Calibration(
        temperature=temperature,
        spread=float(np.std(logs)),
        calibration_error=calibration_error(P.max(axis=1), predicted == labels),
        half_agreement=float(normalized_mutual_info_score(labels, predicted)),
        information=entropy - _cross_entropy(J, labels, temperature),
    )


def fit_temperature(J: np.ndarray, labels: np.ndarray) -> float:
    """The T that maximises the likelihood of `labels` under softmax(J / T) (Guo et al. 2017, section 4.2).

    Where every label is predicted rightly no T is small enough; so one document more than were seen is taken to be
    predicted wrongly (Platt 1999, section 2.2), which never lets a probability say more than the halves can show.
    """
    # J: (n, k); labels: (n,)
    found = minimize_scalar(
        lambda log_t: _cross_entropy(J, labels, np.exp(log_t)), bounds=LOG_TEMPERATURES, method="bounded"
    )
    return float(np.exp(found.x))


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> float:
    """Mean of |stated probability - share found correct| over bins of equal count (Guo et al. 2017, equation 3)."""
    # confidence: (n,); correct: (n,) bool
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    gaps = [part.size * abs(confidence[part].mean() - correct[part].mean()) for part in parts]
    return float(np.sum(gaps) / confidence.size)


def _scored_halves(counts, score, rng) -> tuple[np.ndarray, np.ndarray]:
    first, second = halves(counts, rng)
    both = np.flatnonzero((np.diff(first.indptr) > 0) & (np.diff(second.indptr) > 0))
    if not both.size:
        return np.empty((0, 1)), np.empty(0, dtype=int)
    return score(first[both]), score(second[both]).argmax(axis=1)


def _cross_entropy(J: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    n, k = J.shape
    scaled = J / temperature
    scaled -= logsumexp(scaled, axis=1, keepdims=True)
    right = scaled[np.arange(n), labels]
    wrong = (scaled.sum(axis=1) - right) / max(k - 1, 1)
    return float(-np.mean((1 + n) * right + wrong) / (2 + n))
