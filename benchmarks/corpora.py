"""What the benchmarks share besides the methods: labelled corpora as rows, lines of results, tables in the README.

The corpora are in a folder that the caller names (corpora/README.md tells what it must hold), except the titles, which
are made here from AG News, the small ones, which are one document in so many of others, those with copies, and any JSON
lines that the caller adds. No text is written anywhere.
"""

import argparse
import itertools
import json
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from docclust import config, corpus, pipeline
from docclust.config import VectorsSettings
from docclust.corpus import Document
from docclust.vectors import Vectors, vectorise

VECTORS = VectorsSettings()
README = Path(__file__).parent / "README.md"
ROOT = Path(__file__).parent.parent
# Of a corpus with copies one document in so many stands there so many times.
COPIED, TIMES = 50, 20
Line = dict[str, Any]


def first_sentence(text: str) -> str:
    """The text up to the first full stop, question or exclamation mark that white space follows."""
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]


def eight_words(text: str) -> str:
    """The first eight words of the text."""
    return " ".join(text.split()[:8])


def _table(name: str) -> dict[str, Any]:
    return {"source": "jsonl", "path": f"{name}.jsonl.gz"}


def _newsgroups(*remove: str) -> dict[str, Any]:
    return {"source": "20newsgroups", "data_home": "scikit_learn_data", "remove": list(remove)}


class Source(NamedTuple):
    """The section [corpus] that reads a corpus, with paths below the folder, and what is kept of it.

    text : what of a text; every : one document in so many; copies : whether some stand there many times
    """

    section: dict[str, Any]
    text: Callable[[str], str] = str
    every: int = 1
    copies: bool = False


SOURCES = {
    "bbc": Source(_table("bbc")),
    "reuters_r8": Source(_table("reuters_r8")),
    "reuters_r52": Source(_table("reuters_r52")),
    "ag_news": Source(_table("ag_news")),
    "ag_news_first_sentence": Source(_table("ag_news"), first_sentence),
    "ag_news_eight_words": Source(_table("ag_news"), eight_words),
    "20newsgroups_stripped": Source(_newsgroups("headers", "footers", "quotes")),
    "20newsgroups": Source(_newsgroups()),
    "bbc_fourth": Source(_table("bbc"), every=4),
    "ag_news_fifth": Source(_table("ag_news"), every=5),
    "20newsgroups_thirtieth": Source(_newsgroups("headers", "footers", "quotes"), every=30),
    "bbc_copies": Source(_table("bbc"), copies=True),
    "ag_news_copies": Source(_table("ag_news"), copies=True),
}


@dataclass(frozen=True)
class Rows:
    """A corpus as every method sees it: the same documents in the same order, the same matrix.

    counts, X : (n, v) CSR; word counts and TF-IDF, by docclust's vectors stage with its defaults
    labels : (n,) the class of each document
    texts : n str
    k : clusters asked for
    """

    name: str
    counts: sp.csr_array
    X: sp.csr_array
    labels: np.ndarray
    texts: list[str]
    k: int
    vectors: Vectors

    @property
    def matrix(self) -> str:
        """What tells one matrix from another: its shape and its non-zeros."""
        n, v = self.X.shape
        return f"{n:,} documents, {v:,} words, {self.X.nnz:,} non-zeros"


def read(name: str, folder: Path) -> Iterable[Document]:
    """The documents of one of `SOURCES`, read from `folder`."""
    source = SOURCES[name]
    below = {key: str(folder / value) for key, value in source.section.items() if key in ("path", "data_home")}
    documents = corpus.read(config.parse({"corpus": source.section | below}).corpus, corpus.Skipped())
    kept = itertools.islice(documents, 0, None, source.every)
    for place, document in enumerate(kept):
        for copy in range(TIMES if source.copies and place % COPIED == 0 else 1):
            name = f"{document.id}, {copy}" if copy else document.id
            yield replace(document, id=name, text=source.text(document.text))


def load(name: str, folder: Path) -> Rows:
    """The same as rows."""
    return rows(name, read(name, folder))


def load_jsonl(path: Path, clusters: int | None) -> Rows:
    """A corpus of the caller's: objects with `text` and `label`, one a line."""
    settings = config.parse({"corpus": {"source": "jsonl", "path": str(path)}}).corpus
    return rows(path.name.removesuffix(".gz").removesuffix(".jsonl"), corpus.read(settings, corpus.Skipped()), clusters)


def rows(name: str, documents: Iterable[Document], clusters: int | None = None) -> Rows:
    """Documents that have a label -> rows; as many clusters as classes unless told."""
    documents = [document for document in documents if document.label is not None]
    kept, vectors = vectorise(documents, VECTORS)
    texts = [documents[position].text for position in kept.positions]
    labels = np.array(kept.labels)
    return Rows(name, vectors.counts, vectors.weights, labels, texts, clusters or np.unique(labels).size, vectors)


