"""The compiled steps against the same equations by scipy, their bound on dropped responsibilities, and their bits."""

import importlib
import os
import subprocess
import sys
from dataclasses import replace

import numba
import numpy as np
import pytest
import scipy.sparse as sp
from numba.core import event
from scipy.special import logsumexp
from sklearn.cluster import kmeans_plusplus
from sklearn.preprocessing import normalize

from docclust import compiling, em, engine, gaussian, kernels
from docclust.em import looking
from docclust.em.scale import PROBES
from docclust.gaussian import Form
from docclust.kernels import neighbours, prepared, records, unseen
from docclust.mixture import seeding

SPARSE_FORMS = [Form(covariance=name) for name in ("own", "tied", "isotropic", "cosine")] + [
    Form(covariance="pooled", pooling=30.0),
    Form(covariance="pooled", smoothing="add"),
    Form(smoothing="add"),
    Form(smoothing="floor"),
    Form(smoothing="floor", covariance="tied"),
]
DENSE_FORMS = [
    Form(covariance="pooled", smoothing="floor"),
    Form(smoothing="prior"),
    Form(smoothing="prior", covariance="tied"),
]
NOISE = 0.004


def label(form):
    return f"{form.covariance}-{form.smoothing}"


def few_common_words(n=400, v=700, seed=0):
    """Short documents of which most words are rare, as in text; one document and one word are empty."""
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, v) ** 1.1
    frequency /= frequency.sum()
    counts = np.zeros((n, v))
    for i in range(1, n):
        np.add.at(counts[i], rng.choice(v - 1, size=rng.integers(3, 20), p=frequency), 1)
    return sp.csr_array(normalize(counts))


def soft(n, k, per_document, seed=0):
    """Responsibilities with a few clusters a document, which counts more or less, both sparse and as an array."""
    rng = np.random.default_rng(seed)
    clusters = np.array([np.sort(rng.choice(k, per_document, replace=False)) for _ in range(n)])
    weights = rng.uniform(0.3, 3.0, size=n)
    shares = rng.dirichlet(np.ones(per_document), size=n) * weights[:, None]
    dense = np.zeros((n, k))
    np.put_along_axis(dense, clusters, shares, axis=1)
    starts = np.arange(n + 1, dtype=np.uint64) * np.uint64(per_document)
    return kernels.Responsibilities(starts, clusters.ravel().astype(np.uint32), shares.ravel(), weights), dense


def dense(r, k):
    array = np.zeros((r.starts.size - 1, k))
    array[np.repeat(np.arange(array.shape[0]), np.diff(r.starts).astype(int)), r.listed] = r.shares
    return array


def dense_parameters(compact, counts, form):
    return em.Found(lambda: kernels.parameters(compact, counts, form, NOISE), compact.common.shape[0]).parameters


def compiled_maximise(X, r, counts, form, smoothing=NOISE):
    parts = [kernels.maximise(block, r, counts, form, smoothing) for block in kernels.word_blocks(X.T.tocsr())]
    return kernels.assemble(parts, counts, form, smoothing)


def target_of(moments, X, form):
    """What pseudo-documents look like: pooled ones vary as documents do within their clusters."""
    target = em.corpus_moments(X)
    return gaussian.Target(target.mean, gaussian.within_variance(moments)) if form.covariance == "pooled" else target


def check_objective(found, exact, k):
    """Equal but for the responsibilities that were dropped."""
    bound = exact.size * k * np.exp(kernels.DROP)
    rounding = 1e-12 * np.abs(exact).sum()
    assert -rounding <= exact.sum() - found <= bound + rounding


@pytest.fixture(params=[8, 10**9], ids=["listed", "whole"])
def listed_from(request, monkeypatch):
    """Words with the clusters that have seen them, from so many clusters on."""
    monkeypatch.setattr(records, "LISTED_FROM", request.param)
    return request.param


