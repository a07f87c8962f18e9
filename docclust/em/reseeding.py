"""Clusters that have lost their documents, seeded again."""

import logging
from collections import Counter

import numpy as np
import scipy.sparse as sp

from docclust import kernels

log = logging.getLogger("docclust")

# A cluster that holds less than half a document is lost; one that is lost this often is left empty.
LOST_BELOW = 0.5
RESEED_LIMIT = 3


def reseed(
    X: sp.csr_array,
    responsibilities: kernels.Responsibilities,
    counts: np.ndarray,
    labels: np.ndarray,
    reseeded: Counter,
    rngs: list[np.random.RandomState | None],
) -> tuple[list[int], kernels.Responsibilities, np.ndarray]:
    """Give every lost cluster half of the largest one: the documents nearer to a random one of it than to its mean.

    rngs : of every start that has not converged; None for the others
    """
    size = counts.size // len(rngs)
    done = []
    for g, rng in enumerate(rngs):
        group, n_lost = range(g * size, (g + 1) * size), 0
        lost = [k for k in group if counts[k] < LOST_BELOW and reseeded[k] < RESEED_LIMIT] if rng else []
        for cluster in lost:
            largest = int(counts[group.start : group.stop].argmax())
            members = np.flatnonzero(labels[:, g] == largest)
            if members.size < 2:
                break
            rows = X[members]
            seed = rows[[rng.randint(members.size)]].toarray().ravel()
            mean = np.asarray(rows.mean(axis=0)).ravel()
            nearer = rows @ (seed - mean) > 0.5 * (seed @ seed - mean @ mean)
            if nearer.all() or not nearer.any():
                nearer = np.arange(members.size) % 2 == 0
            labels[members[nearer], g] = cluster - group.start
            responsibilities = kernels.assigned(responsibilities, members, labels[members, g] + group.start, group)
            found = np.bincount(responsibilities.listed, responsibilities.shares, minlength=counts.size)
            counts = counts.copy()
            counts[group.start : group.stop] = found[group.start : group.stop]
            reseeded[cluster] += 1
            n_lost += 1
            log.info(
                "Cluster %d lost its documents; it was seeded again with %d of cluster %d.",
                cluster - group.start, nearer.sum(), largest,
            )  # fmt: skip
        done.append(n_lost)
    return done, responsibilities, counts
