"""Every file, command and page of a run: rows sum to one, nothing reads 0 or 1 that is not, one cluster a document."""

import base64
import csv
import io
import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from docclust import cli, config, describe, fitted, pipeline, store
from docclust.mixture import SparseGaussianMixture
from docclust.probability import Temperature
from docclust.report import html, texts
from docclust.results import Run, percent

# What a number between 0 and 1 must not be rounded to, alone or in percent.
ROUNDED = re.compile(r"(?<![\w.,%/-])(?:0\.0+|1\.0+|0 %|100 %)(?![\w.])")
PLACED = re.compile(r"(\S+) in (\d+)(?:, (\S+) in (\d+))?$")
FULL = 65535
SIX_TOPICS = Path(__file__).parent.parent / "configs" / "six_topics.toml"


@pytest.fixture
def documents(small_folder: Path) -> dict[str, dict[str, str]]:
    """The lines of documents.csv by id."""
    with (small_folder / "documents.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture
def rows(small_folder: Path) -> np.ndarray:
    """responsibilities.npz as a dense array, (n, k)."""
    arrays = np.load(small_folder / "responsibilities.npz")
    return sp.csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=arrays["shape"]).toarray()


def docclust(*arguments: object) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    assert not left.value.code


def inside(*values: float) -> bool:
    """Whether all values lie between 0 and 1 and are neither."""
    return all(0 < value < 1 for value in values)


def test_documents_csv_says_what_responsibilities_npz_holds(documents, rows):
    lines = list(documents.values())
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-12)
    assert inside(*rows[rows != 0])
    ordered = np.sort(rows, axis=1)
    assert [int(line["cluster"]) for line in lines] == rows.argmax(axis=1).tolist()
    assert [float(line["probability"]) for line in lines] == ordered[:, -1].tolist()
    assert [float(line["runner_up_probability"]) for line in lines] == ordered[:, -2].tolist()
    for line, row in zip(lines, rows, strict=True):
        assert row[int(line["runner_up"])] == float(line["runner_up_probability"])


def test_the_stored_model_gives_every_document_its_cluster_and_is_surer_since_it_knows_it(
    small_folder, documents, rows
):
    run = store.load_run(small_folder)
    X = run.tfidf.rows(run.counts)
    clusters = [int(line["cluster"]) for line in documents.values()]
    P = run.model.predict_proba(X)
    np.testing.assert_array_equal(run.model.predict(X), clusters)
    np.testing.assert_array_equal(P.argmax(axis=1), clusters)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    assert (P.max(axis=1) > rows.max(axis=1)).all()
    assert [document.cluster for document in run.documents] == clusters


def test_the_stored_model_gives_every_document_its_probability_where_none_was_held_apart(tmp_path):
    settings = config.load(SIX_TOPICS, ["mixture.leave_one_out=false"])
    store.write_run(pipeline.run(settings), tmp_path / "run")
    run = store.load_run(tmp_path / "run")
    X = run.tfidf.rows(run.counts)
    np.testing.assert_allclose(run.model.predict_proba(X), run.responsibilities.toarray(), atol=1e-5)


def test_ambiguous_json_and_clusters_json_say_the_same_of_a_document(small_folder, documents):
    clusters = json.loads((small_folder / "clusters.json").read_text("utf-8"))
    listed = json.loads((small_folder / "ambiguous.json").read_text("utf-8"))
    assert listed
    for found in [*listed, *(document for cluster in clusters for document in cluster["mixed"])]:
        line = documents[found["id"]]
        for name in ("cluster", "probability", "runner_up", "runner_up_probability", "mixed", "unclear", "atypical"):
            assert float(line[name]) == found[name]
        check_evidence(found)
    by_cluster = [int(line["cluster"]) for line in documents.values()]
    assert [cluster["size"] for cluster in clusters] == np.bincount(by_cluster, minlength=len(clusters)).tolist()
    assert sum(cluster["weight"] for cluster in clusters) == pytest.approx(1)
    for cluster in clusters:
        for document in cluster["representatives"]:
            assert (cluster["id"], document["probability"]) == (
                int(documents[document["id"]]["cluster"]),
                float(documents[document["id"]]["probability"]),
            )
        assert {document["cluster"] for document in cluster["mixed"]} <= {cluster["id"]}


def check_evidence(found: dict) -> None:
    """Shares are a distribution, and the sentence gives those of the two clusters that pull."""
    shares = {part["cluster"]: part["share"] for part in found["shares"]}
    assert inside(*shares.values())
    assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert not ROUNDED.search(found["reason"])
    if "mixed" in found["kinds"]:
        both = [percent(shares[pull["cluster"]]) for pull in found["pulls"]]
        said = re.findall(r"[<>]?\d+ %", found["reason"].split("mixed: ")[1])
        assert said[:2] == both


