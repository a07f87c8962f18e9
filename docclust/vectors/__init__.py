"""Documents -> counts and TF-IDF as sparse rows, and the words. What a cluster is, nobody here knows.

chunks       texts are read once; each token becomes a number
numbering    the distinct tokens and their numbers; the plain pattern compiled
wordless     files written as letters, and signatures, in which there is no word
characters   letters, marks, and characters of scripts without spaces
tokens       how a text is cut, and what word a token counts as; languages has the stop words and stemmers
forms        as which word a pair of characters is shown
boilerplate  the tokens of openings and closings that several documents have
notices      those of them that documents on every topic have, which are not counted
counts       which words, sequences and collocations are features, and how often each document holds them
tfidf        counts -> rows of length one, as the corpus tells them
vocabulary   the same counts for new texts
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust.config import VectorsSettings
from docclust.corpus.document import Document
from docclust.vectors.characters import without_spaces
from docclust.vectors.chunks import Chunk, merge, read
from docclust.vectors.counts import count
from docclust.vectors.tfidf import TfIdf
from docclust.vectors.tokens import Tokenizer
from docclust.vectors.vocabulary import Vocabulary

__all__ = [
    "Chunk",
    "Documents",
    "TfIdf",
    "Tokenizer",
    "Vectors",
    "Vocabulary",
    "merge",
    "read",
    "vectorise",
    "vectorise_chunk",
    "without_spaces",
]


@dataclass(frozen=True)
class Documents:
    """The documents that have words, by content hash and then id: an order that the input's order cannot change.

    ids, titles, labels : as in `Document`
    hashes : sha256 of title, a zero byte and text, in hex
    positions : (n,) int; where each stood among all documents read
    empty : ids, sorted, of the documents set aside because no word of theirs is a feature
    duplicates : how many of the n repeat the exact text of another
    """

    ids: list[str]
    titles: list[str]
    labels: list[str | None]
    hashes: list[str]
    positions: np.ndarray
    empty: list[str]
    duplicates: int


@dataclass(frozen=True)
class Vectors:
    """The rows of those documents, in the same order.

    counts : (n, v) CSR int32; how often each document holds each word
    boilerplate : (n, v) CSR int32; of these the occurrences in an opening or a closing that others share
    weights : (n, v) CSR float64; their rows by `tfidf`
    words : (v,) object array of str, sorted; a stem, or several joined by spaces
    display : the most frequent real form of each word; of a pair of characters the word that it is mostly part of
    tfidf : what the corpus tells of its words, and how it makes rows
    notices : what is not counted, since documents on every topic begin or end with it, and how often it is there; the
        most frequent first
    shingles : by which a `Vocabulary` finds it in other texts
    """

    counts: sp.csr_array
    boilerplate: sp.csr_array
    weights: sp.csr_array
    words: np.ndarray
    display: list[str]
    tfidf: TfIdf
    notices: list[tuple[str, int]]
    shingles: list[str]


def vectorise(
    documents: Iterable[Document],
    settings: VectorsSettings,
    progress: Callable[[int], object] | None = None,
    n_jobs: int | None = None,
) -> tuple[Documents, Vectors]:
    """Read documents once and turn them into rows.

    Parameters
    ----------
    documents : iterable of Document
    settings : VectorsSettings
        The section ``[vectors]`` of a config.
    progress : callable, optional
        Told, now and then and at the end, how many documents have been read.
    n_jobs : int, optional
        Processes that cut the texts of a large corpus by a `token_pattern` of the user's own. Changes nothing in the
        result.

    Raises
    ------
    CorpusError
        There are no documents, or no document has a word.
    SettingError
        `stop_words` or `stem` name no known language (before a document is read), or `min_df` and `max_df` leave no
        word.
    """
    tokenizer = Tokenizer(settings)
    return vectorise_chunk(read(documents, tokenizer, progress, n_jobs), tokenizer, settings)


def vectorise_chunk(chunk: Chunk, tokenizer: Tokenizer, settings: VectorsSettings) -> tuple[Documents, Vectors]:
    """The second half of `vectorise`, for documents that were read in chunks and merged."""
    found = count(chunk, tokenizer, settings)
    filled = np.diff(found.of_all.indptr) > 0
    order = sorted(
        np.flatnonzero(filled).tolist(), key=lambda i: (chunk.hashes[i], chunk.ids[i], chunk.labels[i] or "")
    )
    documents = Documents(
        ids=[chunk.ids[i] for i in order],
        titles=[chunk.titles[i] for i in order],
        labels=[chunk.labels[i] for i in order],
        hashes=[chunk.hashes[i] for i in order],
        positions=np.array(order),
        empty=sorted(chunk.ids[i] for i in np.flatnonzero(~filled).tolist()),
        duplicates=len(order) - len({chunk.texts[i] for i in order}),
    )
    counts = found.of_all[order]
    tfidf = TfIdf.of(counts, settings.tf)
    words = np.array(found.words, dtype=object)
    given = counts, found.of_boilerplate[order], tfidf.rows(counts), words
    return documents, Vectors(*given, found.display, tfidf, found.notices, found.shingles)
