"""Several numbers of clusters, compared on the terminal or in a pipe."""

from dataclasses import asdict, fields
from typing import Annotated

import typer

from docclust.cli import output, progress
from docclust.cli.options import Changes, ConfigFile, Format, ListFormat, Quiet, listed_as
from docclust.report import data
from docclust.results import Candidate


def sweep(
    config: ConfigFile,
    clusters: Annotated[
        str,
        typer.Option(
            "--clusters",
            metavar="NUMBERS",
            help="Such as 5,10,20 or 2-50; of a long range some 20, in steps of equal ratio. [default: 2-30]",
            show_default=False,
        ),
    ] = "",
    changes: Changes = None,
    format: ListFormat = None,
    quiet: Quiet = False,
) -> None:
    """Try several numbers of clusters, and print how stable each is: where starts find the same clusters, and more."""
    from docclust import config as configs

    settings = configs.load(config, changes or [])
    with progress.shown(quiet) as told:
        told("start", 0, 0)
        from docclust import engine, sweeping

        engine.return_memory()
        wanted, found = sweeping.numbers(clusters) if clusters else [], []
        for candidate in sweeping.sweep(settings, wanted, told):
            told.note(f"{candidate.n_components} clusters: stability {data.shown(candidate.stability)}")
            found.append(candidate)
    found = sweeping.marked(found)
    match listed_as(format):
        case Format.table:
            from docclust.report import text

            output.lines(text.candidates(found, output.console().width))
        case Format.json:
            output.write_json([asdict(candidate) for candidate in found])
        case Format.csv:
            columns = [field.name for field in fields(Candidate) if field.name != "clusters"]
            output.write_csv(columns, ([getattr(candidate, name) for name in columns] for candidate in found))
    if not quiet:
        best = data.standing_out(found)[0].n_components
        output.tell(f"next: docclust run {config} --set mixture.n_components={best}")
