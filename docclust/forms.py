"""How free the variances should be: a choice without labels, by how far different starts find the same clusters."""

import itertools

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

# How many times more the starts may agree under the plain form before the free one is given up.
REPRODUCIBILITY_RATIO = 1.14
# Above this NMI the two forms find much the same clusters, and the freer one refines them.
MUCH_THE_SAME = 0.55


def prefers_plain(free: list[np.ndarray], plain: list[np.ndarray]) -> bool:
    """Whether free variances lead away from clusters that are found again and again.

    Parameters
    ----------
    free, plain : lists of int arrays of shape (n,)
        The labels found from the same starts by the two forms.
    """
    same = np.mean([normalized_mutual_info_score(one, other) for one, other in zip(free, plain, strict=True)])
    return bool(same < MUCH_THE_SAME and reproducibility(plain) > REPRODUCIBILITY_RATIO * reproducibility(free))


def reproducibility(found: list[np.ndarray]) -> float:
    """How far different starts find the same clusters: mean over pairs of the mean of NMI and adjusted Rand index."""
    pairs = list(itertools.combinations(found, 2))
    if not pairs:
        return 0.0
    return float(np.mean([0.5 * (normalized_mutual_info_score(*p) + adjusted_rand_score(*p)) for p in pairs]))
