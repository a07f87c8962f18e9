"""What a person looks for in the page, and how they find it: tiles, filters, searched words."""

from collections import Counter

import pytest

from tests.report.test_report_browser import eventually, part, slide


@pytest.mark.parametrize("kind", ["mixed", "unclear", "atypical"])
def test_a_tile_leads_to_all_documents_of_its_kind(browser, small_page, small_run, kind):
    number = Counter(kind for found in small_run.ambiguous for kind in found.kinds)[kind]
    with browser.open(small_page) as page:
        part(page, "ambiguous")
        page.locator("#pair-a").select_option("5")
        part(page, "overview")
        page.locator(f".tile[data-kind='{kind}']").click()
        page.wait_for_selector("#ambiguous:not([hidden])")
        assert page.locator(f"#kinds [data-kind='{kind}']").get_attribute("aria-pressed") == "true"
        assert page.locator("#kinds [aria-pressed='true']").count() == 1
        assert page.locator("#ambiguous-list > li").count() == number
        assert not page.locator("#ambiguous-filters").is_visible()


def test_filters_that_are_on_are_said_and_one_button_takes_them_back(browser, small_page, small_run):
    total = len(small_run.documents)
    with browser.open(small_page) as page:
        part(page, "documents")
        said, shown = page.locator("#documents-filters"), page.locator("#documents-count")
        assert not said.is_visible()
        page.locator("#filter-cluster").select_option("2")
        slide(page, "#filter-probability", 0.95)
        page.locator("#search").fill("no such words")
        eventually(page, lambda: "0 of" in shown.inner_text())
        part(page, "overview")
        part(page, "documents")
        name = small_run.clusters[2].name
        told = f"Filters on: containing “no such words”; cluster 2 {name}; probability at most 0.95."
        assert " ".join(said.locator("span").inner_text().split()) == told
        said.locator("button").click()
        eventually(page, lambda: shown.inner_text() == f"{total} of {total} documents.")
        assert not said.is_visible()
        assert page.locator("#search").input_value() == ""
        part(page, "ambiguous")
        everything = page.locator("#ambiguous-count").inner_text()
        page.locator("#matrix button").first.click()
        assert page.locator("#ambiguous-filters").inner_text().startswith("Filters on: cluster")
        page.locator("#ambiguous-filters button").click()
        assert page.locator("#ambiguous-count").inner_text() == everything
        part(page, "map")
        page.locator("#map-decided").uncheck()
        page.locator("#map-search").fill("a")
        eventually(page, lambda: page.locator("#map-filters").is_visible())
        page.locator("#map-filters button").click()
        assert page.locator("#map-decided").is_checked()
        eventually(page, lambda: "ringed" not in page.locator("#map-shown").inner_text())


def test_what_was_searched_for_is_marked_in_the_text(browser, small_page, small_run):
    pulling = next(found for found in small_run.ambiguous if "mixed" in found.kinds)
    row = [document.id for document in small_run.documents].index(pulling.id)
    word = pulling.pulls[0].words[0]
    with browser.open(small_page) as page:
        part(page, "documents")
        # The end of a word that has a mark of its own.
        page.locator("#search").fill(word[2:].upper())
        eventually(page, lambda: "still" not in page.locator("#documents-count").inner_text())
        page.wait_for_timeout(300)
        page.locator(f"#rows [data-row='{row}'] button").click()
        page.wait_for_selector("#reader .text mark.hit")
        text = page.locator("#reader .text").text_content()
        marked = page.locator("#reader mark.hit").all_inner_texts()
        assert [hit.lower() for hit in marked] == [word[2:]] * text.lower().count(word[2:])
        assert page.locator("#reader mark.hit[title]").count() >= 1
        page.keyboard.press("Escape")
        part(page, "ambiguous")  # where nothing is searched for
        page.locator(f"#ambiguous-list [data-row='{row}'] button.title").click()
        page.wait_for_selector("#reader .text mark")
        assert page.locator("#reader mark.hit").count() == 0
        assert page.locator("#reader .text").text_content() == text
