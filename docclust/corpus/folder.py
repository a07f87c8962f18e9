"""Text, HTML and mail files below a folder, PDF and Office files too -> documents."""

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from docclust.config import FolderCorpus
from docclust.corpus.converters import Unreadable, convert, converts
from docclust.corpus.decoding import DETECT, decode, looks_binary, without_mark
from docclust.corpus.document import Document, Skipped, clean, one_line, titled
from docclust.corpus.mail import MAILBOXES, mail_to_text, mails
from docclust.corpus.mail import SUFFIXES as MAIL
from docclust.corpus.markup import html_to_text, looks_like_html
from docclust.errors import CorpusError, did_you_mean

HTML = {".html", ".htm", ".xhtml"}


def read(settings: FolderCorpus, skipped: Skipped) -> Iterator[Document]:
    """Yield a document for each text file that matches, in the order of paths; see `docclust.corpus.read`.

    Hidden files and folders are passed over in silence, binary and unreadable ones are counted in `skipped`.
    """
    folder = settings.path
    _check_folder(folder)
    if settings.encoding != DETECT:
        without_mark(settings.encoding)
    globs = [settings.glob] if isinstance(settings.glob, str) else settings.glob
    patterns = [tuple(glob.split("/")) for glob in globs]
    found = matched = made = False
    for path in _walk(folder, skipped):
        found = True
        parts = path.relative_to(folder).parts
        if any(_matches(parts, pattern) for pattern in patterns):
            matched = True
            for document in _documents(settings, path, parts, skipped):
                made = True
                yield document
    if found and not matched:
        raise CorpusError(f'[corpus] glob must match a file below {folder}, got {settings.glob!r}. Try "**/*".')
    if skipped.names and not made:
        reason, (name, *_) = next(iter(skipped.names.items()))
        raise CorpusError(
            f"{folder} must hold files of text, HTML or mails, got {skipped[reason]:,} ({reason}), such as {name}."
            " Try to export them to text."
        )


def _check_folder(folder: Path) -> None:
    if not os.path.exists(folder):
        beside = [other.name for other in folder.parent.glob("*/")]
        hint = did_you_mean(folder.name, beside)
        raise CorpusError(f"[corpus] path must be an existing folder, got {str(folder)!r}.{hint}")
    if not os.path.isdir(folder):
        raise CorpusError(
            f'[corpus] path must be a folder, got the file {str(folder)!r}. Try source = "jsonl" or "csv".'
        )


def _walk(root: Path, skipped: Skipped) -> Iterator[Path]:
    entered: set[tuple[int, int]] = set()
    # Of every folder that is open what is still to come; folders may lie deeper than functions may call each other.
    pending = [iter([root])]
    while pending:
        path = next(pending[-1], None)
        if path is None:
            pending.pop()
        elif os.path.isdir(path):
            pending.append(_entries(root, path, skipped, entered))
        else:
            yield path


def _entries(root: Path, folder: Path, skipped: Skipped, entered: set[tuple[int, int]]) -> Iterator[Path]:
    # A folder is entered once, however many links lead to it, so a loop of links ends.
    try:
        status = folder.stat()
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        skipped.add("unreadable folder", _name(folder.relative_to(root).parts))
        return iter(())
    if (status.st_dev, status.st_ino) in entered:
        return iter(())
    entered.add((status.st_dev, status.st_ino))
    return (folder / name for name in names)


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[begin:], pattern[1:]) for begin in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _documents(settings: FolderCorpus, path: Path, parts: tuple[str, ...], skipped: Skipped) -> Iterator[Document]:
    """The document that is a file, or those in one: every mail of a mailbox is one."""
    name, suffix = _name(parts), path.suffix.lower()
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            skipped.add("not a regular file", name)  # reading a pipe would wait for ever
        elif suffix in MAILBOXES:
            for number, data in enumerate(mails(path), start=1):
                yield from _document(settings, path, parts, skipped, f"{name}/{number}", data, ".eml")
        else:
            yield from _document(settings, path, parts, skipped, name, path.read_bytes(), suffix)
    except OSError:
        skipped.add("unreadable file", name)


def _document(
    settings: FolderCorpus, path: Path, parts: tuple[str, ...], skipped: Skipped, name: str, data: bytes, suffix: str
) -> Iterator[Document]:
    """What these bytes are, as one of the files that end so; nothing if they are no text."""
    kind = converts(data, suffix)
    if not kind and settings.encoding == DETECT and looks_binary(data):
        skipped.add("binary file", name)
        return
    try:
        title, text = ("", convert(data, kind)) if kind else _content(data, suffix, settings.encoding)
    except Unreadable as error:
        skipped.add(str(error), name)
        return
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path}: byte {error.start} (0x{error.object[error.start]:02x}) must be {settings.encoding}, and is not."
            f' Try encoding = "{DETECT}".'
        ) from None
    if text is None:
        skipped.add("binary file", name)
        return
    text = clean(text)
    label = _name(parts[:1]) if settings.label_from_folder and len(parts) > 1 else None
    yield titled(name, one_line(clean(title)), text, label)


def _content(data: bytes, suffix: str, encoding: str) -> tuple[str, str | None]:
    """The title of a file, perhaps empty, and its text; None where its encoding was to be found and was not."""
    if suffix in MAIL:
        return mail_to_text(data, encoding)
    text = decode(data, encoding)
    if text is not None and (suffix in HTML or looks_like_html(text)):
        return html_to_text(text)
    return "", text


def _name(parts: tuple[str, ...]) -> str:
    # One that is not UTF-8 must still be printed.
    return "/".join(os.fsencode(part).decode("utf-8", "backslashreplace") for part in parts)