@pytest.mark.parametrize("form", SPARSE_FORMS + DENSE_FORMS, ids=label)
@pytest.mark.parametrize("k", [1, 2, 7, 90])
@pytest.mark.parametrize("exponent", [0.0, 0.5])
def test_the_e_step_is_that_of_scipy(form, k, exponent):
    X = few_common_words()
    _, responsibilities = soft(400, k, min(k, 3))
    moments = gaussian.accumulate(X, responsibilities, form)
    c = gaussian.coefficients(gaussian.maximise(moments, form, NOISE, target_of(moments, X, form)))
    expected, log_norm = gaussian.expect(X, c)
    weighting = kernels.Weighting.over(X, exponent)
    weights = weighting.of(np.diff(X.indptr))
    found = kernels.expect(X, kernels.compact(c), kernels.DROP, 0.9, weighting)
    weighted = expected * weights[:, None]
    np.testing.assert_allclose(dense(found.responsibilities, k), weighted, atol=3 * k * np.exp(kernels.DROP))
    np.testing.assert_array_equal(found.responsibilities.weights, weights)
    np.testing.assert_array_equal(found.labels[:, 0], expected.argmax(axis=1))
    np.testing.assert_allclose(found.counts, weighted.sum(axis=0), rtol=1e-6, atol=1e-5)
    check_objective(found.objective, weights * log_norm, k)
    assert found.undecided == (expected.max(axis=1) < 0.9).sum()


@pytest.mark.parametrize("form", SPARSE_FORMS, ids=label)
@pytest.mark.parametrize("k", [1, 7, 40])
@pytest.mark.usefixtures("listed_from")
def test_log_densities_are_those_of_scipy_at_any_temperature(form, k):
    X = few_common_words()
    r, responsibilities = soft(400, k, min(k, 2))
    compact = compiled_maximise(X, r, responsibilities.sum(axis=0), form)
    moments = gaussian.accumulate(X, responsibilities, form)
    parameters = gaussian.maximise(moments, form, NOISE, target_of(moments, X, form))
    expected = gaussian.log_joint(X, gaussian.coefficients(parameters))
    np.testing.assert_allclose(kernels.log_joint(X, compact), expected, rtol=1e-9)
    np.testing.assert_allclose(kernels.log_joint(X, kernels.tempered(compact, 7.0)), expected / 7, rtol=1e-9)


@pytest.mark.parametrize("form", SPARSE_FORMS + DENSE_FORMS, ids=label)
@pytest.mark.parametrize(("k", "per_document"), [(1, 1), (7, 7), (40, 2), (40, 40)])
def test_the_sums_are_those_of_scipy(form, k, per_document):
    X = few_common_words()
    r, responsibilities = soft(400, k, per_document)
    counts = responsibilities.sum(axis=0)
    parts = [kernels.accumulate(block, r, counts, form) for block in kernels.word_blocks(X.T.tocsr())]
    expected = gaussian.accumulate(X, responsibilities, form)
    np.testing.assert_allclose(np.vstack([part.first for part in parts]), expected.first, atol=1e-13)
    np.testing.assert_allclose(np.vstack([part.second for part in parts]), expected.second, atol=1e-13)


@pytest.mark.parametrize("form", SPARSE_FORMS, ids=label)
@pytest.mark.parametrize(("k", "per_document"), [(1, 1), (7, 2), (40, 2), (40, 40), (90, 1)])
def test_parameters_kept_only_where_words_were_seen_are_exact(form, k, per_document, listed_from):
    X = few_common_words()
    r, responsibilities = soft(400, k, per_document)
    counts = responsibilities.sum(axis=0)
    compact = compiled_maximise(X, r, counts, form)
    moments = gaussian.accumulate(X, responsibilities, form)
    expected = gaussian.maximise(moments, form, NOISE, target_of(moments, X, form))
    found = dense_parameters(compact, counts, form)
    for name in ("weights", "means", "variances", "noise"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-14)
    _, log_norm = gaussian.expect(X, gaussian.coefficients(expected))
    check_objective(kernels.expect(X, compact, kernels.DROP, 0.9).objective, log_norm, k)
    if per_document < 3 and k == 40 and listed_from < k:
        assert compact.pairs.starts[-1] < 0.5 * X.shape[1] * k


