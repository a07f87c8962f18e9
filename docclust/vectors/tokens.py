"""Text -> tokens, and token -> the word it counts as. Nothing here counts."""

import re
import unicodedata
from array import array

from docclust.config import VectorsSettings
from docclust.vectors.characters import composed, plain_words, written_apart
from docclust.vectors.languages import stemmer, stop_words
from docclust.vectors.wordless import blanked

# Words of two characters or more: what `token_pattern` is unless someone writes another. It then stands for what
# `characters.plain_words` finds, which is the same in scripts that have spaces and no marks.
PLAIN_PATTERN = r"(?u)\b\w\w+\b"
_DIGIT = re.compile(r"\d")
# Everything in ASCII that is not \w becomes a space.
_ASCII_WORDS = "".join(character if re.match(r"\w", character) else " " for character in map(chr, range(128)))


class Tokenizer:
    """Cuts texts into tokens and says what word each token counts as.

    A text is lower-cased, its accents are composed with their letters or, if asked, stripped, and it is cut by the
    pattern; where notices are left out, the plain pattern finds nothing in a signature, nor in a file that stands in
    the text as letters. A token that is a stop word counts as nothing; any other counts as its stem, or as itself where
    it holds a digit. Stop words are compared before stemming, and are themselves lower-cased, composed or stripped, and
    cut as texts are, so that "don't" removes the "don" that the pattern leaves of it. Where case is kept, a stop word
    also goes when it is capitalised, as at the start of a sentence.

    Parameters
    ----------
    settings : VectorsSettings

    Attributes
    ----------
    is_plain : bool
        The pattern is the one that `token_pattern` is unless someone writes another.

    Raises
    ------
    SettingError
        `stop_words` or `stem` name a language for which there is none.
    """

    def __init__(self, settings: VectorsSettings):
        self._lowercase = settings.lowercase
        self._strip_accents = settings.strip_accents
        self.is_plain = settings.token_pattern == PLAIN_PATTERN
        self._blanks = self.is_plain and settings.notices == "drop"
        # \w\w+ takes whole words from the left, which makes the two \b of the plain pattern true at no cost.
        self._pattern = re.compile(r"\w\w+" if self.is_plain else settings.token_pattern)
        self._stem = stemmer(settings.stem)
        self._stop_words = self._as_tokens(stop_words(settings.stop_words) | {*settings.extra_stop_words})

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text in their order, with stop words and, in ASCII texts, words of one letter."""
        return self.cut(self.prepare(text))

    def prepare(self, text: str) -> str:
        """A text lower-cased, composed or stripped of accents, and without what has no words, as far as is asked."""
        if self._blanks:
            text = blanked(text)
        if self._lowercase:
            text = text.lower()
        if text.isascii():
            return text
        if self._lowercase:
            text = text.replace("i\u0307", "i")  # what lower-casing makes of Turkish İ
        if self._strip_accents:
            return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        return unicodedata.normalize("NFC", text)

    def cut(self, text: str) -> list[str]:
        """The tokens of a text that is prepared."""
        # The same words as the pattern finds, in half the time; those of one letter go in `word`.
        if self.is_plain and text.isascii():
            return text.translate(_ASCII_WORDS).split()
        pattern = self._pattern_for(text)
        found = pattern.findall(text)
        return list(map("".join, found)) if pattern.groups > 1 else found

    def is_spare(self, token: str) -> bool:
        """Whether it is one of the words of one letter that the pattern would not find."""
        return self.is_plain and len(token) < 2 and token.isascii()

    def word(self, token: str) -> str:
        """The word a token counts as: its stem or itself, or ``""`` where it counts as none."""
        if token in self._stop_words or self.is_spare(token):
            return ""
        if self._stem is None:
            return token
        # The 1990s are not 1990, nor are part numbers words; a third of a newsgroup's tokens are spared the stemmer.
        if _DIGIT.search(token):
            return token.lower()
        # Snowball's Russian and Arabic leave nothing of some tokens that are all suffix.
        return self._stem(token) or token

    def spans(self, text: str) -> list[tuple[str, int, int]]:
        """The tokens of a text, each with where it begins and ends in the text as it was given."""
        prepared = self.prepare(text)
        pattern = self._pattern_for(prepared)
        found = [
            (match[group], *match.span(group))
            for match in pattern.finditer(prepared)
            if match[group := match.lastindex or pattern.groups]
        ]
        if len(prepared) == len(text) and prepared == (text.lower() if self._lowercase else text):
            return found
        # Where the characters of the prepared text begin and end in the given one.
        begins, ends = array("q"), array("q")
        for part in composed().finditer(text):
            (begin, end), size = part.span(), len(self.prepare(part[0]))
            if size == end - begin:
                begins.extend(range(begin, end))
                ends.extend(range(begin + 1, end + 1))
            else:
                begins.extend([begin] * size)
                ends.extend([end] * size)
        return [(token, begins[start], ends[end - 1]) for token, start, end in found]

    def _pattern_for(self, text: str) -> re.Pattern[str]:
        """What finds the tokens of a text, in its one group that takes part or, without groups, as a whole."""
        if self.is_plain and not text.isascii() and written_apart().search(text):
            return plain_words()
        return self._pattern

    def _as_tokens(self, words: frozenset[str]) -> frozenset[str]:
        prepared = [self.prepare(word.strip()) for word in words]
        tokens = {*prepared, *(token for word in prepared for token in self.cut(word))}
        return frozenset(tokens if self._lowercase else tokens | {token.capitalize() for token in tokens})
