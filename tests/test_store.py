"""The run folder: whole or not at all, and read back as it was written."""

import csv
import errno
import json
import math
import os
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from docclust import store
from docclust.errors import RunError
from docclust.results import Run
from docclust.store import files, staging, writing

EVERY_FILE = {
    "config.toml",
    "manifest.json",
    "documents.csv",
    "clusters.json",
    "ambiguous.json",
    "metrics.json",
    "reliability.json",
    "map.npz",
    "convergence.csv",
    "responsibilities.npz",
    "counts.npz",
    "model/model.json",
    "model/parameters.npz",
}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def hostile_run(small_run: Run) -> Run:
    """The small run, with ids and titles that try to break a file, a table or a terminal."""
    titles = [
        'say "hi", twice',
        "two\nlines",
        "a\rreturn",
        "=1+cmd|' /C calc'!A0",
        "\x1b[31mred\x9b2J",
        "[bold]x[/]",
        "漢字",
    ]
    documents = list(small_run.documents)
    for row, title in enumerate(titles):
        documents[row] = replace(documents[row], id=f"{title}-{row}", title=title)
    documents[7] = replace(documents[7], label=None, runner_up=None, runner_up_probability=0.0, atypical=math.nan)
    documents[8] = replace(documents[8], title="long" * 100_000)
    listed = [replace(found, title=title) for found, title in zip(small_run.ambiguous, titles, strict=False)]
    return replace(small_run, documents=documents, ambiguous=listed)


def test_a_run_is_read_back_as_it_was_written(small_run: Run, small_folder: Path):
    again = store.load_run(small_folder)
    for name in ("settings", "documents", "clusters", "ambiguous", "metrics", "convergence", "display"):
        assert getattr(again, name) == getattr(small_run, name), name
    for name in ("responsibilities", "counts"):
        found, written = getattr(again, name), getattr(small_run, name)
        assert found.shape == written.shape
        assert found.dtype == written.dtype
        assert (found != written).nnz == 0
    assert list(again.words) == list(small_run.words)
    np.testing.assert_array_equal(again.tfidf.idf, small_run.tfidf.idf)
    assert (again.tfidf.tf, again.tfidf.mean_length) == (small_run.tfidf.tf, small_run.tfidf.mean_length)
    assert small_run.manifest.items() <= again.manifest.items()
    assert again.manifest["status"] == "done"
    assert {field.name for field in fields(Run)} == set(vars(again))


def test_the_model_gives_the_same_probabilities_after_reading(small_run: Run, small_folder: Path):
    again = store.load_run(small_folder).model
    X = small_run.counts.astype(float)
    np.testing.assert_array_equal(again.predict_proba(X), small_run.model.predict_proba(X))
    for name in ("labels_", "start_labels_", "start_bounds_", "n_counted_", "holds_apart"):
        np.testing.assert_array_equal(getattr(again, name), getattr(small_run.model, name), name)
    assert again.lower_bounds_ == small_run.model.lower_bounds_
    assert (again.converged_, again.n_iter_) == (small_run.model.converged_, small_run.model.n_iter_)


def test_shared_variances_are_stored_once_and_give_the_same_probabilities(small_run: Run, tmp_path: Path):
    X = small_run.counts.astype(float)
    model = type(small_run.model)(n_components=6, covariance="tied", n_init=1, random_state=0).fit(X)
    convergence = (small_run.convergence * model.n_iter_)[: model.n_iter_]
    store.write_run(replace(small_run, model=model, convergence=convergence), tmp_path / "run")
    with np.load(tmp_path / "run" / "model" / "parameters.npz") as arrays:
        assert arrays["covariances"].shape == (1, X.shape[1])
    again = store.load_run(tmp_path / "run").model
    assert again.covariances_.shape == (6, X.shape[1])
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_the_folder_holds_every_file_of_the_contract_and_nothing_else(small_folder: Path):
    assert set(contents(small_folder)) == EVERY_FILE


