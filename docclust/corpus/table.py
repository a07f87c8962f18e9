"""Rows -> documents: what the columns of a table mean. Knows nothing of how a row was written down."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from docclust.config import TableCorpus
from docclust.corpus.document import Document, clean, content_hash, numbered, one_line, titled
from docclust.corpus.markup import field_to_text
from docclust.errors import CorpusError, did_you_mean, shortened

Row = dict[str, Any]
# In JSON lines an object may leave a key out, so a column counts as missing when this many objects have not shown it.
PATIENCE = 1000


def documents(settings: TableCorpus, rows: Iterator[tuple[int, Row]]) -> Iterator[Document]:
    """Yield one document for each row.

    Parameters
    ----------
    settings : TableCorpus
        Names the columns. An empty `id`, `title` or `label` takes the column of that name where a row has one; without
        it the id is a hash of the content, the title the first words of the text, and the label unknown.
    rows : iterator of (int, dict)
        The line a row begins on, and its values by column.

    Raises
    ------
    CorpusError
        No row has a column that the settings name; an id is missing or given twice; a value is no plain value.
    """
    wanted = named_columns(settings)
    texts = [column for key, column in wanted if key == "text"]
    named = {key: column for key, column in wanted if key != "text"}
    columns: dict[str, None] = {}
    line_of: dict[str, int] = {}
    hashes: Counter[str] = Counter()
    count = 0
    for count, (line, row) in enumerate(rows, start=1):
        columns.update(dict.fromkeys(row))
        if count == PATIENCE or ("id" in named and named["id"] not in columns):
            _check_columns(settings, wanted, list(columns))
        where = f"{settings.path}: line {line}"
        text = "\n".join(part for column in texts if (part := field_to_text(_plain(row, column, where))))
        title, label, id_ = (_plain(row, _column(settings, key, row), where) for key in ("title", "label", "id"))
        title, label, id_ = one_line(field_to_text(title)), one_line(label), id_.strip()
        if not id_ and "id" in named:
            raise CorpusError(f"{where}: the column {named['id']!r} must give an id, got nothing. Try id = false.")
        # The hash is of all that a document is, so that two rows with one hash are the same row.
        id_ = id_ or numbered(content_hash(title, text, label), hashes)
        if id_ in line_of:
            raise CorpusError(
                f"{where}: an id must be unique, got {shortened(id_)!r} as on line {line_of[id_]}."
                " Try another column for id, or id = false for a hash of the content."
            )
        line_of[id_] = line
        yield titled(id_, title, text, label or None)
    if count:
        _check_columns(settings, wanted, list(columns))


def named_columns(settings: TableCorpus) -> list[tuple[str, str]]:
    """The columns that must be there, each after the key that names it."""
    texts = [settings.text] if isinstance(settings.text, str) else settings.text
    others = [(key, getattr(settings, key)) for key in ("id", "title", "label")]
    return [*(("text", column) for column in texts), *((key, column) for key, column in others if column)]


def _column(settings: TableCorpus, key: str, row: Row) -> str | None:
    """The column that is meant; where none is named that of the key's name, which spreadsheets may write as "ID"."""
    chosen = getattr(settings, key)
    if chosen is False:
        return None
    if chosen or key in row:
        return chosen or key
    return next((column for column in row if str(column).casefold() == key), key)


def _plain(row: Row, column: str | None, where: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        is_object = isinstance(value, dict)
        kind, remedy = (
            ("an object", f"{column}.{next(iter(value), '')}") if is_object else ("a list", "it as one string")
        )
        raise CorpusError(f"{where}: {column!r} must be a text, got {kind}. Try {remedy}.")
    return clean(value if isinstance(value, str) else json.dumps(value))


def _check_columns(settings: TableCorpus, wanted: list[tuple[str, str]], columns: list[str]) -> None:
    for key, column in wanted:
        if column not in columns:
            hint = did_you_mean(column, columns, form="{!r}")
            shown = ", ".join(repr(one_line(name)[:40]) for name in columns[:20])
            more = f" and {len(columns) - 20} more" if len(columns) > 20 else ""
            raise CorpusError(
                f"{settings.path}: [corpus] {key} must be one of the columns {shown}{more}, got {column!r}.{hint}"
            )
