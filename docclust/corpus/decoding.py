"""Bytes -> text: encodings, compressed files. Knows no documents and no columns."""

import codecs
import contextlib
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import charset_normalizer

from docclust.errors import CorpusError, did_you_mean

DETECT = "detect"
GZIP = b"\x1f\x8b"
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    # UTF-32 before UTF-16: the little-endian mark of the one begins with that of the other.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What the mark is in a text whose encoding, such as UTF-16-LE, takes it for a character.
MARK = "\ufeff"
ARCHIVES = {b"PK\x03\x04": "a zip archive or an Office file", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd"}
# The encodings texts are found in. Among all that Python knows, a short text is soon "Mac Latin 2".
EUROPEAN = ["cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"]
ASIAN = ["cp932", "euc_jp", "gb18030", "big5", "cp949"]
# Python takes these for encodings of texts. They are for the names of hosts, and for none.
NO_TEXTS = {"idna", "punycode", "undefined"}
BINARY = " Try a file of text; this one is binary."
CHUNK = 1 << 20
WINDOW = 1 << 16


def detect(stream: BinaryIO) -> str | None:
    """The encoding of a stream of bytes, or None where nothing fits: a byte-order mark, else UTF-8, else a good guess.

    UTF-8 is proven by reading on to the end. The guess is made on a window around the first bytes that are not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = stream.read(CHUNK)
    for mark, encoding in BOMS.items():
        if chunk.startswith(mark):
            return encoding
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = stream.read(CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        begin = max(0, error.start - WINDOW // 2)
        seen = error.object + stream.read(WINDOW // 2)
        return _guess(_whole_lines(seen, begin, error.start + WINDOW // 2))
    return "utf-8"


def decode(data: bytes, encoding: str) -> str | None:
    """The text of a whole file, without its byte-order mark; None where the encoding was to be found and was not."""
    if encoding != DETECT:
        return _strict(without_mark(encoding))(data, final=True).removeprefix(MARK)
    found = detect(io.BytesIO(data))
    if found != "utf-8" and not data.startswith(tuple(BOMS)):
        found = _declared(data) or found
    return None if found is None else data.decode(found, "replace")


def named(data: bytes, name: str) -> str | None:
    """The encoding that goes by a name, where it is true of the whole of the data; else None."""
    try:
        name = codecs.lookup(name).name
        # Browsers take Latin-1 to mean Windows-1252, and so do those who write it.
        for encoding in ("cp1252", "latin-1") if name == "iso8859-1" else (name,):
            with contextlib.suppress(UnicodeDecodeError):
                data.decode(encoding)
                return encoding if "<a>".encode(encoding) == b"<a>" else None
    except (LookupError, ValueError):
        pass
    return None


def looks_binary(data: bytes) -> bool:
    """Whether bytes are no text: a NUL that no UTF-16 or UTF-32 explains, or the signature of a format without NULs."""
    if data.startswith(tuple(BOMS)):
        return False
    return b"\0" in data or data.startswith((GZIP, b"%PDF-", b"{\\rtf", *ARCHIVES))


def without_mark(encoding: str) -> str:
    """The name of the codec that drops a byte-order mark and otherwise reads the encoding.

    Raises
    ------
    CorpusError
        Python has no such text encoding.
    """
    try:
        io.TextIOWrapper(io.BytesIO(), encoding)
        known = codecs.lookup(encoding).name not in NO_TEXTS
    except (LookupError, ValueError):
        known = False
    if not known:
        hint = did_you_mean(encoding, ["utf-8", "utf-16", "latin-1", "cp1252", DETECT])
        raise CorpusError(
            f'[corpus] encoding must be "{DETECT}" or the name of an encoding such as "utf-8" or "latin-1",'
            f" got {encoding!r}.{hint}"
        )
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def open_file(path: Path) -> BinaryIO:
    """Open a file, unpacking gzip, which is recognised by its first bytes and not by its name.

    Raises
    ------
    CorpusError
        The file is missing, a folder, unreadable, or an archive of another kind.
    """
    try:
        file = path.open("rb")
        start = file.read(6)
        file.seek(0)
    except FileNotFoundError:
        beside = [other.name for other in path.parent.glob("*")]
        hint = did_you_mean(path.name, beside)
        raise CorpusError(f"[corpus] path must be an existing file, got {str(path)!r}.{hint}") from None
    except IsADirectoryError:
        raise CorpusError(
            f'[corpus] path must be a file, got the folder {str(path)!r}. Try source = "folder".'
        ) from None
    except io.UnsupportedOperation:
        file.close()
        raise CorpusError(f"{path}: must be a file, got a pipe, which can be read only once. Try to save it.") from None
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}).") from None
    for magic, name in ARCHIVES.items():
        if start.startswith(magic):
            file.close()
            raise CorpusError(f"{path}: must be plain text or gzip, got {name}. Try it unpacked, or saved as CSV.")
    if start.startswith(GZIP):
        file.close()
        return gzip.open(path)
    return file


def lines(path: Path, encoding: str, newline: str) -> Iterator[str]:
    """Yield the lines of a plain or gzipped text file, with their ends; `newline` is that of `open`.

    Raises
    ------
    CorpusError
        As `open_file`, and where the bytes are not of that encoding or the compressed data breaks off.
    """
    number = 0
    try:
        if encoding == DETECT:
            with open_file(path) as file:
                encoding = detect(file) or "utf-8"
        with open_file(path) as file, io.TextIOWrapper(file, without_mark(encoding), newline=newline) as text:
            for number, line in enumerate(text, start=1):
                yield line.removeprefix(MARK) if number == 1 else line
    except UnicodeError:
        raise CorpusError(f"{path}: {_locate(path, encoding)}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CorpusError(
            f"{path}: the compressed data is cut off or damaged after line {number} ({error})."
            " Try to fetch or to pack it anew."
        ) from None
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read after line {number} ({error.strerror}).") from None


def _declared(data: bytes) -> str | None:
    """The encoding that HTML, XML or a mail names in its first 2 KiB, where it is true of the whole of the data."""
    found = re.search(rb"""(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", data[:2048], re.IGNORECASE)
    return named(data, found[1].decode("ascii", "replace")) if found else None


def _guess(window: bytes) -> str | None:
    found = list(charset_normalizer.from_bytes(window, cp_isolation=EUROPEAN + ASIAN))
    western = [match for match in found if "cp1252" in (match.encoding, *match.could_be_from_charset)]
    # In a short text the alphabets of Europe are equally likely; Western Europe is the likeliest by far.
    if western and western[0].chaos <= found[0].chaos + 0.02 and western[0].coherence >= found[0].coherence - 0.05:
        return "cp1252"
    best = found[0] if found else charset_normalizer.from_bytes(window).best()
    return best.encoding if best else None


def _whole_lines(data: bytes, begin: int, end: int) -> bytes:
    # A window that begins inside a character of two bytes would speak against its true encoding.
    window = data[begin:end]
    if begin and b"\n" in window:
        window = window[window.index(b"\n") + 1 :]
    if end < len(data) and b"\n" in window:
        window = window[: window.rindex(b"\n") + 1]
    return window


def _locate(path: Path, encoding: str) -> str:
    """Where a file is not of an encoding, and what to try."""
    decode = _strict(without_mark(encoding))
    position, line, chunk = 0, 1, b""
    with open_file(path) as file:
        try:
            while chunk := file.read(WINDOW):
                line += decode(chunk).count("\n")
                position += len(chunk)
            decode(b"", final=True)
        except UnicodeDecodeError as error:
            position += len(chunk) - len(error.object) + error.start
            line += error.object[: error.start].count(b"\n")
            byte = error.object[error.start]
        else:
            return "changed while it was read. Try again."
        file.seek(0)
        remedy = _remedy(file)
    return f"line {line}: byte {position} (0x{byte:02x}) must be {encoding}, and is not.{remedy}"


def _remedy(file: BinaryIO) -> str:
    start = file.read(WINDOW)
    zeros = start[::2].count(0), start[1::2].count(0)
    if not start.startswith(tuple(BOMS)) and max(zeros) > len(start) / 4 and not min(zeros):
        found = "utf-16-le" if zeros[1] else "utf-16-be"
    elif looks_binary(start):
        found = None
    else:
        file.seek(0)
        found = detect(file)
    return f' Try encoding = "{found}".' if found else BINARY


def _strict(encoding: str) -> Callable[..., str]:
    """What decodes bytes piece by piece; all it raises is a UnicodeDecodeError."""
    decoder = codecs.getincrementaldecoder(encoding)()

    def decode(data: bytes, final: bool = False) -> str:
        try:
            return decoder.decode(data, final)
        except UnicodeDecodeError:
            raise
        except UnicodeError as error:  # without the byte-order mark that it must begin with
            raise UnicodeDecodeError(encoding, data, 0, 1, str(error)) from None

    return decode
