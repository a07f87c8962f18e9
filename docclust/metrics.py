"""How far clusters agree with labels that are known."""

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix

from docclust.calibration import calibration_error


def label_metrics(labels: list[str | None], clusters: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Agreement with known labels, over the documents that have one; nothing where these are no classes.

    The calibration error holds a document right when its label is the most frequent of its cluster.
    """
    known = np.flatnonzero([label is not None for label in labels])
    truth, found = np.unique(np.array([labels[i] for i in known]), return_inverse=True)[1], clusters[known]
    if not tells_classes(truth):
        return {}
    table = contingency_matrix(truth, found, sparse=False)
    present = np.unique(found)
    right = table.argmax(axis=0)[np.searchsorted(present, found)] == truth
    return {
        "nmi": float(normalized_mutual_info_score(truth, found)),
        "ari": float(adjusted_rand_score(truth, found)),
        "v_measure": float(v_measure_score(truth, found)),
        "purity": float(right.mean()),
        "label_calibration_error": calibration_error(probability[known], right),
    }


def tells_classes(truth: np.ndarray) -> bool:
    """Whether labels part documents into classes: they are neither all the same nor each another."""
    # truth: (n,) of documents with a label
    return 1 < np.unique(truth).size < truth.size
