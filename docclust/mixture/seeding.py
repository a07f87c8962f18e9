"""Where EM starts: an assignment of every document to one of K clusters.

Seeds are documents; `kmeans` moves them by a few steps before EM sees them, since k-means++ alone picks isolated
documents. Rows of length one, as TF-IDF rows are, take spherical steps (cosine); other data take Euclidean ones.
Both are hard EM steps of the form with one variance for all, and use its kernels. `growing` grows a start instead.
"""

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd, row_norms

from docclust import kernels
from docclust.engine import blocks, map_blocks, shared_out
from docclust.gaussian import TINY, Form
from docclust.mixture.copies import row_key

METHODS = ("random", "k-means++", "kmeans", "lsa")
ASSIGN_ROWS = 2048
# Seeds are drawn from, and moved by, so many documents at least where there are so many clusters, and so many for every
# cluster. With 20 clusters a half of 20 Newsgroups costs 0.01 to 0.03 of NMI. With 100 a quarter costs nothing (0.481
# and 0.482, ten seeds), and with 500 a third gains (0.360 and 0.374, five seeds): seeds that fit the documents less
# well leave more to EM. On Debian's package descriptions in 100 and 500 clusters it is the same either way.
START_DOCUMENTS = {1: 20_000, 64: 5_000}
START_PER_CLUSTER = 12
# Workers share a step of k-means from so many products on: one of 14 million takes 16 ms, and 20 where two share it.
SHARED_FROM = 40_000_000
# Singular vectors of "lsa".
LSA_RANK = 100


def starts(
    rows: kernels.Prepared,
    n_components: int,
    method: str,
    steps: int,
    n_init: int,
    rng: np.random.RandomState,
    weighting: kernels.Weighting = kernels.EQUAL,
    n_jobs: int | None = None,
) -> list[np.ndarray]:
    """`n_init` times `start`, each with random numbers of its own."""
    # rows: of (n, v) -> n_init arrays (n,)
    draws = [np.random.RandomState(seed) for seed in rng.randint(np.iinfo(np.int32).max, size=n_init)]
    seen = _seen_as(rows, method, rng)
    shared = seen, n_components, method, steps, weighting.of(np.diff(rows.rows.indptr))
    parts = shared_out(draws, kernels.side_by_side(n_components, seen.rows.shape[0]), n_jobs)
    if len(parts) == 1:  # then its own steps are what workers can share
        return _start(draws, *shared, n_jobs)
    return [labels for part in map_blocks(_start, parts, *shared, n_jobs=n_jobs) for labels in part]


def start(
    X: sp.csr_array,
    n_components: int,
    method: str,
    steps: int,
    rng: np.random.RandomState,
    weighting: kernels.Weighting = kernels.EQUAL,
) -> np.ndarray:
    """A starting label for every document.

    Parameters
    ----------
    X : CSR of shape (n, v)
    method : {"random", "k-means++", "kmeans", "lsa"}
        Distinct documents drawn evenly; drawn by squared distance (Arthur & Vassilvitskii 2007, section 2.2);
        the latter followed by `steps` steps of k-means (Dhillon & Modha 2001 for rows of length one), fewer where
        it has converged; the same with each row by its place along the first singular vectors (`in_lsa_space`).
        Of many documents an evenly spaced part is drawn from and moves the seeds.
    weighting : how much a document counts in the mean of its cluster

    Returns
    -------
    labels : int array of shape (n,), in [0, n_components); every label occurs at least once if the seeds differ.
    """
    rows, weights = _seen_as(kernels.prepare(X), method, rng), weighting.of(np.diff(X.indptr))
    return _start([rng], rows, n_components, method, steps, weights)[0]


def _seen_as(rows: kernels.Prepared, method: str, rng: np.random.RandomState) -> kernels.Prepared:
    return kernels.prepare(in_lsa_space(rows.rows, rng)) if method == "lsa" else rows


