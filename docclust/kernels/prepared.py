"""A matrix as the steps read it: rows for the E-step, its transpose in blocks for the M-step."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from docclust.kernels.products import power_sums

# From so many clusters on parameters are held in single precision: they are most of what an E-step reads, and of the
# memory. With fewer it gains nothing.
SINGLE_FROM = 16
# At most: more than there are workers, so that the last of them do not wait long for each other.
WORD_BLOCKS = 16
# At least, in weights: a block has work enough to hide what it costs to start it.
BLOCK_NONZEROS = 100_000
# A word costs as much as so many of its weights, whose documents are read in order where it is frequent.
WORD_WORK = 10


@dataclass(frozen=True)
class Prepared:
    """Rows with the most frequent words first, and the new place of every word.

    rows : CSR of shape (n, v); place : (v,)
    """

    rows: sp.csr_array
    place: np.ndarray

    @cached_property
    def columns(self) -> sp.csr_array:
        """The transposed matrix, made when it is first asked for."""
        return self.rows.T.tocsr()

    @cached_property
    def words(self) -> list[sp.csr_array]:
        """The same in blocks of words."""
        return word_blocks(self.columns)

    @cached_property
    def order(self) -> np.ndarray:
        """The old place of every word: (v,)."""
        return np.argsort(self.place)

    @cached_property
    def near_origin(self) -> bool:
        """Whether rows lie about the origin, as texts do; far from it, single precision loses what sets them apart."""
        sums, squares = power_sums(self.rows)
        return bool(sums @ sums < 0.5 * squares.sum() * self.rows.shape[0])

    def precision(self, n_components: int) -> type:
        """How parameters and responsibilities are held; sums are always double."""
        return np.float32 if n_components >= SINGLE_FROM and self.near_origin else np.float64

    def every(self, stride: int) -> "Prepared":
        """The same with one document in so many."""
        return self if stride <= 1 else Prepared(self.rows[::stride], self.place)


def prepare(X: sp.csr_array) -> Prepared:
    """What `docclust.em.fit` makes of a matrix; to be made once for several fits."""
    # X: (n, v) CSR
    return Prepared(*frequent_first(X))


def word_blocks(columns: sp.csr_array) -> list[sp.csr_array]:
    """A transposed matrix in blocks of about equal work, whose number does not depend on the workers."""
    # columns: (v, n) CSR
    n_words = columns.shape[0]
    n_blocks = min(WORD_BLOCKS, 1 + columns.nnz // BLOCK_NONZEROS)
    work = columns.indptr + WORD_WORK * np.arange(n_words + 1)
    stops = np.unique(np.searchsorted(work, np.linspace(0, work[-1], n_blocks + 1)[1:-1]))
    edges = [0, *stops[(stops > 0) & (stops < n_words)].tolist(), n_words]
    return [view(columns, first, last) for first, last in itertools.pairwise(edges)]


def view(X: sp.csr_array, start: int, stop: int) -> sp.csr_array:
    """Some consecutive rows, which share the memory of the matrix."""
    first, last = X.indptr[start], X.indptr[stop]
    block = sp.csr_array((stop - start, X.shape[1]), dtype=X.dtype)
    # Set one by one: the constructor would copy a small slice of a large array.
    block.data, block.indices, block.indptr = (
        X.data[first:last],
        X.indices[first:last],
        X.indptr[start : stop + 1] - first,
    )
    return block


def frequent_first(X: sp.csr_array) -> tuple[sp.csr_array, np.ndarray]:
    """The same rows with the most frequent words in the first columns, and the new place of every word.

    Most of an E-step then reads a small part of the parameters, which stays in the cache. Rows are not sorted.
    """
    frequency = np.bincount(X.indices, minlength=X.shape[1])
    place = np.empty(X.shape[1], dtype=np.int32)
    place[np.argsort(-frequency, kind="stable")] = np.arange(X.shape[1], dtype=np.int32)
    return sp.csr_array((X.data, place[X.indices], X.indptr), shape=X.shape), place
