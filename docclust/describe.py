"""Arrays -> findings: a line for every document, and what is said of every cluster."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust import keywords
from docclust.ambiguity import LOOKED_AT, Explainer, Scores, distinct
from docclust.config import Settings
from docclust.engine import blocks
from docclust.mixture import SparseGaussianMixture
from docclust.results import Assignment, Cluster, Keyword, Member
from docclust.vectors import Documents, Vectors

BLOCK_ROWS = 4096
SUM_ROWS = 65_536
# Cosine of a document and its copy, of which one represents a cluster: documents near the middle of it are all alike.
A_COPY = 0.95


def word_sums(counts: sp.csr_array, P: sp.csr_array) -> np.ndarray:
    """Occurrences of every word in every cluster, by responsibility."""
    # counts: (n, v) CSR; P: (n, k) CSR -> (v, k)
    found = np.zeros((counts.shape[1], P.shape[1]))
    for block, shares in zip(blocks(counts, SUM_ROWS), blocks(P, SUM_ROWS), strict=True):
        product = (block.T @ shares).tocoo()
        found[product.row, product.col] += product.data
    return found


def top_two(P: sp.csr_array) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cluster, its probability, runner-up (-1 if there is none) and its probability, ties to the lower number."""
    # P: (n, k) CSR -> four arrays (n,)
    return tuple(np.concatenate(part) for part in zip(*map(_top_two, blocks(P, BLOCK_ROWS)), strict=True))


def _top_two(P: sp.csr_array) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rows = np.repeat(np.arange(P.shape[0]), np.diff(P.indptr))
    order = np.lexsort((P.indices, -P.data, rows))
    clusters, values = P.indices[order], P.data[order]
    best = P.indptr[:-1]
    several = np.diff(P.indptr) > 1
    second = np.where(several, best + 1, best)
    return clusters[best], values[best], np.where(several, clusters[second], -1), np.where(several, values[second], 0.0)


@dataclass(frozen=True)
class Lines(Sequence):
    """The lines of all documents, in the order of `documents`, each made when it is asked for.

    cluster, probability, runner_up, second : as `top_two` has them
    """

    documents: Documents
    cluster: np.ndarray
    probability: np.ndarray
    runner_up: np.ndarray
    second: np.ndarray
    scores: Scores

    def __len__(self) -> int:
        return len(self.documents.ids)

    def __getitem__(self, row: int) -> Assignment:
        return Assignment(
            id=self.documents.ids[row],
            title=self.documents.titles[row],
            label=self.documents.labels[row],
            cluster=int(self.cluster[row]),
            probability=float(self.probability[row]),
            runner_up=None if self.runner_up[row] < 0 else int(self.runner_up[row]),
            runner_up_probability=float(self.second[row]),
            mixed=float(self.scores.mixed[row]),
            unclear=float(self.scores.unclear[row]),
            atypical=float(self.scores.atypical[row]),
        )


def keyword_columns(
    settings: Settings, vectors: Vectors, means: np.ndarray, lift: np.ndarray, labels: np.ndarray
) -> list[np.ndarray]:
    """Of every cluster the columns of its keywords, best first."""
    # means, lift: (k, v); labels: (n,)
    relevance = keywords.relevance(means, lift, settings.keywords.balance)
    excluded = keywords.hidden(vectors.display, settings.vectors.display_stop_words)
    n, display = settings.keywords.n_words, vectors.display
    ranked = keywords.top_words(relevance, 2 * n, excluded, display)
    return keywords.without_parts(ranked, n, set(vectors.words), display, vectors.counts, labels)


def describe_clusters(
    settings: Settings,
    vectors: Vectors,
    model: SparseGaussianMixture,
    columns: list[np.ndarray],
    lift: np.ndarray,
    lines: Lines,
    explainer: Explainer,
) -> list[Cluster]:
    """Keywords, representatives and mixed documents of every cluster; `columns` are those of its keywords."""
    # lift: (k, v)
    k, labels, scores = model.n_components, lines.cluster, lines.scores
    sizes = np.bincount(labels, minlength=k)
    used = np.unique(np.concatenate(columns))
    holders = keywords.document_frequencies(vectors.counts, labels, k, used)
    everywhere = holders.sum(axis=0)
    most_mixed = np.argsort(-scores.mixed, kind="stable")
    most_mixed = most_mixed[scores.listed[most_mixed]]
    closeness = _cosine_to_own_mean(vectors.weights, model.means_, labels)
    shown, mixed = settings.keywords.representatives, settings.keywords.mixed
    clusters = []
    for c in range(k):
        members = np.flatnonzero(labels == c)
        nearest = members[np.argsort(-closeness[members], kind="stable")[: LOOKED_AT**2 * shown]]
        of_cluster = most_mixed[labels[most_mixed] == c][: LOOKED_AT * mixed]
        both = itertools.islice((row for row in of_cluster if c in explainer.topics(int(row))), 2 * mixed)
        differ = distinct(np.fromiter(both, dtype=int), vectors.weights, mixed)
        places = np.searchsorted(used, columns[c])
        clusters.append(
            Cluster(
                id=c,
                size=int(sizes[c]),
                weight=float(model.weights_[c]),
                keywords=[
                    Keyword(
                        word=vectors.display[word],
                        weight=float(model.means_[c, word]),
                        lift=float(lift[c, word]),
                        documents_in=int(holders[c, place]),
                        documents_out=int(everywhere[place] - holders[c, place]),
                    )
                    for word, place in zip(columns[c], places, strict=True)
                ],
                representatives=[
                    Member(line.id, line.title, line.probability)
                    for line in map(lines.__getitem__, distinct(nearest, vectors.weights, shown, A_COPY))
                ],
                mixed=[explainer.explain(row, ["mixed"]) for row in differ],
                labels=_label_counts([lines.documents.labels[row] for row in members]),
            )
        )
    return clusters


def _cosine_to_own_mean(X: sp.csr_array, means: np.ndarray, labels: np.ndarray) -> np.ndarray:
    # X: (n, v) CSR; means: (k, v); labels: (n,) -> (n,)
    lengths = np.maximum(np.linalg.norm(means, axis=1), np.finfo(float).tiny)
    dots, start = [], 0
    for block in blocks(X, SUM_ROWS):
        n = block.shape[0]
        rows = np.repeat(np.arange(n), np.diff(block.indptr))
        own = means[labels[start : start + n][rows], block.indices]
        dots.append(np.bincount(rows, weights=block.data * own, minlength=n))
        start += n
    return np.concatenate(dots) / lengths[labels]


def _label_counts(labels: list[str | None]) -> dict[str, int]:
    counts = Counter(label for label in labels if label is not None)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