def _start(
    rngs: list[np.random.RandomState],
    rows: kernels.Prepared,
    n_components: int,
    method: str,
    steps: int,
    weights: np.ndarray,
    n_jobs: int | None = None,
) -> list[np.ndarray]:
    """Starts, each with random numbers of its own, moved side by side."""
    # weights: (n,)
    spherical = has_unit_rows(rows.rows)
    part = rows
    if method == "random":
        seeds = [_distinct_rows(rows.rows, n_components, rng) for rng in rngs]
    else:
        enough = next(documents for many, documents in reversed(START_DOCUMENTS.items()) if n_components >= many)
        stride = max(1, rows.rows.shape[0] // max(enough, START_PER_CLUSTER * n_components))
        part, weights = rows.every(stride), weights[::stride]
        seeds = [plus_plus(part.rows, part.columns, n_components, rng) for rng in rngs]
    members = [[np.array([seed]) for seed in found] for found in seeds]
    labels = np.empty(0)
    at_once = n_jobs if part.rows.nnz * n_components * len(rngs) > SHARED_FROM else 1
    for _ in range(steps if method in ("kmeans", "lsa") else 0):
        previous, labels = labels, _nearest(part.rows, part, members, weights, spherical, at_once)
        if np.array_equal(previous, labels):
            break
        members = [_members(column, before) for column, before in zip(labels.T, members, strict=True)]
    return list(_nearest(rows.rows, part, members, weights, spherical, n_jobs).T)


def best_first(X: sp.csr_array, starts: list[np.ndarray], n_components: int, weights: np.ndarray) -> list[np.ndarray]:
    """The starts by the sum of squares that their clusters leave to their documents, the least first."""
    # X: (n, v) CSR; starts: arrays (n,); weights: (n,)
    explained = []
    for labels in starts:
        sums = sp.csr_array((weights, (labels, np.arange(labels.size))), shape=(n_components, labels.size)) @ X
        sizes = np.bincount(labels, weights, n_components)
        explained.append((row_norms(sums, squared=True) / np.maximum(sizes, TINY)).sum())
    return [starts[i] for i in np.argsort(-np.array(explained), kind="stable")]


def plus_plus(X: sp.csr_array, words: sp.csr_array, n_components: int, rng: np.random.RandomState) -> np.ndarray:
    """Documents drawn by their squared distance to those drawn before, the best of a few each time.

    Arthur & Vassilvitskii 2007, section 2.2, with the greedy choice of their section 7; the same draws as
    `sklearn.cluster.kmeans_plusplus`. Only documents that share a word with a candidate are visited.
    """
    # X: (n, v) CSR; words: its transpose, CSR -> (n_components,)
    n = X.shape[0]
    trials = 2 + int(np.log(n_components))
    norms = row_norms(X, squared=True)
    chosen = np.zeros(n_components, dtype=np.int64)
    chosen[0] = rng.choice(n, p=np.full(n, 1 / n))
    closest, best = np.empty(n), np.empty(n)
    kernels.nearer(X, words, norms, chosen[0], np.full(n, np.inf), closest)
    trial = np.empty(n)
    for k in range(1, n_components):
        candidates = np.searchsorted(np.cumsum(closest), rng.uniform(size=trials) * closest.sum())
        np.minimum(candidates, n - 1, out=candidates)
        least = np.inf
        for candidate in candidates:
            total = kernels.nearer(X, words, norms, candidate, closest, trial)
            if total < least:
                least, chosen[k] = total, candidate
                best, trial = trial, best
        closest, best = best, closest
    return chosen


def _members(labels: np.ndarray, previous: list[np.ndarray]) -> list[np.ndarray]:
    """The documents of every cluster; one without documents keeps those it had, and so stays where it was."""
    order = np.argsort(labels, kind="stable")
    found = np.split(order, np.searchsorted(labels[order], np.arange(1, len(previous))))
    return [now if now.size else before for now, before in zip(found, previous, strict=True)]


def _nearest(
    X: sp.csr_array,
    rows: kernels.Prepared,
    members: list[list[np.ndarray]],
    weights: np.ndarray,
    spherical: bool,
    n_jobs: int | None,
) -> np.ndarray:
    """The cluster whose mean (its direction, if spherical) is nearest to each document; ties to the lowest number."""
    # X: (n, v) CSR; members: of every start and cluster, of `rows`, whose words are in the same order;
    # weights: of `rows` -> (n, starts)
    groups, n_components = len(members), len(members[0])
    of_clusters = [documents for clusters in members for documents in clusters]
    sizes = np.array([weights[documents].sum() for documents in of_clusters])
    documents = np.concatenate(of_clusters)
    order = np.argsort(documents, kind="stable")
    starts = np.searchsorted(documents[order], np.arange(rows.rows.shape[0] + 1)).astype(np.uint64)
    clusters = np.repeat(np.arange(sizes.size, dtype=np.uint32), [documents.size for documents in of_clusters])[order]
    shares = weights[documents[order]].astype(rows.precision(n_components))
    belongs = kernels.Responsibilities(starts, clusters, shares, weights)
    form = Form("cosine" if spherical else "isotropic")
    scale = _square_length(rows.rows)
    parts = list(map_blocks(kernels.maximise, rows.words, belongs, sizes, form, scale, None, groups, n_jobs=n_jobs))
    nearest = kernels.equally_likely(kernels.assemble(parts, sizes, form, scale, groups), sizes)
    found = map_blocks(kernels.expect, blocks(X, ASSIGN_ROWS), nearest, 0.0, 0.0, n_jobs=n_jobs)
    return np.concatenate([part.labels for part in found])


def _square_length(X: sp.csr_array) -> float:
    """The power of two next to the mean square of the lengths of rows: 1 for rows of length one."""
    return 2.0 ** np.round(np.log2(X.data @ X.data / max(np.count_nonzero(np.diff(X.indptr)), 1) or 1.0))


def in_lsa_space(X: sp.csr_array, rng: np.random.RandomState) -> sp.csr_array:
    """The rows along the first 100 right singular vectors, scaled to length one; (n, 100), every number stored.

    Deerwester, Dumais, Furnas, Landauer & Harshman 1990, by the randomized range finder of Halko, Martinsson & Tropp
    2011, algorithm 4.4.
    """
    # X: (n, v) CSR -> (n, min(100, n, v)) CSR
    left, singular, _ = randomized_svd(X, min(LSA_RANK, *X.shape), random_state=rng)
    return sp.csr_array(normalize(left * singular))


def has_unit_rows(X: sp.csr_array) -> bool:
    """Whether every row that is not empty has length one."""
    lengths = row_norms(X)
    return bool(np.all((np.abs(lengths - 1) < 1e-6) | (lengths == 0)))


def _distinct_rows(X: sp.csr_array, k: int, rng: np.random.RandomState) -> np.ndarray:
    chosen: dict[bytes, int] = {}
    for row in rng.permutation(X.shape[0]):
        chosen.setdefault(row_key(X, row), row)
        if len(chosen) == k:
            break
    return np.array(list(chosen.values()))
