"""How mixed, unclear and atypical every document is.

Unclear is not mixed. A flat posterior says that a document gives little evidence; a document that holds two topics is
often far from every boundary. Mixed documents are found by explaining each of a document's words by a cluster.
"""

from dataclasses import dataclass

import numba
import numpy as np
import scipy.sparse as sp

from docclust.engine import blocks

# Each cluster's word distribution is smoothed by this many words of the whole corpus.
BACKGROUND_WORDS = 200.0
# Added to every cluster's word count before shares are taken: a tenth of a word.
SHARE_PRIOR = 0.1
SHARE_STEPS = 30
BLOCK_ROWS = 1024
# From these scores on a document may be listed; how many are is a setting.
MIXED_FROM = 0.2
ATYPICAL_FROM = 0.99


@dataclass(frozen=True)
class Scores:
    """Per document: the three scores in [0, 1], and the two clusters that explain most of its words."""

    mixed: np.ndarray
    unclear: np.ndarray
    atypical: np.ndarray
    first: np.ndarray
    second: np.ndarray


def score(
    counts: sp.csr_array, probability: np.ndarray, labels: np.ndarray, means: np.ndarray, distributions: np.ndarray
) -> Scores:
    """All three scores of every document, in blocks of rows.

    Parameters
    ----------
    counts : CSR of shape (n, v)
        Word counts.
    probability : array of shape (n,)
        Calibrated probability of each document's cluster.
    labels : int array of shape (n,)
    means : array of shape (k, v)
    distributions : array of shape (v, k)
        From `word_distributions`.
    """
    apart = distances(means)
    parts = []
    for block in blocks(counts, BLOCK_ROWS):
        theta = shares(block, distributions)
        parts.append((*mixed(theta, apart), log_likelihood_per_word(block, distributions, theta)))
    mixedness, first, second, per_word = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Scores(mixedness, 1 - probability, atypical(per_word, labels), first, second)


def word_distributions(word_counts: np.ndarray) -> np.ndarray:
    """Probability of every word in every cluster, smoothed by the corpus."""
    # word_counts: (v, k) sums of counts by responsibility -> (v, k), columns sum to one
    corpus = word_counts.sum(axis=1, keepdims=True)
    smoothed = word_counts + BACKGROUND_WORDS * corpus / corpus.sum()
    return smoothed / smoothed.sum(axis=0)


def shares(counts: sp.csr_array, distributions: np.ndarray) -> np.ndarray:
    """How much of each document's words every cluster explains, by EM over the words of the document.

    The shares are the mixing weights of a fixed mixture of word distributions (Hofmann 1999, "folding in"), with a
    Dirichlet prior.
    """
    # counts: (n, v) CSR; distributions: (v, k) -> (n, k), rows sum to one
    theta = np.empty((counts.shape[0], distributions.shape[1]))
    _shares(counts.indptr, counts.indices, counts.data, distributions, SHARE_PRIOR, SHARE_STEPS, theta)
    return theta


@numba.njit(nogil=True, cache=True)
def _shares(indptr, indices, data, distributions, prior, steps, theta):
    k = distributions.shape[1]
    gathered = np.empty(k)
    for i in range(theta.shape[0]):
        theta[i] = 1 / k
        for _ in range(steps):
            gathered[:] = prior
            for p in range(indptr[i], indptr[i + 1]):
                word = distributions[indices[p]]
                mix = 0.0
                for c in range(k):
                    mix += theta[i, c] * word[c]
                weight = data[p] / mix
                for c in range(k):
                    gathered[c] += weight * theta[i, c] * word[c]
            theta[i] = gathered / gathered.sum()


def mixed(theta: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score how much a document is of two clusters that are apart: the second share times their distance.

    Clusters that split one large topic share all its documents; their distance, one minus the cosine of their
    means, takes these out.
    """
    # theta: (n, k); distances: (k, k) -> (n,), (n,), (n,)
    if theta.shape[1] == 1:
        alone = np.zeros(theta.shape[0], dtype=int)
        return np.zeros(theta.shape[0]), alone, alone
    top = np.argsort(-theta, axis=1, kind="stable")[:, :2]
    first, second = top.T
    return 2 * theta[np.arange(theta.shape[0]), second] * distances[first, second], first, second


def distances(means: np.ndarray) -> np.ndarray:
    """One minus the cosine of every two means."""
    # means: (k, v) -> (k, k)
    lengths = np.linalg.norm(means, axis=1)
    cosines = means @ means.T / np.maximum(np.outer(lengths, lengths), np.finfo(float).tiny)
    return np.clip(1 - cosines, 0, 1)


def log_likelihood_per_word(counts: sp.csr_array, distributions: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Mean log-probability of a document's words under its own shares, in nats per word."""
    # counts: (n, v) CSR; distributions: (v, k); theta: (n, k) -> (n,)
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    mix = np.einsum("pk,pk->p", theta[rows], distributions[counts.indices])
    total = np.bincount(rows, weights=counts.data * np.log(mix), minlength=counts.shape[0])
    return total / np.maximum(counts.sum(axis=1), 1)


def atypical(per_word: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share of the documents of its own cluster whose words are more expected than a document's own."""
    # per_word: (n,) nats; labels: (n,) -> (n,) in [0, 1)
    scores = np.zeros(per_word.size)
    for cluster in np.unique(labels):
        members = np.flatnonzero(labels == cluster)
        order = np.argsort(-per_word[members], kind="stable")
        scores[members[order]] = np.arange(members.size) / members.size
    return scores
