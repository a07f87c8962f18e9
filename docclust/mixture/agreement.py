"""Labellings before and after EM -> whether free variances find something, or lead away. Knows labels alone.

Free variances find more than k-means does where words differ in how much they vary between topics, and EM from
different starts then ends in clusters that are more alike than the starts were. On other texts (short descriptions by
set phrases, say) they follow the phrases, from each start other ones: its ends are less alike.
"""

import itertools

import numpy as np
import scipy.sparse as sp

# EM that finds something leaves pairs of documents together as its starts do, or more so (adjusted Rand index), and
# NMI, which says less where clusters are many, no more than so much lower. Of 76 corpora with 50 documents and more for
# every cluster, three seeds, so much chooses the form with the greater NMI, pooled variances or means of length one, to
# 0.008 in the mean; pooled throughout is 0.021 from it, means of length one 0.028.
LESS_ALIKE = 0.02
# EM that stays so near to its starts (NMI) only refines them, and pairs say so only where they fall by as much: on
# Reuters R8 by 1 + ln of occurrences, at 0.63 to 0.67, NMI falls by 0.02 to 0.04 and the Rand index by 0.01 at most,
# where pooled variances find 0.06 more.
REFINES = 0.62
FALLS = 0.015
# EM that goes so far from its starts leads away only if NMI and pairs say so together: where one rises by more than the
# other falls, pooled variances find more (NMI 0.29 and 0.18 on 39,442 theorems of Metamath, 0.39 and 0.28 on 82,095
# nouns of WordNet), and where both fall, less (0.29 and 0.38 on 61,217 descriptions of packages in 20 clusters). Four
# starts leave it open where the sum is less than this: between fours of ten it differs by 0.03 to 0.04.
FAR = 0.45
OPEN = 0.06
# EM that hardly leaves its starts has to make them more alike, by this share of what they lack in both, or it has found
# nothing. Where the share is less, means of length one find 0.02 to 0.11 more on clip art by two kinds of folders and
# names of systems, in 15 to 30 clusters, and 0.01 and 0.02 less on names of characters; from 0.07 on variances find as
# much or more. Four starts leave it open where either is less than 0.03 from its limit.
KEEPS = 0.67
ALIKE = 0.05
UNSURE = 0.03
# Two starts say less than all; they are believed where their ends agree less by as much.
SURELY = 0.04
# Starts with this share of the clusters that EM finds, or less, may agree on one large cluster of what shares no word
# with the seeds: 0.62 to 0.77 on titles of eight words, where pooled variances find more. EM with round clusters then
# leaves them too (NMI 0.47 to 0.6); it does not on job titles, which have as few (0.67 to 0.75), and where pooled
# variances find less. First lines of package descriptions have 0.82 to 0.9, and pooled variances find half as much.
FEWER_CLUSTERS = 0.8
STAYS = 0.6
# A contingency table with so many cells for every document, or fewer, is counted whole; of a larger one, what is in it.
CELLS = 4


def leads_away(starts: list[np.ndarray], found: list[np.ndarray], surely: bool = False) -> bool:
    """Whether EM leaves its starts less alike than they were, and does not only refine them; or refines them in vain.

    Parameters
    ----------
    starts, found : lists of int arrays of shape (n,)
        The labels before and after EM; of two starts at least.
    surely : whether there are starts besides these, so that it must be plain
    """
    near, (information, rand), lacking = _gain(starts, found)
    both = information + rand
    if near < FAR and both >= -OPEN * surely:
        return False
    if surely:
        return bool(information < -SURELY and near < REFINES)
    if near >= KEEPS and both < ALIKE * lacking:
        return True
    return bool(rand < -FALLS if near >= REFINES else rand < 0 or information < -LESS_ALIKE)


def is_open(starts: list[np.ndarray], found: list[np.ndarray]) -> bool:
    """Whether more starts might tell otherwise."""
    near, gained, lacking = _gain(starts, found)
    if near < FAR:
        return bool(abs(gained.sum()) < OPEN)
    return bool(near >= KEEPS - UNSURE and abs(gained.sum() - ALIKE * lacking) < UNSURE * lacking)


def _gain(starts: list[np.ndarray], found: list[np.ndarray]) -> tuple[float, np.ndarray, float]:
    """How near EM ends to its starts, how much more alike than they were by NMI and by pairs, and what both lacked."""
    before = np.array(reproducibility(starts))
    return nearness(starts, found), np.array(reproducibility(found)) - before, 2.0 - before.sum()


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
    sums = np.bincount(one), np.bincount(other)
    if sums[0].size * sums[1].size <= CELLS * one.size:
        table = np.bincount(one.astype(np.int64) * sums[1].size + other)
    else:
        table = sp.coo_array((np.ones(one.size), (one, other))).tocsr().data
    joint, first, second = map(_entropy, (table, *sums))
    information = (first + second - joint) / (0.5 * (first + second)) if first + second > 0 else 1.0
    same, *alike = (0.5 * float((counts * (counts - 1.0)).sum()) for counts in (table, *sums))
    expected, most = alike[0] * alike[1] / (0.5 * one.size * max(one.size - 1, 1)), 0.5 * sum(alike)
    return float(information), (same - expected) / (most - expected) if most > expected else 1.0


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return -float((shares * np.log(shares)).sum())
