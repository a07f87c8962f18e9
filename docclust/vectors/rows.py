"""Values that stand row after row -> sums of the rows, and CSR arrays. The arithmetic the other modules here share."""

import numpy as np
import scipy.sparse as sp


def run_sums(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Sums over consecutive runs of an array, runs of no values included."""
    # values: (t,); lengths: (n,), summing to t -> (n,)
    sums = np.zeros(len(lengths), dtype=np.result_type(values, np.int64))
    # reduceat gives an empty run its first neighbour, so it sees only the others.
    filled = lengths > 0
    if filled.any():
        starts = np.cumsum(lengths)[filled] - lengths[filled]
        sums[filled] = np.add.reduceat(values, starts, dtype=sums.dtype)
    return sums


def counted(numbers: np.ndarray, lengths: np.ndarray, n_columns: int, times: np.ndarray | None = None) -> sp.csr_array:
    """How often each row holds each number, or the sum of `times` where a number stands for several.

    Takes `numbers` and `times` over and overwrites them: at this size a copy is worth avoiding.
    """
    # numbers, times: (t,), the numbers in [0, n_columns); lengths: (n,), summing to t -> (n, n_columns) CSR int32
    # 32-bit positions wherever they suffice: half the memory, and what compiled code downstream is fastest with.
    positions = np.int32 if len(numbers) < 2**31 else np.int64
    indptr = np.zeros(len(lengths) + 1, dtype=positions)
    np.cumsum(lengths, out=indptr[1:])
    if times is None:
        times = np.ones(len(numbers), dtype=np.int32)
    rows = sp.csr_array((times, numbers.astype(positions, copy=False), indptr), shape=(len(lengths), n_columns))
    rows.sum_duplicates()
    return rows
