"""The page in a browser: what a person does with it, and what it then shows."""

import csv
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from docclust import config, pipeline, store
from docclust.report import html
from docclust.results import Run

pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def newsgroups(newsgroups_folder: Path) -> tuple[Run, Path]:
    return store.load_run(newsgroups_folder), newsgroups_folder / "report.html"


def slide(page, selector: str, value: float) -> None:
    page.locator(selector).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})); }", value
    )


def part(page, name: str) -> None:
    page.locator(f"nav a[href='#{name}']").click()
    page.wait_for_selector(f"#{name}:not([hidden])")


def eventually(page, condition) -> None:
    # The page's policy allows no code from outside, and so none of playwright's own waiting for a function.
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to pass within five seconds")


def keywords(page, cluster: int) -> list[str]:
    return page.locator(f"#cluster-{cluster} .keywords button").all_text_contents()


def test_the_overview_tells_every_cluster_and_warning(browser, small_page, small_run):
    with browser.open(small_page) as page:
        assert page.locator(".sizes li").count() == len(small_run.clusters)
        for warning in small_run.manifest["warnings"]:
            assert warning in page.locator("#overview").inner_text()
        assert "It makes no network requests." in page.locator("footer").inner_text()


def test_the_slider_of_the_keywords_follows_the_formula(browser, small_page, small_run):
    from docclust.keywords import lift, relevance

    means = small_run.model.means_
    lifts = lift(means, small_run.model.weights_ * len(small_run.documents))
    with browser.open(small_page) as page:
        part(page, "clusters")
        for balance in (0.0, 0.35, 0.6, 1.0):
            slide(page, "#balance", balance)
            best = relevance(means, lifts, balance)[0]
            found = keywords(page, 0)
            scores = sorted((best[small_run.display.index(word)] for word in found), reverse=True)
            assert scores == pytest.approx(sorted(best, reverse=True)[: len(found)], abs=2e-3)
        slide(page, "#balance", 0.6)
        assert keywords(page, 0)[:3] == [keyword.word for keyword in small_run.clusters[0].keywords[:3]]


@pytest.mark.parametrize("asked", [{}, {"balance": 0.33, "n_words": 20}])
def test_the_page_opens_with_the_keywords_of_the_run_in_their_order(browser, tmp_path, asked):
    changes = [f"keywords.{name}={value}" for name, value in asked.items()]
    run = pipeline.run(config.load(ROOT / "configs" / "six_topics.toml", changes))
    # As where weights are alike but for digits that the page does not have: it cannot find the order by itself.
    swapped = [
        replace(found, keywords=[found.keywords[1], found.keywords[0], *found.keywords[2:]]) for found in run.clusters
    ]
    run = replace(run, clusters=swapped)
    path = tmp_path / "report.html"
    path.write_text(html.render(run, None), "utf-8")
    with browser.open(path) as page:
        part(page, "clusters")
        start = page.locator("#balance").input_value()
        for cluster in run.clusters:
            assert keywords(page, cluster.id) == [keyword.word for keyword in cluster.keywords]
        slide(page, "#balance", 1)
        assert keywords(page, 0) != [keyword.word for keyword in run.clusters[0].keywords]
        slide(page, "#balance", float(start))
        assert keywords(page, 0) == [keyword.word for keyword in run.clusters[0].keywords]


def test_a_keyword_opens_the_documents_that_hold_it(browser, small_page, small_run):
    keyword = small_run.clusters[0].keywords[0]
    with browser.open(small_page) as page:
        part(page, "clusters")
        page.locator("#cluster-0 .keywords button").first.click()
        told = page.locator("#reader").inner_text()
        assert f"In the cluster: {keyword.documents_in} document" in told
        assert f"In other clusters: {keyword.documents_out} document" in told
        page.keyboard.press("Escape")
        assert not page.locator("#reader").is_visible()


def test_the_iterations_play_and_the_slider_moves_them(browser, small_page, small_run):
    steps = small_run.convergence
    with browser.open(small_page) as page:
        part(page, "iterations")
        said = page.locator("#frame-said")
        assert said.inner_text().startswith(f"Iteration {len(steps)} of {len(steps)}, the end (held apart):")
        before = page.locator("#frame-canvas").evaluate("canvas => canvas.toDataURL()")
        slide(page, "#frame", 0)
        assert said.inner_text().startswith(
            f"Iteration 1 of {len(steps)}, the start (annealing): {steps[0]['moved']} document"
        )
        page.wait_for_timeout(500)
        assert page.locator("#frame-canvas").evaluate("canvas => canvas.toDataURL()") != before
        page.locator("#play").click()
        eventually(page, lambda: int(page.locator("#frame").input_value()) >= 2)
        assert page.locator("#play").inner_text() == "Pause"
        page.locator("#play").click()
        stopped = page.locator("#frame").input_value()
        page.wait_for_timeout(700)
        assert page.locator("#frame").input_value() == stopped
        page.locator("#frame-shares").select_option("softened")


