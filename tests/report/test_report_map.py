"""The map in a browser: moved by mouse and fingers, and what it says it shows."""

import json
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from docclust import config, pipeline
from docclust.report import html
from tests.report.test_report_browser import eventually, part

PHONE = {"viewport": {"width": 400, "height": 700}, "has_touch": True, "is_mobile": True}
VIEW = "() => ({...docclust.planes[0].view})"


def canvas_box(page) -> tuple[float, float, float, float]:
    box = page.locator("#map-canvas").bounding_box()
    return box["x"], box["y"], box["width"], box["height"]


@contextmanager
def map_on_a_phone(browser, path):
    """The map on a touch screen, and what does as fingers do: for each step where they are, a list of (x, y)."""
    with browser.open(path, **PHONE) as page:
        part(page, "map")
        page.wait_for_timeout(300)
        session = page.context.new_cdp_session(page)

        def fingers(*steps):
            kinds = ["touchStart", *["touchMove"] * (len(steps) - 1), "touchEnd"]
            for kind, places in zip(kinds, [*steps, []], strict=True):
                points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
                session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
                page.wait_for_timeout(30)
            page.wait_for_timeout(300)

        yield page, fingers


def test_two_fingers_zoom_the_map_and_what_is_between_them_stays(browser, small_page):
    with map_on_a_phone(browser, small_page) as (page, fingers):
        left, top, width, height = canvas_box(page)
        x, y = left + 0.7 * width, top + 0.4 * height  # not the middle of the map, where any zoom would do
        between = "([x, y]) => { const {view, width, height} = docclust.planes[0]; "
        between += "return [view.x + (x - width / 2) / view.scale, view.y - (y - height / 2) / view.scale]; }"
        before, at = page.evaluate(VIEW), page.evaluate(between, [x - left, y - top])
        scrolled = page.evaluate("scrollY")
        fingers(*([(x - apart, y - apart), (x + apart, y + apart)] for apart in (20, 25, 30, 40, 50, 60)))
        after = page.evaluate(VIEW)
        assert after["scale"] / before["scale"] == pytest.approx(3, rel=0.05)
        assert page.evaluate(between, [x - left, y - top]) == pytest.approx(at, abs=3 / after["scale"])
        # Moved side by side they carry the map along.
        fingers(*([(x - 30, y - 20 + moved), (x + 30, y - 20 + moved)] for moved in (0, 10, 20, 40)))
        carried = page.evaluate(VIEW)
        assert carried["scale"] == pytest.approx(after["scale"], rel=0.01)
        assert (carried["y"] - after["y"]) * after["scale"] == pytest.approx(40, abs=2)
        assert page.evaluate("scrollY") == scrolled
        assert page.evaluate("visualViewport.scale") == 1


def test_one_finger_scrolls_the_page_unless_the_map_is_zoomed_in(browser, small_page):
    with map_on_a_phone(browser, small_page) as (page, fingers):
        page.evaluate("scrollTo(0, 0)")
        left, _, width, _ = canvas_box(page)
        x, before = left + width / 2, page.evaluate(VIEW)
        swipe = [[(x, 600 - moved)] for moved in range(0, 200, 20)]
        fingers(*swipe)
        assert page.evaluate("scrollY") > 100
        assert page.evaluate(VIEW) == before
        page.locator("#map-in").click()
        zoomed, scrolled = page.evaluate(VIEW), page.evaluate("scrollY")
        top, height = canvas_box(page)[1::2]
        fingers(*([(x, top + height / 2 - moved)] for moved in range(0, 120, 20)))
        moved = page.evaluate(VIEW)
        assert page.evaluate("scrollY") == scrolled
        assert (zoomed["y"] - moved["y"]) * moved["scale"] == pytest.approx(100, abs=12)


