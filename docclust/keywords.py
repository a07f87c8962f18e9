"""Words that describe a cluster, and words that set it apart."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import scipy.sparse as sp

from docclust.engine import blocks
from docclust.vectors import without_spaces

# A cluster's mean is drawn toward the corpus mean by this many documents before it is compared with it, so that a
# word seen in one document of a small cluster does not look like its mark.
PSEUDO_DOCUMENTS = 5.0
BLOCK_ROWS = 65_536


def lift(means: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """How many times heavier each word is in a cluster than in the corpus.

    Parameters
    ----------
    means : array of shape (k, v)
        Mean weight of every word in every cluster.
    sizes : array of shape (k,)
        Documents of each cluster.

    Returns
    -------
    array of shape (k, v)
        m_kj / m_j, after m_kj is drawn toward m_j by a few pseudo-documents.
    """
    corpus = sizes @ means / sizes.sum()
    drawn = sizes[:, None] * means
    drawn += PSEUDO_DOCUMENTS * corpus
    drawn /= sizes[:, None] + PSEUDO_DOCUMENTS
    drawn[:, ~(corpus > 0)] = 0
    return np.divide(drawn, corpus, out=drawn, where=corpus > 0)


def relevance(means: np.ndarray, lift: np.ndarray, balance: float) -> np.ndarray:
    """Score every word for every cluster: ``balance log mean + (1 - balance) log lift``.

    At `balance` 1 a word ranks by how well it describes the cluster, at 0 by how well it sets it apart (Sievert &
    Shirley 2014, equation 1, with mean weights for probabilities). A word that a cluster has never seen has -inf.
    """
    # means, lift: (k, v) -> (k, v)
    seen = means > 0
    scores = np.full(means.shape, -np.inf)
    scores[seen] = balance * np.log(means[seen]) + (1 - balance) * np.log(lift[seen])
    return scores


def hidden(display: Sequence[str], stop_words: Iterable[str]) -> np.ndarray:
    """Which words are never shown as keywords, whatever their case."""
    # display: v str -> (v,) bool
    never = {word.casefold() for word in stop_words}
    return np.array([word.casefold() in never for word in display], dtype=bool)


def top_words(
    scores: np.ndarray, n: int, excluded: np.ndarray, display: Sequence[str] | None = None
) -> list[np.ndarray]:
    """The n best words of every cluster, best first, ties in the order of the words; without the excluded.

    Of words that `display` shows alike only the best is told.
    """
    # scores: (k, v); excluded: (v,) bool; display: v str -> k arrays of at most n
    found = []
    for row in scores:
        row = np.where(excluded, -np.inf, row)
        best: dict[object, int] = {}
        for word in np.argsort(-row, kind="stable"):
            if len(best) == n or not np.isfinite(row[word]):
                break
            best.setdefault(word if display is None else display[word], word)
        found.append(np.array(list(best.values()), dtype=np.intp))
    return found


def around(word: str, told: Iterable[str], words: Collection[str]) -> list[str]:
    """Those told that a word of a script without spaces is part of, but for those that are counted as `words`."""
    if not without_spaces(word):
        return []
    return [whole for whole in told if word in whole and word != whole and whole not in words]


def without_parts(
    ranked: list[np.ndarray],
    n: int,
    words: Collection[str],
    display: Sequence[str],
    counts: sp.csr_array,
    labels: np.ndarray,
) -> list[np.ndarray]:
    """The first n words of every cluster, without those that are mostly part of one before them.

    Mostly: more than half of the cluster's documents with the part hold the whole. ーム says nothing beside ゲーム.
    """
    # ranked: k arrays of columns, best first; counts: (n, v) CSR; labels: (n,) -> k arrays of at most n
    found = []
    for c, columns in enumerate(ranked):
        told: dict[str, int] = {}
        rows = None
        for word in columns:
            if wholes := [told[whole] for whole in around(display[word], told, words)]:
                rows = counts[labels == c] if rows is None else rows
                held = (rows[:, [word, *wholes]] > 0).toarray()  # (documents of the cluster, few)
                if (2 * held[held[:, 0], 1:].sum(axis=0) > held[:, 0].sum()).any():
                    continue
            told[display[word]] = word
        found.append(np.array(list(told.values()), dtype=np.intp)[:n])
    return found


def document_frequencies(counts: sp.csr_array, labels: np.ndarray, k: int, words: np.ndarray) -> np.ndarray:
    """In how many documents of every cluster each of the given words occurs."""
    # counts: (n, v) CSR; labels: (n,); words: (w,) columns -> (k, w)
    found = np.zeros((k, words.size), dtype=int)
    start = 0
    for block in blocks(counts, BLOCK_ROWS):
        n = block.shape[0]
        membership = sp.csr_array((np.ones(n), labels[start : start + n], np.arange(n + 1)), shape=(n, k))
        pairs = (membership.T @ (block[:, words] > 0).astype(float)).tocoo()
        found[pairs.row, pairs.col] += pairs.data.astype(int)
        start += n
    return found


def coherence(counts: sp.csr_array, words: list[np.ndarray]) -> float:
    """Mean normalised pointwise mutual information of pairs of a cluster's words, over documents (Bouma 2009).

    From -1 (never together) over 0 (independent) to 1 (always together); the mean over clusters.
    """
    # counts: (n, v) CSR; words: k arrays of columns
    n = counts.shape[0]
    used = np.unique(np.concatenate(words)) if words else np.empty(0, dtype=int)
    if not used.size:
        return float("nan")
    present = (counts[:, used] > 0).astype(float)
    together = (present.T @ present).toarray() / n
    alone = together.diagonal()
    scores = []
    for columns in (np.searchsorted(used, group) for group in words):
        pairs = [(i, j) for a, i in enumerate(columns) for j in columns[:a]]
        if pairs:
            scores.append(np.mean([_npmi(together[i, j], alone[i], alone[j]) for i, j in pairs]))
    return float(np.mean(scores)) if scores else float("nan")


def _npmi(both: float, one: float, other: float) -> float:
    if both == 0:
        return -1.0
    return 1.0 if both == 1 else float(np.log(both / (one * other)) / -np.log(both))
