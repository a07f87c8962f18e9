"""Moves after EM: what they are worth by formula is what the objective gains, and they mend what EM cannot."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score

from docclust import SparseGaussianMixture, em, kernels
from docclust.gaussian import Form, Moments, coefficients, log_joint, maximise, squared
from docclust.mixture import split_merge
from docclust.mixture.growing import Law
from tests.mixture.test_growing import pure_topics

FORMS = [Form(), Form(covariance="pooled", pooling=50.0), Form(covariance="isotropic"), Form(covariance="cosine")]
K = 8


def options_of(X, form=FORMS[1], weighting=kernels.EQUAL):
    smoothing = np.full(1, 0.3 * em.spectrum(X, K)[-1])
    return em.EMOptions(form, smoothing, max_iter=100, tol=1e-9, target=em.corpus_moments(X), weighting=weighting)


def moved(X, labels, form=FORMS[1], seed=0):
    return split_merge.moved(X, labels, K, options_of(X, form), np.random.RandomState(seed))


def crossed(truth):
    """Two topics as one cluster, and another topic as two."""
    bad = np.where(truth == 7, 6, truth)
    bad[np.flatnonzero(truth == 0)[::2]] = 7
    return bad


def joint_at_labels(X, labels, search):
    """J of every document's own cluster, summed; the common variance is that within the clusters of `search`."""
    options, weights = search.law.options, search.weights
    form = options.form
    membership = sp.csr_array((weights, labels, np.arange(X.shape[0] + 1)), shape=(X.shape[0], K))
    counts = np.bincount(labels, weights, K)
    sums = (X.T @ membership).toarray()
    second = (squared(X).T @ membership).toarray() if not form.shares_variances else (squared(X).T @ weights)[:, None]
    p = maximise(Moments(counts, sums, second), form, options.smoothing, options.target)
    J = log_joint(X, coefficients(p))[np.arange(X.shape[0]), labels]
    prior = 0.0
    if form.pooled_strength:
        ratios = np.log(p.variances) + (options.target.variance + options.smoothing) / p.variances
        prior = -0.5 * form.pooled_strength * ratios.sum()
    return float(weights @ J) + prior


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.covariance)
@pytest.mark.parametrize("exponent", [0.0, 0.5])
def test_what_a_move_is_worth_is_what_the_objective_at_the_labels_gains(form, exponent):
    X, truth = pure_topics(k=K, n=900, seed=1)
    options = options_of(X, form, kernels.Weighting.over(X, exponent))
    search = split_merge._Search(X, crossed(truth), K, Law(options, np.random.RandomState(0)))
    split, merge = search._splits()[0], search._merges()[0]
    before = joint_at_labels(X, search.labels, search)
    search._move(split, merge)
    gained = joint_at_labels(X, search.labels, search) - before
    assert split.gain - merge.loss == pytest.approx(gained, rel=1e-6)
    assert gained > 0


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.covariance)
@pytest.mark.parametrize("seed", range(3))
def test_two_topics_in_one_cluster_and_one_in_two_are_put_right(form, seed):
    X, truth = pure_topics(k=K, n=900, seed=seed)
    bad = crossed(truth)
    options = options_of(X, form)
    stuck = em.fit(X, bad, K, options, rng=np.random.RandomState(0))
    assert adjusted_rand_score(truth, stuck.labels) < 0.9
    found = moved(X, stuck.labels, form)
    further = em.fit(X, found, K, options, rng=np.random.RandomState(0))
    assert adjusted_rand_score(truth, further.labels) > 0.97
    assert further.objective > stuck.objective


def test_there_is_no_move_from_where_clusters_are_right():
    X, truth = pure_topics(k=K, n=900)
    assert moved(X, truth) is None


def test_moves_do_not_depend_on_what_clusters_are_called_and_keep_their_number():
    X, truth = pure_topics(k=K, n=900)
    bad = crossed(truth)
    found = moved(X, bad)
    np.testing.assert_array_equal(np.unique(found), np.arange(K))
    np.testing.assert_array_equal(found, moved(X, bad))
    assert adjusted_rand_score(found, moved(X, (K - 1) - bad)) > 0.97


