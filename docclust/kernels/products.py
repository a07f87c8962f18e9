"""Sparse rows times a few dense columns, compiled."""

import numba
import numpy as np
import scipy.sparse as sp

from docclust.kernels.lanes import add_multiples

_index = np.uintp


def multiply(X: sp.csr_array, columns: np.ndarray, found: np.ndarray) -> None:
    """Put X @ columns into `found`."""
    # X: (n, v) CSR; columns: (v, m), found: (n, m), contiguous
    _multiply(X.indptr, X.indices, X.data, columns.ravel(), columns.shape[1], found.ravel())


@numba.njit(nogil=True, cache=True, error_model="numpy")
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
