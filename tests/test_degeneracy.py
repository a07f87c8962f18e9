"""Data on which the mixture of the textbooks has no maximum: its density of a document grows without bound.

Each case is shown twice. The textbook form (own variances, a constant added in the M-step alone) gives some documents
a density that rises by hundreds of nats when the constant is made smaller: a variance at the floor, and no use. The
default has no such constant, and on the same data no document is far above the others.
"""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from docclust import SparseGaussianMixture, em
from docclust.gaussian import Form, coefficients, log_joint
from docclust.vectors import TfIdf

TEXTBOOK = {"covariance": "own", "smoothing": "add", "annealing": "none", "init_params": "random", "n_init": 1}
# By how much the log-density of a document may exceed the median of different documents, in nats. Copies that are nine
# documents in ten may be denser where each counts: s itself, an eigenvalue of the covariance, is then small.
FAR_ABOVE = {("thousands of duplicates", "each"): 200.0}
FAR_ABOVE_ELSE = 60.0


def counts_of_topics(n=200, k=4, v=120, length=40, seed=0):
    rng = np.random.default_rng(seed)
    words = 0.8 * rng.dirichlet(np.full(v, 0.15), size=k) + 0.2 / v
    truth = rng.integers(0, k, n)
    return np.array([rng.multinomial(length, words[topic]) for topic in truth]).astype(float), truth


COUNTS, TRUTH = counts_of_topics()
ROWS = normalize(COUNTS)


def copies(times):
    """The topics, and one document of theirs so many times more."""
    return np.vstack([ROWS, np.tile(ROWS[:1], (times, 1))])


def one_row_a_thousand_times_longer():
    rows = ROWS.copy()
    rows[0] *= 1000
    return rows


CASES = {
    "identical documents": (copies(60), 4),
    "K near N": (ROWS[:40], 30),
    "thousands of duplicates": (copies(3000), 4),
    "one row a thousand times longer": (one_row_a_thousand_times_longer(), 4),
}


def fitted(X, k, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return SparseGaussianMixture(k, random_state=0, **options).fit(sp.csr_array(X))


def textbook(X, k, constant):
    return fitted(X, k, **TEXTBOOK, reg_covar=constant)


@pytest.mark.parametrize("case", CASES)
def test_the_textbook_density_rises_without_bound_as_its_constant_falls(case):
    X, k = CASES[case]
    if case.startswith("one row"):  # its cluster of one document is one that k-means finds
        found = [fitted(X, k, **TEXTBOOK | {"init_params": "kmeans"}, reg_covar=s) for s in (1e-6, 1e-10)]
    else:
        found = [textbook(X, k, constant) for constant in (1e-6, 1e-10)]
    highest = [model.score_samples(sp.csr_array(X)).max() for model in found]
    assert highest[1] - highest[0] > 100
    at_the_floor = (found[1].covariances_ <= 1.0001e-10).mean(axis=1)
    assert at_the_floor.max() > 0.5


@pytest.mark.parametrize("copies", ["auto", "each"])
@pytest.mark.parametrize("case", CASES)
def test_the_default_gives_no_document_a_density_far_above_the_others(case, copies):
    X, k = CASES[case]
    model = fitted(X, k, copies=copies)
    scores = model.score_samples(sp.csr_array(X))
    assert np.isfinite(model.lower_bound_)
    assert np.all(np.isfinite(model.predict_proba(sp.csr_array(X))))
    different = np.unique(X, axis=0, return_index=True)[1]
    assert scores.max() - np.median(scores[different]) < FAR_ABOVE.get((case, copies), FAR_ABOVE_ELSE)
    assert model.covariances_.min() >= 0.999 * model.reg_covar_
    assert model.reg_covar_ > 0.02 * np.median((X**2).mean(axis=1))
    if case != "K near N":  # which has fewer topics than clusters
        assert set(model.labels_) == set(range(k))


@pytest.mark.parametrize("copies", ["auto", "each"])
def test_the_default_finds_the_topics_beside_sixty_identical_documents(copies):
    X, k = CASES["identical documents"]
    model = fitted(X, k, copies=copies)
    assert adjusted_rand_score(TRUTH, model.labels_[: TRUTH.size]) > 0.95
    assert adjusted_rand_score(TRUTH, textbook(X, k, 1e-10).labels_[: TRUTH.size]) < 0.8


def test_a_cluster_of_one_document_is_for_ever_in_the_textbook_form_and_not_in_the_default():
    X = sp.csr_array(ROWS)
    start = TRUTH.copy()
    start[0] = 4
    rng, limits = np.random.RandomState(0), {"max_iter": 100, "tol": 1e-9, "target": em.corpus_moments(X)}
    alone = em.fit(X, start, 5, em.EMOptions(Form(smoothing="add"), np.full(1, 1e-10), **limits), rng=rng)
    assert np.bincount(alone.labels)[4] == 1
    assert alone.parameters.variances[:, 4].max() < 1.0001e-10
    density = log_joint(X, coefficients(alone.parameters))
    assert density[0, 4] > 500 + density[1:].max(axis=1).max()
    final = 0.25 * em.spectrum(X, 5)[-1]
    soft = em.EMOptions(Form("pooled"), np.full(22, final), softness=0.2, **limits)
    joined = em.fit(X, start, 5, soft, rng=rng)
    assert np.bincount(joined.labels, minlength=5)[4] > 5


def test_a_word_with_the_same_weight_everywhere_decides_nothing_in_the_default():
    everywhere = np.full((ROWS.shape[0], 1), 0.3)
    X = np.hstack([ROWS, everywhere])
    without = sp.csr_array(np.hstack([ROWS, 0 * everywhere]))
    lost = []
    for model in (textbook(X, 4, 1e-10), fitted(X, 4)):
        lost.append(np.mean(model.score_samples(sp.csr_array(X)) - model.score_samples(without)))
    assert lost[0] > 1e8  # nats, for a document that lacks one word
    assert 0 < lost[1] < 30
    np.testing.assert_array_equal(fitted(X, 4).predict(without), fitted(X, 4).labels_)


def test_a_text_a_thousand_times_longer_is_a_row_like_the_others():
    counts = sp.csr_array(COUNTS)
    longer = COUNTS.copy()
    longer[0] *= 1000
    one, other = (fitted(TfIdf.of(counts, "log").rows(rows), 4) for rows in (counts, sp.csr_array(longer)))
    assert adjusted_rand_score(one.labels_, other.labels_) > 0.99
    assert adjusted_rand_score(TRUTH, other.labels_) > 0.95


@pytest.mark.parametrize(("n_words", "k"), [(1, 3), (2, 8)])
def test_more_clusters_than_words_are_as_apart_as_their_documents(n_words, k):
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(k), 50)
    centres = 10.0 * np.column_stack([np.arange(k) % 3, np.arange(k) // 3])[:, :n_words]
    X = centres[truth] + rng.normal(0, 0.3, (truth.size, n_words))
    model = SparseGaussianMixture(k, random_state=0).fit(X)
    assert adjusted_rand_score(truth, model.labels_) == 1.0
