"""The commands and their exit codes.

Exit codes: 0 done, 1 a bug, 2 what the user can mend (one line on stderr), 130 interrupted.
Heavy imports are inside the commands, so that ``--help`` and a mistyped option answer at once.
"""

from collections.abc import Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docclust import __version__
from docclust.cli import output, progress, reporting, streams, sweeping
from docclust.cli.options import Changes, ConfigFile, Format, Kind, ListFormat, OneFormat, Quiet, RunFolder, listed_as
from docclust.errors import DocclustError, SettingError, shortened
from docclust.report import data
from docclust.results import Placed, counted

if TYPE_CHECKING:
    from rich.text import Text

    from docclust.report.texts import Texts
    from docclust.results import Ambiguous, Run

app = typer.Typer(
    name="docclust",
    help="Cluster a text corpus, read the keywords of every cluster, and find the documents between clusters.",
    epilog="Example: docclust run configs/six_topics.toml --force",
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        output.write(f"docclust {__version__}\n")
        raise typer.Exit


@app.callback()
def _docclust(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        output.write(f"{context.get_help()}\n")
        raise typer.Exit(2)


@app.command(epilog="Example: docclust run configs/six_topics.toml --set mixture.n_components=6 --force")
def run(
    config: ConfigFile,
    changes: Changes = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Where to write. [default: runs/NAME; NAME is `name` in the config, else its file name]",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is there.")] = False,
    quiet: Quiet = False,
) -> None:
    """Cluster a corpus as a config file says, write the run folder, and print its report."""
    from docclust import config as configs

    settings = configs.load(config, changes or [])
    folder = out or Path("runs") / settings.name
    with progress.shown(quiet) as told:
        told("start", 0, 0)
        from docclust import engine, pipeline, store

        engine.return_memory()
        store.check_folder(folder, force)
        found = pipeline.run(settings, told)
        page = None
        if settings.report.html:
            told("report", 0, 0)
            page = reporting.html(found, with_text=settings.report.text, compare=False)
        told("write", 0, 0)
        store.write_run(found, folder, force, page)
    try:
        output.lines(reporting.lines(found))
    finally:
        if not quiet:
            output.tell(f"written to {folder}. Next: docclust ambiguous {folder}")


app.command(epilog="Example: docclust sweep configs/six_topics.toml --clusters 4-8")(sweeping.sweep)


@app.command(epilog="Example: docclust keywords runs/six_topics --top 5 --mixed --format table")
def keywords(
    folder: RunFolder,
    format: ListFormat = None,
    top: Annotated[int | None, typer.Option(min=1, help="Keywords of each cluster.", show_default="all")] = None,
    mixed: Annotated[bool, typer.Option("--mixed", help="With the documents that mix it with another.")] = False,
) -> None:
    """Print the keywords of every cluster, and how many documents in and outside of it hold each."""
    from docclust import store

    store.load_manifest(folder)
    clusters = data.with_keywords(store.load_clusters(folder), top)
    match listed_as(format):
        case Format.table:
            from docclust.report import text

            output.lines(text.clusters(clusters, output.console().width, mixed=mixed, holders=True))
        case Format.json:
            objects = store.plain(clusters)
            for cluster in objects:
                if not mixed:
                    del cluster["mixed"]
            output.write_json(objects)
        case Format.csv:
            if mixed:
                raise SettingError("--format must be table or json with --mixed, got csv. Try docclust ambiguous RUN.")
            columns = ("cluster", "size", "rank", "word", "weight", "lift", "documents_in", "documents_out")
            output.write_csv(
                columns,
                (
                    (c.id, c.size, rank, k.word, k.weight, k.lift, k.documents_in, k.documents_out)
                    for c in clusters
                    for rank, k in enumerate(c.keywords, start=1)
                ),
            )


@app.command(epilog="Example: docclust ambiguous runs/six_topics --kind mixed --top 10")
def ambiguous(
    folder: RunFolder,
    kind: Annotated[
        Kind | None,
        typer.Option(
            help="Only these: two clusters each explain part of it (mixed), too little evidence (unclear), "
            "no cluster explains it (atypical).",
            show_default=False,
        ),
    ] = None,
    format: ListFormat = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many documents; taken from the three kinds in turn unless --kind is given.",
            show_default="all",
        ),
    ] = None,
) -> None:
    """Print the documents that do not sit in one cluster, and why."""
    from docclust import store

    store.load_manifest(folder)
    documents = data.of_kind(store.load_ambiguous(folder), kind and kind.value, top)
    match listed_as(format):
        case Format.table:
            from docclust.report import text

            output.lines(text.ambiguous(documents, output.console().width) or ["No document is listed for this."])
        case Format.json:
            output.write_json(store.plain(documents))
        case Format.csv:
            numbers = ("cluster", "probability", "runner_up", "runner_up_probability", *data.KINDS)
            columns = ("id", "title", *numbers, "kinds", "reason")
            output.write_csv(
                columns,
                (
                    (d.id, d.title, *(getattr(d, name) for name in numbers), " ".join(d.kinds), d.reason)
                    for d in documents
                ),
            )


