"""Whole runs: the same bytes twice, shuffled lines, the small corpus as a person would check it, too little text."""

import json
import os
import pickle
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

import docclust
from docclust import config, costs, pipeline
from docclust.errors import CorpusError, SettingError
from docclust.report import data, phrases, text
from docclust.store import write_run

ROOT = Path(__file__).parent.parent
SIX_TOPICS = ROOT / "corpora" / "six_topics.jsonl"


def settings(path=SIX_TOPICS, **sections):
    return config.parse({"corpus": {"source": "jsonl", "path": str(path)}, "mixture": {"n_components": 6}} | sections)


@pytest.fixture(scope="module")
def small():
    return pipeline.run(settings())


def test_the_six_topics_are_found_and_their_keywords_are_of_the_topic(small):
    expected = {
        "medicine": "patients",
        "music": "melody",
        "astronomy": "telescope",
        "gardening": "soil",
        "cooking": "oven",
        "cycling": "bike",
    }
    assert small.metrics["nmi"] > 0.85
    assert {next(iter(cluster.labels)) for cluster in small.clusters} == set(expected)
    for cluster in small.clusters:
        assert expected[next(iter(cluster.labels))] in {keyword.word for keyword in cluster.keywords}


def test_the_documents_that_mix_two_topics_are_the_most_mixed_and_their_pair_is_named(small):
    truth = {line["id"]: line for line in map(json.loads, SIX_TOPICS.read_text("utf-8").splitlines())}
    topic = [next(iter(cluster.labels)) for cluster in small.clusters]
    ranked = sorted(small.documents, key=lambda document: -document.mixed)[:20]
    assert sum(len(truth[document.id]["topics"]) == 2 for document in ranked) == 15
    rows = {document.id: row for row, document in enumerate(small.documents)}
    for name, line in truth.items():
        if len(line["topics"]) == 2:
            found = pipeline.explain(small, rows[name])
            assert {topic[share.cluster] for share in found.shares[:2]} == set(line["topics"]), name


def test_clusters_are_numbered_by_size_everywhere(small):
    sizes = [cluster.size for cluster in small.clusters]
    assert [cluster.id for cluster in small.clusters] == list(range(6))
    assert sizes == sorted(sizes, reverse=True)
    shown = [document.cluster for document in small.documents]
    np.testing.assert_array_equal(np.bincount(shown), sizes)
    np.testing.assert_array_equal(small.responsibilities.toarray().argmax(axis=1), shown)


def test_the_model_of_a_run_can_be_pickled_and_its_clone_tells_nobody(small):
    model = pickle.loads(pickle.dumps(small.model))
    np.testing.assert_array_equal(model.means_, small.model.means_)
    assert clone(small.model).on_step is None


def test_the_model_tells_of_documents_in_the_order_of_the_corpus(small):
    predicted = small.model.predict(small.tfidf.rows(small.counts))
    np.testing.assert_array_equal(small.model.labels_, predicted)
    shown = [document.cluster for document in small.documents]
    assert adjusted_rand_score(shown, predicted) > 0.9
    assert max(adjusted_rand_score(shown, start) for start in small.model.start_labels_) > 0.9
    assert not small.model.holds_apart


def test_every_keyword_occurs_in_its_cluster_as_often_as_it_says(small):
    columns = {word: column for column, word in enumerate(small.display)}
    labels = np.array([document.cluster for document in small.documents])
    present = small.counts.toarray() > 0
    for cluster in small.clusters:
        for keyword in cluster.keywords:
            holders = present[:, columns[keyword.word]]
            assert keyword.documents_in == holders[labels == cluster.id].sum() > 0
            assert keyword.documents_out == holders[labels != cluster.id].sum()


def test_probabilities_are_never_exactly_0_or_1_and_rows_sum_to_one(small):
    P = small.responsibilities
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    assert np.all((P.data > 0) & (P.data < 1))
    for row, document in enumerate(small.documents):
        best = np.sort(P[[row]].toarray().ravel())[::-1]
        assert (document.probability, document.runner_up_probability) == (best[0], best[1])


def test_a_listed_document_is_explained_by_words_it_has(small):
    rows = {document.id: row for row, document in enumerate(small.documents)}
    display = np.array(small.display)
    assert len(small.ambiguous) >= 15
    for found in small.ambiguous:
        own = set(display[small.counts[[rows[found.id]]].indices])
        assert found.kinds
        assert sum(share.share for share in found.shares) <= 1 + 1e-9
        assert len(found.pulls) == 2
        for pull in found.pulls:
            assert set(pull.words) <= own
            assert all(nats > 0 for nats in pull.nats)


