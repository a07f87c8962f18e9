"""The page of a corpus too large for one: what it holds, what it says of that, and that every count is still whole."""

import base64
import json
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest

from docclust import store
from docclust.report import html, page, texts
from docclust.report.part import held
from docclust.results import Run

MOST = 100


def with_room_for(run: Run, most: int) -> Run:
    report = run.settings.report.model_copy(update={"max_documents": most})
    return replace(run, settings=run.settings.model_copy(update={"report": report}))


@pytest.fixture(scope="module")
def large_run(small_run: Run) -> Run:
    """A run whose page has room for some of its documents, few of which must be there."""
    frames = small_run.map.frames
    followed = {name: getattr(frames, name)[:, ::20] for name in ("shares", "softened")}
    drawn = replace(small_run.map, frames=replace(frames, rows=frames.rows[::20], **followed))
    clusters = [replace(c, representatives=c.representatives[:2], mixed=c.mixed[:1]) for c in small_run.clusters]
    return with_room_for(replace(small_run, map=drawn, clusters=clusters, ambiguous=small_run.ambiguous[:20]), MOST)


def inflated(data: str) -> bytes:
    return zlib.decompress(base64.b64decode(data))


def unpacked(numbers: dict) -> dict[str, np.ndarray]:
    data, found = np.frombuffer(inflated(numbers["data"]), dtype=np.uint8), {}
    for name, length, width in numbers["header"]:
        planes, data = data[: length * width].reshape(width, length), data[length * width :]
        found[name] = sum(plane.astype(int) << (8 * place) for place, plane in enumerate(planes))
    return found


def told(run: Run) -> tuple[page.Page, dict, dict[str, np.ndarray]]:
    found = page.page(run, texts.read(run))
    return found, json.loads(inflated(found.lists)), unpacked(found.numbers)


def named(run: Run) -> set[str]:
    members = {member.id for cluster in run.clusters for member in (*cluster.representatives, *cluster.mixed)}
    return members | {found.id for found in run.ambiguous}


def test_all_documents_are_held_where_there_is_room(small_run):
    n = len(small_run.documents)
    np.testing.assert_array_equal(held(with_room_for(small_run, n)), np.arange(n))
    assert "This page holds" not in html.render(small_run, None)


@pytest.mark.parametrize("most", [1, 70, MOST, 164])
def test_what_is_named_is_held_and_others_at_even_distances(large_run, most):
    run = with_room_for(large_run, most)
    rows = held(run)
    needed = {row for row, d in enumerate(run.documents) if d.id in named(run)} | set(run.map.frames.rows.tolist())
    assert (np.diff(rows) > 0).all()
    assert needed <= set(rows.tolist())
    assert rows.size == max(most, len(needed))
    others = np.setdiff1d(np.arange(len(run.documents)), list(needed))
    places = np.searchsorted(others, np.setdiff1d(rows, list(needed)))
    assert np.ptp(np.diff(places)) <= 1 if places.size > 1 else True


def test_the_page_says_that_it_holds_a_part_and_where_the_rest_is(large_run):
    found = html.render(large_run, None)
    assert f"This page holds {MOST} of the {len(large_run.documents)} documents" in found
    assert "documents.csv has all of them" in found
    assert f"<b>{len(large_run.documents)}</b> <span>documents" in found


def test_sizes_and_counts_are_those_of_the_whole_corpus(large_run):
    found, lists, _ = told(large_run)
    assert found.meta["documents"] == len(large_run.documents)
    labels = np.array([document.cluster for document in large_run.documents])
    holds = large_run.counts.toarray() > 0
    column = {word: place for place, word in enumerate(large_run.display)}
    for cluster, about in zip(large_run.clusters, lists["clusters"], strict=True):
        assert about["size"] == cluster.size == np.count_nonzero(labels == cluster.id)
        for word, _, _, inside, everywhere in about["words"]:
            holders = holds[:, column[lists["words"][word]]]
            assert (inside, everywhere) == (holders[labels == cluster.id].sum(), holders.sum())


def test_every_place_in_the_page_is_that_of_its_document(large_run):
    found, lists, numbers = told(large_run)
    ids, rows = lists["ids"], held(large_run)
    documents = [large_run.documents[row] for row in rows]
    assert ids == [document.id for document in documents]
    assert lists["ambiguous"][0]["listed"]
    for about, document in zip(lists["ambiguous"], large_run.ambiguous, strict=False):
        assert ids[about["row"]] == document.id
    for about, cluster in zip(lists["clusters"], large_run.clusters, strict=True):
        assert [ids[place] for place in about["representatives"]] == [member.id for member in cluster.representatives]
        assert [ids[place] for place in about["mixed"]] == [document.id for document in cluster.mixed]
    np.testing.assert_array_equal(numbers["cluster"], [document.cluster for document in documents])
    np.testing.assert_array_equal(rows[numbers["frame_rows"]], large_run.map.frames.rows)
    points = np.stack([numbers["x"], numbers["y"]], axis=1) / page.FULL * found.meta["map"]["span"]
    np.testing.assert_allclose(points + found.meta["map"]["low"], large_run.map.points[rows], atol=1e-3)
    assert numbers["pie_lengths"].size == numbers["text_lengths"].size == MOST
    starts = np.append(0, np.cumsum(numbers["word_lengths"]))
    column = {word: place for place, word in enumerate(large_run.display)}
    for word in range(0, len(lists["words"]), 10):
        places = np.cumsum(numbers["word_rows"][starts[word] : starts[word + 1]])
        holders = large_run.counts[rows][:, [column[lists["words"][word]]]].toarray().ravel()
        np.testing.assert_array_equal(places, np.flatnonzero(holders))


def test_the_texts_are_those_of_the_documents_held(large_run, small_run):
    some, every = texts.read(large_run), texts.read(small_run)
    rows = held(large_run)
    assert some.texts == [every.texts[row] for row in rows]
    assert some.lengths == [every.lengths[row] for row in rows]


def test_in_a_browser_counts_are_whole_and_searches_say_what_they_search(browser, large_run, tmp_path):
    store.write_run(large_run, tmp_path / "run")
    path = store.write_report(tmp_path / "run", html.render(large_run, texts.read(large_run)))
    keyword = large_run.clusters[0].keywords[0]
    with browser.open(path) as page:

        def go(name: str) -> None:
            page.locator(f"nav a[href='#{name}']").click()
            page.wait_for_selector(f"#{name}:not([hidden])")

        go("clusters")
        said = page.locator("#cluster-0 .keywords li").first.inner_text()
        assert f"{keyword.documents_in} in, {keyword.documents_out} out" in said
        page.locator("#cluster-0 .keywords button").first.click()
        reader = page.locator("#reader").inner_text()
        assert f"In the cluster: {keyword.documents_in} document" in reader
        assert re.search(r"\d+ of them in this page\.", reader)
        page.keyboard.press("Escape")
        for name in ("map", "iterations", "ambiguous"):
            go(name)
        go("documents")
        assert page.locator("#documents-count").inner_text() == f"{MOST} of {MOST} documents in this page."
        wanted = large_run.documents[held(large_run)[50]]
        page.locator("#rows [data-row='0'] button").click()
        page.wait_for_selector("#reader .text")
        assert large_run.documents[held(large_run)[0]].title in page.locator("#reader").inner_text()
        page.keyboard.press("Escape")
        page.locator("#search").fill(wanted.id)
        page.wait_for_selector("#rows [data-row='50']")
        assert "in this page" in page.locator("#documents-count").inner_text()
