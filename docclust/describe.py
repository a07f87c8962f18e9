"""Arrays -> findings: a line for every document, what is said of every cluster, and how good it all is."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix

from docclust import keywords
from docclust.ambiguity import LOOKED_AT, Explainer, Scores, distinct
from docclust.calibration import calibration_error
from docclust.config import Settings
from docclust.corpus import Skipped
from docclust.engine import blocks
from docclust.errors import shortened
from docclust.mixture import SparseGaussianMixture
from docclust.mixture.copies import nearly_the_same
from docclust.results import Assignment, Cluster, Keyword, Member, counted, percent
from docclust.vectors import Documents, Vectors
from docclust.vectors.languages import language_of

BLOCK_ROWS, SUM_ROWS = 4096, 65_536
# Cosine of a document and its copy, of which one represents a cluster: documents near the middle of it are all alike.
A_COPY = 0.95
# A clustering with no more than this share of documents below such a probability is hard, whatever a config calls
# undecided, unless half of the words tell nearly as much as all: then it is plain.
HARDLY_ANY, SURE_FROM, PLAIN_FROM = 0.001, 0.9, 0.99
# One with so many undecided documents whose halves agree so little has hardly found anything: of 88 corpora six, among
# them lines of a play by episode (NMI with these 0.007) and health news of five words by newspaper (0.15).
LOOSE_FROM, LOOSE_BELOW = 0.9, 0.15


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


def remarks(
    documents: Documents,
    vectors: Vectors,
    skipped: Skipped,
    model: SparseGaussianMixture,
    labels: np.ndarray,
    probability: np.ndarray,
    metrics: dict[str, float],
    words: Iterable[str],
) -> list[str]:
    """What a person should know about a run, in plain sentences with a remedy.

    labels, probability : (n,) those shown; words : the keywords of all clusters
    """
    found = []
    if n := len(documents.empty):
        found.append(f"{counted(n, 'document')} without a word to go by set aside: {_some(documents.empty, n)}.")
    found += passed_over(skipped)
    if vectors.notices:
        (passage, n), *_ = vectors.notices
        found.append(
            "Not counted, since documents on every topic begin or end with it: a passage of "
            f"{counted(len(passage.split()), 'word')} ({counted(n, 'time')}), and the like."
            ' To count it, try [vectors] notices = "keep".'
        )
    if n := labels.size - model.n_counted_:
        found.append(
            f"{counted(n, 'document')} with the words of another: they count once for what clusters are like."
            ' To count all, try [mixture] copies = "each".'
        )
    if model.copies == "auto" and (n := nearly_the_same(model.counted(vectors.weights))):
        found.append(
            f"{counted(n, 'document')} with nearly the words of another."
            ' If they are one text that was passed on, try [mixture] copies = "once".'
        )
    reseeded = sum(step.reseeded for step in model.steps_)
    if reseeded:
        found.append(
            f"{counted(reseeded, 'cluster')} lost all documents and had to be seeded again. Try fewer clusters."
        )
    empty = model.n_components - np.unique(labels).size
    if 0 < empty == model.n_components - 1:
        found.append("All documents are in one cluster. Try the defaults of [mixture], or fewer clusters.")
    elif empty:
        found.append(f"{counted(empty, 'cluster')} without a document. Try a smaller n_components.")
    if model.n_components > 1 and metrics["undecided"] >= LOOSE_FROM and metrics["half_agreement"] < LOOSE_BELOW:
        found.append(
            f"These clusters are loose: {percent(metrics['undecided'])} of the documents are undecided, and half of the"
            " words of one seldom tells the cluster of the other half. Try more text for each document, or fewer"
            " clusters."
        )
    if language := language_of(words):
        found.append(
            f"Many keywords are stop words of {language.capitalize()}, which say nothing of a topic."
            f' Try [vectors] stop_words = "{language}", or a list of several languages.'
        )
    known = np.array([label for label in documents.labels if label is not None])
    if known.size and not tells_classes(known):
        each = "the same" if known.size > 1 and known[0] == known[-1] else "another"
        found.append(f"Every label is {each}, so no agreement with them is told. Try another [corpus] label.")
    n = int(np.count_nonzero(probability < SURE_FROM))
    if model.n_components > 1 and n <= HARDLY_ANY * labels.size and metrics["half_agreement"] < PLAIN_FROM:
        are = f"only {counted(n, 'document')} of {labels.size:,} {'is' if n == 1 else 'are'}" if n else "no document is"
        found.append(f"Your soft clustering is hard: {are} undecided. {_softer(model)}")
    return found


def passed_over(skipped: Skipped) -> list[str]:
    """What was skipped, a sentence for every reason."""
    return [f"{n:,} skipped ({why}): {_some(skipped.names[why], n)}." for why, n in sorted(skipped.items())]


def _softer(model: SparseGaussianMixture) -> str:
    """What makes responsibilities of a mixture less sure of themselves."""
    if model.smoothing != "noise":
        return 'Try smoothing = "noise".'
    if model.covariance in ("tied", "isotropic"):
        return 'Try covariance = "auto".'
    if not model.leave_one_out:
        return "Try leave_one_out = true."
    return "Try a larger final_smoothing." if model.reg_covar == "auto" else "Try a larger reg_covar."


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


def _some(names: list[str], n: int) -> str:
    """The first three of n names."""
    return ", ".join(map(shortened, names[:3])) + (f", and {n - 3:,} more" if n > 3 else "")
