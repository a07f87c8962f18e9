"""Rows -> those that count, where many are copies of others: a text sent a hundred times is one that was written once.

Copies are alike without a topic: EM makes clusters of them, and halves and starts that agree on them agree on nothing.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

# Rows of fewer words may be the same without being copies: of what people say to a house 59 % is said by another, too
# ("lights off"). With all of them counted once NMI is 0.63, and 0.66 as they are; emoji 0.39 and 0.46, descriptions of
# drivers 0.48 and 0.50 (three seeds). NMI of 5,000 texts, most of them copies, three samples, with 8, 10 and 12 words:
# AG News 0.548, 0.529, 0.454; 20 Newsgroups 0.513, 0.495, 0.468; Reuters R8 0.544, 0.541, 0.535.
LEAST_WORDS = 8
# Where a row has fewer copies in the mean, all count. Of 2,500 documents some were drawn again, up to 20 times. NMI as
# they are, and counted once, four samples, with one document in twenty a copy (a row has half a one in the mean), and
# with three in ten: AG News 0.469 and 0.591, 0.319 and 0.558; Reuters R8 0.561 and 0.605, 0.512 and 0.558; BBC 0.810
# and 0.900 with one in ten; mails to lists 0.659 and 0.633, 0.594 and 0.625. Pairs do little: BBC has 108 as it is, a
# tenth of a copy in the mean, 0.902 and 0.903.
LEAST_COPIES = 0.25
# The Jaccard index of copies where it is asked for that they count once. By "auto" rows must be equal: who changes a
# text may mean it. With 0.75 fifteen corpora of packages gain 0.05 (functions of SciPy) or lose 0.18 (parts of
# cells), and lose 0.005 in the mean, two seeds; and spam, which is what is sent round with small changes, is not found.
# So many words must be shared, or all.
ALIKE = 0.75
ALIKE_FROM = 12
# Where a row has so many rows nearly the same in the mean, a run says so.
MANY_ALIKE = 1.0
# Rankings of words in a band, and bands.
BAND_ROWS = 4
BANDS = 8


@dataclass(frozen=True)
class Copies:
    """Which rows count.

    first : (m,), the first row of each kind, in order; or None where every row counts
    of : (n,), of every row the place of its kind in `first`
    """

    first: np.ndarray | None = None
    of: np.ndarray | None = None

    def counted(self, values: sp.csr_array | np.ndarray) -> sp.csr_array | np.ndarray:
        """Of all rows those that count: (n, ...) -> (m, ...)."""
        return values if self.first is None else values[self.first]

    def everywhere(self, values: np.ndarray) -> np.ndarray:
        """What holds for rows that count, for all: (..., m) -> (..., n)."""
        return values if self.of is None else values[..., self.of]


def find_copies(X: sp.csr_array, copies: str, n_components: int) -> Copies:
    """Which rows of X count: all with ``each``, or where fewer than K were left; see `SparseGaussianMixture`."""
    # X: (n, v) CSR
    if copies == "each":
        return Copies()
    kinds, least_copies = (_equal(X), LEAST_COPIES) if copies == "auto" else (_nearly_equal(X, 1), 0.0)
    first, of, sizes = np.unique(kinds, return_inverse=True, return_counts=True)
    few = first.size == X.shape[0] or sizes @ (sizes - 1) < least_copies * X.shape[0]
    return Copies() if few or first.size < n_components else Copies(first, of)


def nearly_the_same(X: sp.csr_array) -> int:
    """How many rows have nearly the words of one before them, where that is many; else 0."""
    # X: (n, v) CSR
    sizes = np.unique(_nearly_equal(X, LEAST_WORDS), return_counts=True)[1]
    return X.shape[0] - sizes.size if sizes @ (sizes - 1) >= MANY_ALIKE * X.shape[0] else 0


def _equal(X: sp.csr_array) -> np.ndarray:
    """Of every row the first that is equal; itself, where there is none or it has few words."""
    # X: (n, v) CSR -> (n,)
    kinds, rows = np.arange(X.shape[0]), np.flatnonzero(np.diff(X.indptr) >= LEAST_WORDS)
    known: dict[int, int] = {}
    kinds[rows] = [known.setdefault(hash(row_key(X, row)), row) for row in rows.tolist()]
    return kinds


def _nearly_equal(X: sp.csr_array, least_words: int) -> np.ndarray:
    """Of every row the first that has nearly its words; itself, where there is none or it has fewer words than told."""
    # X: (n, v) CSR -> (n,)
    kinds, rows = np.arange(X.shape[0]), np.flatnonzero(np.diff(X.indptr) >= least_words)
    if not rows.size:
        return kinds
    for row, candidates in zip(rows, rows[_first_alike(X, rows)], strict=True):
        for first in dict.fromkeys(kinds[candidates[candidates < row]].tolist()):
            if _are_alike(_words(X, row), _words(X, first)):
                kinds[row] = first
                break
    return kinds


def _first_alike(X: sp.csr_array, rows: np.ndarray) -> np.ndarray:
    """The first of these rows with the same words of least rank, by several rankings: (m, BANDS) places in `rows`.

    Min-wise hashing (Broder 1997), in bands: rows that share three words of four have it in common with 0.95.
    """
    # X: (n, v) CSR; rows: (m,)
    rng, found = np.random.RandomState(0), np.empty((rows.size, BANDS), dtype=np.intp)
    ends = np.column_stack([X.indptr[rows], X.indptr[rows + 1]]).ravel()
    for band in range(BANDS):
        least = np.empty((rows.size, BAND_ROWS), dtype=np.int32)
        for i in range(BAND_ROWS):
            ranks = np.append(rng.permutation(X.shape[1]).astype(np.int32)[X.indices], 0)
            least[:, i] = np.minimum.reduceat(ranks, ends)[::2]
        _, first, kind = np.unique(
            least.view(np.dtype((np.void, least.itemsize * BAND_ROWS))).ravel(), return_index=True, return_inverse=True
        )
        found[:, band] = first[kind]
    return found


def _words(X: sp.csr_array, row: int) -> np.ndarray:
    return X.indices[X.indptr[row] : X.indptr[row + 1]]


def _are_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two rows of these words have a Jaccard index of 0.75; those that share few words must be the same."""
    both = np.intersect1d(one, other, assume_unique=True).size
    return both >= (ALIKE if both >= ALIKE_FROM else 1.0) * (one.size + other.size - both)


def row_key(X: sp.csr_array, row: int) -> bytes:
    """Bytes that are equal exactly for rows with the same words and weights."""
    where = slice(X.indptr[row], X.indptr[row + 1])
    return X.indices[where].tobytes() + b"/" + X.data[where].tobytes()


def n_distinct_rows(X: sp.csr_array, enough: int) -> int:
    """How many rows differ from each other; counting stops at `enough`."""
    seen: set[int] = set()
    for row in range(X.shape[0]):
        seen.add(hash(row_key(X, row)))
        if len(seen) >= enough:
            break
    return len(seen)
