"""The report of a finished run in all its forms: printed, as a page, as pictures."""

import webbrowser
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docclust.cli import output
from docclust.cli.options import RunFolder
from docclust.errors import RunError, SettingError
from docclust.report import data

if TYPE_CHECKING:
    from rich.text import Text

    from docclust.results import Run


class ReportFormat(StrEnum):
    """What a report is made as."""

    text = "text"
    html = "html"
    md = "md"
    json = "json"


class Plot(StrEnum):
    """Which picture."""

    map = "map"
    ellipses = "ellipses"
    convergence = "convergence"
    reliability = "reliability"


def report(
    folder: RunFolder,
    format: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            help="Print it as text, Markdown or JSON, or write report.html into the run folder (html). "
            "[default: text; html with --open or --no-text]",
            show_default=False,
        ),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open report.html in a browser.")] = False,
    no_text: Annotated[
        bool,
        typer.Option(
            "--no-text", help="Leave every text out of report.html, and titles that are a text's first words."
        ),
    ] = False,
) -> None:
    """Print the report of a run again, or write its page."""
    from docclust import store

    chosen = format or (ReportFormat.html if open_it or no_text else ReportFormat.text)
    if chosen is not ReportFormat.html and (open_it or no_text):
        option = "--open" if open_it else "--no-text"
        raise SettingError(f"--format must be html with {option}, got {chosen.value}. Try without {option}.")
    found = store.load_run(folder)
    match chosen:
        case ReportFormat.text:
            output.lines(lines(found))
        case ReportFormat.json:
            output.write_json(store.plain(data.summarise(found)))
        case ReportFormat.md:
            from docclust.report import markdown

            output.write(markdown.render(found))
        case ReportFormat.html:
            from docclust.report.html import holds_texts

            with_text = found.settings.report.text and not no_text
            before = folder / store.REPORT
            had_none = before.exists() and not holds_texts(before)
            path = store.write_report(folder, html(found, with_text=with_text, before=before))
            if had_none and holds_texts(path):
                output.tell("the page had no texts and has them now. Try --no-text to leave them out.")
            output.write(f"{path}\n")
            if open_it and not webbrowser.open(path.resolve().as_uri()):
                output.tell("no browser could be started. Open the file by hand.")


def plot(
    folder: RunFolder,
    name: Annotated[Plot, typer.Argument(metavar="NAME", help="map, ellipses, convergence or reliability.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="An .svg, .png or .pdf file. [default: NAME.svg]", show_default=False
        ),
    ] = None,
) -> None:
    """Draw a picture of a run: its map, its ellipses by iteration, its convergence, or how reliable it is."""
    from docclust import store

    try:
        from docclust.report import plots
    except ImportError:
        raise SettingError('docclust plot needs the extra: pip install "docclust[plot]".') from None
    path = out or Path(f"{name.value}.svg")
    plots.draw(store.load_run(folder), name.value, path)
    output.write(f"{path}\n")


def lines(found: "Run") -> list["Text"]:
    """The report as lines for the terminal."""
    from docclust.report import text

    return text.summary(data.summarise(found), output.console().width)


def html(found: "Run", *, with_text: bool, compare: bool = True, before: Path | None = None) -> str:
    """The report as a page, with the texts of the corpus where it is still there; what is missing is told.

    Parameters
    ----------
    compare : bool
        As in `texts.read`.
    before : Path, optional
        The page that this one is to replace.

    Raises
    ------
    RunError
        The page before has texts, and this one would have none of those that it should have.
    """
    from docclust.report import html, texts

    if not with_text:
        return html.render(found, None)
    read = texts.read(found, compare=compare)
    why = read.problem and read.problem.rstrip(".")
    if why and before and html.holds_texts(before):
        raise RunError(
            f"{before}: must keep its texts, which cannot be read again ({why}). Try --no-text to write it without."
        )
    if why:
        output.tell(f"the texts cannot be read again ({why}); the page is written without them.")
    for sentence in texts.differences(read):
        output.tell(sentence)
    return html.render(found, read)
