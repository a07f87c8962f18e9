"""Tokens -> those of notices: openings and closings of documents on every topic, such as a disclaimer or a licence.

Half of a corpus of mails may end in one of six disclaimers, and the six are then the clearest clusters there are. But
the footer of a mailing list, or the heading of a section, goes with what its documents are about. So it counts what
else the documents say: if that is no more alike than in any documents, the passage says nothing of their topics.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import groupby

import numpy as np
import scipy.sparse as sp

from docclust.vectors.boilerplate import SHINGLE, hashes
from docclust.vectors.chunks import Chunk
from docclust.vectors.numbering import Numbers
from docclust.vectors.rows import counted, run_sums

# Texts that must have it, and the share of all texts. What fewer have makes no cluster among a few dozen.
LEAST_TEXTS = 10
LEAST_SHARE = 0.02
# How much more alike its documents may be, apart from it, than any two: their mean cosine over that of all. It is 0.9
# to 1.5 for disclaimers put at random under texts of BBC, AG News and Reuters R8, 1.0 for licences of C++ headers, 1.4
# for a line in the headers of newsgroups; it is 1.7 to 9 for nearly all that mailing lists put under their mails, and 3
# to 30 for what the pages of one C++ library share.
ALIKE = 1.5
# Cosines are summed in whole units, so that the order of the documents changes nothing.
UNITS = 2**16
# Consecutive tokens of a notice, at least. Shorter ones are set phrases ("was introduced in").
LEAST_TOKENS = 8
# Texts on which it is measured how alike any two are, at most; those with the least digests.
USUAL_TEXTS = 5000


def notices(chunk: Chunk, words: np.ndarray, common: np.ndarray, copied: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Which tokens belong to a notice, wherever it stands; none in a document that would have no word left.

    Parameters
    ----------
    chunk : Chunk
        Of n documents.
    words : (t,) int
        The word of each token, or -1.
    common, copied : (t,) bool
        By `docclust.vectors.boilerplate`. What only copies have is no notice.

    Returns
    -------
    found : (t,) bool
    shingles : digests of those by which `noticed` finds the same in one text, sorted
    """
    found = np.zeros(words.size, dtype=bool)
    one_of_each = _shingles(chunk, words, common, copied)
    if not one_of_each.size:
        return found, []
    begins = np.zeros(len(chunk.tokens), dtype=bool)
    begins[chunk.numbers[one_of_each]] = True
    at = _within_documents(np.flatnonzero(begins[chunk.numbers]), chunk.lengths)
    at = at[np.isin(hashes(chunk.numbers, at), hashes(chunk.numbers, one_of_each))]
    for step in range(SHINGLE):
        found[at + step] = True
    for run in _runs(found, chunk.lengths):
        found[run] = run.size >= LEAST_TOKENS
    bare = run_sums((words >= 0) & ~found, chunk.lengths) == 0
    spelled = ([chunk.tokens[i] for i in chunk.numbers[at : at + SHINGLE]] for at in one_of_each.tolist())
    return found & ~np.repeat(bare, chunk.lengths), sorted(map(digest, spelled))


