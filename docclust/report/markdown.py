"""The report as Markdown, for a repository: the same facts as the page, without texts."""

import re
from typing import TYPE_CHECKING

from docclust.report import phrases, prose
from docclust.report.data import KINDS, of_kind, one_line, shown, summarise

if TYPE_CHECKING:
    from docclust.results import Ambiguous, Cluster, Run

KEYWORDS_SHOWN = 8
BAR = 20
# What Markdown or HTML in it could take for a mark.
MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$-])")


def render(run: "Run") -> str:
    """The report of a run as GitHub-flavoured Markdown."""
    most, told = run.settings.report.n_documents, summarise(run)
    lines = [f"# {escaped(told.name or 'docclust')}", "", f"{escaped(phrases.facts(told))}.", ""]
    lines += [f"> {escaped(warning)}\n" for warning in told.warnings]
    lines += ["## Clusters", "", *_clusters(run.clusters), ""]
    for kind in KINDS:
        if found := of_kind(run.ambiguous, kind, None):
            lines += [f"## {kind.capitalize()} documents", "", *_ambiguous(found[:most], kind), ""]
            if len(found) > most:
                lines += [f"{len(found) - most:,} more are listed in `ambiguous.json`.", ""]
    lines += ["## How good it is", "", "| figure | value | meaning |", "|---|---:|---|"]
    lines += [f"| {escaped(f.name)} | {escaped(f.value)} | {escaped(f.meaning)} |" for f in phrases.figures(told)]
    lines += ["", "## What was done", "", *(f"- {escaped(sentence)}" for sentence in prose.settings(run))]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """A text as one line in which nothing is a mark."""
    return MARKS.sub(r"\\\1", one_line(text))


def _clusters(clusters: list["Cluster"]) -> list[str]:
    largest = max((cluster.size for cluster in clusters), default=1) or 1
    rows = ["| cluster | documents | | keywords |", "|---:|---:|---|---|"]
    for cluster in clusters:
        words = ", ".join(escaped(keyword.word) for keyword in cluster.keywords[:KEYWORDS_SHOWN])
        bar = "█" * max(round(BAR * cluster.size / largest), 1 if cluster.size else 0)
        rows.append(f"| {cluster.id} | {cluster.size:,} | {bar} | {words} |")
    return rows


def _ambiguous(found: list["Ambiguous"], kind: str) -> list[str]:
    rows = [f"| document | {kind} | cluster | runner-up | why |", "|---|---:|---:|---:|---|"]
    for document in found:
        runner_up = "-"
        if document.runner_up is not None:
            runner_up = f"{document.runner_up} ({_number(document.runner_up_probability)})"
        rows.append(
            f"| {escaped(document.title or document.id)} | {_number(getattr(document, kind))} "
            f"| {document.cluster} ({_number(document.probability)}) | {runner_up} | {escaped(document.reason)} |"
        )
    return rows


def _number(value: float) -> str:
    return escaped(shown(value))
