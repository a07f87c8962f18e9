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
from docclust.vectors.numbering import Numbering, Numbers
from docclust.vectors.tokens import Tokenizer

# Characters of text: how many are cut at a time, and how many one process cuts before it starts others, which takes
# them seconds.
BATCH = 1_000_000
ALONE = 16_000_000
# Documents: a batch may take seconds to come from its source.
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


def read(
    documents: Iterable[Document],
    tokenizer: Tokenizer,
    progress: Callable[[int], object] | None = None,
    n_jobs: int | None = None,
) -> Chunk:
    """Read documents in one pass, few texts in memory at a time; `progress` is told how many have been read so far.

    Where a pattern of the user's own cuts the texts, and with more than one worker, this process hands those of a large
    corpus to others, a batch at a time and no more than two batches ahead of each. The plain pattern is through with
    them before they would have arrived. The chunk is the same either way.
    """
    tell = progress or _silent
    if tokenizer.is_plain or joblib.effective_n_jobs(n_jobs) == 1:
        return _read(_batches(_counted(documents, tell)), tokenizer, tell)
    batches = _batches(documents)
    alone = itertools.islice(batches, ALONE // BATCH)
    chunks = itertools.chain([_read(alone, tokenizer, tell)], _read_apart(batches, tokenizer, n_jobs))
    return merge(_told(chunks, tell))


def _counted(documents: Iterable[Document], tell: Callable[[int], object]) -> Iterator[Document]:
    for n_read, document in enumerate(documents, start=1):
        if n_read % PROGRESS_EVERY == 0:
            tell(n_read)
        yield document


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch, size = [], 0
    for document in documents:
        batch.append(document)
        size += len(document.text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(batches: Iterable[list[Document]], tokenizer: Tokenizer, tell: Callable[[int], object]) -> Chunk:
    ids, titles, labels, hashes, texts = [], [], [], [], []
    numbers, lengths = array("i"), array("q")
    numbering = Numbering(tokenizer)
    for batch in batches:
        found, of_each = numbering(document.text for document in batch)
        numbers.frombytes(found.data.cast("B"))
        lengths.frombytes(of_each.data.cast("B"))
        for document in batch:
            ids.append(document.id)
            titles.append(document.title)
            labels.append(document.label)
            # Half a surrogate pair is no text, but JSON can spell it.
            text = document.text.encode("utf-8", "surrogatepass")
            hashes.append(sha256(document.title.encode("utf-8", "surrogatepass") + b"\0" + text).hexdigest())
            texts.append(blake2b(text, digest_size=16).digest())
        tell(len(ids))
    return Chunk(ids, titles, labels, hashes, texts, numbering.tokens, np.asarray(numbers), np.asarray(lengths))


def _read_apart(batches: Iterator[list[Document]], tokenizer: Tokenizer, n_jobs: int | None) -> Iterator[Chunk]:
    """The chunks of batches that other processes read, in order; none is started if there is no batch."""
    for batch in batches:
        parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
        yield from parallel(
            joblib.delayed(_read)([piece], tokenizer, _silent) for piece in itertools.chain([batch], batches)
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
    numbering = Numbers()
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
