"""The plane in which documents and clusters are drawn: a linear projection that keeps the clusters apart.

Because it is linear, a Gaussian stays a Gaussian: cluster k, with mean m_k and variances v_k, is drawn as the ellipse
of mean P' m_k and covariance P' diag(v_k) P. Nothing here reads a text or draws.
"""

import numpy as np

STEPS = 200
STARTS = 8
LEAST_STEP = 1e-6
TINY = np.finfo(float).tiny


def plane(weights: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Directions in which the clusters overlap least.

    With the variance within clusters w = sum_k pi_k v_k, maximises over P, under P' diag(w) P = I,

        sum over pairs of pi_k pi_l ln(1 + |P' (m_k - m_l)|^2)

    by gradient ascent from the leading discriminants (Fisher 1936) and a few fixed other starts. The logarithm counts
    a pair that is apart already for little, where the discriminants spend the plane on the few clusters farthest out.
    The axes are the principal axes of the projected means, and cluster 0 lies on the positive side of both.

    Parameters
    ----------
    weights : array of shape (k,)
    means, variances : arrays of shape (k, v)

    Returns
    -------
    array of shape (v, 2)
    """
    # Everything happens in the span of the whitened means, of dimension r < k.
    scale = np.sqrt(np.maximum(weights @ variances, TINY))
    whitened = means - weights @ means
    whitened /= scale
    values, vectors = np.linalg.eigh(whitened @ whitened.T)
    kept = np.flatnonzero(values > 1e-10 * max(values[-1], TINY))[::-1]
    Y = vectors[:, kept] * np.sqrt(values[kept])
    basis = vectors[:, kept] / np.sqrt(values[kept])
    pairs = np.outer(weights, weights)
    U = _ascend(Y, pairs) if len(kept) > 2 else np.eye(len(kept), 2)
    U = U @ _principal_axes(Y @ U, weights)
    Q = whitened.T @ (basis @ U)
    P = _completed(Q, variances.shape[1], weights @ variances) / scale[:, None]
    return P * np.where(means[0] @ P < weights @ means @ P, -1.0, 1.0)


def ellipses(P: np.ndarray, means: np.ndarray, variances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres and covariances of diagonal Gaussians in the plane: P' m_k and P' diag(v_k) P."""
    # P: (v, 2); means, variances: (k, v) -> (k, 2), (k, 2, 2)
    products = np.stack([P[:, 0] ** 2, P[:, 0] * P[:, 1], P[:, 1] ** 2], axis=1)
    xx, xy, yy = (variances @ products).T
    return means @ P, np.stack([xx, xy, xy, yy], axis=1).reshape(-1, 2, 2)


def _ascend(Y: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    # Y: (k, r); pairs: (k, k) -> (r, 2) with orthonormal columns
    rng = np.random.RandomState(0)
    starts = [np.eye(Y.shape[1], 2), *(np.linalg.qr(rng.normal(size=(Y.shape[1], 2)))[0] for _ in range(STARTS))]
    return max((_ascended(Y, pairs, U) for U in starts), key=lambda U: _spread(Y @ U, pairs))


def _ascended(Y: np.ndarray, pairs: np.ndarray, U: np.ndarray) -> np.ndarray:
    best, step = _spread(Y @ U, pairs), 1.0
    for _ in range(STEPS):
        pull = pairs / (1 + _square_distances(Y @ U))
        gradient = Y.T @ (pull.sum(axis=1)[:, None] * (Y @ U) - pull @ (Y @ U))
        gradient /= max(np.linalg.norm(gradient), TINY)
        tried = np.linalg.qr(U + step * gradient)[0]
        reached = _spread(Y @ tried, pairs)
        if reached > best:
            U, best, step = tried, reached, 1.2 * step
        else:
            step /= 2
            if step < LEAST_STEP:
                break
    return U


def _spread(Z: np.ndarray, pairs: np.ndarray) -> float:
    return float(np.sum(pairs * np.log1p(_square_distances(Z))))


def _square_distances(Z: np.ndarray) -> np.ndarray:
    squares = np.einsum("kr,kr->k", Z, Z)
    return np.maximum(squares[:, None] + squares - 2 * Z @ Z.T, 0)


def _principal_axes(Z: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.linalg.eigh(Z.T @ (weights[:, None] * Z))[1][:, ::-1]


def _completed(Q: np.ndarray, v: int, within: np.ndarray) -> np.ndarray:
    """Two columns: with two clusters or one, the words of the largest variance stand for what is missing."""
    kept = [q for q in Q.T if np.linalg.norm(q) > 0.5]
    for word in np.argsort(-within, kind="stable"):
        if len(kept) == 2:
            break
        unit = np.zeros(v)
        unit[word] = 1.0
        unit -= sum((q[word] * q for q in kept), np.zeros(v))
        if np.linalg.norm(unit) > 1e-3:
            kept.append(unit / np.linalg.norm(unit))
    return np.stack([*kept, *[np.zeros(v)] * (2 - len(kept))], axis=1)
