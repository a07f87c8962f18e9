"""The plane of the map: a projection that is linear, deterministic, and keeps clusters apart."""

import numpy as np
import pytest

from docclust.plane import ellipses, plane


@pytest.fixture
def six_clusters():
    rng = np.random.RandomState(1)
    weights = rng.dirichlet(np.full(6, 5.0))
    return weights, rng.gamma(0.3, size=(6, 40)), rng.gamma(2.0, size=(6, 40)) * 0.05


def test_ellipses_are_the_dense_projection_of_the_gaussians(six_clusters):
    weights, means, variances = six_clusters
    P = plane(weights, means, variances)
    centres, covariances = ellipses(P, means, variances)
    for k in range(6):
        np.testing.assert_allclose(centres[k], P.T @ means[k])
        np.testing.assert_allclose(covariances[k], P.T @ np.diag(variances[k]) @ P)


def test_ellipses_of_a_run_are_those_of_its_model(small_run):
    model = small_run.model
    P = plane(model.weights_, model.means_, model.covariances_)
    for k in range(model.n_components):
        np.testing.assert_allclose(small_run.map.centres[k], P.T @ model.means_[k])
        dense = P.T @ np.diag(model.covariances_[k]) @ P
        np.testing.assert_allclose(small_run.map.covariances[k], dense, atol=1e-12)


def test_the_variance_within_clusters_is_one_in_every_direction(six_clusters):
    weights, means, variances = six_clusters
    P = plane(weights, means, variances)
    np.testing.assert_allclose(P.T @ np.diag(weights @ variances) @ P, np.eye(2), atol=1e-9)


def test_the_plane_keeps_clusters_apart_at_least_as_well_as_the_discriminants(six_clusters):
    weights, means, variances = six_clusters
    within = weights @ variances
    centred = (means - weights @ means) / np.sqrt(within)
    vectors = np.linalg.svd(centred * np.sqrt(weights)[:, None], full_matrices=False)[2]
    fisher = (vectors[:2] / np.sqrt(within)).T

    def spread(P):
        Z = means @ P
        square = np.sum((Z[:, None] - Z) ** 2, axis=-1)
        return np.sum(np.outer(weights, weights) * np.log1p(square))

    assert spread(plane(weights, means, variances)) >= spread(fisher) - 1e-9


def test_renumbering_the_others_does_not_move_the_plane(six_clusters):
    weights, means, variances = six_clusters
    order = np.array([0, 3, 1, 5, 2, 4])
    first = plane(weights, means, variances)
    np.testing.assert_allclose(first, plane(weights[order], means[order], variances[order]), atol=1e-4)


@pytest.mark.parametrize(("k", "v"), [(1, 1), (1, 5), (2, 1), (2, 2), (2, 7), (3, 2), (5, 2)])
def test_few_clusters_and_few_words_have_a_plane(k, v):
    rng = np.random.RandomState(0)
    P = plane(np.full(k, 1 / k), rng.uniform(size=(k, v)), rng.uniform(0.5, 1, size=(k, v)))
    assert P.shape == (v, 2)
    assert np.isfinite(P).all()


def test_clusters_in_one_place_have_a_plane():
    P = plane(np.full(3, 1 / 3), np.ones((3, 4)), np.ones((3, 4)))
    np.testing.assert_allclose(P.T @ P, np.eye(2), atol=1e-12)