def test_the_same_run_is_written_in_the_same_bytes(small_run: Run, small_folder: Path, tmp_path: Path):
    store.write_run(small_run, tmp_path / "twice")
    assert contents(tmp_path / "twice") == contents(small_folder)
    store.write_run(store.load_run(small_folder), tmp_path / "thrice")
    assert contents(tmp_path / "thrice") == contents(small_folder)


def test_scipy_opens_the_sparse_files(small_run: Run, small_folder: Path):
    for name, rows in [("responsibilities", small_run.responsibilities), ("counts", small_run.counts)]:
        np.testing.assert_array_equal(sp.load_npz(small_folder / f"{name}.npz").toarray(), rows.toarray())


def test_no_file_needs_pickle_and_none_but_the_config_holds_a_text(small_folder: Path):
    for path in small_folder.rglob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype != object for name in arrays.files)
    assert not any(b"The astronomy club always cooks" in held for held in contents(small_folder).values())


def test_documents_csv_has_the_columns_of_the_contract(small_folder: Path):
    lines = (small_folder / "documents.csv").read_text("utf-8").splitlines()
    assert lines[0] == "id,title,cluster,probability,runner_up,runner_up_probability,mixed,unclear,atypical,label"
    assert len(lines) == 166


def test_the_label_column_is_left_out_where_no_label_is_known(small_run: Run, tmp_path: Path):
    run = replace(small_run, documents=[replace(document, label=None) for document in small_run.documents])
    store.write_run(run, tmp_path / "run")
    assert (tmp_path / "run" / "documents.csv").read_text("utf-8").splitlines()[0].endswith(",atypical")
    assert store.load_run(tmp_path / "run").documents == run.documents


def test_a_column_tells_which_titles_are_first_words_where_any_is(small_run: Run, tmp_path: Path):
    documents = [replace(document, title_from_text=row % 2 == 0) for row, document in enumerate(small_run.documents)]
    store.write_run(replace(small_run, documents=documents), tmp_path / "run")
    lines = (tmp_path / "run" / "documents.csv").read_text("utf-8").splitlines()
    assert lines[0].endswith(",atypical,label,title_from_text")
    assert [line.rpartition(",")[2] for line in lines[1:3]] == ["True", "False"]
    assert store.load_documents(tmp_path / "run") == documents


