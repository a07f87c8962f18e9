"""Texts -> their tokens as numbers, each distinct token spelled once.

What the plain pattern finds, a compiled loop finds as well, at a tenth of the time; other patterns cut every text.
"""

import re
from collections.abc import Iterable
from functools import cache
from itertools import chain

import numpy as np

from docclust.compiling import compiled
from docclust.vectors.characters import UNSPACED, marks
from docclust.vectors.tokens import Tokenizer

# Fowler, Noll & Vo's hash of 64 bits, variant 1a, over code points instead of bytes.
_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_HALF = np.uint64(32)
_ONE = np.uint64(1)
_SPACE = ord(" ")
# Kinds of characters: those of scripts without spaces, marks, and letters; 0 for all others. Odd ones begin a word.
_UNSPACED = 1
_MARK = 2
_LETTER = 3


class Numbering:
    """Numbers the distinct tokens of all texts it is shown, from 0 in the order they come.

    Parameters
    ----------
    tokenizer : Tokenizer
    """

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizer
        self._numbers = _PlainNumbers() if tokenizer.is_plain else Numbers()

    @property
    def tokens(self) -> list[str]:
        """The distinct tokens of the texts so far, in the order of their numbers."""
        return list(self._numbers)

    def __call__(self, texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """Cut texts, and number their tokens.

        Returns
        -------
        numbers : (t,) intc
            The tokens of these texts, one after the other.
        lengths : (n,) int64
            How many each text has.
        """
        prepared = map(self._tokenizer.prepare, texts)
        if self._tokenizer.is_plain:
            return self._numbers.of(list(prepared))
        found = list(map(self._tokenizer.cut, prepared))
        numbers = np.array(list(map(self._numbers.__getitem__, chain.from_iterable(found))), dtype=np.intc)
        return numbers, np.array(list(map(len, found)), dtype=np.int64)


class Numbers(dict):
    """Numbers tokens, or digests of texts, from 0 as they are first looked up."""

    def __missing__(self, key: str | bytes) -> int:
        self[key] = number = len(self)
        return number


class _PlainNumbers:
    """The same for tokens of the plain pattern, n of them, in a hash table with open addressing.

    slots : (2 r,) int32, r a power of two; the number of a token, or -1 in at least half of them
    hashes : (r,) uint64, the first n taken
    begins : (r + 1,) int64; token i is letters[begins[i] : begins[i + 1] - 1], and a space follows
    letters : uint32, code points
    """

    def __init__(self) -> None:
        self._n = 0
        self._hashes = np.empty(1024, dtype=np.uint64)
        self._slots = np.full(2 * len(self._hashes), -1, dtype=np.int32)
        self._begins = np.zeros(len(self._hashes) + 1, dtype=np.int64)
        self._letters = np.empty(0, dtype=np.uint32)

    def __iter__(self):
        letters = self._letters[: self._begins[self._n]]
        return iter(letters.tobytes().decode("utf-32-le", "surrogatepass").split(" ")[:-1])

    def of(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """The tokens of texts, one after the other, and how many each text has."""
        # Half a surrogate pair is no text, but JSON can spell it.
        text = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        ends = np.cumsum(list(map(len, texts)), dtype=np.int64)
        numbers, lengths = np.empty(len(text), dtype=np.intc), np.zeros(len(ends), dtype=np.int64)
        # Where no words have spaces between them, a character is in two of them, each with a space after it.
        needed = self._begins[self._n] + 3 * len(text)
        if needed > len(self._letters):
            self._letters = _longer(self._letters[: self._begins[self._n]], 2 * needed)
        at = np.array([0, 0, 0, self._n])
        while not _number(
            *(text, ends, _kinds(0x10000 if text.max(initial=0) < 0x10000 else 0x110000)),
            *(self._slots, self._hashes, self._begins, self._letters),
            *(numbers, lengths, at),
        ):
            self._begins = _longer(self._begins, 2 * len(self._hashes) + 1)
            self._hashes = _longer(self._hashes, 2 * len(self._hashes))
            self._slots = _slots(self._hashes, len(self._hashes) // 2)
        *_, t, self._n = at.tolist()
        return numbers[:t], lengths


@cache
def _kinds(n: int) -> np.ndarray:
    # (n,) uint8; the kind of each code point
    found, characters = np.zeros(n, dtype=np.uint8), "".join(map(chr, range(n)))
    patterns = {_LETTER: r"\w+", _UNSPACED: rf"(?:(?=\w)[{UNSPACED}])+", _MARK: f"[{''.join(marks())}]+"}
    for kind, pattern in patterns.items():
        for run in re.finditer(pattern, characters):
            found[run.start() : run.end()] = kind
    return found


def _longer(values: np.ndarray, size: int) -> np.ndarray:
    # np.resize would write to all of it.
    longer = np.empty(size, dtype=values.dtype)
    longer[: len(values)] = values
    return longer


@compiled()
def _after_marks(text, place, end, kinds):
    # Where the character at `place` ends with its marks.
    place += 1
    while place < end and kinds[text[place]] == _MARK:
        place += 1
    return place


@compiled()
def _number(text, ends, kinds, slots, hashes, begins, letters, numbers, lengths, at):
    # text: (c,) uint32, several texts; ends: (n,), where each ends; the table, numbers and lengths: as above, filled in
    # at: the text, the character, how many tokens were read and are known -> False where the table must have more room
    document, place, t, n = at
    last, paired = np.uint64(len(slots) - 1), -1
    for i in range(document, len(ends)):
        end = ends[i]
        while place < end:
            kind = kinds[text[place]]
            if not kind & 1:
                place += 1
                continue
            begin, key = place, _BASIS
            if kind == _LETTER:
                while place < end and kinds[text[place]] >= _MARK:
                    key = (key ^ text[place]) * _PRIME
                    place += 1
                stop = place
                if stop - begin < 2:
                    continue
            else:
                place = stop = _after_marks(text, begin, end, kinds)
                if place < end and kinds[text[place]] == _UNSPACED:
                    stop = paired = _after_marks(text, place, end, kinds)
                elif place == paired:
                    continue
                for j in range(begin, stop):
                    key = (key ^ text[j]) * _PRIME
            size, slot = stop - begin, (key ^ (key >> _HALF)) & last
            while slots[slot] >= 0:
                number = slots[slot]
                known = begins[number]
                if hashes[number] == key and begins[number + 1] - known == size + 1:
                    same = 0
                    while same < size and text[begin + same] == letters[known + same]:
                        same += 1
                    if same == size:
                        break
                slot = (slot + _ONE) & last
            else:
                if n == len(hashes):
                    at[0], at[1], at[2], at[3] = i, begin, t, n  # a slice would take two seconds more to compile
                    return False
                known = begins[n]
                for j in range(size):
                    letters[known + j] = text[begin + j]
                letters[known + size] = _SPACE
                begins[n + 1] = known + size + 1
                hashes[n], slots[slot] = key, n
                n += 1
            numbers[t] = slots[slot]
            t += 1
            lengths[i] += 1
    at[0], at[1], at[2], at[3] = len(ends), place, t, n
    return True


@compiled()
def _slots(hashes, n):
    # hashes: (r,), the first n taken -> slots: (2 r,)
    slots = np.full(2 * len(hashes), -1, dtype=np.int32)
    last = np.uint64(len(slots) - 1)
    for number in range(n):
        slot = (hashes[number] ^ (hashes[number] >> _HALF)) & last
        while slots[slot] >= 0:
            slot = (slot + _ONE) & last
        slots[slot] = number
    return slots
