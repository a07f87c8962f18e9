"""SparseGaussianMixture: scikit-learn's contract, agreement with it and with the published reference, edges."""

import copy
import json
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import normalize
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from docclust import SparseGaussianMixture
from docclust.errors import SettingError
from docclust.mixture import prediction
from docclust.mixture.checks import STARTS
from docclust.probability import Temperature
from tests.mixture.test_growing import pure_topics
from tests.test_em import topics

CORPORA = os.environ.get("DOCCLUST_CORPORA")


@parametrize_with_checks(
    [
        SparseGaussianMixture(),
        SparseGaussianMixture(n_components=4, n_init=1),
        SparseGaussianMixture(covariance="pooled", n_init=1),
        SparseGaussianMixture(covariance="tied", n_init=1),
        SparseGaussianMixture(covariance="cosine", n_init=1),
        SparseGaussianMixture(smoothing="floor", n_init=1),
        SparseGaussianMixture(smoothing="prior", n_init=1),
    ]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_add_is_scikit_learns_diagonal_mixture_on_dense_data():
    X, _ = make_blobs(200, 3, centers=3, random_state=0)
    start = {
        "weights_init": np.full(3, 1 / 3),
        "means_init": X[[0, 1, 2]],
        "precisions_init": np.ones((3, 3)),
    }
    theirs = GaussianMixture(3, covariance_type="diag", reg_covar=1e-3, tol=1e-12, max_iter=500, **start).fit(X)
    ours = SparseGaussianMixture(3, smoothing="add", reg_covar=1e-3, tol=1e-14, max_iter=500, **start).fit(X)
    np.testing.assert_allclose(ours.weights_, theirs.weights_, atol=1e-6)
    np.testing.assert_allclose(ours.means_, theirs.means_, atol=1e-5)
    np.testing.assert_allclose(ours.covariances_, theirs.covariances_, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), atol=1e-5)
    assert ours.score(X) == pytest.approx(ours.lower_bound_, rel=1e-12)


@pytest.fixture(scope="module")
def assignment():
    if not CORPORA:
        pytest.skip("DOCCLUST_CORPORA does not name the folder of labelled corpora")
    folder = Path(CORPORA) / "people_wiki"
    parts = np.load(folder / "tf_idf.npz")
    X = sp.csr_array((parts["data"], parts["indices"], parts["indptr"]), shape=parts["shape"])
    words = {column: word for word, column in json.loads((folder / "vocabulary.json").read_text()).items()}
    labels = np.array(json.loads((folder / "kmeans_labels_notebook.json").read_text()))
    top = json.loads((folder / "reference_top_words.json").read_text())
    return sp.csr_array(normalize(X)), words, labels, top


def test_the_published_reference_from_the_k_means_start(assignment):
    """University of Washington, "EM for document clustering": log-likelihood, and the printed words of 25 clusters."""
    X, words, labels, top = assignment
    k = 25
    parts = [X[labels == c] for c in range(k)]
    means = np.array([part.mean(axis=0) for part in parts])
    squares = np.array([part.multiply(part).mean(axis=0) for part in parts])
    model = SparseGaussianMixture(
        k,
        smoothing="add",
        reg_covar=1e-10,
        weights_init=np.bincount(labels) / labels.size,
        means_init=means,
        precisions_init=1 / np.maximum(squares - means**2, 1e-8),
        tol=1e-12,
    ).fit(X)
    likelihoods = [step.objective for step in model.steps_]
    assert likelihoods == pytest.approx([3837789650.584, 4825993346.737, 4825993346.737], rel=1e-9)
    np.testing.assert_array_equal(model.labels_, labels)  # what the reference teaches: no document moves
    assert len(top["kmeans_init"]) == k
    for c, printed in top["kmeans_init"].items():
        best = np.argsort(-model.means_[int(c)], kind="stable")[:5]
        assert [words[j] for j in best] == [word for word, _, _ in printed]
        for j, (_, mean, variance) in zip(best, printed, strict=True):
            assert model.means_[int(c), j] == pytest.approx(mean, rel=5e-3)
            assert model.covariances_[int(c), j] == pytest.approx(variance, rel=5e-3)


