"""J -> probabilities: the one definition of a probability in docclust.

In many dimensions J differs by hundreds of nats between clusters, so softmax(J) is 0 or 1 however little a document
says. J is divided by a temperature first, one for each document: by its cluster, and by how many words it has. What
another cluster then lacks may count by a power below one: margins grow faster than the chance that they hold.
"""

from dataclasses import dataclass

import numpy as np

from docclust import kernels


@dataclass(frozen=True)
class Temperature:
    """T = exp(level of the document's cluster + slope * log(number of its distinct words)).

    levels : (k,)
    slope : negative where short documents are over-trusted
    power : by which the margin between a document's cluster and another counts, once it is divided by T
    least : where the power is not one, no document is surer than with this level and the power one
    """

    levels: np.ndarray
    slope: float = 0.0
    power: float = 1.0
    least: float = -np.inf

    @classmethod
    def one(cls, k: int) -> "Temperature":
        """T = 1: probabilities are the plain posteriors of the mixture."""
        return cls(np.zeros(k))

    def of(self, J: np.ndarray, n_words: np.ndarray) -> np.ndarray:
        """The temperature of every document; its cluster is the argmax of J."""
        # J: (n, k); n_words: (n,) distinct words -> (n, 1)
        return np.exp(self.levels[J.argmax(axis=1)] + self.slope * np.log(np.maximum(n_words, 1)))[:, None]

    def probabilities(self, J: np.ndarray, n_words: np.ndarray) -> np.ndarray:
        """Probability of every cluster; rows sum to one, and the argmax is that of J."""
        # J: (n, k); n_words: (n,) distinct words -> (n, k)
        if self.power == 1:
            return softmax(J, self.of(J, n_words))
        margins = (J.max(axis=1, keepdims=True) - J) / self.of(J, n_words)
        P = softmax(-(margins**self.power), 1.0)
        plain = softmax(J, np.exp(self.least + self.slope * np.log(np.maximum(n_words, 1))))
        return np.where((plain.max(axis=1) < P.max(axis=1))[:, None], plain, P)


def softmax(J: np.ndarray, temperature: np.ndarray | float) -> np.ndarray:
    """Softmax of J / temperature by row; rows sum to one, and the argmax is that of J."""
    # J: (n, k); temperature: (n, 1) or one number -> (n, k)
    return kernels.softmax(J, np.broadcast_to(1 / np.ravel(temperature), J.shape[:1]))
