"""Exponentials of J row by row: probabilities, what they are divided by, and how soft they are."""

import numpy as np

from docclust.compiling import compiled
from docclust.kernels.lanes import put_exponentials

# As small as `put_exponentials` can tell from zero.
LEAST_EXPONENT = -700.0
# Of the logarithm of a temperature: the largest, and how near to the solution Newton's steps end.
MOST_LOG_TEMPERATURE = 12.0
NEAR = 1e-3
MOST_STEPS = 40
# A document is between a few clusters, however many there are.
MOST_CLUSTERS = 64
_index = np.uintp


def softmax(J: np.ndarray, cooling: np.ndarray) -> np.ndarray:
    """Softmax of J * cooling by row."""
    # J: (n, k); cooling: (n,) -> (n, k)
    found = np.empty(J.shape)
    _softened(J, cooling, found.ravel(), J.shape[1])
    found /= found.sum(axis=1, keepdims=True)
    return found


def log_partition(J: np.ndarray, cooling: np.ndarray) -> np.ndarray:
    """What softmax of J * cooling is divided by: the logarithm of the sum of the exponentials of every row."""
    # J: (n, k); cooling: (n,) -> (n,)
    return _softened(J, cooling, np.empty(J.shape[1]), 0)


def _softened(J: np.ndarray, cooling: np.ndarray, found: np.ndarray, width: int) -> np.ndarray:
    # Copied, an array of any layout is of the one kind that the loop is compiled for.
    logs = np.empty(J.shape[0])
    _soften(np.ascontiguousarray(J), np.array(cooling), found, width, np.empty(J.shape[1]), logs)
    return logs


def temperature_of_entropy(J: np.ndarray, share: float, guess: float | None = None) -> float:
    """The temperature T >= 1 at which softmax(J / T) has a mean entropy of `share` times log K, of 64 clusters at most.

    By Newton's steps in log T, whose derivative of the entropy is the variance of J / T under softmax(J / T), inside
    a bracket that they halve where they would leave it.
    """
    # J: (n, k)
    if J.shape[1] == 1:
        return 1.0
    wanted = share * np.log(min(J.shape[1], MOST_CLUSTERS))
    low, high = 0.0, MOST_LOG_TEMPERATURE
    point = np.log(guess) if guess else 0.5 * (low + high)
    J, scratch = np.ascontiguousarray(J), np.empty((2, J.shape[1]))
    for _ in range(MOST_STEPS):
        entropy, slope = _entropy(J, np.exp(-point), *scratch)
        low, high = (low, point) if entropy > wanted else (point, high)
        step = (wanted - entropy) / slope if slope > 0 else np.inf
        following = point + step
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - point) < NEAR:
            return float(np.exp(following)) if following > NEAR else 1.0
        point = following
    return float(np.exp(point))


@compiled()
def _soften(J, cooling, found, width, scaled, logs):
    # Exponentials of row i of (n, k) go to found[i * width :]
    k = _index(J.shape[1])
    for i in range(J.shape[0]):
        largest = _scale(J, i, cooling[i], scaled)
        total = put_exponentials(scaled, _index(0), k, largest, LEAST_EXPONENT, found, _index(i * width))
        logs[i] = largest + np.log(total)


@compiled()
def _entropy(J, cooling, scaled, shares):
    # -> mean entropy of the softmax of J * cooling, and its derivative by the logarithm of 1 / cooling
    n, k = J.shape
    entropy, slope = 0.0, 0.0
    for i in range(n):
        largest = _scale(J, i, cooling, scaled)
        total = put_exponentials(scaled, _index(0), _index(k), largest, LEAST_EXPONENT, shares, _index(0))
        mean, square = 0.0, 0.0
        for c in range(k):
            if shares[c] > 0:  # a cluster without documents has J = -inf
                below = scaled[c] - largest
                mean += shares[c] * below
                square += shares[c] * below * below
        mean /= total
        entropy += np.log(total) - mean
        slope += square / total - mean * mean
    return entropy / n, slope / n


@compiled(inline="always")
def _scale(J, i, cooling, scaled):
    # Row i times cooling; its largest number
    largest = -np.inf
    for c in range(scaled.size):
        scaled[c] = J[i, c] * cooling
        largest = max(largest, scaled[c])
    return largest
