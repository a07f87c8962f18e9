"""Which clusters are near each other, and the E-step of documents over the clusters near their own.

With many clusters most cannot win a document. Those that share documents with its cluster, softly, are the ones that
can; the others are left out for an iteration, as if their responsibility were zero. With q the responsibilities of
the clusters looked at, F(q, parameters) <= objective (Neal & Hinton 1998, section 2; truncated EM of Lücke & Eggert
2010), so the objective that such a step states is a lower bound, and no step after it lowers it.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from docclust.kernels import nearby
from docclust.kernels.expectation import scratch
from docclust.kernels.joining import together
from docclust.kernels.records import Compact, Expectation, Responsibilities
from docclust.kernels.steps import NOTHING, sums
from docclust.kernels.weighting import EQUAL, Weighting

# Documents of a group have at most so many weights, and at most so many for all near clusters, unless there is only one
# document: its table then fits the cache, and memory.
GROUP_NONZEROS = 32_768
GROUP_NUMBERS = 2**19
# Groups that one call works on have about so many weights.
PIECE_NONZEROS = 200_000
# A cluster that has seen more than one word in so many has numbers for all: those of a table are then looked up. On 20
# Newsgroups in 500 clusters 14 hold most documents and 14,000 words each, and are near to most others.
WIDE_FROM = 4
# What was shared an iteration ago counts this much less than what is shared now.
FADING = 0.5


@dataclass(frozen=True)
class Near:
    """The clusters near every cluster, itself included: those of cluster c are clusters[starts[c]:starts[c + 1]]."""

    starts: np.ndarray
    clusters: np.ndarray


@dataclass(frozen=True)
class Seen:
    """Pairs by cluster, with one or two numbers each.

    wide_of, wide : of a cluster that has many words its place in the rows of `wide`, or -1; a row is of a word, and has
        the numbers of all these clusters
    starts, words, numbers : another cluster c has words[starts[c]:starts[c + 1]], in order, and their numbers, but for
        words that all clusters have
    """

    wide_of: np.ndarray
    wide: np.ndarray
    starts: np.ndarray
    words: np.ndarray
    numbers: np.ndarray

    @property
    def n_wide(self) -> int:
        """Clusters that have many words."""
        return int(self.wide_of.max()) + 1


@dataclass(frozen=True)
class Piece:
    """Some documents (m,), cluster by cluster, and their groups (g, 3): first, last, and cluster."""

    documents: np.ndarray
    groups: np.ndarray


def shared_documents(labels: np.ndarray, r: Responsibilities, before: sp.csr_array | None, k: int) -> sp.csr_array:
    """Responsibility that the documents of every cluster give to every other; what was before fades."""
    # labels: (n,) -> (k, k) CSR
    n = labels.size
    belongs = sp.csr_array((np.ones(n), (labels, np.arange(n))), shape=(k, n))
    shares = r.shares.astype(float), r.listed.astype(np.int32), r.starts.astype(np.int64)
    shared = belongs @ sp.csr_array(shares, shape=(n, k))
    return sp.csr_array(shared if before is None else shared + FADING * before)


def near(shared: sp.csr_array, at_most: int, lost: float) -> Near:
    """The clusters with which each shares most: as many as hold all but a share `lost` of its documents, or at most."""
    # shared: (k, k) CSR
    k = shared.shape[0]
    found = []
    for c in range(k):
        line = slice(shared.indptr[c], shared.indptr[c + 1])
        others, shares = shared.indices[line], shared.data[line]
        order = np.lexsort((others, -shares))
        rest = np.cumsum(shares[order][::-1])[::-1]
        enough = int(np.count_nonzero(rest > lost * rest[0])) if rest.size else 0
        found.append(np.union1d(others[order[: min(enough, at_most)]], [c]))
    starts = np.cumsum([0] + [one.size for one in found])
    return Near(starts.astype(np.uint64), np.concatenate(found).astype(np.uint32))


def pieces(rows: sp.csr_array, labels: np.ndarray, near: Near) -> list[Piece]:
    """All documents by their clusters, in groups, and these in pieces, whose number does not depend on the workers."""
    # rows: (n, v) CSR; labels: (n,)
    most = np.clip(GROUP_NUMBERS // np.diff(near.starts).astype(np.int64), 1, GROUP_NONZEROS)
    order = np.argsort(labels, kind="stable")
    lengths = np.diff(rows.indptr)[order].astype(np.int64)
    clusters = labels[order]
    changes = np.append(True, clusters[1:] != clusters[:-1])
    # Weights before each document, from the first one of its cluster on.
    before = np.cumsum(lengths) - lengths
    inside = before - before[np.flatnonzero(changes)][np.cumsum(changes) - 1]
    part = inside // most[clusters]
    first = np.flatnonzero(changes | np.append(True, part[1:] != part[:-1]))
    last = np.append(first[1:], labels.size)
    piece = before[first] // PIECE_NONZEROS
    found = []
    for which in np.unique(piece):
        here = piece == which
        begin, end = first[here][0], last[here][-1]
        groups = np.column_stack([first[here] - begin, last[here] - begin, clusters[first[here]]])
        found.append(Piece(order[begin:end], groups))
    return found


def seen_words(c: Compact) -> Seen:
    """The pairs of these coefficients by cluster."""
    pairs, free, n_components = c.pairs, bool(c.free), c.constant.size
    width, n_words, precision = 1 + free, pairs.starts.size - 1, pairs.values.dtype
    sizes = np.bincount(pairs.clusters, minlength=n_components)
    wide_ones = np.flatnonzero(sizes * WIDE_FROM > n_words)
    wide_of = np.full(n_components, -1, dtype=np.int32)
    wide_of[wide_ones] = np.arange(wide_ones.size)
    sizes[wide_ones] = 0
    starts = np.append(0, np.cumsum(sizes))
    words, numbers = np.empty(starts[-1], dtype=np.int32), np.empty(width * starts[-1], dtype=precision)
    found = wide_of, np.zeros(n_words * wide_ones.size * width, dtype=precision), starts, words, numbers
    nearby.turn(pairs.starts, pairs.lists, pairs.clusters, pairs.values, free, wide_ones, *found)
    return Seen(*found)


def expect_near(
    piece: Piece, rows: sp.csr_array, near: Near, seen: Seen, c: Compact, drop: float, bound: float,
    weighting: Weighting = EQUAL, change: np.ndarray = NOTHING,
) -> Expectation:  # fmt: skip
    """E-step over the documents of a piece, in their order there; see `docclust.kernels.expect`.

    change : of every row, added to J of its cluster; or nothing
    """
    k, m = c.constant.size, piece.documents.size
    widths = np.diff(near.starts).astype(np.int64)[piece.groups[:, 2]]
    lengths = np.diff(rows.indptr)[piece.documents]
    document_weights, before = weighting.of(lengths), np.append(0, np.cumsum(lengths))
    width = int(widths.max())
    room = int(((piece.groups[:, 1] - piece.groups[:, 0]) * widths).sum())
    most = int((before[piece.groups[:, 1]] - before[piece.groups[:, 0]]).max())
    most = min(most, rows.shape[1])
    starts, counts = np.zeros(m + 1, dtype=np.uint64), np.zeros(k)
    precision = c.pairs.values.dtype
    clusters, shares = np.empty(room, dtype=np.uint32), np.empty(room, dtype=precision)
    labels, largest, largest_joint = np.empty((m, 1), dtype=np.int32), *np.empty((2, m, 1))
    J, _, *tile = scratch(lengths, width, 0)
    table = np.empty(most * width * (2 if c.free else 1), dtype=precision)
    found = np.full(rows.shape[1], -1, dtype=np.int32), np.empty(most, dtype=np.uintp)
    here = np.empty(1 + int(np.diff(seen.starts).max()), dtype=np.uintp)
    nearby.expect_near(
        0, piece.documents, piece.groups, near.starts, near.clusters,
        seen.n_wide, seen.wide_of, seen.wide, seen.starts, seen.words, seen.numbers,
        rows.indptr, rows.indices, rows.data, c.pairs.starts, c.pairs.values, c.free,
        c.common, c.blend, c.scale, c.constant, c.cooling, drop,
        document_weights, change, J, *tile, *found, here, table, np.empty(most),
        np.empty(c.blend.shape[0] * width), np.empty(width, dtype=np.int32),
        starts, clusters, shares, labels, largest, counts, largest_joint,
    )  # fmt: skip
    kept = clusters[: starts[-1]].copy(), shares[: starts[-1]].copy()
    responsibilities = Responsibilities(starts, *kept, document_weights)
    return Expectation(responsibilities, labels, counts, *sums(largest_joint, document_weights, largest, bound))


def in_order(pieces: list[Piece], parts: list[Expectation]) -> Expectation:
    """The E-step of all pieces as one, with documents in the order of the rows."""
    found = together(parts)
    documents = np.concatenate([piece.documents for piece in pieces])
    lengths = np.diff(found.responsibilities.starts).astype(np.int64)
    of_rows = np.empty_like(lengths)
    of_rows[documents] = lengths
    starts = np.append(0, np.cumsum(of_rows))
    # Where each number of the pieces goes.
    to = np.repeat(starts[documents] - (np.cumsum(lengths) - lengths), lengths) + np.arange(starts[-1])
    labels, clusters = np.empty_like(found.labels), np.empty_like(found.responsibilities.clusters)
    shares, weights = np.empty_like(found.responsibilities.shares), np.empty(documents.size)
    labels[documents], weights[documents] = found.labels, found.responsibilities.weights
    clusters[to], shares[to] = found.responsibilities.clusters, found.responsibilities.shares
    responsibilities = Responsibilities(starts.astype(np.uint64), clusters, shares, weights)
    return replace(found, labels=labels, responsibilities=responsibilities)
