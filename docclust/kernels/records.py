"""What passes between the compiled steps: sparse responsibilities and sparse parameters."""

from dataclasses import dataclass

import numpy as np

# From so many clusters on, parameters are held in single precision.
SINGLE_FROM = 64


@dataclass(frozen=True)
class Responsibilities:
    """Sparse, document by document: document i is in clusters[starts[i]:starts[i + 1]], by these shares."""

    starts: np.ndarray
    clusters: np.ndarray
    shares: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Numbers of (word, cluster) pairs, word by word, for consecutive words.

    Word j has starts[j + 1] - starts[j] pairs. If that is K, they are those of all clusters in order; else those of
    clusters[lists[j]:lists[j + 1]]. The first numbers of all pairs of a word come before the second ones, if any.
    """

    starts: np.ndarray
    lists: np.ndarray
    clusters: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Compact:
    """`Coefficients`, word by word and only for the clusters that have seen the word; see the top of the module."""

    pairs: Pairs
    common: np.ndarray
    scale: np.ndarray
    constant: np.ndarray

    @property
    def free(self) -> bool:
        """Whether clusters have variances of their own, so that pairs have a linear and a quadratic number."""
        return self.pairs.values.size == 2 * self.pairs.starts[-1] > 0


@dataclass(frozen=True)
class Maximised:
    """An M-step over one block of words; `squares`, `inverses` and `logs` (k,) are what its pairs add to J."""

    pairs: Pairs
    common: np.ndarray
    squares: np.ndarray
    inverses: np.ndarray
    logs: np.ndarray


@dataclass(frozen=True)
class Expectation:
    """An E-step over one block: responsibilities, labels (n,), N (k,), sum of logsumexp J, documents undecided."""

    responsibilities: Responsibilities
    labels: np.ndarray
    counts: np.ndarray
    objective: float
    undecided: int


def precision(n_components: int) -> type:
    """How parameters are held: in single precision where reading them takes the time; sums are always double."""
    return np.float32 if n_components >= SINGLE_FROM else np.float64
