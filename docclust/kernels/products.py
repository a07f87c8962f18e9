"""Sums over sparse rows, products with a few dense columns, and the recurrence of Lanczos on these, compiled."""

import numpy as np
import scipy.sparse as sp

from docclust.compiling import compiled
from docclust.gaussian import TINY
from docclust.kernels.lanes import add_multiples

_index = np.uintp


def multiply(X: sp.csr_array, columns: np.ndarray, found: np.ndarray) -> None:
    """Put X @ columns into `found`."""
    # X: (n, v) CSR; columns: (v, m), found: (n, m), contiguous
    _multiply(X.indptr, X.indices, X.data, columns.ravel(), columns.shape[1], found.ravel())


@compiled()
def _multiply(indptr, indices, data, columns, width, found):
    one, two, three, four, m = _index(1), _index(2), _index(3), _index(4), _index(width)
    found[:] = 0.0
    for i in range(_index(indptr.size - 1)):
        p, end = _index(indptr[i]), _index(indptr[i + one])
        while p + four <= end:
            j0, j1, j2, j3 = indices[p], indices[p + one], indices[p + two], indices[p + three]
            places = _index(j0) * m, _index(j1) * m, _index(j2) * m, _index(j3) * m
            add_multiples(found, i * m, m, columns, places, (data[p], data[p + one], data[p + two], data[p + three]))
            p += four
        while p < end:
            add_multiples(found, i * m, m, columns, (_index(indices[p]) * m,), (data[p],))
            p += one


def power_sums(X: sp.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """The sums of every column and of its squares, with no copy of the matrix."""
    # X: (n, v) CSR -> (v,), (v,)
    first, second = np.zeros((2, X.shape[1]))
    _add_powers(X.indices, X.data, first, second)
    return first, second


@compiled()
def _add_powers(indices, data, first, second):
    for p in range(_index(indices.size)):
        j, x = _index(indices[p]), data[p]
        first[j] += x
        second[j] += x * x


def recur(
    found: np.ndarray, basis: np.ndarray, before: np.ndarray,
    off: np.ndarray, mean: np.ndarray, along: np.ndarray, n: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Make the next vectors of Lanczos of what n rows, and then their transpose, make of the last ones, in place.

    found, basis, before : (v, m), the product, the last vectors, and those before
    off, along : (m,), how long the last ones were, and their products with the mean (v,) of the rows
    What is returned is the products of covariance and last vectors with these, and the same two of the next ones.
    """
    diagonal, length, following = np.zeros((3, off.size))
    _recur(found, basis, before, off, mean, along, 1 / n, diagonal, length, following)
    return diagonal, length, following


@compiled()
def _recur(found, basis, before, off, mean, along, inverse, diagonal, length, following):
    v, m = found.shape
    for j in range(v):
        for c in range(m):
            found[j, c] = inverse * found[j, c] - off[c] * before[j, c] - mean[j] * along[c]
            diagonal[c] += found[j, c] * basis[j, c]
    for j in range(v):
        for c in range(m):
            found[j, c] -= diagonal[c] * basis[j, c]
            length[c] += found[j, c] * found[j, c]
    for c in range(m):
        length[c] = np.sqrt(length[c])
    for j in range(v):
        for c in range(m):
            found[j, c] /= max(length[c], TINY)
            following[c] += mean[j] * found[j, c]
