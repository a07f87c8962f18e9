"""Passages: what two clusters say in a text, against every way to cut it, and as `docclust show` marks it."""

import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from docclust import cli
from docclust.ambiguity.passages import CHANGE_COST, LEAST_NATS, MOST_NATS, passages, word_nats
from docclust.report import text, texts
from docclust.results import Pull, Run


def best_labelling(nats):
    """The worth of the best sequence of sides, by trying all of them."""
    worth = []
    for sides in itertools.product((0, 1), repeat=nats.size):
        earned = sum(value / 2 * (1 - 2 * side) for value, side in zip(nats, sides, strict=True))
        worth.append(earned - CHANGE_COST / 2 * sum(a != b for a, b in itertools.pairwise(sides)))
    return max(worth)


def worth_of(nats, found):
    """The worth of the sides that passages say; what is between two of them goes with either at no cost."""
    fixed = {t: side for first, last, side in found for t in range(first, last + 1)}
    rest = [t for t in range(nats.size) if t not in fixed]
    best = -np.inf
    for sides in itertools.product((0, 1), repeat=len(rest)):
        every = [{**fixed, **dict(zip(rest, sides, strict=True))}[t] for t in range(nats.size)]
        earned = sum(value / 2 * (1 - 2 * side) for value, side in zip(nats, every, strict=True))
        best = max(best, earned - CHANGE_COST / 2 * sum(a != b for a, b in itertools.pairwise(every)))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_passages_lie_on_the_best_cut_of_a_text(seed: int):
    rng = np.random.default_rng(seed)
    nats = np.clip(np.repeat(rng.normal(scale=1.5, size=3), 3) + rng.normal(scale=0.7, size=9), -MOST_NATS, MOST_NATS)
    found = passages(nats)
    assert worth_of(nats, found) == pytest.approx(best_labelling(nats))
    for first, last, side in found:
        own = nats[first : last + 1] * (1 - 2 * side)
        assert min(own[0], own[-1]) > 0
        assert own.sum() >= LEAST_NATS
    assert all(before[1] < after[0] for before, after in itertools.pairwise(found))


def test_no_word_and_no_pull_are_no_passage():
    assert passages(np.empty(0)) == []
    assert passages(np.zeros(20)) == []
    assert passages(np.array([0, MOST_NATS, 0])) == []


def test_one_word_of_the_other_side_does_not_break_a_passage():
    assert passages(np.array([2, 2, 2, -2, 2, 2, 2.0])) == [(0, 6, 0)]
    assert passages(np.array([2, 2, 2, -2, -2, -2.0])) == [(0, 2, 0), (3, 5, 1)]


def test_a_word_speaks_for_the_cluster_that_has_more_of_it():
    counts = sp.csr_array(np.array([[50, 0, 20], [0, 50, 20]], dtype=np.int32))
    nats = word_nats(counts, sp.csr_array(np.eye(2)), 0, 1)
    assert nats[0] > 0.2
    np.testing.assert_allclose(nats, [nats[0], -nats[0], 0], atol=1e-12)
    np.testing.assert_allclose(word_nats(counts, sp.csr_array(np.eye(2)), 1, 0), -nats)
    assert np.abs(word_nats(1000 * counts, sp.csr_array(np.eye(2)), 0, 1)).max() == MOST_NATS


def told(run: Run, name: str) -> str:
    lines = (run.settings.corpus.path).read_text("utf-8").splitlines()
    return next(line["text"] for line in map(json.loads, lines) if line["id"] == name)


def test_both_topics_of_a_mixed_document_have_a_passage(small_run: Run):
    vocabulary = texts.vocabulary_of(small_run)
    mixed = [found for found in small_run.ambiguous if found.id.startswith("mixed-")]
    assert len(mixed) == 15
    for found in mixed:
        written = told(small_run, found.id)
        spans = texts.pulling_passages(small_run, vocabulary.tokens(written), found)
        assert {place for *_, place in spans} == {0, 1}
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_the_marks_of_the_page_are_those_of_the_terminal(small_run: Run):
    found = next(found for found in small_run.ambiguous if found.id == "mixed-03")
    written = told(small_run, found.id)
    spans = texts.pulling(small_run, texts.vocabulary_of(small_run).tokens(written), found)
    assert spans == next(texts.marks(small_run, [found], {found.id: written}))
    assert {written[start:end].lower() for start, end, _ in spans} >= {"telescope", "butter"}


def test_words_that_overlap_are_marked_as_one_where_they_pull_the_same_way(small_run: Run):
    found = replace(
        small_run.ambiguous[0],
        pulls=[Pull(4, ["new york", "york city"], [2.0, 1.0]), Pull(7, ["city of", "of"], [2.0, 1.0])],
    )
    run = replace(small_run, display=["new york", "york city", "city of", "of", "new"])
    # new york city of ... new york
    tokens = [(0, 0, 8), (4, 0, 3), (-1, 4, 8), (1, 4, 13), (2, 9, 16), (3, 14, 16), (0, 20, 28), (4, 20, 23)]
    assert texts.pulling(run, tokens, found) == [(0, 13, 0), (14, 16, 1), (20, 28, 0)]


def test_taking_the_marks_away_leaves_the_text(small_run: Run):
    found = next(found for found in small_run.ambiguous if found.id == "mixed-03")
    written = told(small_run, found.id)
    tokens = texts.vocabulary_of(small_run).tokens(written)
    pair = [pull.cluster for pull in found.pulls]
    words, spans = texts.pulling(small_run, tokens, found), texts.pulling_passages(small_run, tokens, found)
    marked = " ".join(line.plain for line in text.body(written, 10_000, words, spans, pair, plain=True))
    assert re.search(rf"\[{pair[0]}: [^\]]*\*moon\*", marked)
    assert re.search(rf"\[{pair[1]}: [^\]]*_pan_", marked)
    assert re.sub(r"\[\d+: |[\]*_]", "", marked) == written
    styled = " ".join(line.plain for line in text.body(written, 10_000, words, spans, pair, plain=False))
    assert re.sub(r"\[\d+: |\]", "", styled) == written


def test_marks_that_touch_and_end_the_text_are_closed():
    laid_out = text.body("onetwo", 80, [(0, 3, 0), (3, 6, 1)], [(0, 3, 0), (3, 6, 1)], [4, 7], plain=True)
    assert [line.plain for line in laid_out] == ["[4: *one*][7: _two_]"]


def test_show_says_how_to_read_its_marks(small_folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit):
        cli.main(["show", str(small_folder), "mixed-03"])
    printed = capsys.readouterr().out
    assert re.search(
        r"\[(\d): \.\.\.\] pulls to \w+/\w+, \[(\d): \.\.\.\] pulls to \w+/\w+; \*word\* to \1, _word_ to \2",
        printed,
    )
