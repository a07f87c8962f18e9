"""Halves that conserve words, and a temperature that is known where the truth is."""

import numpy as np
import pytest
import scipy.sparse as sp

from docclust.calibration import (
    OTHER_WRONG,
    SPLIT_OFF,
    Starts,
    _Split,
    calibrate,
    calibration_error,
    confirmed,
    confirmed_levels,
    fit_temperature,
    halves,
)
from docclust.probability import Temperature, softmax


@pytest.fixture
def counts():
    rng = np.random.default_rng(0)
    return sp.csr_array(rng.poisson(0.3, size=(200, 50)).astype(np.int32))


def test_the_halves_add_up_to_the_document(counts):
    before = counts.copy()
    first, second = halves(counts, np.random.default_rng(1))
    np.testing.assert_array_equal((first + second).toarray(), counts.toarray())
    np.testing.assert_array_equal(counts.toarray(), before.toarray())
    assert abs(first.sum() / counts.sum() - 0.5) < 0.02


def calibrated(counts, score, repeats, rng, starts=None):
    """Where a mixture that has not seen some documents is the same."""
    return calibrate(counts, score(counts[:1]).shape[1], lambda rows: (score, score), repeats, rng, starts)


def drawn(J, temperature, rng):
    """Labels that have the probabilities softmax(J / temperature)."""
    P = softmax(J, temperature)
    return (P.cumsum(axis=1) > rng.random((J.shape[0], 1))).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0, 60.0])
def test_the_temperature_that_made_the_labels_is_found_again(temperature):
    rng = np.random.default_rng(0)
    J = rng.normal(scale=2 * temperature, size=(20_000, 5))
    labels = drawn(J, temperature, rng)
    level, slope = fit_temperature(_Split(J, np.full(len(J), 40), labels))
    found = np.exp(level + slope * np.log(40))
    assert found == pytest.approx(temperature, rel=0.05)
    P = softmax(J, found)
    assert calibration_error(P.max(axis=1), P.argmax(axis=1) == labels) < 0.015


def test_a_temperature_that_falls_with_the_length_is_found_again():
    rng = np.random.default_rng(0)
    n_words = rng.integers(5, 500, 30_000)
    truth = Temperature(np.full(4, 4.0), -0.4)
    J = rng.normal(scale=30, size=(n_words.size, 4))
    level, slope = fit_temperature(_Split(J, n_words, drawn(J, truth.of(J, n_words), rng)))
    assert slope == pytest.approx(-0.4, abs=0.05)
    assert level == pytest.approx(4.0, abs=0.25)


def test_a_temperature_never_changes_the_order_of_the_clusters():
    rng = np.random.default_rng(0)
    J, n_words = rng.normal(scale=50, size=(500, 6)), rng.integers(0, 300, 500)
    P = softmax(J, Temperature(rng.normal(2, 1, 6), -0.5).of(J, n_words))
    np.testing.assert_allclose(P.sum(axis=1), 1)
    np.testing.assert_array_equal(P.argsort(axis=1), J.argsort(axis=1))


def test_where_every_prediction_is_right_no_probability_says_more_than_was_seen():
    # 100 documents, all predicted rightly: one more might be wrong, so about 1 in 100 is as sure as it gets.
    J = 50.0 * np.eye(4)[np.arange(100) % 4]
    level, slope = fit_temperature(_Split(J, np.full(100, 30), J.argmax(axis=1)))
    P = softmax(J, np.exp(level + slope * np.log(30)))
    assert 0.97 < P.max(axis=1).min() < 1 - 1e-3


def test_a_start_confirms_the_documents_that_stay_together():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    renamed, other = np.array([2, 2, 2, 2, 0, 0, 0, 0]), np.array([1, 1, 1, 0, 0, 0, 0, 2])
    agreed = confirmed(labels, Starts(np.array([renamed, other]), np.array([0.0, np.log(3)])), 3)
    # In the second start, which weighs one fourth, the fourth went to the other cluster, and the last was split off.
    gone, split_off = (OTHER_WRONG + (1 - OTHER_WRONG) * share for share in (0.75, 0.75 + 0.25 * SPLIT_OFF))
    np.testing.assert_allclose(agreed, [1, 1, 1, gone, 1, 1, 1, split_off])


