"""What passes between the compiled steps: sparse responsibilities and sparse parameters."""

from dataclasses import dataclass, field

import numpy as np

# From so many clusters on, a word has only those that have seen it; with fewer it takes longer to list them.
LISTED_FROM = 128
# With so many clusters, and no more, every document has a share for all of them.
WHOLE_UP_TO = 32
# Bytes of the responsibilities of all documents in mixtures side by side, at most.
SIDE_BY_SIDE_BYTES = 2**26


@dataclass(frozen=True)
class Responsibilities:
    """Sparse, document by document: document i is in clusters[starts[i]:starts[i + 1]], by these shares.

    Where every document has all clusters, in order, `clusters` may be empty.
    In single precision or in double; so is what is made of them, but for sums.
    weights : (n,), what the shares of a document sum to in every mixture: how much it counts
    """

    starts: np.ndarray
    clusters: np.ndarray
    shares: np.ndarray
    weights: np.ndarray

    @property
    def listed(self) -> np.ndarray:
        """The clusters, whether they are said or not."""
        n = self.starts.size - 1
        if self.clusters.size or not self.shares.size:
            return self.clusters
        return np.tile(np.arange(self.shares.size // n, dtype=np.uint32), n)

    @property
    def single(self) -> bool:
        """Whether they are in single precision."""
        return self.shares.dtype == np.float32


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
    """`Coefficients`, word by word and only for the clusters that have seen the word; see the top of the package.

    Clusters may be those of several mixtures, or groups, side by side, all of the same words; of one after the other.

    common : (v, R); blend : (R, k); scale, constant : (k,)
    target : (v, groups) or None, the pooled variances t of `docclust.kernels.unseen`, if there are any
    log_prior : (groups,), what they add to the objective
    cooling : (groups,), what J of the others is divided by, inverted: that in common knows nothing of it
    """

    pairs: Pairs
    common: np.ndarray
    blend: np.ndarray
    scale: np.ndarray
    constant: np.ndarray
    target: np.ndarray | None = None
    log_prior: np.ndarray = field(default_factory=lambda: np.zeros(1))
    cooling: np.ndarray = field(default_factory=lambda: np.ones(1))

    @property
    def groups(self) -> int:
        """Mixtures side by side."""
        return self.cooling.size

    @property
    def free(self) -> bool:
        """Whether clusters have variances of their own, so that pairs have a linear and a quadratic number."""
        return self.pairs.values.size == 2 * self.pairs.starts[-1] > 0


@dataclass(frozen=True)
class Maximised:
    """An M-step over one block of words, and what the block adds to J and to the prior.

    squares, inverses, logs, pulls : (k,), of its pairs: sums of m^2 / v, and of 1 / v, log v and (t + s) / v, in excess
        of clusters that have not seen the word
    unseen : (3, R), the sums of log u, 1 / u and (t + s) / u of those, at every node
    """

    pairs: Pairs
    common: np.ndarray
    target: np.ndarray
    squares: np.ndarray
    inverses: np.ndarray
    logs: np.ndarray
    pulls: np.ndarray
    unseen: np.ndarray


@dataclass(frozen=True)
class Expectation:
    """An E-step over one block, of every group of clusters.

    labels : (n, groups), in every group from 0 on; counts : (k,), N of all clusters, by weight
    objective, undecided : (groups,), weighted sum of logsumexp J, and documents undecided
    """

    responsibilities: Responsibilities
    labels: np.ndarray
    counts: np.ndarray
    objective: np.ndarray
    undecided: np.ndarray


def lists_clusters(n_components: int) -> bool:
    """Whether words that few clusters have seen have those alone, and not all of them."""
    return n_components >= LISTED_FROM


def side_by_side(n_components: int, n_documents: int) -> int:
    """How many mixtures of so many clusters are best followed side by side."""
    return max(1, min(WHOLE_UP_TO, SIDE_BY_SIDE_BYTES // (8 * max(n_documents, 1))) // n_components)
