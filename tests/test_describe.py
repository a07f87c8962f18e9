"""Findings are the same however many rows or clusters are looked at together."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from docclust import SparseGaussianMixture, config, describe, pipeline, remarks
from docclust.report import texts, words

SIX_TOPICS = Path(__file__).parent.parent / "corpora" / "six_topics.jsonl"


def rows(n: int, v: int) -> sp.csr_array:
    return sp.random_array((n, v), density=0.2, format="csr", rng=np.random.default_rng(0))


def test_closeness_to_the_own_mean_is_their_cosine_in_blocks_too(monkeypatch):
    rng = np.random.default_rng(0)
    X, means, labels = rows(50, 12), rng.random((3, 12)), rng.integers(3, size=50)
    own = means[labels]
    expected = (X.toarray() * own).sum(axis=1) / np.linalg.norm(own, axis=1)
    whole = describe._cosine_to_own_mean(X, means, labels)
    np.testing.assert_allclose(whole, expected)
    monkeypatch.setattr(describe, "SUM_ROWS", 7)
    np.testing.assert_array_equal(describe._cosine_to_own_mean(X, means, labels), whole)


def test_a_line_tells_of_its_document_what_the_run_says(small_run):
    P = small_run.responsibilities
    for row, line in enumerate(small_run.documents):
        shares = P[[row]].toarray().ravel()
        assert line.cluster == shares.argmax()
        assert line.probability == shares.max()
        assert (line.runner_up, line.runner_up_probability) == (shares.argsort()[-2], np.sort(shares)[-2])


@pytest.fixture(scope="module")
def three_topics_without_spaces(tmp_path_factory):
    """A run on sentences of Chinese and Japanese words with nothing between them, and some of two topics."""
    rng = np.random.default_rng(0)
    topics = [
        ["工具包", "编译器", "文件系统", "桌面环境", "工具"],
        ["ライブラリ", "アプリケーション", "データベース", "サーバ", "ゲーム"],
        ["望远镜", "天文学家", "太阳系", "月球", "流星雨"],
    ]
    lines = [
        {"id": f"{topic}-{i:02}", "text": "".join(f"{word}{rng.choice(['的', '是', 'の', 'と'])}" for word in chosen)}
        for topic in range(3)
        for i in range(30)
        for chosen in [rng.choice(topics[topic], size=12)]
    ]
    for i in range(4):
        both = [*rng.choice(topics[0], size=12), *rng.choice(topics[2], size=12)]
        lines.append({"id": f"mixed-{i}", "text": "".join(f"{word}{rng.choice(['的', '是'])}" for word in both)})
    path = tmp_path_factory.mktemp("unspaced") / "texts.jsonl"
    path.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), "utf-8")
    settings = {
        "corpus": {"source": "jsonl", "path": str(path)},
        "vectors": {"stop_words": ""},
        "mixture": {"n_components": 3},
        "keywords": {"n_words": 4},
    }
    return pipeline.run(config.parse(settings)), {line["id"]: line["text"] for line in lines}, topics


def test_keywords_of_scripts_without_spaces_are_words_and_none_is_told_twice(three_topics_without_spaces):
    run, _, topics = three_topics_without_spaces
    told = [[keyword.word for keyword in cluster.keywords] for cluster in run.clusters]
    of_topic = {word: topic for topic, words in enumerate(topics) for word in words}
    for found in told:
        assert len(set(found)) == len(found) == 4
        assert len({of_topic[word] for word in found}) == 1
    assert {name for cluster in run.clusters for name in cluster.name.split("/")} <= of_topic.keys()
    for found in run.ambiguous:
        for pull in found.pulls:
            assert len(set(pull.words)) == len(pull.words)
        assert len(set(found.unexpected)) == len(found.unexpected)


def test_the_page_tells_the_same_keywords_at_the_balance_of_the_run(three_topics_without_spaces):
    run, *_ = three_topics_without_spaces
    found = words.candidates(run, np.arange(len(run.documents)))
    balance = run.settings.keywords.balance
    for cluster, candidates in zip(run.clusters, found.clusters, strict=True):
        ranked = sorted(candidates, key=lambda c: (-balance * np.log(c[1]) - (1 - balance) * np.log(c[2]), c[0]))
        assert [found.shown[place] for place, *_ in ranked[:4]] == [keyword.word for keyword in cluster.keywords]
        shown = [found.shown[place] for place, *_ in candidates]
        assert len(set(shown)) == len(shown)


def test_whole_words_are_marked_in_texts_without_spaces(three_topics_without_spaces):
    run, written, _ = three_topics_without_spaces
    mixed = [found for found in run.ambiguous if found.id.startswith("mixed")]
    assert mixed
    for found in mixed:
        text, told = written[found.id], {word for pull in found.pulls for word in pull.words}
        spans = texts.pulling(run, texts.vocabulary_of(run).tokens(text), found)
        marked = {text[start:end] for start, end, _ in spans}
        assert {"望远镜", "天文学家"} & marked
        assert all(word in "".join(marked) for word in told if word in text)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_of_copies_one_represents_a_cluster(tmp_path):
    rng = np.random.default_rng(0)
    words = [[f"{topic}{i}" for i in range(60)] for topic in ("ship", "court")]
    texts_ = [" ".join(rng.choice(words[i % 2], 25)) for i in range(120)]
    texts_ += [" ".join(words[0])] * 6
    path = tmp_path / "copies.jsonl"
    path.write_text("".join(json.dumps({"id": f"d{i}", "text": text}) + "\n" for i, text in enumerate(texts_)))
    corpus = {"source": "jsonl", "path": str(path)}
    run = pipeline.run(config.parse({"corpus": corpus, "mixture": {"n_components": 2}}))
    for cluster in run.clusters:
        shown = [member.id for member in cluster.representatives]
        assert len(shown) == 5
        assert sum(int(name[1:]) >= 120 for name in shown) <= 1
    assert sum(int(m.id[1:]) >= 120 for cluster in run.clusters for m in cluster.representatives) == 1
    assert not any("soft clustering is hard" in warning for warning in run.manifest["warnings"])


@pytest.mark.parametrize(
    ("mixture", "hard"), [({"smoothing": "add", "reg_covar": 1e-10, "annealing": "none"}, 1), ({}, 0)]
)
def test_a_clustering_that_leaves_hardly_a_document_undecided_is_said_to_be_hard(mixture, hard):
    # Where hardly a probability counts as undecided, no clustering is hard for that.
    asked = {"mixture": {"n_components": 6} | mixture, "ambiguity": {"undecided_below": 0.2}}
    run = pipeline.run(config.parse({"corpus": {"source": "jsonl", "path": str(SIX_TOPICS)}} | asked))
    told = [warning for warning in run.manifest["warnings"] if "soft clustering is hard" in warning]
    assert told == ['Your soft clustering is hard: no document is undecided. Try smoothing = "noise".'] * hard


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ({"smoothing": "floor"}, 'smoothing = "noise"'),
        ({"reg_covar": 1e-6}, "a larger reg_covar"),
        ({}, "a larger final_smoothing"),
    ],
)
def test_what_makes_a_clustering_softer(parameters, remedy):
    assert remarks._softer(SparseGaussianMixture(2, **parameters)) == f"Try {remedy}."
