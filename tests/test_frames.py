"""EM as pictures: what is replayed is what happened."""

import numpy as np
import pytest
import scipy.sparse as sp

from docclust import SparseGaussianMixture, frames
from docclust.plane import ellipses, plane


@pytest.fixture(scope="module")
def two_topics():
    rng = np.random.RandomState(0)
    dense = rng.binomial(1, 0.25, size=(80, 30)) * rng.uniform(0.5, 1, size=(80, 30))
    dense[:40, :10] += 0.6
    dense[40:, 10:20] += 0.6
    return sp.csr_array(dense / np.linalg.norm(dense, axis=1, keepdims=True))


@pytest.mark.parametrize("covariance", ["own", "tied", "isotropic"])
def test_a_replay_gives_every_step_again_and_ends_in_the_model(two_topics, covariance):
    model = SparseGaussianMixture(3, covariance=covariance, n_init=3, random_state=0).fit(two_topics)
    model.renumber(np.array([2, 0, 1]))
    seen = []
    model.replay(two_topics, lambda step, found, temperature: seen.append((step, found.parameters, temperature)))
    assert [step for step, _, _ in seen] == model.steps_
    last = seen[-1][1]
    np.testing.assert_array_equal(last.means.T, model.means_)
    np.testing.assert_array_equal(np.broadcast_to(last.variances.T, model.means_.shape), model.covariances_)
    np.testing.assert_array_equal(last.weights, model.weights_)


@pytest.mark.parametrize("covariance", ["own", "tied", "isotropic"])
def test_what_is_seen_a_few_words_at_a_time_is_what_all_of_them_show(two_topics, covariance, monkeypatch):
    monkeypatch.setattr("docclust.kernels.coefficients.PARAMETER_WORDS", 7)
    model = SparseGaussianMixture(3, covariance=covariance, random_state=0).fit(two_topics)
    P, seen = plane(model.weights_, model.means_, model.covariances_), []
    model.replay(two_topics, lambda step, found, temperature: seen.append(frames.seen_from(found, two_topics[:9], P)))
    J, *drawn = seen[-1]
    np.testing.assert_allclose(J, model.score_joint(two_topics[:9]))
    for part, expected in zip(drawn, ellipses(P, model.means_, model.covariances_), strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-12)


def test_the_last_frame_is_the_map_and_every_row_of_shares_is_whole(small_run):
    drawn = small_run.map
    followed = drawn.frames
    assert followed.iterations[0] == 0
    assert followed.iterations[-1] == len(small_run.convergence) - 1
    np.testing.assert_allclose(followed.centres[-1], drawn.centres)
    np.testing.assert_allclose(followed.covariances[-1], drawn.covariances, atol=1e-12)
    assert np.abs(followed.shares.sum(axis=2, dtype=int) - 255).max() <= len(small_run.clusters) / 2


def test_the_softened_shares_end_in_the_probabilities_of_the_run(small_run):
    followed = small_run.map.frames
    P = small_run.responsibilities[followed.rows].toarray()
    np.testing.assert_allclose(followed.softened[-1] / 255, P, atol=0.5 / 255 + 1e-5)


def test_points_are_projected_rows(small_run):
    model = small_run.model
    X = small_run.tfidf.rows(small_run.counts)
    P = plane(model.weights_, model.means_, model.covariances_)
    np.testing.assert_allclose(small_run.map.points, X @ P, rtol=1e-5, atol=1e-5)


def test_every_listed_document_is_followed(small_run):
    followed = {small_run.documents[row].id for row in small_run.map.frames.rows}
    assert {found.id for found in small_run.ambiguous} <= followed


def test_a_sample_is_small_and_keeps_what_is_listed():
    rows = frames.sample(range(5, 305), 100_000, 20)
    assert len(rows) <= frames.MAX_SAMPLE
    assert set(range(5, 305)) <= set(rows.tolist())
    assert frames.sample([], 3, 20).tolist() == [0, 1, 2]
    assert len(frames.sample(range(50), 1000, 10_000)) <= 6


def test_frames_are_thinned_toward_the_end():
    assert frames.thinned(40) == list(range(40))
    many = frames.thinned(100)
    assert len(many) == 40
    assert many[:20] == list(range(20))
    assert many[-1] == 99


def test_an_ellipse_of_one_word_has_no_width():
    centres, covariances = ellipses(np.array([[1.0, 0.0]]), np.array([[2.0]]), np.array([[3.0]]))
    assert centres.tolist() == [[2.0, 0.0]]
    assert covariances.tolist() == [[[3.0, 0.0], [0.0, 0.0]]]
