"""Comma- and tab-separated values -> rows -> documents."""

import csv
from collections import Counter
from collections.abc import Iterator

from docclust.config import CsvCorpus
from docclust.corpus.decoding import lines
from docclust.corpus.document import Document
from docclust.corpus.table import Row, documents
from docclust.errors import CorpusError

DELIMITERS = {"csv": ",", "tsv": "\t"}
# The largest that fits a C long on every system.
FIELD_LIMIT = 2**31 - 1


def read(settings: CsvCorpus) -> Iterator[Document]:
    """Yield a document for each row below the header; see `docclust.corpus.read`."""
    return documents(settings, _rows(settings))


def _rows(settings: CsvCorpus) -> Iterator[tuple[int, Row]]:
    records = _records(settings)
    header_line, header = next(records, (1, []))
    header = [name.strip() for name in header]
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if twice:
        where = f"{settings.path}: line {header_line}"
        raise CorpusError(f"{where}: the names of columns must differ, got {twice[0]!r} twice.")
    for line, fields in records:
        if len(fields) != len(header):
            raise CorpusError(
                f"{settings.path}: line {line}: must have {len(header)} fields as the header has, got {len(fields)}."
                " Try quotes around fields that hold a delimiter, or another delimiter."
            )
        yield line, dict(zip(header, fields, strict=True))


def _records(settings: CsvCorpus) -> Iterator[tuple[int, list[str]]]:
    delimiter = DELIMITERS[settings.source] if settings.delimiter == "auto" else settings.delimiter
    if settings.quotechar:
        quoting = {"quotechar": settings.quotechar, "strict": True}
    else:
        quoting = {"quoting": csv.QUOTE_NONE, "quotechar": None}
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(lines(settings.path, settings.encoding, newline=""), delimiter=delimiter, **quoting)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise CorpusError(
            f"{settings.path}: line {line}: not valid {settings.source.upper()}: {error}."
            ' Try quotechar = "" if quotes are ordinary characters here.'
        ) from None
