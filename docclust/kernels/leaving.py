"""What J of a document's own cluster is without the document: arrays for the compiled loop."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from docclust.gaussian import TINY, Form, Target
from docclust.kernels import removal

# Clusters that one call looks at have about so many weights, or are one.
PIECE_NONZEROS = 100_000
# Sizes of clusters at which what unseen words change is measured; where there are more, it is interpolated.
SIZES = 8
# A sum of documents that is shorter than this, squared and relative to what it was with one more, is rounding.
NOTHING_LEFT = 1e-12


@dataclass(frozen=True)
class Members:
    """Documents in their clusters: labels, weights (n,), and of every cluster the weight and the number (k,)."""

    labels: np.ndarray
    weights: np.ndarray
    counts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, weights: np.ndarray, k: int) -> "Members":
        """Those that these labels name."""
        return cls(labels, weights, np.bincount(labels, weights, k), np.bincount(labels, minlength=k))

    @cached_property
    def order(self) -> np.ndarray:
        """The documents of one cluster after those of another: (n,)."""
        return np.argsort(self.labels, kind="stable")

    @cached_property
    def starts(self) -> np.ndarray:
        """Where those of every cluster begin, and where the last ones end: (k + 1,)."""
        return np.append(0, np.cumsum(self.sizes))

    def pieces(self, rows: sp.csr_array) -> list[tuple[int, int]]:
        """The clusters in runs of about equal work, from one to before another, whose number no worker changes."""
        # rows: (n, v) CSR
        before = np.append(0, np.cumsum(np.diff(rows.indptr)[self.order]))[self.starts]
        first = np.unique(before[:-1] // PIECE_NONZEROS, return_index=True)[1]
        return list(itertools.pairwise([*first.tolist(), self.sizes.size]))


@dataclass(frozen=True)
class Influence:
    """What words say of taking documents out of some clusters; see `docclust.kernels.removal`.

    of_documents, squares : of their documents, in the order of `Members`; of_clusters, of_means : of themselves
    """

    of_documents: np.ndarray
    squares: np.ndarray
    of_clusters: np.ndarray
    of_means: np.ndarray


def influence(
    piece: tuple[int, int], rows: sp.csr_array, members: Members, form: Form, smoothing: float, target: Target
) -> Influence:
    """That of a run of clusters on rows (n, v), with the target of all words in their order."""
    begin, end = piece
    starts = members.starts[begin : end + 1]
    lengths = np.append(0, np.cumsum(np.diff(rows.indptr)[members.order[starts[0] : starts[-1]]]))
    room = min(rows.shape[1], int(np.diff(lengths[starts - starts[0]]).max()))
    found = Influence(*np.zeros((2, starts[-1] - starts[0])), *np.zeros((2, end - begin)))
    removal.influence(
        begin, starts, members.order, rows.indptr, rows.indices, rows.data, members.weights, members.counts,
        form.covariance == "cosine", *_law(form, smoothing, target),
        np.full(rows.shape[1], -1, np.int32), np.empty(room, np.int32), np.empty((room, removal.COLUMNS)),
        found.of_documents, found.squares, found.of_clusters, found.of_means,
    )  # fmt: skip
    return found


def without(found: list[Influence], members: Members, form: Form, smoothing: float, target: Target) -> np.ndarray:
    """How much J of its cluster changes when a document is taken out: (n,); nothing where it is the only one there.

    Parameters
    ----------
    found : what `influence` gives of all pieces
    target : of all words, in any order
    """
    labels, w = members.labels, members.weights
    n, alone = members.counts[labels], members.sizes[labels] == 1
    less = np.where(alone, n, n - w)
    of_documents, squares = np.empty((2, labels.size))
    of_documents[members.order] = np.concatenate([part.of_documents for part in found])
    squares[members.order] = np.concatenate([part.squares for part in found])
    of_clusters = np.concatenate([part.of_clusters for part in found])
    if form.covariance == "cosine":
        length = of_clusters[labels]
        rest = length - 2 * w * of_documents + w * w * squares
        rest = np.where(rest > NOTHING_LEFT * length, rest, np.inf)  # others without a word have no direction
        change = (of_documents - w * squares) / np.sqrt(rest) - of_documents / np.sqrt(np.maximum(length, TINY))
        change /= smoothing
    else:
        sizes = np.maximum(members.counts, 2.0)
        at = np.unique(sizes)
        at = at if at.size <= SIZES else np.geomspace(at[0], at[-1], SIZES)
        law, *of_words = _law(form, smoothing, target)
        unseen = np.zeros(at.size)
        if any(law[3:]):  # else clusters that have not seen a word are all alike there, whatever their size
            removal.of_unseen(at, law, *of_words, np.empty(at.size), unseen)
        change = of_documents + w * (of_clusters + np.interp(sizes, at, unseen))[labels]
    pseudo = form.weight_pseudo if form.smoothing == "prior" else 0.0
    change += np.log((less + pseudo) / (n + pseudo))
    return np.where(alone, 0.0, change)


def uncertainty(found: list[Influence], members: Members) -> tuple[np.ndarray, np.ndarray]:
    """By how much J of a cluster would be more if its mean were known: (k,); and how much more without a document.

    The squared distance from a mean of N documents is on average their variance divided by N greater than that from
    what the mean is an estimate of, which says that the cluster is small, and nothing of the document. With the mean of
    documents without the one that is held against it, that is the balance of Hartigan's rule, N / (N + 1) times the
    squared distance, whatever the cluster. Nothing is known of the variance of one document; and nothing is told of
    `cosine`, whose means all have the same length.
    """
    of_means = np.concatenate([part.of_means for part in found])
    return of_means, (of_means / np.maximum(members.sizes - 1, 1))[members.labels]


def _law(form: Form, smoothing: float, target: Target) -> tuple:
    """How the loops estimate a mean and a variance, the noise that an E-step sees, and what pseudo-documents say.

    The first is the smoothing, how much of it is a floor and how much is added, and the numbers of pseudo-documents of
    means and of variances; the last two are their mean and variance of every word.
    """
    of_means, of_variances = 0.0, form.pooled_strength
    if form.smoothing == "prior":
        of_means, of_variances = form.mean_pseudo, form.variance_pseudo
    floor, added = float(form.smoothing == "floor"), float(form.smoothing in ("noise", "add"))
    noise = float(smoothing) if form.smoothing == "noise" else 0.0
    words = np.ascontiguousarray(target.mean[:, 0]), np.ascontiguousarray(target.variance[:, 0])
    return (float(smoothing), floor, added, of_means, of_variances), noise, *words