@pytest.mark.parametrize("pooling", [1.0, 30.0, 1000.0, 1e6])
@pytest.mark.parametrize("smoothing", ["noise", "add"])
def test_pooled_variances_of_words_not_seen_are_exact_for_clusters_of_any_size(pooling, smoothing, monkeypatch):
    """Sizes from one document to hundreds, so that interpolation spans the whole range of shares."""
    monkeypatch.setattr(records, "LISTED_FROM", 2)
    X, k = few_common_words(n=900), 60
    form = Form(covariance="pooled", pooling=pooling, smoothing=smoothing)
    labels = np.repeat(np.arange(k), np.maximum(1, (900 * np.diff(np.linspace(0, 1, k + 1) ** 3)).astype(int)))
    labels = np.append(labels, np.full(900 - labels.size, k - 1))
    counts = np.bincount(labels, minlength=k).astype(float)
    moments = gaussian.accumulate(X, np.eye(k)[labels], form)
    for frozen in (None, em.corpus_moments(X).variance):
        target = target_of(moments, X, form)
        if frozen is not None:
            target = gaussian.Target(target.mean, frozen)
        expected = gaussian.maximise(moments, form, NOISE, target)
        compact = kernels.assemble(
            [kernels.maximise(sp.csr_array(X.T), kernels.one_hot(labels), counts, form, NOISE, frozen)],
            counts, form, NOISE,
        )  # fmt: skip
        assert compact.pairs.starts[-1] < 0.5 * X.shape[1] * k
        np.testing.assert_allclose(compact.target, target.variance, rtol=1e-9, atol=1e-18)
        found = dense_parameters(compact, counts, form)
        np.testing.assert_allclose(found.variances, expected.variances, rtol=1e-12)
        np.testing.assert_allclose(found.means, expected.means, rtol=1e-12, atol=1e-16)
        J = gaussian.log_joint(X, gaussian.coefficients(expected))
        np.testing.assert_allclose(kernels.log_joint(X, compact), J, rtol=1e-9)
        terms = pooling * k * abs(gaussian.least_penalty(target.variance + expected.noise)[0])  # what it is left of
        prior = gaussian.log_prior(expected, form, target)
        np.testing.assert_allclose(compact.log_prior, prior, rtol=1e-10, atol=1e-10 * terms)


@pytest.mark.parametrize(("single", "tolerance"), [(False, unseen.TOLERANCE), (True, unseen.TOLERANCE_SINGLE)])
def test_interpolation_keeps_its_tolerance_and_takes_few_nodes(single, tolerance):
    for low, high in [(1e-3, 1.0), (0.25, 0.9), (0.9, 1.0), (0.4, 0.4)]:
        shares = np.linspace(low, high, 31)
        nodes = unseen.nodes(shares, single)
        blend = unseen.blend(shares, nodes.size)
        assert nodes.size <= unseen.MOST_NODES
        most = min(unseen.most_ratio(shares, single), 1e3)
        np.testing.assert_allclose(blend.sum(axis=0), 1)
        for ratio in (0.0, 0.03 * most, 0.3 * most, most):
            precise = (1 + ratio * shares) * ((1 / (1 + ratio * nodes)) @ blend)
            np.testing.assert_allclose(precise, 1, atol=1.1 * tolerance)
            np.testing.assert_allclose(np.log1p(ratio * nodes) @ blend, np.log1p(ratio * shares), atol=tolerance)


