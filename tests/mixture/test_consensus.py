"""What starts agree on: labels alone, and EM that goes on from them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from docclust import SparseGaussianMixture, config
from docclust.mixture import covariance, defaults, restarts
from docclust.mixture.consensus import consensus
from tests.mixture.test_growing import pure_topics

K = 12


def noisy(truth, share, rng):
    """The same clusters under other numbers, and a share of the documents anywhere."""
    labels = rng.permutation(K)[truth]
    lost = rng.random(truth.size) < share
    labels[lost] = rng.integers(0, K, lost.sum())
    return labels


@pytest.fixture
def truth():
    return np.random.default_rng(0).integers(0, K, 2000)


def test_starts_that_agree_are_found_again_under_the_first_ones_numbers(truth):
    rng = np.random.default_rng(1)
    starts = [rng.permutation(K)[truth] for _ in range(5)]
    np.testing.assert_array_equal(consensus(starts, truth, K), truth)


def test_ten_starts_agree_on_what_each_of_them_misses(truth):
    rng = np.random.default_rng(2)
    starts = [noisy(truth, 0.3, rng) for _ in range(10)]
    alone = max(adjusted_rand_score(truth, labels) for labels in starts)
    assert alone < 0.6
    assert adjusted_rand_score(truth, consensus(starts, starts[0], K)) > 0.99


def test_the_order_of_documents_changes_nothing(truth):
    rng = np.random.default_rng(3)
    starts, order = [noisy(truth, 0.4, rng) for _ in range(6)], rng.permutation(truth.size)
    found = consensus(starts, starts[0], K)
    again = consensus([labels[order] for labels in starts], starts[0][order], K)
    np.testing.assert_array_equal(again, found[order])


def test_it_shares_more_with_its_starts_at_every_step_it_takes(truth):
    rng = np.random.default_rng(4)
    starts = [noisy(truth, 0.5, rng) for _ in range(10)]

    def spread(labels):
        """Squared distances to the means, of documents that are one at their cluster of every start."""
        votes = np.concatenate([np.eye(K)[start] for start in starts], axis=1)
        return sum(((votes[labels == k] - votes[labels == k].mean(axis=0)) ** 2).sum() for k in np.unique(labels))

    found = consensus(starts, starts[0], K)
    assert spread(found) < min(spread(labels) for labels in starts)


def fitted(X, **options):
    return SparseGaussianMixture(K, random_state=0, covariance="pooled", **options).fit(X)


def test_ten_starts_vote_by_default_and_em_goes_on_from_what_they_agree_on():
    X, truth = pure_topics(k=K, n=2400, v=400, seed=3)
    told = []
    model = fitted(X, on_step=told.append, split_merge=False, leave_one_out=False)
    assert model.start_labels_.shape == (10, 2400)
    assert model.converged_
    assert [step.iteration for step in model.steps_] == list(range(model.n_iter_))
    assert told[-1] == model.steps_[-1]
    assert adjusted_rand_score(truth, model.labels_) > 0.97
    single = fitted(X, consensus=False)
    assert single.start_labels_.shape == (4, 2400)


def test_a_replay_shows_the_best_start_and_then_the_consensus():
    X, _ = pure_topics(k=K, n=2400, v=400, seed=4)
    model, seen = fitted(X), []
    model.replay(X, lambda step, found, temperature: seen.append((step, found.parameters.means.copy())))
    assert [step for step, _ in seen] == model.steps_
    np.testing.assert_array_equal(seen[-1][1].T, model.means_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_workers_change_no_bit(n_jobs):
    X, _ = pure_topics(k=K, n=2400, v=400, seed=5)
    np.testing.assert_array_equal(fitted(X, n_jobs=n_jobs).means_, fitted(X).means_)


@pytest.mark.parametrize(
    ("options", "covariance", "n", "votes"),
    [
        ({"n_components": 12}, "pooled", 5000, 10),
        ({"n_components": 12}, "own", 5000, 10),
        ({"n_components": 12}, "cosine", 5000, 10),
        ({"n_components": 12}, "isotropic", 5000, 0),
        ({"n_components": 12}, "tied", 5000, 0),
        ({"n_components": 11}, "pooled", 5000, 0),  # four starts are too few
        ({"n_components": 11}, "pooled", 1500, 10),  # of a small corpus there are ten anyway
        ({"n_components": 6}, "pooled", 1500, 0),
        ({"n_components": 12}, "pooled", 599, 0),  # fewer than 50 documents for each
        ({"n_components": 12, "n_init": 5}, "pooled", 5000, 0),
        ({"n_components": 12, "n_init": 6}, "pooled", 5000, 6),
        ({"n_components": 12, "init_params": "split-merge"}, "pooled", 5000, 0),
        ({"n_components": 12, "smoothing": "floor"}, "pooled", 5000, 0),
        ({"n_components": 12, "consensus": False}, "pooled", 5000, 0),
        ({"n_components": 3, "n_init": 2, "consensus": True}, "cosine", 5000, 2),
        ({"n_components": 3, "n_init": 1, "consensus": True}, "cosine", 5000, 0),
        ({"n_components": 1, "n_init": 9, "consensus": True}, "pooled", 5000, 0),
    ],
)
def test_when_starts_vote(options, covariance, n, votes):
    assert defaults.votes(SparseGaussianMixture(**options), covariance, n) == votes


def test_the_ten_starts_that_covariance_was_chosen_among_vote(monkeypatch):
    monkeypatch.setattr(covariance, "leads_away", lambda starts, found, surely=False: True)
    drawn, seeds = [], restarts.seeds

    def watched(*given):
        drawn.extend(seeds(*given))
        return drawn[-given[2] :]

    monkeypatch.setattr(restarts, "seeds", watched)
    X, _ = pure_topics(k=12, n=2400, v=400, seed=5)
    model = SparseGaussianMixture(12, random_state=0, n_jobs=1).fit(X)
    assert model.covariance_ == "cosine"
    assert len(model.start_labels_) == len(drawn) == 10
    assert np.isfinite(model.start_bounds_).all()
    told = [step.phase for step in model.steps_]
    assert "consensus" in told


def test_what_consensus_may_be():
    X, _ = pure_topics(n=50)
    with pytest.raises(ValueError, match="consensus must be auto, true or false, got 'yes'"):
        SparseGaussianMixture(2, consensus="yes").fit(X)
    parsed = config.parse({"corpus": {"source": "folder", "path": "texts"}, "mixture": {"consensus": False}})
    assert parsed.mixture.consensus is False


def test_starts_with_freer_variances_vote_but_are_not_held_against_the_others():
    X, _ = pure_topics(k=25, n=2500, v=400, seed=6)
    model = SparseGaussianMixture(25, random_state=0, n_jobs=1, split_merge=False).fit(X)
    assert model.covariance_ == "pooled"
    assert np.isnan(model.start_bounds_).tolist() == [True] * 4 + [False] * 6
    alone = SparseGaussianMixture(25, random_state=0, n_jobs=1, split_merge=False, covariance="pooled").fit(X)
    assert np.isfinite(alone.start_bounds_).all()
    assert np.nanmax(model.start_bounds_) < alone.start_bounds_.max() + 1


def test_numpy_booleans_are_booleans():
    assert defaults.votes(SparseGaussianMixture(3, n_init=4, consensus=np.False_), "pooled", 5000) == 0