def digest(shingle: Sequence[str]) -> str:
    """What a shingle is stored as: a model may be passed on where texts may not, and a notice is a piece of texts."""
    return hashlib.blake2b("\0".join(shingle).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def noticed(tokens: list[str], words: list[str], shingles: Collection[str]) -> list[bool]:
    """Which tokens of one text belong to a notice, by the shingles of `notices`; words : of each token, or empty."""
    found = [False] * len(tokens)
    for first in range(len(tokens) - SHINGLE + 1):
        if digest(tokens[first : first + SHINGLE]) in shingles:
            found[first : first + SHINGLE] = [True] * SHINGLE
    long_enough = [n >= LEAST_TOKENS for n in (len(list(run)) for _, run in groupby(found)) for _ in range(n)]
    found = [there and enough for there, enough in zip(found, long_enough, strict=True)]
    has_others = any(word and not there for word, there in zip(words, found, strict=True))
    return found if has_others else [False] * len(tokens)


def passages(chunk: Chunk, found: np.ndarray) -> list[tuple[str, int]]:
    """What notices say, in the words of texts, and how often; the most frequent first.

    found : (t,) bool, by `notices`
    """
    often = Counter(chunk.numbers[run].tobytes() for run in _runs(found, chunk.lengths))
    spelled = ((" ".join(chunk.tokens[i] for i in np.frombuffer(run, np.intc)), n) for run, n in often.items())
    return sorted(spelled, key=lambda passage: (-passage[1], passage[0]))


def _runs(found: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """Where tokens are found one after the other in a document."""
    at = np.flatnonzero(found)
    if not at.size:
        return []
    ends = np.searchsorted(np.cumsum(lengths), at, side="right")
    return np.split(at, np.flatnonzero((np.diff(at) > 1) | (np.diff(ends) > 0)) + 1)


def _shingles(chunk: Chunk, words: np.ndarray, common: np.ndarray, copied: np.ndarray) -> np.ndarray:
    """Where a shingle stands of every kind that makes notices."""
    documents = np.repeat(np.arange(chunk.lengths.size), chunk.lengths)
    kinds = _in_many_texts(chunk, documents, common & ~copied)
    if len(kinds) <= LEAST_TOKENS - SHINGLE:  # too few to make one
        return np.empty(0, dtype=np.intp)
    any_two = run_sums(copied & common, chunk.lengths) == 0
    if any_two.sum() > USUAL_TEXTS:
        digests = np.array(chunk.texts, dtype="S16")
        any_two &= digests <= np.partition(digests[any_two], USUAL_TEXTS)[USUAL_TEXTS]
    needed = any_two.copy()
    needed[documents[np.concatenate(kinds)]] = True
    X = _own_words(chunk, words, _and_beside(common, chunk.lengths), needed)
    row = np.cumsum(needed) - 1
    usual = _likeness(X[row[any_two]])
    of_none = [kind[0] for kind in kinds if _likeness(X[row[documents[kind]]]) < ALIKE * usual]
    return np.array(of_none, dtype=np.intp)


def _in_many_texts(chunk: Chunk, documents: np.ndarray, shared: np.ndarray) -> list[np.ndarray]:
    """Of every kind of shared shingle that many texts have, where it stands: once in each text."""
    # documents: (t,) of each token; shared: (t,) bool
    at = _within_documents(np.flatnonzero(_all_of(shared)), chunk.lengths)
    _, kind = np.unique(hashes(chunk.numbers, at), return_inverse=True)
    numbers = Numbers()
    texts = np.array([numbers[text] for text in chunk.texts], dtype=np.int64)
    least = max(LEAST_TEXTS, LEAST_SHARE * len(numbers))
    often = np.bincount(kind)[kind] >= least
    at, kind = at[often], kind[often]
    # A text that is there twice is no other text.
    first = np.unique(kind * np.int64(len(numbers)) + texts[documents[at]], return_index=True)[1]
    at, kind = at[first], kind[first]
    many = np.bincount(kind)[kind] >= least
    at, kind = at[many], kind[many]
    return np.split(at, np.flatnonzero(np.diff(kind)) + 1) if at.size else []


def _within_documents(at: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Those shingles that end in the document they begin in."""
    # at: (s,), ascending; lengths: (n,) -> (at most s,)
    ends = np.cumsum(lengths)
    return at[at + SHINGLE <= ends[np.searchsorted(ends, at, side="right")]] if at.size else at


def _all_of(marked: np.ndarray) -> np.ndarray:
    """Whether a token and those that make a shingle with it are all marked: (t,) bool."""
    whole = marked.copy()
    for step in range(1, SHINGLE):
        whole[:-step] &= marked[step:]
        whole[-step:] = False
    return whole


def _and_beside(common: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """What is common, and what stands beside it: a name, a date or the last word of a notice is in no shingle of it."""
    # common: (t,) bool -> (t,) bool
    documents, wider = np.repeat(np.arange(lengths.size), lengths), common.copy()
    for step in range(1, SHINGLE + 1):
        together = documents[step:] == documents[:-step]
        wider[step:] |= common[:-step] & together
        wider[:-step] |= common[step:] & together
    return wider


def _own_words(chunk: Chunk, words: np.ndarray, common: np.ndarray, needed: np.ndarray) -> sp.csr_array:
    """What some documents say besides: (documents, words) CSR int64, rows of tf-idf whose length is `UNITS`."""
    # common: (t,) bool; needed: (n,) bool
    kept = (words >= 0) & ~common & np.repeat(needed, chunk.lengths)
    sizes = run_sums(kept, chunk.lengths)[needed]
    counts = counted(words[kept].astype(np.intc), sizes, int(words.max(initial=0)) + 1)
    lengths = np.diff(counts.indptr)
    weights = np.log(lengths.size / np.bincount(counts.indices, minlength=counts.shape[1])[counts.indices])
    weights *= 1 + np.log(counts.data)
    norms = np.sqrt(run_sums(weights**2, lengths))
    weights /= np.repeat(np.where(norms > 0, norms, 1), lengths)
    units = np.rint(weights * UNITS).astype(np.int64)
    return sp.csr_array((units, counts.indices, counts.indptr), shape=counts.shape)


def _likeness(X: sp.csr_array) -> float:
    """The mean cosine of two rows; 0 of fewer."""
    n = np.count_nonzero(np.diff(X.indptr))
    if n < 2:
        return 0.0
    sums = np.sort(np.bincount(X.indices, X.data)) / UNITS
    return float(sums @ sums - n) / (n * (n - 1))