def test_the_published_reference_from_the_random_start(assignment):
    X, *_ = assignment
    k, v = 25, X.shape[1]
    random = np.random.RandomState(5)
    start = [(random.normal(0, 1, v), random.uniform(1, 5, v)) for _ in range(k)]
    model = SparseGaussianMixture(
        k,
        smoothing="add",
        reg_covar=1e-5,
        weights_init=np.full(k, 1 / k),
        means_init=np.array([mean for mean, _ in start]),
        precisions_init=1 / np.array([variance for _, variance in start]),
        tol=1e-12,
    ).fit(X)
    likelihoods = [step.objective for step in model.steps_]
    printed = [-814402240.71, 2257864536.15, 2352794812.23, 2352833652.42]
    assert likelihoods[:4] == pytest.approx(printed, rel=1e-9)
    assert likelihoods[-1] == pytest.approx(2352833652.42, rel=1e-9)


def test_it_finds_the_topics_behind_sparse_counts():
    X, truth = topics(n=400, v=200, k=4, length=40, seed=3)
    for form in ("auto", "own", "pooled", "tied", "isotropic", "cosine"):
        model = SparseGaussianMixture(4, covariance=form, random_state=0).fit(X)
        assert adjusted_rand_score(truth, model.labels_) > 0.5, form
        assert model.converged_


def test_probabilities_sum_to_one_and_their_argmax_is_the_label():
    X, _ = topics()
    model = SparseGaussianMixture(4, random_state=0).fit(X)
    P = model.predict_proba(X)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(P.argmax(axis=1), model.labels_)
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    np.testing.assert_array_equal(model.fit_predict(X), model.labels_)
    model.temperature_ = Temperature(np.full(4, np.log(30.0)))
    softer = model.predict_proba(X)
    np.testing.assert_array_equal(softer.argmax(axis=1), model.labels_)
    assert softer.max(axis=1).mean() < P.max(axis=1).mean()


def test_a_dense_array_gives_what_its_sparse_form_gives():
    X, _ = topics()
    sparse, dense = (SparseGaussianMixture(4, n_init=2, random_state=0).fit(rows) for rows in (X, X.toarray()))
    np.testing.assert_array_equal(sparse.means_, dense.means_)
    assert sparse.lower_bounds_ == dense.lower_bounds_


def test_fitting_leaves_the_matrix_as_it_was():
    rows = sp.csr_array((np.array([2.0, 1.0, 1.0, 3.0]), np.array([2, 0, 0, 1]), np.array([0, 2, 3, 4])), shape=(3, 3))
    before = rows.copy()
    SparseGaussianMixture(2, random_state=0).fit(rows)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(before, name))


def with_stored_zeros(X):
    """The same matrix, with a zero stored in every row where it had none."""
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    free = X.toarray().argmin(axis=1)
    places = np.append(rows, np.arange(X.shape[0])), np.append(X.indices, free)
    return sp.coo_array((np.append(X.data, np.zeros(X.shape[0])), places), shape=X.shape).tocsr()


def test_zeros_stored_or_not_the_answer_is_the_same():
    X, _ = topics()
    stored = with_stored_zeros(X)
    assert stored.nnz == X.nnz + X.shape[0]
    one, other = (SparseGaussianMixture(4, random_state=0).fit(rows) for rows in (X, stored))
    np.testing.assert_array_equal(one.labels_, other.labels_)
    assert one.lower_bounds_ == other.lower_bounds_
    one.temperature_ = Temperature(np.full(4, 3.0), -0.5)
    np.testing.assert_array_equal(one.predict_proba(X), one.predict_proba(stored))
    assert stored.nnz == X.nnz + X.shape[0]


def test_it_lives_in_a_pipeline_behind_a_vectorizer():
    texts = ["sun moon stars", "moon stars sky", "flour butter oven", "butter oven dough"] * 5
    pipeline = make_pipeline(TfidfVectorizer(), SparseGaussianMixture(2, random_state=0))
    labels = pipeline.fit(texts).predict(texts)
    assert len({tuple(labels[i::4]) for i in range(4)}) == 2
    assert clone(pipeline).get_params()["sparsegaussianmixture__n_components"] == 2