def test_the_matrix_leads_to_a_mixed_document_and_its_marked_words(browser, small_page, small_run):
    with browser.open(small_page) as page:
        part(page, "ambiguous")
        cell = page.locator("#matrix button").first
        a, b = (int(number) for number in cell.get_attribute("data-pair").split("-"))
        number = int(cell.inner_text())
        cell.click()
        items = page.locator("#ambiguous-list > li")
        assert items.count() == number
        assert page.locator("#ambiguous-count").inner_text() == f"{number} document{'s' * (number != 1)}."
        items.first.locator("button.title").click()
        row = int(page.locator(".probabilities").get_attribute("data-row"))
        found = next(f for f in small_run.ambiguous if f.id == small_run.documents[row].id)
        assert {pull.cluster for pull in found.pulls} == {a, b}
        page.wait_for_selector("#reader .text mark")
        marked = {word.lower() for word in page.locator("#reader .text mark").all_inner_texts()}
        assert marked
        assert marked <= {word for pull in found.pulls for word in pull.words}
        assert found.reason in page.locator("#reader").inner_text()


def test_documents_are_searched_in_titles_and_texts_and_filtered(browser, small_page, small_run):
    with browser.open(small_page) as page:
        part(page, "documents")
        total = len(small_run.documents)
        shown = page.locator("#documents-count")
        assert shown.inner_text() == f"{total} of {total} documents."
        title = small_run.documents[0].title
        page.locator("#in-texts").uncheck()
        page.locator("#search").fill(title.upper())
        eventually(page, lambda: shown.inner_text() == f"1 of {total} documents.")
        assert page.locator("#rows [data-row]").count() == 1
        word = small_run.clusters[0].keywords[0]
        page.locator("#in-texts").check()
        page.locator("#search").fill(word.word)
        eventually(page, lambda: int(shown.inner_text().split()[0]) >= word.documents_in + word.documents_out)
        page.locator("#search").fill("")
        page.locator("#filter-cluster").select_option("0")
        page.wait_for_timeout(300)
        assert shown.inner_text() == f"{small_run.clusters[0].size} of {total} documents."
        page.locator("#filter-cluster").select_option("")
        slide(page, "#filter-probability", 0.95)
        fewer = sum(document.probability <= 0.95 for document in small_run.documents)
        assert shown.inner_text() == f"{fewer} of {total} documents."


def test_the_arrows_walk_through_all_documents(browser, small_page, small_run):
    many = len(small_run.documents)
    with browser.open(small_page) as page:
        part(page, "documents")
        page.locator("#rows .row button").first.focus()
        for place in range(1, many):
            page.keyboard.press("ArrowDown")
            focused = "() => document.activeElement.closest('.row')?.getAttribute('aria-rowindex')"
            assert page.evaluate(focused) == str(place + 2)
        # Whoever scrolls loses a place that is out of sight, and no other.
        page.locator("#rows").evaluate("rows => { rows.scrollTop -= 60; }")
        page.wait_for_timeout(100)
        assert page.evaluate(focused) == str(many + 1)


def test_the_way_back_leads_to_the_part_before_and_closes_a_document(browser, small_page):
    with browser.open(small_page) as page:
        page.locator("#overview [data-cluster]").first.click()
        page.wait_for_selector("#clusters:not([hidden])")
        page.locator("#cards .line button.plain").first.click()
        page.wait_for_selector("#reader[open]")
        page.go_back()
        page.wait_for_selector("#overview:not([hidden])")
        assert not page.locator("#reader").evaluate("reader => reader.open")


FOCUSED = "() => document.activeElement.textContent"


def test_the_first_stop_of_the_tab_key_is_the_way_past_the_navigation(browser, small_page):
    with browser.open(small_page) as page:
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) == "Skip to the report"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_whoever_closes_the_dialog_is_where_they_opened_it(browser, small_page):
    with browser.open(small_page) as page:
        part(page, "clusters")
        keyword = page.locator("#cluster-1 .keywords button").nth(2)
        keyword.click()
        inside = "() => document.getElementById('reader').contains(document.activeElement)"
        assert page.evaluate(inside)
        page.locator("#reader .line button").first.click()
        page.wait_for_selector("#reader .probabilities")
        assert page.evaluate(inside)
        page.keyboard.press("Escape")
        assert page.evaluate(FOCUSED) == keyword.inner_text()
        part(page, "documents")
        row = page.locator("#rows .row button").nth(2)
        row.click()
        page.set_viewport_size({"width": 1200, "height": 700})  # the rows are drawn anew behind the dialog
        page.wait_for_timeout(200)
        page.keyboard.press("Escape")
        assert page.evaluate(FOCUSED) == row.inner_text()


