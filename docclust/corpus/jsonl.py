"""JSON lines -> rows -> documents."""

import json
from collections.abc import Iterator

from docclust.config import JsonlCorpus
from docclust.corpus.decoding import BINARY, lines
from docclust.corpus.document import Document
from docclust.corpus.table import Row, documents
from docclust.errors import CorpusError

WITHOUT = " Try to mend this line, or without it."
# Of one array, or of objects over several lines.
UNFOLDED = " Try one whole object a line, as jq -c '.[]' makes them of an array, and jq -c . of objects."


def read(settings: JsonlCorpus) -> Iterator[Document]:
    """Yield a document for each line that is not blank; see `docclust.corpus.read`."""
    return documents(settings, _rows(settings))


def _rows(settings: JsonlCorpus) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(lines(settings.path, settings.encoding, newline="\n"), start=1):
        if not line.strip():
            continue
        where = f"{settings.path}: line {number}"
        try:
            row = json.loads(line.rstrip(), parse_constant=_nothing)
        except json.JSONDecodeError as error:
            remedy = UNFOLDED if line.strip() in ("[", "{") else BINARY if "\0" in line else WITHOUT
            raise CorpusError(f"{where}: not valid JSON: {error.msg} at column {error.colno}.{remedy}") from None
        except (RecursionError, ValueError) as error:
            raise CorpusError(f"{where}: not usable JSON: {error}.{WITHOUT}") from None
        if not isinstance(row, dict):
            remedy = UNFOLDED if isinstance(row, list) else " Try one object a line."
            raise CorpusError(f"{where}: must be a JSON object, got {_kind(row)}.{remedy}")
        yield number, _with_inner(row)


def _nothing(_: str) -> None:
    """What NaN and the infinities are, which are no JSON: pandas writes NaN where there is no text."""


def _with_inner(row: Row) -> Row:
    """The same, and what objects in it hold, as columns named `outer.inner`."""
    pending, found = [(name, inner) for name, inner in row.items() if isinstance(inner, dict)], row
    for outer, inner in pending:
        named = {f"{outer}.{name}": value for name, value in inner.items()}
        found = named | found
        pending += [(name, value) for name, value in named.items() if isinstance(value, dict)]
    return found


def _kind(value: object) -> str:
    match value:
        case list():
            return "a list"
        case str():
            return "a string"
        case None:
            return "null"
    return f"{json.dumps(value)}"
