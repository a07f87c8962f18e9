"""Dictionaries, glosses and theorems in packages."""

import gzip
import re
from pathlib import Path

from readers.texts import Texts


def foldoc(root: Path) -> Texts:
    """Entries of a dictionary of computing, by subject."""
    for entry in re.split(r"\n(?=\S)", _dictionary(root, "foldoc")):
        if subject := re.search(r"^\s+(?:\d\. )?<([a-z][^>,]{2,30})", entry, re.MULTILINE):
            yield re.sub(r"<[^>]*>", "", entry), subject[1]


def gcide(root: Path) -> Texts:
    """Senses of a dictionary of English, by field."""
    sense = r"\(([A-Z][a-z]+\.?(?: [A-Z&a-z]+\.?)?)\) ([A-Z][^\[]{20,800}?)(?=\n\s*\[|\n\n|\n   \d)"
    for field, text in re.findall(sense, _dictionary(root, "gcide")):
        yield text, field


def _dictionary(root: Path, name: str) -> str:
    with gzip.open(root / f"usr/share/dictd/{name}.dict.dz", "rt", encoding="utf-8", errors="replace") as file:
        return re.sub("[{}]", "", file.read())


def wordnet(root: Path) -> Texts:
    """Words and glosses of WordNet, by file of its lexicographers."""
    for part in ("noun", "verb", "adj", "adv"):
        yield from _glosses(root, part)


def wordnet_nouns(root: Path) -> Texts:
    """The nouns of WordNet alone."""
    return _glosses(root, "noun")


def wordnet_verbs(root: Path) -> Texts:
    """The verbs of WordNet alone."""
    return _glosses(root, "verb")


def _glosses(root: Path, part: str) -> Texts:
    for line in (root / f"usr/share/wordnet/data.{part}").read_text("utf-8").splitlines():
        if not line.startswith(" "):
            fields, gloss = line.split(" | ", 1)
            _, file, _, many, *rest = fields.split()
            words = [word.replace("_", " ") for word in rest[: 2 * int(many, 16) : 2]]
            yield f"{', '.join(words)}: {gloss.strip()}", file


def metamath(root: Path) -> Texts:
    """What theorems of Metamath say, by part of the collection."""
    text, part = (root / "usr/share/metamath/databases/set.mm").read_text("utf-8"), ""
    for comment, kind in re.findall(r"\$\(\s(.*?)\s\$\)(?:\s*[^\s$]+ \$([ap]) )?", text, re.DOTALL):
        if heading := re.search(r"^#{20,}\n(.*)\n#{20}", comment, re.MULTILINE):
            part = heading[1].strip()
        elif kind and part:
            said = re.sub(r"\((?:Contributed|Revised|Proof|New usage)[^)]*\)", "", comment)
            yield re.sub(r"`[^`]*`", " ", said), part