def test_a_few_copies_of_a_long_text_are_no_half(monkeypatch):
    X, truth = pure_topics(k=K, n=900, seed=1)
    long = sp.csr_array(np.full((1, X.shape[1]), X.shape[1] ** -0.5))
    X, labels = sp.csr_array(sp.vstack([X, long, long])), np.r_[crossed(truth), 0, 0]

    def sizes():
        search = split_merge._Search(X, labels, K, Law(options_of(X), np.random.RandomState(0)))
        [of_first] = [split for split in search._splits() if split.cluster == 0]
        return sorted([of_first.half.size, search.clusters[0].rows.size - of_first.half.size])

    least = split_merge.LEAST_SHARE * X.shape[0] / K
    assert sizes()[0] >= least
    monkeypatch.setattr(split_merge, "LEAST_SHARE", 0.0)
    assert sizes()[0] < least


def test_documents_that_are_all_the_same_are_not_split():
    X, truth = pure_topics(k=K, n=900)
    first = np.flatnonzero(truth == 0)
    rows = np.arange(X.shape[0])
    rows[first] = first[0]
    found = moved(sp.csr_array(X[rows]), truth)
    assert found is None or np.unique(found[first]).size == 1


def crossing_starts(monkeypatch, truth, other):
    """Both starts of a fit stand where no EM puts things right."""
    monkeypatch.setattr("docclust.mixture.restarts.seeds", lambda *given: [crossed(truth), other])


def fitted(X, **options):
    return SparseGaussianMixture(K, covariance="pooled", annealing="none", n_init=2, random_state=0, **options).fit(X)


def test_a_fit_goes_on_from_its_moves_and_tells_of_every_iteration(monkeypatch):
    X, truth = pure_topics(k=K, n=900)
    crossing_starts(monkeypatch, truth, crossed(truth))
    told = []
    left, mended = fitted(X, split_merge=False), fitted(X, on_step=told.append)
    assert adjusted_rand_score(truth, left.labels_) < 0.9
    assert adjusted_rand_score(truth, mended.labels_) > 0.97
    assert mended.lower_bounds_[-2] > left.lower_bounds_[-2]
    assert [step.iteration for step in mended.steps_] == list(range(mended.n_iter_))
    assert mended.n_iter_ > left.n_iter_
    assert mended.steps_[-2] in told
    seen = []
    mended.replay(X, lambda step, found, temperature: seen.append((step, found.parameters)))
    assert [step for step, _ in seen] == mended.steps_
    np.testing.assert_array_equal(seen[-1][1].means.T, mended.means_)
    beside = fitted(X, n_jobs=2)
    np.testing.assert_array_equal(beside.means_, mended.means_)


@pytest.mark.parametrize(
    "options",
    [{"smoothing": "floor"}, {"covariance": "tied"}, {"n_components": 6}, {"n_init": 1}, {"split_merge": False}],
)
def test_moves_are_left_out_where_they_mean_nothing_or_were_not_asked_for(monkeypatch, options):
    X, _ = pure_topics(k=K, n=900)
    monkeypatch.setattr(split_merge, "moved", lambda *given: pytest.fail("moves were looked for"))
    SparseGaussianMixture(**{"n_components": K, "n_init": 2, "random_state": 0} | options).fit(X)
    with pytest.raises(pytest.fail.Exception):
        SparseGaussianMixture(K, n_init=2, covariance="pooled", random_state=0).fit(X)


def test_few_documents_for_every_cluster_are_left_as_they_are(monkeypatch):
    X, _ = pure_topics(k=K, n=split_merge.LEAST_DOCUMENTS * K - 1)
    monkeypatch.setattr(split_merge, "moved", lambda *given: pytest.fail("moves were looked for"))
    SparseGaussianMixture(K, n_init=2, random_state=0).fit(X)


def test_what_split_merge_may_be():
    X, _ = pure_topics(n=60)
    with pytest.raises(ValueError, match="split_merge must be auto, true or false, got 'yes'"):
        SparseGaussianMixture(2, split_merge="yes").fit(X)
    SparseGaussianMixture(2, split_merge="auto").fit(X)
