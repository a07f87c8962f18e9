"""Halves that conserve words, and a temperature that is known where the truth is."""

import numpy as np
import pytest
import scipy.sparse as sp

from docclust.calibration import calibrate, calibration_error, fit_temperature, halves
from docclust.mixture import probabilities


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


@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0, 60.0])
def test_the_temperature_that_made_the_labels_is_found_again(temperature):
    rng = np.random.default_rng(0)
    J = rng.normal(scale=2 * temperature, size=(20_000, 5))
    P = probabilities(J, temperature)
    labels = (P.cumsum(axis=1) > rng.random((J.shape[0], 1))).argmax(axis=1)
    assert fit_temperature(J, labels) == pytest.approx(temperature, rel=0.05)
    assert calibration_error(P.max(axis=1), P.argmax(axis=1) == labels) < 0.015


def test_where_every_prediction_is_right_no_probability_says_more_than_was_seen():
    # 100 documents, all predicted rightly: one more might be wrong, so about 1 in 100 is as sure as it gets.
    J = 50.0 * np.eye(4)[np.arange(100) % 4]
    P = probabilities(J, fit_temperature(J, J.argmax(axis=1)))
    assert 0.97 < P.max(axis=1).min() < 1 - 1e-3


def test_the_calibration_error_is_the_gap_by_bin():
    confidence = np.repeat([0.6, 0.9], 100)
    correct = np.concatenate([np.arange(100) < 50, np.arange(100) < 90])
    assert calibration_error(confidence, correct, bins=2) == pytest.approx(0.05)
    assert calibration_error(np.full(10, 0.7), np.arange(10) < 7, bins=1) == pytest.approx(0)


def test_calibrating_is_the_same_twice_and_measures_what_the_halves_share(counts):
    means = np.random.default_rng(3).normal(size=(50, 3))

    def score(rows):
        return rows @ means

    one, two = (calibrate(counts, score, 3, np.random.default_rng(5)) for _ in range(2))
    assert one == two
    assert one.temperature > 1
    assert 0 <= one.half_agreement < 0.3
    assert one.information < 0.5
    assert 0 <= one.calibration_error < 0.1


def test_documents_of_one_word_cannot_be_halved():
    found = calibrate(sp.csr_array(np.eye(5, dtype=np.int32)), lambda rows: rows.toarray(), 2, np.random.default_rng(0))
    assert found.temperature == 1
    assert np.isnan(found.half_agreement)
