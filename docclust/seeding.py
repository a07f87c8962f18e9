"""Where EM starts: an assignment of every document to one of K clusters.

Seeds are documents; `kmeans` moves them by a few steps before EM sees them, since k-means++ alone picks isolated
documents. Rows of length one, as TF-IDF rows are, take spherical steps (cosine); other data take Euclidean ones.
"""

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import kmeans_plusplus

METHODS = ("random", "k-means++", "kmeans")
ASSIGN_ROWS = 4096


def start(X: sp.csr_array, n_components: int, method: str, steps: int, rng: np.random.RandomState) -> np.ndarray:
    """A starting label for every document.

    Parameters
    ----------
    X : CSR of shape (n, v)
    method : {"random", "k-means++", "kmeans"}
        Distinct documents drawn evenly; drawn by squared distance (Arthur & Vassilvitskii 2007, section 2.2);
        the latter followed by `steps` steps of k-means (Dhillon & Modha 2001 for rows of length one).

    Returns
    -------
    labels : int array of shape (n,), in [0, n_components); every label occurs at least once if the seeds differ.
    """
    if method == "random":
        seeds = _distinct_rows(X, n_components, rng)
    else:
        seeds = kmeans_plusplus(X, n_components, random_state=rng)[1]
    centres = np.ascontiguousarray(X[seeds].toarray().T)
    spherical = has_unit_rows(X)
    labels = assign(X, centres, spherical)
    for _ in range(steps if method == "kmeans" else 0):
        centres = _centres(X, labels, centres, spherical)
        previous, labels = labels, assign(X, centres, spherical)
        if np.array_equal(previous, labels):
            break
    return labels


def has_unit_rows(X: sp.csr_array) -> bool:
    """Whether every row that is not empty has length one."""
    lengths = np.sqrt(X.multiply(X).sum(axis=1))
    return bool(np.all((np.abs(lengths - 1) < 1e-6) | (lengths == 0)))


def assign(X: sp.csr_array, centres: np.ndarray, spherical: bool) -> np.ndarray:
    """The nearest centre of every row, ties to the lowest number."""
    # X: (n, v) CSR; centres: (v, k) -> (n,)
    offset = 0.0 if spherical else 0.5 * np.einsum("vk,vk->k", centres, centres)
    pieces = [(X[i : i + ASSIGN_ROWS] @ centres - offset).argmax(axis=1) for i in range(0, X.shape[0], ASSIGN_ROWS)]
    return np.concatenate(pieces)


def _centres(X: sp.csr_array, labels: np.ndarray, previous: np.ndarray, spherical: bool) -> np.ndarray:
    # X: (n, v) CSR; labels: (n,); previous: (v, k) -> (v, k). A centre without documents stays where it was.
    n, k = X.shape[0], previous.shape[1]
    membership = sp.csr_array((np.ones(n), labels, np.arange(n + 1)), shape=(n, k))
    sums = (X.T @ membership).toarray()
    sizes = np.linalg.norm(sums, axis=0) if spherical else np.bincount(labels, minlength=k).astype(float)
    return np.where(sizes > 0, sums / np.where(sizes > 0, sizes, 1), previous)


def _distinct_rows(X: sp.csr_array, k: int, rng: np.random.RandomState) -> np.ndarray:
    chosen: dict[bytes, int] = {}
    for row in rng.permutation(X.shape[0]):
        chosen.setdefault(row_key(X, row), row)
        if len(chosen) == k:
            break
    return np.array(list(chosen.values()))


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
