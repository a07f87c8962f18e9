"""What characters are in a word of the plain pattern: letters, marks on them, and those of scripts without spaces.

Unicode Standard Annex 29 has the same words, but for the scripts without spaces, which it leaves to dictionaries. Here
two neighbouring characters of theirs make a word, as in Lucene's CJKAnalyzer (Nie, Gao, Zhang & Zhou 2000, "On the use
of words and n-grams for Chinese information retrieval").
"""

import re
import unicodedata
from functools import cache

# As a regular expression has it in brackets. Thai and Lao, Burmese, Khmer, the Tai languages; kana; Han.
UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf"
    r"\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001b000-\U0001b16f"
    r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Vowels and final consonants of Hangul that are written apart; with the syllable before them they are one character.
_JAMO = r"\u1160-\u11ff"
_JOINERS = r"\u200c\u200d"
_OF_HAN = r"\U000e0100-\U000e01ef"
_OF_EMOJI = 0xFE00
_BEYOND = r"\U00010000-\U0010ffff"


@cache
def marks() -> tuple[str, str]:
    r"""What goes on with a word though \w leaves it out: vowel signs, points, accents written apart, and joiners.

    As `UNSPACED`, up to U+FFFF and beyond.
    """
    # There are no others but selectors of variants of Han. Those of emoji are no part of a word.
    kinds = "".join("m" if unicodedata.category(chr(i)) in ("Mn", "Mc") else " " for i in range(0x20000))
    found = [_JOINERS, _OF_HAN]
    for run in re.finditer("m+", kinds):
        if run.start() != _OF_EMOJI:
            found[run.start() > 0xFFFF] += f"{chr(run.start())}-{chr(run.end() - 1)}"
    return found[0], found[1]


@cache
def written_apart() -> re.Pattern[str]:
    r"""Finds what \w\w+ would not do for: a mark, a script without spaces, and any character beyond U+FFFF."""
    return re.compile(f"[{marks()[0]}{UNSPACED}{_BEYOND}]")


@cache
def plain_words() -> re.Pattern[str]:
    """Finds the words of the plain pattern, each in the one of its three groups that takes part.

    They are two letters or more with their marks; any two neighbouring characters of a script without spaces; and such
    a character that stands alone.
    """
    letter, mark, character = rf"[^\W{UNSPACED}]", _mark(), _character()
    # The last of a run goes with the last pair, so that no character in it stands alone.
    pair = f"(?=({character}{character})){character}(?:{character}(?!{character}))?"
    return re.compile(f"({letter}(?:{letter}++|{mark}++)++)|{pair}|({character})")


def without_spaces(word: str) -> bool:
    """Whether a word is of a script without spaces."""
    return bool(re.match(f"[{UNSPACED}]", word))


@cache
def halves() -> re.Pattern[str]:
    """Matches a word that is two characters of a script without spaces, in its two groups."""
    return re.compile(f"({_character()})({_character()})")


@cache
def halves_apart() -> re.Pattern[str]:
    """Finds the character that one such word ends with and the next, after a space, begins with; in its group."""
    return re.compile(rf"({_character()}) \1(?!{_mark()})")


@cache
def composed() -> re.Pattern[str]:
    """Finds the parts of any text that lower-casing and normalisation change each by itself."""
    return re.compile(f"(?s).(?:{_mark()}|[{_JAMO}])*")


def _character() -> str:
    return rf"(?=\w)[{UNSPACED}]{_mark()}*+"


def _mark() -> str:
    # Brackets hold what is beyond U+FFFF as a list, which is not to be gone through at the end of every word.
    low, high = marks()
    return f"(?:[{low}]|(?=[{_BEYOND}])[{high}])"
