"""Which documents the page holds: all of them, or of a large corpus as many as a browser opens at once."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from docclust.results import Run


def held(run: "Run") -> np.ndarray:
    """Rows of the documents that the page holds, ascending: all, where ``[report] max_documents`` allows it.

    Else those that are listed, that a cluster names and that the iterations follow, however many they are, and of the
    others as many as there is room for, at even distances.
    """
    n, most = len(run.documents), run.settings.report.max_documents
    if n <= most:
        return np.arange(n)
    named = {*run.evidence(), *(member.id for cluster in run.clusters for member in cluster.representatives)}
    chosen = np.array([document.id in named for document in run.documents])
    if run.map is not None and run.map.frames is not None:
        chosen[run.map.frames.rows] = True
    others = np.flatnonzero(~chosen)
    room = max(most - np.count_nonzero(chosen), 0)
    chosen[others[np.arange(room) * others.size // max(room, 1)]] = True
    return np.flatnonzero(chosen)


def sentence(n_held: int, n: int) -> str:
    """What the page holds and where the rest is; nothing where it holds all n documents."""
    if n_held == n:
        return ""
    return (
        f"This page holds {n_held:,} of the {n:,} documents: all that are listed as ambiguous or shown with a cluster, "
        "and an even sample of the others. documents.csv has all of them. "
        "Sizes of clusters, totals and counts of keywords are for the whole corpus."
    )
