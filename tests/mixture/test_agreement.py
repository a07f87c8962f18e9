"""Labellings before and after EM: how alike they are, and whether free variances lead away."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from docclust.mixture import agreement as alike
from docclust.mixture.agreement import agreement, have_clusters, is_open, leads_away, reproducibility


@pytest.mark.parametrize(
    ("near", "information", "rand", "told"),
    [
        (0.44, -0.05, 0.04, True),
        (0.44, 0.05, -0.1, True),
        (0.44, 0.05, 0.04, False),
        (0.46, -0.05, 0.04, False),
        (0.63, 0.03, 0.01, False),
        (0.65, 0.03, 0.01, True),
        (0.65, 0.05, 0.02, True),
        (0.65, 0.05, 0.04, False),
        (0.65, 0.01, 0.0, False),
    ],
)
def test_starts_leave_it_open_where_their_ends_are_near_a_limit(monkeypatch, near, information, rand, told):
    monkeypatch.setattr(alike, "nearness", lambda starts, found: near)
    agreed = {"starts": (0.5, 0.5), "found": (0.5 + information, 0.5 + rand)}
    monkeypatch.setattr(alike, "reproducibility", agreed.get)
    assert is_open("starts", "found") == told


@pytest.mark.parametrize(("n", "k", "other_k"), [(500, 4, 7), (50, 1, 3), (50, 1, 1), (300, 30, 30), (1, 1, 1)])
def test_agreement_is_that_of_scikit_learn(n, k, other_k):
    rng = np.random.default_rng(n)
    one = rng.integers(k, size=n)
    other = np.where(rng.random(n) < 0.5, one % other_k, rng.integers(other_k, size=n))
    expected = normalized_mutual_info_score(one, other), adjusted_rand_score(one, other)
    assert agreement(one, other) == pytest.approx(expected, abs=1e-12)


def test_reproducibility_is_one_for_the_same_clusters_under_other_names():
    labels = [np.array(names) for names in ([0, 0, 1, 1], [1, 1, 0, 0], [2, 2, 3, 3])]
    assert reproducibility(labels) == pytest.approx((1, 1))
    assert max(reproducibility([labels[0], np.array([0, 1, 0, 1])])) < 0.1


def test_em_leads_away_where_it_leaves_starts_less_alike():
    rng = np.random.default_rng(0)
    stable = [np.arange(300) % 5] * 3
    scattered = [rng.integers(0, 5, 300) for _ in range(3)]
    assert leads_away(stable, scattered)
    assert not leads_away(scattered, stable)
    assert not leads_away(stable, stable)
    some = [np.where(rng.random(300) < 0.1, labels, one) for labels, one in zip(scattered, stable, strict=True)]
    assert not leads_away(some, stable)
    assert leads_away(stable, some)


@pytest.mark.parametrize(
    ("near", "information", "rand", "plainly", "away"),
    [
        (0.5, -0.05, 0.1, True, True),
        (0.5, -0.03, 0.1, False, True),
        (0.5, -0.01, 0.1, False, False),
        (0.5, 0.1, -0.01, False, True),
        (0.4, -0.05, 0.06, False, False),
        (0.4, 0.1, -0.01, False, False),
        (0.4, -0.05, 0.01, False, True),
        (0.4, -0.05, -0.02, True, True),
        (0.66, -0.05, -0.01, False, False),
        (0.66, 0.1, -0.02, False, True),
        (0.66, 0.03, 0.01, False, False),
        (0.7, 0.03, 0.01, False, True),
        (0.7, 0.03, 0.03, False, False),
    ],
)
def test_two_starts_of_several_are_believed_only_where_it_is_plain_and_ends_near_them_refine_them(
    monkeypatch, near, information, rand, plainly, away
):
    monkeypatch.setattr(alike, "nearness", lambda starts, found: near)
    agreed = {"starts": (0.5, 0.5), "found": (0.5 + information, 0.5 + rand)}
    monkeypatch.setattr(alike, "reproducibility", agreed.get)
    assert leads_away("starts", "found") == away
    assert leads_away("starts", "found", surely=True) == plainly


def test_one_large_cluster_is_no_clusters():
    labels = np.arange(300) % 5
    assert have_clusters([labels] * 2, [labels] * 2)
    assert not have_clusters([np.where(np.arange(300) < 250, 0, labels)] * 2, [labels] * 2)
