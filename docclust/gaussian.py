"""The two equations of the mixture and their sums: pure functions of arrays.

With documents x observed under noise of variance s on every word, a cluster k with mean m_k and diagonal
variances v_k gives a document the expected log-density

    J_k(x) = log pi_k - 1/2 sum_j [ log(2 pi v_kj) + ((x_j - m_kj)^2 + s) / v_kj ]                            (E)

and the responsibilities are r_k = softmax_k J_k(x). The sums N_k = sum r_k, sum r_k x and sum r_k x^2 determine

    m_k = sum r_k x / N_k,        v_k = sum r_k x^2 / N_k - m_k^2 + s                                         (M)

Both are exact steps for the objective sum_i logsumexp_k J_k(x_i), which therefore never falls. Only the words a
document has are touched: with a = m / v and b = 1 / (2 v), J_k(x) = c_k + sum_j [x_j a_kj - x_j^2 b_kj].

Arrays of parameters are word-major, (v, k): the sparse products then read and write contiguous rows. A variance
array is (v, k), or (v, 1) where the clusters share one. No text, no files, no loop over iterations here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.special import logsumexp

# Guards divisions by the size of a cluster that has lost all its documents.
TINY = np.finfo(float).tiny

SHARED_VARIANCES = ("tied", "isotropic", "cosine")


@dataclass(frozen=True)
class Form:
    """Which variances are free, and how they are kept from zero.

    covariance : own | pooled | tied | isotropic | cosine
    smoothing : noise | add | floor | prior
    pooling, weight_pseudo, mean_pseudo, variance_pseudo : strengths, in pseudo-documents
    """

    covariance: str = "own"
    smoothing: str = "noise"
    pooling: float = 1000.0
    weight_pseudo: float = 1.0
    mean_pseudo: float = 1.0
    variance_pseudo: float = 10.0

    @property
    def pooled_strength(self) -> float:
        """Pseudo-documents of the within-cluster variance that every cluster has."""
        return self.pooling if self.covariance == "pooled" else 0.0

    @property
    def shares_variances(self) -> bool:
        """Whether all clusters have the same variances, so that the second moments never change."""
        return self.covariance in SHARED_VARIANCES


@dataclass(frozen=True)
class Target:
    """What the pseudo-observations look like: a mean (v, 1), and a variance (v, 1), or (v, mixtures) of each."""

    mean: np.ndarray
    variance: np.ndarray

    def at(self, words: np.ndarray) -> "Target":
        """The same for these words, in their order."""
        return Target(self.mean[words], self.variance[words])


@dataclass(frozen=True)
class Parameters:
    """A mixture: weights (k,), means (v, k), variances (v, k) or (v, 1), and the noise the E-step sees."""

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    noise: float

    def at(self, words: np.ndarray) -> "Parameters":
        """The same for these words, in their order."""
        return Parameters(self.weights, self.means[words], self.variances[words], self.noise)

    def numbered(self, order: np.ndarray) -> "Parameters":
        """The same with cluster `order[k]` as k."""
        variances = self.variances[:, order] if self.variances.shape[1] > 1 else self.variances
        return Parameters(self.weights[order], self.means[:, order], variances, self.noise)


@dataclass
class Moments:
    """What an E-step knows of its documents: N (k,), sum r x (v, k), and sum r x^2 (v, k) or (v, 1)."""

    counts: np.ndarray
    first: np.ndarray
    second: np.ndarray


@dataclass(frozen=True)
class Coefficients:
    """J as a function of a sparse row: J_k(x) = constant_k + sum_j [x_j linear_jk - x_j^2 quadratic_jk]."""

    constant: np.ndarray
    linear: np.ndarray
    quadratic: np.ndarray

    @cached_property
    def steepest(self) -> float:
        """How many times the square of a number is taken from J, at most."""
        return float(self.quadratic.max())


def coefficients(parameters: Parameters) -> Coefficients:
    """Equation (E), rearranged so that a row costs no more than its words."""
    # weights: (k,); means: (v, k); variances: (v, k) or (v, 1) -> (k,), (v, k), like variances
    # In place, where it can be: with many clusters an array of this shape is a large part of what a run holds.
    logs = 2 * np.pi * parameters.variances
    logs = np.log(logs, out=logs).sum(axis=0)
    inverse = 1 / parameters.variances
    linear = parameters.means * inverse
    squares = np.einsum("vk,vk->k", parameters.means, linear)
    with np.errstate(divide="ignore"):  # a cluster of weight zero has log-density -inf, as it should
        log_weights = np.log(parameters.weights)
    constant = log_weights - 0.5 * (logs + squares + parameters.noise * inverse.sum(axis=0))
    inverse *= 0.5
    return Coefficients(constant, linear, inverse)


def squared(X: sp.csr_array) -> sp.csr_array:
    """The same words with squared weights; shares the index arrays of X."""
    return sp.csr_array((X.data * X.data, X.indices, X.indptr), shape=X.shape)


def log_joint(X: sp.csr_array, c: Coefficients) -> np.ndarray:
    """J of equation (E), in nats: the logarithm of weight times (expected) density, for every cluster."""
    # X: (n, v) CSR; linear, quadratic: (v, k) -> (n, k)
    J = X @ c.linear
    J -= squared(X) @ c.quadratic
    J += c.constant
    return J


def expect(X: sp.csr_array, c: Coefficients) -> tuple[np.ndarray, np.ndarray]:
    """E-step: responsibilities, and log sum exp J of every document in nats."""
    # X: (n, v) CSR -> (n, k), (n,)
    J = log_joint(X, c)
    log_norm = logsumexp(J, axis=1)
    J -= log_norm[:, None]
    return np.exp(J, out=J), log_norm


def accumulate(X: sp.csr_array, responsibilities: np.ndarray, form: Form) -> Moments:
    """The sums that an M-step needs, over one block of documents."""
    # X: (n, v) CSR; responsibilities: (n, k) -> (k,), (v, k), (v, k) or (v, 1)
    # Responsibilities sum to what a document counts, so the second moments over all clusters are those of documents.
    weights = responsibilities.sum(axis=1, keepdims=True) if form.shares_variances else responsibilities
    return Moments(responsibilities.sum(axis=0), X.T @ responsibilities, squared(X).T @ weights)


def within_variance(moments: Moments) -> np.ndarray:
    """Variance of each word around the mean of its document's cluster, over all documents."""
    # -> (v, 1)
    n = moments.counts.sum()
    explained = (moments.first**2 / np.maximum(moments.counts, TINY)).sum(axis=1, keepdims=True)
    return np.maximum(moments.second.sum(axis=1, keepdims=True) - explained, 0) / n