def test_the_pulls_of_all_words_and_the_rest_are_the_log_odds():
    from docclust.ambiguity.evidence import pulls
    from docclust.gaussian import log_joint

    run = pipeline.run(settings(mixture={"n_components": 6, "covariance": "own"}))
    c = run.model.coefficients()
    row = run.tfidf.rows(run.counts[[3]])
    _, nats = pulls(row, c, 0, 1)
    J = log_joint(row, c)[0]
    assert J[0] - J[1] == pytest.approx(nats.sum() + c.constant[0] - c.constant[1])


def files(run, folder):
    write_run(run, folder, force=True)
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_same_config_and_seed_give_the_same_bytes(tmp_path, small):
    one, two = files(small, tmp_path / "one"), files(pipeline.run(settings()), tmp_path / "two")
    same = {name for name in one if one[name] == two[name]}
    assert same >= set(one) - {"manifest.json", "report.html"}


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(tmp_path, workers, small):
    options = {"engine": {"workers": workers, "block_rows": 4096}}
    one, two = files(small, tmp_path / "one"), files(pipeline.run(settings(**options)), tmp_path / "two")
    assert one["documents.csv"] == two["documents.csv"]
    assert one["clusters.json"] == two["clusters.json"]


def test_shuffled_lines_change_the_order_of_documents_csv_and_nothing_else(tmp_path, small):
    lines = SIX_TOPICS.read_text("utf-8").splitlines(keepends=True)
    random.Random(0).shuffle(lines)
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_text("".join(lines), "utf-8")
    one, two = files(small, tmp_path / "one"), files(pipeline.run(settings(shuffled)), tmp_path / "two")
    assert one["clusters.json"] == two["clusters.json"]
    assert one["ambiguous.json"] == two["ambiguous.json"]
    assert one["documents.csv"] != two["documents.csv"]
    assert sorted(one["documents.csv"].splitlines()) == sorted(two["documents.csv"].splitlines())


def test_the_run_says_what_it_set_aside(tmp_path):
    lines = SIX_TOPICS.read_text("utf-8").splitlines()
    lines += [json.dumps({"id": name, "text": text}) for name, text in (("void", ""), ("odd", "the and of"))]
    lines += [json.dumps({"id": "twin", "text": json.loads(lines[0])["text"]})]
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    run = pipeline.run(settings(path))
    assert run.manifest["empty"] == ["odd", "void"]
    assert run.manifest["duplicates"] == 1
    assert len(run.documents) == 166
    assert run.manifest["warnings"] == ["2 documents without a word to go by set aside: odd, void."]


def test_a_run_names_some_of_what_it_skipped_and_counts_it_once(tmp_path):
    for row, line in enumerate(SIX_TOPICS.read_text("utf-8").splitlines()):
        (tmp_path / f"{row}.txt").write_text(json.loads(line)["text"], "utf-8")
    for number in range(30):
        (tmp_path / f"b{number:02}{'x' * 200 * (number == 0)}.bin").write_bytes(bytes(100))
    run = pipeline.run(settings(corpus={"source": "folder", "path": str(tmp_path)}))
    assert run.manifest["skipped"] == {"binary file": 30}
    assert run.manifest["skipped_names"]["binary file"][1:] == [f"b{number:02}.bin" for number in range(1, 20)]
    (warning,) = run.manifest["warnings"]
    assert re.fullmatch(r"30 skipped \(binary file\): b00x+…x+\.bin, b01\.bin, b02\.bin, and 27 more\.", warning)
    assert len(warning) < 200
    assert sum("30 skipped" in line.plain for line in text.summary(data.summarise(run), 300)) == 1


@pytest.mark.parametrize("mixture", [{"covariance": "isotropic"}, {"smoothing": "prior"}, {"smoothing": "add"}])
def test_other_forms_run_to_the_end(mixture):
    run = pipeline.run(settings(mixture={"n_components": 6} | mixture))
    assert len(run.clusters) == 6


def test_one_cluster_has_no_runner_up(tmp_path):
    run = pipeline.run(settings(mixture={"n_components": 1}))
    assert {document.runner_up for document in run.documents} == {None}
    assert {document.probability for document in run.documents} == {1.0}
    write_run(run, tmp_path / "one", force=False)


