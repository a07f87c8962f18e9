"""Why a document is ambiguous: its shares, the words that pull each way, and one plain sentence."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.special import rel_entr

from docclust.ambiguity.admixture import shares
from docclust.ambiguity.scores import distinctiveness, smoothed
from docclust.gaussian import Coefficients
from docclust.results import Pull, Share, percent

SHOWN_SHARE = 0.01
# A word is unexpected where its count has such a deviance, in nats, from that of the cluster that expects it most: one
# said once that it says in seven of a thousand texts of this length, or twice that it says in every tenth.
LEAST_SURPRISE = 4.0


@dataclass(frozen=True)
class Evidence:
    """What is needed to explain any document of a corpus.

    c : the mixture's log-densities
    word_sums : (v, k) occurrences of every word in every cluster, by responsibility
    names : a short name for every cluster, made of its first keywords
    undecided_below : the probability that a document's cluster has to have
    """

    c: Coefficients
    word_sums: np.ndarray
    display: list[str]
    names: list[str]
    n_words: int
    undecided_below: float

    def shares(self, counts: sp.csr_array, own: np.ndarray, among: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Of one document, (1, v), how much of its words every cluster explains: (k,), sums to one.

        Words count by what they tell of clusters, and one said four times as two. Of the splices of BBC, Reuters R8 and
        20 Newsgroups the right clusters are then named of 0.939, 0.553, 0.689; where all words tell alike of 0.917,
        0.552, 0.674.
        """
        return shares(np.sqrt(counts.data) * self._telling[counts.indices], self._without(counts, own)[:, among])

    def shown(self, counts: sp.csr_array, own: np.ndarray, theta: np.ndarray, pair: tuple[int, ...]) -> list[Share]:
        """The clusters that explain a document's words, largest share first; they sum to one.

        Those that explain next to nothing are left out, and the words shared among the others; `pair` always stays.
        """
        kept = np.union1d(np.flatnonzero(theta >= SHOWN_SHARE), pair).astype(int)
        theta = self.shares(counts, own, kept)
        order = np.argsort(-theta, kind="stable")
        return [Share(int(kept[p]), float(theta[p])) for p in order]

    def unexpected(self, counts: sp.csr_array, own: np.ndarray) -> list[str]:
        """The words that one document says far more often than any cluster would in a text of its length.

        Most surprising first: by the deviance of their count from that of the cluster that expects them most.
        """
        expected = counts.data.sum() * self._without(counts, own).max(axis=1)
        surprise = rel_entr(counts.data, expected) - counts.data + expected
        order = np.argsort(-surprise, kind="stable")
        order = order[(counts.data > expected)[order] & (surprise[order] > LEAST_SURPRISE)]
        return list(dict.fromkeys(self.display[counts.indices[p]] for p in order))[: self.n_words]

    def _without(self, counts: sp.csr_array, own: np.ndarray) -> np.ndarray:
        # Word distributions of the other documents; own: (k,) responsibilities -> (words of the document, k)
        words, mine = counts.indices, np.outer(counts.data, own)
        inside = np.maximum(self.word_sums[words] - mine, 0)
        totals = np.maximum(self._totals - mine.sum(axis=0), 1)
        return smoothed(inside, self._corpus[words], totals)

    @cached_property
    def _totals(self) -> np.ndarray:
        return self.word_sums.sum(axis=0)

    @cached_property
    def _telling(self) -> np.ndarray:
        return distinctiveness(self.word_sums, self.display)

    @cached_property
    def _corpus(self) -> np.ndarray:
        return self.word_sums.sum(axis=1)

    def pulls(self, row: sp.csr_array, cluster: int, rival: int) -> list[Pull]:
        """The words of one TF-IDF row that speak for each of two clusters, exactly as the model weighs them.

        Those that are shown alike are told as one.
        """
        found: dict[str, float] = {}
        for word, nats in zip(*pulls(row, self.c, cluster, rival), strict=True):
            found[self.display[word]] = found.get(self.display[word], 0.0) + float(nats)
        words, nats = list(found), np.array(list(found.values()))
        sides = []
        for k, signed in ((cluster, nats), (rival, -nats)):
            best = [p for p in np.argsort(-signed, kind="stable")[: self.n_words] if signed[p] > 0]
            sides.append(Pull(k, [words[p] for p in best], [float(signed[p]) for p in best]))
        return sides

    def sentence(
        self, kinds: list[str], found: list[Share], sides: list[Pull], probability: float, odd: list[str]
    ) -> str:
        """One plain sentence on a document, a clause for each of its kinds."""
        parts, share = [], {part.cluster: part.share for part in found}
        pair = [side.cluster for side in sides]
        if "mixed" in kinds:
            both = ", ".join(f"{percent(share[k])} {self.names[k]}" for k in pair)
            parts.append(f"mixed: {both}: {_against(sides)}")
        if "unclear" in kinds:
            parts.append(f"unclear: its cluster has only {percent(probability)}")
        if "atypical" in kinds:
            parts.append(f"atypical: no cluster expects so much of {_quoted(odd[:3]) or 'its words'}")
        plain = "clear" if probability >= self.undecided_below else "undecided"
        return "; ".join(parts) or f"{plain}: its cluster has {percent(probability)}"


def pulls(row: sp.csr_array, c: Coefficients, cluster: int, rival: int) -> tuple[np.ndarray, np.ndarray]:
    """What each word of a document adds to the log odds of `cluster` against `rival`, in nats.

    The diagonal model gives this exactly: J_k - J_l is a sum over the words of the document and a constant that
    stands for the words it does not have.
    """
    # row: (1, v) CSR -> word columns (w,), nats (w,)
    words, x = row.indices, row.data
    linear = c.linear[words, cluster] - c.linear[words, rival]
    quadratic = c.quadratic[words]
    curve = quadratic[:, cluster] - quadratic[:, rival] if quadratic.shape[1] > 1 else 0.0
    return words, x * linear - x * x * curve


def _against(sides: list[Pull]) -> str:
    return " against ".join(_quoted(side.words[:2]) for side in sides if side.words)


def _quoted(words: list[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
