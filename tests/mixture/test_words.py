"""Columns in which no row has a number change nothing, and cost nothing."""

import numpy as np
import pytest
import scipy.sparse as sp

from docclust import SparseGaussianMixture
from tests.mixture.test_copies import ROWS

V = 3 * ROWS.shape[1]
# Every third column of the wide matrix is one of the narrow one's.
USED = np.arange(1, V, 3)
UNUSED = np.setdiff1d(np.arange(V), USED)
WIDE = sp.csr_array((ROWS.data, USED[ROWS.indices], ROWS.indptr), shape=(ROWS.shape[0], V))

KINDS = [
    {"covariance": "own"},
    {"covariance": "pooled"},
    {"covariance": "tied"},
    {"covariance": "isotropic"},
    {"covariance": "cosine"},
    {"covariance": "own", "smoothing": "add"},
    {"covariance": "own", "smoothing": "floor"},
    {"covariance": "own", "smoothing": "prior"},
]


def fitted(X, **options):
    return SparseGaussianMixture(3, random_state=0, **options).fit(X)


@pytest.mark.parametrize("options", KINDS, ids=lambda options: "-".join(options.values()))
def test_empty_columns_change_nothing(options):
    narrow, wide = fitted(ROWS, **options), fitted(WIDE, **options)
    np.testing.assert_array_equal(wide.labels_, narrow.labels_)
    np.testing.assert_array_equal(wide.means_[:, USED], narrow.means_)
    np.testing.assert_array_equal(wide.covariances_[:, USED], narrow.covariances_)
    np.testing.assert_allclose(wide.predict_proba(WIDE), narrow.predict_proba(ROWS), rtol=1e-9, atol=1e-12)
    assert [step.objective for step in wide.steps_] == [step.objective for step in narrow.steps_]


@pytest.mark.parametrize("options", KINDS, ids=lambda options: "-".join(options.values()))
def test_a_column_that_only_new_rows_have_tells_no_clusters_apart(options):
    model = fitted(WIDE, **options)
    assert not model.means_[:, UNUSED].any()
    assert np.ptp(model.covariances_[:, UNUSED]) == 0
    assert model.covariances_.min() > 0
    new = WIDE.tolil()
    new[:, UNUSED[0]] = 0.5
    np.testing.assert_allclose(model.predict_proba(sp.csr_array(new)), model.predict_proba(WIDE), atol=1e-9)


def test_the_variance_of_an_empty_column_is_the_noise():
    model = fitted(WIDE)
    np.testing.assert_array_equal(model.covariances_[:, UNUSED], model.reg_covar_)


@pytest.mark.parametrize("options", KINDS[:7], ids=lambda options: "-".join(options.values()))
def test_the_objective_is_of_all_columns(options):
    model = fitted(WIDE, length_exponent=0, leave_one_out=False, pooling=0.0, **options)
    assert model.lower_bound_ == pytest.approx(model.score(WIDE), rel=1e-9)
    assert model.lower_bound_ == np.nanmax(model.start_bounds_)


def test_replayed_and_held_out_it_has_all_columns():
    model, shapes = fitted(WIDE), set()
    model.replay(WIDE, lambda step, found, temperature: shapes.add(found.parameters.means.shape))
    assert shapes == {(V, 3)}
    rows = np.arange(0, 90, 10)
    ours, narrow = (fitted(X).held_out(X)(rows)(X[rows]) for X in (WIDE, ROWS))
    np.testing.assert_array_equal(ours, narrow)
    document = WIDE[:1].tolil()
    document[0, UNUSED[0]] = 0.5
    assert np.isfinite(model.held_out(WIDE)(rows)(sp.csr_array(document))).all()


def test_a_start_by_parameters_is_of_all_columns():
    rng = np.random.default_rng(0)
    given = {
        "weights_init": np.full(3, 1 / 3),
        "means_init": rng.random((3, V)) / 10,
        "precisions_init": np.full((3, V), 100.0),
    }
    assert fitted(WIDE, **given).means_.shape == (3, V)