def test_probabilities_in_files_are_zero_or_one_only_when_they_are(small_run: Run, tmp_path: Path):
    nearly = math.nextafter(1.0, 0.0)
    documents = [
        replace(small_run.documents[0], probability=nearly, runner_up_probability=1e-300),
        *small_run.documents[1:],
    ]
    store.write_run(replace(small_run, documents=documents), tmp_path / "run")
    with (tmp_path / "run" / "documents.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert row["probability"] == repr(nearly)
    assert row["runner_up_probability"] == "1e-300"


def test_hostile_ids_and_titles_come_back_unchanged(hostile_run: Run, tmp_path: Path):
    store.write_run(hostile_run, tmp_path / "run")
    again = store.load_run(tmp_path / "run")
    assert [(d.id, d.title) for d in again.documents] == [(d.id, d.title) for d in hostile_run.documents]
    assert again.ambiguous == hostile_run.ambiguous
    assert again.documents[7].label is None
    assert again.documents[7].runner_up is None
    assert math.isnan(again.documents[7].atypical)


def test_a_file_name_that_is_no_text_does_not_stop_the_writing(small_run: Run, tmp_path: Path):
    documents = [replace(small_run.documents[0], id="\udcff.txt"), *small_run.documents[1:]]
    store.write_run(replace(small_run, documents=documents), tmp_path / "run")
    assert store.load_run(tmp_path / "run").documents[0].id == "\\udcff.txt"


def test_what_is_not_a_number_is_null_in_json(small_run: Run, tmp_path: Path):
    metrics = {"nmi": math.nan, "objective": math.inf, "temperature": np.float64(2.5), "half_agreement": None}
    store.write_run(replace(small_run, metrics=metrics), tmp_path / "run")
    written = json.loads((tmp_path / "run" / "metrics.json").read_text("utf-8"))
    assert written == {"nmi": None, "objective": None, "temperature": 2.5, "half_agreement": None}
    assert store.load_run(tmp_path / "run").metrics == written


def test_a_missing_folder_above_is_made(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "a" / "b" / "run")
    assert len(store.load_documents(tmp_path / "a" / "b" / "run")) == 165


FAILURES = [OSError(errno.ENOSPC, "No space left on device"), MemoryError(), KeyboardInterrupt(), ZeroDivisionError()]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize("writer", ["_write_model", "write_rows", "write_json", "_flush"])
@pytest.mark.parametrize("replacing", [False, True], ids=["new", "replacing"])
def test_a_writing_that_fails_leaves_nothing_and_an_old_run_intact(
    small_run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    writer: str,
    replacing: bool,
):
    if replacing:
        store.write_run(small_run, tmp_path / "run")
    before = contents(tmp_path)

    def fail(*arguments: object) -> None:
        raise failure

    monkeypatch.setattr(writing, writer, fail)
    mended = RunError if isinstance(failure, (OSError, MemoryError)) else type(failure)
    with pytest.raises(mended):
        store.write_run(small_run, tmp_path / "run", force=True)
    assert contents(tmp_path) == before
    assert list(tmp_path.iterdir()) == ([tmp_path / "run"] if replacing else [])


def test_an_interruption_between_the_two_renames_brings_the_old_run_back(
    small_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store.write_run(small_run, tmp_path / "run")
    before = contents(tmp_path)
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write_run(small_run, tmp_path / "run", force=True)
    assert contents(tmp_path) == before


def test_a_full_disk_says_to_free_some_space(small_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*arguments: object, **arrays: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.np, "savez", full)
    with pytest.raises(RunError, match=r"run: cannot be written \(No space left on device\). Free some space, or try"):
        store.write_run(small_run, tmp_path / "run")


def test_an_old_run_is_replaced_only_with_force(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "run")
    with pytest.raises(RunError, match="--force"):
        store.check_folder(tmp_path / "run", force=False)
    with pytest.raises(RunError, match="--force"):
        store.write_run(small_run, tmp_path / "run")
    (tmp_path / "run" / "left over").touch()
    store.write_run(small_run, tmp_path / "run", force=True)
    assert set(contents(tmp_path / "run")) == EVERY_FILE


@pytest.mark.parametrize(
    "manifest", [None, "{}", '{"format": "another tool", "schema": 1}', "[]", "{", '"docclust run"'], ids=repr
)
def test_a_folder_that_is_no_run_is_never_replaced(small_run: Run, tmp_path: Path, manifest: str | None):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    if manifest is not None:
        (tmp_path / "mine" / "manifest.json").write_text(manifest)
    before = contents(tmp_path)
    with pytest.raises(RunError, match="must be a docclust run to be replaced"):
        store.write_run(small_run, tmp_path / "mine", force=True)
    assert contents(tmp_path) == before


def test_an_empty_folder_is_replaced_with_force_alone(small_run: Run, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match="--force"):
        store.check_folder(tmp_path / "empty", force=False)
    store.write_run(small_run, tmp_path / "empty", force=True)
    assert set(contents(tmp_path / "empty")) == EVERY_FILE


def test_a_link_to_a_run_goes_on_leading_to_it(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "run")
    (tmp_path / "latest").symlink_to("run", target_is_directory=True)
    store.write_run(small_run, tmp_path / "latest", force=True)
    assert (tmp_path / "latest").is_symlink()
    assert set(contents(tmp_path / "run")) == EVERY_FILE


def test_a_file_in_the_way_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"file: the output folder must not be a file"):
        store.check_folder(tmp_path / "file", force=True)
    with pytest.raises(RunError, match=r"cannot be made, for .*file is a file"):
        store.check_folder(tmp_path / "file" / "run", force=False)


def test_a_folder_that_may_not_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writing.os, "access", lambda path, mode: False)
    with pytest.raises(RunError, match=f"for {re.escape(str(tmp_path))} may not be written to"):
        store.check_folder(tmp_path / "a" / "run", force=False)


