"""A pair of characters -> the word it is mostly part of, as which it is shown. What counts as a word stays as it is."""

import numpy as np

from docclust.compiling import compiled
from docclust.vectors.characters import halves, halves_apart, without_spaces
from docclust.vectors.chunks import Chunk

# Characters of a word that is shown; what goes on beyond that is a set phrase.
LONGEST = 12


def whole_words(display: list[str], chunk: Chunk, least: int) -> list[str]:
    """How features are shown where a word has no spaces around it.

    A pair grows by one neighbouring character after the other, first on the side where one is more frequent, as long
    as it stands so in more than half of all its places, and in `least` of them: 具包 is shown as 工具包 where it is
    seldom in anything else. Several pairs that are one feature are written as what they stand for.

    Parameters
    ----------
    display : v str
        Tokens, or several joined by spaces.
    chunk : Chunk
        All documents, cut by the plain pattern.
    least : int
    """
    if not any(map(without_spaces, display)):
        return display
    characters: dict[str, int] = {}
    begins, ends = np.full((2, len(chunk.tokens)), -1, dtype=np.intc)
    second, place = [""] * len(chunk.tokens), {}
    for i, token in enumerate(chunk.tokens):
        if pair := halves().fullmatch(token):
            begins[i], ends[i] = (characters.setdefault(half, len(characters)) for half in pair.groups())
            second[i], place[token] = pair[2], i
    growing = np.zeros(len(chunk.tokens), dtype=np.bool_)
    growing[[place[form] for form in display if form in place]] = True
    numbers = chunk.numbers
    goes_on = np.zeros(len(numbers), dtype=np.bool_)
    goes_on[1:] = (begins[numbers[1:]] == ends[numbers[:-1]]) & (begins[numbers[1:]] >= 0)
    goes_on[(np.cumsum(chunk.lengths) - chunk.lengths)[chunk.lengths > 0]] = False
    first, last = _grow(numbers, goes_on, growing, least, LONGEST - 1)

    def shown(form: str) -> str:
        if form not in place:
            return halves_apart().sub(r"\1", form)
        start, *rest = numbers[first[place[form]] : last[place[form]] + 1].tolist()
        return chunk.tokens[start] + "".join(second[i] for i in rest)

    return list(map(shown, display))


@compiled()
def _neighbour(numbers, goes_on, first, last, side):
    # The token that goes on to the left (0) or right (1) of those from first to last, or -1.
    if side == 0:
        return numbers[first - 1] if goes_on[first] else -1
    return numbers[last + 1] if last + 1 < len(numbers) and goes_on[last + 1] else -1


@compiled()
def _grow(numbers, goes_on, growing, least, most):
    # numbers: (t,) tokens; goes_on: (t,) bool, it begins with the character that the one before ends with
    # growing: (tokens,) bool; most: pairs of a word -> first, last: (tokens,), a place where its word stands
    n = len(growing)
    places = np.flatnonzero(growing[numbers])  # where each word stands as far as it has grown
    total, before, after, at = np.zeros((4, n), np.int64)
    for p in places:
        total[numbers[p]] += 1
        at[numbers[p]] = p
    while len(places):
        # The one neighbour that can have more than half, on each side (Boyer & Moore 1981), and how often it is there.
        chosen, votes, found = np.full((2, n), -1), np.zeros((2, n), np.int64), np.zeros((2, n), np.int64)
        for counting in (False, True):
            for p in places:
                w = numbers[p]
                for side in range(2):
                    other = _neighbour(numbers, goes_on, p - before[w], p + after[w], side)
                    if other < 0:
                        continue
                    if counting:
                        found[side, w] += other == chosen[side, w]
                    elif votes[side, w] == 0:
                        chosen[side, w], votes[side, w] = other, 1
                    else:
                        votes[side, w] += 1 if other == chosen[side, w] else -1
        sides = (found[1] >= found[0]).astype(np.int64)
        kept = np.zeros(len(places), np.bool_)
        for i in range(len(places)):
            p, w = places[i], numbers[places[i]]
            side = sides[w]
            if 2 * found[side, w] > total[w] and found[side, w] >= least:
                kept[i] = _neighbour(numbers, goes_on, p - before[w], p + after[w], side) == chosen[side, w]
        places = places[kept]
        for p in places:
            at[numbers[p]] = p
        for w in np.unique(numbers[places]):
            before[w] += sides[w] == 0
            after[w] += sides[w] == 1
        places = places[(before + after)[numbers[places]] + 1 < most]
    return at - before, at + after
