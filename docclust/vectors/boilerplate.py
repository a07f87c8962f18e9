"""Tokens -> those of openings and closings that several other documents have, too: headings, signatures, notices.

They are no topic of the document they stand in. Only its beginning and its end are looked at, and what no more than two
texts share is left alone: a quotation is about something, and so is a document put together from others.
"""

import numpy as np

from docclust.vectors.chunks import Chunk
from docclust.vectors.numbering import Numbers
from docclust.vectors.rows import run_sums

# Consecutive tokens that are no accident when another text has them (shingles; Broder 1997, "On the resemblance and
# containment of documents").
SHINGLE = 4
# Tokens at either end that are looked at, half of the document at most; a shorter document has no openings.
WINDOW = 60
LEAST_TOKENS = 24
# A document with a smaller part of its own is a copy of another, and not under the same heading.
OWN_SHARE = 1 / 3
# Odd, and of no pattern: a sequence times them is a hash, of which 64 bits are enough for any corpus.
_MULTIPLIERS = np.random.RandomState(0).randint(2**63, size=SHINGLE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def boilerplate(chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
    """Which tokens stand in an opening that several texts open with, or in such a closing.

    Returns
    -------
    common, copied : (t,) bool, for `chunk.numbers`
        The tokens, and those of documents that have too little else: copies of others.
    """
    found = np.zeros(chunk.numbers.size, dtype=bool)
    ends = np.cumsum(chunk.lengths)
    # Shingles that lie wholly within a window. A text that is there twice is no other text.
    sizes = np.where(chunk.lengths < LEAST_TOKENS, 0, np.minimum(WINDOW, chunk.lengths // 2) - SHINGLE + 1)
    numbers = Numbers()
    texts = np.repeat(np.array([numbers[text] for text in chunk.texts], dtype=np.intc), sizes)
    place = np.int32 if found.size < 2**31 else np.int64  # there may be a hundred for every document
    within = np.arange(texts.size, dtype=place) - np.repeat((np.cumsum(sizes) - sizes).astype(place), sizes)
    for first in (ends - chunk.lengths, ends - sizes - SHINGLE + 1):
        at = np.repeat(first.astype(place), sizes) + within
        at = at[_is_common(hashes(chunk.numbers, at), texts)]
        for step in range(SHINGLE):
            found[at + step] = True
    return found, _copied(found, chunk.lengths)


def hashes(numbers: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Of every shingle a number that no other has."""
    # numbers: (t,); at: (s,) the first token of each shingle -> (s,) uint64
    mixed = np.zeros(at.size, dtype=np.uint64)
    for step, multiplier in enumerate(_MULTIPLIERS):
        mixed = (mixed ^ (mixed >> np.uint64(31))) * multiplier + numbers[at + step].astype(np.uint64)
    return (mixed ^ (mixed >> np.uint64(29))) * _MULTIPLIERS[0]


def _is_common(shingles: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """Whether three texts have the shingle, or more."""
    # (s,) uint64, (s,) int -> (s,) bool
    found = np.zeros(shingles.size, dtype=bool)
    order = np.argsort(shingles)
    last_of_kind = np.append(shingles[order[1:]] != shingles[order[:-1]], True)[: order.size]
    times = np.diff(np.flatnonzero(last_of_kind) + 1, prepend=0)
    order, times = order[np.repeat(times > 2, times)], times[times > 2]
    if times.size:
        texts, starts = texts[order], np.cumsum(times) - times
        least, most = (np.repeat(extreme.reduceat(texts, starts), times) for extreme in (np.minimum, np.maximum))
        found[order] = np.repeat(np.logical_or.reduceat((texts != least) & (texts != most), starts), times)
    return found


def _copied(found: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The tokens of documents that have too little of their own."""
    # found: (t,) bool; lengths: (n,), summing to t -> (t,) bool
    own = run_sums(~found, lengths)
    return np.repeat(own < OWN_SHARE * lengths, lengths)
