"""Copies of a document count once: what clusters are like, how sure they are, and which documents they hold."""

import json

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from docclust import SparseGaussianMixture, fitted, pipeline
from docclust.config import parse
from docclust.em import Step
from docclust.mixture import defaults
from docclust.mixture.copies import LEAST_COPIES, LEAST_WORDS, find_copies, n_distinct_rows, nearly_the_same

K = 3


def documents(n=90, words=30, seed=0):
    """Counts of documents on three topics in turn."""
    rng = np.random.default_rng(seed)
    topics = 0.7 * rng.dirichlet(np.full(90, 0.1), size=K) + 0.3 / 90
    return np.array([rng.multinomial(words, topics[i % K]) for i in range(n)]).astype(float)


COUNTS = documents()
ROWS = sp.csr_array(normalize(COUNTS))
# Of ten documents each stands there twenty times.
REPEATED = np.repeat(np.arange(90), np.where(np.arange(90) < 10, 20, 1))


def model(**options):
    return SparseGaussianMixture(K, random_state=0, **options)


def copies_in(X, asked):
    return find_copies(X, defaults.copies(asked), asked.n_components)


def test_a_fit_of_copies_is_that_of_one_of_each():
    every, one = model().fit(ROWS[REPEATED]), model().fit(ROWS)
    assert every.n_counted_ == 90
    np.testing.assert_array_equal(every.labels_, one.labels_[REPEATED])
    np.testing.assert_array_equal(every.means_, one.means_)
    np.testing.assert_array_equal(every.start_labels_, one.start_labels_[:, REPEATED])
    assert every.lower_bounds_ == one.lower_bounds_
    assert adjusted_rand_score(REPEATED % K, every.labels_) > 0.9


def test_copies_that_count_each_make_clusters_of_their_own():
    each = model(copies="each").fit(ROWS[REPEATED])
    assert each.n_counted_ == REPEATED.size
    assert not np.array_equal(each.means_, model().fit(ROWS).means_)


def test_every_row_is_held_against_its_cluster_without_its_copies():
    every, one = model(leave_one_out=True).fit(ROWS[REPEATED]), model(leave_one_out=True).fit(ROWS)
    J = every.apart(every.score_joint(ROWS[REPEATED]), np.arange(REPEATED.size))
    np.testing.assert_array_equal(J, one.apart(one.score_joint(ROWS), np.arange(90))[REPEATED])


def test_probabilities_are_calibrated_on_one_of_each():
    found = []
    for rows in (REPEATED, np.arange(90)):
        X, given = ROWS[rows], model().fit(ROWS[rows])
        weigh = lambda counts: sp.csr_array(normalize(counts))  # noqa: E731
        repeats = 2, np.random.default_rng(0)
        counts = sp.csr_array(COUNTS[rows].astype(int))
        calibration = fitted.calibrate(given, given.coefficients(), X, counts, weigh, *repeats)
        found.append((given.temperature_.levels, calibration.calibration_error, fitted.responsibilities(given, X)))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    np.testing.assert_array_equal(found[0][2].toarray(), found[1][2].toarray()[REPEATED])


def test_iterations_are_shown_as_they_were():
    X, shown = ROWS[REPEATED], []
    every = model().fit(X)
    every.replay(X, lambda step, found, temperature: shown.append(step))
    assert shown == every.steps_
    assert all(isinstance(step, Step) and step.moved <= every.n_counted_ for step in shown)


def test_the_order_of_the_rows_changes_no_cluster():
    order = np.random.default_rng(1).permutation(REPEATED.size)
    one, other = model().fit(ROWS[REPEATED]), model().fit(ROWS[REPEATED[order]])
    assert adjusted_rand_score(one.labels_[order], other.labels_) == 1


def rows_of_words(words, copies, others=100):
    """A row of so many words so many times, and as many different rows of them as told."""
    rng = np.random.default_rng(0)
    dense = np.zeros((copies + others, 400))
    for i in range(others + 1):
        dense[max(0, i - 1) + (copies if i else 0), rng.choice(400, words, replace=False)] = 1
    dense[:copies] = dense[0]
    return sp.csr_array(dense)


@pytest.mark.parametrize(
    ("words", "copies", "counted"),
    [
        (LEAST_WORDS, 10, 101),
        (LEAST_WORDS - 1, 10, 110),  # who says so little may say it on his own
        (LEAST_WORDS, 5, 105),  # 20 pairs among 105 rows are fewer than a quarter of a copy for each
        (LEAST_WORDS, 1, 101),
    ],
)
def test_which_copies_count_once(words, copies, counted):
    X = rows_of_words(words, copies)
    assert copies_in(X, model()).counted(X).shape[0] == counted
    assert (copies * (copies - 1) >= LEAST_COPIES * X.shape[0]) == (copies == 10)


