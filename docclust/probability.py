"""J -> probabilities: the one definition of a probability in docclust.

In many dimensions J differs by hundreds of nats between clusters, so softmax(J) is 0 or 1 however little a document
says. J is divided by a temperature first, one for each document: by its cluster, and by how many words it has.
"""

from dataclasses import dataclass

import numpy as np

from docclust import kernels


@dataclass(frozen=True)
class Temperature:
    """T = exp(level of the document's cluster + slope * log(number of its distinct words)).

    levels : (k,)
    slope : negative where short documents are over-trusted
    """

    levels: np.ndarray
    slope: float = 0.0

    @classmethod
    def one(cls, k: int) -> "Temperature":
        """T = 1: probabilities are the plain posteriors of the mixture."""
        return cls(np.zeros(k))

    def of(self, J: np.ndarray, n_words: np.ndarray) -> np.ndarray:
        """The temperature of every document; its cluster is the argmax of J."""
        # J: (n, k); n_words: (n,) distinct words -> (n, 1)
        return np.exp(self.levels[J.argmax(axis=1)] + self.slope * np.log(np.maximum(n_words, 1)))[:, None]


def softmax(J: np.ndarray, temperature: np.ndarray | float) -> np.ndarray:
    """Softmax of J / temperature by row; rows sum to one, and the argmax is that of J."""
    # J: (n, k); temperature: (n, 1) or one number -> (n, k)
    return kernels.softmax(J, np.broadcast_to(1 / np.ravel(temperature), J.shape[:1]))