@pytest.mark.parametrize(
    "command",
    [
        "report R",
        "report R --format md",
        "ambiguous R --format table",
        *(f"ambiguous R --kind {kind} --format table" for kind in ("mixed", "unclear", "atypical")),
        "keywords R --mixed --format table",
    ],
)
def test_what_people_read_is_rounded_to_neither_0_nor_1(command, small_folder, documents, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    docclust(*command.replace("R", str(small_folder), 1).split())
    printed = capsys.readouterr().out
    assert not ROUNDED.search(printed)
    titles = {line["title"]: line for line in documents.values()}
    for line in printed.splitlines():
        if (placed := PLACED.search(line)) and (
            known := titles.get(line[: placed.start()].lstrip(" 0123456789").strip())
        ):
            assert (placed[2], placed[4]) == (known["cluster"], known["runner_up"])
            assert not {placed[1], placed[3]} & {"0", "1"}


def test_what_programs_read_is_what_the_files_hold(small_folder, documents, capsys):
    docclust("ambiguous", small_folder, "--format", "csv")
    for row in csv.DictReader(io.StringIO(capsys.readouterr().out)):
        for name in ("cluster", "probability", "runner_up", "runner_up_probability"):
            assert row[name] == documents[row["id"]][name]
    for command in ("ambiguous R", "keywords R --mixed", "report R --format json"):
        docclust(*command.replace("R", str(small_folder)).split())
        told = json.loads(capsys.readouterr().out)
        parts = [*told["ambiguous"], *told["clusters"]] if isinstance(told, dict) else told
        mixed = [part for part in parts if "reason" in part]
        mixed += [document for part in parts if "keywords" in part for document in part["mixed"]]
        assert mixed
        for found in mixed:
            assert found["cluster"] == int(documents[found["id"]]["cluster"])
            check_evidence(found)


def test_show_tells_every_document_as_the_files_do(small_folder, documents, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    listed = [found.id for found in store.load_ambiguous(small_folder)]
    for name in [*listed, *list(documents)[:150:15]]:
        docclust("show", small_folder, name, "--format", "json")
        told = json.loads(capsys.readouterr().out)
        check_evidence(told)
        assert (told["cluster"], told["probability"]) == (
            int(documents[name]["cluster"]),
            float(documents[name]["probability"]),
        )
        every = [(found["cluster"], found["probability"]) for found in told["probabilities"]]
        assert every[:2] == [
            (told["cluster"], pytest.approx(told["probability"])),
            (told["runner_up"], pytest.approx(told["runner_up_probability"])),
        ]
        assert sum(probability for _, probability in every) == pytest.approx(1)
        docclust("show", small_folder, name)
        lines = capsys.readouterr().out.splitlines()
        about = lines[: lines.index("", 3)]
        assert not any(ROUNDED.search(line) for line in about if not line.startswith("pull"))
        said = [line.split()[1:3] for line in about if line.startswith(("cluster", "runner-up"))]
        assert [number for number, _ in said] == [documents[name]["cluster"], documents[name]["runner_up"]]
        assert not {probability for _, probability in said} & {"0", "1"}
        others = " ".join(" ".join(about).partition("others ")[2].partition("scores")[0].split())
        assert others == ", ".join(
            f"{cluster} {probability:.2f}" for cluster, probability in every[2:] if probability >= 0.01
        )


def embedded(page: str, name: str):
    """What the page holds for its scripts under a name."""
    return json.loads(re.search(rf'<script[^>]* id="data-{name}"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def unpacked(numbers: dict) -> dict[str, np.ndarray]:
    """The arrays that `packing.packed_numbers` has packed."""
    planes, found, offset = np.frombuffer(zlib.decompress(base64.b64decode(numbers["data"])), np.uint8), {}, 0
    for name, length, width in numbers["header"]:
        part = planes[offset : offset + length * width].reshape(width, length).astype(np.int64)
        found[name] = sum((part[plane] << (8 * plane) for plane in range(width)), np.zeros(length, np.int64))
        offset += length * width
    return found


def test_the_page_holds_the_same_clusters_and_no_rounded_share(small_run: Run, documents):
    page = html.render(small_run, texts.read(small_run))
    lists = json.loads(zlib.decompress(base64.b64decode(embedded(page, "lists"))))
    numbers = unpacked(embedded(page, "numbers"))
    lines = [documents[name] for name in lists["ids"]]
    assert numbers["cluster"].tolist() == [int(line["cluster"]) for line in lines]
    assert (numbers["runner"] - 1).tolist() == [int(line["runner_up"]) for line in lines]
    for name in ("probability", "runner_up_probability"):
        assert inside(*numbers[name] / FULL)
        np.testing.assert_allclose(numbers[name] / FULL, [float(line[name]) for line in lines], atol=1e-4)
    for name in ("mixed", "unclear", "atypical"):
        exact = np.array([float(line[name]) in (0, 1) for line in lines])
        np.testing.assert_array_equal(np.isin(numbers[name], (0, FULL)), exact)
    assert inside(*numbers["pie_shares"] / FULL)
    ends = np.cumsum(numbers["pie_lengths"])
    for row, end in enumerate(ends):
        first = end - numbers["pie_lengths"][row]
        if end > first:
            assert numbers["pie_clusters"][first] == numbers["cluster"][row]
            assert 0.96 * FULL < numbers["pie_shares"][first:end].sum() <= FULL + 3
    for found in lists["ambiguous"]:
        assert inside(*(share for _, share in found["shares"]))
        assert sum(share for _, share in found["shares"]) == pytest.approx(1, abs=1e-3)
        assert not ROUNDED.search(found["reason"])
    shown = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    assert not ROUNDED.search(re.sub(r"<[^>]+>", " ", shown))


@pytest.fixture
def a_model_that_is_too_sure() -> tuple[SparseGaussianMixture, sp.csr_array]:
    """Two clusters without a word in common, at a temperature that leaves thousands of nats between them."""
    words = np.eye(8)[:, [0, 1, 2, 3, 0, 1, 2, 3]] + 0.1
    words[:4, :4] += np.eye(4)
    X = sp.csr_array(np.kron(np.eye(2), np.ones((6, 4)) + np.arange(24).reshape(6, 4) / 100))
    model = SparseGaussianMixture(2, covariance="own", random_state=0).fit(X)
    model.temperature_ = Temperature(np.full(2, -6.0))
    return model, X


def test_nobody_is_as_sure_as_a_float_can_be(a_model_that_is_too_sure):
    model, X = a_model_that_is_too_sure
    assert (model.predict_proba(X).max(axis=1) == 1).any()
    P = fitted.responsibilities(model, X)
    assert inside(*P.data)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(P.toarray().argmax(axis=1), model.predict(X))


def test_one_cluster_has_exactly_everything():
    X = sp.csr_array(np.random.default_rng(0).random((20, 4)))
    P = fitted.responsibilities(SparseGaussianMixture(1, random_state=0).fit(X), X)
    assert (P.data == 1).all()


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0 %"),
        (1e-9, "<1 %"),
        (0.0099, "<1 %"),
        (0.996, ">99 %"),
        (1 - 1e-12, ">99 %"),
        (1, "100 %"),
        (0.58, "58 %"),
    ],
)
def test_a_share_in_percent_is_0_or_100_only_exactly(share: float, said: str):
    assert percent(share) == said


def test_of_many_documents_the_largest_probabilities_are_kept_and_the_cluster_stays(small_run, monkeypatch):
    model, X = small_run.model, small_run.counts.astype(float)
    monkeypatch.setattr(fitted, "LEAST_PROBABILITY", 0.0)
    whole = fitted.responsibilities(model, X).toarray()
    monkeypatch.setattr(fitted, "MOST_STORED", 1)
    monkeypatch.setattr(fitted, "AT_LEAST_STORED", 3)
    kept = fitted.responsibilities(model, X)
    assert np.diff(kept.indptr).max() == 3
    np.testing.assert_allclose(kept.sum(axis=1), 1)
    np.testing.assert_array_equal(describe.top_two(kept)[0], whole.argmax(axis=1))
    largest = np.sort(whole, axis=1)[:, -3:]
    np.testing.assert_allclose(np.sort(kept.toarray(), axis=1)[:, -3:], largest / largest.sum(axis=1, keepdims=True))


def test_word_sums_in_blocks_are_those_of_all_documents(small_run, monkeypatch):
    whole = (small_run.counts.T @ small_run.responsibilities).toarray()
    np.testing.assert_array_equal(describe.word_sums(small_run.counts, small_run.responsibilities), whole)
    monkeypatch.setattr(describe, "SUM_ROWS", 50)
    found = describe.word_sums(small_run.counts, small_run.responsibilities)
    np.testing.assert_allclose(found, whole, rtol=1e-12)