def test_a_name_too_long_for_a_folder_is_said_before_anyone_waits_for_a_run(tmp_path: Path):
    with pytest.raises(RunError, match=r"xxx: cannot be written \(.*long.*\)\. Try another --out\."):
        store.check_folder(tmp_path / ("x" * 300), force=False)
    with pytest.raises(RunError, match="there is no such run folder"):
        store.load_manifest(tmp_path / ("x" * 300))


def test_what_is_no_run_folder_is_said_in_one_line(tmp_path: Path, small_folder: Path):
    with pytest.raises(RunError, match=r"nowhere: there is no such run folder\. Try"):
        store.load_run(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"Did you mean .*six_topics\?"):
        store.load_run(small_folder.parent / "six_topic")
    with pytest.raises(RunError, match=r"has no manifest\.json"):
        store.load_run(tmp_path)


@pytest.mark.parametrize("name", sorted(EVERY_FILE))
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "other"])
def test_a_missing_or_damaged_file_is_named_in_one_line(small_run: Run, tmp_path: Path, name: str, damage: str):
    folder = tmp_path / "run"
    store.write_run(small_run, folder)
    path = folder / name
    held = path.read_bytes()
    path.unlink()
    if damage != "missing":
        # A config that is cut between two lines is a shorter config; so cut within one.
        half = held.rindex(b"=", 0, len(held) // 2) + 1 if name == "config.toml" else len(held) // 2 - 3
        path.write_bytes({"empty": b"", "cut": held[:half], "other": b"\xff[1, 2"}[damage])
    with pytest.raises(RunError) as raised:
        store.load_run(folder)
    assert path.name in str(raised.value) or "of different runs" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "found", "instead"),
    [
        ("ambiguous.json", '"cluster": 2', '"cluster": 99'),
        ("clusters.json", '"id": 2,', '"id": 7,'),
        ("clusters.json", '"cluster": 2', '"cluster": -1'),
    ],
)
def test_a_number_that_is_no_clusters_is_told_of(small_run: Run, tmp_path: Path, name: str, found: str, instead: str):
    folder = tmp_path / "run"
    store.write_run(small_run, folder)
    written = (folder / name).read_text("utf-8")
    assert found in written
    (folder / name).write_text(written.replace(found, instead, 1), "utf-8")
    with pytest.raises(RunError, match="different runs"):
        store.load_run(folder)


@pytest.mark.parametrize("key", ["starts", "counted", "duplicates", "empty", "warnings", "not_counted", "skipped"])
@pytest.mark.parametrize("value", [None, "x", 1.5, {"a": []}], ids=repr)
def test_what_a_manifest_cannot_say_is_damage(small_run: Run, tmp_path: Path, key: str, value):
    store.write_run(small_run, tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {key: value}), "utf-8")
    with pytest.raises(RunError, match=r"manifest\.json: is damaged"):
        store.load_run(tmp_path / "run")


def test_a_table_without_its_columns_and_a_document_nobody_has_are_told_of(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "run")
    path = tmp_path / "run" / "convergence.csv"
    held = path.read_text("utf-8")
    path.write_text("\ufeff" + held, "utf-8")
    with pytest.raises(RunError, match=r"convergence\.csv: is damaged \(it must have the columns iteration, moved"):
        store.load_run(tmp_path / "run")
    path.write_text(held, "utf-8")
    path = tmp_path / "run" / "ambiguous.json"
    path.write_text(path.read_text("utf-8").replace('"id": "', '"id": "no-'), "utf-8")
    with pytest.raises(RunError, match="different runs"):
        store.load_run(tmp_path / "run")


def test_a_table_that_was_sorted_is_not_believed(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "run")
    path = tmp_path / "run" / "documents.csv"
    header, *lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([header, *sorted(lines)]), "utf-8")
    assert sorted(lines) != lines
    with pytest.raises(RunError, match="different runs"):
        store.load_run(tmp_path / "run")


def test_the_number_of_workers_is_in_no_file_of_the_model(small_run: Run, tmp_path: Path):
    small_run.model.set_params(n_jobs=7)
    try:
        store.write_run(small_run, tmp_path / "run")
    finally:
        small_run.model.set_params(n_jobs=None)
    assert "n_jobs" not in (tmp_path / "run" / "model" / "model.json").read_text("utf-8")
    assert store.load_run(tmp_path / "run").model.n_jobs is None


