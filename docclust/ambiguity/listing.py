"""Scores -> which documents are listed, and for what."""

import numpy as np
import scipy.sparse as sp

from docclust.ambiguity.scores import ATYPICAL_FROM, Scores
from docclust.config import Settings

# Cosine of two documents of which one is listed.
NEARLY_THE_SAME = 0.8


def kinds_by_row(scores: Scores, settings: Settings, X: sp.csr_array) -> dict[int, list[str]]:
    """The rows that are listed as ambiguous, and for which kinds: the highest of each score that pass its threshold.

    Of documents that are nearly the same, in rows of length one, the highest.
    """
    passed = {
        "mixed": scores.listed,
        "unclear": scores.unclear > 1 - settings.ambiguity.undecided_below,
        "atypical": scores.atypical >= ATYPICAL_FROM,
    }
    listed: dict[int, list[str]] = {}
    for kind, enough in passed.items():
        ranked = np.argsort(-getattr(scores, kind), kind="stable")
        for row in distinct(ranked[enough[ranked]], X, settings.ambiguity.n_documents):
            listed.setdefault(row, []).append(kind)
    return listed


def distinct(rows: np.ndarray, X: sp.csr_array, most: int) -> list[int]:
    """The first of `rows`, `most` at most, without those that are nearly the same as one before."""
    # rows: (m,) of X: (n, v) CSR
    rows = rows[: 2 * most]
    cosines = (X[rows] @ X[rows].T).toarray()
    kept: list[int] = []
    for place in range(rows.size):
        if len(kept) < most and not np.any(cosines[place, kept] > NEARLY_THE_SAME):
            kept.append(place)
    return [int(row) for row in rows[kept]]
