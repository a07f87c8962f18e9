"""The whole report of the small corpus, word for word: what a change does to it is seen at once.

Where a change is meant: ``docclust run configs/six_topics.toml --out DIR`` and ``docclust report DIR --format md``, and
the file `gold/six_topics.md` is what that prints.
"""

from pathlib import Path

from docclust.report import markdown

GOLD = Path(__file__).parent / "gold" / "six_topics.md"


def test_the_report_of_the_small_corpus_is_the_one_that_was_read(small_run):
    assert markdown.render(small_run) == GOLD.read_text("utf-8")