@pytest.mark.parametrize("words", [2, LEAST_WORDS])
def test_all_equal_rows_count_once_where_it_is_asked_for(words):
    X = rows_of_words(words, 3)
    assert copies_in(X, model(copies="once")).counted(X).shape[0] == 101
    assert copies_in(X, model(copies="each")).counted(X) is X


@pytest.mark.parametrize("plain", [{"smoothing": "add"}, {"smoothing": "prior"}, {"means_init": np.zeros((K, 400))}])
def test_the_forms_of_the_textbooks_count_each(plain):
    X = rows_of_words(LEAST_WORDS, 50)
    assert copies_in(X, model(**plain)).counted(X) is X


def nearly_the_same_rows(words, changed, copies=20):
    """A row of so many words among others, and copies of it in which some are others each time."""
    rng = np.random.default_rng(1)
    dense = np.zeros((100 + copies, 2000))
    for row in dense[copies - 1 :]:
        row[rng.choice(1000, words, replace=False)] = 1
    for i in range(copies - 1):
        dense[i] = dense[copies - 1]
        dense[i, rng.choice(np.flatnonzero(dense[i]), changed, replace=False)] = 0
        dense[i, 1000 + i * changed : 1000 + (i + 1) * changed] = 1
    return sp.csr_array(dense)


@pytest.mark.parametrize(
    ("words", "changed", "copies", "counted"),
    [
        (40, 1, "once", 101),
        (40, 1, "auto", 120),
        (40, 8, "once", 120),  # two of them share half of their words
        (12, 1, "once", 120),  # eleven words are few to be sure by
    ],
)
def test_nearly_the_same_counts_once_where_it_is_asked_for(words, changed, copies, counted):
    X = nearly_the_same_rows(words, changed)
    assert copies_in(X, model(copies=copies)).counted(X).shape[0] == counted


def test_every_row_has_the_label_that_predict_gives_it():
    X = ROWS[REPEATED].toarray()
    X[:200][np.arange(200), np.random.default_rng(2).integers(0, 90, 200)] = 0
    given = model(copies="once").fit(sp.csr_array(X))
    assert given.n_counted_ < 200
    np.testing.assert_array_equal(given.labels_, given.predict(sp.csr_array(X)))


def test_no_fewer_rows_count_than_there_are_clusters():
    X = nearly_the_same_rows(40, 1)
    assert SparseGaussianMixture(110, copies="once", random_state=0).fit(X).n_counted_ == 120


def test_rows_without_zeros_are_no_copies_of_each_other():
    X = sp.csr_array(np.random.default_rng(0).normal(size=(60, 20)))
    assert copies_in(X, model()).counted(X) is X


@pytest.mark.parametrize(("copies", "told"), [(20, 19), (5, 0)])
def test_many_that_are_nearly_the_same_are_told(copies, told):
    assert nearly_the_same(nearly_the_same_rows(40, 1, copies)) == told


def test_what_copies_may_be():
    with pytest.raises(ValueError, match="copies must be one of auto, once, each, got 'twice'"):
        model(copies="twice").fit(ROWS)


def test_distinct_rows_are_counted_by_words_and_weights():
    X = sp.csr_array(np.array([[1.0, 0, 0], [0, 1.0, 0], [1.0, 0, 0], [0, 0.5, 0], [0, 0, 0], [0, 0, 0]]))
    assert n_distinct_rows(X, 10) == 4
    assert n_distinct_rows(X, 2) == 2


def test_a_run_tells_of_copies_and_of_what_may_be_some(tmp_path):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice([f"{'abc'[i % K]}word{w}" for w in range(60)], 40)) for i in range(60)]
    left_out = sorted(set(texts[0].split()))[:20]
    circular = [" ".join(word for word in texts[0].split() if word != other) for other in left_out]
    for name, given, told in (
        ("same", texts + texts[:1] * 20, "20 documents with the words of another: they count once"),
        ("nearly", texts + circular, "nearly the words of another."),
    ):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps({"text": text}) for text in given), "utf-8")
        settings = parse({"corpus": {"source": "jsonl", "path": str(path)}, "mixture": {"n_components": K}})
        run = pipeline.run(settings)
        assert told in " ".join(run.manifest["warnings"])
        assert len(run.documents) == 80
        assert run.manifest["counted"] == run.model.n_counted_ == (60 if name == "same" else 80)
