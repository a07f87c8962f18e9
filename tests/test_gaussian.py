"""The sparse equations against ten slow dense lines each, written from the formulas of `docclust.gaussian`."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from docclust.em import corpus_moments
from docclust.gaussian import (
    Form,
    Moments,
    Parameters,
    Target,
    accumulate,
    coefficients,
    expect,
    log_joint,
    log_prior,
    maximise,
    within_variance,
)

N, V, K = 30, 12, 4


@pytest.fixture
def rows():
    X = sp.random_array((N, V), density=0.3, rng=np.random.default_rng(0), format="csr")
    return sp.csr_array(X)


@pytest.fixture
def responsibilities():
    return np.random.default_rng(1).dirichlet(np.ones(K), size=N)


@pytest.fixture
def parameters():
    rng = np.random.default_rng(2)
    return Parameters(rng.dirichlet(np.ones(K)), rng.normal(size=(V, K)), rng.uniform(0.1, 2, size=(V, K)), 0.05)


def dense_log_joint(X, p):
    J = np.empty((X.shape[0], p.weights.size))
    for i, x in enumerate(X.toarray()):
        for k in range(p.weights.size):
            v = np.broadcast_to(p.variances, p.means.shape)[:, k]
            terms = np.log(2 * np.pi * v) + ((x - p.means[:, k]) ** 2 + p.noise) / v
            J[i, k] = np.log(p.weights[k]) - 0.5 * terms.sum()
    return J


def dense_maximise(X, r, s):
    """Equation (M) of the module, cluster by cluster."""
    X, n_k = X.toarray(), r.sum(axis=0)
    means = np.array([sum(r[i, k] * X[i] for i in range(N)) / n_k[k] for k in range(K)])
    variances = np.array([sum(r[i, k] * (X[i] - means[k]) ** 2 for i in range(N)) / n_k[k] + s for k in range(K)])
    return n_k / N, means.T, variances.T


def test_the_sparse_log_density_is_the_dense_formula(rows, parameters):
    np.testing.assert_allclose(log_joint(rows, coefficients(parameters)), dense_log_joint(rows, parameters), rtol=1e-10)


def test_shared_variances_give_the_same_log_density_as_repeated_ones(rows, parameters):
    shared = Parameters(parameters.weights, parameters.means, parameters.variances[:, :1], 0.05)
    repeated = Parameters(shared.weights, shared.means, np.repeat(shared.variances, K, axis=1), 0.05)
    np.testing.assert_allclose(log_joint(rows, coefficients(shared)), log_joint(rows, coefficients(repeated)))


def test_responsibilities_are_the_softmax_of_the_log_density(rows, parameters):
    r, log_norm = expect(rows, coefficients(parameters))
    J = dense_log_joint(rows, parameters)
    weights = np.exp(J - J.max(axis=1, keepdims=True))
    np.testing.assert_allclose(r, weights / weights.sum(axis=1, keepdims=True), rtol=1e-9)
    np.testing.assert_allclose(log_norm, np.log(weights.sum(axis=1)) + J.max(axis=1), rtol=1e-12)


def test_log_densities_far_below_underflow_still_give_responsibilities_that_sum_to_one(rows, parameters):
    sharp = Parameters(parameters.weights, parameters.means, parameters.variances * 1e-9, 0.0)
    r, log_norm = expect(rows, coefficients(sharp))
    assert np.all(log_norm < -1e6)
    np.testing.assert_allclose(r.sum(axis=1), 1, rtol=1e-12)


def test_the_m_step_is_the_dense_formula(rows, responsibilities):
    moments = accumulate(rows, responsibilities, Form())
    found = maximise(moments, Form(), 0.05, corpus_moments(rows))
    weights, means, variances = dense_maximise(rows, responsibilities, 0.05)
    np.testing.assert_allclose(found.weights, weights)
    np.testing.assert_allclose(found.means, means)
    np.testing.assert_allclose(found.variances, variances, rtol=1e-9)
    assert found.noise == 0.05


def test_tied_variances_are_the_within_cluster_variance(rows, responsibilities):
    form = Form(covariance="tied")
    found = maximise(accumulate(rows, responsibilities, form), form, 0.05, corpus_moments(rows))
    X = rows.toarray()
    scatter = sum(responsibilities[i, k] * (X[i] - found.means[:, k]) ** 2 for i in range(N) for k in range(K))
    np.testing.assert_allclose(found.variances[:, 0], scatter / N + 0.05)
    free = accumulate(rows, responsibilities, Form())
    np.testing.assert_allclose(within_variance(free)[:, 0], scatter / N, rtol=1e-9)


def test_isotropic_and_cosine_variances_are_the_smoothing_alone(rows, responsibilities):
    for covariance in ("isotropic", "cosine"):
        form = Form(covariance=covariance)
        found = maximise(accumulate(rows, responsibilities, form), form, 0.05, corpus_moments(rows))
        np.testing.assert_array_equal(found.variances, np.full((V, 1), 0.05))
    np.testing.assert_allclose(np.linalg.norm(found.means, axis=0), 1)


def test_smoothing_add_hides_the_constant_from_the_e_step(rows, responsibilities):
    moments = accumulate(rows, responsibilities, Form())
    noise, add = (
        maximise(moments, Form(smoothing=smoothing), 0.05, corpus_moments(rows)) for smoothing in ("noise", "add")
    )
    np.testing.assert_array_equal(noise.variances, add.variances)
    assert (noise.noise, add.noise) == (0.05, 0.0)


def test_no_variance_is_below_the_floor(rows, responsibilities):
    moments = accumulate(rows, responsibilities, Form())
    free = dense_maximise(rows, responsibilities, 0.0)[2]
    floor = float(np.median(free))
    found = maximise(moments, Form(smoothing="floor"), floor, corpus_moments(rows))
    np.testing.assert_allclose(found.variances, np.maximum(free, floor), rtol=1e-9)


def test_pseudo_documents_of_a_prior_act_like_documents(rows, responsibilities):
    # Pseudo-documents at the corpus mean, and others at distance sqrt(v0) around the cluster's own mean.
    target = corpus_moments(rows)
    form = Form(smoothing="prior", weight_pseudo=2, mean_pseudo=3, variance_pseudo=5)
    found = maximise(accumulate(rows, responsibilities, form), form, 0.0, target)
    X, n_k = rows.toarray(), responsibilities.sum(axis=0)
    np.testing.assert_allclose(found.weights, (n_k + 2) / (N + 2 * K))
    for k in range(K):
        r = responsibilities[:, k]
        mean = (r @ X + 3 * target.mean[:, 0]) / (n_k[k] + 3)
        square = r @ (X - mean) ** 2 + 3 * (mean - target.mean[:, 0]) ** 2 + 5 * target.variance[:, 0]
        np.testing.assert_allclose(found.means[:, k], mean)
        np.testing.assert_allclose(found.variances[:, k], square / (n_k[k] + 5), rtol=1e-9)


@pytest.mark.parametrize(
    "form",
    [
        Form(),
        Form(covariance="pooled", pooling=7.0),
        Form(covariance="tied"),
        Form(covariance="isotropic"),
        Form(covariance="cosine"),
        Form(smoothing="floor"),
        Form(smoothing="prior", weight_pseudo=2, mean_pseudo=3, variance_pseudo=5),
        Form(smoothing="prior", covariance="tied", weight_pseudo=2, mean_pseudo=3, variance_pseudo=5),
    ],
    ids=lambda form: f"{form.covariance}-{form.smoothing}",
)
def test_the_m_step_is_a_maximum_of_the_expected_objective(rows, responsibilities, form):
    """No small step away from it gains anything: sum r J plus the logarithm of the prior."""
    target = corpus_moments(rows)
    best = maximise(accumulate(rows, responsibilities, form), form, 0.05, target)

    def expected(p):
        return (responsibilities * log_joint(rows, coefficients(p))).sum() + log_prior(p, form, target)

    rng = np.random.default_rng(3)
    for _ in range(20):
        weights = best.weights * np.exp(1e-3 * rng.normal(size=K))
        means = best.means + 1e-3 * rng.normal(size=best.means.shape)
        variances = best.variances * np.exp(1e-3 * rng.normal(size=best.variances.shape))
        if form.covariance in ("isotropic", "cosine"):
            variances = best.variances
        if form.covariance == "cosine":
            means /= np.linalg.norm(means, axis=0)
        if form.smoothing == "floor":
            variances = np.maximum(variances, 0.05)
        nearby = Parameters(weights / weights.sum(), means, variances, best.noise)
        assert expected(nearby) <= expected(best) + 1e-9


@pytest.mark.parametrize("form", [Form("pooled"), Form(smoothing="prior"), Form("tied", smoothing="prior")], ids=str)
def test_the_prior_costs_nothing_where_all_is_as_it_expects_and_something_elsewhere(form):
    target, noise = Target(np.full((5, 1), 0.1), np.linspace(0.5, 2, 5)[:, None]), 0.0
    variances = target.variance if form.covariance == "tied" else np.repeat(target.variance, K, axis=1)
    mode = Parameters(np.full(K, 1 / K), np.repeat(target.mean, K, axis=1), variances, noise)
    assert log_prior(mode, form, target) == pytest.approx(0, abs=1e-9)
    for factor in (0.5, 2):
        away = Parameters(mode.weights, mode.means, mode.variances * factor, noise)
        assert log_prior(away, form, target) < -1


@pytest.mark.parametrize("columns", [K, 1])
def test_clusters_numbered_anew_have_the_densities_they_had(rows, parameters, columns):
    p, order = replace(parameters, variances=parameters.variances[:, :columns]), np.array([2, 0, 3, 1])
    found = p.numbered(order)
    assert found.variances.shape == (V, columns)
    np.testing.assert_allclose(log_joint(rows, coefficients(found)), log_joint(rows, coefficients(p))[:, order])


def test_a_cluster_without_documents_has_finite_parameters(rows):
    empty = np.zeros((N, K))
    empty[:, 0] = 1
    found = maximise(accumulate(rows, empty, Form()), Form(), 0.05, corpus_moments(rows))
    assert np.all(np.isfinite(found.means))
    assert np.all(found.variances >= 0.05)
    r, _ = expect(rows, coefficients(found))
    np.testing.assert_array_equal(r, empty)


def test_moments_and_targets_have_the_shapes_they_state(rows, responsibilities):
    moments = accumulate(rows, responsibilities, Form())
    assert isinstance(moments, Moments)
    assert (moments.counts.shape, moments.first.shape, moments.second.shape) == ((K,), (V, K), (V, K))
    assert accumulate(rows, responsibilities, Form(covariance="cosine")).second.shape == (V, 1)
    target = corpus_moments(rows)
    assert isinstance(target, Target)
    np.testing.assert_allclose(target.variance[:, 0], rows.toarray().var(axis=0), atol=1e-9)