def maximise(moments: Moments, form: Form, smoothing: float, target: Target) -> Parameters:
    """M-step: the parameters that maximise the expected objective, given the sums of an E-step.

    `smoothing` is s of equation (M): the noise variance (noise), the constant added (add), or the least variance
    (floor). `target` is what pseudo-observations look like: for `pooled` its variance, for `prior` both.
    """
    n_k = np.maximum(moments.counts, TINY)
    prior = form.smoothing == "prior"
    weight_pseudo = form.weight_pseudo if prior else 0.0
    mean_pseudo = form.mean_pseudo if prior else 0.0
    variance_pseudo = form.variance_pseudo if prior else form.pooled_strength

    weights = (moments.counts + weight_pseudo) / (moments.counts + weight_pseudo).sum()
    means = (moments.first + mean_pseudo * target.mean) / (n_k + mean_pseudo)
    if form.covariance == "cosine":
        means /= np.maximum(np.linalg.norm(means, axis=0), TINY)
    noise = smoothing if form.smoothing == "noise" else 0.0

    if form.covariance in ("isotropic", "cosine"):
        return Parameters(weights, means, np.full_like(target.variance, smoothing), noise)

    if form.covariance == "tied":
        # sum_k [sum r x^2 - 2 m_k sum r x + N_k m_k^2]; second is already summed over k
        scatter = (means * (moments.counts * means - 2 * moments.first)).sum(axis=1, keepdims=True) + moments.second
        observed = n_k.sum()
        pseudo = variance_pseudo * n_k.size
        mean_pull = mean_pseudo * ((means - target.mean) ** 2).sum(axis=1, keepdims=True) if prior else 0.0
    else:
        scatter = moments.second + means * (moments.counts * means - 2 * moments.first)
        observed = n_k
        pseudo = variance_pseudo
        mean_pull = mean_pseudo * (means - target.mean) ** 2 if prior else 0.0
    variances = (np.maximum(scatter, 0) + mean_pull + pseudo * target.variance) / (observed + pseudo)
    if form.smoothing in ("noise", "add"):
        variances += smoothing
    elif form.smoothing == "floor":
        variances = np.maximum(variances, smoothing)
    return Parameters(weights, means, variances, noise)


def log_prior(parameters: Parameters, form: Form, target: Target) -> float:
    """What pseudo-observations add to the objective, in nats: nothing at their mode, less elsewhere.

    Dirichlet on the weights, normal on the means, inverse gamma on the variances: with strengths alpha, kappa, nu
    in documents and targets m0, v0, it is

        alpha sum_k log (K pi_k) - 1/2 sum_kj [nu (log (v / v0) + v0 / v - 1) + kappa (m - m0)^2 / v]

    `pooled` has the variance term alone; under noise its pseudo-documents are noisy too, so v0 gains s.
    """
    if form.smoothing == "prior":
        mixtures = parameters.weights.size if parameters.variances.shape[1] == 1 else 1
        penalty = form.variance_pseudo * mixtures * _variance_penalty(parameters.variances, target.variance)
        penalty += form.mean_pseudo * ((parameters.means - target.mean) ** 2 / parameters.variances).sum()
        with np.errstate(divide="ignore"):
            logs = np.log(parameters.weights * parameters.weights.size).sum() if form.weight_pseudo else 0.0
        return float(form.weight_pseudo * logs - 0.5 * penalty)
    if form.covariance == "pooled":
        return float(-0.5 * form.pooling * _variance_penalty(parameters.variances, target.variance + parameters.noise))
    return 0.0


def _variance_penalty(variances: np.ndarray, target: np.ndarray) -> float:
    clusters = variances.shape[1]
    return float((np.log(variances) + target / variances).sum()) - clusters * float(least_penalty(target).sum())


def least_penalty(target: np.ndarray) -> np.ndarray:
    """Sum over words of log v + v0 / v where it is least, at v = v0; words that do not vary have no such place."""
    # target: (v, mixtures) -> (mixtures,)
    logs = np.log(target, where=target > 0, out=np.full_like(target, -1.0))
    return np.array([np.ascontiguousarray(column).sum() + column.size for column in logs.T])
