"""What clusters have in common at words they have not seen, where their variances are pooled.

There a cluster of N_k documents has mean 0 and variance u_jk = t_j g_k + s, with t_j the within-cluster variance of
word j and g_k = P / (N_k + P) the share of the P pseudo-documents. As functions of g, the precision 1 / (2 u), log u
and their sums over words are smooth: their values at a few nodes say them for all clusters. So a document needs one
sum of squares at each node instead of one for each cluster. Without pooling g is 0, u is s, and one node is exact.
"""

import numpy as np

from docclust.gaussian import TINY

# Relative error of an interpolated precision. That of polynomial interpolation of 1 / (z + g) at R Chebyshev nodes of
# an interval is exactly T_R(x) / T_R(-z), g = x and z on the scale where the interval is [-1, 1]; |T_R(x)| <= 1.
# In single precision it is that of the parameters.
TOLERANCE = 1e-10
TOLERANCE_SINGLE = 1e-7
# Words whose t_j is so large that they would need more nodes have all clusters, as if all had seen them.
MOST_NODES = 16


def pooled_shares(counts: np.ndarray, strength: float) -> np.ndarray:
    """The share g of the pseudo-documents in every cluster."""
    # counts: (k,) -> (k,)
    return strength / (np.maximum(counts, TINY) + strength)


def nodes(shares: np.ndarray, single: bool) -> np.ndarray:
    """Chebyshev nodes on the range of the shares, as many as the tolerance asks for."""
    # shares: (k,) -> (R,)
    centre, half = _range(shares)
    n = 1
    if half > 1e-12 * centre:
        pole = (1 / most_ratio(shares, single) + centre) / half
        n = min(MOST_NODES, int(np.ceil(_acosh(single) / np.arccosh(pole))))
    return centre + half * np.cos(_angles(n))


def most_ratio(shares: np.ndarray, single: bool) -> float:
    """The most that t_j / s may be for so many nodes to be enough; infinite where clusters are of much the same size.

    With z the least s / t_j, so many nodes are enough where (z + centre) / half is at least a number of theirs alone.
    """
    # shares: (k,)
    centre, half = _range(shares)
    least = np.cosh(_acosh(single) / MOST_NODES) * half - centre
    return 1 / least if least > 0 else np.inf


def blend(shares: np.ndarray, n_nodes: int) -> np.ndarray:
    """The weight of every node in the interpolated value of every cluster; those of a cluster sum to one."""
    # shares: (k,) -> (R, k)
    if n_nodes == 1:
        return np.ones((1, shares.size))
    centre, half = _range(shares)
    degrees = np.arange(n_nodes)
    at_clusters = np.cos(np.outer(degrees, np.arccos(np.clip((shares - centre) / half, -1, 1))))
    at_clusters[1:] *= 2
    return np.cos(np.outer(_angles(n_nodes), degrees)) @ at_clusters / n_nodes


def precisions(
    target: np.ndarray,
    dense: np.ndarray,
    counts: np.ndarray,
    strength: float,
    smoothing: float,
    noise: float,
    single: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """1 / (2 u) of every word at every node, and the sums over words of log u, 1 / u and (t + noise) / u.

    Of a `dense` word, which has all clusters, u is taken to be s.
    """
    # target, dense: (v,); counts: (k,) -> (v, R), (3, R)
    found = nodes(pooled_shares(counts, strength), single)
    common = np.full((target.size, found.size), 0.5 / smoothing)
    sparse = np.flatnonzero(~dense)
    variances = target[sparse, None] * found + smoothing
    inverses = 1 / variances
    common[sparse] = 0.5 * inverses
    n_dense = target.size - sparse.size
    sums = np.array([np.log(variances).sum(axis=0), inverses.sum(axis=0), (target[sparse] + noise) @ inverses])
    sums[0] += n_dense * np.log(smoothing)
    sums[1] += n_dense / smoothing
    sums[2] += (target[dense].sum() + n_dense * noise) / smoothing
    return common, sums


def _acosh(single: bool) -> float:
    return float(np.arccosh(1 / (TOLERANCE_SINGLE if single else TOLERANCE)))


def _range(shares: np.ndarray) -> tuple[float, float]:
    low, high = float(shares.min()), float(shares.max())
    return 0.5 * (low + high), 0.5 * (high - low)


def _angles(n: int) -> np.ndarray:
    return np.pi * (np.arange(n) + 0.5) / n