def test_a_document_that_is_listed_and_that_its_cluster_names_as_mixed_is_explained_once():
    few = {
        "ambiguity": {"n_documents": 2},
        "keywords": {"mixed": 30},
        "mixture": {"n_components": 4, "covariance": "pooled"},
    }
    run = pipeline.run(settings(**few))
    rows = {document.id: row for row, document in enumerate(run.documents)}
    listed = {found.id: found for found in run.ambiguous}
    both = [mixed for cluster in run.clusters for mixed in cluster.mixed if mixed.id in listed]
    assert ["mixed", "atypical"] in [listed[mixed.id].kinds for mixed in both]
    for mixed in both:
        told = listed[mixed.id]
        assert told == pipeline.explain(run, rows[mixed.id])
        assert (told.kinds[0], told.pulls, told.shares) == ("mixed", mixed.pulls, mixed.shares)
        assert told.reason.startswith(mixed.reason)


def test_a_system_that_tells_no_peak_memory_is_no_error(monkeypatch):
    assert costs.peak_mib() > 1
    monkeypatch.setattr(costs, "STATUS", Path("/nowhere/status"))
    assert os.name == "nt" or costs.peak_mib() > 1
    monkeypatch.setitem(sys.modules, "resource", None)
    assert costs.peak_mib() is None


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell it apart")
def test_the_peak_of_a_run_is_not_that_of_the_process_that_started_it():
    small = "from docclust import costs; print(costs.peak_mib())"
    large = (
        f"import subprocess, sys; held = b'x' * 2**29; subprocess.run([sys.executable, '-c', {small!r}], check=True)"
    )
    done = subprocess.run([sys.executable, "-c", large], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 400


@pytest.fixture
def untitled(tmp_path):
    """The small corpus with a title in every third line only."""
    lines = [json.loads(line) for line in SIX_TOPICS.read_text("utf-8").splitlines()]
    for place, line in enumerate(lines):
        if place % 3:
            del line["title"]
    path = tmp_path / "untitled.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def test_a_run_knows_which_titles_are_first_words_of_a_text(untitled, small):
    run = pipeline.run(settings(untitled))
    assert [document.title_from_text for document in run.documents] == [row % 3 > 0 for row in range(165)]
    assert run.manifest["titles_from_text"] == 110
    assert small.manifest["titles_from_text"] == 0


def test_without_texts_ids_are_the_titles_that_are_first_words_and_nothing_else_changes(untitled, tmp_path):
    with_texts, without = (pipeline.run(settings(untitled, report={"text": text})) for text in (True, False))
    for row, (document, other) in enumerate(zip(with_texts.documents, without.documents, strict=True)):
        title = document.id if row % 3 else document.title
        assert other == replace(document, title=title, title_from_text=False)
    held = files(without, tmp_path / "run")
    for document in with_texts.documents:
        if document.title_from_text:
            assert not any(document.title.encode() in data for data in held.values())


def corpus_of(tmp_path, texts):
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    return path


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ([], CorpusError, "must hold documents, got none"),
        (["", "  "], CorpusError, "word"),
        (["alpha beta"], SettingError, "n_components must be at most the number of distinct documents"),
        (["alpha beta", "beta gamma", "gamma alpha"] * 9, SettingError, r"distinct documents \(3\), got 6"),
    ],
    ids=["none", "only empty", "one", "few distinct"],
)
def test_too_little_text_is_one_clear_line(tmp_path, texts, error, message):
    with pytest.raises(error, match=message) as caught:
        pipeline.run(settings(corpus_of(tmp_path, texts), vectors={"max_df": 1.0}))
    assert "\n" not in str(caught.value)