def arguments(description: str, results: str, methods: dict[str, Any], corpora: list[str]) -> argparse.ArgumentParser:
    """The command line that both benchmarks have."""
    parser = argparse.ArgumentParser(description=description)
    known = f"known: {', '.join(methods)}"
    names = lambda text: [name for name in text.split(",") if name]  # noqa: E731
    parser.add_argument("folder", nargs="?", type=Path, help="folder of labelled corpora; without it only tables")
    parser.add_argument("--corpora", type=names, default=corpora, help=f"default: {','.join(corpora)}")
    parser.add_argument("--jsonl", type=Path, help="a corpus of your own: a text and a label a line")
    parser.add_argument("--clusters", type=int, help="clusters for --jsonl; default: as many as it has classes")
    parser.add_argument("--methods", type=names, help=f"only these; {known}")
    parser.add_argument("--without", type=names, default=[], help="not these; the table says that they were not run")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="for every method; default: all cores")
    parser.add_argument("--results", type=Path, default=ROOT / "runs" / "benchmarks" / results, help="JSON lines")
    parser.add_argument("--continue", dest="proceed", action="store_true", help="keep the results, add what is missing")
    parser.add_argument("--again", type=names, default=[], help="with --continue: run these although there are results")
    parser.add_argument(
        "--table", nargs="?", type=Path, const=README, help="write the tables into benchmarks/README.md"
    )
    return parser


def chosen(args: argparse.Namespace, methods: dict[str, Any]) -> dict[str, Any]:
    """Those of `methods` that the command line leaves."""
    named = methods if args.methods is None else args.methods
    return {name: method for name, method in methods.items() if name in named and name not in args.without}


def asked(args: argparse.Namespace) -> Iterable[Rows]:
    """The corpora that the command line names, one at a time."""
    if args.jsonl:
        yield load_jsonl(args.jsonl, args.clusters)
    for name in args.corpora if args.folder else []:
        yield load(name, args.folder)


def check(args: argparse.Namespace, methods: dict[str, Any]) -> None:
    """Exit with a plain reason where the command line asks for something that is not there."""
    for kind, names, known in (
        ("method", [*(args.methods or []), *args.without, *args.again], methods),
        ("corpus", args.corpora, SOURCES),
    ):
        for name in names:
            if name not in known:
                sys.exit(f"{kind} must be one of {', '.join(known)}, got {name}.")
    if (args.folder or args.jsonl) and args.results.exists() and not args.proceed:
        sys.exit(f"--results must be a new file, got {args.results}. Try --continue, or remove it.")


class Results:
    """Lines of results in a file, one for every (table, corpus, method, seed), appended as they come."""

    def __init__(self, path: Path, again: list[str], threads: int):
        self.path, self.again, self.threads = path, set(again), threads
        self.run = ""
        self.lines: list[Line] = []
        if path.exists():
            self.lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]

    def missing(self, table: str, rows: Rows, method: str, seeds: int) -> list[int]:
        """The seeds that have no result on this matrix yet."""
        if method in self.again:
            return list(range(seeds))
        return sorted(set(range(seeds)) - {line["seed"] for line in self.of(table, rows.name, method, rows.matrix)})

    def add(self, table: str, rows: Rows, method: str, seed: int, found: Line) -> None:
        """Append one line, and before the first one of a process who computed it."""
        if not self.run:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.run = time.strftime("%Y-%m-%d %H:%M:%S")
            self._write({"run": self.run, "machine": machine(self.threads)})
        key = {"table": table, "corpus": rows.name, "method": method, "seed": seed}
        self._write({**key, "run": self.run, "matrix": rows.matrix, "k": rows.k, **found})
        shown = [f"{name} {value:.4g}" for name, value in found.items() if isinstance(value, (float, int))]
        print(*key.values(), found.get("error", ", ".join(shown)), flush=True)

    def of(self, table: str, corpus: str | None = None, method: str | None = None, matrix: str = "") -> list[Line]:
        """The latest line of every seed; of the latest matrix of each corpus, or of the one given."""
        lines = [line for line in self.lines if line.get("table") == table and corpus in (None, line["corpus"])]
        latest = {line["corpus"]: matrix or line["matrix"] for line in lines}
        lines = [line for line in lines if line["matrix"] == latest[line["corpus"]]]
        last = {(line["corpus"], line["method"], line["seed"]): line for line in lines if "error" not in line}
        return [line for (_, name, _), line in last.items() if method in (None, name)]

    def machines(self, *tables: str) -> str:
        """Where, with what and when the lines of some tables were computed, one paragraph for each machine."""
        used = {line["run"] for table in tables for line in self.of(table)}
        days: dict[str, list[str]] = {}
        for line in self.lines:
            if "machine" in line and line["run"] in used:
                days.setdefault(line["machine"], []).append(line["run"][:10])
        return "\n\n".join(f"{where} {' to '.join(sorted({min(d), max(d)}))}." for where, d in days.items())

    def _write(self, line: Line) -> None:
        self.lines.append(line)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def machine(threads: int) -> str:
    """Processor, cores, memory, and versions of what the figures depend on."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        named = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
        cpu = named[1] if named else cpu
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    versions = ", ".join(f"{name} {version}" for name, version in pipeline.versions().items())
    return f"{cpu}, {os.cpu_count()} cores, {threads} used, {memory:.0f} GiB; {versions};"


def markdown(header: list[str], body: list[list[str]]) -> str:
    """A table, its first column to the left and the others to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values: list[float], digits: int = 3) -> str:
    """Mean, and least and greatest where there are several."""
    if not values:
        return "not run"
    mean, low, high = (f"{value:.{digits}f}" for value in (np.mean(values), min(values), max(values)))
    return mean if low == high else f"{mean} ({low} to {high})"


def publish(section: str, text: str, readme: Path | None) -> None:
    """Print tables, and write them between the markers of their section if a file is given."""
    print(f"\n{text}\n")
    if readme:
        begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
        before, found, rest = readme.read_text("utf-8").partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            sys.exit(f"{readme} must have the lines {begin} and {end}. Try to add them where the tables belong.")
        readme.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")
