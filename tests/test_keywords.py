"""Keywords: by hand where it is short, against a slow oracle where it is not."""

import numpy as np
import pytest
import scipy.sparse as sp

from docclust import keywords

MEANS = np.array([[0.4, 0.2, 0.0, 0.1], [0.4, 0.0, 0.05, 0.1]])
SIZES = np.array([100.0, 300.0])


def test_balance_one_ranks_by_weight_and_balance_zero_by_what_sets_apart():
    lift = keywords.lift(MEANS, SIZES)
    nothing = np.zeros(4, dtype=bool)
    by_weight = keywords.top_words(keywords.relevance(MEANS, lift, 1.0), 4, nothing)
    apart = keywords.top_words(keywords.relevance(MEANS, lift, 0.0), 4, nothing)
    assert [list(words) for words in by_weight] == [[0, 1, 3], [0, 3, 2]]
    assert [words[0] for words in apart] == [1, 2]


def test_lift_is_the_ratio_to_the_corpus_drawn_toward_one_in_small_clusters():
    lift = keywords.lift(MEANS, SIZES)
    corpus = SIZES @ MEANS / SIZES.sum()
    np.testing.assert_allclose(lift[1], (300 * MEANS[1] + 5 * corpus) / 305 / corpus)
    small = keywords.lift(MEANS, np.array([1.0, 300.0]))
    assert 1 < small[0, 1] < keywords.lift(MEANS, np.array([100.0, 30_000.0]))[0, 1]


def test_a_word_the_cluster_never_saw_is_no_keyword_nor_is_an_excluded_one():
    scores = keywords.relevance(MEANS, keywords.lift(MEANS, SIZES), 0.5)
    words = keywords.top_words(scores, 4, np.array([True, False, False, False]))
    assert [list(w) for w in words] == [[1, 3], [3, 2]]


def test_of_words_shown_alike_the_best_is_told():
    scores = np.array([[3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, -np.inf]])
    shown = ["工具包", "工具包", "文件", "工具包"]
    found = keywords.top_words(scores, 2, np.array([False, False, False, False]), shown)
    assert [list(words) for words in found] == [[0, 2], [2, 1]]
    hidden = keywords.hidden(shown, ["文件", "Ship"])
    assert hidden.tolist() == [False, False, True, False]
    assert keywords.hidden(["SHIP"], ["Ship"]).all()


def test_what_is_mostly_part_of_a_word_told_before_it_is_not_told():
    # Cluster 0 has 工具 only in 工具包; in cluster 1 it stands alone as well.
    counts = sp.csr_array(np.array([[1, 1, 0], [1, 1, 1], [1, 0, 1], [1, 0, 0], [1, 1, 0], [1, 0, 1]]))
    words, display, labels = {"工具", "具包", "文件"}, ["工具", "工具包", "文件"], np.array([0, 0, 1, 1, 1, 1])
    ranked = [np.array([1, 0, 2]), np.array([1, 0, 2])]

    def told(ranked, words=words, display=display, n=3):
        found = keywords.without_parts(ranked, n, words, display, counts, labels)
        return [[display[column] for column in columns] for columns in found]

    assert told(ranked) == [["工具包", "文件"], ["工具包", "工具", "文件"]]
    assert told(ranked, n=1) == [["工具包"], ["工具包"]]
    assert told([np.array([0, 1, 2])])[0] == ["工具", "工具包", "文件"]
    assert told(ranked, words={"工具", "工具包", "文件"})[0] == ["工具包", "工具", "文件"]
    assert told(ranked, display=["art", "artist", "文件"])[0] == ["artist", "art", "文件"]


def test_document_frequencies_count_documents_and_not_words():
    counts = sp.csr_array(np.array([[3, 0, 1], [1, 0, 0], [0, 2, 1], [0, 0, 5]]))
    found = keywords.document_frequencies(counts, np.array([0, 0, 1, 1]), 2, np.array([0, 2]))
    np.testing.assert_array_equal(found, [[2, 1], [0, 2]])


def test_blocks_of_documents_change_no_document_frequency(monkeypatch):
    rng = np.random.default_rng(0)
    counts, labels = sp.csr_array(rng.poisson(0.3, size=(50, 12))), rng.integers(3, size=50)
    whole = keywords.document_frequencies(counts, labels, 3, np.arange(1, 12, 2))
    monkeypatch.setattr(keywords, "BLOCK_ROWS", 7)
    np.testing.assert_array_equal(keywords.document_frequencies(counts, labels, 3, np.arange(1, 12, 2)), whole)
    np.testing.assert_array_equal(whole.sum(axis=0), (counts.toarray() > 0).sum(axis=0)[1::2])


def test_coherence_is_normalised_pointwise_mutual_information():
    rng = np.random.default_rng(0)
    counts = sp.csr_array(rng.poisson(0.5, size=(60, 6)))
    groups = [np.array([4, 0, 2]), np.array([1, 3])]
    present = counts.toarray() > 0

    def npmi(i, j):
        both = np.mean(present[:, i] & present[:, j])
        return np.log(both / (present[:, i].mean() * present[:, j].mean())) / -np.log(both)

    slow = np.mean([np.mean([npmi(4, 0), npmi(4, 2), npmi(0, 2)]), npmi(1, 3)])
    assert keywords.coherence(counts, groups) == pytest.approx(slow)


def test_words_always_together_cohere_and_words_never_together_do_not():
    counts = sp.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]))
    assert keywords.coherence(counts, [np.array([0, 1])]) == pytest.approx(1)
    assert keywords.coherence(counts, [np.array([0, 2])]) == -1
    assert np.isnan(keywords.coherence(counts, []))
