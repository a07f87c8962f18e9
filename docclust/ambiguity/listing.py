"""Scores -> which documents are listed, and for what."""

import itertools
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from docclust.ambiguity.scores import ATYPICAL_FROM, Scores
from docclust.config import Settings

# Cosine of two documents of which one is listed.
NEARLY_THE_SAME = 0.8
# Documents that are compared with each other at a time.
COMPARED = 256
# Mixed documents that are looked at for every one that may be listed: to say what two topics it has takes a while.
LOOKED_AT = 5


def kinds_by_row(
    scores: Scores, settings: Settings, X: sp.csr_array, mixes: Callable[[int], object]
) -> dict[int, list[str]]:
    """The rows that are listed as ambiguous, and for which kinds: the highest of each score that pass its threshold.

    Of documents that are nearly the same, in rows of length one, the highest. `mixes`: has a row two topics.
    """
    passed = {
        "mixed": scores.listed,
        "unclear": scores.unclear > 1 - settings.ambiguity.undecided_below,
        "atypical": scores.atypical >= ATYPICAL_FROM,
    }
    listed: dict[int, list[str]] = {}
    for kind, enough in passed.items():
        ranked = np.argsort(-getattr(scores, kind), kind="stable")
        rows, most = ranked[enough[ranked]], settings.ambiguity.n_documents
        if kind == "mixed":
            rows = np.fromiter(itertools.islice(filter(mixes, rows[: LOOKED_AT * most]), 2 * most), dtype=int)
        for row in distinct(rows[: 2 * most], X, most):
            listed.setdefault(row, []).append(kind)
    return listed


def distinct(rows: np.ndarray, X: sp.csr_array, most: int, same: float = NEARLY_THE_SAME) -> list[int]:
    """The first of `rows`, `most` at most, without those that have a greater cosine than `same` with one before."""
    # rows: (m,) of X: (n, v) CSR, of length one
    kept = np.empty(0, dtype=rows.dtype)
    for first in range(0, rows.size, COMPARED):
        block = rows[first : first + COMPARED]
        to_kept, to_block = (X[block] @ X[those].T for those in (kept, block))
        new = to_kept.max(axis=1).toarray().ravel() <= same if kept.size else np.ones(block.size, dtype=bool)
        alike = to_block.toarray() > same
        for place in range(block.size):
            new[place] &= not np.any(alike[place, :place] & new[:place])
        kept = np.append(kept, block[new])
    return kept[:most].tolist()
