"""The report as lines of text, for a terminal or a file: colour is a style on the words and never the only sign."""

import io
import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from docclust.errors import shortened
from docclust.report import phrases
from docclust.report.data import KINDS, Summary, harmless, one_line, shown
from docclust.results import percent

if TYPE_CHECKING:
    from docclust.results import Ambiguous, Assignment, Candidate, Cluster, Placed

Spans = Iterable[tuple[int, int, int]]
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red", "bright_cyan", "bright_magenta", "bright_green")
# Words that pull to the one and to the other cluster.
EMPHASIS = ("bold", "bold underline")
SIGNS = ("*", "_")
BAR = 8
# Of a document's further clusters those with such a probability are told, and no more than so many.
WORTH_TELLING = 0.01
MOST_OTHERS = 8
EIGHTHS = " ▏▎▍▌▋▊▉█"
# Rich wraps text only with a console in hand; this one is never written to.
_CONSOLE = Console(file=io.StringIO())


def summary(told: Summary, width: int) -> list[Text]:
    """The whole report of a run."""
    lines = [*_heading(told.name, width), *_wrapped(Text(f"{phrases.facts(told)}."), width)]
    for warning in told.warnings:
        lines += _wrapped(Text.assemble(("Warning: ", "bold yellow"), one_line(warning)), width, indent=2, first=0)
    lines += [Text(), *_heading("How good it is", width)]
    for sentence in phrases.sentences(told):
        lines += _wrapped(Text(f"- {sentence}"), width, indent=4, first=2)
    lines += [Text(), *_heading("Clusters, and documents of each that mix it with another", width)]
    lines += clusters(told.clusters, width, mixed=True)
    if told.ambiguous:
        many = len(told.ambiguous)
        said = f"The {many} most ambiguous documents" if many > 1 else "The most ambiguous document"
        lines += [Text(), *_heading(said, width)]
        lines += ambiguous(told.ambiguous, width)
    return lines


def clusters(found: list["Cluster"], width: int, *, mixed: bool, holders: bool = False) -> list[Text]:
    """Every cluster: number, size, keywords; on request its mixed documents, and how many documents hold a keyword."""
    largest = max((cluster.size for cluster in found), default=1)
    digits, places = len(str(max(len(found) - 1, 0))), len(f"{largest:,}")
    indent = 1 + digits + 2 + places + 1 + BAR + 2
    lines = []
    for cluster in found:
        if mixed and lines:
            lines.append(Text())
        style = colour(cluster.id)
        head = Text.assemble(
            (f" {cluster.id:>{digits}}", f"bold {style}"),
            f"  {cluster.size:>{places},} ",
            (_bar(cluster.size, largest), style),
            "  ",
        )
        words = []
        for keyword in cluster.keywords:
            word = Text(one_line(keyword.word))
            if holders:
                word.append(f" {keyword.documents_in}/{keyword.documents_out}", "dim")
            words.append(word)
        lines += _wrapped(Text.assemble(head, Text(", ").join(words) if words else "(no words)"), width, indent, 0)
        if mixed:
            for document in cluster.mixed:
                lines += _document(document, width, lead=" " * (digits + 3))
    if holders:
        note = "Behind each keyword: the documents that hold it, in its cluster / in all others."
        lines += [Text(), *_wrapped(Text(note, "dim"), width)]
    return lines


def ambiguous(found: list["Ambiguous"], width: int) -> list[Text]:
    """Ambiguous documents, numbered: title, the two clusters, id and reason."""
    digits = len(str(len(found)))
    lines = []
    for rank, document in enumerate(found, start=1):
        lines += _document(document, width, lead=f" {rank:>{digits}}  ")
    return lines


def placed(found: Iterable["Placed"], width: int) -> list[Text]:
    """New documents: title, the two clusters, the name of the first, and where no word of the run is in them."""
    lines = []
    for one in found:
        known = Text(one_line(one.name)) if one.known_words else Text("no word that the run knows", "yellow")
        lines += _titled(one, known, width, lead=" ")
    return lines