def test_the_same_seed_gives_the_same_bits_whatever_the_workers():
    X, _ = topics()
    one, two = (
        SparseGaussianMixture(4, random_state=0, block_rows=50, n_jobs=n_jobs, n_init=2).fit(X) for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(one.means_, two.means_)
    np.testing.assert_array_equal(one.covariances_, two.covariances_)


@pytest.mark.parametrize("start", STARTS)
def test_every_start_leads_to_the_topics(start):
    X, truth = topics(n=300, v=200, k=4, length=60, seed=3)
    options = {"init_params": start, "covariance": "pooled", "pooling": 50.0, "n_init": 3, "random_state": 0}
    model = SparseGaussianMixture(4, **options).fit(X)
    assert adjusted_rand_score(truth, model.labels_) > 0.5
    assert model.start_labels_.shape == (3, 300)
    np.testing.assert_array_equal(model.labels_, SparseGaussianMixture(4, **options, n_jobs=2).fit(X).labels_)


@pytest.mark.parametrize("smoothing", ["add", "floor", "prior"])
def test_a_start_is_grown_under_every_smoothing(smoothing):
    X, _ = topics(n=150)
    model = SparseGaussianMixture(3, smoothing=smoothing, init_params="split-merge", n_init=1, random_state=0).fit(X)
    assert set(model.labels_) == {0, 1, 2}


def test_it_warns_with_a_remedy_when_it_has_not_converged():
    X, _ = topics()
    options = {"n_init": 1, "random_state": 0}
    with pytest.warns(ConvergenceWarning, match="Try max_iter=44,"):
        SparseGaussianMixture(4, max_iter=2, **options).fit(X)
    assert SparseGaussianMixture(4, max_iter=44, **options).fit(X).converged_
    with pytest.warns(ConvergenceWarning, match="Try max_iter=4,"):
        SparseGaussianMixture(4, max_iter=2, annealing_steps=1, **options).fit(X)


def test_renumbering_changes_names_and_nothing_else():
    X, _ = topics()
    model = SparseGaussianMixture(4, random_state=0).fit(X)
    before, labels = model.predict_proba(X), model.labels_
    order = np.array([2, 0, 3, 1])
    model.renumber(order)
    # Up to the order in which a row is summed.
    np.testing.assert_allclose(model.predict_proba(X), before[:, order], rtol=1e-14)
    np.testing.assert_array_equal(order[model.labels_], labels)


def test_predictions_share_what_is_made_of_the_parameters_until_these_change(monkeypatch):
    X, _ = topics()
    model, made = SparseGaussianMixture(4, random_state=0).fit(X), []
    once = prediction.coefficients
    monkeypatch.setattr(prediction, "coefficients", lambda p: made.append(1) or once(p))
    before, size = model.means_, len(pickle.dumps(model))
    P = model.predict_proba(X)
    model.score_samples(X)
    assert len(made) == 1
    assert len(pickle.dumps(model)) == size
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.predict_proba(X), P)
    model.renumber(np.array([2, 0, 3, 1]))
    np.testing.assert_allclose(model.predict_proba(X), P[:, [2, 0, 3, 1]], rtol=1e-14)
    model.set_params(random_state=5, n_init=1).fit(X)
    assert not np.array_equal(model.means_, before)
    np.testing.assert_array_equal(model.predict(X), model.labels_)


def test_a_model_that_was_given_its_parameters_cannot_be_replayed():
    X, _ = topics()
    fitted, given = SparseGaussianMixture(4, random_state=0).fit(X), SparseGaussianMixture(4)
    found = {name: getattr(fitted, name) for name in ("reg_covar_", "labels_", "temperature_")}
    given.restore(fitted.weights_, fitted.means_, fitted.covariances_, **found)
    given.renumber(np.array([1, 0, 2, 3]))
    with pytest.raises(NotFittedError, match="replay needs a fit; this is the model of a finished run"):
        given.replay(X, lambda *seen: None)


