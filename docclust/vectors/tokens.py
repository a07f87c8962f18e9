"""Text -> tokens, and token -> the word it counts as. Nothing here counts."""

import re
import unicodedata

from docclust.config import VectorsSettings
from docclust.vectors.languages import stemmer, stop_words

# Words of two characters or more: what `token_pattern` is unless someone writes another.
PLAIN_PATTERN = r"(?u)\b\w\w+\b"
_DIGIT = re.compile(r"\d")
# Everything in ASCII that is not \w becomes a space.
_ASCII_WORDS = "".join(character if re.match(r"\w", character) else " " for character in map(chr, range(128)))


class Tokenizer:
    """Cuts texts into tokens and says what word each token counts as.

    A text is lower-cased, stripped of accents if asked, and cut by the pattern. A token that is a stop word counts as
    nothing; any other counts as its stem, or as itself where it holds a digit. Stop words are compared before
    stemming, and are themselves lower-cased, stripped and cut as texts are, so that "don't" removes the "don" that the
    pattern leaves of it. Where case is kept, a stop word also goes when it is capitalised, as at the start of a
    sentence.

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
        # \w\w+ takes whole words from the left, which makes the two \b of the plain pattern true at no cost.
        self._pattern = re.compile(r"\w\w+" if self.is_plain else settings.token_pattern)
        self._findall = self._pattern.findall
        self._stem = stemmer(settings.stem)
        self._stop_words = self._as_tokens(stop_words(settings.stop_words) | {*settings.extra_stop_words})

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text in their order, with stop words and, in ASCII texts, words of one letter."""
        return self.cut(self.prepare(text))

    def prepare(self, text: str) -> str:
        """A text lower-cased and stripped of accents, as far as is asked."""
        if self._lowercase:
            text = text.lower()
        if self._strip_accents and not text.isascii():
            text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        return text

    def cut(self, text: str) -> list[str]:
        """The tokens of a text that is prepared."""
        # The same words as the pattern finds, in half the time; those of one letter go in `word`.
        if self.is_plain and text.isascii():
            return text.translate(_ASCII_WORDS).split()
        return self._findall(text)

    def word(self, token: str) -> str:
        """The word a token counts as: its stem or itself, or ``""`` where it counts as none."""
        if token in self._stop_words or (self.is_plain and len(token) < 2):
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
        group = self._pattern.groups
        found = [(match[group], *match.span(group)) for match in self._pattern.finditer(prepared) if match[group]]
        if text.isascii():
            return found
        # Lower-casing and stripping change lengths; both work on each character by itself.
        origin = [i for i, character in enumerate(text) for _ in self.prepare(character)] + [len(text)]
        return [(token, origin[start], max(origin[end], origin[end - 1] + 1)) for token, start, end in found]

    def _as_tokens(self, words: frozenset[str]) -> frozenset[str]:
        prepared = [self.prepare(word.strip()) for word in words]
        tokens = {*prepared, *(token for word in prepared for token in self._findall(word))}
        return frozenset(tokens if self._lowercase else tokens | {token.capitalize() for token in tokens})
