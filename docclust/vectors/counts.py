"""A chunk -> which words are features, and how often each document holds each. Knows numbers, and strings at the end.

Everything here is exact whole-number counting with ties broken alphabetically, so the order of the documents, and the
numbers their tokens happen to have, change nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from docclust.config import VectorsSettings
from docclust.errors import CorpusError, SettingError, shortened
from docclust.vectors.boilerplate import boilerplate
from docclust.vectors.chunks import Chunk
from docclust.vectors.forms import whole_words
from docclust.vectors.notices import notices, passages
from docclust.vectors.rows import counted, run_sums
from docclust.vectors.tokens import Tokenizer

# A pair seen fewer times is never a collocation: chance alone makes such pairs of rare words look strong.
MIN_COLLOCATION_FREQUENCY = 3
# From so many documents on a word has to be in three of them. Of fewer it is two, and a document with no such word
# keeps its own: of so few none is to be missed. A word of one document says nothing of which are alike, and makes it
# differ from all. NMI so, and with the words of one document, means of ten samples of six corpora: of 24 documents 0.45
# and 0.41, of 36 0.42 and 0.36, of 48 0.42 and 0.36.
THREE_FROM = 500


@dataclass(frozen=True)
class Grams:
    """The distinct sequences of so many words, g of them, and where they are.

    counts : (n, g) CSR int32; how often each document holds each
    boilerplate : (n, g) CSR int32; of these the occurrences that begin in boilerplate
    frequency : (g,) how often the corpus does
    documents : (g,) how many documents do
    parts : (g, 2) the number of the sequence without its last word, among those one word shorter, and of that word
    """

    counts: sp.csr_array
    boilerplate: sp.csr_array
    frequency: np.ndarray
    documents: np.ndarray
    parts: np.ndarray


@dataclass(frozen=True)
class Counts:
    """The features of a corpus, counted.

    of_all : (n, v) CSR int32; a row for each document of the chunk, in its order; some rows may be empty
    of_boilerplate : (n, v) CSR int32; of these the occurrences in `boilerplate`
    words : v str, sorted
    display : v str; the most frequent real form of each word, of a pair of characters the word it is mostly part of
    notices : what was not counted, and how often it is there; the most frequent first
    shingles : by which it is found
    """

    of_all: sp.csr_array
    of_boilerplate: sp.csr_array
    words: list[str]
    display: list[str]
    notices: list[tuple[str, int]]
    shingles: list[str]


def count(chunk: Chunk, tokenizer: Tokenizer, settings: VectorsSettings) -> Counts:
    """Choose the features of a corpus and count them.

    Parameters
    ----------
    chunk : Chunk
        All documents.
    tokenizer : Tokenizer
    settings : VectorsSettings

    Raises
    ------
    CorpusError
        There are no documents, or no document has a word.
    SettingError
        `min_df` and `max_df` leave no word.
    """
    if not chunk.ids:
        raise CorpusError("The corpus must hold documents, got none. Try another path or source in [corpus].")
    words, word_of = _words(chunk.tokens, tokenizer)
    if not words:
        raise CorpusError(
            f"The documents must hold words, got none in all {len(chunk.ids)}. Try another text column in [corpus], "
            "or another [vectors] token_pattern or stop_words."
        )
    stream = word_of[chunk.numbers]
    common, copied = boilerplate(chunk)
    dropped, shingles = np.zeros_like(common), []
    if settings.notices == "drop":
        dropped, shingles = notices(chunk, stream, common, copied)
    max_order = max(settings.max_ngram, 2 if settings.collocations else 1)
    grams = _all_grams(stream, (stream >= 0) & ~dropped, common & ~copied, chunk.lengths, len(words), max_order)
    chosen = _choose(grams, words, settings)
    display = list(
        map(shortened, _most_frequent_forms(chunk, word_of, len(words)))
    )  # what is no word may take megabytes
    found = Counts(*_assemble(grams, chosen, words, display), passages(chunk, dropped), shingles)
    if tokenizer.is_plain:
        found = replace(found, display=whole_words(found.display, chunk, MIN_COLLOCATION_FREQUENCY))
    return found


def _words(tokens: list[str], tokenizer: Tokenizer) -> tuple[list[str], np.ndarray]:
    # -> the distinct words, and for each token the number of its word or -1
    numbers = {"": -1}
    word, number = tokenizer.word, numbers.setdefault
    word_of = [number(word(token), len(numbers) - 1) for token in tokens]
    return list(numbers)[1:], np.array(word_of, dtype=np.intc)


def _most_frequent_forms(chunk: Chunk, word_of: np.ndarray, n_words: int) -> list[str]:
    if np.count_nonzero(word_of >= 0) == n_words:
        return [token for word, token in zip(word_of.tolist(), chunk.tokens, strict=True) if word >= 0]
    best: list[tuple[int, str]] = [(0, "")] * n_words
    frequencies = np.bincount(chunk.numbers, minlength=len(chunk.tokens))
    for word, frequency, token in zip(word_of.tolist(), frequencies.tolist(), chunk.tokens, strict=True):
        if word >= 0 and (-frequency, token) < best[word]:
            best[word] = (-frequency, token)
    return [form for _, form in best]


def _all_grams(
    stream: np.ndarray, kept: np.ndarray, shared: np.ndarray, lengths: np.ndarray, n_words: int, max_order: int
) -> list[Grams]:
    # stream: (t,) the word of each token; kept, shared: (t,) bool; lengths: (n,) -> the words, the pairs, ...
    lengths = run_sums(kept, lengths)
    stream, shared = stream[kept], shared[kept]
    parts = np.column_stack([np.full(n_words, -1), range(n_words)])
    numbers, grams = stream, [_grams(stream.copy(), lengths, parts, shared)]
    starts = np.arange(len(stream) if max_order > 1 else 0)
    ends = np.repeat(np.cumsum(lengths), lengths) if max_order > 1 else starts
    for order in range(2, max_order + 1):
        fits = starts + order <= ends[starts]
        starts = starts[fits]
        keys = numbers[fits].astype(np.int64) * n_words + stream[starts + order - 1]
        distinct, numbers = np.unique(keys, return_inverse=True)
        numbers = numbers.astype(np.intc)
        parts = np.column_stack(np.divmod(distinct, n_words))
        grams.append(_grams(numbers.copy(), np.maximum(lengths - order + 1, 0), parts, shared[starts]))
    return grams


def _grams(numbers: np.ndarray, lengths: np.ndarray, parts: np.ndarray, shared: np.ndarray) -> Grams:
    # numbers: (t,), overwritten; lengths: (n,), summing to t; parts: (g, 2); shared: (t,) bool
    frequency = np.bincount(numbers, minlength=len(parts))
    of_boilerplate = counted(numbers[shared], run_sums(shared, lengths), len(parts))
    counts = counted(numbers, lengths, len(parts))
    return Grams(counts, of_boilerplate, frequency, np.bincount(counts.indices, minlength=len(parts)), parts)


def _choose(grams: list[Grams], words: list[str], settings: VectorsSettings) -> list[np.ndarray]:
    # -> for each order the numbers of the sequences that are features
    n_documents = grams[0].counts.shape[0]
    low, high = document_limits(settings, n_documents)
    allowed = [np.flatnonzero((gram.documents >= low) & (gram.documents <= high)) for gram in grams]
    if settings.min_df == "auto" and n_documents < THREE_FROM:
        allowed[0], low = _with_lonely(grams[0], allowed[0], high), 1
    chosen = allowed[: settings.max_ngram]
    if settings.max_features:
        chosen = _most_frequent(grams, chosen, words, settings.max_features)
    if settings.collocations:
        pairs = _collocations(grams, allowed[1], words, settings.collocations)
        chosen = [chosen[0], np.union1d(chosen[1], pairs) if len(chosen) > 1 else pairs, *chosen[2:]]
    if not any(map(len, chosen)):
        remedy = "min_df = 1" if (grams[0].documents <= high).any() else "max_df = 1.0"
        if n_documents == 1:
            remedy += ", and [mixture] n_components = 1"
        raise SettingError(
            f"[vectors] min_df and max_df must leave words, got {settings.min_df!r} and {settings.max_df!r}: "
            f"none of {len(words)} words is in at least {low:g} and at most {high:g} of {n_documents} documents. "
            f"Try {remedy}."
        )
    return chosen


def document_limits(settings: VectorsSettings, n_documents: int) -> tuple[float, float]:
    """The least and the largest number of documents that may hold a feature, of so many in all.

    A whole number counts documents, a float is a share of them. ``min_df = "auto"`` is 3 documents, 2 in a corpus of
    fewer than 500, where a document that has none of these words keeps its own.
    """
    low = settings.min_df
    if low == "auto":
        low = 3 if n_documents >= THREE_FROM else 2
    return tuple(limit if isinstance(limit, int) else limit * n_documents for limit in (low, settings.max_df))


def _with_lonely(gram: Grams, allowed: np.ndarray, high: float) -> np.ndarray:
    """The words allowed, and all of the documents that would be left with none."""
    found, counts = np.zeros(len(gram.parts), dtype=bool), gram.counts
    found[allowed] = True
    lonely = run_sums(found[counts.indices], np.diff(counts.indptr)) == 0
    found[counts[lonely].indices] = True
    return np.flatnonzero(found & (gram.documents <= high))


def _most_frequent(
    grams: list[Grams], chosen: list[np.ndarray], words: list[str], max_features: int
) -> list[np.ndarray]:
    ranking = []
    for order, numbers in enumerate(chosen):
        frequency = grams[order].frequency[numbers].tolist()
        names = _spell(grams, order, numbers, words)
        ranking += [(-f, name, order, i) for f, name, i in zip(frequency, names, numbers.tolist(), strict=True)]
    best = sorted(ranking)[:max_features]
    return [np.array([i for *_, at, i in best if at == order], dtype=np.intp) for order in range(len(chosen))]


def _collocations(grams: list[Grams], pairs: np.ndarray, words: list[str], n_pairs: int) -> np.ndarray:
    # The pairs that stand together more often than chance says, by Dunning 1993, as in Manning & Schuetze 5.3.4.
    from nltk.metrics.association import BigramAssocMeasures

    single, double = grams[0].frequency, grams[1]
    total = int(single.sum())
    pairs = pairs[double.frequency[pairs] >= MIN_COLLOCATION_FREQUENCY]
    first, second = double.parts[pairs].T
    ranking = []
    for i, a, b in zip(pairs.tolist(), first.tolist(), second.tolist(), strict=True):
        together, alone = int(double.frequency[i]), (int(single[a]), int(single[b]))
        # The ratio is as large for words that avoid each other.
        if together * total > alone[0] * alone[1]:
            score = BigramAssocMeasures.likelihood_ratio(together, alone, total)
            ranking.append((-score, words[a], words[b], i))
    return np.array([i for *_, i in sorted(ranking)[:n_pairs]], dtype=np.intp)


def _spell(grams: list[Grams], order: int, numbers: np.ndarray, words: list[str]) -> list[str]:
    shorter, last = grams[order].parts[numbers].T
    if order == 0:
        return [words[i] for i in last.tolist()]
    begun = _spell(grams, order - 1, shorter, words)
    return [f"{start} {words[i]}" for start, i in zip(begun, last.tolist(), strict=True)]


def _assemble(
    grams: list[Grams], chosen: list[np.ndarray], words: list[str], display: list[str]
) -> tuple[sp.csr_array, sp.csr_array, list[str], list[str]]:
    # -> the counts of all and of boilerplate, the features, and how each is shown
    spelled = [_spell(grams, order, numbers, words) for order, numbers in enumerate(chosen)]
    shown: dict[str, str] = {}
    for order, numbers in enumerate(chosen):
        for word, form in zip(spelled[order], _spell(grams, order, numbers, display), strict=True):
            # Two sequences spell the same only where a pattern lets tokens hold spaces; they are one feature.
            shown[word] = min(form, shown.get(word, form))
    features = sorted(shown)
    place = {word: i for i, word in enumerate(features)}
    places = [[place[word] for word in spell] for spell in spelled]
    of_all, of_boilerplate = (
        sum(_renumber(*order, len(features)) for order in zip(counts, chosen, places, strict=False))
        for counts in ([gram.counts for gram in grams], [gram.boilerplate for gram in grams])
    )
    return of_all, of_boilerplate, features, [shown[word] for word in features]


def _renumber(counts: sp.csr_array, columns: np.ndarray, places: Iterable[int], n_columns: int) -> sp.csr_array:
    # counts: (n, g) CSR -> (n, n_columns) CSR with columns[i] at places[i] and the others gone
    place = np.full(counts.shape[1], -1, dtype=np.intc)
    place[columns] = places
    indices = place[counts.indices]
    kept = indices >= 0
    lengths = run_sums(kept, np.diff(counts.indptr))
    return counted(indices[kept], lengths, n_columns, counts.data[kept])
