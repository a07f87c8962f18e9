"""Labellings before and after EM -> whether free variances find something, or lead away. Knows labels alone.

Free variances find more than k-means does where words differ in how much they vary between topics, and EM from
different starts then ends in clusters that are more alike than the starts were. On other texts (short descriptions by
set phrases, say) they follow the phrases: EM ends far from the starts, and its ends are hardly more alike.
"""

import itertools

import numpy as np
import scipy.sparse as sp
from scipy.special import entr

# EM that stays this near to its starts (NMI) only refines them. Where it went farther, its ends must agree more than
# the starts did, by so much NMI: 0.045 and more on AG News whole and cut, on sentences and pieces of other corpora, at
# most 0.035 on package descriptions.
MUCH_THE_SAME, GAIN = 0.55, 0.04
# Two starts say less than all; they are believed where their ends agree less by as much.
SURELY = -0.04
# Where clusters are many and small, NMI says less: so near, the adjusted Rand index must not fall by more than so much.
# It falls by 0.03 to 0.05 on package descriptions in 100 clusters, where pooled variances find 0.05 less NMI, and by
# 0.01 from some starts on senses of a dictionary by field, where they find 0.2 more. A little nearer it falls by 0.08
# to 0.14 on pages of the Unix manual, which are at 0.6 to 0.7, and by 0.044 at most on Reuters R8, at 0.62 to 0.67.
RAND_FALLS = {0.6: 0.02, 0.75: 0.07}
# Starts with this share of the clusters that EM finds, or less, may agree on one large cluster of what shares no word
# with the seeds: 0.6 to 0.7 on titles of eight words. EM with round clusters then leaves them too (NMI 0.42 to 0.56);
# on one-line package descriptions, whose starts have as few, it does not (0.67 to 0.78).
FEWER_CLUSTERS, STAYS = 0.75, 0.6


def leads_away(starts: list[np.ndarray], found: list[np.ndarray], surely: bool = False) -> bool:
    """Whether EM went far from its starts and they hardly agree more after it than before.

    Parameters
    ----------
    starts, found : lists of int arrays of shape (n,)
        The labels before and after EM; of two starts at least.
    surely : whether there are starts besides these, so that it must be plain
    """
    near = nearness(starts, found)
    information, rand = np.subtract(reproducibility(found), reproducibility(starts))
    if surely:
        return bool(near < MUCH_THE_SAME and information < SURELY)
    falls = any(near < bound and rand < -much for bound, much in RAND_FALLS.items())
    return bool(falls or (near < MUCH_THE_SAME and information < GAIN))


def nearness(starts: list[np.ndarray], found: list[np.ndarray]) -> float:
    """Mean NMI of labels before and after EM."""
    return float(np.mean([agreement(one, other)[0] for one, other in zip(starts, found, strict=True)]))


def have_clusters(starts: list[np.ndarray], found: list[np.ndarray]) -> bool:
    """Whether starts have about as many clusters as EM found from them."""
    return effective_clusters(starts) > FEWER_CLUSTERS * effective_clusters(found)


def effective_clusters(found: list[np.ndarray]) -> float:
    """How many clusters of equal size would have the same entropy: mean over labellings."""
    return float(np.mean([np.exp(_entropy(np.bincount(labels))) for labels in found]))


def reproducibility(found: list[np.ndarray]) -> tuple[float, float]:
    """How far different starts find the same clusters: mean NMI and adjusted Rand index over pairs."""
    information, rand = np.mean([agreement(*pair) for pair in itertools.combinations(found, 2)], axis=0)
    return float(information), float(rand)


def agreement(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Normalised mutual information, and adjusted Rand index (Hubert & Arabie 1985, equation 5), of two labellings.

    scikit-learn's functions look at their labels for longer than a fit of short texts takes.
    """
    # one, other: (n,) int
    table = sp.coo_array((np.ones(one.size), (one, other))).tocsr().data
    sums = np.bincount(one), np.bincount(other)
    joint, first, second = map(_entropy, (table, *sums))
    information = (first + second - joint) / (0.5 * (first + second)) if first + second > 0 else 1.0
    same, *alike = (0.5 * float((counts * (counts - 1.0)).sum()) for counts in (table, *sums))
    expected, most = alike[0] * alike[1] / (0.5 * one.size * max(one.size - 1, 1)), 0.5 * sum(alike)
    return float(information), (same - expected) / (most - expected) if most > expected else 1.0


def _entropy(counts: np.ndarray) -> float:
    return float(entr(counts / counts.sum()).sum())