def test_a_model_that_was_never_fitted_says_so():
    X, _ = topics(n=100)
    model = SparseGaussianMixture(2)
    asked = [
        lambda: model.replay(X, lambda *seen: None),
        lambda: model.held_out(X),
        lambda: model.renumber(np.array([1, 0])),
        lambda: model.weights_,
        lambda: model.means_,
        lambda: model.covariances_,
    ]
    for ask in asked:
        with pytest.raises(NotFittedError, match="This SparseGaussianMixture instance is not fitted yet"):
            ask()
    assert not hasattr(model, "weights_")


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.float32])
@pytest.mark.parametrize("made", [sp.csr_array, sp.csc_array, sp.csr_array.toarray])
def test_what_fit_takes_can_be_replayed_and_held_out(kind, made):
    plain = sp.csr_array(sp.random_array((100, 60), density=0.2, rng=np.random.default_rng(0)).tocsr() * 9).rint()
    plain.eliminate_zeros()
    X, seen, rows = made(plain.astype(kind)), [], np.arange(9)
    model = SparseGaussianMixture(3, n_init=1, random_state=0).fit(X)
    model.replay(X, lambda step, found, temperature: seen.append(step))
    assert seen == model.steps_
    found, expected = (model.held_out(given)(rows)(plain[rows]) for given in (X, plain))
    np.testing.assert_array_equal(found, expected)


def test_what_n_components_is_does_not_matter_before_fit():
    for wrong in (None, "two"):
        assert get_tags(SparseGaussianMixture(wrong)).classifier_tags.multi_class


GIVEN = {"n_components": 2, "weights_init": [0.5, 0.5], "means_init": np.eye(2), "precisions_init": np.ones((2, 2))}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": 0}, "n_components must be at least 1, got 0"),
        (
            {"n_components": 7},
            r"n_components must be at most the number of distinct documents \(3\), got 7\. Try 2\.$",
        ),
        ({"n_init": 0}, "n_init must be at least 1, got 0"),
        ({"covariance": "full"}, "covariance must be one of auto, own, pooled, tied, isotropic, cosine, got 'full'"),
        ({"smoothing": "none"}, "smoothing must be one of"),
        ({"init_params": "kmean"}, "init_params must be one of"),
        ({"reg_covar": -1.0}, "reg_covar must be at least 0, got -1.0"),
        ({"reg_covar": "big"}, "reg_covar must be at least 0, got 'big'"),
        ({"reg_covar": np.inf}, "reg_covar must be finite, got inf"),
        ({"final_smoothing": -5}, "final_smoothing must be at least 0, got -5"),
        ({"final_smoothing": "x"}, "final_smoothing must be at least 0, got 'x'"),
        ({"final_smoothing": 0}, "final_smoothing must be greater than 0, got 0"),
        ({"softness": 7}, "softness must be at most 1, got 7"),
        ({"tol": np.nan}, "tol must be at least 0, got nan"),
        ({"n_components": 2.5}, "n_components must be an integer, got 2.5"),
        ({"n_components": True}, "n_components must be at least 1, got True"),
        ({"max_iter": 30.5}, "max_iter must be an integer, got 30.5"),
        ({"n_init": 2.5}, "n_init must be an integer, got 2.5"),
        ({"n_init": "all"}, "n_init must be at least 1, got 'all'"),
        ({"n_jobs": 0}, "n_jobs must be None or an integer other than 0, got 0"),
        ({"n_jobs": "2"}, "n_jobs must be None or an integer other than 0, got '2'"),
        ({"on_step": 3}, "on_step must be None or a function, got 3"),
        ({"covariance": ["own"]}, "covariance must be one of auto, "),
        ({"reg_covar": 0, "smoothing": "floor"}, 'reg_covar must be greater than 0 with smoothing "floor", got 0'),
        ({"reg_covar": 0.0, "smoothing": "add"}, 'reg_covar must be greater than 0 with smoothing "add", got 0.0'),
        ({"variance_pseudo": 0, "smoothing": "prior"}, 'variance_pseudo must be greater than 0 with smoothing "prior"'),
        ({"covariance": "cosine", "smoothing": "floor"}, 'smoothing must be "noise" with covariance "cosine"'),
        ({"covariance": "pooled", "smoothing": "prior"}, 'covariance must be "own" or "tied" with smoothing "prior"'),
        ({"reg_covar": 0.1, "smoothing": "prior"}, 'reg_covar must be "auto" with smoothing "prior"'),
        ({"means_init": np.ones((1, 2))}, "go together, got only means_init"),
        (
            {"means_init": np.ones((1, 9)), "precisions_init": np.ones((1, 9)), "weights_init": np.ones(1)},
            "means_init and precisions_init must have shape",
        ),
        (GIVEN | {"weights_init": [-1.0, 2.0]}, "weights_init must be at least 0, got -1.0"),
        (GIVEN | {"weights_init": [np.nan, 1.0]}, "weights_init must be at least 0, got nan"),
        (GIVEN | {"weights_init": [0.5, 0.4]}, "weights_init must sum to one, got a sum of 0.9"),
        (GIVEN | {"weights_init": ["half", "half"]}, "must be arrays of numbers"),
        (GIVEN | {"means_init": [[0.0, np.inf], [0.0, 0.0]]}, "means_init must be finite, got inf"),
        (GIVEN | {"precisions_init": [[1.0, 0.0]] * 2}, "precisions_init must be greater than 0 and finite, got 0.0"),
    ],
)
def test_a_parameter_out_of_range_is_named_with_its_value(options, message):
    X = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]] * 2)
    with pytest.raises(ValueError, match=message):
        SparseGaussianMixture(**({"n_components": 1} | options)).fit(X)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_objective_that_is_no_number_is_an_error():
    X, _ = topics()
    with pytest.raises(SettingError, match=r"The objective must be finite, got (nan|-inf)"):
        SparseGaussianMixture(4, smoothing="floor", reg_covar=1e-320, random_state=0).fit(X)


