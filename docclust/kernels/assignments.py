"""Responsibilities of documents that are wholly in one cluster."""

import numpy as np

from docclust.kernels.records import Responsibilities


def one_hot(
    labels: np.ndarray, precision: type = np.float64, n_components: int = 0, weights: np.ndarray | None = None
) -> Responsibilities:
    """Every document wholly in its cluster; in one of each group, if there are several of so many clusters."""
    # labels: (n,) or (n, groups); weights: (n,)
    weights = np.ones(labels.shape[0]) if weights is None else weights
    groups = 1 if labels.ndim == 1 else labels.shape[1]
    clusters = labels.reshape(-1, groups) + n_components * np.arange(groups)
    shares = np.repeat(weights, groups).astype(precision)
    starts = np.arange(0, clusters.size + 1, groups, dtype=np.uint64)
    return Responsibilities(starts, clusters.ravel().astype(np.uint32), shares, weights)


def assigned(r: Responsibilities, rows: np.ndarray, clusters: np.ndarray, group: range) -> Responsibilities:
    """The same responsibilities, but these documents, in order, wholly in these clusters of a group."""
    # rows, clusters: (m,)
    if r.shares.size and not r.clusters.size:  # stays so: sums of the other groups are then taken in the same order
        shares = r.shares.reshape(r.weights.size, -1).copy()
        shares[rows, group.start : group.stop] = 0
        shares[rows, clusters] = r.weights[rows]
        return Responsibilities(r.starts, r.clusters, shares.ravel(), r.weights)
    lengths = np.diff(r.starts).astype(np.int64)
    document = np.repeat(np.arange(lengths.size), lengths)
    changed = np.zeros(lengths.size, dtype=bool)
    changed[rows] = True
    clusters_before = r.listed
    keep = ~changed[document] | (clusters_before < group.start) | (clusters_before >= group.stop)
    document, kept = document[keep], clusters_before[keep]
    at = np.searchsorted(document * group.stop + np.minimum(kept, group.stop - 1), rows * group.stop + clusters)
    starts = np.append(0, np.cumsum(np.bincount(document, minlength=lengths.size) + changed))
    shares = np.insert(r.shares[keep], at, r.weights[rows].astype(r.shares.dtype))
    return Responsibilities(
        starts.astype(np.uint64), np.insert(kept, at, clusters.astype(np.uint32)), shares, r.weights
    )
