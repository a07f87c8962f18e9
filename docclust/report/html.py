"""A finished run as one HTML file that needs no network and lets nothing of the corpus run.

Scripts and styles are files beside the template, put into the page; a Content-Security-Policy names their hashes, and
allows nothing else. Data go in as JSON that cannot end its element.
"""

import base64
import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import docclust
from docclust.report import phrases, prose
from docclust.report.data import KINDS, summarise, without_texts
from docclust.report.page import Page, page
from docclust.store import plain
from docclust.store.files import reading

if TYPE_CHECKING:
    from docclust.report.texts import Texts
    from docclust.results import Run

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = (
    "unpack",
    "elements",
    "filters",
    "reader",
    "clusters",
    "gestures",
    "plane",
    "map",
    "iterations",
    "ambiguous",
    "documents",
    "main",
)
KEYWORDS_SHOWN = 6
# What would end a script element, begin a comment in it, or a line that JSON allows and JavaScript did not.
ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def render(run: "Run", texts: "Texts | None") -> str:
    """The report of a run as HTML; `texts` None leaves every text out, and the titles that are from one."""
    style, script = _style(), _script()
    run = without_texts(run) if texts is None else run
    held, told = page(run, texts), summarise(run)
    return (
        _environment()
        .get_template("report.html")
        .render(
            name=run.settings.name or "docclust",
            version=docclust.__version__,
            policy=policy(style, script),
            style=Markup(style),
            script=Markup(script),
            data=_data(held),
            facts=phrases.facts(told),
            warnings=told.warnings,
            tiles=_tiles(run),
            clusters=_sizes(run),
            figures=[asdict(figure) for figure in phrases.figures(told)],
            reliability=[asdict(group) for group in run.reliability],
            settings=prose.settings(run),
            below=f"{run.settings.ambiguity.undecided_below:g}",
            balance=f"{run.settings.keywords.balance:g}",
            text_note=held.meta["text_note"],
            part=held.part,
        )
    )


def holds_texts(path: Path) -> bool:
    """Whether a page that was written before, if there is one, holds texts."""
    if not path.exists():
        return False
    with reading(path):
        return 'id="data-texts"' in path.read_text("utf-8", errors="replace")


def policy(style: str, script: str) -> str:
    """A Content-Security-Policy under which nothing is loaded, and only this style and this script apply."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def embedded(value: Any) -> Markup:
    """Plain data as JSON that is safe inside of a script element."""
    return Markup(json.dumps(plain(value), ensure_ascii=False, allow_nan=False).translate(ESCAPES))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    # A half of a surrogate pair, which UTF-8 cannot spell, must not end the report.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    return environment


@cache
def _style() -> str:
    return (TEMPLATES / "report.css").read_text("utf-8")


@cache
def _script() -> str:
    parts = [(TEMPLATES / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def _data(held: Page) -> dict[str, Any]:
    return {
        "meta": embedded(held.meta),
        "lists": embedded(held.lists),
        "numbers": embedded(held.numbers),
        "texts": embedded(held.texts) if held.texts else None,
    }


def _tiles(run: "Run") -> list[dict[str, str]]:
    kinds = {kind: sum(kind in found.kinds for found in run.ambiguous) for kind in KINDS}
    said = {
        "mixed": "each combines two clusters",
        "unclear": "they could belong to several clusters",
        "atypical": "they fit no cluster well",
    }
    tiles = [
        {"part": "clusters", "count": f"{len(run.clusters):,}", "said": "clusters with their keywords"},
        {"part": "documents", "count": f"{len(run.documents):,}", "said": "documents with their probabilities"},
    ]
    return tiles + [
        {"part": "ambiguous", "kind": kind, "count": f"{kinds[kind]:,}", "said": f"listed as {kind}: {said[kind]}"}
        for kind in KINDS
    ]


def _sizes(run: "Run") -> list[dict[str, Any]]:
    largest = max((cluster.size for cluster in run.clusters), default=1) or 1
    return [
        {
            "id": cluster.id,
            "words": [keyword.word for keyword in cluster.keywords[:KEYWORDS_SHOWN]],
            "share": cluster.size / largest,
            "size": f"{cluster.size:,}",
        }
        for cluster in run.clusters
    ]
