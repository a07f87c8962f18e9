"""Comma- and tab-separated values -> rows -> documents."""

import csv
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from docclust.config import CsvCorpus
from docclust.corpus.decoding import BINARY, lines
from docclust.corpus.document import Document
from docclust.corpus.table import Row, documents, named_columns
from docclust.errors import CorpusError

# What may stand between fields; first what does unless the header says otherwise.
DELIMITERS = {"csv": ",;\t|", "tsv": "\t,;|"}
# A line before the header that tells a spreadsheet what stands between fields.
FOR_EXCEL = re.compile(r'"?sep=.?"?', re.I)
# The largest that fits a C long on every system.
FIELD_LIMIT = 2**31 - 1


def read(settings: CsvCorpus) -> Iterator[Document]:
    """Yield a document for each row below the header; see `docclust.corpus.read`."""
    return documents(settings, _rows(settings))


def _rows(settings: CsvCorpus) -> Iterator[tuple[int, Row]]:
    records = _records(settings)
    header_line, header = next(records, (1, []))
    header = [name.strip() for name in header]
    where = f"{settings.path}: line {header_line}"
    if any("\0" in name for name in header):
        raise CorpusError(f"{where}: must name the columns, got no text.{BINARY}")
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if twice:
        raise CorpusError(
            f"{where}: the names of columns must differ, got {twice[0]!r} twice. Try another name for one of them."
        )
    for line, fields in records:
        if len(fields) != len(header):
            as_many = f"{len(header)} field{'s' * (len(header) != 1)}"
            raise CorpusError(
                f"{settings.path}: line {line}: must have {as_many} as the header has, got {len(fields)}."
                " Try quotes around fields that hold a delimiter, or another delimiter."
            )
        yield line, dict(zip(header, fields, strict=True))


def _records(settings: CsvCorpus) -> Iterator[tuple[int, list[str]]]:
    quoting: dict[str, Any] = {"quoting": csv.QUOTE_NONE, "quotechar": None}
    if settings.quotechar:
        quoting = {"quotechar": settings.quotechar, "strict": True}
    csv.field_size_limit(FIELD_LIMIT)
    given = lines(settings.path, settings.encoding, newline="")
    begun = []
    for text in given:
        begun.append("\n" if FOR_EXCEL.fullmatch(text.strip()) else text)
        if begun[-1].strip("\r\n"):
            break
    delimiter = _delimiter(settings, begun, quoting)
    reader = csv.reader(itertools.chain(begun, given), delimiter=delimiter, **quoting)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        said = str(error).replace("\t", "\\t")
        raise CorpusError(
            f"{settings.path}: line {line}: not valid {settings.source.upper()}: {said}."
            ' Try quotechar = "" if quotes are ordinary characters here.'
        ) from None


def _delimiter(settings: CsvCorpus, begun: list[str], quoting: dict[str, Any]) -> str:
    """What stands between fields: what the settings say, else what parts the named columns in the header.

    Where nothing does, what parts it at all. `begun` are the lines up to the header.
    """
    wanted = {column for _, column in named_columns(settings)}
    columns = {}
    for delimiter in DELIMITERS[settings.source]:
        try:
            header = next(csv.reader(begun[-1:], delimiter=delimiter, **quoting), [])
        except csv.Error:  # it goes on in the next line
            header = []
        columns[delimiter] = {name.strip() for name in header}
    whole = [delimiter for delimiter, names in columns.items() if wanted <= names]
    found = [*whole, *(delimiter for delimiter, names in columns.items() if len(names) > 1), *columns][0]
    given = settings.delimiter
    if given == "auto":
        return found
    if given in whole or len(columns[found]) < 2 or (found not in whole and len(columns[given]) > 1):
        return given
    raise CorpusError(
        f"{settings.path}: line {len(begun)}: fields must be parted by the delimiter {json.dumps(given)}, "
        f"and are not. Try delimiter = {json.dumps(found)}."
    )
