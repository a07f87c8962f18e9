"""Which covariance "auto" takes, and what it looks at before."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from docclust import SparseGaussianMixture, kernels
from docclust.mixture import covariance, defaults, seeding
from tests.test_em import topics


@pytest.mark.parametrize(
    ("method", "steps", "chosen"),
    [
        ("kmeans", 8, "cosine"),
        ("lsa", 8, "pooled"),
        ("kmeans", 0, "pooled"),
        ("kmeans", 21, "pooled"),
        ("k-means++", 8, "pooled"),
    ],
)
def test_only_starts_that_kmeans_has_moved_decide_how_free_variances_are(monkeypatch, method, steps, chosen):
    monkeypatch.setattr(covariance, "leads_away", lambda starts, found, surely=False: True)
    X, _ = topics(n=200, v=100, length=40, seed=3)
    model = SparseGaussianMixture(4, init_params=method, seeding_steps=steps, n_init=2, random_state=0)
    assert model.fit(X).covariance_ == chosen


@pytest.mark.parametrize(
    ("length", "scale", "nearer", "heap", "chosen"),
    [
        (10, 1, 0.1, 1, "isotropic"),
        (10, 1, -0.02, 1, "isotropic"),
        (10, 1, -0.04, 1, "cosine"),
        (10, 1, 0.1, 0.1, "cosine"),
        (40, 1, 0.1, 1, "cosine"),
        (10, 2, -0.04, 0.1, "isotropic"),
        (40, 2, -0.04, 0.1, "isotropic"),
    ],
)
def test_round_clusters_have_one_variance_where_short_texts_stay_near_their_starts_and_make_no_heap(
    monkeypatch, length, scale, nearer, heap, chosen
):
    monkeypatch.setattr(covariance, "leads_away", lambda starts, found, surely=False: True)
    near = iter([0.5, 0.5 + nearer])  # means of length one are looked at first
    monkeypatch.setattr(covariance, "nearness", lambda starts, found: next(near))
    monkeypatch.setattr(covariance, "have_clusters", lambda starts, found: True)
    monkeypatch.setattr(covariance, "HEAP_SHARE", heap)
    monkeypatch.setattr(covariance, "HEAP_TIMES", 0)
    X, _ = topics(n=200, v=100, length=length, seed=3)
    assert SparseGaussianMixture(4, n_init=2, random_state=0).fit(scale * X).covariance_ == chosen


def test_round_clusters_have_the_best_of_ten_starts_unless_told(monkeypatch):
    monkeypatch.setattr(covariance, "leads_away", lambda starts, found, surely=False: True)
    monkeypatch.setattr(defaults, "SMALL_CORPUS", 0)
    drawn, best_first = [], seeding.best_first

    def watched(X, starts, *given):
        drawn.append(len(starts))
        return best_first(X, starts, *given)

    monkeypatch.setattr(seeding, "best_first", watched)
    X, _ = topics(n=200, v=100, length=40, seed=3)
    for kind, n_init in (("pooled", "auto"), ("auto", 4), ("auto", "auto")):
        model = SparseGaussianMixture(4, covariance=kind, n_init=n_init, random_state=0).fit(X)
        assert len(model.start_labels_) == 4
    assert drawn == [10]
    drawn.clear()
    monkeypatch.setattr(defaults, "SMALL_CORPUS", 2000)
    for kind, n_init in (("cosine", "auto"), ("auto", 3), ("auto", "auto")):
        model = SparseGaussianMixture(40, covariance=kind, n_init=n_init, random_state=0).fit(X)
    assert len(model.start_labels_) == 4
    assert drawn == [10]


@pytest.mark.parametrize(("away", "chosen"), [(True, "cosine"), (False, "pooled")])
@pytest.mark.parametrize("many", [2, 0], ids=["first starts", "all"])
def test_a_part_of_the_documents_and_the_first_starts_tell_the_covariance(monkeypatch, away, chosen, many):
    asked = []

    def told(starts, found, surely=False):
        asked.append((len(starts), len(starts[0]), surely))
        return away

    monkeypatch.setattr(covariance, "leads_away", told)
    monkeypatch.setattr(covariance, "TELLING_DOCUMENTS", 100)
    monkeypatch.setattr(covariance, "TELLING_A_CLUSTER", 1)
    monkeypatch.setattr(covariance, "FIRST_STARTS", many)
    monkeypatch.setattr(kernels, "side_by_side", lambda n_components, n_documents: 1)
    X, _ = topics(n=200, v=100, length=40, seed=3)
    model = SparseGaussianMixture(4, n_init=4, random_state=0).fit(X)
    assert model.covariance_ == chosen
    assert model.labels_.size == 200
    first = [(2, 100, True)] if many else []
    assert asked == (first if many and away else [*first, (4, 100, False)])
    alone = SparseGaussianMixture(4, covariance=chosen, n_init=4, random_state=0).fit(X)
    np.testing.assert_array_equal(model.labels_, alone.labels_)
    assert model.start_bounds_.tolist() == alone.start_bounds_.tolist()


@pytest.mark.parametrize(("away", "chosen", "starts"), [(True, "cosine", 4), (False, "pooled", 10)])
def test_ten_starts_tell_the_covariance_where_four_leave_it_open(monkeypatch, away, chosen, starts):
    asked = []

    def told(starts, found, surely=False):
        asked.append(len(found))
        return away if len(found) == 10 else not away

    monkeypatch.setattr(covariance, "leads_away", told)
    monkeypatch.setattr(covariance, "is_open", lambda starts, found: True)
    monkeypatch.setattr(defaults, "SMALL_CORPUS", 0)
    X, _ = topics(n=200, v=100, length=40, seed=3)
    model = SparseGaussianMixture(4, random_state=0).fit(X)
    assert (model.covariance_, len(model.start_labels_), asked) == (chosen, starts, [4, 10])
    assert SparseGaussianMixture(4, n_init=4, random_state=0).fit(X).covariance_ != chosen


@pytest.mark.parametrize(("n", "scale", "chosen"), [(199, 1, "cosine"), (200, 1, "pooled"), (199, 2, "pooled")])
def test_variances_are_not_learnt_from_few_documents(monkeypatch, n, scale, chosen):
    monkeypatch.setattr(covariance, "leads_away", lambda starts, found, surely=False: False)
    X, _ = topics(n=n, v=100, length=40, seed=3)
    for starts in (1, 2):
        assert SparseGaussianMixture(4, n_init=starts, random_state=0).fit(scale * X).covariance_ == chosen


def said_by_four(n_words, phrases, share, seed):
    """Rows on four topics in turn, and which; a share of them says a phrase of eight words, whatever its topic."""
    rng, words = np.random.default_rng(seed), 200
    topics = 0.5 * rng.dirichlet(np.full(words, 0.1), size=4) + 0.5 / words
    counts = np.zeros((600, words + 8 * phrases))
    for i, row in enumerate(counts):
        row[:words] = rng.multinomial(n_words, topics[i % 4])
        if rng.random() < share:
            phrase = words + 8 * rng.integers(phrases)
            row[phrase : phrase + 8] = 1
    return sp.csr_array(normalize(counts)), np.arange(600) % 4


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("n_words", "phrases", "share", "chosen"), [(20, 1, 0, "pooled"), (10, 30, 0.8, "cosine")])
def test_auto_keeps_free_variances_unless_they_follow_set_phrases(n_words, phrases, share, chosen, seed):
    X, said = said_by_four(n_words, phrases, share, seed)
    auto, pooled = (SparseGaussianMixture(4, covariance=kind, random_state=0).fit(X) for kind in ("auto", "pooled"))
    assert auto.covariance_ == chosen
    found, freer = (adjusted_rand_score(said, model.labels_) for model in (auto, pooled))
    assert found > 0.7
    assert found >= freer + (0.5 if chosen == "cosine" else 0)


def test_what_auto_takes_is_fitted_as_if_it_had_been_asked_for():
    X, _ = topics(n=400, v=200, length=40, seed=3)
    model = SparseGaussianMixture(4, random_state=0).fit(X)
    chosen = SparseGaussianMixture(4, covariance=model.covariance_, random_state=0).fit(X)
    np.testing.assert_array_equal(model.labels_, chosen.labels_)
    assert SparseGaussianMixture(4, smoothing="floor", random_state=0).fit(X).covariance_ == "own"


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("length", [10, 40])
@pytest.mark.parametrize(("stays", "leaves"), [(0.59, False), (0.61, True)])
def test_starts_of_one_large_cluster_count_where_round_clusters_keep_them(monkeypatch, stays, leaves, length, scale):
    monkeypatch.setattr(covariance, "leads_away", lambda starts, found, surely=False: True)
    monkeypatch.setattr(covariance, "nearness", lambda starts, found: stays)
    monkeypatch.setattr(covariance, "have_clusters", lambda starts, found: False)
    X, _ = topics(n=200, v=100, length=length, seed=3)
    model = SparseGaussianMixture(4, n_init=2, random_state=0).fit(scale * X)
    assert (model.covariance_ != "pooled") == leaves
