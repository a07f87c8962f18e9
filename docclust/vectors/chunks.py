"""Documents -> chunks: everything of them that is kept, with each token a number. Texts are read once and let go.

A chunk can be read anywhere and merged with others; what comes after sees one chunk.
"""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b, sha256

import numpy as np

from docclust.corpus.document import Document
from docclust.vectors.tokens import Tokenizer

PROGRESS_EVERY = 100


@dataclass(frozen=True)
class Chunk:
    """What is kept of some documents, in the order they were read: four bytes a token, and each distinct token once.

    ids, titles, labels : as in `Document`
    hashes : sha256 of title, a zero byte and text, in hex
    texts : a digest of each text alone
    tokens : the distinct tokens
    numbers : (t,) intc; the tokens of all documents one after the other, as places in `tokens`
    lengths : (n,) int64; how many tokens each document has
    """

    ids: list[str]
    titles: list[str]
    labels: list[str | None]
    hashes: list[str]
    texts: list[bytes]
    tokens: list[str]
    numbers: np.ndarray
    lengths: np.ndarray


class _Numbering(dict):
    """Numbers tokens from 0 as they are first looked up."""

    def __missing__(self, token: str) -> int:
        self[token] = number = len(self)
        return number


def read(documents: Iterable[Document], tokenizer: Tokenizer, progress: Callable[[int], object] | None = None) -> Chunk:
    """Read documents in one pass, one text in memory at a time; `progress` is told how many have been read so far."""
    ids, titles, labels, hashes, texts = [], [], [], [], []
    numbers, lengths = array("i"), array("q")
    numbering = _Numbering()
    number = numbering.__getitem__
    for document in documents:
        before = len(numbers)
        numbers.fromlist(list(map(number, tokenizer(document.text))))
        lengths.append(len(numbers) - before)
        ids.append(document.id)
        titles.append(document.title)
        labels.append(document.label)
        # Half a surrogate pair is no text, but JSON can spell it.
        text = document.text.encode("utf-8", "surrogatepass")
        hashes.append(sha256(document.title.encode("utf-8", "surrogatepass") + b"\0" + text).hexdigest())
        texts.append(blake2b(text, digest_size=16).digest())
        if progress and len(ids) % PROGRESS_EVERY == 0:
            progress(len(ids))
    if progress:
        progress(len(ids))
    return Chunk(ids, titles, labels, hashes, texts, list(numbering), np.asarray(numbers), np.asarray(lengths))


def merge(chunks: list[Chunk]) -> Chunk:
    """One chunk of several, as if their documents had been read one after the other."""
    numbering = _Numbering()
    numbers = []
    for chunk in chunks:
        renumbered = np.array([numbering[token] for token in chunk.tokens], dtype=np.intc)
        numbers.append(renumbered[chunk.numbers])
    return Chunk(
        *([item for chunk in chunks for item in getattr(chunk, name)] for name in _LISTS),
        tokens=list(numbering),
        numbers=np.concatenate(numbers),
        lengths=np.concatenate([chunk.lengths for chunk in chunks]),
    )


_LISTS = ("ids", "titles", "labels", "hashes", "texts")
