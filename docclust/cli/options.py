"""Arguments that several commands take, and how they list things."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How a list is printed."""

    table = "table"
    json = "json"
    csv = "csv"


class OneFormat(StrEnum):
    """How one thing is printed."""

    text = "text"
    json = "json"


class Kind(StrEnum):
    """What a document is ambiguous for."""

    mixed = "mixed"
    unclear = "unclear"
    atypical = "atypical"


ListFormat = Annotated[
    Format | None,
    typer.Option("--format", help="How to print: a table on a terminal, else JSON.", show_default=False),
]
ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="A TOML file.", show_default=False)]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="A folder that docclust run has made.", show_default=False)
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Use another value. May be repeated. Paths are relative to the config's folder.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def listed_as(wanted: Format | None) -> Format:
    """How a list is printed: as wanted, else a table on a terminal and JSON to a pipe."""
    return wanted or (Format.table if sys.stdout.isatty() else Format.json)
