"""PDF, Word, PowerPoint and RTF files -> text, each by a library of its own: the extra `documents`."""

import io
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from docclust.corpus.markup import html_to_text

PDF = b"%PDF-"
# Where a word is parted at the end of a line, which is then joined to the next one.
PARTED = "\ufffe"


class Unreadable(Exception):
    """Why a file has no text, in words that `Skipped` counts by."""


def converts(data: bytes, suffix: str) -> str:
    """By what kind of file a converter is found, ".pdf" or another ending; empty where there is none for it."""
    return ".pdf" if data.startswith(PDF) else suffix if suffix in CONVERTERS else ""


def convert(data: bytes, kind: str) -> str:
    """The text of a file of a kind that `converts` gives.

    Raises
    ------
    Unreadable
        Its library is not installed, or cannot read the file, or finds no text in it.
    """
    try:
        text = CONVERTERS[kind](data)
    except ImportError:
        raise Unreadable('PDF or Office file, which pip install "docclust[documents]" reads') from None
    except MemoryError:  # the file may be as it should
        raise
    except Exception:  # whatever these libraries make of a file that is damaged, or locked by a password
        raise Unreadable("damaged or locked file") from None
    if not text.strip():
        raise Unreadable("file without text, perhaps scanned pages")
    return text


def _pdf(data: bytes) -> str:
    from pypdfium2 import PdfDocument

    with closing(PdfDocument(data)) as document:
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
    return text.replace("\r\n", "\n").replace(PARTED, "")


def _docx(data: bytes) -> str:
    import mammoth

    def without_picture(_: Any) -> dict[str, str]:
        return {}

    found = mammoth.convert_to_html(io.BytesIO(data), convert_image=mammoth.images.img_element(without_picture))
    return html_to_text(found.value)[1]


def _pptx(data: bytes) -> str:
    import pptx

    slides = pptx.Presentation(io.BytesIO(data)).slides
    notes = (slide.notes_slide.shapes for slide in slides if slide.has_notes_slide)
    return "\n".join(text for shapes in [*(slide.shapes for slide in slides), *notes] for text in _said(shapes))


def _said(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text
        if shape.has_table:
            yield from (cell.text for cell in shape.table.iter_cells())
        yield from _said(getattr(shape, "shapes", ()))  # of a group


def _rtf(data: bytes) -> str:
    from striprtf.striprtf import rtf_to_text

    return rtf_to_text(data.decode("latin-1"), errors="ignore")


CONVERTERS = {".pdf": _pdf, ".docx": _docx, ".pptx": _pptx, ".rtf": _rtf}
