"""The words a cluster could be described by, at every balance of the slider, and the documents that hold them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from docclust import keywords

if TYPE_CHECKING:
    from docclust.results import Run

# The slider of the page moves in steps of a twentieth; at each of them these many words are among those it can show.
BALANCES = np.linspace(0, 1, 21)
SHOWN = 15


@dataclass(frozen=True)
class Words:
    """Candidates and where they occur.

    shown : the words, as people write them
    clusters : of every cluster its candidates, each with place in `shown`, mean weight and lift
    lengths : (w,) in how many documents each word is
    rows : the documents of all words one after the other, as distances from the document before
    """

    shown: list[str]
    clusters: list[list[tuple[int, float, float]]]
    lengths: np.ndarray
    rows: np.ndarray


def candidates(run: "Run") -> Words:
    """For every cluster the words that are among its best at some balance."""
    means = run.model.means_
    sizes = run.model.weights_ * len(run.documents)
    lift = keywords.lift(means, sizes)
    hidden = {word.casefold() for word in run.settings.vectors.display_stop_words}
    excluded = np.array([word.casefold() in hidden for word in run.display], dtype=bool)
    chosen = [_best(means[[c]], lift[[c]], excluded) for c in range(len(means))]
    used = np.unique(np.concatenate(chosen)).astype(int)
    columns = run.counts[:, used].tocsc()
    columns.sort_indices()
    lengths = np.diff(columns.indptr)
    rows = np.diff(columns.indices.astype(np.int64), prepend=0)
    first = columns.indptr[:-1][lengths > 0]
    rows[first] = columns.indices[first]
    return Words(
        shown=[run.display[word] for word in used],
        clusters=[
            [(int(np.searchsorted(used, word)), float(means[c, word]), float(lift[c, word])) for word in words]
            for c, words in enumerate(chosen)
        ],
        lengths=lengths,
        rows=rows,
    )


def _best(means: np.ndarray, lift: np.ndarray, excluded: np.ndarray) -> np.ndarray:
    # means, lift: (1, v) -> columns
    seen = np.flatnonzero((means[0] > 0) & ~excluded)
    found = [
        seen[row]
        for balance in BALANCES
        for row in keywords.top_words(
            keywords.relevance(means[:, seen], lift[:, seen], balance), SHOWN, np.zeros(len(seen), dtype=bool)
        )
    ]
    return np.unique(np.concatenate(found))