class TestEdges:
    """Data that break a mixture written as it is taught."""

    def fit(self, X, k, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = SparseGaussianMixture(k, random_state=0, **options).fit(sp.csr_array(X))
        for name in ("weights_", "means_", "covariances_"):
            assert np.all(np.isfinite(getattr(model, name))), name
        assert np.all(model.covariances_ > 0)
        assert np.isfinite(model.lower_bound_)
        np.testing.assert_allclose(model.predict_proba(sp.csr_array(X)).sum(axis=1), 1, rtol=1e-12)
        return model

    def test_all_documents_equal(self):
        model = self.fit(np.tile([0.6, 0.8, 0.0], (10, 1)), 1)
        np.testing.assert_allclose(model.means_, [[0.6, 0.8, 0.0]])

    def test_two_kinds_of_equal_documents(self):
        model = self.fit(np.repeat(np.eye(2), 500, axis=0), 2)
        np.testing.assert_array_equal(np.bincount(model.labels_), [500, 500])

    def test_as_many_clusters_as_documents(self):
        model = self.fit(np.eye(6), 6, n_init=2)
        assert model.weights_.size == 6

    def test_an_empty_row(self):
        X = topics(n=50)[0].toarray()
        X[7] = 0
        self.fit(X, 3)

    def test_a_word_with_the_same_weight_everywhere(self):
        X = np.column_stack([topics(n=60)[0].toarray(), np.full(60, 0.3)])
        for smoothing in ("noise", "floor", "prior"):
            self.fit(X, 3, smoothing=smoothing)

    def test_a_word_seen_once(self):
        X = np.column_stack([topics(n=60)[0].toarray(), np.eye(60)[:, 0]])
        self.fit(X, 3)

    def test_one_document_a_thousand_times_longer(self):
        X = topics(n=100)[0].toarray()
        X[0] *= 1000
        self.fit(X, 3)

    def test_long_documents_count_more_unless_told_or_smoothed_otherwise(self):
        X = topics(n=80)[0]
        for smoothing, exponent in (("noise", 0.5), ("add", 0.0)):
            options = {"smoothing": smoothing, "n_init": 1, "random_state": 0}
            found, told, other = (
                SparseGaussianMixture(3, length_exponent=given, **options).fit(X).lower_bounds_
                for given in ("auto", exponent, 1.0)
            )
            assert found == told
            assert found != other

    def test_one_cluster(self):
        X = topics(n=50)[0]
        model = self.fit(X, 1)
        long = np.sqrt(np.diff(X.indptr))
        np.testing.assert_allclose(model.means_[0], long @ X.toarray() / long.sum(), rtol=1e-6)
        np.testing.assert_array_equal(model.labels_, 0)


@pytest.mark.parametrize("covariance", ["own", "pooled"])
@pytest.mark.parametrize("n_components", [127, 128, 210])
def test_the_objective_is_that_of_the_model_where_every_word_is_in_most_clusters(covariance, n_components):
    rng = np.random.RandomState(0)
    centres = rng.randn(n_components, 30)
    rows = centres[rng.randint(n_components, size=3000)] + 0.5 * rng.randn(3000, 30)
    X = sp.csr_array(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    options = {"covariance": covariance, "pooling": 0.0, "n_init": 1, "length_exponent": 0.0, "random_state": 0}
    model = SparseGaussianMixture(n_components, **options).fit(X)
    assert model.lower_bound_ == pytest.approx(model.score(X), rel=1e-6)
    assert model.converged_


def test_small_smoothing_is_not_lost_in_single_precision():
    X = sp.csr_array(np.random.RandomState(0).poisson(1.0, (2000, 100)).astype(float))
    model = SparseGaussianMixture(150, covariance="own", reg_covar=1e-6, n_init=1, random_state=0).fit(X)
    assert np.isfinite(model.covariances_).all()
    np.testing.assert_array_equal(model.predict(X), model.labels_)


def test_a_fit_that_failed_is_no_fit():
    X, _ = topics(n=100)
    model = SparseGaussianMixture(200)
    with pytest.raises(SettingError):
        model.fit(X)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize("asked", [False, True])
def test_parameters_that_are_set_later_do_not_change_what_was_fitted(asked):
    X, _ = topics(n=200)
    model = SparseGaussianMixture(3, random_state=0).fit(X)
    before = SparseGaussianMixture(3, random_state=0).fit(X).score(X)
    if asked:
        model.predict(X)
    assert model.set_params(smoothing="add").score(X) == before


def test_a_start_by_parameters_is_judged_under_the_noise_it_is_fitted_with():
    X, _ = topics(n=300)
    rng = np.random.default_rng(0)
    start = {
        "weights_init": np.full(3, 1 / 3),
        "means_init": X.toarray()[rng.choice(300, 3, replace=False)],
        "precisions_init": np.full((3, X.shape[1]), 1 / X.toarray().var()),
    }
    model = SparseGaussianMixture(3, covariance="own", **start).fit(X)
    assert np.all(np.diff(model.lower_bounds_) >= -1e-9 * abs(model.lower_bound_))
    with pytest.warns(ConvergenceWarning):
        first = SparseGaussianMixture(3, covariance="own", max_iter=1, **start).fit(X)
    np.testing.assert_array_equal(first.predict(X), first.labels_)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e20, 1e30])