@app.command(epilog="Example: docclust show runs/six_topics mixed-03")
def show(
    folder: RunFolder,
    document: Annotated[
        str,
        typer.Argument(metavar="DOCUMENT", help="Its id, the beginning of its id, or its title.", show_default=False),
    ],
    format: Annotated[OneFormat, typer.Option("--format", help="How to print.")] = OneFormat.text,
) -> None:
    """Print all that is known of one document, and its text with the words that pull it each way."""
    from docclust import pipeline, store
    from docclust.report import text, texts

    found = store.load_run(folder)
    row = data.find(found.documents, document, found.manifest.get("empty", []))
    known, every = pipeline.explain(found, row), data.probabilities(found, row)
    read = texts.read(found, [row], longest=None)
    if format is OneFormat.json:
        if read.problem:
            output.tell(f"the text of {shortened(known.id)} cannot be read again: {read.problem}")
        held, changed = (None, None) if read.problem else (read.texts[0], bool(read.changed))
        shares = [{"cluster": cluster, "probability": probability} for cluster, probability in every]
        output.write_json({**store.plain(known), "probabilities": shares, "text": held, "text_changed": changed})
        return
    width = output.console().width
    about = text.document(known, found.documents[row], found.clusters, width, every[2:])
    output.lines([*about, "", *_text(found, known, read, width)])


@app.command(epilog="Example: docclust assign runs/six_topics corpora/six_topics.jsonl --top 3")
def assign(
    folder: RunFolder,
    documents: Annotated[
        Path,
        typer.Argument(
            metavar="DOCUMENTS",
            help="A file or folder, read as that of the run was if of its kind.",
            show_default=False,
        ),
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="corpus.KEY=VALUE",
            help="How to read them, where it is another way. May be repeated.",
            show_default=False,
        ),
    ] = None,
    format: ListFormat = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only so many, the first.", show_default="all")] = None,
    quiet: Quiet = False,
) -> None:
    """Print to which cluster of a run new documents belong, and how probably."""
    from docclust import config, store

    found = store.load_run(folder)
    settings = config.other_documents(found.settings, documents, changes or [])
    with progress.shown(quiet) as told:
        told("assign", 0, 0)
        from docclust import assigning, corpus, remarks

        skipped = corpus.Skipped()
        read = islice(corpus.read(settings, skipped), top)
        placed = list(assigning.place(found, read, lambda done: told("assign", done, 0)))
    for sentence in remarks.passed_over(skipped):
        output.tell(sentence)
    if unknown := sum(not document.known_words for document in placed):
        output.tell(
            f"{counted(unknown, 'document')} without a word that the run knows: only sizes of clusters speak there."
        )
    match listed_as(format):
        case Format.table:
            from docclust.report import text

            output.lines(text.placed(placed, output.console().width))
        case Format.json:
            output.write_json(store.plain(placed))
        case Format.csv:
            columns = [field.name for field in fields(Placed)]
            output.write_csv(columns, ([getattr(d, name) for name in columns] for d in placed))


app.command(epilog="Example: docclust report runs/six_topics --format html")(reporting.report)
app.command(epilog="Example: docclust plot runs/six_topics map --out map.svg")(reporting.plot)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    with streams.guarded():
        try:
            code = app(arguments, standalone_mode=False)
        except DocclustError as error:
            output.tell(str(error))
            raise SystemExit(2) from None
        except MemoryError:
            output.tell(
                "there is not enough memory. Try a part of the corpus, fewer clusters, or [vectors] max_features."
            )
            raise SystemExit(2) from None
        except Exception as error:
            if not hasattr(error, "format_message"):  # as only what the parser refuses has
                raise
            output.tell(_refusal(error))
            raise SystemExit(2) from None
        if code == 130:
            output.tell("interrupted.")
        raise SystemExit(code or 0)


def _refusal(error: Any) -> str:
    """What the parser of the command line says in four lines, in one."""
    said = error.format_message().replace("Value error, ", "").rstrip()
    context = getattr(error, "ctx", None)
    return f"{said}{'' if said[-1:] in '.?' else '.'} Try {context.command_path if context else 'docclust'} --help."


def _text(found: "Run", known: "Ambiguous", read: "Texts", width: int) -> Iterator["Text"]:
    """The document's own text as it was read again, what pulls in it marked, or why there is none."""
    from docclust.report import text, texts

    plain = not output.console().is_terminal
    if read.problem:
        yield from text.body(f"Its text cannot be read again: {data.one_line(read.problem)}", width, plain=plain)
        return
    whole = read.texts[0]
    shown = texts.shorten(whole, texts.LONGEST)
    if read.changed:
        said = "Its text has changed since the run: what is said above is of the former one, and this one has no marks."
        yield from text.body(f"{said}\n\n{shown}", width, plain=plain)
    else:
        tokens = texts.vocabulary_of(found).tokens(shown)
        pair = [pull.cluster for pull in known.pulls]
        words = texts.pulling(found, tokens, known)
        passages = texts.pulling_passages(found, tokens, known)
        if passages:
            names = [found.clusters[k].name for k in pair]
            yield from [*text.legend(pair, names, width, plain=plain), *text.body("", width, plain=plain)]
        yield from text.body(shown, width, words, passages, pair, plain=plain)
    if len(shown) < len(whole):
        left = f"\n{len(whole) - len(shown):,} more characters are left out here. Try --format json for all of it."
        yield from text.body(left, width, plain=plain)
