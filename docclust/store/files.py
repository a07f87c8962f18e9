"""Plain data to files and back: JSON, CSV and npz. What a run is, nobody here knows.

Numbers are written with all their digits: what is read back is what was written, to the last bit.
"""

import csv
import dataclasses
import json
import math
import sys
import types
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import scipy.sparse as sp

from docclust.errors import ConfigError, RunError

FORMAT = "docclust run"
SCHEMA = 1
AGAIN = "Try docclust run again."


def plain(value: Any) -> Any:
    """What JSON can hold: dataclasses as objects, numbers of numpy as numbers, what is not finite as null."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8 with plain line ends."""
    # A file name that is no text reaches us as half a surrogate pair, which UTF-8 cannot spell.
    path.write_text(text, "utf-8", errors="backslashreplace", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write what `plain` can make of a value, indented."""
    write_text(path, json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=2) + "\n")


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as CSV: texts quoted, numbers with all their digits, None as an empty text."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(columns)
        # Every text is quoted: before Python 3.13 the csv module leaves a lone carriage return bare, which ends a row.
        csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(map(plain, map(list, rows)))


def write_rows(path: Path, rows: sp.csr_array) -> None:
    """Write a CSR matrix as `scipy.sparse.load_npz` reads it."""
    sp.save_npz(path, rows, compressed=False)


@contextmanager
def reading(path: Path) -> Iterator[Path]:
    """Turn whatever can be wrong with a file into a RunError that names it."""
    try:
        yield path
    except FileNotFoundError:
        raise RunError(f"{path}: is missing. {AGAIN}") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}).") from None
    except ConfigError as error:
        raise RunError(str(error)) from None
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        csv.Error,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise RunError(f"{path}: is damaged ({error}). {AGAIN}") from error


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text("utf-8"))


def read_table(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file by the names of their columns."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a title may be longer than the 128 KiB the module allows
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, strict=True)
        if rows.fieldnames is None:
            raise ValueError("it has no header")
        yield from rows


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an npz file; nothing that needs pickle is read."""
    if path.exists() and not zipfile.is_zipfile(path):
        raise ValueError("no npz file")  # NumPy would speak of pickle, and advise it
    # Opened here, since np.load leaves a damaged file open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def read_rows(path: Path) -> sp.csr_array:
    """Read a CSR matrix, and make sure that its indices lie inside of it."""
    with reading(path):
        arrays = read_arrays(path)
        rows = sp.csr_array(
            (arrays["data"], arrays["indices"], arrays["indptr"]), shape=tuple(arrays["shape"].tolist())
        )
        rows.check_format(full_check=True)
        return rows


def number(text: str) -> int | float:
    """A number of a table, whole where it is written so."""
    try:
        return int(text)
    except ValueError:
        return decimal(text)


def decimal(text: str) -> float:
    """A decimal number of a table; an empty field is not a number."""
    return float(text or "nan")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def restore(kind: Any, value: Any) -> Any:
    """The inverse of `plain`, for a type made of dataclasses, lists, dictionaries, numbers and text."""
    if dataclasses.is_dataclass(kind):
        return kind(**{name: restore(hint, value[name]) for name, hint in _hints(kind).items()})
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else restore(get_args(kind)[0], value)
    if origin in (list, dict) and not isinstance(value, origin):
        raise ValueError(f"must be {origin.__name__}, got {value!r}")
    if origin is list:
        return [restore(get_args(kind)[0], item) for item in value]
    if origin is dict:
        return {key: restore(get_args(kind)[1], item) for key, item in value.items()}
    if kind is float:
        return math.nan if value is None else float(value)
    if not isinstance(value, kind):
        raise ValueError(f"must be {kind.__name__}, got {value!r}")
    return value
