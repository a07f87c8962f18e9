"""20 Newsgroups, as scikit-learn fetches it -> documents."""

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from sklearn.datasets import fetch_20newsgroups

from docclust.config import NewsgroupsCorpus
from docclust.corpus.document import Document, clean, one_line, titled
from docclust.errors import CorpusError

SUBJECT = re.compile(r"^Subject:(.*(?:\n[ \t].*)*)", re.MULTILINE | re.IGNORECASE)


def read(settings: NewsgroupsCorpus) -> Iterator[Document]:
    """Yield a document for each posting, with its subject as title and its newsgroup as label.

    The subject is the title even when the headers are removed from the text. See `docclust.corpus.read`.
    """
    posts = _fetch(settings, ())
    subjects = [_subject(text) for text in posts.data]
    if settings.remove:
        del posts
        posts = _fetch(settings, tuple(settings.remove))
    texts = posts.data
    for index, (target, filename) in enumerate(zip(posts.target, posts.filenames, strict=True)):
        # What has been handed over is let go, so that the corpus is never in memory twice.
        text, texts[index] = clean(texts[index]), ""
        group = posts.target_names[target]
        number = PurePosixPath(str(filename).replace("\\", "/")).name
        yield titled(f"{group}/{number}", subjects[index], text, group)


def _fetch(settings: NewsgroupsCorpus, remove: tuple[str, ...]) -> Any:
    home = settings.data_home or Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data")).expanduser()
    try:
        # scikit-learn makes the folder it does not find, and prints when it finds a damaged file.
        if not settings.download and not home.is_dir():
            raise FileNotFoundError(home)
        with contextlib.redirect_stdout(io.StringIO()):
            return fetch_20newsgroups(
                data_home=str(home),
                subset=settings.subset,
                shuffle=False,
                remove=remove,
                download_if_missing=settings.download,
            )
    except OSError as error:
        if settings.download:
            raise CorpusError(f"20 Newsgroups cannot be downloaded into {home} ({error}).") from None
        raise CorpusError(
            f"[corpus] data_home must be a folder with 20 Newsgroups, got {str(home)!r}."
            " Try download = true, which fetches 14 MB."
        ) from None


def _subject(text: str) -> str:
    found = SUBJECT.search(text.partition("\n\n")[0])
    return one_line(clean(found[1])) if found else ""
