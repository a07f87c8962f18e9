"""Everything that is known of a run's documents -> what is told of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust.ambiguity.admixture import two_topics
from docclust.ambiguity.evidence import Evidence
from docclust.config import Settings
from docclust.gaussian import Coefficients
from docclust.results import Ambiguous, Assignment
from docclust.vectors import TfIdf

# Of a document's words each of its two topics has at least so much. Of the 30 most mixed newsgroup posts eight had less
# of the lesser one; two of these were truly mixed.
LEAST_SHARE = 0.2
# And both together at least so much: where many clusters have a hand in a document, it has no topic rather than two. Of
# the 30 most mixed posts ten had less, three of them truly mixed; of the next ten in their place eight are.
LEAST_TOGETHER = 2 / 3


@dataclass(frozen=True)
class Explainer:
    """Explains any document of a corpus: its line, its words, and the evidence behind them, all by row.

    apart : (k, k), what `topics_apart` gives
    """

    documents: Sequence[Assignment]
    counts: sp.csr_array
    tfidf: TfIdf
    responsibilities: sp.csr_array
    evidence: Evidence
    apart: np.ndarray

    def topics(self, row: int) -> tuple[int, ...]:
        """The two clusters that the document in `row` mixes; none where they have too small a share of its words."""
        theta = self.evidence.shares(*self._at(row))
        one, other = two_topics(theta, self.apart)
        return (one, other) if theta[other] >= LEAST_SHARE and theta[one] + theta[other] >= LEAST_TOGETHER else ()

    def explain(self, row: int, kinds: list[str]) -> Ambiguous:
        """Say how the document in `row` stands between clusters, as one that is listed for `kinds`."""
        document, (counts, own) = self.documents[row], self._at(row)
        theta = self.evidence.shares(counts, own)
        pair = two_topics(theta, self.apart) if "mixed" in kinds else (document.cluster, document.runner_up)
        weights = self.tfidf.rows(counts)
        sides = self.evidence.pulls(weights, *pair) if document.runner_up is not None else []
        found = self.evidence.shown(counts, own, theta, tuple(side.cluster for side in sides))
        odd = self.evidence.unexpected(counts, own)
        return Ambiguous(
            id=document.id,
            title=document.title,
            cluster=document.cluster,
            probability=document.probability,
            runner_up=document.runner_up,
            runner_up_probability=document.runner_up_probability,
            kinds=kinds,
            mixed=document.mixed,
            unclear=document.unclear,
            atypical=document.atypical,
            shares=found,
            pulls=sides,
            unexpected=odd,
            reason=self.evidence.sentence(kinds, found, sides, document.probability, odd),
        )

    def _at(self, row: int) -> tuple[sp.csr_array, np.ndarray]:
        return self.counts[[row]], self.responsibilities[[row]].toarray().ravel()


def explainer(
    settings: Settings,
    documents: Sequence[Assignment],
    counts: sp.csr_array,
    tfidf: TfIdf,
    display: list[str],
    c: Coefficients,
    P: sp.csr_array,
    word_sums: np.ndarray,
    names: list[str],
    apart: np.ndarray,
) -> Explainer:
    """What explains the documents of a run, all by row.

    c : the coefficients of the model; word_sums : (v, k) occurrences of every word in every cluster, by
    responsibility; apart : (k, k), what `topics_apart` gives
    """
    chosen = settings.ambiguity
    evidence = Evidence(c, word_sums, display, names, chosen.n_words, chosen.undecided_below)
    return Explainer(documents, counts, tfidf, P, evidence, apart)