@pytest.mark.parametrize("form", [Form(), Form(covariance="isotropic"), Form(covariance="pooled")], ids=label)
def test_single_precision_changes_no_cluster_and_the_objective_by_less_than_a_millionth(form, monkeypatch):
    X = few_common_words(n=1500)
    fits = []
    for single_from in (2, 10**9):
        monkeypatch.setattr(prepared, "SINGLE_FROM", single_from)
        rng = np.random.RandomState(0)
        start = seeding.start(X, 12, "kmeans", 3, rng)
        options = em.EMOptions(form, np.full(1, 0.02), max_iter=15, tol=0.0, target=em.corpus_moments(X))
        fits.append(em.fit(X, start, 12, options, rng=rng))
    single, double = fits
    np.testing.assert_array_equal(single.labels, double.labels)
    np.testing.assert_allclose(single.objective, double.objective, rtol=1e-6)


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
def test_dropped_responsibilities_cost_no_more_than_their_bound(scale):
    """Log-densities spread so that many responsibilities fall on either side of the bound."""
    X = few_common_words()
    k, drop = 30, np.log(1e-3)
    rng = np.random.default_rng(1)
    c = gaussian.Coefficients(rng.normal(size=k), rng.normal(size=(X.shape[1], k)) / scale, np.zeros((X.shape[1], 1)))
    exact, log_norm = gaussian.expect(X, c)
    kept = kernels.expect(X, kernels.compact(c), drop, 0.9)
    lost = log_norm.sum() - kept.objective
    assert 0 <= lost <= X.shape[0] * k * np.exp(drop)
    assert np.count_nonzero(kept.responsibilities.shares) < exact.size
    np.testing.assert_allclose(dense(kept.responsibilities, k).sum(axis=1), 1)
    np.testing.assert_allclose(kept.counts.sum(), X.shape[0])
    assert kernels.expect(X, kernels.compact(c), kernels.UNDERFLOW, 0.9).objective == pytest.approx(log_norm.sum())


@pytest.mark.parametrize("form", SPARSE_FORMS + DENSE_FORMS, ids=label)
@pytest.mark.usefixtures("listed_from")
def test_one_worker_and_two_and_another_run_give_the_same_bits(form):
    X = few_common_words(n=900)
    start = seeding.start(X, 70, "k-means++", 0, np.random.RandomState(0))
    told = em.EMOptions(form, np.full(1, 0.02), max_iter=4, tol=0.0, target=em.corpus_moments(X), block_rows=100)
    fits = [em.fit(X, start, 70, replace(told, n_jobs=n_jobs), rng=np.random.RandomState(0)) for n_jobs in (1, 2, 2)]
    for other in fits[1:]:
        assert other.steps == fits[0].steps
        np.testing.assert_array_equal(other.labels, fits[0].labels)
        np.testing.assert_array_equal(other.parameters.means, fits[0].parameters.means)
        np.testing.assert_array_equal(other.parameters.variances, fits[0].parameters.variances)


def test_blocks_of_words_are_the_transposed_matrix():
    X, place = kernels.frequent_first(few_common_words())
    columns = sp.vstack(kernels.word_blocks(X.T.tocsr()))
    assert (columns != X.T).nnz == 0
    assert np.all(np.diff(np.bincount(X.indices, minlength=X.shape[1])) <= 0)
    assert (X[:, place] != few_common_words()).nnz == 0


def test_blocks_of_an_e_step_together_are_that_of_one_block():
    X = few_common_words()
    r, responsibilities = soft(400, 7, 3)
    compact = compiled_maximise(X, r, responsibilities.sum(axis=0), Form())
    whole = kernels.expect(X, compact, kernels.DROP, 0.9)
    found = kernels.together([kernels.expect(block, compact, kernels.DROP, 0.9) for block in engine.blocks(X, 37)])
    for name in ("starts", "clusters", "shares", "weights"):
        np.testing.assert_array_equal(getattr(found.responsibilities, name), getattr(whole.responsibilities, name))
    np.testing.assert_array_equal(found.labels, whole.labels)
    np.testing.assert_allclose(found.counts, whole.counts, rtol=1e-12)
    assert found.objective == pytest.approx(whole.objective, rel=1e-12)
    assert found.undecided == whole.undecided


