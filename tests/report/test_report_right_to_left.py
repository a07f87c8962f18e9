"""Words that are written from right to left: each in its own direction, and the sentence around it as it was."""

from dataclasses import replace

import pytest

from docclust.report import html
from docclust.results import Pull
from tests.report.test_report_browser import part

ONE, OTHER, ODD = ["שלום", "בית"], ["כדור", "אור"], ["رياضة", "قمر"]
NAMES = ["חדשות/עולם", "ספורט/משחק"]
# Where each element stands: an English sentence is read from left to right, and then the next line.
PLACES = "nodes => nodes.map(node => node.getBoundingClientRect()).map(box => [box.top, box.left])"


@pytest.fixture(scope="module")
def hebrew_page(small_run, tmp_path_factory):
    found = next(found for found in small_run.ambiguous if "mixed" in found.kinds)
    reason = (
        f"mixed: 60 % {NAMES[0]}, 40 % {NAMES[1]}: '{ONE[0]}', '{ONE[1]}' against '{OTHER[0]}', '{OTHER[1]}'; "
        f"atypical: no cluster expects so much of '{ODD[0]}', '{ODD[1]}'"
    )
    a, b = (pull.cluster for pull in found.pulls)
    pulls = [Pull(a, ONE, [2.0, 1.0]), Pull(b, OTHER, [2.0, 1.0])]
    told = replace(found, kinds=["mixed", "atypical"], pulls=pulls, unexpected=ODD, reason=reason)
    clusters = [replace(cluster, mixed=[]) for cluster in small_run.clusters]
    for cluster, name in zip((a, b), NAMES, strict=True):
        words = [replace(clusters[cluster].keywords[i], word=word) for i, word in enumerate(name.split("/"))]
        clusters[cluster] = replace(clusters[cluster], keywords=words)
    path = tmp_path_factory.mktemp("hebrew") / "report.html"
    path.write_text(html.render(replace(small_run, clusters=clusters, ambiguous=[told]), None), "utf-8")
    return path, told, a


def test_the_sentence_on_a_document_keeps_the_order_of_its_words(browser, hebrew_page):
    path, told, _ = hebrew_page
    with browser.open(path) as page:
        part(page, "ambiguous")
        page.locator("#ambiguous-list button.title").click()
        for place in ("#ambiguous-list li > p", "#reader-body > p"):
            sentence = page.locator(place).filter(has_text="mixed: 60")
            assert sentence.inner_text() == told.reason
            words = sentence.locator("bdi")
            assert words.all_inner_texts() == [*NAMES, *ONE, *OTHER, *ODD]
            places = words.evaluate_all(PLACES)
            assert places == sorted(places)


def test_so_do_the_keywords_of_the_overview(browser, hebrew_page):
    path, _, cluster = hebrew_page
    with browser.open(path) as page:
        words = page.locator(".sizes .words").nth(cluster)
        assert words.inner_text() == ", ".join(NAMES[0].split("/"))
        places = words.locator("bdi").evaluate_all(PLACES)
        assert len(places) == 2
        assert places == sorted(places)
