"""How far the E-step is from what the machine can do: the bytes it must read, and the multiplications it must do.

Each word of a document costs two multiplications and two additions for every cluster. The bytes are those of the
matrix and of the parameters, each read once. The machine's rates are measured here, by the library that multiplies
matrices: nothing that reads single rows at random comes near them.
"""

import time

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from corpora import markdown
from docclust import em, kernels
from docclust.gaussian import Form
from docclust.mixture import seeding

TIMES = 5
FLOATS, SIDE = 2**26, 2048


def roofline(X: sp.csr_array, clusters: list[int]) -> str:
    """A table: for every K the E-step of the default form by one worker, and the least time it could take."""
    with threadpool_limits(1):
        bandwidth, rate = _bandwidth(), _rate()
        body = [_line(X, k, bandwidth, rate) for k in clusters]
    header = ["K", "E-step, ms", "bytes alone, ms", "arithmetic alone, ms", "times the larger"]
    return (
        f"One worker; the machine reads {bandwidth / 1e9:.1f} GB/s and does {rate / 1e9:.0f} GFLOP/s in single "
        f"precision.\n\n{markdown(header, body)}"
    )


def _line(X: sp.csr_array, k: int, bandwidth: float, rate: float) -> list[str]:
    rows, form = kernels.prepare(X), Form("pooled")
    labels = seeding.start(X, k, "kmeans", 2, np.random.RandomState(0))
    counts = np.bincount(labels, minlength=k).astype(float)
    one_hot = kernels.one_hot(labels, rows.precision(k))
    smoothing = 0.25 * em.spectrum(X, k)[-1]
    parts = [kernels.maximise(block, one_hot, counts, form, smoothing) for block in rows.words]
    compact = kernels.assemble(parts, counts, form, smoothing)
    seconds = _least(lambda: kernels.expect(rows.rows, compact, kernels.DROP, 0.9))
    matrix = X.nnz * (X.data.itemsize + X.indices.itemsize)
    by_bytes = (matrix + compact.pairs.values.nbytes) / bandwidth
    by_rate = 4 * X.nnz * k / rate
    numbers = [seconds, by_bytes, by_rate]
    return [str(k), *(f"{1e3 * number:.1f}" for number in numbers), f"{seconds / max(by_bytes, by_rate):.1f}"]


def _least(what) -> float:
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        what()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _bandwidth() -> float:
    """Bytes a second of a scalar product of two long vectors."""
    one, other = np.ones(FLOATS, dtype=np.float32), np.ones(FLOATS, dtype=np.float32)
    return 2 * one.nbytes / _least(lambda: one @ other)


def _rate() -> float:
    """Multiplications and additions a second of a product of two matrices."""
    one, other = np.ones((SIDE, SIDE), dtype=np.float32), np.ones((SIDE, SIDE), dtype=np.float32)
    return 2 * SIDE**3 / _least(lambda: one @ other)