def test_assigned_documents_are_wholly_in_their_cluster_and_others_stay():
    r, before = soft(50, 7, 3)
    rows, labels = np.array([0, 4, 49]), np.array([6, 0, 2])
    after = dense(kernels.assigned(r, rows, labels, range(7)), 7)
    np.testing.assert_array_equal(after[rows], np.eye(7)[labels] * r.weights[rows, None])
    others = np.setdiff1d(np.arange(50), rows)
    np.testing.assert_array_equal(after[others], before[others])


@pytest.mark.parametrize("form", SPARSE_FORMS + DENSE_FORMS, ids=label)
def test_a_document_that_counts_twice_is_two_documents(form):
    X, k = few_common_words(), 7
    labels, times = np.arange(400) % k, 1 + np.arange(400) % 3 // 2
    found = []
    for rows, weights in ((X, times.astype(float)), (X[np.repeat(np.arange(400), times)], np.ones(times.sum()))):
        named = np.repeat(labels, 1 if rows is X else times)
        r, counts = kernels.one_hot(named, weights=weights), np.bincount(named, weights, k)
        if kernels.is_sparse(form, NOISE):
            parameters = dense_parameters(compiled_maximise(rows, r, counts, form), counts, form)
        else:
            parts = [kernels.accumulate(block, r, counts, form) for block in kernels.word_blocks(rows.T.tocsr())]
            moments = gaussian.Moments(
                counts, np.concatenate([p.first for p in parts]), np.concatenate([p.second for p in parts])
            )
            parameters = gaussian.maximise(moments, form, NOISE, target_of(moments, X, form))
        found.append(parameters)
    for name in ("weights", "means", "variances"):
        np.testing.assert_allclose(getattr(found[0], name), getattr(found[1], name), rtol=1e-9, atol=1e-15)


def test_weights_of_documents_have_mean_one_and_go_with_the_words():
    X = few_common_words()
    n_words = np.diff(X.indptr)
    weights = kernels.Weighting.over(X, 0.5).of(n_words)
    assert weights.mean() == pytest.approx(1)
    np.testing.assert_allclose(weights / weights[1], np.sqrt(np.maximum(n_words, 1) / n_words[1]))
    np.testing.assert_array_equal(kernels.EQUAL.of(n_words), 1)


def test_a_word_without_documents_and_a_document_without_words():
    X = sp.csr_array((3, 2))
    r = kernels.one_hot(np.array([0, 1, 1]))
    counts = np.array([1.0, 2.0])
    compact = compiled_maximise(X, r, counts, Form())
    found = kernels.expect(X, compact, kernels.DROP, 0.9)
    np.testing.assert_array_equal(found.labels, [[1], [1], [1]])
    expected = 3 * (logsumexp(np.log(counts / 3)) - np.log(2 * np.pi * NOISE) - 1)
    np.testing.assert_allclose(found.objective, expected)


def test_seeds_are_those_of_scikit_learn():
    X = few_common_words(n=600)[1:]
    words = sp.csr_array(X.T)
    for seed in range(5):
        expected = kmeans_plusplus(X, 25, random_state=seed)[1]
        found = seeding.plus_plus(X, words, 25, np.random.RandomState(seed))
        np.testing.assert_array_equal(found, expected)


def test_the_spectral_density_finds_ranks_within_three_of_its_standard_deviations():
    X = few_common_words(n=1500, v=1200)
    exact = np.linalg.eigvalsh(np.cov(X.toarray(), rowvar=False, bias=True))[::-1]
    found = em.spectrum(X, 200)
    np.testing.assert_allclose(found[0], exact[0], rtol=1e-3)
    for rank in (33, 50, 100, 200):
        ranks_off = int(3 * np.sqrt(2 * rank / PROBES))
        assert exact[rank - 1 + ranks_off] < found[rank - 1] < exact[rank - 1 - ranks_off]
    assert np.all(np.diff(found) <= 0)
    np.testing.assert_array_equal(found, em.spectrum(X, 200))


