"""Blocks cover the rows once, in order, whoever maps over them."""

import threading

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_info

from docclust import SparseGaussianMixture, engine
from docclust.errors import SettingError
from tests.test_em import topics


def total(block, factor):
    return factor * block.sum()


def test_blocks_are_the_rows_in_order_and_share_their_memory():
    X, _ = topics(n=100)
    pieces = engine.blocks(X, 30)
    assert [piece.shape[0] for piece in pieces] == [30, 30, 30, 10]
    np.testing.assert_array_equal(sp.vstack(pieces).toarray(), X.toarray())
    assert all(np.shares_memory(piece.data, X.data) for piece in pieces)


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_results_come_in_the_order_of_the_blocks(n_jobs):
    X, _ = topics(n=100)
    pieces = engine.blocks(X, 7)
    found = list(engine.map_blocks(total, pieces, 2.0, n_jobs=n_jobs))
    assert found == [2.0 * piece.sum() for piece in pieces]


def test_a_dask_cluster_gives_the_bits_that_threads_give():
    distributed = pytest.importorskip("dask.distributed", reason="the extra docclust[dask] is not installed")
    X, _ = topics(n=200)

    def fit():
        return SparseGaussianMixture(3, random_state=0, n_init=1, block_rows=40, n_jobs=2).fit(X)

    with (
        distributed.LocalCluster(n_workers=2, processes=False, dashboard_address=None) as cluster,
        engine.session("dask", cluster.scheduler_address),
    ):
        there = fit()
    here = fit()
    np.testing.assert_array_equal(there.means_, here.means_)
    assert there.lower_bounds_ == here.lower_bounds_


def test_a_scheduler_that_is_not_there_is_named():
    pytest.importorskip("dask.distributed", reason="the extra docclust[dask] is not installed")
    message = r"\[engine\] scheduler = 'tcp://127.0.0.1:9' cannot be reached"
    with pytest.raises(SettingError, match=message), engine.session("dask", "tcp://127.0.0.1:9"):
        pass


@pytest.mark.parametrize("dtype", [np.int32, np.float64])
def test_stacked_blocks_are_the_matrix_and_are_given_back(dtype):
    X, _ = topics(n=100)
    X = (3 * X).astype(dtype)
    X.data[::7] = 0
    pieces = [sp.csr_array(piece.toarray()) for piece in engine.blocks(X, 30)]
    expected = sp.vstack(pieces, format="csr")
    whole = engine.stacked(pieces)
    assert pieces == []
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(expected, name))
        assert getattr(whole, name).dtype == getattr(expected, name).dtype
    whole.check_format(full_check=True)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_call_beside_others_is_made_once_and_its_error_is_theirs(n_jobs):
    calls = []
    with engine.beside(calls.append, 3, n_jobs=n_jobs) as done:
        assert done() is done() is None
    assert calls == [3]
    with pytest.raises(ZeroDivisionError), engine.beside(divmod, 1, 0, n_jobs=n_jobs) as divided:
        divided()


def test_what_goes_on_side_by_side_shares_the_workers_until_one_is_done():
    first, ends = threading.Event(), threading.Event()
    assert [engine.workers(n_jobs) for n_jobs in (1, 2, 4)] == [1, 2, 4]
    with engine.beside(ends.wait, 60, n_jobs=4) as done:
        assert [engine.workers(n_jobs) for n_jobs in (1, 2, 4)] == [1, 1, 2]
        ends.set()
        assert done()
        assert engine.workers(4) == 4
    with engine.beside(first.set, n_jobs=4):
        assert first.wait(60)
    assert engine.workers(4) == 4
    with pytest.raises(ZeroDivisionError), engine.beside(divmod, 1, 0, n_jobs=4) as divided:
        divided()
    assert engine.workers(4) == 4


def rows_of_many_blocks():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 12, 6000)
    columns = np.where(rng.random((6000, 20)) < 0.7, 500 * truth[:, None], 0) + rng.integers(0, 500, (6000, 20))
    X = sp.csr_array((np.ones(columns.size), columns.ravel(), np.arange(6001) * 20), shape=(6000, 6000))
    X.sum_duplicates()
    return sp.csr_array(normalize(X))


def short_fit(X, n_jobs=2):
    return SparseGaussianMixture(12, covariance="pooled", random_state=0, n_init=1, max_iter=6, n_jobs=n_jobs).fit(X)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_processes_of_a_dask_cluster_give_the_bits_that_threads_give():
    distributed = pytest.importorskip("dask.distributed", reason="the extra docclust[dask] is not installed")
    X = rows_of_many_blocks()
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        engine.session("dask", cluster.scheduler_address),
    ):
        there = short_fit(X)
    np.testing.assert_array_equal(there.means_, short_fit(X).means_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_processes_of_joblib_give_the_bits_that_threads_give():
    X = rows_of_many_blocks()
    with joblib.parallel_config(backend="loky"):
        there = short_fit(X)
    np.testing.assert_array_equal(there.means_, short_fit(X).means_)


def test_linear_algebra_has_its_threads_again_when_the_last_of_several_fits_has_ended():
    def blas():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = blas()
    outer, inner = engine.one_blas_thread(), engine.one_blas_thread()
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert set(blas()) == {1}
    inner.__exit__(None, None, None)
    assert blas() == before