def test_print_has_the_overview_in_dark_ink_and_no_dialog(browser, small_page):
    with browser.open(small_page) as page:
        page.locator("#theme").click()
        part(page, "documents")
        page.locator("#rows .row button").first.click()
        page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.locator("#overview").is_visible()
        assert not page.locator("#reader").is_visible()
        assert page.locator("html").get_attribute("data-theme") == "light"
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_theme_switches(browser, small_page):
    with browser.open(small_page, color_scheme="light") as page:
        light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        page.locator("#theme").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != light
        part(page, "map")
        page.locator("#theme").click()
        assert page.locator("#theme").inner_text() == "Dark"


def test_the_map_zooms_finds_and_opens(browser, small_page, small_run):
    with browser.open(small_page) as page:
        part(page, "map")
        page.wait_for_timeout(200)
        total = sum(map(int, re.findall(r"(\d+) (?:listed|other|decided|of)", page.locator("#map-shown").inner_text())))
        assert total >= len(small_run.documents)
        for _ in range(6):
            page.locator("#map-in").click()
        page.wait_for_timeout(200)
        zoomed = page.locator("#map-shown").inner_text()
        page.locator("#map-whole").click()
        page.wait_for_timeout(200)
        assert page.locator("#map-shown").inner_text() != zoomed
        page.locator("#map-search").fill(small_run.documents[3].title)
        eventually(page, lambda: "ids of 1 document, ringed" in page.locator("#map-shown").inner_text())
        x, y = page.evaluate(
            """() => {
                const canvas = document.getElementById('map-canvas').getBoundingClientRect();
                return [canvas.left + canvas.width / 2, canvas.top + canvas.height / 2];
            }"""
        )
        page.mouse.move(x, y)
        page.mouse.wheel(0, -200)
        page.locator("#map-canvas").focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("+")


@pytest.mark.parametrize("name", ["small", "newsgroups"])
def test_pies_have_the_probabilities_of_the_documents(browser, name, request, tmp_path):
    if name == "small":
        run, path = request.getfixturevalue("small_run"), request.getfixturevalue("small_page")
    else:
        run, path = request.getfixturevalue("newsgroups")
    store.write_run(run, tmp_path / "run")
    with (tmp_path / "run" / "documents.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    with browser.open(path) as page:
        pies = page.evaluate("Array.from({length: docclust.data.n}, (_, row) => docclust.pie(row).slice(0, 2))")
    for line, slices in zip(lines, pies, strict=True):
        told = [(int(line["cluster"]), float(line["probability"]))]
        if line["runner_up"]:
            told.append((int(line["runner_up"]), float(line["runner_up_probability"])))
        assert [cluster for cluster, _ in slices] == [cluster for cluster, _ in told]
        assert [share for _, share in slices] == pytest.approx([share for _, share in told], abs=2e-5)


def test_a_narrow_screen_is_enough(browser, small_page):
    with browser.open(small_page, viewport={"width": 360, "height": 700}) as page:
        for name in ("overview", "clusters", "map", "iterations", "ambiguous", "documents"):
            part(page, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 361, name
        # What is wider scrolls in a box of its own.
        assert page.locator("#rows").evaluate("rows => rows.scrollWidth > rows.clientWidth")
        assert page.locator("#rows .row").last.locator(".cell:visible").count() == 6
        page.locator("#rows .row button").first.click()
        page.wait_for_selector("#reader .text")
        assert page.locator("#reader").evaluate("reader => reader.scrollWidth <= reader.clientWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, small_page, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    # The checker puts its own script into the page, which the page's policy would not let run.
    with browser.open(small_page, color_scheme=theme, bypass_csp=True) as page:
        for name in ("overview", "clusters", "map", "iterations", "ambiguous", "documents"):
            part(page, name)
            check(axe, page, name)
        page.locator("#rows button").first.click()
        page.wait_for_selector("#reader .text")
        check(axe, page, "reader")


def check(axe, page, name: str) -> None:
    page.wait_for_timeout(400)
    found = axe.Axe().run(page).response["violations"]
    bad = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
    assert bad == [], name


def test_the_newsgroups_page_is_small_and_quick(browser, newsgroups):
    run, path = newsgroups
    assert path.stat().st_size < 12 * 2**20
    assert len(html.render(run, None).encode()) < 4 * 2**20
    with browser.open(path) as page:
        assert int(page.locator("html").get_attribute("data-ready")) < 2000 * slowness()
        part(page, "documents")
        page.locator("#filter-cluster").select_option("3")
        assert page.evaluate("docclust.data.filterTook") < 100 * slowness()
        assert page.locator("#documents-count").inner_text().startswith(f"{run.clusters[3].size:,} of 18,846")
        for name in ("clusters", "map", "iterations", "ambiguous"):
            part(page, name)
            page.wait_for_timeout(300)
        slide(page, "#frame", 0) if page.locator("#frame").is_visible() else None


def slowness() -> float:
    """How much more time is allowed where other programs work on the same processors."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
