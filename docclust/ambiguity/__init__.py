"""Documents that do not sit in one cluster: how much so, of which kind, and on what evidence.

`scores` measures every document; `evidence` explains one.
"""

from docclust.ambiguity.evidence import Evidence
from docclust.ambiguity.scores import ATYPICAL_FROM, MIXED_FROM, Scores, score, word_distributions

__all__ = [
    "ATYPICAL_FROM",
    "MIXED_FROM",
    "Ambiguous",
    "Evidence",
    "Pull",
    "Scores",
    "Share",
    "score",
    "word_distributions",
]