def test_a_start_that_merges_clusters_confirms_all_of_them_and_one_that_splits_them_the_larger_part():
    labels = np.repeat([0, 1, 2], 4)
    merged, split = np.repeat([0, 0, 1], 4), np.array([0, 0, 0, 1, 2, 2, 2, 2, 3, 3, 3, 3])
    np.testing.assert_array_equal(confirmed(labels, Starts(np.array([merged]), np.zeros(1)), 4), 1)
    agreed = confirmed(labels, Starts(np.array([split]), np.zeros(1)), 4)
    half = OTHER_WRONG + (1 - OTHER_WRONG) * SPLIT_OFF
    np.testing.assert_allclose(agreed, np.where(np.arange(12) == 3, half, 1))


def test_the_level_of_a_cluster_follows_how_often_its_documents_are_confirmed():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 500)
    J = 20 * np.eye(2)[labels] + rng.normal(size=(1000, 2))
    levels = confirmed_levels(J, np.full(1000, 50), np.where(labels == 0, 0.95, 0.6), 0.0)
    P = softmax(J, Temperature(levels).of(J, np.full(1000, 50))).max(axis=1)
    assert P[labels == 0].mean() == pytest.approx(0.95, abs=0.02)
    assert P[labels == 1].mean() == pytest.approx(0.6, abs=0.05)


def test_the_calibration_error_is_the_gap_by_bin():
    confidence = np.repeat([0.6, 0.9], 100)
    correct = np.concatenate([np.arange(100) < 50, np.arange(100) < 90])
    assert calibration_error(confidence, correct, bins=2) == pytest.approx(0.05)
    assert calibration_error(np.full(10, 0.7), np.arange(10) < 7, bins=1) == pytest.approx(0)


def test_calibrating_is_the_same_twice_and_measures_what_the_halves_share(counts):
    means = np.random.default_rng(3).normal(size=(50, 3))

    def score(rows):
        return rows @ means

    one, two = (calibrated(counts, score, 3, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.temperature.levels, two.temperature.levels)
    assert one.temperature.levels[0] + one.temperature.slope * np.log(10) > 0
    assert 0 <= one.half_agreement < 0.3
    assert one.information < 0.5
    assert 0 <= one.calibration_error < 0.1


@pytest.mark.parametrize("moved", [0.0, 0.4])
def test_the_reliability_is_that_of_the_probabilities_shown(moved):
    """Halves of documents of two plain topics always agree; another start may yet put many documents elsewhere."""
    rng = np.random.default_rng(0)
    topics = np.repeat([0, 1], 300)
    chances = np.where(np.arange(40) < 20, 1.0, 0.2)
    counts = sp.csr_array(rng.poisson(np.where(topics[:, None], chances, chances[::-1])).astype(np.int32))
    means = np.log(np.c_[chances[::-1], chances])

    def score(rows):
        return rows @ means

    other = np.where(rng.random(600) < moved, rng.integers(2, size=600), topics)
    found = calibrated(counts, score, 3, np.random.default_rng(5), Starts(other[None], np.zeros(1)))
    J = score(counts)
    shown = softmax(J, found.temperature.of(J, np.diff(counts.indptr))).max(axis=1).mean()
    stated = np.average([g.confidence for g in found.reliability], weights=[g.count for g in found.reliability])
    if moved:
        assert stated == pytest.approx(shown)
        assert shown < 0.9
    else:
        assert sum(group.count for group in found.reliability) == 3 * 600  # halves
        assert shown > 0.97
    assert found.calibration_error < 0.08


def test_many_clusters_are_calibrated_on_fewer_documents(monkeypatch, counts):
    seen = []

    def score(rows):
        seen.append(rows.shape[0])
        return rows @ np.random.default_rng(3).normal(size=(50, 3))

    monkeypatch.setattr("docclust.calibration.MAX_DENSITIES", 150)
    starts = Starts(np.zeros((1, 200), dtype=int), np.zeros(1))
    calibrated(counts, score, 1, np.random.default_rng(5), starts)
    assert max(seen) == 25  # documents of a half of those taken, which are 50


def test_documents_of_one_word_cannot_be_halved():
    found = calibrated(
        sp.csr_array(np.eye(5, dtype=np.int32)), lambda rows: rows.toarray(), 2, np.random.default_rng(0)
    )
    np.testing.assert_array_equal(found.temperature.of(np.eye(5), np.ones(5)), 1)
    assert np.isnan(found.half_agreement)


def test_a_cluster_whose_documents_are_all_left_out_is_no_way_to_be_wrong():
    J = np.random.default_rng(3).normal(size=(400, 4)) * 6
    split = _Split(J, np.full(400, 20), drawn(J, 2.0, np.random.default_rng(4)))
    gone = _Split(np.column_stack([J, np.full(400, -np.inf)]), split.n_words, split.target)
    assert fit_temperature(gone) == pytest.approx(fit_temperature(split))
