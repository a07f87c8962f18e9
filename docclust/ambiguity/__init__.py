"""Documents that do not sit in one cluster: how much so, of which kind, and on what evidence.

`scores` measures every document, by what clusters `admixture` finds in its words; `evidence` explains one, and
`passages` finds where in its text its two clusters speak.
"""

from docclust.ambiguity.evidence import Evidence
from docclust.ambiguity.passages import passages, word_nats
from docclust.ambiguity.scores import ATYPICAL_FROM, Scores, distances, score

__all__ = ["ATYPICAL_FROM", "Evidence", "Scores", "distances", "passages", "score", "word_nats"]