def test_files_of_different_runs_are_told_apart(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "run")
    lines = (tmp_path / "run" / "documents.csv").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "run" / "documents.csv").write_text("".join(lines[:-1]), "utf-8")
    with pytest.raises(RunError, match="different runs"):
        store.load_run(tmp_path / "run")


def test_indices_outside_of_a_matrix_are_damage(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "run")
    path = tmp_path / "run" / "counts.npz"
    with np.load(path) as arrays:
        held = dict(arrays)
    held["indices"][0] = 10**6
    np.savez(path, **held)
    with pytest.raises(RunError, match=r"counts\.npz: is damaged"):
        store.load_run(tmp_path / "run")


def test_a_pickle_is_refused(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "run")
    np.savez(tmp_path / "run" / "counts.npz", data=np.array([{}], dtype=object))
    with pytest.raises(RunError, match=r"counts\.npz: is damaged"):
        store.load_run(tmp_path / "run")


def test_a_run_of_a_newer_docclust_is_refused(small_run: Run, tmp_path: Path):
    store.write_run(small_run, tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(RunError, match=r"schema must be at most 1, got 2\. Try a newer"):
        store.load_run(tmp_path / "run")


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be locked")
@pytest.mark.parametrize(("sublinear", "tf"), [("true", "log"), ("false", "count")])
def test_a_run_of_before_there_was_bm25_weighs_words_as_it_did(small_run: Run, tmp_path: Path, sublinear: str, tf: str):
    folder = tmp_path / "run"
    store.write_run(small_run, folder)
    config = (folder / "config.toml").read_text("utf-8")
    (folder / "config.toml").write_text(config.replace('tf = "bm25"', f"sublinear_tf = {sublinear}"), "utf-8")
    parameters = folder / "model" / "parameters.npz"
    with np.load(parameters) as arrays:
        old = {name: arrays[name] for name in arrays if name != "mean_length"}
    np.savez(parameters, **old)
    found = store.load_run(folder)
    assert found.tfidf.tf == found.settings.vectors.tf == tf
    weights = found.tfidf.rows(found.counts[[0]]).data
    c = found.counts[[0]].data
    expected = found.tfidf.idf[found.counts[[0]].indices] * (1 + np.log(c) if tf == "log" else c)
    np.testing.assert_allclose(weights, expected / np.linalg.norm(expected))


def test_what_a_killed_writer_left_is_removed_and_nothing_else(small_run: Run, tmp_path: Path):
    for name in ("killed/new", "replaced/old", "between/new", "between/old", "begun", "abandoned"):
        (tmp_path / f".docclust-{name}").mkdir(parents=True)
    os.utime(tmp_path / ".docclust-abandoned", (0, 0))
    with staging.staging(tmp_path) as in_use:
        store.write_run(small_run, tmp_path / "run")
        kept = {".docclust-between", ".docclust-begun", in_use.name, "run"}
        assert {path.name for path in tmp_path.iterdir()} == kept
    assert not in_use.exists()


def test_an_old_run_that_cannot_be_brought_back_is_kept(
    small_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store.write_run(small_run, tmp_path / "run")
    before = contents(tmp_path / "run")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if target == tmp_path / "run":
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(RunError, match=r"cannot be written \(Permission denied\)\. Try another --out\."):
        store.write_run(small_run, tmp_path / "run", force=True)
    (kept,) = tmp_path.glob(".docclust-*/old")
    assert contents(kept) == before


def test_a_page_that_cannot_be_written_gets_the_remedy_that_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for code, remedy in (
        (errno.EACCES, r"\)\. Try a copy of the run"),
        (errno.ENOSPC, "Free some space, or try a copy"),
    ):

        def refused(*arguments: object, code: int = code, **options: object) -> str:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(staging.tempfile, "mkdtemp", refused)
        with pytest.raises(RunError, match=remedy):
            store.write_report(tmp_path, "page")
