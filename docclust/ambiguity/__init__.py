"""Documents that do not sit in one cluster: how much so, of which kind, and on what evidence.

`scores` measures every document, by what clusters `admixture` finds in its words, each word counting as much as
`redundancy` lets it; `listing` chooses those that are listed. `explaining` tells of one document, by its `evidence`,
and `passages` finds where in its text its two clusters speak.
"""

from docclust.ambiguity.explaining import Explainer, explainer
from docclust.ambiguity.listing import LOOKED_AT, distinct, kinds_by_row
from docclust.ambiguity.passages import passages, word_nats
from docclust.ambiguity.redundancy import companions
from docclust.ambiguity.scores import Scores, cosines, distances, score, sureness, topics_apart

__all__ = [
    "LOOKED_AT",
    "Explainer",
    "Scores",
    "companions",
    "cosines",
    "distances",
    "distinct",
    "explainer",
    "kinds_by_row",
    "passages",
    "score",
    "sureness",
    "topics_apart",
    "word_nats",
]
