"""`docclust report` and `docclust plot`: where each form goes, and what is refused."""

import re
import webbrowser
from pathlib import Path

import pytest

from docclust.cli import main

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as left:
        return left.code or 0
    return 0


def test_markdown_goes_to_the_pipe(small_folder, small_run, capsys):
    assert run("report", str(small_folder), "--format", "md") == 0
    told = capsys.readouterr().out
    assert told.startswith("# six\\_topics\n")
    assert all(f"| {cluster.id} | {cluster.size:,} |" in told for cluster in small_run.clusters)


def test_the_page_goes_into_the_run_folder(small_folder, capsys):
    assert run("report", str(small_folder), "--format", "html") == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == small_folder / "report.html"
    assert 'id="data-texts"' in path.read_text("utf-8")
    assert run("report", str(small_folder), "--no-text") == 0
    assert 'id="data-texts"' not in path.read_text("utf-8")


def test_texts_do_not_come_back_into_a_page_without_a_word(small_folder, capsys):
    assert run("report", str(small_folder), "--no-text") == 0
    assert capsys.readouterr().err == ""
    assert run("report", str(small_folder), "--format", "html") == 0
    told = capsys.readouterr().err
    assert told == "docclust: the page had no texts and has them now. Try --no-text to leave them out.\n"
    assert run("report", str(small_folder), "--format", "html") == 0
    assert capsys.readouterr().err == ""


def test_open_hands_the_page_to_a_browser(small_folder, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    assert run("report", str(small_folder), "--open") == 0
    assert opened == [(small_folder / "report.html").resolve().as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert run("report", str(small_folder), "--open") == 0
    assert "Open the file by hand." in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--open", "--no-text"])
def test_only_a_page_can_be_opened_or_be_without_texts(small_folder, capsys, option):
    assert run("report", str(small_folder), "--format", "md", option) == 2
    assert f"--format must be html with {option}, got md. Try without {option}." in capsys.readouterr().err


def test_a_run_can_do_without_its_page(tmp_path, capsys):
    config = str(ROOT / "configs" / "six_topics.toml")
    without = ("--set", "report.html=false", "--set", "report.iterations=false", "--set", "seeding.n_init=1")
    assert run("run", config, "--out", str(tmp_path / "run"), "--quiet", *without) == 0
    assert not (tmp_path / "run" / "report.html").exists()
    assert run("report", str(tmp_path / "run"), "--format", "html") == 0


def test_every_picture_of_the_readme_is_there_and_small():
    named = re.findall(r"\((docs/images/[^)]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert len(named) == 5
    assert all((ROOT / name).stat().st_size < 150 * 1024 for name in named)
