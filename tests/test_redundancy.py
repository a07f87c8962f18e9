"""Words that go together, against slow sets; what they may no longer do to a document, and near-copies to a list."""

import numpy as np
import pytest
import scipy.sparse as sp

from docclust import config
from docclust.ambiguity import kinds_by_row, listing, redundancy
from docclust.ambiguity.listing import distinct
from docclust.ambiguity.redundancy import GO_TOGETHER, NO_GROUP, Companions, companions, shared
from docclust.ambiguity.scores import Scores, distances, score, sureness, topics_apart


@pytest.fixture
def counts(monkeypatch):
    monkeypatch.setattr(redundancy, "MOST_SHARE", 1)
    rng = np.random.default_rng(0)
    dense = rng.poisson(0.25, size=(40, 12))
    dense[:, 3] = dense[:, 7] = rng.random(40) < 0.3
    dense[:5, 3] = 0
    return sp.csr_array(dense.astype(np.int32))


def jaccard(counts, most=np.inf):
    held = [set(np.flatnonzero(column)) for column in counts.toarray().T]
    found = np.zeros((len(held), len(held)))
    for a, one in enumerate(held):
        for b, other in enumerate(held):
            if a != b and one and other and max(len(one), len(other)) <= most:
                found[a, b] = len(one & other) / len(one | other)
    return np.where(found >= GO_TOGETHER, found, 0)


def alone(n_words):
    """Words of which none go together."""
    return Companions(np.full(n_words, NO_GROUP), sp.csr_array((0, 0)))


def pairs(means, sure):
    """What `score` takes of every two clusters: how far they are, and how far they are two topics."""
    far = distances(means)
    return far, topics_apart(far, sure)


def of_words(together):
    """The Jaccard index of every pair of words that go together."""
    known = np.flatnonzero(together.groups >= 0)
    found, groups = np.zeros((together.groups.size,) * 2), together.groups[known]
    found[np.ix_(known, known)] = together.alike.toarray()[np.ix_(groups, groups)] + (groups[:, None] == groups)
    np.fill_diagonal(found, 0)
    return found


def test_words_go_together_by_the_documents_that_hold_them(counts):
    found = of_words(companions(counts))
    np.testing.assert_allclose(found, jaccard(counts))
    assert found[3, 7] > GO_TOGETHER


def test_words_of_many_documents_go_with_none(counts, monkeypatch):
    monkeypatch.setattr(redundancy, "MOST_DOCUMENTS", 8)
    np.testing.assert_allclose(of_words(companions(counts)), jaccard(counts, most=8))


def test_a_word_is_divided_by_its_companions_in_its_own_document(counts):
    alike, dense = jaccard(counts), counts.toarray() > 0
    expected = [1 + alike[word][dense[i]].sum() for i in range(dense.shape[0]) for word in np.flatnonzero(dense[i])]
    np.testing.assert_allclose(shared(counts, companions(counts)), expected)


def test_words_of_the_same_documents_are_one_group(counts, monkeypatch):
    monkeypatch.setattr(redundancy, "MOST_DOCUMENTS", 30)
    copies = sp.csr_array(sp.hstack([counts] * 3))
    together = companions(copies)
    assert together.alike.shape[0] <= counts.shape[1]
    np.testing.assert_allclose(of_words(together), jaccard(copies, most=30))
    alike, dense = jaccard(copies, most=30), copies.toarray() > 0
    expected = [1 + alike[word][dense[i]].sum() for i in range(dense.shape[0]) for word in np.flatnonzero(dense[i])]
    np.testing.assert_allclose(shared(copies, together), expected)


def two_topics_and_a_signature():
    """Word counts and memberships: two topics of 200 words, and 8 words that only one author of the second writes."""
    rng = np.random.default_rng(1)
    topics = np.full((408, 2), 0.001)
    topics[:200, 0], topics[200:400, 1] = 1, 1
    topics /= topics.sum(axis=0)
    rows = [rng.multinomial(60, topics[:, k]) for k in (0, 1) for _ in range(1000)]
    signature = np.r_[np.zeros(400, int), np.ones(8, int)]
    rows += [rng.multinomial(60, topics[:, 1]) + signature for _ in range(30)]
    rows += [rng.multinomial(60, topics[:, 0]) + signature, rng.multinomial(68, topics.mean(axis=1))]
    P = np.zeros((len(rows), 2))
    P[:1000, 0] = P[-2:, 0] = P[1000:-2, 1] = 1
    return sp.csr_array(np.array(rows, dtype=np.int32)), P


def last_two(counts, P, words=None, together=None):
    """The mixed score of the last two documents."""
    means, labels = (counts.T @ P).T / P.sum(axis=0)[:, None], P.argmax(axis=1)
    sure = sureness(P.max(axis=1), labels, P.shape[1])
    return score(counts, P.max(axis=1), labels, *pairs(means, sure), counts.T @ P, words, together).mixed[-2:]


def test_a_signature_alone_makes_no_document_mixed():
    counts, P = two_topics_and_a_signature()
    signed, mixed = last_two(counts, P, together=alone(408))
    assert signed > 0.003
    signed_now, mixed_now = last_two(counts, P)
    assert signed_now < 0.3 * signed
    assert mixed_now == pytest.approx(mixed, rel=0.01)


def test_words_without_a_letter_make_no_document_mixed():
    counts, P = two_topics_and_a_signature()
    named = [f"w{j}" for j in range(408)]
    numbers = [f"{j}" if 200 <= j < 400 else f"w{j}" for j in range(408)]
    assert last_two(counts, P, numbers)[1] < 0.1 * last_two(counts, P, named)[1]


def test_near_copies_are_listed_once(monkeypatch):
    rng = np.random.default_rng(0)
    rows = rng.random((6, 50)) ** 8
    rows[3], rows[5] = rows[1] + 0.01, rows[0] + 0.01
    X = sp.csr_array(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    assert distinct(np.array([5, 1, 0, 3, 2, 4]), X, 10) == [5, 1, 2, 4]
    assert distinct(np.array([5, 1, 0, 3, 2, 4]), X, 3) == [5, 1, 2]
    monkeypatch.setattr(listing, "COMPARED", 2)
    assert distinct(np.array([5, 1, 0, 3, 2, 4]), X, 10) == [5, 1, 2, 4]
    assert distinct(np.array([5, 1, 0, 3, 2, 4]), X, 3) == [5, 1, 2]
    nothing = np.zeros(6)
    scores = Scores(np.arange(6.0), nothing, nothing, np.arange(6) > 0)
    settings = config.parse({"corpus": {"source": "pydocs"}, "mixture": {"n_components": 2}})
    listed = kinds_by_row(scores, settings, X, lambda row: row != 4)
    assert listed == {5: ["mixed"], 3: ["mixed"], 2: ["mixed"]}


def test_no_more_documents_are_looked_at_than_a_few_times_what_is_listed():
    X, seen = sp.csr_array(np.eye(40)), []
    scores = Scores(np.arange(40.0), np.zeros(40), np.zeros(40), np.full(40, True))
    settings = config.parse(
        {"corpus": {"source": "pydocs"}, "mixture": {"n_components": 2}, "ambiguity": {"n_documents": 2}}
    )
    assert kinds_by_row(scores, settings, X, seen.append) == {}
    assert seen == list(range(39, 29, -1))
