"""What is told of a run, as plain data: which clusters, which documents, which numbers, and how a number is said."""

import difflib
import itertools
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from docclust.errors import RunError, shortened

if TYPE_CHECKING:
    from docclust.results import Ambiguous, Assignment, Candidate, Cluster, Run

KINDS = ("mixed", "unclear", "atypical")
MIXED_A_CLUSTER = 3
# C0 and C1 controls and the marks that turn the direction of writing: a terminal would obey them.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Summary:
    """A run in short, as the report tells it.

    undecided : documents of which no cluster has the probability `undecided_below`
    """

    name: str
    documents: int
    labelled: int
    words: int
    duplicates: int
    empty: list[str]
    skipped: dict[str, int]
    undecided: int
    undecided_below: float
    warnings: list[str]
    metrics: dict[str, float | None]
    clusters: list["Cluster"]
    ambiguous: list["Ambiguous"]


def summarise(run: "Run") -> Summary:
    """Choose what the report tells: so many keywords and documents as the section ``[report]`` asks for."""
    manifest, settings = run.manifest, run.settings
    below = settings.ambiguity.undecided_below
    return Summary(
        name=settings.name,
        documents=len(run.documents),
        labelled=sum(document.label is not None for document in run.documents),
        words=len(run.words),
        duplicates=manifest.get("duplicates", 0),
        empty=manifest.get("empty", []),
        skipped=manifest.get("skipped", {}),
        undecided=sum(document.probability < below for document in run.documents),
        undecided_below=below,
        warnings=[*manifest.get("warnings", []), *map(_not_counted, manifest.get("not_counted", []))],
        metrics=run.metrics,
        clusters=[
            replace(cluster, mixed=cluster.mixed[:MIXED_A_CLUSTER])
            for cluster in with_keywords(run.clusters, settings.report.n_words)
        ],
        ambiguous=of_kind(run.ambiguous, None, settings.report.n_documents),
    )


def with_keywords(clusters: list["Cluster"], n_words: int | None) -> list["Cluster"]:
    """The clusters with their first `n_words` keywords, or all."""
    return [replace(cluster, keywords=cluster.keywords[:n_words]) for cluster in clusters]


def of_kind(ambiguous: list["Ambiguous"], kind: str | None, top: int | None) -> list["Ambiguous"]:
    """The first `top` documents that are listed for a kind, or all, highest score first.

    Without a kind they are taken from the kinds in turn, none twice; then those taken as mixed come first, those taken
    as atypical last.
    """
    if kind is not None:
        found = [document for document in ambiguous if kind in document.kinds]
        return sorted(found, key=lambda document: (-getattr(document, kind), document.id))[:top]
    taken: dict[str, tuple[int, Ambiguous]] = {}
    for turn in itertools.zip_longest(*(of_kind(ambiguous, kind, None) for kind in KINDS)):
        for place, document in enumerate(turn):
            if document is not None:
                taken.setdefault(document.id, (place, document))
    return [document for _, document in sorted(itertools.islice(taken.values(), top), key=lambda found: found[0])]


def without_texts(run: "Run") -> "Run":
    """The same run with ids in place of the titles that are first words of texts, and no passage of any.

    A run folder that does not tell which are keeps no title.
    """
    all_of_them = "titles_from_text" not in run.manifest
    from_text = {document.id for document in run.documents if all_of_them or document.title_from_text}

    def named(documents: list) -> list:
        return [replace(found, title=found.id) if found.id in from_text else found for found in documents]

    return replace(
        run,
        manifest={**run.manifest, "not_counted": []},
        documents=named(run.documents),
        ambiguous=named(run.ambiguous),
        clusters=[
            replace(cluster, representatives=named(cluster.representatives), mixed=named(cluster.mixed))
            for cluster in run.clusters
        ],
    )


def find(documents: list["Assignment"], wanted: str, set_aside: Collection[str] = ()) -> int:
    """The row of a document by its id, else by a unique beginning of its id, else by its title.

    `set_aside` are the ids of those without words.

    Raises
    ------
    RunError
        No document or several answer to it, and the message names the nearest; or it was set aside.
    """
    said = repr(shortened(wanted))
    if wanted in set_aside:
        raise RunError(f"DOCUMENT must have words, and {said} was set aside: no words to go by. Try another document.")
    for answers in (
        lambda document: document.id == wanted,
        lambda document: document.id.startswith(wanted),
        lambda document: document.title.casefold() == wanted.casefold(),
    ):
        rows = [row for row, document in enumerate(documents) if wanted and answers(document)]
        if len(rows) == 1:
            return rows[0]
        if rows:
            some = ", ".join(shortened(documents[row].id) for row in rows[:5])
            raise RunError(f"DOCUMENT must be one document, got {said}, which {len(rows)} answer to. Try {some}.")
    near = ", ".join(map(shortened, _nearest(documents, wanted)))
    hint = f"Try {near}." if near else "Try an id from documents.csv."
    raise RunError(f"DOCUMENT must be the id or title of a document of this run, got {said}. {hint}")


def probabilities(run: "Run", row: int) -> list[tuple[int, float]]:
    """Every cluster that a document has some probability in, and how much; the largest first."""
    stored = run.responsibilities[[row]]
    pairs = zip(stored.indices.tolist(), stored.data.tolist(), strict=True)
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def standing_out(found: Iterable["Candidate"]) -> list["Candidate"]:
    """The numbers of clusters that stand out, the most stable first."""
    return sorted((one for one in found if one.stands_out), key=lambda one: -one.stability)


def shown(value: float | None, digits: int = 2) -> str:
    """A number from 0 to 1 rounded for people; it reads 0 or 1 only when it is exactly that."""
    if value is None or value != value:
        return "-"
    if value in (0, 1):
        return str(int(value))
    least = 10.0**-digits
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return f"<{least:.{digits}f}" if value > 0 else f">-{least:.{digits}f}"
    return f">{1 - least:.{digits}f}" if float(text) == 1 and value < 1 else text


def one_line(text: Any) -> str:
    """A text as one line that can do nothing to a terminal."""
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", " ".join(str(text).split()))


def harmless(text: str) -> str:
    """A text of the same length, in its own lines, that can do nothing to a terminal."""
    return CONTROLS.sub(
        lambda found: {"\n": "\n", "\t": " ", "\r": " "}.get(found[0], "\N{REPLACEMENT CHARACTER}"), text
    )


def _not_counted(passage: str) -> str:
    return f"The passage that is not counted reads '{shortened(passage)}'."


def _nearest(documents: list["Assignment"], wanted: str) -> list[str]:
    key = wanted.casefold()
    holding = [d.id for d in documents if key and (key in d.id.casefold() or key in d.title.casefold())]
    if holding:
        return holding[:5]
    names = {name: d.id for d in documents for name in (d.title.casefold(), d.id.casefold())}
    return list(dict.fromkeys(names[name] for name in difflib.get_close_matches(key, names, n=5, cutoff=0.5)))
