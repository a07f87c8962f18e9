"""Mixed, unclear, atypical: what each score rises on and what it does not, and the evidence against slow oracles."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize_scalar

from docclust import config, pipeline
from docclust.ambiguity.admixture import pair_gains, shares, two_topics
from docclust.ambiguity.evidence import Evidence
from docclust.ambiguity.explaining import Explainer
from docclust.ambiguity.scores import (
    commonness,
    cosines,
    distances,
    distinctiveness,
    score,
    smoothed,
    sureness,
    surprise,
)
from docclust.gaussian import Coefficients
from tests.test_redundancy import alone, pairs

SIX_TOPICS = Path(__file__).parent.parent / "corpora" / "six_topics.jsonl"


@pytest.fixture
def words():
    """Four word distributions over 30 words, and 12 documents."""
    rng = np.random.default_rng(0)
    distributions = rng.dirichlet(np.full(30, 0.3), size=4).T + 1e-4
    distributions /= distributions.sum(axis=0)
    counts = sp.csr_array(rng.poisson(0.8, size=(12, 30)).astype(np.int32))
    return counts, distributions


def test_a_pair_is_as_common_as_its_other_mixed_documents_for_the_size_of_its_clusters():
    first, second = np.array([0, 1, 0, 2]), np.array([1, 0, 2, 1])
    found = commonness(np.array([0.1, 0.2, 0.3, 0.0]), first, second, np.array([4, 9, 0]))
    usual = np.mean([0.3 / 6, 0.3, 0])  # an empty cluster has size 1
    np.testing.assert_allclose(found, np.array([0.2 / 6, 0.1 / 6, 0, 0]) / usual, atol=1e-15)
    assert not commonness(np.zeros(2), np.zeros(2, int), np.zeros(2, int), np.array([2])).any()
    assert not commonness(np.zeros(2), np.zeros(2, int), np.ones(2, int), np.array([1, 1])).any()


def test_of_documents_alike_the_one_of_a_rare_pair_is_more_mixed():
    # Three clusters of ten documents, each with ten words of its own; four documents hold the first two topics, and
    # one the last two.
    topics = np.kron(np.eye(3, dtype=int), np.ones(10, dtype=int))
    rows = [topics[i // 10] for i in range(30)] + [topics[0] + topics[1]] * 4 + [topics[1] + topics[2]]
    labels = np.array([i // 10 for i in range(30)] + [0] * 4 + [1])
    counts = sp.csr_array(5 * np.array(rows))
    ones = np.ones(labels.size)
    nothing = alone(30)
    found = score(counts, ones, labels, *pairs(topics.astype(float), np.ones(3)), 250.0 * topics.T, together=nothing)
    assert found.mixed[34] > 1.2 * found.mixed[30] > 1.2 * found.mixed[:30].max()


def best_mix(counts, one, other):
    """The largest log-likelihood of the counts under any mixture of two distributions."""
    return -minimize_scalar(
        lambda u: -(counts @ np.log((1 - u) * one + u * other)), bounds=(0, 1), method="bounded"
    ).fun


def test_the_gain_of_a_pair_is_that_of_its_best_share(words):
    counts, distributions = words
    apart = np.ones((4, 4)) - np.eye(4)
    weights, single = counts.data.astype(float), np.ones(counts.nnz)
    found = pair_gains(counts.indptr, counts.indices, weights, single, distributions, np.log(distributions), apart)
    for i, (best, second, gain, _, length) in enumerate(zip(*found, strict=True)):
        c = counts[[i]].toarray().ravel()
        alone = c @ np.log(distributions)
        assert (best, length) == (alone.argmax(), c.sum())
        gains = np.array([best_mix(c, distributions[:, best], distributions[:, q]) for q in range(4)]) - alone[best]
        if gains.max() > 1e-6:
            assert second == gains.argmax()
        assert gain == pytest.approx(max(gains.max(), 0), abs=1e-3)


def test_the_two_topics_of_a_document_have_its_words_and_are_apart():
    apart = 1 - np.eye(4)
    assert two_topics(np.array([0.1, 0.5, 0.1, 0.3]), apart) == (1, 3)
    assert two_topics(np.array([0.3, 0.1, 0.5, 0.1]), apart) == (2, 0)
    apart[1, 3] = apart[3, 1] = 0.01  # they split one topic
    assert two_topics(np.array([0.15, 0.4, 0.05, 0.4]), apart) == (1, 0)
    assert two_topics(np.array([1.0]), np.zeros((1, 1))) == (0, 0)


def test_a_topic_of_one_word_or_of_words_that_go_together_has_no_breadth():
    """Words 0 to 3 are of the first cluster, 4 to 7 of the second, and all have the same weight."""
    distributions = np.repeat([[0.24, 0.01], [0.01, 0.24]], 4, axis=0)
    apart = 1 - np.eye(2)

    def breadth(words, alike):
        weights = 1 / np.array(alike)
        found = pair_gains(
            np.array([0, len(words)]), np.array(words), weights, np.array(alike), distributions,
            np.log(distributions), apart,
        )  # fmt: skip
        return found[3][0]

    assert breadth([0, 1, 2, 3, 4], np.ones(5)) == pytest.approx(0)
    assert breadth([0, 1, 2, 3, 4, 5], np.ones(6)) == pytest.approx(0.5)
    assert breadth([0, 1, 2, 3, 4, 5, 6, 7], np.ones(8)) == pytest.approx(0.75)
    assert breadth([0, 1, 2, 3, 4, 5], np.array([1.0, 1, 1, 1, 2, 2])) == pytest.approx(0)


def test_shares_are_those_of_the_words(words):
    _, distributions = words
    rng = np.random.default_rng(1)
    counts = rng.multinomial(5000, 0.7 * distributions[:, 0] + 0.3 * distributions[:, 2])
    theta = shares(counts, distributions)
    assert theta.sum() == pytest.approx(1)
    np.testing.assert_allclose(theta, [0.7, 0, 0.3, 0], atol=0.05)


def test_smoothed_words_are_distributions():
    sums = np.random.default_rng(0).poisson(2, size=(20, 3)).astype(float)
    chance = smoothed(sums, sums.sum(axis=1), sums.sum(axis=0))
    assert np.all(chance > 0)
    np.testing.assert_allclose(chance.sum(axis=0), 1)


def test_surprise_leaves_the_document_itself_out():
    counts = sp.csr_array(np.array([[2, 0, 1], [1, 1, 0], [0, 3, 1]], dtype=np.int32))
    labels, own = np.array([0, 0, 1]), np.ones(3)
    sums = np.array([[3.0, 0.0], [1.0, 3.0], [1.0, 1.0]])
    corpus = sums.sum(axis=1) / sums.sum()
    others = np.array([1.0, 1.0, 0.0])  # cluster 0 without the first document
    chance = (others / 2 + 0.1 * corpus) / 1.1
    slow = -(2 * np.log(chance[0]) + np.log(chance[2])) / 3
    assert surprise(counts, labels, own, sums)[0] == pytest.approx(slow)


def test_no_document_is_called_clear_whose_cluster_has_less_than_it_should():
    c = Coefficients(np.zeros(2), np.zeros((1, 2)), np.zeros((1, 1)))
    evidence = Evidence(c, np.ones((1, 2)), ["word"], ["a", "b"], 2, 0.9)
    assert evidence.sentence([], [], [], 0.9, []) == "clear: its cluster has 90 %"
    assert evidence.sentence([], [], [], 0.48, []) == "undecided: its cluster has 48 %"


def test_words_shown_alike_pull_and_surprise_as_one():
    counts = sp.csr_array(np.array([[1, 2, 1, 1]], dtype=np.int32))
    c = Coefficients(np.zeros(2), np.array([[3, 0], [1, 2], [1, 0], [0, 2.0]]), np.zeros((4, 1)))
    evidence = Evidence(c, np.full((4, 2), 5.0), ["工具包", "工具包", "文件", "系统"], ["a", "b"], 2, 0.9)
    to, against = evidence.pulls(counts.astype(float), 0, 1)
    assert (to.words, to.nats) == (["工具包", "文件"], [1.0, 1.0])
    assert (against.words, against.nats) == (["系统"], [2.0])


def test_a_word_is_unexpected_where_no_cluster_says_nearly_so_much_of_it():
    c = Coefficients(np.zeros(2), np.zeros((5, 2)), np.zeros((1, 1)))
    sums = np.array([[200, 0], [300, 10], [1, 1], [1, 0], [2000, 3000.0]])
    evidence = Evidence(c, sums, ["nurse", "blood", "rattle", "rattles", "the"], ["a", "b"], 2, 0.9)
    counts = sp.csr_array(np.array([[3, 3, 3, 1, 6]], dtype=np.int32))
    assert evidence.unexpected(counts, np.array([1.0, 0.0])) == ["rattle", "rattles"]
    odd = evidence.sentence(["atypical"], [], [], 0.95, ["rattle"])
    assert odd == "atypical: no cluster expects so much of 'rattle'"
    assert evidence.sentence(["atypical"], [], [], 0.95, []) == "atypical: no cluster expects so much of its words"
    plain = sp.csr_array(np.array([[1, 1, 0, 0, 12]], dtype=np.int32))
    assert evidence.unexpected(plain, np.array([1.0, 0.0])) == []


def test_cosines_of_nothing_are_zero():
    np.testing.assert_array_equal(cosines(np.array([[3.0, 4.0], [0, 0]])), [[1, 0], [0, 0]])


def test_distance_is_one_minus_cosine():
    means = np.array([[1.0, 0, 0], [0, 2.0, 0], [3.0, 0, 0], [1.0, 1.0, 0]])
    np.testing.assert_allclose(distances(means)[0], [0, 1, 0, 1 - 0.5**0.5], atol=1e-12)


def run_with(tmp_path, lines):
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    found = pipeline.run(
        config.parse({"corpus": {"source": "jsonl", "path": str(path)}, "mixture": {"n_components": 6}})
    )
    return {document.id: document for document in found.documents}


def pure_documents():
    lines = map(json.loads, SIX_TOPICS.read_text("utf-8").splitlines())
    return [line for line in lines if len(line["topics"]) == 1]


def test_cut_documents_are_unclear_and_not_mixed_and_spliced_ones_the_other_way_round(tmp_path):
    pure = pure_documents()
    by_topic = {}
    for line in pure:
        by_topic.setdefault(line["label"], []).append(line)
    topics = sorted(by_topic)
    changed = []
    for k, topic in enumerate(topics):
        first, second = by_topic[topic][0], by_topic[topics[(k + 1) % 6]][1]
        halves = [" ".join(line["text"].split()[: len(line["text"].split()) // 2]) for line in (first, second)]
        changed.append(first | {"id": f"spliced-{k}", "text": " ".join(halves)})
        cut = by_topic[topic][2]
        changed.append(cut | {"id": f"cut-{k}", "text": " ".join(cut["text"].split()[:5])})
    found = run_with(tmp_path, pure + changed)

    def values(score, prefix):
        return np.array([getattr(d, score) for name, d in found.items() if name.startswith(prefix)])

    plain = [d for name, d in found.items() if not name.startswith(("cut", "spliced"))]
    usual_mixed, usual_unclear = np.mean([d.mixed for d in plain]), np.mean([d.unclear for d in plain])
    assert values("mixed", "spliced").mean() > 10 * max(usual_mixed, 1e-6)
    assert values("mixed", "cut").mean() < 0.2 * values("mixed", "spliced").mean()
    assert values("unclear", "cut").mean() > max(0.1, 10 * usual_unclear)
    assert values("unclear", "spliced").mean() < 0.2 * values("unclear", "cut").mean()
    assert values("unclear", "spliced").max() < 0.1


def test_a_cluster_that_is_not_sure_of_its_own_documents_is_no_second_topic():
    topics = np.kron(np.eye(3, dtype=int), np.ones(10, dtype=int))
    rows = [topics[i // 10] for i in range(30)] + [topics[0] + topics[1]] * 2 + [topics[0] + topics[2]] * 2
    labels = np.array([i // 10 for i in range(30)] + [0] * 4)
    counts, ones = sp.csr_array(5 * np.array(rows)), np.ones(labels.size)
    sure = sureness(np.where(labels == 2, 0.4, 1.0), labels, 4)
    np.testing.assert_allclose(sure, [1, 1, 0.4, 0])  # the last has no documents
    given = counts, ones, labels, *pairs(topics.astype(float), sure[:3]), 250.0 * topics.T
    found = score(*given, together=alone(30))
    assert found.mixed[30] > 2 * found.mixed[32] > 0
    assert found.listed[30:].all()


def test_numbers_have_no_share_in_a_document():
    c = Coefficients(np.zeros(2), np.zeros((3, 2)), np.zeros((3, 2)))
    sums = np.array([[900.0, 1.0], [1.0, 900.0], [1.0, 900.0]])
    counts = sp.csr_array(np.array([[4, 4, 4]]))
    own = np.array([0.5, 0.5])
    numbers = Evidence(c, sums, ["hockey", "1993", "42"], ["a", "b"], 2, 0.9).shares(counts, own)
    words = Evidence(c, sums, ["hockey", "orbit", "nasa"], ["a", "b"], 2, 0.9).shares(counts, own)
    assert numbers[0] > 0.9
    assert words[1] > 0.6


def test_a_word_of_all_clusters_tells_nothing_and_a_small_cluster_s_as_much_as_a_large_one_s():
    sums = np.array([[900.0, 0.0], [0.0, 9000.0], [450.0, 4500.0], [0.0, 0.0], [450.0, 4500.0]])
    found = distinctiveness(sums, ["orbit", "patient", "argument", "unseen", "1993"])
    assert found[0] == pytest.approx(found[1], rel=0.02)
    assert found[2] < 1e-6
    assert found[3] < 1e-6
    assert found[4] == 0
    spoken = sums[:4].sum(axis=1)
    assert found[:4] ** 2 @ spoken == pytest.approx(spoken.sum())
    # Two occurrences tell less of where a word belongs than two hundred.
    assert np.all(np.diff(distinctiveness(np.array([[2.0, 0.0], [20.0, 0.0], [200.0, 0.0], [0.0, 222.0]]))[:3]) > 0.1)
    np.testing.assert_array_equal(distinctiveness(np.ones((3, 1)), ["orbit", "42", "nasa"]), [1, 0, 1])


def test_words_of_debate_pull_no_document_to_the_cluster_that_says_them_most():
    # Half of the second cluster's words, and a tenth of the first's, are those of any debate.
    topics = np.array([[0.9, 0.0], [0.0, 0.5], [0.1, 0.5]])
    topics = np.repeat(topics, 20, axis=0) / 20
    sums, none, own = 1e5 * topics, alone(60), np.array([1.0, 0.0])
    quarrel, both = (np.repeat(row, 20) for row in ([2, 0, 2], [2, 2, 0]))
    counts = sp.csr_array(np.array([quarrel, both]))
    c = Coefficients(np.zeros(2), np.zeros((60, 2)), np.zeros((60, 2)))
    evidence = Evidence(c, sums, [f"w{i}" for i in range(60)], ["a", "b"], 2, 0.9)
    debated, mixed = (evidence.shares(counts[[i]], own)[1] for i in (0, 1))
    assert debated < 0.35 < 0.45 < mixed
    found = score(counts, np.ones(2), np.zeros(2, int), *pairs(topics.T, np.ones(2)), sums, together=none)
    assert found.mixed[0] < 0.2 * found.mixed[1]


@pytest.mark.parametrize(
    ("words", "mixes"),
    [
        ([10, 10, 0, 0], True),
        ([18, 2, 0, 0], False),  # the lesser one has too little
        ([10, 6, 4, 0], True),
        ([7, 6, 5, 5], False),  # as many topics as there are
    ],
)
def test_two_topics_have_most_of_a_document_that_mixes_them(words, mixes):
    sums = np.kron(np.eye(4), np.full((20, 1), 500.0))
    counts = sp.csr_array(np.array([np.concatenate([np.arange(20) < n for n in words])], dtype=int))
    c = Coefficients(np.zeros(4), np.zeros((80, 4)), np.zeros((80, 4)))
    evidence = Evidence(c, sums, [f"w{i}" for i in range(80)], list("abcd"), 2, 0.9)
    explainer = Explainer([], counts, None, sp.csr_array(np.eye(4)[[0]]), evidence, 1 - np.eye(4))
    assert explainer.topics(0) == ((0, 1) if mixes else ())


def test_a_second_topic_makes_a_document_mixed_and_no_less_clear():
    rng = np.random.default_rng(0)
    topics = np.full((60, 2), 0.02)
    topics[:30, 0], topics[30:, 1] = 1, 1
    topics /= topics.sum(axis=0)
    pure, sums = 200 * topics, 5000 * topics
    both = rng.multinomial(80, topics.mean(axis=1))
    short, long = rng.multinomial(3, topics[:, 0]), rng.multinomial(80, topics[:, 0])
    counts = sp.csr_array(np.array([both, short, long], dtype=np.int32))
    found = score(counts, np.full(3, 0.7), np.zeros(3, dtype=int), *pairs(pure.T, np.ones(2)), sums)
    assert found.listed.tolist() == [True, False, False]
    assert found.mixed[0] > 10 * found.mixed[1:].max()
    assert found.unclear[0] < 0.01
    np.testing.assert_allclose(found.unclear[1:], 0.3, atol=0.03)


def test_a_document_of_words_from_everywhere_is_atypical(tmp_path):
    pure = pure_documents()
    vocabulary = sorted({word for line in pure for word in line["text"].lower().split() if len(word) > 5})
    rng = np.random.default_rng(0)
    strange = [{"id": f"strange-{i}", "text": " ".join(rng.choice(vocabulary, 70)), "label": "none"} for i in range(3)]
    found = run_with(tmp_path, pure + strange)
    assert min(found[f"strange-{i}"].atypical for i in range(3)) > 0.95
