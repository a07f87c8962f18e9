"""Corpora of NLTK, by NLTK's own readers -> documents."""

import contextlib
import importlib
import inspect
import io
import warnings
from collections.abc import Iterator
from typing import Any

import nltk
import nltk.data
from nltk.corpus.reader import CorpusReader, PlaintextCorpusReader
from nltk.corpus.util import LazyCorpusLoader

from docclust.config import NltkCorpus
from docclust.corpus.document import Document, clean, titled
from docclust.errors import CorpusError, did_you_mean

# "nltk.corpus" as an attribute is a proxy, with no names in it until one is asked for.
CORPORA = importlib.import_module("nltk.corpus")


def read(settings: NltkCorpus) -> Iterator[Document]:
    """Yield a document for each file of the corpus; see `docclust.corpus.read`.

    The text is the raw one where the files are plain text, else the words joined by blanks. The label is the category,
    where the file has exactly one.
    """
    known = [name for name, value in vars(CORPORA).items() if isinstance(value, LazyCorpusLoader | CorpusReader)]
    if settings.corpus not in known:
        raise CorpusError(
            f"[corpus] corpus must be a corpus of NLTK, got {settings.corpus!r}.{did_you_mean(settings.corpus, known)}"
        )
    corpus = getattr(CORPORA, settings.corpus)
    with _search_path(settings), contextlib.ExitStack() as after:
        # Unloaded, a corpus is looked for anew by the next to ask, perhaps in another folder.
        corpus._unload()
        _load(corpus, settings)
        after.callback(corpus._unload)
        if not hasattr(corpus, "fileids"):
            raise CorpusError(f"[corpus] corpus must be a corpus of NLTK with texts in files, got {settings.corpus!r}.")
        for fileid in corpus.fileids():
            try:
                text = clean(_text(corpus, fileid))
                categories = corpus.categories(fileids=[fileid]) if hasattr(corpus, "categories") else []
            except (OSError, ValueError) as error:
                raise CorpusError(f"NLTK corpus {settings.corpus}: {fileid} cannot be read ({error}).") from None
            yield titled(fileid, "", text, categories[0] if len(categories) == 1 else None)


@contextlib.contextmanager
def _search_path(settings: NltkCorpus) -> Iterator[None]:
    # NLTK opens a file only below a folder of its search path, so ours stays there until the last file is read.
    home = [str(settings.data_home)] if settings.data_home else []
    nltk.data.path[:0] = home
    try:
        yield
    finally:
        for folder in home:
            nltk.data.path.remove(folder)


def _load(corpus: Any, settings: NltkCorpus) -> None:
    package = corpus.__name__.split("/")[0]
    with warnings.catch_warnings(record=True) as refusals:
        warnings.simplefilter("always")
        if _found(corpus):
            return
        if settings.download:
            home = str(settings.data_home) if settings.data_home else None
            with contextlib.redirect_stdout(io.StringIO()):
                fetched = nltk.download(package, download_dir=home, quiet=True)
            if _found(corpus):
                return
            outcome = "has been fetched but is not found" if fetched else "cannot be downloaded"
            raise CorpusError(f"[corpus] corpus must be one that NLTK can fetch, got {package!r}, which {outcome}.")
    folders = ", ".join(nltk.data.path)
    reason = f" {refusals[0].message}" if refusals else ""
    raise CorpusError(
        f"[corpus] corpus must be in one of the folders {folders}, got {settings.corpus!r}, which is in none.{reason}"
        f" Try download = true, or python -m nltk.downloader {package}."
    )


def _found(corpus: Any) -> bool:
    try:
        corpus.ensure_loaded()
    except LookupError:
        return False
    except OSError as error:
        raise CorpusError(f"NLTK corpus {corpus.__name__}: cannot be read ({error}).") from None
    return True


def _text(corpus: Any, fileid: str) -> str:
    # The raw text of a tagged or parsed corpus is full of tags and brackets; of a plain one it is the text.
    words = getattr(corpus, "words", None)
    if (
        isinstance(corpus, PlaintextCorpusReader)
        or words is None
        or "fileids" not in inspect.signature(words).parameters
    ):
        return corpus.raw(fileid)
    return " ".join(words(fileid))
