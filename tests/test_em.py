"""Laws of the EM loop, on random sparse data: nothing here knows what a word is."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import normalized_mutual_info_score
from sklearn.preprocessing import normalize

from docclust import em
from docclust.em import annealing, loop
from docclust.gaussian import Form, Parameters
from docclust.kernels import prepare, prepared
from docclust.mixture import seeding

OWN = Form()
FORMS = [
    OWN,
    Form(covariance="pooled", pooling=20.0),
    Form(covariance="tied"),
    Form(covariance="isotropic"),
    Form(covariance="cosine"),
    Form(smoothing="floor"),
    Form(smoothing="floor", covariance="tied"),
    Form(smoothing="prior"),
    Form(smoothing="prior", covariance="tied"),
]


def topics(n=300, v=80, k=4, length=25, seed=0):
    """Documents of `k` overlapping topics: counts of words, rows scaled to length one."""
    rng = np.random.default_rng(seed)
    words = rng.dirichlet(np.full(v, 0.15), size=k)
    shares = rng.dirichlet(np.full(k, 0.2), size=n)
    counts = np.array([rng.multinomial(length, share @ words) for share in shares])
    return sp.csr_array(normalize(counts.astype(float))), shares.argmax(axis=1)


def run(X, k=4, form=OWN, schedule=None, seed=0, on_step=None, **options):
    rng = np.random.RandomState(seed)
    start = options.pop("start", None)
    if start is None:
        start = seeding.start(X, k, "kmeans", 2, rng)
    schedule = np.full(1, 0.3 * em.spectrum(X, k)[-1]) if schedule is None else schedule
    options = {"max_iter": 60, "tol": 1e-9, "target": em.corpus_moments(X)} | options
    return em.fit(X, start, k, em.EMOptions(form, schedule, **options), rng=rng, on_step=on_step)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.covariance}-{form.smoothing}")
@pytest.mark.parametrize("seed", range(4))
def test_the_objective_never_falls_at_any_step(form, seed):
    X, _ = topics(seed=seed)
    steps = run(X, form=form, seed=seed).steps
    objective = np.array([step.objective for step in steps])
    steady = np.array([step.reseeded for step in steps[1:]]) == 0
    # The pooled target settles in the first step, the only one of this schedule.
    start = 1 if form.covariance == "pooled" else 0
    assert len(steps) > 3
    assert np.diff(objective)[start:][steady[start:]].min() >= -1e-10 * abs(objective[-1])


def test_the_textbook_form_does_fall():
    """What the noise term of the E-step is for: without it the objective is not one that EM maximises."""
    falls = []
    for seed in range(6):
        X, _ = topics(seed=seed)
        objective = [s.objective for s in run(X, form=Form(smoothing="add"), seed=seed, max_iter=40).steps]
        falls.append(np.diff(objective).min())
    assert min(falls) < 0


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.covariance}-{form.smoothing}")
def test_any_number_of_blocks_and_workers_gives_the_same_clusters(form):
    X, _ = topics()
    whole = run(X, form=form)
    blocks = run(X, form=form, block_rows=37)
    np.testing.assert_array_equal(whole.labels, blocks.labels)
    np.testing.assert_allclose(whole.parameters.means, blocks.parameters.means, atol=1e-9)


@pytest.mark.parametrize("form", FORMS[:3], ids=lambda form: form.covariance)
def test_the_number_of_workers_changes_no_bit(form):
    X, _ = topics()
    one, two = (run(X, form=form, block_rows=37, n_jobs=workers) for workers in (1, 2))
    assert [step.objective for step in one.steps] == [step.objective for step in two.steps]
    np.testing.assert_array_equal(one.parameters.means, two.parameters.means)
    np.testing.assert_array_equal(one.parameters.variances, two.parameters.variances)


def test_renamed_clusters_give_the_same_clusters_renamed():
    X, _ = topics()
    start = seeding.start(X, 4, "kmeans", 2, np.random.RandomState(0))
    names = np.array([2, 0, 3, 1])
    one, other = run(X, start=start), run(X, start=names[start])
    np.testing.assert_array_equal(names[one.labels], other.labels)
    np.testing.assert_allclose(one.parameters.means, other.parameters.means[:, names], atol=1e-9)


def test_shuffled_documents_give_the_same_clusters():
    X, _ = topics()
    order = np.random.default_rng(5).permutation(X.shape[0])
    start = seeding.start(X, 4, "kmeans", 2, np.random.RandomState(0))
    one, other = run(X, start=start), run(X[order], start=start[order])
    np.testing.assert_array_equal(one.labels[order], other.labels)


def test_cooling_falls_geometrically_from_the_first_eigenvalue_and_then_holds():
    X, _ = topics()
    first, *_, last = em.spectrum(X, 4)
    schedule = em.cooling_schedule(first, 0.25 * last, 15)
    steps = run(X, schedule=schedule, tol=0.0, max_iter=30).steps
    np.testing.assert_allclose([s.smoothing for s in steps[:15]], np.geomspace(first, 0.25 * last, 15))
    assert {s.smoothing for s in steps[15:]} == {schedule[-1]}
    fewer = [step.smoothing for step in run(X, schedule=schedule, tol=0.0, max_iter=9).steps]
    assert (fewer[0], *fewer[3:]) == (first, *[schedule[-1]] * 6)


def test_responsibilities_are_kept_as_soft_as_asked_for_and_then_let_go():
    X, _ = topics(n=500, v=400, length=30)
    schedule = np.full(8, 0.25 * em.spectrum(X, 4)[-1])
    for form in (Form(covariance="pooled", pooling=20.0), Form(), Form(smoothing="floor")):
        steps = run(X, form=form, schedule=schedule, softness=0.3, tol=-1.0, max_iter=20).steps
        assert min(step.undecided for step in steps[:8]) > 5 * steps[-1].undecided
        cooled = np.array([step.objective for step in steps[8:]])
        assert np.diff(cooled).min() >= -1e-10 * abs(cooled[-1])


def test_the_softening_temperature_gives_the_entropy_asked_for():
    from docclust.gaussian import coefficients, log_joint
    from docclust.probability import softmax

    X, _ = topics()
    c = coefficients(run(X).parameters)
    for share in (0.1, 0.3, 0.6):
        P = softmax(log_joint(X, c), em.softening(X, c, share))
        entropy = -np.sum(P * np.log(np.maximum(P, 1e-300)), axis=1).mean()
        assert entropy == pytest.approx(share * np.log(4), rel=0.02)
    assert em.softening(X, c, 0.0) == 1


def test_lanczos_and_the_dense_covariance_have_the_same_eigenvalues():
    X, _ = topics(n=200, v=150)
    dense = np.linalg.eigvalsh(np.cov(X.toarray().T, bias=True))[::-1][:6]
    np.testing.assert_allclose(em.spectrum(X, 6), dense, rtol=5e-3)
    for part in (X[:10], X[:, :7].tocsr(), X[:3]):  # too small for Lanczos
        k = min(part.shape)
        dense = np.linalg.eigvalsh(np.cov(part.toarray().T, bias=True))[::-1][:k]
        np.testing.assert_allclose(em.spectrum(part, k), np.maximum(dense, 0), atol=1e-12)


def test_labels_are_those_of_a_last_e_step_with_the_final_parameters():
    from docclust.gaussian import coefficients, log_joint

    X, _ = topics()
    result = run(X, max_iter=5)
    np.testing.assert_array_equal(result.labels, log_joint(X, coefficients(result.parameters)).argmax(axis=1))


def test_steps_count_the_documents_that_moved_and_the_undecided():
    X, _ = topics()
    seen = []
    result = run(X, on_step=seen.append, schedule=em.cooling_schedule(0.2, 0.01, 5))
    assert seen == result.steps
    assert [step.iteration for step in seen] == list(range(len(seen)))
    assert seen[0].moved > 0
    assert seen[-1].moved <= 1e-3 * X.shape[0]
    assert all(0 <= step.undecided <= X.shape[0] for step in seen)


def test_em_moves_documents_where_the_textbook_form_freezes():
    # In many dimensions every responsibility of the textbook form is 0 or 1 at its first step, and nothing moves.
    X, _ = topics(n=600, v=3000, length=60)
    eigenvalues = em.spectrum(X, 4)
    ours = run(X, schedule=em.cooling_schedule(eigenvalues[0], 0.25 * eigenvalues[-1], 15))
    textbook = run(X, form=Form(smoothing="add"), schedule=np.full(1, 1e-10))
    assert sum(step.undecided for step in textbook.steps) == 0
    assert sum(step.moved for step in textbook.steps) == 0
    assert max(step.undecided for step in ours.steps) > 200
    assert sum(step.moved for step in ours.steps) > 20


def test_a_lost_cluster_is_seeded_again_and_said_so(caplog):
    X, _ = topics()
    start = seeding.start(X, 3, "kmeans", 2, np.random.RandomState(0))
    with caplog.at_level("INFO", logger="docclust"):
        result = run(X, k=4, start=start)
    assert result.steps[0].reseeded == 1
    assert "lost its documents" in caplog.text
    assert set(result.labels) == {0, 1, 2, 3}


def test_a_start_by_parameters_begins_with_an_e_step():
    X, _ = topics()
    first = run(X, max_iter=3)
    again = run(X, start=first.parameters, max_iter=1)
    assert again.steps[0].objective == pytest.approx(first.steps[-1].objective, rel=1e-12)


def test_a_cluster_of_weight_zero_takes_no_document():
    X, _ = topics()
    p = run(X, max_iter=3).parameters
    weights = np.append(p.weights[:3] / p.weights[:3].sum(), 0.0)
    result = run(X, start=Parameters(weights, p.means, p.variances, p.noise), max_iter=1)
    assert np.all(result.labels != 3)
    assert np.isfinite(result.steps[0].objective)


@pytest.mark.parametrize("part", [50_000, 150])
def test_annealing_of_many_clusters_ends_when_hardly_a_document_moves(part, monkeypatch):
    monkeypatch.setattr(annealing, "SETTLED_FROM", 4)
    monkeypatch.setattr(annealing, "DOCUMENTS", part)
    monkeypatch.setattr(annealing, "PER_CLUSTER", 1)
    X, _ = topics(n=600, v=400, length=30)
    schedule = np.full(60, 0.25 * em.spectrum(X, 4)[-1])
    start = seeding.start(X, 4, "kmeans", 2, np.random.RandomState(0))
    seen, soft = [], []
    count = loop.kernels.expect
    monkeypatch.setattr(loop.kernels, "expect", lambda X, *a: seen.append(X.shape[0]) or count(X, *a))
    solve = loop.kernels.temperature_of_entropy
    monkeypatch.setattr(loop.kernels, "temperature_of_entropy", lambda *a: soft.append(a) or solve(*a))
    options = {"form": OWN, "schedule": schedule, "softness": 0.2, "max_iter": 70}
    steps = run(X, **options, start=start).steps
    settled = next(i for i, step in enumerate(steps) if i and step.moved <= annealing.SETTLED_SHARE * 600)
    more = annealing.WHOLE if part < 600 else 0
    assert settled + 1 + min(more, 1) <= len(soft) <= settled + 1 + more < 60
    assert seen == [min(part, 600)] * (settled + 1) + [600] * (len(steps) - settled - 1)


def test_annealing_on_a_fraction_of_a_large_corpus_ends_with_all_documents(monkeypatch):
    X, topic = topics(n=600, v=400, length=30)
    schedule = np.full(10, 0.25 * em.spectrum(X, 4)[-1])
    monkeypatch.setattr(annealing, "DOCUMENTS", 150)
    monkeypatch.setattr(annealing, "PER_CLUSTER", 1)
    looked_at = []
    count = loop.kernels.expect
    monkeypatch.setattr(loop.kernels, "expect", lambda X, *a: looked_at.append(X.shape[0]) or count(X, *a))
    for form in (OWN, Form(covariance="pooled", pooling=20.0)):
        start = seeding.start(X, 4, "kmeans", 2, np.random.RandomState(0))
        looked_at.clear()
        found = run(X, form=form, start=start, schedule=schedule, softness=0.2, tol=-1.0, max_iter=30)
        objective = np.array([step.objective for step in found.steps])
        assert looked_at[:6] == [150] * 6
        assert set(looked_at[6:]) == {600}
        # Both count all documents, as far as they can be judged by a quarter of them.
        np.testing.assert_allclose(objective[5], objective[6], rtol=0.02)
        assert np.diff(objective[10:]).min() >= -1e-10 * abs(objective[-1])
        assert found.labels.shape == (600,)
        assert normalized_mutual_info_score(topic, found.labels) > 0.5


def test_a_matrix_prepared_once_gives_the_same_bits():
    X, _ = topics()
    prepared = em.prepare(X)
    for seed in range(2):
        start = seeding.start(X, 4, "kmeans", 2, np.random.RandomState(seed))
        options = em.EMOptions(OWN, np.full(1, 0.01), max_iter=9, tol=0.0, target=em.corpus_moments(X))
        one, other = (em.fit(given, start, 4, options, rng=np.random.RandomState(0)) for given in (X, prepared))
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.parameters.means, other.parameters.means)


@pytest.mark.parametrize("covariance", ["own", "pooled", "isotropic", "cosine"])
@pytest.mark.parametrize("single_from", [2, 10**9], ids=["single", "double"])
def test_starts_side_by_side_find_to_the_last_bit_what_each_finds_alone(covariance, single_from, monkeypatch):
    """One of them has a cluster without documents, and they converge at different iterations."""
    monkeypatch.setattr(prepared, "SINGLE_FROM", single_from)
    X, _ = topics(n=400, k=5, length=8)
    starts = seeding.starts(prepare(X), 5, "kmeans", 2, 4, np.random.RandomState(0))
    starts[2] = np.where(starts[2] == 3, 0, starts[2])
    options = em.EMOptions(
        Form(covariance, pooling=20.0), np.full(6, 0.3 * em.spectrum(X, 5)[-1]),
        max_iter=60, tol=1e-9, target=em.corpus_moments(X), softness=0.2, block_rows=90,
    )  # fmt: skip
    together = em.fit_all(X, starts, 5, options, rngs=[np.random.RandomState(1) for _ in starts])
    alone = [em.fit(X, start, 5, options, rng=np.random.RandomState(1)) for start in starts]
    assert len({len(fit.steps) for fit in alone}) > 1
    assert sum(step.reseeded for step in alone[2].steps) > 0
    for one, other in zip(together, alone, strict=True):
        assert one.steps == other.steps
        assert one.converged == other.converged
        np.testing.assert_array_equal(one.labels, other.labels)
        for name in ("weights", "means", "variances"):
            np.testing.assert_array_equal(getattr(one.parameters, name), getattr(other.parameters, name))
