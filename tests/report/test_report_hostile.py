"""A corpus that tries everything: in its page nothing runs and nothing breaks."""

import base64
import json
import random
import zlib
from dataclasses import replace

import pytest

from docclust import config, engine, pipeline, store
from docclust.report import data, html, markdown, page, texts
from docclust.report.packing import packed_texts
from docclust.report.page import in_65535ths

ATTACKS = [
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=1</script>",
    "<!--<script>",
    "<img/src=x/onerror=window.hacked=1>",
    "\"'><svg/onload=window.hacked=1>",
    "</title></style></textarea>",
    "javascript:window.hacked=1",
    "{{7*7}}",
    "{%endblock%}",
    "${window.hacked=1}",
    "\u202eright-to-left\u202c",
    "مرحبا",
    "👩‍👩‍👧",
    "a\u2028b\u2029c",
    "x\u0001y\u007fz",
    "&lt;b&gt;&#60;",
    "__proto__",
    "constructor",
]


def inflated(packed: str) -> bytes:
    return zlib.decompress(base64.b64decode(packed))


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    rng = random.Random(0)
    lines = []
    for i in range(60):
        group = ATTACKS[: len(ATTACKS) // 2] if i % 2 else ATTACKS[len(ATTACKS) // 2 :]
        words = [rng.choice(group) for _ in range(30)] + [rng.choice(ATTACKS) for _ in range(6)]
        attack = ATTACKS[i % len(ATTACKS)]
        text = " ".join(words)
        if i == 0:
            text += "\0 " + "<b>long</b>" * 100_000
        lines.append({"id": f"{i}{attack}", "title": attack, "text": text, "label": rng.choice(group)})
    (folder / "hostile.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    settings = {
        "name": "</title><script>window.hacked=1</script>",
        "corpus": {"source": "jsonl", "path": str(folder / "hostile.jsonl")},
        "vectors": {"token_pattern": r"\S+", "lowercase": False, "stop_words": "", "min_df": 1, "max_df": 1.0},
        "seeding": {"n_init": 1},
        "mixture": {"n_components": 3, "covariance": "own"},
    }
    return pipeline.run(config.parse(settings))


def test_nothing_of_a_hostile_corpus_runs(browser, hostile_run, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(html.render(hostile_run, texts.read(hostile_run)), "utf-8", errors="backslashreplace")
    with browser.open(path) as page:
        for name in ("clusters", "map", "iterations", "ambiguous", "documents"):
            page.locator(f"nav a[href='#{name}']").click()
            page.wait_for_timeout(150)
        for row in (0, 1, 2, 3):
            page.locator(f"#rows [data-row='{row}'] button").click()
            page.wait_for_selector("#reader .text")
            shown = page.locator("#reader").text_content()
            assert hostile_run.documents[row].title in shown
            page.keyboard.press("Escape")
        page.locator("nav a[href='#clusters']").click()
        page.locator("#cluster-0 .keywords button").first.click()
        assert page.evaluate("typeof window.hacked") == "undefined"
        assert page.locator("img, iframe, object, embed").count() == 0
        assert page.locator("script").count() == 5
        assert page.title() == f"{hostile_run.settings.name}: docclust report"


def test_the_texts_of_a_hostile_corpus_come_back_as_they_were(browser, hostile_run, tmp_path):
    path = tmp_path / "report.html"
    kept = texts.read(hostile_run)
    path.write_text(html.render(hostile_run, kept), "utf-8")
    with browser.open(path) as page:
        titles = page.evaluate("docclust.data.titles")
        words = page.evaluate("docclust.data.words")
        page.evaluate("location.hash = '#documents'")
        page.locator("#rows [data-row='5'] button").click()
        page.wait_for_selector("#reader .text")
        assert page.locator("#reader .text").text_content() == kept.texts[5]
    assert titles == ["" if d.title == d.id else d.title for d in hostile_run.documents]
    assert set(words) <= set(hostile_run.display)


def test_a_report_without_texts_holds_no_text(small_run):
    assert texts.read(small_run).problem is None
    held = html.render(small_run, None)
    assert 'id="data-texts"' not in held
    assert "Texts were left out of this report on request." in held
    assert small_run.settings.corpus.path.parent.as_posix() not in held


def test_a_report_without_texts_has_no_title_that_is_first_words(small_run):
    taken = {document.id for document in small_run.documents[::2]}
    documents = [replace(document, title_from_text=document.id in taken) for document in small_run.documents]
    run = replace(small_run, documents=documents)
    lists = json.loads(inflated(page.page(data.without_texts(run), None).lists))
    assert lists["titles"] == ["" if d.id in taken else d.title for d in small_run.documents]
    assert html.render(run, None) == html.render(data.without_texts(run), None) != html.render(small_run, None)
    kept = json.loads(inflated(page.page(run, texts.read(run)).lists))
    assert kept["titles"] == [document.title for document in small_run.documents]
    named = data.without_texts(run)
    members = [member for c in named.clusters for member in (*c.representatives, *c.mixed)]
    assert all((found.title == found.id) == (found.id in taken) for found in (*named.ambiguous, *members))


def test_a_run_that_does_not_tell_which_titles_are_first_words_is_published_without(small_run):
    manifest = {key: value for key, value in small_run.manifest.items() if key != "titles_from_text"}
    named = data.without_texts(replace(small_run, manifest=manifest))
    assert all(document.title == document.id for document in named.documents)


def test_a_corpus_that_is_gone_is_said_and_stops_nothing(small_run, tmp_path):
    corpus = small_run.settings.corpus.model_copy(update={"path": tmp_path / "gone.jsonl"})
    settings = small_run.settings.model_copy(update={"corpus": corpus})
    gone = replace(small_run, settings=settings)
    read = texts.read(gone)
    assert read.problem
    assert "The texts could not be read again" in html.render(gone, read)


def test_texts_that_are_too_large_are_cut_but_not_those_of_listed_documents(small_run):
    report = small_run.settings.report.model_copy(update={"max_text_mib": 0.02})
    cut = replace(small_run, settings=small_run.settings.model_copy(update={"report": report}))
    whole = {3, 5}
    read = texts.read(small_run)
    kept, note = texts.fitted(cut, read, whole)
    assert "texts are cut after" in note
    assert all(kept[row] == read.texts[row] for row in whole)
    assert max(len(text) for row, text in enumerate(kept) if row not in whole) < max(map(len, read.texts))
    assert sum(map(len, packed_texts(kept)["blocks"])) < sum(map(len, packed_texts(read.texts)["blocks"]))


@pytest.mark.timeout(60)
def test_listed_texts_that_are_too_large_by_themselves_are_kept_and_said(small_run):
    report = small_run.settings.report.model_copy(update={"max_text_mib": 0.001})
    cut = replace(small_run, settings=small_run.settings.model_copy(update={"report": report}))
    read = texts.read(small_run)
    kept, note = texts.fitted(cut, read, set(range(len(read.texts))))
    assert kept == read.texts
    said = "The texts are larger than [report] max_text_mib = 0.001"
    assert note == f"{said}: those of the listed documents alone are."
    kept, note = texts.fitted(cut, read, set())
    assert max(map(len, kept)) <= texts.SHORTEST
    assert note.endswith(f"{said}: none is cut below 200 characters.")


@pytest.mark.parametrize("workers", [1, 3])
def test_texts_are_packed_by_as_many_workers_as_the_config_says(small_run, monkeypatch, workers):
    asked, threads = set(), engine.threads
    monkeypatch.setattr(engine, "threads", lambda n_jobs: asked.add(n_jobs) or threads(n_jobs))
    few = small_run.settings.engine.model_copy(update={"workers": workers})
    run = replace(small_run, settings=small_run.settings.model_copy(update={"engine": few}))
    html.render(run, texts.read(run))
    assert asked == {workers}


def test_markdown_of_a_hostile_corpus_has_no_marks_of_its_own(hostile_run):
    told = markdown.render(hostile_run)
    assert "<script" not in told.replace("\\<", "")
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert all(row.replace("\\|", "").count("|") in (4, 5, 6) for row in rows)


def test_a_share_reads_zero_or_one_only_when_it_is():
    assert in_65535ths([0.0, 1e-9, 0.5, 1 - 1e-9, 1.0]).tolist() == [0, 1, 32768, 65534, 65535]


def test_a_run_folder_holds_its_page_or_an_old_one_but_never_half(small_run, tmp_path):
    store.write_run(small_run, tmp_path / "run", report="<!DOCTYPE html>")
    assert (tmp_path / "run" / "report.html").read_text("utf-8") == "<!DOCTYPE html>"
    store.write_report(tmp_path / "run", "new")
    assert (tmp_path / "run" / "report.html").read_text("utf-8") == "new"
    assert not list((tmp_path / "run").glob(".docclust-*"))