@pytest.mark.parametrize("k", [3, 20])
def test_the_scale_of_the_data_changes_nothing(scale, k):
    X, _ = pure_topics(n=800, k=k, v=400)
    options = {"covariance": "pooled", "random_state": 0, "n_init": 4}
    plain, scaled = (SparseGaussianMixture(k, **options).fit(rows) for rows in (X, sp.csr_array(X * scale)))
    assert adjusted_rand_score(plain.labels_, scaled.labels_) > 0.9
    assert scaled.reg_covar_ == pytest.approx(plain.reg_covar_ * scale**2, rel=1e-2)
    assert np.isfinite(scaled.score(X * scale))


def test_squares_that_are_no_numbers_are_refused():
    X, _ = topics(n=100)
    with pytest.raises(SettingError, match="X must have finite squares"):
        SparseGaussianMixture(2).fit(X * 1e160)


@pytest.mark.parametrize("scale", [1e153, 1e154, 1e300])  # under narrow variances smaller ones are too large already
def test_rows_whose_squares_are_no_numbers_have_no_probabilities(scale):
    X, _ = topics(n=100)
    model = SparseGaussianMixture(2, covariance="own", reg_covar=1e-5, n_init=1, random_state=0).fit(X)
    huge = sp.csr_array(X[:1] * scale)
    for ask in (model.predict, model.predict_proba, model.score_joint, model.score_samples, model.score):
        with pytest.raises(SettingError, match=r"X must have finite squares\. Try rows of length one\.$"):
            ask(huge)
    assert np.isfinite(model.predict_proba(X[:1] * 1e100)).all()


def test_a_column_that_is_the_same_everywhere_hides_no_cluster():
    X, truth = pure_topics(n=300, k=4)
    with_constant = sp.csr_array(sp.hstack([X, np.full((300, 1), 1e5)]))
    model = SparseGaussianMixture(4, random_state=0).fit(with_constant)
    assert adjusted_rand_score(truth, model.labels_) > 0.9
    assert model.reg_covar_ == pytest.approx(SparseGaussianMixture(4, random_state=0).fit(X).reg_covar_, rel=1e-3)
