"""The commands: what they print, where, and with which code they end."""

import csv
import io
import json
import logging
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from docclust import __version__, assign, cli, costs, pipeline, store
from docclust.cli import commands, progress
from docclust.report import data
from docclust.results import Run

ROOT = Path(__file__).parent.parent
EXAMPLES = [
    epilog.removeprefix("Example: docclust ")
    for epilog in (commands.app.info.epilog, *(command.epilog for command in commands.app.registered_commands))
]


def docclust(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return left.value.code or 0


@pytest.fixture
def at_home(tmp_path: Path, small_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the config, the corpus and the run that the examples of the help speak of."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "corpora").mkdir()
    shutil.copy(ROOT / "configs" / "six_topics.toml", tmp_path / "configs")
    shutil.copy(ROOT / "corpora" / "six_topics.jsonl", tmp_path / "corpora")
    shutil.copytree(small_folder.parent, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def hostile_folder(small_run: Run, tmp_path: Path) -> Path:
    title = '\x1b]0;owned\x07 "quoted", [red]x[/red]\n=cmd\x9b2J'
    listed = [replace(found, title=title, id=f"{found.id}\x1b[1m") for found in small_run.ambiguous]
    documents = [replace(document, title=title, id=f"{document.id}\x1b[1m") for document in small_run.documents]
    clusters = [
        replace(cluster, mixed=[replace(found, title=title) for found in cluster.mixed], labels={})
        for cluster in small_run.clusters
    ]
    store.write_run(replace(small_run, ambiguous=listed, documents=documents, clusters=clusters), tmp_path / "hostile")
    return tmp_path / "hostile"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_in_the_help_runs(example: str, at_home: Path, capsys: pytest.CaptureFixture[str]):
    assert docclust(*shlex.split(example)) == 0
    assert capsys.readouterr().out


def test_every_command_has_an_example():
    assert [example.split()[0] for example in EXAMPLES[1:]] == [
        "run",
        "sweep",
        "keywords",
        "ambiguous",
        "show",
        "assign",
        "report",
        "plot",
    ]


def test_the_help_shows_the_example_of_each_command(capsys: pytest.CaptureFixture[str]):
    for example in EXAMPLES[1:]:
        assert docclust(example.split()[0], "--help") == 0
        assert "Example: docclust" in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]):
    assert docclust("--version") == 0
    assert capsys.readouterr().out == f"docclust {__version__}\n"


def test_the_help_waits_for_no_heavy_import():
    heavy = ("sklearn", "scipy", "numba", "nltk")
    asked = f"import sys; import docclust.cli; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_run_writes_its_folder_and_prints_its_report(at_home: Path, capsys: pytest.CaptureFixture[str]):
    assert docclust("run", "configs/six_topics.toml", "--out", "elsewhere/run", "--set", "seeding.n_init=1") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("six_topics\n165 documents, ")
    assert printed.err.splitlines()[:2] == ["docclust: starting", "docclust: reading"]
    assert printed.err.splitlines()[-1] == "docclust: written to elsewhere/run. Next: docclust ambiguous elsewhere/run"
    assert store.load_run(at_home / "elsewhere" / "run").settings.seeding.n_init == 1
    assert docclust("report", "elsewhere/run") == 0
    assert capsys.readouterr().out == printed.out


def test_a_quiet_run_says_nothing_on_stderr(at_home: Path, capsys: pytest.CaptureFixture[str]):
    assert docclust("run", "configs/six_topics.toml", "--quiet", "--force", "--set", "seeding.n_init=1") == 0
    assert capsys.readouterr().err == ""


def test_an_existing_folder_is_refused_before_anything_is_read(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline, "run", None)
    assert docclust("run", "configs/six_topics.toml", "--quiet") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("docclust: ")
    assert printed.err.endswith("the output folder must not exist. Try --force to replace it, or another --out.\n")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "nowhere.toml"],
        ["run", "configs/six_topics.toml", "--set", "mixture.n_component=3", "--quiet"],
        ["run", "configs/six_topics.toml", "--set", "corpus.path=nowhere.jsonl", "--out", "new", "--quiet"],
        ["run", "configs/six_topics.toml", "--set", "mixture.n_components=1000", "--out", "new", "--quiet"],
        ["run", "configs/six_topics.toml", "--out", "configs/six_topics.toml/new", "--quiet"],
        ["keywords", "nowhere"],
        ["keywords", "runs/six_topics", "--mixed", "--format", "csv"],
        ["ambiguous", "configs"],
        ["show", "runs/six_topics", "nobody"],
        ["report", "nowhere"],
    ],
    ids=" ".join,
)
def test_what_a_user_can_mend_is_one_line_and_code_2(
    arguments: list[str], at_home: Path, capsys: pytest.CaptureFixture[str]
):
    before = sorted(at_home.rglob("*"))
    assert docclust(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("docclust: ")
    assert printed.err.count("\n") == 1
    assert sorted(at_home.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments", [["bogus"], ["run"], ["keywords", "x", "--top", "0"], ["ambiguous", "x", "--kind", "y"]]
)
def test_a_mistyped_command_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert docclust(*arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_interrupted_run_is_code_130_and_leaves_nothing(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "run", interrupted)
    assert docclust("run", "configs/six_topics.toml", "--out", "new/run", "--quiet") == 130
    assert capsys.readouterr().err == "docclust: interrupted.\n"
    assert not (at_home / "new").exists()


def test_too_little_memory_is_told_in_one_line(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def too_large(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pipeline, "run", too_large)
    assert docclust("run", "configs/six_topics.toml", "--out", "new/run", "--quiet") == 2
    told = capsys.readouterr().err
    assert told.startswith("docclust: there is not enough memory. Try ")
    assert told.count("\n") == 1


def test_a_bug_shows_its_traceback(at_home: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline, "run", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["run", "configs/six_topics.toml", "--out", "new", "--quiet"])


def test_a_pipe_gets_json_with_one_object_a_cluster(at_home: Path, capsys: pytest.CaptureFixture[str], small_run: Run):
    assert docclust("keywords", "runs/six_topics", "--top", 3) == 0
    clusters = json.loads(capsys.readouterr().out)
    assert [cluster["id"] for cluster in clusters] == list(range(6))
    assert sum(cluster["size"] for cluster in clusters) == 165
    assert all(len(cluster["keywords"]) == 3 and "mixed" not in cluster for cluster in clusters)
    assert docclust("keywords", "runs/six_topics", "--mixed") == 0
    assert json.loads(capsys.readouterr().out) == store.plain(small_run.clusters)


def test_a_pipe_gets_json_with_one_object_a_document(at_home: Path, capsys: pytest.CaptureFixture[str], small_run: Run):
    assert docclust("ambiguous", "runs/six_topics", "--top", 4) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == store.plain(data.of_kind(small_run.ambiguous, None, 4))
    for kind in {kind for found in small_run.ambiguous for kind in found.kinds}:
        assert data.of_kind(small_run.ambiguous, kind, 1)[0].id in {document["id"] for document in told}


def test_csv_has_a_line_for_each_keyword(at_home: Path, capsys: pytest.CaptureFixture[str], small_run: Run):
    assert docclust("keywords", "runs/six_topics", "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["word"] for row in rows] == [word.word for cluster in small_run.clusters for word in cluster.keywords]
    assert float(rows[0]["weight"]) == small_run.clusters[0].keywords[0].weight


def test_csv_has_a_line_for_each_document(at_home: Path, capsys: pytest.CaptureFixture[str], small_run: Run):
    assert docclust("ambiguous", "runs/six_topics", "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["id"], row["reason"]) for row in rows] == [
        (d.id, d.reason) for d in data.of_kind(small_run.ambiguous, None, None)
    ]
    assert {row["id"] for row in rows} == {document.id for document in small_run.ambiguous}


@pytest.mark.parametrize(
    "command",
    ["keywords R --mixed --format table", "ambiguous R --format table", "show R mixed-03", "report R"],
)
@pytest.mark.parametrize("width", [60, 80])
def test_tables_fit_their_width_and_have_no_colour_in_a_pipe(
    command: str, width: int, at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", str(width))
    assert docclust(*command.replace("R", "runs/six_topics", 1).split()) == 0
    printed = capsys.readouterr().out
    assert max(map(cell_len, printed.splitlines())) <= width
    assert "\x1b" not in printed


def test_nobody_is_listed_for_a_kind_that_nobody_is(small_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    store.write_run(replace(small_run, ambiguous=[]), tmp_path / "run")
    assert docclust("ambiguous", tmp_path / "run", "--format", "table") == 0
    assert capsys.readouterr().out == "No document is listed for this.\n"
    assert docclust("ambiguous", tmp_path / "run", "--kind", "mixed") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_show_prints_the_text_of_a_document(at_home: Path, capsys: pytest.CaptureFixture[str]):
    assert docclust("show", "runs/six_topics", "Supper at the Eclipse") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Supper at the Eclipse\nmixed-03, label astronomy\n\ncluster ")
    unmarked = re.sub(r"\[\d: |[\]*_]", "", printed)
    assert "Petra kneads a dough" in " ".join(unmarked.split())
    assert "changed" not in printed


def test_show_explains_a_document_that_is_not_listed(at_home: Path, capsys: pytest.CaptureFixture[str], small_run: Run):
    listed = {document.id for document in small_run.ambiguous}
    plain = next(document for document in small_run.documents if document.id not in listed)
    assert docclust("show", "runs/six_topics", plain.id, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["id"], told["cluster"], told["kinds"]) == (plain.id, plain.cluster, [])
    assert told["pulls"]


def test_show_calls_mixed_what_a_cluster_lists_as_mixed(small_run: Run, tmp_path: Path, capsys):
    store.write_run(replace(small_run, ambiguous=[]), tmp_path / "run")
    mixed = next(cluster.mixed[0] for cluster in small_run.clusters if cluster.mixed)
    assert docclust("show", tmp_path / "run", mixed.id, "--format", "json") == 0
    assert store.plain(mixed).items() <= json.loads(capsys.readouterr().out).items()


def changed_corpus(small_run: Run, folder: Path, change) -> Path:
    """The small run in a folder of its own, and its corpus with another text for mixed-03."""
    lines = (ROOT / "corpora" / "six_topics.jsonl").read_text("utf-8").splitlines()
    documents = [change(document) if document["id"] == "mixed-03" else document for document in map(json.loads, lines)]
    folder.mkdir(exist_ok=True)
    corpus = folder / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(document) + "\n" for document in documents if document), "utf-8")
    settings = small_run.settings.model_copy(
        update={"corpus": small_run.settings.corpus.model_copy(update={"path": corpus})}
    )
    store.write_run(replace(small_run, settings=settings), folder / "run")
    return corpus


def test_show_says_when_a_text_has_changed(small_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    changed_corpus(small_run, tmp_path, lambda document: {**document, "text": "Only the moon is left.\x1b[2J"})
    assert docclust("show", tmp_path / "run", "mixed-03") == 0
    printed = capsys.readouterr().out
    assert "Its text has changed since the run" in printed
    assert printed.endswith("\n\nOnly the moon is left.�[2J\n")
    assert docclust("show", tmp_path / "run", "mixed-03", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["text"], told["text_changed"]) == ("Only the moon is left.\x1b[2J", True)


def test_a_page_made_anew_says_how_many_texts_have_changed(small_run: Run, tmp_path: Path):
    said = "1 text changed since the run; what is said of such a document is of its former text."
    changed_corpus(small_run, tmp_path, lambda document: {**document, "text": "Only the moon is left."})
    assert docclust("report", tmp_path / "run", "--format", "html") == 0
    assert said in (tmp_path / "run" / "report.html").read_text("utf-8")
    changed_corpus(small_run, tmp_path / "same", dict)
    assert docclust("report", tmp_path / "same" / "run", "--format", "html") == 0
    assert said[2:] not in (tmp_path / "same" / "run" / "report.html").read_text("utf-8")


def test_show_says_when_a_document_is_gone(small_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    changed_corpus(small_run, tmp_path, lambda document: None)
    assert docclust("show", tmp_path / "run", "mixed-03") == 0
    assert "the corpus no longer has this document" in capsys.readouterr().out
    assert docclust("show", tmp_path / "run", "mixed-03", "--format", "json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["text"] is json.loads(printed.out)["text_changed"] is None
    assert (
        printed.err == "docclust: the text of mixed-03 cannot be read again: the corpus no longer has this document.\n"
    )


def test_show_cuts_a_long_text_and_says_where_all_of_it_is(small_run: Run, tmp_path: Path, capsys):
    long = "the moon and the oven " * 50_000
    changed_corpus(small_run, tmp_path, lambda document: {**document, "text": f"{document['text']} {long}"})
    assert docclust("show", tmp_path / "run", "mixed-03") == 0
    printed = capsys.readouterr().out
    assert len(printed) < 25_000
    assert re.search(
        r"\n\n1,08\d,\d{3} more characters are left out here\. Try --format json for all of it\.\n$", printed
    )
    assert docclust("show", tmp_path / "run", "mixed-03", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["text"].endswith(long)


def test_a_page_with_texts_is_not_replaced_by_one_that_lost_them(small_run: Run, tmp_path: Path, capsys):
    corpus = changed_corpus(small_run, tmp_path, dict)
    page = tmp_path / "run" / "report.html"
    assert docclust("report", tmp_path / "run", "--format", "html") == 0
    held = page.read_bytes()
    corpus.unlink()
    capsys.readouterr()
    assert docclust("report", tmp_path / "run", "--format", "html") == 2
    said = capsys.readouterr().err
    assert "report.html: must keep its texts, which cannot be read again ([corpus] path must be" in said
    assert said.endswith("). Try --no-text to write it without.\n")
    assert page.read_bytes() == held
    assert docclust("report", tmp_path / "run", "--no-text") == 0
    assert capsys.readouterr().err == ""
    assert docclust("report", tmp_path / "run", "--format", "html") == 0
    assert capsys.readouterr().err.endswith("); the page is written without them.\n")


def test_a_page_made_of_less_of_the_corpus_says_so(small_run: Run, tmp_path: Path, capsys):
    changed_corpus(small_run, tmp_path, lambda document: None)
    assert docclust("report", tmp_path / "run", "--format", "html") == 0
    assert capsys.readouterr().err == "docclust: 1 document is no longer in the corpus.\n"


def test_show_says_when_the_corpus_is_gone(small_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    changed_corpus(small_run, tmp_path, dict).unlink()
    assert docclust("show", tmp_path / "run", "mixed-03") == 0
    assert "Its text cannot be read again: [corpus] path must be" in " ".join(capsys.readouterr().out.split())


def test_a_report_is_data_on_request(at_home: Path, capsys: pytest.CaptureFixture[str], small_run: Run):
    assert docclust("report", "runs/six_topics", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["documents"] == 165
    assert told["metrics"] == store.plain(small_run.metrics)
    assert len(told["clusters"]) == 6


@pytest.mark.parametrize(
    "command",
    [
        "keywords R --mixed --format table",
        "keywords R --mixed",
        "ambiguous R --format table",
        "ambiguous R",
        "show R mixed-03",
        "show R mixed-99",
        "report R",
    ],
)
def test_no_control_of_a_corpus_reaches_the_terminal(
    command: str, hostile_folder: Path, capsys: pytest.CaptureFixture[str]
):
    docclust(*(str(hostile_folder) if word == "R" else word for word in command.split()))
    printed = capsys.readouterr()
    shown = (printed.out + printed.err).replace("\n", "")
    assert shown
    assert shown.isprintable()


def test_csv_keeps_a_hostile_title_for_a_pipe(hostile_folder: Path, capsys: pytest.CaptureFixture[str]):
    assert docclust("ambiguous", hostile_folder, "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["title"] == store.load_ambiguous(hostile_folder)[0].title


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_tables_and_colour_unless_it_wants_none(at_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", coloured := Terminal())
    assert docclust("show", "runs/six_topics", "mixed-03") == 0
    assert docclust("keywords", "runs/six_topics") == 0
    assert "\x1b[1;32m" in coloured.getvalue()
    assert "Behind each keyword" in coloured.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", plain := Terminal())
    assert docclust("show", "runs/six_topics", "mixed-03") == 0
    assert not any(f"{start}{colour}m" in plain.getvalue() for start in ("\x1b[", ";") for colour in range(30, 38))


def test_a_terminal_gets_csv_without_controls(hostile_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    assert docclust("ambiguous", hostile_folder, "--format", "csv") == 0
    assert terminal.getvalue().replace("\n", "").isprintable()


def test_a_terminal_gets_a_bar_for_each_stage(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress.shown(quiet=False) as told:
        told("read", 1200, 0)
        told("fit", 1, 5)
        told("fit", 5, 5)
    for said in ("reading", "1,200", "fitting", "5/5"):
        assert said in terminal.getvalue()


def test_another_pass_over_the_starts_is_told_as_such(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress.shown(quiet=False) as told:
        clock = costs.Clock(told)
        clock.begin("fit", total=4)
        for done in range(1, 9):
            clock.tick(done)
        clock.end()
    assert list(clock.seconds) == ["fit"]
    assert "fitting anew" in terminal.getvalue()
    assert set(re.findall(r"\d+/\d+", terminal.getvalue())) <= {f"{done}/4" for done in range(5)}


def test_a_stage_is_told_once_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]):
    with progress.shown(quiet=False) as told:
        for done in range(5):
            told("read", done, 0)
        told("fit", 0, 5)
        told("another", 0, 0)
    assert capsys.readouterr().err == "docclust: reading\ndocclust: fitting\ndocclust: another\n"


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "docclust", *arguments]


@pytest.mark.parametrize("quiet", [False, True])
def test_what_takes_time_once_is_told_on_stderr(quiet: bool, capsys: pytest.CaptureFixture[str]):
    with progress.shown(quiet):
        logging.getLogger("docclust.kernels").info("Compiling.")
    logging.getLogger("docclust.kernels").info("Nobody looks any more.")
    assert capsys.readouterr().err == ("" if quiet else "docclust: Compiling.\n")


@pytest.mark.skipif(os.name == "nt", reason="pipes close differently")
@pytest.mark.parametrize("arguments", [["report", "R"], ["ambiguous", "R"], ["--version"]], ids=" ".join)
def test_a_reader_who_has_enough_is_no_error(arguments: list[str], small_folder: Path):
    reading, writing = os.pipe()
    os.close(reading)
    words = [str(small_folder) if word == "R" else word for word in arguments]
    done = subprocess.run(command_line(*words), stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_narrow_encoding_is_no_error(small_folder: Path):
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    words = command_line("keywords", str(small_folder), "--format", "table")
    done = subprocess.run(words, env=narrow, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stdout.isascii()


def through_a_shell(redirected: str, *arguments: object) -> subprocess.CompletedProcess:
    words = ["sh", "-c", f'exec "$@" {redirected}', "sh", *command_line(*map(str, arguments))]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
@pytest.mark.parametrize(
    ("redirected", "why"),
    [(">/dev/full", "No space left on device). Free some space, or try"), (">&-", "it is closed). Try")],
)
@pytest.mark.parametrize("arguments", [["keywords", "R"], ["report", "R"], ["--help"], ["--version"]], ids=" ".join)
def test_an_output_that_cannot_be_written_is_one_line(
    redirected: str, why: str, arguments: list[str], small_folder: Path
):
    done = through_a_shell(redirected, *(small_folder if word == "R" else word for word in arguments))
    assert done.returncode == 2
    assert done.stderr == f"docclust: standard output: cannot be written ({why} another file or a pipe.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("kewords R", "No such command 'kewords'"),
        ("report R --formt md", "No such option: --formt"),
        ("keywords R --format xml", "Invalid value for '--format'"),
        ("keywords R --top 0", "Invalid value for '--top'"),
        ("run", "Missing argument 'CONFIG'"),
        ("run c.toml --set", "'--set' requires an argument"),
    ],
)
def test_what_the_parser_refuses_is_one_line(words: str, told: str, capsys: pytest.CaptureFixture[str]):
    assert docclust(*words.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("docclust: ")
    assert told in printed.err
    assert printed.err.endswith(" --help.\n")
    assert printed.err.count("\n") == 1


def test_new_documents_are_told_where_they_belong(at_home: Path, capsys: pytest.CaptureFixture[str], small_run: Run):
    lines = (at_home / "corpora" / "six_topics.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    (at_home / "new.csv").write_text("id,body\n" + "".join(f'n{i},"{text}"\n' for i, text in enumerate(texts)), "utf-8")
    with (at_home / "new.csv").open("a", encoding="utf-8") as file:
        file.write("empty,zzzz qqqq\n")
    assert docclust("assign", "runs/six_topics", "new.csv", "--set", "corpus.text=body", "--format", "csv") == 0
    printed = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(printed.out)))
    assert [row["id"] for row in rows] == [*(f"n{i}" for i in range(len(texts))), "empty"]
    assert "1 document without a word that the run knows" in printed.err
    assert rows[-1]["known_words"] == "0"
    P = assign(small_run, [*texts, ""])
    assert [int(row["cluster"]) for row in rows] == P.argmax(axis=1).tolist()
    told = np.array([[float(row["probability"]), float(row["runner_up_probability"])] for row in rows])
    np.testing.assert_allclose(told, np.sort(P, axis=1)[:, :-3:-1], atol=1e-5)
    assert ((told > 0) & (told < 1)).all()
    assert [row["name"] for row in rows] == [small_run.clusters[int(row["cluster"])].name for row in rows]

    assert docclust("assign", "runs/six_topics", "corpora/six_topics.jsonl", "--top", 2, "--quiet") == 0
    printed = capsys.readouterr()
    assert [found["label"] for found in json.loads(printed.out)] == ["gardening", "gardening"]
    assert printed.err == ""
    assert docclust("assign", "runs/six_topics", "new.csv", "--set", "corpus.text=body", "--format", "table") == 0
    assert "no word that the run knows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("new.csv --set mixture.tol=1", "--set must change [corpus] alone, got mixture.tol=1. Try docclust run."),
        ("new.csv --set corpus.txet=body", "--set: [corpus] txet is not a key docclust knows. Did you mean text?"),
        ("new.csv", "[corpus] text must be one of the columns 'id', 'body', got 'text'"),
        ("none.jsonl", "[corpus] path must be an existing file"),
    ],
)
def test_documents_that_cannot_be_read_are_one_line(
    words: str, told: str, at_home: Path, capsys: pytest.CaptureFixture[str]
):
    (at_home / "new.csv").write_text("id,body\n1,tea\n", "utf-8")
    assert docclust("assign", "runs/six_topics", *words.split(), "--quiet") == 2
    printed = capsys.readouterr().err
    assert told in printed
    assert printed.count("\n") == 1


def test_no_command_is_the_help(capsys: pytest.CaptureFixture[str]):
    assert docclust() == 2
    assert "Usage: " in capsys.readouterr().out


def test_a_terminal_of_unknown_width_is_as_wide_as_usual(
    small_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "0")
    assert docclust("report", small_folder) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) == 80


def test_a_file_is_no_run_folder(at_home: Path, capsys: pytest.CaptureFixture[str]):
    assert docclust("keywords", "configs/six_topics.toml") == 2
    assert "must be a run folder, and is a file" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
@pytest.mark.parametrize("sent", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_run_that_is_stopped_says_so_and_leaves_nothing(sent: str, at_home: Path):
    command = command_line(
        "run", "configs/six_topics.toml", "--out", "stopped/run", "--set", "calibration.repeats=100000"
    )
    # What a shell starts in the background ignores SIGINT, and after nohup SIGHUP; so would what is started from there.
    heed = partial(signal.signal, getattr(signal, sent), signal.SIG_DFL)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    while running.stderr.readline() != "docclust: calibrating\n":
        assert running.poll() is None
    running.send_signal(getattr(signal, sent))
    _, told = running.communicate(timeout=60)
    assert (running.returncode, told) == (130, "docclust: interrupted.\n")
    assert not list((at_home / "stopped").glob("*"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-", "2>&1 | head -1"])
def test_a_run_does_not_need_its_progress(redirected: str, at_home: Path):
    less = ("--set", "seeding.n_init=1", "--set", "report.html=false", "--set", "report.iterations=false")
    done = through_a_shell(redirected, "run", "configs/six_topics.toml", "--out", "new", *less)
    assert done.returncode == 0
    assert done.stdout
    assert len(store.load_documents(at_home / "new")) == 165


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_a_run_whose_report_cannot_be_printed_says_where_it_is(at_home: Path):
    less = ("--set", "seeding.n_init=1", "--set", "report.html=false", "--set", "report.iterations=false")
    done = through_a_shell(">/dev/full", "run", "configs/six_topics.toml", "--out", "new", *less)
    assert done.returncode == 2
    said = done.stderr.splitlines()[-2:]
    assert said[0] == "docclust: written to new. Next: docclust ambiguous new"
    assert said[1].startswith("docclust: standard output: cannot be written (No space left on device).")
