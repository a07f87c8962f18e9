"""The scale of the data: its spectrum, its moments, and the smoothing they suggest."""

import itertools

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, eigsh

from docclust import engine, kernels
from docclust.gaussian import Target

# Lanczos is asked for no more eigenvalues than these; random vectors and steps of each for the density otherwise.
LANCZOS_UP_TO = 32
PROBES = 8
QUADRATURE_STEPS = 30
# Documents that one worker multiplies at a time.
PRODUCT_ROWS = 4096
# Relative to the mean variance of a word; and to its mean square, of which a few of the last digits are not known.
LEAST_SMOOTHING = 1e-9
ROUNDING = 4 * np.finfo(float).eps


def spectrum(X: sp.csr_array | kernels.Prepared, k: int, n_jobs: int | None = None) -> np.ndarray:
    """The k largest eigenvalues of the covariance of the rows, largest first, without forming it.

    By Lanczos up to 32 of them, to a relative 1e-3 or better. Beyond that by `_spectral_density`: the first to single
    precision, those from the 33rd to the 500th within 5 %, 14 % and 7 % on BBC, Reuters R8 and 20,000 package
    descriptions (more where they fall steeply with rank), and those between only roughly.
    """
    # X: (n, v) CSR, or what `prepare` made of it -> (min(k, n, v),)
    rows = X if isinstance(X, kernels.Prepared) else kernels.prepare(X)
    X = rows.rows
    n, v = X.shape
    mean = kernels.power_sums(X)[0] / n
    k = min(k, n, v)
    if k >= min(n, v) - 1 or min(n, v) <= 64:
        # Too small for Lanczos: the smaller of X'X and XX', centred, has min(n, v) rows.
        gram = (X.T @ X if v <= n else X @ X.T).toarray()
        if v <= n:
            covariance = gram / n - np.outer(mean, mean)
        else:
            centring = np.eye(n) - 1 / n
            covariance = centring @ gram @ centring / n
        return np.maximum(np.linalg.eigvalsh(covariance)[::-1][:k], 0)
    if k > LANCZOS_UP_TO:
        return _spectral_density(rows, mean, k, n_jobs)
    kind = np.float32 if rows.near_origin else np.float64
    # By a power of two, which changes no digit: single precision holds no number below 1e-38, ARPACK none of its steps.
    scale = 2.0 ** np.round(np.log2(np.sqrt(X.data @ X.data / max(X.nnz, 1)) or 1.0))
    mean = (mean / scale).astype(kind)
    X = sp.csr_array(((X.data / scale).astype(kind), X.indices, X.indptr), shape=X.shape)
    product = LinearOperator((v, v), matvec=lambda u: X.T @ (X @ u) / kind(n) - mean * (mean @ u), dtype=kind)
    # A fixed first vector: ARPACK would otherwise draw one from the global random state.
    first = np.random.RandomState(0).uniform(-1, 1, v).astype(kind)
    found = eigsh(product, k=k, v0=first, tol=1e-2, return_eigenvectors=False)[::-1].astype(float)
    return np.maximum(found, 0) * scale**2


def _spectral_density(rows: kernels.Prepared, mean: np.ndarray, k: int, n_jobs: int | None) -> np.ndarray:
    """The k largest eigenvalues where their number below any value is estimated from random vectors.

    Stochastic Lanczos quadrature (Lin, Saad & Yang 2016, section 3.2). The count above an eigenvalue of rank k has a
    standard deviation of at most sqrt(2 k / PROBES).
    """
    # rows: of (n, v); mean: (v,), in the order of their words -> (k,)
    v = mean.size
    probes = np.random.RandomState(0).choice([-1.0, 1.0], (v, PROBES)) / np.sqrt(v)
    diagonals, offs = _lanczos(probes, rows, mean, n_jobs)
    T = np.zeros((PROBES, QUADRATURE_STEPS, QUADRATURE_STEPS))
    at = np.arange(QUADRATURE_STEPS)
    T[:, at, at] = diagonals.T
    T[:, at[1:], at[:-1]] = offs[:-1].T  # eigh reads the lower triangle
    nodes, vectors = np.linalg.eigh(T)
    weights = vectors[:, 0] ** 2 * (v / PROBES)
    order = np.argsort(-nodes, axis=None)
    nodes, weights = nodes.ravel()[order], weights.ravel()[order]
    found = np.interp(np.arange(k) + 0.5, np.cumsum(weights) - weights / 2, nodes)
    found[0] = nodes[0]  # Lanczos finds the largest one itself
    return np.maximum(found, 0)


def _lanczos(
    basis: np.ndarray, rows: kernels.Prepared, mean: np.ndarray, n_jobs: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """The diagonals of the tridiagonal matrices of some first vectors, and the lines beside them."""
    # basis: (v, m); rows: of (n, v) -> (steps, m), (steps, m)
    (n, v), m = rows.rows.shape, basis.shape[1]
    scores, following = np.empty((n, m)), np.empty((v, m))
    basis, before, off, along = basis.copy(), np.zeros((v, m)), np.zeros(m), mean @ basis
    documents = engine.blocks(rows.rows, PRODUCT_ROWS)
    diagonals, offs = [], []
    with engine.threads(n_jobs) as share_out:
        for _ in range(QUADRATURE_STEPS):
            for pieces, columns, found in ((documents, basis, scores), (rows.words, scores, following)):
                ends = np.cumsum([piece.shape[0] for piece in pieces])[:-1]
                parts = list(zip(pieces, np.split(found, ends), strict=True))
                many = engine.workers(n_jobs)  # more when others have ended
                # Frequent words stand together, and take longer.
                lists = [parts[first::many] for first in range(many)]
                list(share_out(_multiply, lists, itertools.repeat(columns)))
            diagonal, off, along = kernels.recur(following, basis, before, off, mean, along, n)
            diagonals.append(diagonal)
            offs.append(off)
            before, basis, following = basis, following, before
    return np.array(diagonals), np.array(offs)


def _multiply(parts: list[tuple[sp.csr_array, np.ndarray]], columns: np.ndarray) -> None:
    """Several products in one go: to hand over each takes as long as to make it."""
    for piece, found in parts:
        kernels.multiply(piece, columns, found)


def cooling_schedule(first: float, last: float, steps: int) -> np.ndarray:
    """Smoothing by iteration: geometric from `first` to `last` in `steps` iterations, then `last` for ever."""
    return np.geomspace(max(first, last), last, steps) if steps > 1 and last > 0 else np.full(1, last)


def least_smoothing(X: sp.csr_array) -> float:
    """A variance that is nothing on the scale of X, and yet not zero: for data that do not vary."""
    return _least(*kernels.power_sums(X), X.shape[0])


def corpus_moments(X: sp.csr_array) -> Target:
    """Mean and variance of every word over all documents, the target of Bayesian smoothing; no variance is zero."""
    # X: (n, v) CSR -> (v, 1), (v, 1)
    sums, squares = kernels.power_sums(X)
    mean, square = sums[:, None] / X.shape[0], squares[:, None] / X.shape[0]
    return Target(mean, np.maximum(square - mean**2, _least(sums, squares, X.shape[0])))


def _least(sums: np.ndarray, squares: np.ndarray, n: int) -> float:
    # sums, squares: (v,)
    mean, mean_square = sums / n, squares.sum() / (n * squares.size)
    variance = max(mean_square - mean @ mean / mean.size, 0.0)
    return float(max(LEAST_SMOOTHING * variance, ROUNDING * mean_square)) or LEAST_SMOOTHING
