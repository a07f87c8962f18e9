"""How soft responsibilities are: the temperature at which they have a given entropy."""

import numpy as np

# Of the logarithm of a temperature: the largest, and how near to the solution Newton's steps end.
MOST_LOG_TEMPERATURE = 12.0
NEAR = 1e-3
MOST_STEPS = 40
# A document is between a few clusters, however many there are.
MOST_CLUSTERS = 64
# Less than this J is not, below the largest of its document.
LEAST = -1e100


def temperature_of_entropy(J: np.ndarray, share: float, guess: float | None = None) -> float:
    """The temperature T >= 1 at which softmax(J / T) has a mean entropy of `share` times log K, of 64 clusters at most.

    By Newton's steps in log T, whose derivative of the entropy is the variance of J / T under softmax(J / T), inside
    a bracket that they halve where they would leave it.
    """
    # J: (n, k)
    if J.shape[1] == 1:
        return 1.0
    # A cluster without documents has J = -inf, whose share in the sums below is zero.
    J = np.maximum(J - J.max(axis=1, keepdims=True), LEAST)
    wanted = share * np.log(min(J.shape[1], MOST_CLUSTERS))
    low, high = 0.0, MOST_LOG_TEMPERATURE
    point = np.log(guess) if guess else 0.5 * (low + high)
    for _ in range(MOST_STEPS):
        scaled = J * np.exp(-point)
        weights = np.exp(scaled)
        totals = weights.sum(axis=1)
        mean = np.einsum("nk,nk->n", weights, scaled) / totals
        entropy = np.mean(np.log(totals) - mean)
        slope = np.mean(np.einsum("nk,nk,nk->n", weights, scaled, scaled) / totals - mean**2)
        low, high = (low, point) if entropy > wanted else (point, high)
        step = (wanted - entropy) / slope if slope > 0 else np.inf
        following = point + step
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - point) < NEAR:
            return float(np.exp(following)) if following > NEAR else 1.0
        point = following
    return float(np.exp(point))
