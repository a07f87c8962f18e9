"""Starts: labels that hold what they promise, and are better the more work they take."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from docclust.mixture import seeding
from tests.test_em import topics


@pytest.mark.parametrize("method", seeding.METHODS)
def test_every_cluster_gets_a_document(method):
    X, _ = topics()
    labels = seeding.start(X, 5, method, 8, np.random.RandomState(0))
    assert labels.shape == (X.shape[0],)
    assert set(labels) == set(range(5))


@pytest.mark.parametrize("method", seeding.METHODS)
def test_the_same_random_state_gives_the_same_start(method):
    X, _ = topics()
    one, two = (seeding.start(X, 5, method, 8, np.random.RandomState(7)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_a_few_spherical_steps_come_closer_to_the_topics_than_seeds():
    scores = {
        method: np.mean(
            [
                adjusted_rand_score(truth, seeding.start(X, 4, method, 8, np.random.RandomState(seed)))
                for seed in range(5)
                for X, truth in [topics(n=400, v=200, length=40, seed=seed)]
            ]
        )
        for method in seeding.METHODS
    }
    assert scores["kmeans"] > scores["k-means++"]
    assert scores["kmeans"] > scores["random"]


@pytest.mark.parametrize("method", ["k-means++", "kmeans", "lsa"])
def test_seeds_of_a_part_of_the_documents_give_every_document_a_cluster(method, monkeypatch):
    X, truth = topics(n=600, v=300, length=40)
    whole = seeding.start(X, 4, method, 8, np.random.RandomState(0))
    monkeypatch.setattr(seeding, "START_DOCUMENTS", {1: 300, 4: 150, 5: 100})
    monkeypatch.setattr(seeding, "START_PER_CLUSTER", 10)
    seen = []
    draw = seeding.plus_plus
    monkeypatch.setattr(seeding, "plus_plus", lambda X, *a: seen.append(X.shape[0]) or draw(X, *a))
    labels = seeding.start(X, 4, method, 8, np.random.RandomState(0))
    assert seen == [150]
    assert labels.shape == (600,)
    assert set(labels) == set(range(4))
    assert adjusted_rand_score(truth, labels) > 0.5 * adjusted_rand_score(truth, whole)


def test_the_first_starts_leave_the_least_sum_of_squares():
    X, truth = topics(n=300, v=200, length=40)
    rng, weights = np.random.RandomState(0), np.linspace(1, 2, 300)
    wrong = [np.where(rng.random_sample(300) < share, rng.permutation(truth), truth) for share in (0.9, 0.1, 0.5)]

    def left(labels):
        D, parts = X.toarray(), [labels == c for c in range(4)]
        means = [np.average(D[part], axis=0, weights=weights[part]) for part in parts]
        return sum(
            (weights[part] * ((D[part] - mean) ** 2).sum(axis=1)).sum() for part, mean in zip(parts, means, strict=True)
        )

    ranked = seeding.best_first(X, wrong, 4, weights)
    order = np.argsort([left(labels) for labels in wrong])
    np.testing.assert_array_equal(ranked, [wrong[i] for i in order])
    assert order.tolist() == [1, 2, 0]


def test_random_seeds_are_distinct_documents():
    X = sp.csr_array(np.repeat(np.eye(4), 50, axis=0))
    labels = seeding.start(X, 4, "random", 0, np.random.RandomState(0))
    np.testing.assert_array_equal(np.bincount(labels), [50] * 4)


def test_rows_of_other_lengths_take_euclidean_steps():
    # Two clouds in the same direction: their cosine is one, their distance is not.
    rng = np.random.default_rng(0)
    X = sp.csr_array(np.vstack([rng.normal(10, 0.1, (50, 3)), rng.normal(20, 0.1, (50, 3))]))
    assert not seeding.has_unit_rows(X)
    labels = seeding.start(X, 2, "kmeans", 8, np.random.RandomState(0))
    assert adjusted_rand_score(np.repeat([0, 1], 50), labels) == 1


def test_the_lsa_space_keeps_the_cosines_of_rows_of_low_rank():
    rng = np.random.default_rng(0)
    X = normalize(rng.random((40, 6)) @ rng.random((6, 300)))
    found = seeding.in_lsa_space(sp.csr_array(X), np.random.RandomState(0)).toarray()
    assert found.shape == (40, 40)
    np.testing.assert_allclose(found @ found.T, X @ X.T, atol=1e-9)


def test_steps_without_end_stop_where_no_document_moves():
    X, _ = topics()
    one, two = (seeding.start(X, 4, "kmeans", steps, np.random.RandomState(0)) for steps in (1000, 2000))
    np.testing.assert_array_equal(one, two)
    assert np.any(one != seeding.start(X, 4, "kmeans", 0, np.random.RandomState(0)))
