"""The words a cluster could be described by, at every balance of the slider, and the documents that hold them."""

from collections.abc import Callable
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
    clusters : of every cluster its candidates, its keywords first and in their order; each with place in `shown`, mean
        weight and lift; where a part of the documents is held, also in how many of the cluster and of the whole corpus
        it is
    lengths : (w,) in how many of the documents held each word is
    rows : these documents of all words one after the other, by their places, as distances from the one before
    """

    shown: list[str]
    clusters: list[list[tuple[int, float, float] | tuple[int, float, float, int, int]]]
    lengths: np.ndarray
    rows: np.ndarray


def candidates(run: "Run", held: np.ndarray) -> Words:
    """For every cluster the words that are among its best at some balance; `held` are the rows of the documents."""
    means = run.model.means_
    sizes = run.model.weights_ * len(run.documents)
    lift = keywords.lift(means, sizes)
    excluded = keywords.hidden(run.display, run.settings.vectors.display_stop_words)
    display, asked = np.array(run.display, dtype=object), run.settings.keywords
    given = excluded, display, asked.balance, asked.n_words
    chosen = [_best(means[[c]], lift[[c]], *given) for c in range(len(means))]
    known = set(run.words)
    for c, cluster in enumerate(run.clusters):
        told = {keyword.word: rank for rank, keyword in enumerate(cluster.keywords)}
        parts = [word not in told and bool(keywords.around(word, told, known)) for word in display[chosen[c]]]
        chosen[c] = chosen[c][~np.array(parts, dtype=bool)]
        ranks = [told.get(word, len(told)) for word in display[chosen[c]]]
        chosen[c] = chosen[c][np.argsort(ranks, kind="stable")]
    used = np.unique(np.concatenate(chosen)).astype(int)
    columns = run.counts[held][:, used].tocsc()
    columns.sort_indices()
    lengths = np.diff(columns.indptr)
    rows = np.diff(columns.indices.astype(np.int64), prepend=0)
    first = columns.indptr[:-1][lengths > 0]
    rows[first] = columns.indices[first]
    known = _known(run, used) if held.size < len(run.documents) else lambda c, place: ()
    return Words(
        shown=[run.display[word] for word in used],
        clusters=[
            [
                (place, float(means[c, word]), float(lift[c, word]), *known(c, place))
                for word, place in zip(words, np.searchsorted(used, words).tolist(), strict=True)
            ]
            for c, words in enumerate(chosen)
        ],
        lengths=lengths,
        rows=rows,
    )


def _known(run: "Run", used: np.ndarray) -> Callable[[int, int], tuple[int, int]]:
    """What tells of a cluster and a word in how many documents of the cluster, and of all, the word is."""
    labels = np.array([document.cluster for document in run.documents])
    inside = keywords.document_frequencies(run.counts, labels, len(run.clusters), used)
    everywhere = inside.sum(axis=0)
    return lambda c, place: (int(inside[c, place]), int(everywhere[place]))


def _best(
    means: np.ndarray, lift: np.ndarray, excluded: np.ndarray, display: np.ndarray, balance: float, n_words: int
) -> np.ndarray:
    """The best words at any balance; of those shown alike the one that is best at the balance of the run."""
    # means, lift: (1, v); display: (v,) object array of str -> columns, ascending

    def best(seen: np.ndarray, balance: float, n: int) -> np.ndarray:
        scores = keywords.relevance(means[:, seen], lift[:, seen], balance)
        return seen[keywords.top_words(scores, n, np.zeros(len(seen), dtype=bool), display[seen])[0]]

    seen = np.flatnonzero((means[0] > 0) & ~excluded)
    # Twice as many as are told: of these the run chose its keywords.
    found = [best(seen, balance, 2 * n_words), *(best(seen, each, max(SHOWN, n_words)) for each in BALANCES)]
    found = np.unique(np.concatenate(found))
    return np.sort(best(found, balance, len(found)))
