"""Everything that is known of a run's documents -> what is told of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from docclust.ambiguity.evidence import Evidence
from docclust.ambiguity.scores import Scores
from docclust.config import Settings
from docclust.gaussian import Coefficients
from docclust.results import Ambiguous, Assignment
from docclust.vectors import tfidf


@dataclass(frozen=True)
class Explainer:
    """Explains any document of a corpus: its line, its words, and the evidence behind them, all by row."""

    documents: Sequence[Assignment]
    counts: sp.csr_array
    idf: np.ndarray
    sublinear: bool
    responsibilities: sp.csr_array
    evidence: Evidence
    pairs: np.ndarray | None

    def explain(self, row: int, kinds: list[str]) -> Ambiguous:
        """Say how the document in `row` stands between clusters, as one that is listed for `kinds`."""
        document, counts = self.documents[row], self.counts[[row]]
        own = self.responsibilities[[row]].toarray().ravel()
        pair = (document.cluster, document.runner_up)
        if "mixed" in kinds:
            pair = tuple(int(k) for k in self.pairs[row])
        weights = tfidf(counts, self.idf, sublinear=self.sublinear)
        sides = self.evidence.pulls(weights, *pair) if document.runner_up is not None else []
        found = self.evidence.shares(counts, own, tuple(side.cluster for side in sides))
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


def explainer(
    settings: Settings,
    documents: Sequence[Assignment],
    counts: sp.csr_array,
    idf: np.ndarray,
    display: list[str],
    c: Coefficients,
    P: sp.csr_array,
    word_sums: np.ndarray,
    names: list[str],
    scores: Scores | None = None,
) -> Explainer:
    """What explains the documents of a run, all by row; without scores none of them as mixed.

    c : the coefficients of the model; word_sums : (v, k) occurrences of every word in every cluster, by responsibility
    """
    evidence = Evidence(c, word_sums, display, names, settings.ambiguity.n_words)
    pairs = None if scores is None else np.c_[scores.first, scores.second]
    return Explainer(documents, counts, idf, settings.vectors.sublinear_tf, P, evidence, pairs)
