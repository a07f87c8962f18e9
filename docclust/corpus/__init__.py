"""Files, datasets and documentation strings -> documents. The only room that reads text.

One module a kind of source; what they share is in `document` and `decoding`. Nothing here knows what a word is.
"""

from collections.abc import Iterator

from docclust.config import (
    CorpusSettings,
    CsvCorpus,
    FolderCorpus,
    JsonlCorpus,
    NewsgroupsCorpus,
    NltkCorpus,
    PydocsCorpus,
)
from docclust.corpus.document import Document, Skipped
from docclust.errors import CorpusError

__all__ = ["Document", "Skipped", "read"]


def read(settings: CorpusSettings, skipped: Skipped) -> Iterator[Document]:
    """Yield the documents of a corpus, one in memory at a time where the source allows it.

    Ids are unique, and neither they nor any text depend on the order of the lines in a table.

    Parameters
    ----------
    settings : CorpusSettings
        The section ``[corpus]`` of a config.
    skipped : Skipped
        Counts and names here, by a reason in plain words such as ``"binary file"``, what was passed over.

    Yields
    ------
    Document
        With an empty text where the source has an empty one.

    Raises
    ------
    CorpusError
        Something is missing or cannot be read, or holds no document. Raised at the document where it shows, and so
        while iterating.
    """
    document = None
    for document in _documents(settings, skipped):
        yield document
    if document is None and hasattr(settings, "path"):
        raise CorpusError(f"{settings.path}: must hold documents, got none. Try another path or source in [corpus].")


def _documents(settings: CorpusSettings, skipped: Skipped) -> Iterator[Document]:
    # Each reader is imported when it is asked for: NLTK and the datasets of scikit-learn take a second each.
    match settings:
        case FolderCorpus():
            from docclust.corpus import folder

            return folder.read(settings, skipped)
        case JsonlCorpus():
            from docclust.corpus import jsonl

            return jsonl.read(settings)
        case CsvCorpus():
            from docclust.corpus import csv

            return csv.read(settings)
        case NewsgroupsCorpus():
            from docclust.corpus import newsgroups

            return newsgroups.read(settings)
        case NltkCorpus():
            from docclust.corpus import nltk

            return nltk.read(settings)
        case PydocsCorpus():
            from docclust.corpus import pydocs

            return pydocs.read(settings, skipped)
    raise TypeError(f"settings must be a section [corpus], got {settings!r}")
