"""The document, and what every reader does to make one: a clean text, a title, an id of its own."""

import hashlib
from collections import Counter
from dataclasses import dataclass

TITLE_LENGTH = 80


class Skipped(Counter[str]):
    """How much was passed over, by a reason in plain words, and of each reason the first names."""

    MOST_NAMES = 20

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, list[str]] = {}

    def add(self, reason: str, name: str) -> None:
        """Count one more."""
        self[reason] += 1
        names = self.names.setdefault(reason, [])
        if len(names) < self.MOST_NAMES:
            names.append(name)


@dataclass(frozen=True, slots=True)
class Document:
    """One text of a corpus.

    Attributes
    ----------
    id : str
        Unique in its corpus.
    title : str
        One line for people.
    text : str
        What is clustered; may be empty.
    label : str or None
        The class it is known to belong to. Only metrics look at it.
    title_from_text : bool
        The title is only the first words of the text.
    """

    id: str
    title: str
    text: str
    label: str | None = None
    title_from_text: bool = False


def titled(id: str, title: str, text: str, label: str | None) -> Document:
    """A document under its own title, or where it has none under the first words of its text."""
    return Document(id, title or first_words(text), text, label, title_from_text=not title)


def clean(text: str) -> str:
    """The text without NUL and without halves of surrogate pairs, so that it can be written as UTF-8."""
    text = text.replace("\0", " ")
    try:
        text.encode()
    except UnicodeEncodeError:
        # UTF-16 joins two halves that belong together; a half alone becomes U+FFFD.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def one_line(text: str) -> str:
    """The text with every run of white space folded into one blank."""
    return " ".join(text.split())


def first_words(text: str) -> str:
    """The beginning of a text as a title of at most 80 characters, cut between two words where there are two."""
    start = one_line(text.lstrip()[: 5 * TITLE_LENGTH])
    if len(start) <= TITLE_LENGTH:
        return start
    return start[:TITLE_LENGTH].rsplit(" ", 1)[0][: TITLE_LENGTH - 1] + "…"


def content_hash(*parts: str) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of the parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def numbered(name: str, seen: Counter[str]) -> str:
    """The name itself the first time; then with "-2", "-3" after it."""
    seen[name] += 1
    return name if seen[name] == 1 else f"{name}-{seen[name]}"
