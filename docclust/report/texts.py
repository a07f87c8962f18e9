"""The texts of a run, read again from its corpus: cut so that the page stays small, and its pulling words marked."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from docclust.errors import DocclustError
from docclust.report import packing
from docclust.report.part import held
from docclust.results import counted

if TYPE_CHECKING:
    from docclust.results import Ambiguous, Run
    from docclust.vectors import Vocabulary

# Characters; nobody reads more of one document in a page. Where all texts together are too large, they are cut
# further, and these documents are not.
LONGEST = 20_000
SHORTEST = 200
MIB = 2**20
# Documents that are read before they are compared with those of the run.
AT_ONCE = 500


@dataclass(frozen=True)
class Texts:
    """What could be read again.

    texts : of the documents asked for, as much as is kept; None where the corpus no longer has the document
    lengths : of the same, characters before cutting
    problem : a sentence on why there are no texts, or None
    changed : how many of them are no longer what was clustered
    """

    texts: list[str | None]
    lengths: list[int]
    problem: str | None = None
    changed: int = 0

    def cut(self, longest: int, whole: set[int]) -> list[str | None]:
        """The texts, those not at a place in `whole` cut to `longest` characters."""
        return [text if text is None or i in whole else shorten(text, longest) for i, text in enumerate(self.texts)]


def read(
    run: "Run", rows: Sequence[int] | None = None, *, longest: int | None = LONGEST, compare: bool = True
) -> Texts:
    """Read texts from the corpus of a run, if it is still there.

    Parameters
    ----------
    rows : sequence of m int, optional
        Of which documents; unless told of those that the page holds.
    longest : int or None
        Characters that are kept of each; None keeps all.
    compare : bool
        Whether some may have changed since the run.
    """
    from docclust import corpus

    rows = held(run) if rows is None else np.asarray(rows)
    places = {run.documents[row].id: place for place, row in enumerate(rows.tolist())}
    texts: list[str | None] = [None] * len(places)
    lengths = [0] * len(places)
    n_changed, vocabulary = 0, vocabulary_of(run) if compare else None
    try:
        wanted = (document for document in corpus.read(run.settings.corpus, corpus.Skipped()) if document.id in places)
        wanted = itertools.islice(wanted, len(places))
        while few := list(itertools.islice(wanted, AT_ONCE)):
            at = [places[document.id] for document in few]
            for place, document in zip(at, few, strict=True):
                texts[place], lengths[place] = shorten(document.text, longest), len(document.text)
            if vocabulary is not None:
                n_changed += sum(changed(run, vocabulary, rows[at], [document.text for document in few]))
    except DocclustError as error:
        return Texts([], [], str(error))
    if all(text is None for text in texts):
        these = "this document" if len(places) == 1 else "these documents"
        return Texts([], [], f"the corpus no longer has {these}.")
    return Texts(texts, lengths, changed=n_changed)


def changed(run: "Run", vocabulary: "Vocabulary", rows: Iterable[int], texts: list[str]) -> list[bool]:
    """Of each text, whether it no longer has the words that the document in that row was clustered by."""
    return (np.diff((vocabulary.count(texts) != run.counts[list(rows)]).tocsr().indptr) > 0).tolist()


def differences(texts: Texts) -> list[str]:
    """How they are not the texts of the run, in sentences."""
    found = []
    if gone := sum(text is None for text in texts.texts):
        found.append(f"{counted(gone, 'document')} {'is' if gone == 1 else 'are'} no longer in the corpus.")
    if texts.changed:
        many = counted(texts.changed, "text")
        found.append(f"{many} changed since the run; what is said of such a document is of its former text.")
    return found


def fitted(run: "Run", texts: Texts | None, whole: set[int]) -> tuple[list[str | None] | None, str]:
    """The texts, cut to fit the page except those at the places in `whole`, and a sentence on what is missing."""
    if texts is None:
        return None, "Texts were left out of this report on request."
    if texts.problem:
        return None, f"The texts could not be read again: {texts.problem}"
    most = run.settings.report.max_text_mib * MIB
    longest, kept = LONGEST, texts.texts

    def packed(some: Iterable[str | None]) -> int:
        return sum(map(len, packing.packed_texts(some, run.settings.engine.n_jobs)["blocks"]))

    while (size := packed(kept)) > most and longest > SHORTEST:
        total = sum(len(text or "") for text in kept)
        longest = _limit(kept, whole, 0.97 * total * most / size)
        kept = texts.cut(longest, whole)
    notes = differences(texts)
    if longest < LONGEST and len(whole) < len(kept):
        notes.append(
            f"To keep this file small, texts are cut after {longest:,} characters; "
            f"those of the listed documents after {LONGEST:,}."
        )
    elif any(length > LONGEST for length in texts.lengths):
        notes.append(f"Texts are cut after {LONGEST:,} characters.")
    if size > most:
        alone = packed(kept[place] for place in sorted(whole)) > most
        why = "those of the listed documents alone are" if alone else f"none is cut below {SHORTEST} characters"
        notes.append(f"The texts are larger than [report] max_text_mib = {most / MIB:g}: {why}.")
    return kept, " ".join(notes)


def _limit(texts: list[str | None], whole: set[int], total: float) -> int:
    """The length at which texts must be cut so that `total` characters are left, but no less than the shortest.

    Texts at a place in `whole` are not cut.
    """
    lengths = np.sort([len(text or "") for row, text in enumerate(texts) if row not in whole])
    left = total - sum(len(texts[row] or "") for row in whole)
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    counts = np.arange(len(lengths), 0, -1)
    over = np.flatnonzero(before + lengths * counts > left)
    if not over.size:
        return SHORTEST
    first = over[0]
    return int(max((left - before[first]) / counts[first], SHORTEST))


def shorten(text: str, longest: int | None) -> str:
    """The first `longest` characters of a text, or all, cut between two words where there are two."""
    if longest is None or len(text) <= longest:
        return text
    return text[: longest + 1].rsplit(None, 1)[0][:longest] if not text[longest].isspace() else text[:longest]


def marks(run: "Run", found: list["Ambiguous"], texts: dict[str, str]) -> Iterator[list[tuple[int, int, int]]]:
    """Of every document the parts of its text that pull: start, end, and the place of the pull among its pulls.

    Start and end count as JavaScript does, in units of UTF-16.
    """
    vocabulary = vocabulary_of(run)
    for document in found:
        text = texts.get(document.id, "")
        yield list(_in_utf16(text, pulling(run, vocabulary.tokens(text), document)))


def vocabulary_of(run: "Run") -> "Vocabulary":
    """What finds the words of a run in a text."""
    from docclust.vectors import (
        Vocabulary,
    )  # takes a second, which a page made anew without its texts need not wait for

    return Vocabulary.of(run)


def pulling(run: "Run", tokens: list[tuple[int, int, int]], found: "Ambiguous") -> list[tuple[int, int, int]]:
    """The words of a text that are among its pulls: start, end, and the place of the pull; none overlaps another."""
    side = {word: place for place, pull in reversed([*enumerate(found.pulls)]) for word in pull.words}
    spans = [(start, end, side.get(run.display[feature], -1)) for feature, start, end in tokens if feature >= 0]
    return _outermost(span for span in spans if span[2] >= 0)


def pulling_passages(run: "Run", tokens: list[tuple[int, int, int]], found: "Ambiguous") -> list[tuple[int, int, int]]:
    """The passages of a text that speak for the one or the other cluster of its pulls: start, end, and which."""
    from docclust.ambiguity import passages, word_nats

    if len(found.pulls) < 2:
        return []
    nats = word_nats(run.counts, run.responsibilities, *(pull.cluster for pull in found.pulls[:2]))
    words = _outermost((start, end, feature) for feature, start, end in tokens if feature >= 0)
    return [
        (words[first][0], words[last][1], place)
        for first, last, place in passages(nats[[feature for _, _, feature in words]])
    ]


def _outermost(spans: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Spans in the order of the text without those that overlap one before, which grows by them if they are alike."""
    kept: list[tuple[int, int, int]] = []
    for start, end, what in spans:
        if not kept or start >= kept[-1][1]:  # else within a longer feature, which comes before it, or half in it
            kept.append((start, end, what))
        elif what == kept[-1][2] and end > kept[-1][1]:
            kept[-1] = (kept[-1][0], end, what)
    return kept


def _in_utf16(text: str, spans: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    done = units = 0
    for start, end, place in spans:
        units += _units(text[done:start])
        length = _units(text[start:end])
        yield units, units + length, place
        units, done = units + length, end


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
