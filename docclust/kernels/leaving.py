"""What J of a document's own cluster is without the document: arrays for the compiled loop."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust.gaussian import TINY, Form, Target
from docclust.kernels import removal

# Sizes of clusters at which what unseen words change is measured; where there are more, it is interpolated.
SIZES = 16


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


def influence(
    words: sp.csr_array, members: Members, form: Form, smoothing: float, target: Target, shared: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The part of a block of words: of every document, and of every cluster; see `docclust.kernels.removal`.

    target : of these words; shared : (v,) the variances that clusters share, or empty
    """
    # words: (v, n) CSR -> (n,), (k,)
    k, n = members.counts.size, members.labels.size
    law = _law(form, smoothing, target)
    less = members.less
    inverses = [1 / np.maximum(less + pseudo, TINY) for pseudo in law[0][3:]]
    found, scratch = (np.zeros(n), np.zeros(k)), (np.zeros(k), np.zeros(k), np.full(k, -1), np.empty(k, np.int32))
    removal.influence(
        words.indptr, words.indices, words.data, members.labels, members.weights, members.counts, members.usual, less,
        *inverses, form.covariance == "cosine", *law, shared, *scratch, *np.zeros((3, k)), np.ones(n), *found,
    )  # fmt: skip
    return found


def without(
    parts: list[tuple[np.ndarray, np.ndarray]],
    members: Members,
    form: Form,
    smoothing: float,
    target: Target,
    shared: np.ndarray,
    squares: np.ndarray,
) -> np.ndarray:
    """How much J of its cluster changes when a document is taken out: (n,); nothing where it is the only one there.

    Parameters
    ----------
    parts : what `influence` gives of all blocks of words
    target, shared : of all words, in any order
    squares : (n,), the squared length of every document
    """
    labels, w = members.labels, members.weights
    n, less = members.counts[labels], members.less
    of_documents, of_clusters = (sum(part) for part in zip(*parts, strict=True))
    if form.covariance == "cosine":
        length = of_clusters[labels]
        rest = np.maximum(length - 2 * w * of_documents + w * w * squares, TINY)
        change = (of_documents - w * squares) / np.sqrt(rest) - of_documents / np.sqrt(np.maximum(length, TINY))
        change /= smoothing
    else:
        sizes = np.maximum(members.counts, 2.0)
        at = np.unique(sizes)
        at = at if at.size <= SIZES else np.geomspace(at[0], at[-1], SIZES)
        unseen = np.zeros(at.size)
        removal.of_unseen(at, 1.0, *_law(form, smoothing, target), shared, unseen)
        change = of_documents + w * (of_clusters + np.interp(sizes, at, unseen))[labels]
    pseudo = form.weight_pseudo if form.smoothing == "prior" else 0.0
    change += np.log(np.where(less > 0, less + pseudo, n) / (n + pseudo))
    return np.where(less > 0, change, 0.0)


def _law(form: Form, smoothing: float, target: Target) -> tuple:
    """How the loops estimate a mean and a variance."""
    prior = form.smoothing == "prior"
    pseudo = (form.mean_pseudo, form.variance_pseudo) if prior else (0.0, form.pooled_strength)
    law = float(smoothing), float(form.smoothing == "floor"), float(form.smoothing in ("noise", "add")), *pseudo
    noise = float(smoothing) if form.smoothing == "noise" else 0.0
    return law, noise, np.ascontiguousarray(target.mean[:, 0]), np.ascontiguousarray(target.variance[:, 0])