def test_compiling_is_said_once_and_only_of_our_loops():
    said = []
    with event.install_listener("numba:compile", compiling.Announcement(said.append)):
        for module in ("elsewhere", "docclust.kernels.expectation", "docclust.kernels.maximisation"):

            def loop(x):
                return x + 1

            loop.__module__ = module
            numba.njit(loop)(1)
            assert len(said) == (module != "elsewhere")
    assert "Compiling" in said[0]


@pytest.mark.parametrize("room", ["kernels", "vectors", "ambiguity"])
def test_where_nothing_can_be_kept_loops_are_compiled_all_the_same(tmp_path, room):
    script = (
        "import os\nfrom numba.core import caching\n"
        "for kind in (caching.InTreeCacheLocator, caching.UserWideCacheLocator):\n"
        "    kind.from_function = classmethod(lambda *given: None)\n"
        f"import numba, docclust.{room}\n"
        "assert os.path.isdir(numba.config.CACHE_DIR)\nprint(numba.config.CACHE_DIR)\n"
    )
    nowhere = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=nowhere | {"TMPDIR": str(tmp_path)},
    )
    assert ended.stdout.strip().startswith(str(tmp_path))
    assert "NUMBA_CACHE_DIR" in ended.stderr
    assert not list(tmp_path.iterdir())


