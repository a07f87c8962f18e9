"""Documents held against their clusters without themselves: the change is that of a mixture without the document."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import normalized_mutual_info_score

from docclust import SparseGaussianMixture, em, kernels
from docclust.em.leave_one_out import _none_left
from docclust.gaussian import Form, Moments, Target, coefficients, log_joint, maximise
from docclust.kernels import Members
from docclust.mixture.defaults import APART_FROM

N, V, K, S = 40, 25, 3, 0.02


@pytest.fixture
def rows():
    rng = np.random.RandomState(0)
    dense = rng.binomial(1, 0.3, size=(N, V)) * rng.uniform(0.2, 1, size=(N, V))
    return sp.csr_array(dense / np.linalg.norm(dense, axis=1, keepdims=True))


@pytest.fixture
def labels():
    return np.random.RandomState(1).randint(K, size=N).astype(np.int32)


def moments(X, labels, weights, form):
    R = np.eye(K)[labels] * weights[:, None]
    squares = R.sum(axis=1, keepdims=True) if form.shares_variances else R
    return Moments(R.sum(axis=0), X.T @ R, X.power(2).T @ squares)


def target_of(X):
    return Target(np.asarray(X.mean(axis=0))[:, None], np.asarray(X.power(2).mean(axis=0))[:, None])


def change(X, labels, weights, form, target):
    given = Members.of(labels, weights, K), form, S, target
    return kernels.without(influence(X, *given), *given)


def influence(X, *given):
    return [kernels.influence(piece, X, *given) for piece in ((0, 1), (1, K))]


def by_hand(X, labels, weights, form, target):
    """The same by making the mixture anew without each document."""
    before = maximise(moments(X, labels, weights, form), form, S, target)
    J, found = log_joint(X, coefficients(before)), np.zeros(N)
    for i in range(N):
        others = np.arange(N) != i
        after = maximise(moments(X[others], labels[others], weights[others], form), form, S, target)
        c, other = labels[i], (labels[i] + 1) % K
        without = log_joint(X[[i]], coefficients(after))[0]
        found[i] = (without[c] - without[other]) - (J[i, c] - J[i, other])  # weights of all clusters change alike
    return found


@pytest.mark.parametrize("smoothing", ["noise", "add", "floor", "prior"])
@pytest.mark.parametrize("covariance", ["own", "pooled", "cosine"])
def test_the_change_is_that_of_a_mixture_without_the_document(rows, labels, covariance, smoothing):
    if smoothing == "prior" and covariance == "cosine":
        pytest.skip("the means of a prior have no length of one")
    form = Form(covariance, smoothing, pooling=7.0, weight_pseudo=0.0)
    given = rows, labels, np.ones(N), form, target_of(rows)
    np.testing.assert_allclose(change(*given), by_hand(*given), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("covariance", ["own", "pooled", "cosine"])
def test_documents_that_count_more_change_more(rows, labels, covariance):
    weights = np.linspace(0.5, 2, N)
    given = rows, labels, weights, Form(covariance, pooling=7.0), target_of(rows)
    found, expected = change(*given), by_hand(*given)  # words they do not hold: as one of mean weight
    np.testing.assert_allclose(
        found, expected, rtol=0.06, atol=0.5
    )  # words it does not hold: as for one of mean weight
    assert np.corrcoef(found, expected)[0, 1] > 0.999


def test_the_only_document_of_a_cluster_stays_what_it_is(rows):
    labels = np.array([0] + [1] * 20 + [2] * (N - 21), dtype=np.int32)
    found = change(rows, labels, np.ones(N), Form("own"), target_of(rows))
    assert found[0] == 0
    assert (found[1:] < 0).all()


def test_documents_without_a_word_give_a_cluster_no_direction(rows):
    X = rows.tolil()
    X[1:4] = 0
    labels = np.array([0] * 4 + [1] * 16 + [2] * (N - 20), dtype=np.int32)
    found = change(sp.csr_array(X), labels, np.ones(N), Form("cosine"), target_of(rows))
    assert found[0] == pytest.approx(-1 / S + np.log(3 / 4))  # all that spoke for its cluster was itself
    assert np.isfinite(found).all()


@pytest.mark.parametrize("covariance", ["own", "pooled"])
def test_what_a_mean_of_few_documents_costs_is_its_variance(rows, labels, covariance):
    form, target = Form(covariance, pooling=7.0), target_of(rows)
    members = Members.of(labels, np.ones(N), K)
    found, more = kernels.uncertainty(influence(rows, members, form, S, target), members)
    variances = maximise(moments(rows, labels, np.ones(N), form), form, S, target).variances
    for c in range(K):
        size = np.count_nonzero(labels == c)
        of_mean = rows.toarray()[labels == c].var(axis=0, ddof=1) / size
        assert found[c] == pytest.approx(0.5 * (of_mean / variances[:, c]).sum())
        np.testing.assert_allclose(more[labels == c], found[c] / (size - 1))


def test_clusters_of_any_size_are_as_near_when_that_is_added():
    rng = np.random.RandomState(0)
    X = sp.csr_array(rng.uniform(0, 1, size=(2 * 2000, 60)) * rng.binomial(1, 0.5, size=(2 * 2000, 60)))
    labels = np.repeat([0, 1, 2], [4, 40, 1956]).astype(np.int32)
    seen, unseen = X[:2000], X[2000:]
    form, target, members = Form("pooled", pooling=1e4), target_of(seen), Members.of(labels, np.ones(2000), K)
    J = log_joint(unseen, coefficients(maximise(moments(seen, labels, np.ones(2000), form), form, S, target)))
    away = (J - np.log(members.counts / 2000)).mean(axis=0)
    cost, _ = kernels.uncertainty(influence(seen, members, form, S, target), members)
    assert away[2] - away[0] > 4
    assert np.ptp(away + cost) < 1


def test_no_cluster_is_left_by_all():
    before, after = np.array([0, 0, 1, 1, 2]), np.array([1, 2, 1, 0, 2])
    np.testing.assert_array_equal(_none_left(before, after, 3), after)
    np.testing.assert_array_equal(_none_left(before, np.array([1, 2, 1, 1, 2]), 3), [0, 0, 1, 1, 2])


def test_documents_that_are_given_back_leave_no_other_cluster_empty():
    np.testing.assert_array_equal(_none_left(np.array([0, 1, 2]), np.array([1, 2, 2]), 3), [0, 1, 2])


def few_documents(seed, n=60, k=6, v=3000, length=60, own=0.3):
    """Documents of few topics, in so many words that each is nearest to the mean that it is a part of."""
    rng = np.random.RandomState(seed)
    truth = rng.randint(k, size=n)
    common = rng.dirichlet(np.full(v, 0.5))
    chances = own * rng.dirichlet(np.full(v, 0.02), size=k) + (1 - own) * common
    dense = np.array([rng.multinomial(length, chances[topic]) for topic in truth], dtype=float)
    return sp.csr_array(dense / np.linalg.norm(dense, axis=1, keepdims=True)), truth


def test_documents_that_em_leaves_where_they_were_put_go_where_they_belong():
    X, truth = few_documents(2)
    rng = np.random.RandomState(1)
    start = np.where(rng.rand(truth.size) < 0.4, rng.randint(6, size=truth.size), truth).astype(np.int32)
    target = em.corpus_moments(X)
    options = em.EMOptions(Form("cosine"), np.full(1, 0.01), max_iter=50, tol=1e-6, target=target, n_jobs=1)
    ended = em.fit(X, start, 6, options, rng=rng)
    apart, step = em.held_apart(em.prepare(X), ended, 6, options)
    np.testing.assert_array_equal(ended.labels, start)
    assert normalized_mutual_info_score(truth, start) < 0.5
    assert normalized_mutual_info_score(truth, apart.members) == pytest.approx(1)
    assert step.moved == np.count_nonzero(apart.labels != start)


@pytest.mark.parametrize("covariance", ["own", "pooled", "cosine"])
@pytest.mark.parametrize("n_components", [6, 20, 210])
def test_workers_change_no_bit(covariance, n_components):
    X, _ = few_documents(2, n=900, k=12, v=400)
    options = {"covariance": covariance, "n_init": 1, "random_state": 0, "reg_covar": 0.02, "tol": 1e-3}
    one, two = (SparseGaussianMixture(n_components, n_jobs=jobs, block_rows=64, **options).fit(X) for jobs in (1, 2))
    assert one.holds_apart
    np.testing.assert_array_equal(one.labels_, two.labels_)
    np.testing.assert_array_equal(one.means_, two.means_)
    J = one.score_joint(X)
    np.testing.assert_array_equal(one.apart(J, np.arange(900)), two.apart(J, np.arange(900)))
    assert one.lower_bounds_ == two.lower_bounds_


def test_the_last_step_is_that_of_the_model():
    X, _ = few_documents(3)
    told = []
    model = SparseGaussianMixture(6, random_state=0, n_init=2, length_exponent=0.0, on_step=told.append).fit(X)
    assert told[-1] == model.steps_[-1]
    assert model.steps_[-1].iteration == model.n_iter_ - 1
    assert model.lower_bound_ == pytest.approx(model.score(X), rel=1e-6)
    np.testing.assert_array_equal(model.predict(X), model.labels_)


def test_nothing_is_held_apart_where_it_is_not_wanted_or_not_known_how():
    X, _ = few_documents(3)
    plain = {"leave_one_out": False}, {"smoothing": "floor"}, {"smoothing": "add"}, {"n_components": 1}
    for options in (*plain, {"covariance": "isotropic"}, {"covariance": "tied"}):
        model = SparseGaussianMixture(**{"n_components": 3, "random_state": 0, "n_init": 1} | options).fit(X)
        assert not model.holds_apart
        J = model.score_joint(X)
        np.testing.assert_array_equal(model.apart(J, np.arange(X.shape[0])), J)


def test_few_documents_are_not_held_apart():
    X, _ = few_documents(3)
    for n, held in ((APART_FROM - 1, False), (APART_FROM, True)):
        assert SparseGaussianMixture(3, random_state=0, n_init=1).fit(X[:n]).holds_apart == held


def test_a_mixture_that_has_not_seen_documents_is_one_of_the_others():
    X, _ = few_documents(4, n=120)
    model = SparseGaussianMixture(4, covariance="isotropic", random_state=0, n_init=1, length_exponent=0.0).fit(X)
    rows = np.arange(0, 120, 7)
    others = np.delete(np.arange(120), rows)
    R = np.eye(4)[model.labels_[others]]
    means = (X[others].T @ R) / R.sum(axis=0)
    distance = ((X[rows].toarray()[:, :, None] - means[None]) ** 2).sum(axis=1)
    expected = np.log(R.sum(axis=0)) - distance / (2 * model.reg_covar_)
    found = model.held_out(X)(rows)(X[rows])
    np.testing.assert_allclose(found - found[:, :1], expected - expected[:, :1], rtol=1e-6, atol=1e-6)