def test_a_tap_opens_the_document_under_the_finger(browser, small_page):
    with map_on_a_phone(browser, small_page) as (page, fingers):
        left, top, *_ = canvas_box(page)
        x, y, row = page.evaluate("() => docclust.planes[0].targets.at(-1)")
        fingers([(left + x, top + y)], [(left + x + 2, top + y + 1)])
        page.wait_for_selector("#reader[open]")
        assert page.locator("#reader .probabilities").get_attribute("data-row") == str(row)


def test_what_the_map_tells_of_a_document_is_told_inside_of_it(browser, small_page):
    with browser.open(small_page) as page:
        part(page, "map")
        page.wait_for_timeout(300)
        left, top, width, height = canvas_box(page)
        # Every document is brought into a corner of the map, where the pointer finds it.
        to = "([row, x, y]) => { const plane = docclust.planes[0], d = docclust.data, {low, span} = d.meta.map; "
        to += "const at = plane.at(low[0] + d.x[row] / 65535 * span[0], low[1] + d.y[row] / 65535 * span[1]); "
        to += "plane.move(x - at[0], y - at[1]); }"
        for row, (x, y) in enumerate([(5, 5), (width - 5, 5), (5, height - 5), (width - 5, height - 5)]):
            page.evaluate(to, [row, x, y])
            page.wait_for_timeout(100)
            page.mouse.move(left + x - 1, top + y)
            page.mouse.move(left + x, top + y)
            hint = page.locator("#map-hint").bounding_box()
            assert hint["width"] > 100
            assert left <= hint["x"] <= hint["x"] + hint["width"] <= left + width
            assert top <= hint["y"] <= hint["y"] + hint["height"] <= top + height


def test_the_view_of_all_holds_every_ellipse(browser, small_page, small_run):
    covariances = 40 * small_run.map.covariances  # they reach beyond the documents
    wide = replace(small_run, map=replace(small_run.map, covariances=covariances))
    path = small_page.with_name("wide.html")
    path.write_text(html.render(wide, None), "utf-8")
    reach = 2 * np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    low, high = ((wide.map.centres + sign * reach).tolist() for sign in (-1, 1))
    with browser.open(path) as page:
        part(page, "map")
        page.locator("#map-in").click()
        page.locator("#map-whole").click()
        width, height = canvas_box(page)[2:]
        for x, y in page.evaluate("places => places.map(place => docclust.planes[0].at(...place))", [*low, *high]):
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_the_map_counts_as_listed_what_is_listed(browser, small_page, small_run):
    named = {document.id for cluster in small_run.clusters for document in cluster.mixed}
    fewer = [found for found in small_run.ambiguous if found.id not in named]
    run = replace(small_run, ambiguous=fewer)  # all that clusters name as mixed is explained, and not listed
    assert len(run.evidence()) > len(fewer)
    path = small_page.with_name("fewer.html")
    path.write_text(html.render(run, None), "utf-8")
    with browser.open(path) as page:
        part(page, "map")
        page.locator("#map-out").click()
        page.wait_for_timeout(200)
        assert f" {len(fewer)} listed ambiguous document" in page.locator("#map-shown").inner_text()


def test_the_map_says_how_many_documents_a_search_found_and_how_many_it_rings(browser, tmp_path):
    words = [["apple", "pear", "plum", "cherry"], ["hammer", "nail", "saw", "drill"]]
    lines = [{"title": f"note {i}", "text": " ".join(words[i % 2][(i + j) % 4] for j in range(9))} for i in range(640)]
    (tmp_path / "notes.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    corpus = {"source": "jsonl", "path": str(tmp_path / "notes.jsonl")}
    run = pipeline.run(config.parse({"corpus": corpus, "mixture": {"n_components": 2}}))
    path = tmp_path / "report.html"
    path.write_text(html.render(run, None), "utf-8")
    with browser.open(path) as page:
        part(page, "map")
        said = page.locator("#map-shown")
        page.locator("#map-search").fill("note")
        eventually(page, lambda: "ids of 640 documents; the first 500 are ringed." in said.inner_text())
        page.locator("#map-search").fill("note 63")
        eventually(page, lambda: "ids of 11 documents, ringed." in said.inner_text())
