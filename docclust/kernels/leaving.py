"""What J of a document's own cluster is without the document: arrays for the compiled loop."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust.gaussian import TINY, Form, Target
from docclust.kernels import removal

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

    @property
    def usual(self) -> np.ndarray:
        """The mean weight of a document of every cluster: (k,)."""
        return self.counts / np.maximum(self.sizes, 1)

    @property
    def less(self) -> np.ndarray:
        """The weight of every document's cluster without it, 0 where it is the only one: (n,)."""
        return np.where(self.sizes[self.labels] == 1, 0.0, self.counts[self.labels] - self.weights)


@dataclass(frozen=True)
class Influence:
    """What the words say of taking documents out, added up over words; see `docclust.kernels.removal`.

    of_documents, squares : (n,), the second their squared lengths, and only for `cosine`; of_clusters : (k,)
    """

    of_documents: np.ndarray
    squares: np.ndarray
    of_clusters: np.ndarray

    def added(self, other: "Influence") -> "Influence":
        """The same over more words, in the same memory."""
        for name, values in vars(self).items():
            values += getattr(other, name)
        return self


def influence(blocks: list[tuple[sp.csr_array, Target]], members: Members, form: Form, smoothing: float) -> Influence:
    """The part of some blocks of words (v, n), each with its target."""
    k, n = members.counts.size, members.labels.size
    law = _law(form, smoothing)
    documents, clusters, of_clusters = np.zeros((n, removal.LINE)), np.zeros((k, removal.LINE)), np.zeros(k)
    less, rest = members.less, members.counts - members.usual
    for column, values in (
        (removal.LABEL, members.labels),
        (removal.WEIGHT, members.weights),
        (removal.LESS, less),
        *zip((removal.FOR_MEAN, removal.FOR_VARIANCE), _inverses(less, law), strict=True),
        (removal.PRODUCT, 1.0),
    ):
        documents[:, column] = values
    for column, values in (
        (removal.N, members.counts),
        *zip((removal.N_FOR_MEAN, removal.N_FOR_VARIANCE), _inverses(members.counts, law), strict=True),
        (removal.REST, rest),
        *zip((removal.REST_FOR_MEAN, removal.REST_FOR_VARIANCE), _inverses(rest, law), strict=True),
        (removal.USUAL, members.usual),
    ):
        clusters[:, column] = values
    marked, seen, here = np.empty(k, np.int64), np.empty(k, np.int32), np.zeros((k, removal.LINE))
    for words, target in blocks:
        marked[:] = -1
        removal.influence(
            words.indptr, words.indices, words.data, form.covariance == "cosine",
            *_laws(law, form, smoothing, target), clusters, marked, seen, here, documents, of_clusters,
        )  # fmt: skip
    sums = np.log(documents[:, removal.PRODUCT])
    sums *= -0.5
    sums += documents[:, removal.SUM]
    squares = documents[:, removal.SQUARES].copy() if form.covariance == "cosine" else np.empty(0)
    return Influence(sums, squares, of_clusters)


def without(
    found: Influence,
    members: Members,
    form: Form,
    smoothing: float,
    target: Target,
) -> np.ndarray:
    """How much J of its cluster changes when a document is taken out: (n,); nothing where it is the only one there.

    Parameters
    ----------
    found : what `influence` gives of all words
    target : of all words, in any order
    """
    labels, w = members.labels, members.weights
    n, less = members.counts[labels], members.less
    of_documents, squares, of_clusters = found.of_documents, found.squares, found.of_clusters
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
        unseen, law = np.zeros(at.size), _law(form, smoothing)
        if any(law[3:]):  # else clusters that have not seen a word are all alike there, whatever their size
            removal.of_unseen(at, 1.0, *_laws(law, form, smoothing, target), unseen)
        change = of_documents + w * (of_clusters + np.interp(sizes, at, unseen))[labels]
    pseudo = form.weight_pseudo if form.smoothing == "prior" else 0.0
    change += np.log(np.where(less > 0, less + pseudo, n) / (n + pseudo))
    return np.where(less > 0, change, 0.0)


def _law(form: Form, smoothing: float) -> tuple:
    """How the loops estimate a mean and a variance."""
    prior = form.smoothing == "prior"
    pseudo = (form.mean_pseudo, form.variance_pseudo) if prior else (0.0, form.pooled_strength)
    return float(smoothing), float(form.smoothing == "floor"), float(form.smoothing in ("noise", "add")), *pseudo


def _laws(law: tuple, form: Form, smoothing: float, target: Target) -> tuple:
    """The same, the noise that an E-step sees, and the pseudo-documents' mean and variance of every word."""
    noise = float(smoothing) if form.smoothing == "noise" else 0.0
    return law, noise, np.ascontiguousarray(target.mean[:, 0]), np.ascontiguousarray(target.variance[:, 0])


def _inverses(sizes: np.ndarray, law: tuple) -> list[np.ndarray]:
    """Of weights with the pseudo-documents of means, and of variances."""
    return [1 / np.maximum(sizes + pseudo, TINY) for pseudo in law[3:]]