def candidates(found: Sequence["Candidate"], width: int) -> list[Text]:
    """Numbers of clusters that were tried, a line each, and what to make of them."""
    digits = max(len("clusters"), len(f"{max(candidate.n_components for candidate in found):,}"))
    labelled = any(candidate.nmi is not None for candidate in found)
    places = len(f"{max(candidate.largest for candidate in found):,}")
    sizes = max(2 * places + 4, len("documents in each"))
    head = f"  {'clusters':>{digits}}  {'stability':<{5 + BAR}}  undecided  coherence  {'documents in each':>{sizes}}"
    lines = [Text(f"{head}{'    NMI' if labelled else ''}"[:width], "dim")]
    for candidate in found:
        style = "bold green" if candidate.stands_out else "green" if candidate.nearly else ""
        spread = f"{candidate.smallest:,} to {candidate.largest:,}"
        line = Text.assemble(
            ("* " if candidate.stands_out else "+ " if candidate.nearly else "  ", style),
            (f"{candidate.n_components:>{digits},}", style),
            f"  {candidate.stability:.2f} ",
            (_bar(max(candidate.stability, 0), 1), "cyan"),
            f"  {percent(candidate.undecided):>9}  {candidate.npmi_coherence:>9.2f}  {spread:>{sizes}}",
        )
        if labelled:
            line.append(f"   {candidate.nmi:.2f}" if candidate.nmi is not None else "")
        line.truncate(width)
        lines.append(line)
    for sentence in phrases.choice(found):
        lines += [Text(), *_wrapped(Text(sentence), width)]
    return lines


def document(
    found: "Ambiguous",
    line: "Assignment",
    clusters: list["Cluster"],
    width: int,
    others: Sequence[tuple[int, float]] = (),
) -> list[Text]:
    """All that is known of one document but its text; others are further clusters and their probabilities."""
    words = {cluster.id: ", ".join(one_line(keyword.word) for keyword in cluster.keywords[:6]) for cluster in clusters}
    places = len(str(len(clusters)))
    known = f"{_name(found.id)}, label {_name(line.label)}" if line.label else _name(found.id)
    lines = [*_wrapped(Text(_name(found.title), "bold"), width), *_wrapped(Text(known, "dim"), width), Text()]

    def tell(name: str, text: Text) -> None:
        lines.extend(_wrapped(Text.assemble((f"{name:<12}", "dim"), text), width, indent=12, first=0))

    for name, cluster, probability in (
        ("cluster", found.cluster, found.probability),
        ("runner-up", found.runner_up, found.runner_up_probability),
    ):
        if cluster is not None:
            number = (f"{cluster:>{places}}", f"bold {colour(cluster)}")
            tell(name, Text.assemble(number, f"  {shown(probability):>5}  ", words.get(cluster, "")))
    if further := [Text.assemble(_number(k), f" {shown(p)}") for k, p in others if p >= WORTH_TELLING][:MOST_OTHERS]:
        tell("others", Text(", ").join(further))
    tell("scores", Text(", ".join(f"{kind} {shown(getattr(found, kind))}" for kind in KINDS)))
    shares = [Text.assemble(f"{shown(part.share)} of ", _number(part.cluster)) for part in found.shares]
    tell("its words", Text(", ").join(shares) if shares else Text("-"))
    for pull in found.pulls:
        pairs = zip(pull.words, pull.nats, strict=True)
        style = colour(pull.cluster)
        said = Text(", ").join(Text.assemble((one_line(word), style), f" {nats:.1f}") for word, nats in pairs)
        tell(f"pull to {pull.cluster}", Text.assemble(said, " (nats)") if pull.words else Text("-"))
    if found.unexpected:
        tell("unexpected", Text(", ".join(map(one_line, found.unexpected))))
    tell("in short", Text(one_line(found.reason)))
    return lines


