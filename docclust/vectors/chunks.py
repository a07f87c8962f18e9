"""Documents -> chunks: everything of them that is kept, with each token a number. Texts are read once and let go.

A chunk can be read anywhere and merged with others; what comes after sees one chunk.
"""

import itertools
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256

import joblib
import numpy as np

from docclust.corpus.document import Document
from docclust.vectors.tokens import Tokenizer

PROGRESS_EVERY = 100
# Characters of text: what one process reads before others are started, which takes them seconds, and what they are
# then given at a time.
ALONE, BATCH = 16_000_000, 1_000_000


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


def read(
    documents: Iterable[Document],
    tokenizer: Tokenizer,
    progress: Callable[[int], object] | None = None,
    n_jobs: int | None = None,
) -> Chunk:
    """Read documents in one pass, few texts in memory at a time; `progress` is told how many have been read so far.

    With more than one worker, this process hands the texts of a large corpus to others, a batch at a time and no more
    than two batches ahead of each. The chunk is the same for any number of them.
    """
    tell = progress or (lambda _: None)
    if joblib.effective_n_jobs(n_jobs) == 1:
        return _read(documents, tokenizer, tell)
    batches = _batches(documents)
    chunks = itertools.chain([_read(next(batches, []), tokenizer, tell)], _read_apart(batches, tokenizer, n_jobs))
    return merge(_told(chunks, tell))


def _read(documents: Iterable[Document], tokenizer: Tokenizer, tell: Callable[[int], object]) -> Chunk:
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
        if len(ids) % PROGRESS_EVERY == 0:
            tell(len(ids))
    tell(len(ids))
    return Chunk(ids, titles, labels, hashes, texts, list(numbering), np.asarray(numbers), np.asarray(lengths))


def _batches(documents: Iterable[Document]) -> Iterator[Iterable[Document]]:
    """First those that this process reads alone, one by one; then lists."""
    documents = iter(documents)

    def first() -> Iterator[Document]:
        size = 0
        for document in documents:
            yield document
            size += len(document.text)
            if size >= ALONE:
                return

    yield first()
    batch, size = [], 0
    for document in documents:
        batch.append(document)
        size += len(document.text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read_apart(batches: Iterator[Iterable[Document]], tokenizer: Tokenizer, n_jobs: int | None) -> Iterator[Chunk]:
    """The chunks of batches that other processes read, in order; none is started if there is no batch."""
    for batch in batches:
        parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
        yield from parallel(
            joblib.delayed(_read)(piece, tokenizer, _silent) for piece in itertools.chain([batch], batches)
        )


def _silent(n_read: int) -> None:
    """What other processes tell of their progress."""


def _told(chunks: Iterable[Chunk], tell: Callable[[int], object]) -> Iterator[Chunk]:
    n_read = 0
    for chunk in chunks:
        n_read += len(chunk.ids)
        tell(n_read)
        yield chunk


def merge(chunks: Iterable[Chunk]) -> Chunk:
    """One chunk of several, as if their documents had been read one after the other."""
    numbering = _Numbering()
    lists: dict[str, list] = {name: [] for name in _LISTS}
    numbers, lengths = array("i"), array("q")
    for chunk in chunks:
        renumbered = np.array([numbering[token] for token in chunk.tokens], dtype=np.intc)
        numbers.frombytes(renumbered[chunk.numbers].data.cast("B"))
        lengths.frombytes(chunk.lengths.astype(np.int64).data.cast("B"))
        for name, found in lists.items():
            found += getattr(chunk, name)
    return Chunk(**lists, tokens=list(numbering), numbers=np.asarray(numbers), lengths=np.asarray(lengths))


_LISTS = ("ids", "titles", "labels", "hashes", "texts")
