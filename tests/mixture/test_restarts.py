"""EM from several starts: the same bits beside each other and alone, and the best of them is kept."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import normalize

from docclust import SparseGaussianMixture
from docclust.mixture import restarts
from tests.test_em import topics


def test_the_start_with_the_best_objective_is_kept():
    X, _ = topics(n=150, length=10)
    options = {"covariance": "pooled", "random_state": 1}
    bounds = [SparseGaussianMixture(6, n_init=n, **options).fit(X).lower_bound_ for n in (1, 2, 4, 8)]
    assert bounds == sorted(bounds)
    assert bounds[0] < bounds[-1]


def test_starts_side_by_side_end_as_they_do_one_after_the_other(monkeypatch):
    (X, _), seen = topics(n=200, v=100, length=40, seed=3), []
    options = {"n_init": 3, "random_state": 0, "on_step": seen.append}
    beside = SparseGaussianMixture(4, n_jobs=2, **options).fit(X)
    told, seen[:] = sorted(seen), []
    monkeypatch.setattr(restarts, "SIDE_BY_SIDE", 0)
    shared = SparseGaussianMixture(4, n_jobs=2, **options).fit(X)
    assert told == sorted(seen)
    np.testing.assert_array_equal(beside.start_labels_, shared.start_labels_)
    np.testing.assert_array_equal(beside.means_, shared.means_)
    assert beside.lower_bounds_ == shared.lower_bounds_


@pytest.mark.filterwarnings("ignore:EM did not converge")
def test_reseeding_one_start_changes_no_bit_of_those_beside_it():
    rng = np.random.RandomState(18)
    n, v = rng.choice([300, 1000]), rng.choice([5, 20, 60])
    X = sp.random(n, v, density=0.2, format="csr", random_state=rng)
    options = {"init_params": "random", "reg_covar": 0.01, "random_state": 18}
    one, two = (SparseGaussianMixture(14, n_jobs=j, **options).fit(X) for j in (1, 2))
    assert any(step.reseeded for step in one.steps_)
    assert one.lower_bounds_ == two.lower_bounds_
    np.testing.assert_array_equal(one.start_bounds_, two.start_bounds_)
    seen = []
    one.replay(X, lambda step, found, temperature: seen.append(step))
    assert seen == one.steps_


def test_grown_starts_are_not_mixed_with_others(monkeypatch):
    X = sp.csr_array(normalize(sp.random_array((300, 80), density=0.1, rng=np.random.default_rng(0)).tocsr()))
    monkeypatch.setattr(restarts, "seeds", lambda *given: pytest.fail("other starts were drawn"))
    SparseGaussianMixture(10, init_params="split-merge", random_state=0).fit(X)
