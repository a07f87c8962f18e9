"""Clusters in which every document is wherever it would be without itself.

EM converges where each document is nearest to a cluster that it helped to make, and in many dimensions that is nearly
anywhere. So, when it has converged, every document is held against what its own cluster would be without it, goes
where it then belongs, and the clusters are made anew: Hartigan's rule for k-means (Hartigan & Wong 1979; Telgarsky &
Vattani 2010), all documents at once, and with variances and weights too.

It is not for variances that clusters share, unless means have length one. There a mean of few documents is long, and a
document is further from what is left of it by (N / (N - 1))^2: it falls to the largest cluster, whose mean is short.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from docclust import engine, kernels
from docclust.em import maximising
from docclust.em.found import Found
from docclust.em.looking import NEAR_FROM, Looking
from docclust.gaussian import Form, Target
from docclust.kernels import Members, Prepared

# It is repeated while fewer documents move each time, and more than this share of them; so often at most. Without the
# two it gains another 0.001 of NMI on 20 Newsgroups in 20 clusters, in 100 another 0.008, and takes twice the time.
SETTLED_SHARE, MOST_TIMES = 0.01, 8
# Parts of the words over which sums are taken, each of which is as long as there are documents.
PARTS = 4


@dataclass(frozen=True)
class Apart:
    """Documents where they belong without themselves, and the clusters that are made of them there.

    found : the clusters
    members : (n,), the cluster that every document helped to make
    change : (n,), by how much J of that cluster changes when the document is taken out of it, in nats
    labels : (n,), the most likely cluster of every document, which may know it
    objective : of these clusters, in nats over all documents; undecided : documents, as in `Step`
    """

    found: Found
    members: np.ndarray
    change: np.ndarray
    labels: np.ndarray
    objective: float
    undecided: int


def leave_one_out(
    X: Prepared,
    labels: np.ndarray,
    n_components: int,
    *,
    form: Form,
    smoothing: float,
    target: Target,
    weighting: kernels.Weighting,
    precision: type,
    soft: maximising.Soft,
    drops: tuple[float, float],
    undecided_below: float,
    block_rows: int,
    n_jobs: int | None,
) -> Apart:
    """Hold documents against the clusters of `labels` without themselves, and move them, until hardly one moves.

    A cluster keeps its documents where all of them would leave it. With many clusters documents are held against those
    near their own, as while EM is annealed; what is near is told by responsibilities as soft as `soft` says.

    drops : logarithms of the shares below which responsibilities are dropped, soft ones and others
    """
    clusters = _Clusters(X, form, smoothing, target.at(X.order), weighting, precision, n_jobs)
    looking = Looking(n_components, weighting, block_rows, n_jobs)
    responsibilities, moved = None, []
    while _goes_on(moved, labels.size):
        model, change = clusters.of(labels, n_components, soft if n_components >= NEAR_FROM else None)
        near = looking.choose(labels, responsibilities, soft=True)
        given = model.coefficients, drops[0], undecided_below, change / model.temperature
        responsibilities = None  # as large as those to come; so are others that are let go
        found = looking.expect(X.rows, labels, near, *given)
        responsibilities, belong = found.responsibilities, _none_left(labels, found.labels[:, 0], n_components)
        moved.append(int(np.count_nonzero(belong != labels)))
        labels = belong
        del model, given, found
    del responsibilities
    model, change = clusters.of(labels, n_components, None)
    found = looking.expect(X.rows, labels, None, model.coefficients, drops[1], undecided_below)
    objective = float(found.objective[0] + model.log_prior[0])
    known = found.labels[:, 0].copy()
    return Apart(model.found[0].in_order(X.order), labels, change, known, objective, int(found.undecided[0]))


def _goes_on(moved: list[int], n: int) -> bool:
    if len(moved) < 2:
        return not moved or moved[-1] > SETTLED_SHARE * n
    return len(moved) < MOST_TIMES and SETTLED_SHARE * n < moved[-1] < moved[-2]


@dataclass
class _Clusters:
    """What is made of labels: the clusters, who they are of, and what J of them changes without a document."""

    X: Prepared
    form: Form
    smoothing: float
    target: Target
    weighting: kernels.Weighting
    precision: type
    n_jobs: int | None

    def of(self, labels: np.ndarray, k: int, soft: maximising.Soft | None) -> tuple[maximising.Model, np.ndarray]:
        members = Members.of(labels, self.weighting.of(np.diff(self.X.rows.indptr)), k)
        shares = kernels.one_hot(labels, self.precision, k, members.weights)
        law = self.form, self.smoothing, self.target
        given = *law, False, 1.0, soft, 1, self.n_jobs
        model, target = maximising.maximise_all(self.X.words, shares, members.counts, *given)
        del shares
        return model, self._change(members, target)

    def _change(self, members: Members, target: Target) -> np.ndarray:
        X, form, smoothing = self.X, self.form, self.smoothing
        edges = np.cumsum([0] + [block.shape[0] for block in X.words])
        pieces = [
            (block, target.at(np.arange(first, last)))
            for block, (first, last) in zip(X.words, itertools.pairwise(edges), strict=True)
        ]
        pieces = [pieces[part::PARTS] for part in range(min(PARTS, len(pieces)))]
        found = None
        for part in engine.map_blocks(kernels.influence, pieces, members, form, smoothing, n_jobs=self.n_jobs):
            found = part if found is None else found.added(part)
        return kernels.without(found, members, form, smoothing, target)


def _none_left(before: np.ndarray, after: np.ndarray, k: int) -> np.ndarray:
    """The labels after, but those before of clusters that would have lost all their documents."""
    left = (np.bincount(after, minlength=k) == 0)[before]
    return np.where(left, before, after).astype(before.dtype)
