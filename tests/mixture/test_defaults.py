"""What "auto" means in numbers."""

import numpy as np
import pytest

from docclust import SparseGaussianMixture
from docclust.mixture import defaults
from tests.test_em import topics


@pytest.mark.parametrize("max_iter", [1, 2, 5, 22, 23])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_however_few_iterations_there_are_the_last_is_not_annealed(max_iter):
    X, _ = topics()
    options = {"covariance": "own", "length_exponent": 0, "n_init": 2, "random_state": 0}
    model = SparseGaussianMixture(4, max_iter=max_iter, **options).fit(X)
    assert model.lower_bound_ == pytest.approx(model.score(X), rel=1e-9)
    cooled = SparseGaussianMixture(4, max_iter=max_iter, annealing="smoothing", **options).fit(X)
    assert cooled.reg_covar_ == model.reg_covar_
    assert max_iter < 4 or cooled.steps_[0].smoothing > 2 * cooled.reg_covar_


@pytest.mark.parametrize(
    ("n_init", "n", "n_components", "starts"),
    [
        ("auto", 1999, 20, 10),
        ("auto", 2000, 20, 4),
        ("auto", 500, 10, 10),
        ("auto", 499, 10, 4),
        (3, 100, 9, 3),
        (1, 9, 2, 1),
    ],
)
def test_a_small_corpus_has_more_starts_but_for_many_clusters(n_init, n, n_components, starts):
    assert defaults.n_starts(n_init, n, n_components) == starts


def test_pseudo_documents_are_fewer_in_a_small_corpus():
    X, _ = topics(n=240, v=100, length=40, seed=3)
    options = {"covariance": "pooled", "n_init": 1, "random_state": 0}
    auto = SparseGaussianMixture(4, **options).fit(X)
    asked = SparseGaussianMixture(4, pooling=80.0, **options).fit(X)
    np.testing.assert_array_equal(auto.covariances_, asked.covariances_)
    strong = SparseGaussianMixture(4, pooling=1000.0, **options).fit(X)
    assert not np.array_equal(auto.covariances_, strong.covariances_)


def test_annealing_of_both_kinds_ends_at_the_final_smoothing():
    X, _ = topics()
    soft, cooled, none = (
        SparseGaussianMixture(4, covariance="own", annealing=annealing, random_state=0, n_init=1).fit(X)
        for annealing in ("responsibilities", "smoothing", "none")
    )
    assert soft.reg_covar_ == cooled.reg_covar_ == none.reg_covar_
    assert cooled.steps_[0].smoothing > cooled.reg_covar_ == soft.steps_[0].smoothing
    assert soft.steps_[0].undecided > none.steps_[0].undecided