def test_a_loop_is_compiled_anew_when_another_file_of_its_package_has_changed(tmp_path, monkeypatch):
    folder = tmp_path / "loops"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from docclust import compiling\nfrom loops import adding\ncompiling.stamp(__name__)\n"
    )
    (folder / "adding.py").write_text(
        "import numba\nfrom loops.constants import STEP\n\n\n"
        "@numba.njit(cache=True)\ndef add(x):\n    return x + STEP\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = []
    for step in (1, 1, 2):
        (folder / "constants.py").write_text(f"STEP = {step}\n")
        for name in [name for name in sys.modules if name.split(".")[0] == "loops"]:
            monkeypatch.delitem(sys.modules, name)
        add = importlib.import_module("loops").adding.add
        found.append((add(10), sum(add.stats.cache_hits.values())))
    assert found == [(11, 0), (11, 1), (12, 0)]


@pytest.mark.parametrize("form", [Form(covariance="pooled"), Form(), Form(covariance="isotropic")], ids=label)
@pytest.mark.usefixtures("listed_from")
def test_looking_at_near_clusters_gives_their_part_of_what_looking_at_all_gives(form, monkeypatch):
    monkeypatch.setattr(neighbours, "GROUP_NONZEROS", 200)
    monkeypatch.setattr(neighbours, "PIECE_NONZEROS", 1000)
    X, k = few_common_words(n=600), 70
    rows = kernels.prepare(X)
    rng = np.random.default_rng(0)
    labels, weighting = rng.integers(k, size=600), kernels.Weighting.over(X, 0.5)
    weights = weighting.of(np.diff(X.indptr))
    r, counts = kernels.one_hot(labels, weights=weights), np.bincount(labels, weights, minlength=k)
    parts = [kernels.maximise(block, r, counts, form, NOISE) for block in rows.words]
    compact = kernels.tempered(kernels.assemble(parts, counts, form, NOISE), 3.0)
    looked = np.log(1e-3), 0.9, weighting
    everything = kernels.expect(rows.rows, compact, *looked)
    labels = everything.labels[:, 0]
    shared = kernels.shared_documents(labels, everything.responsibilities, None, k)
    every = kernels.near(shared, k, 0.0)
    pieces = kernels.pieces(rows.rows, labels, every)
    assert len(pieces) > 1
    monkeypatch.setattr(neighbours, "GROUP_NUMBERS", 200)  # wide tables are of fewer documents
    assert sum(len(piece.groups) for piece in kernels.pieces(rows.rows, labels, every)) > sum(
        len(piece.groups) for piece in pieces
    )
    np.testing.assert_array_equal(np.sort(np.concatenate([piece.documents for piece in pieces])), np.arange(600))

    seen = kernels.seen_words(compact)

    def look(near):
        found = [kernels.expect_near(piece, rows.rows, near, seen, compact, *looked) for piece in pieces]
        return kernels.in_order(pieces, found)

    # All that documents of a cluster share is near it: then nothing is lost.
    found = look(every)
    np.testing.assert_array_equal(found.labels, everything.labels)
    np.testing.assert_allclose(found.counts, everything.counts, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(dense(found.responsibilities, k), dense(everything.responsibilities, k), atol=1e-4)
    assert found.objective == pytest.approx(everything.objective, rel=1e-7)
    assert found.undecided == everything.undecided
    # Fewer are near: what is left is scaled to sum to one, and the objective is a lower bound.
    near = kernels.near(shared, 3, 0.0)
    assert np.diff(near.starts.astype(int)).max() <= 4
    found, J = look(near), kernels.log_joint(rows.rows, compact)
    for i, label in enumerate(labels):
        here = near.clusters[int(near.starts[label]) : int(near.starts[label + 1])]
        assert found.labels[i] in here
        J[i, np.setdiff1d(np.arange(k), here)] = -np.inf
    expected = weights[:, None] * np.exp(J - logsumexp(J, axis=1, keepdims=True))
    np.testing.assert_allclose(dense(found.responsibilities, k), expected, atol=2e-3)
    assert found.objective == pytest.approx(weights @ logsumexp(J, axis=1), rel=1e-6)
    assert found.objective < everything.objective


@pytest.mark.parametrize("form", [Form(covariance="pooled"), Form()], ids=label)
@pytest.mark.usefixtures("listed_from")
def test_leaving_clusters_out_never_lowers_the_objective_and_ends_where_no_document_moves(form, monkeypatch):
    X, k = few_common_words(n=1500), 60
    smoothing = 0.25 * em.spectrum(X, k)[-1]
    start = seeding.start(X, k, "kmeans", 3, np.random.RandomState(0))
    target = em.corpus_moments(X)
    options = em.EMOptions(form, np.full(6, smoothing), max_iter=200, tol=1e-9, target=target, softness=0.2)
    monkeypatch.setattr(looking, "NEAR_FROM", 2)
    monkeypatch.setattr(prepared, "SINGLE_FROM", 10**9)
    near = []
    count = kernels.expect_near
    monkeypatch.setattr(kernels, "expect_near", lambda *a: near.append(1) or count(*a))
    fits = []
    for n_jobs in (1, 2):
        rng = np.random.RandomState(0)
        fits.append(em.fit(X, start, k, replace(options, n_jobs=n_jobs), rng=rng))
    found = fits[0]
    assert near
    assert found.converged
    cooled = np.array([step.objective for step in found.steps[6:] if not step.reseeded])
    assert np.diff(cooled).min() >= -1e-8 * 1500
    np.testing.assert_array_equal(fits[1].labels, found.labels)
    assert [step.objective for step in fits[1].steps] == [step.objective for step in found.steps]
    exact = gaussian.log_joint(X, gaussian.coefficients(found.parameters)).argmax(axis=1)
    assert np.count_nonzero(exact != found.labels) <= 1


def test_power_sums_are_those_of_the_columns():
    X = sp.csr_array(sp.random_array((80, 30), density=0.05, rng=np.random.default_rng(0)))
    for found, power in zip(kernels.power_sums(X), (1, 2), strict=True):
        np.testing.assert_allclose(found, (X.toarray() ** power).sum(axis=0))