def body(text: str, width: int, words: Spans = (), passages: Spans = (), pair: Sequence[int] = (), *, plain: bool):
    """The text of a document, wrapped: each passage in brackets after the cluster it pulls to, and its words marked.

    Parameters
    ----------
    words, passages : (start, end, place in `pair`), in order; none within another of its kind
    pair : the two clusters that pull
    plain : whether words are marked by signs, since nothing else will show them
    """
    # -> list of Text
    marked, text = Text(), harmless(text)
    opened = {start: place for start, _, place in passages}
    closed = {end: place for _, end, place in passages}
    starts, ends = {start: place for start, _, place in words}, {end: place for _, end, place in words}
    cuts = sorted({0, len(text), *opened, *closed, *starts, *ends})
    word = inside = None
    for start, stop in itertools.zip_longest(cuts, cuts[1:]):
        if start in ends:
            marked.append(SIGNS[ends[start]] if plain else "")
            word = None
        if start in closed:
            marked.append("]", f"bold {colour(pair[closed[start]])}")
            inside = None
        if start in opened:
            inside = opened[start]
            marked.append(f"[{pair[inside]}: ", f"bold {colour(pair[inside])}")
        if start in starts:
            word = starts[start]
            marked.append(SIGNS[word] if plain else "")
        style = "" if inside is None else colour(pair[inside])
        marked.append(text[start:stop], style if word is None else f"{EMPHASIS[word]} {colour(pair[word])}")
    return [line for part in marked.split("\n", allow_blank=True) for line in _wrapped(part, width)]


def legend(pair: Sequence[int], names: Sequence[str], width: int, *, plain: bool) -> list[Text]:
    """How to read what `body` marks."""
    said = [
        Text.assemble("[", _number(k), ": ...] pulls to ", one_line(name)) for k, name in zip(pair, names, strict=True)
    ]
    signs = [f"{sign}word{sign}" if plain else Text("word", mark) for sign, mark in zip(SIGNS, EMPHASIS, strict=True)]
    words = [Text.assemble(sign, " to ", _number(k)) for k, sign in zip(pair, signs, strict=True)]
    return _wrapped(Text("; ").join([Text(", ").join(said), Text(", ").join(words)]), width)


def colour(cluster: int) -> str:
    """The colour of a cluster, the same wherever it is named."""
    return COLOURS[cluster % len(COLOURS)]


def _heading(said: str, width: int) -> list[Text]:
    return _wrapped(Text(one_line(said), "bold"), width)


def _document(found: "Ambiguous", width: int, lead: str) -> list[Text]:
    return _titled(found, Text(one_line(found.reason)), width, lead)


def _titled(found: "Ambiguous | Placed", said: Text, width: int, lead: str) -> list[Text]:
    where = Text.assemble(f"{shown(found.probability)} in ", _number(found.cluster))
    if found.runner_up is not None:
        where.append(f", {shown(found.runner_up_probability)} in ").append_text(_number(found.runner_up))
    title = Text.assemble((lead, "dim"), one_line(found.title) or "(no title)")
    title.truncate(max(width - where.cell_len - 2, len(lead) + 8), overflow="ellipsis")
    gap = max(width - title.cell_len - where.cell_len, 2)
    same = one_line(found.id) == one_line(found.title)
    below = Text.assemble("" if same else (f"{_name(found.id)}  ", "dim"), said)
    return [Text.assemble(title, " " * gap, where), *_wrapped(below, width, len(lead))]


def _name(name: str) -> str:
    return shortened(one_line(name))


def _number(cluster: int) -> Text:
    return Text(str(cluster), f"bold {colour(cluster)}")


def _bar(size: int, largest: int) -> str:
    eighths = max(round(BAR * 8 * size / max(largest, 1)), 1 if size else 0)
    full, part = divmod(eighths, 8)
    return ("█" * full + EIGHTHS[part] * (part > 0)).ljust(BAR)


def _wrapped(text: Text, width: int, indent: int = 0, first: int | None = None) -> list[Text]:
    """Lines of at most `width` cells, indented; where `first` is given, the first line by that many."""
    indent = min(indent, max(width - 20, 0))
    start = indent if first is None else min(first, indent)
    padded = Text(" " * start).append_text(text)
    lines = []
    for line in _hanging(padded, width, indent):
        line.rstrip()
        lines.append(line)
    return lines


def _hanging(text: Text, width: int, indent: int) -> list[Text]:
    head = text.wrap(_CONSOLE, width, tab_size=8)[0]
    if len(head) >= len(text):
        return [head]
    rest = text[len(head) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    return [head, *(Text(" " * indent).append_text(line) for line in rest.wrap(_CONSOLE, width - indent, tab_size=8))]