def test_documents_times_words_is_never_made_dense():
    """20,000 documents of 200,000 words: dense it would take 32 GB."""
    script = """
import numpy as np, scipy.sparse as sp
from docclust import SparseGaussianMixture, costs
rng = np.random.default_rng(0)
n, v = 20_000, 200_000
indices = rng.integers(0, v, (n, 50)).astype(np.int32)
X = sp.csr_array((np.full(n * 50, 50**-0.5), indices.ravel(), np.arange(n + 1, dtype=np.int32) * 50), shape=(n, v))
model = SparseGaussianMixture(5, n_init=1, max_iter=20, tol=1.0, random_state=0).fit(X)
model.predict_proba(X)
peak = costs.peak_mib()
assert peak < 1000, f"{peak} MiB"
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_what_stands_under_a_cluster_as_mixed_mixes_it(small_run):
    found = [(cluster.id, mixed) for cluster in small_run.clusters for mixed in cluster.mixed]
    assert len(found) > 10
    for cluster, mixed in found:
        pair = [pull.cluster for pull in mixed.pulls]
        assert cluster in pair
        share = {part.cluster: part.share for part in mixed.shares}
        assert share[pair[0]] >= share[pair[1]] > 0.19


def test_clusters_are_numbered_by_the_size_that_is_shown_and_empty_ones_are_told():
    run = pipeline.run(settings(mixture={"n_components": 20}))
    shown = np.bincount([document.cluster for document in run.documents], minlength=20)
    assert [cluster.size for cluster in run.clusters] == shown.tolist() == sorted(shown, reverse=True)
    empty = np.count_nonzero(shown == 0)
    assert any("without a document" in warning for warning in run.manifest["warnings"]) == (empty > 0)
    assert (run.responsibilities.toarray().max(axis=1) > 0.2).any()
    assert np.isfinite(run.metrics["information"])


def test_one_cluster_that_holds_all_is_told():
    run = pipeline.run(settings(mixture={"n_components": 6, "softness": 1.0}))
    assert run.clusters[0].size == len(run.documents)
    told = "All documents are in one cluster. Try the defaults of [mixture], or fewer clusters."
    assert told in run.manifest["warnings"]


def test_new_texts_are_given_probabilities_by_the_words_and_the_mixture_of_a_run(small, tmp_path):
    lines = [json.loads(line) for line in SIX_TOPICS.read_text("utf-8").splitlines()]
    write_run(small, tmp_path / "run")
    for run in (small, docclust.load_run(tmp_path / "run")):
        P = docclust.assign(run, [f"{line.get('title', '')}\n{line['text']}" for line in lines])
        assert P.shape == (len(lines), 6)
        np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
        by_id = {document.id: document.cluster for document in small.documents}
        assert np.mean([by_id[line["id"]] == c for line, c in zip(lines, P.argmax(axis=1), strict=True)]) > 0.95
    halves = docclust.assign(small, ["", lines[0]["text"][:60], lines[0]["text"]]).max(axis=1)
    assert halves[0] < halves[1] < halves[2]


def test_what_are_no_texts_is_given_no_probabilities(small):
    assert docclust.assign(small, []).shape == (0, 6)
    with pytest.raises(SettingError, match=r"texts must be several texts, got one"):
        docclust.assign(small, "a text")
    with pytest.raises(SettingError, match=r"texts must be texts, got None at 1"):
        docclust.assign(small, ["a text", None])


def remarks_of(tmp_path, lines, **keys):
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    made = pipeline.run(settings(path, mixture={"n_components": 3}, vectors={"min_df": 1, "max_df": 1.0} | keys))
    return made, " ".join(made.manifest["warnings"])


def test_clusters_that_hold_nothing_together_are_said_to_be_loose(tmp_path):
    rng = np.random.default_rng(0)
    lines = [{"text": " ".join(rng.choice([f"word{i}" for i in range(300)], 6))} for _ in range(300)]
    _, told = remarks_of(tmp_path, lines)
    assert "These clusters are loose" in told


def test_stop_words_of_another_language_are_named_until_they_are_left_out(tmp_path):
    rng = np.random.default_rng(0)
    common = ["auch", "wir", "nicht", "sich", "werden", "haben", "eine", "einen", "dass"]
    topics = [["Segel", "Hafen", "Boot"], ["Teig", "Ofen", "Brot"], ["Mond", "Stern", "Planet"]]
    lines = [{"text": " ".join([*rng.choice(common, 12), *rng.choice(topics[i % 3], 6)])} for i in range(90)]
    assert "Many keywords are stop words of German" in remarks_of(tmp_path, lines)[1]
    assert "stop words" not in remarks_of(tmp_path, lines, stop_words="german")[1]


def test_labels_that_are_no_classes_are_not_measured(tmp_path):
    lines = [json.loads(line) for line in SIX_TOPICS.read_text("utf-8").splitlines()]
    for label, says in ((lambda i: "one", "the same"), (lambda i: f"label {i}", "another")):
        made, told = remarks_of(tmp_path, [line | {"label": label(i)} for i, line in enumerate(lines)])
        assert f"Every label is {says}, so no agreement" in told
        assert "nmi" not in made.metrics
    made, told = remarks_of(
        tmp_path, [line | {"label": line["label"] if i < 50 else ""} for i, line in enumerate(lines)]
    )
    assert "Every label" not in told
    assert any("known labels of 50 documents: NMI" in line for line in phrases.sentences(data.summarise(made)))
