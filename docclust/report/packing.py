"""Numbers and texts -> deflated base64, which the page unpacks with what every browser has."""

import base64
import itertools
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from docclust import engine

# Characters of a block, and blocks that wait to be deflated at most.
BLOCK = 1 << 18
AT_ONCE = 32


def deflated(data: bytes) -> str:
    """Data as zlib's format in base64."""
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def packed_json(value: Any) -> str:
    """Plain data as deflated JSON."""
    return deflated(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8"))


def packed_numbers(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Whole numbers from 0 on, array after array, each in as many byte planes as its largest number needs.

    In planes the high bytes, nearly always zero, stand together and cost nothing after deflating.
    """
    header, planes = [], []
    for name, array in arrays.items():
        numbers = np.ascontiguousarray(array, dtype="<u4").ravel()
        width = max(1, -(-int(numbers.max(initial=0)).bit_length() // 8))
        header.append([name, len(numbers), width])
        planes.append(numbers.view(np.uint8).reshape(-1, 4)[:, :width].T.tobytes())
    return {"header": header, "data": deflated(b"".join(planes))}


def packed_texts(texts: Iterable[str | None], n_jobs: int | None = None) -> dict[str, Any]:
    """Texts in blocks of 256 KiB, each deflated by itself, so that the page unpacks only those it needs.

    In a block, texts are separated by NUL, which is a blank inside of them, and a missing one is U+FFFF.
    """
    firsts, blocks, pieces = [0], [], _joined(texts)
    with engine.threads(n_jobs) as share_out:
        while few := list(itertools.islice(pieces, AT_ONCE)):
            firsts += [row for row, _ in few]
            blocks += share_out(_block, [text for _, text in few])
    return {"firsts": firsts, "blocks": blocks}


def _joined(texts: Iterable[str | None]) -> Iterator[tuple[int, str]]:
    """The texts of one block after the other, and how many texts there were so far."""
    waiting, size, row = [], 0, 0
    for row, text in enumerate(texts, start=1):
        waiting.append("\uffff" if text is None else text.replace("\0", " "))
        size += len(waiting[-1])
        if size >= BLOCK:
            yield row, "\0".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield row, "\0".join(waiting)


def _block(text: str) -> str:
    return deflated(text.encode("utf-8", "replace"))
