"""Split and merge: what is accepted gains, the criteria are those of the paper, and a bad start is mended."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import logsumexp
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from docclust import em
from docclust.gaussian import Form, coefficients, log_joint
from docclust.mixture import growing, seeding
from tests.test_em import FORMS, topics

POOLED = Form(covariance="pooled", pooling=20.0)


def grown(X, k, form=POOLED, seed=0, **options):
    smoothing = 0.0 if form.smoothing == "prior" else max(0.3 * em.spectrum(X, k)[-1], em.least_smoothing(X))
    rng = np.random.RandomState(seed)
    told = em.EMOptions(form, np.full(1, smoothing), max_iter=100, tol=1e-9, target=em.corpus_moments(X))
    return growing.grow(X, k, told, rng, **options)


def fitted(X, labels, k, form=POOLED):
    smoothing = np.full(1, 0.3 * em.spectrum(X, k)[-1])
    options = em.EMOptions(form, smoothing, max_iter=5, tol=1e-9, target=em.corpus_moments(X))
    return em.fit(X, labels, k, options, rng=np.random.RandomState(0)).parameters


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.covariance}-{form.smoothing}")
def test_the_objective_never_falls_once_a_move_is_accepted(form):
    X, _ = topics(n=200, k=6)
    accepted = grown(X, 6, form).accepted
    assert [move.n_components for move in accepted][:6] == [1, 2, 3, 4, 5, 6]
    at_k = np.array([move.objective for move in accepted if move.n_components == 6])
    assert np.all(np.diff(at_k) > 0)


def test_every_split_gains_where_clusters_have_no_prior():
    X, _ = topics(k=6)
    objectives = [move.objective for move in grown(X, 6, Form()).accepted]
    assert np.all(np.diff(objectives) > 0)


def pure_topics(k=5, n=300, v=150, length=60, seed=0):
    """Documents of one topic each, so that the right clusters are known and found by EM from near them."""
    rng = np.random.default_rng(seed)
    words = 0.8 * rng.dirichlet(np.full(v, 0.15), size=k) + 0.2 / v
    truth = rng.integers(0, k, n)
    counts = np.array([rng.multinomial(length, words[topic]) for topic in truth])
    return sp.csr_array(normalize(counts.astype(float))), truth


@pytest.mark.parametrize("seed", range(3))
def test_a_start_with_two_clusters_in_one_topic_and_one_for_two_topics_is_mended(seed):
    X, truth = pure_topics(seed=seed)
    bad = np.where(truth == 4, 3, truth)
    bad[np.flatnonzero(truth == 0)[::2]] = 4
    smoothing = np.full(1, 0.3 * em.spectrum(X, 5)[-1])
    options = em.EMOptions(POOLED, smoothing, max_iter=100, tol=1e-9, target=em.corpus_moments(X))
    assert adjusted_rand_score(truth, em.fit(X, bad, 5, options, rng=np.random.RandomState(0)).labels) < 0.9
    mended = grown(X, 5, seed=seed, labels=bad)
    assert adjusted_rand_score(truth, mended.labels) > 0.99
    assert [move.move for move in mended.accepted] == ["start", "merge and split"]


def test_every_cluster_has_documents_and_the_same_random_state_gives_the_same_labels():
    X, _ = topics(k=6)
    one, two = grown(X, 6, seed=3), grown(X, 6, seed=3)
    assert set(one.labels) == set(range(6))
    np.testing.assert_array_equal(one.labels, two.labels)
    assert one.accepted == two.accepted


def test_it_starts_nearer_to_the_topics_than_random_documents():
    ours, random = [], []
    for seed in range(2):
        X, truth = topics(n=300, v=200, k=6, length=40, seed=seed)
        ours.append(adjusted_rand_score(truth, grown(X, 6, seed=seed).labels))
        start = seeding.start(X, 6, "random", 0, np.random.RandomState(seed))
        random.append(adjusted_rand_score(truth, start))
    assert np.mean(ours) > np.mean(random) + 0.2


def test_no_more_than_five_moves_a_cluster_are_tried():
    for k in (2, 5, 9):
        X, _ = topics(n=150, k=4, length=8, seed=k)
        assert 0 < grown(X, k).tried <= 5 * k


def test_it_stops_at_as_many_clusters_as_rows_differ():
    X = sp.csr_array(np.repeat(np.eye(4), 25, axis=0))
    for form in (Form(), POOLED, Form(covariance="cosine")):
        labels = grown(X, 4, form).labels
        np.testing.assert_array_equal(np.bincount(labels), [25] * 4)
        assert set(grown(X[:50], 4, form).labels) == {0, 1}


def test_the_split_criterion_is_the_local_kullback_divergence_computed_densely():
    X, truth = topics()
    p = fitted(X, truth, 4)
    J = log_joint(X, coefficients(p))
    R = np.exp(J - logsumexp(J, axis=1, keepdims=True))
    F = R / R.sum(axis=0)
    rows = X.toarray()[:, :, None]
    squares = (rows - p.means) ** 2 + p.noise
    log_density = -0.5 * (np.log(2 * np.pi * p.variances) + squares / p.variances).sum(axis=1)
    expected = [np.sum(f[f > 0] * (np.log(f[f > 0]) - d[f > 0])) for f, d in zip(F.T, log_density.T, strict=True)]
    found = growing.divergences(X, coefficients(p), p.weights, block_rows=37)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_merge_criterion_is_the_cosine_of_responsibilities_and_finds_the_halves_of_a_topic():
    X, truth = topics(n=400, v=200, length=60)
    labels = truth.copy()
    labels[np.flatnonzero(truth == 1)[::2]] = 4
    near = growing.overlaps(X, coefficients(fitted(X, labels, 5)))
    np.testing.assert_allclose(near, near.T)
    np.testing.assert_allclose(np.diag(near), 1)
    assert np.unravel_index(np.triu(near, 1).argmax(), near.shape) == (1, 4)


def test_nothing_as_large_as_documents_by_words_is_made():
    rng = np.random.RandomState(0)
    X = sp.random_array((3000, 20000), density=5e-4, format="csr", rng=rng)
    X.data[:] = 1.0
    tracemalloc.start()
    grown(X, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.1 * X.shape[0] * X.shape[1] * 8
