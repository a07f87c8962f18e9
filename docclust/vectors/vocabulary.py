"""New texts -> counts of known words, and where in a text each word stands. Changes no vocabulary."""

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from docclust.config import VectorsSettings
from docclust.vectors.characters import without_spaces
from docclust.vectors.notices import noticed
from docclust.vectors.rows import counted
from docclust.vectors.tokens import Tokenizer

if TYPE_CHECKING:
    from docclust.results import Run


class Vocabulary:
    """The features of a fitted corpus, ready for texts it has never seen. Made of what a run folder stores.

    Parameters
    ----------
    words : sequence of v str
        The features: stems, or stems joined by spaces.
    display : sequence of v str
        The most frequent real form of each.
    settings : VectorsSettings
        Those the features were chosen with.
    shingles : iterable of str
        Digests of what makes the notices that were not counted.
    """

    def __init__(
        self,
        words: Sequence[str],
        display: Sequence[str],
        settings: VectorsSettings,
        shingles: Iterable[str] = (),
    ):
        self.words = words
        self.display = display
        self.settings = settings
        self._shingles = set(shingles)
        self._tokenizer = Tokenizer(settings)
        self._word_of = _Words(self._tokenizer)
        self._place = {word: i for i, word in enumerate(words)}
        self._max_order = max(settings.max_ngram, 2 if settings.collocations else 1)

    @classmethod
    def of(cls, run: "Run") -> "Vocabulary":
        """The features of a run."""
        return cls(run.words, run.display, run.settings.vectors, run.shingles)

    def count(self, texts: Iterable[str]) -> sp.csr_array:
        """How often each text holds each feature.

        Returns
        -------
        (n, v) CSR int32, sorted; a text without any known word has an empty row
        """
        found, lengths = array("i"), array("q")
        place = self._place
        for text in texts:
            before = len(found)
            tokens = [token for token in self._tokenizer(text) if not self._tokenizer.is_spare(token)]
            words = [word for word in self._counted(tokens) if word]
            found.extend(place[w] for w in words if w in place)
            for order in range(2, self._max_order + 1):
                grams = map(" ".join, zip(*(words[i:] for i in range(order)), strict=False))
                found.extend(place[gram] for gram in grams if gram in place)
            lengths.append(len(found) - before)
        return counted(np.asarray(found), np.asarray(lengths), len(self.words))

    def tokens(self, text: str) -> list[tuple[int, int, int]]:
        """Where the words of a text stand, so that they can be marked in it.

        Returns
        -------
        list of (feature, start, end)
            In the order of the text; ``text[start:end]`` is the word as it is written. Each token has one entry, with
            feature -1 where it is none or not counted. A feature of several words has an entry from its first to its
            last, which covers theirs and comes before them; a pair of characters one of the word as which it is
            shown.
        """
        spans = self._tokenizer.spans(text)
        of_each = self._counted([token for token, *_ in spans])
        words = [(word, start, end) for word, (_, start, end) in zip(of_each, spans, strict=True)]
        found = [(self._place.get(word, -1), start, end) for word, start, end in words]
        found = [(feature, *self._whole(text, spans, i, feature)) for i, (feature, *_) in enumerate(found)]
        words = [entry for entry in words if entry[0]]
        for order in range(2, self._max_order + 1):
            for run in zip(*(words[i:] for i in range(order)), strict=False):
                gram = self._place.get(" ".join(word for word, *_ in run))
                if gram is not None:
                    found.append((gram, run[0][1], run[-1][2]))
        return sorted(found, key=lambda entry: (entry[1], -entry[2]))

    def _counted(self, tokens: list[str]) -> list[str]:
        """The word of each token of a text, empty where it is none or stands in a notice."""
        words = [self._word_of[token] for token in tokens]
        if not self._shingles:
            return words
        there = noticed(tokens, words, self._shingles)
        return ["" if skipped else word for word, skipped in zip(words, there, strict=True)]

    def _whole(self, text: str, spans: list[tuple[str, int, int]], i: int, feature: int) -> tuple[int, int]:
        """Where the word begins and ends as which token i is shown, if it stands there, or where the token does."""
        token, *own = spans[i]
        shown = token if feature < 0 else self.display[feature]
        if self._tokenizer.is_plain and shown != token and without_spaces(shown):
            parts = self._tokenizer.cut(shown)
            first = i - parts.index(token) if token in parts else -1
            if first >= 0 and first + len(parts) <= len(spans):
                begin, end = spans[first][1], spans[first + len(parts) - 1][2]
                if self._tokenizer.prepare(text[begin:end]) == shown:
                    return begin, end
        return tuple(own)


class _Words(dict):
    """What word each token counts as, worked out once."""

    def __init__(self, tokenizer: Tokenizer):
        super().__init__()
        self._tokenizer = tokenizer

    def __missing__(self, token: str) -> str:
        self[token] = word = self._tokenizer.word(token)
        return word
