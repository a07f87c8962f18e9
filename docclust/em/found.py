"""What EM has found, and how it came there."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from docclust.em.options import EMRun
from docclust.gaussian import Parameters

# Phases besides those of `EMOptions`: before EM that counts, and after it.
ANNEALING = "annealing"
HELD_APART = "held apart"
# Words (w,), and their parameters.
Block = tuple[np.ndarray, Parameters]


class Found:
    """The parameters of a fit, some words at a time: K x v numbers are far more than EM ever holds.

    Parameters
    ----------
    make : gives the blocks, which together are of all words
    n_words : v
    """

    def __init__(self, make: Callable[[], Iterator[Block]], n_words: int) -> None:
        self._make, self._n_words = make, n_words

    @classmethod
    def of(cls, parameters: Parameters) -> "Found":
        """What is dense already."""
        found = cls(partial(_whole, parameters), parameters.means.shape[0])
        found.parameters = parameters
        return found

    def blocks(self) -> Iterator[Block]:
        """Words and their parameters; every word once."""
        return self._make()

    def changed(self, change: Callable[[np.ndarray, Parameters], Block]) -> "Found":
        """The same with every block changed."""
        return Found(partial(_changed, self, change), self._n_words)

    def in_order(self, order: np.ndarray) -> "Found":
        """The same with word order[j] for word j."""
        return self.changed(partial(_renamed, order))

    def among(self, words: np.ndarray, n_words: int, variance: float) -> "Found":
        """The same as those of some of so many words; the others have mean zero and this variance in every cluster."""
        return Found(partial(_among, self, words, n_words, variance), n_words)

    @cached_property
    def parameters(self) -> Parameters:
        """As dense arrays, made once."""
        means = variances = None
        for words, p in self.blocks():
            if means is None:
                means, variances = (np.empty((self._n_words, part.shape[1])) for part in (p.means, p.variances))
            means[words], variances[words] = p.means, p.variances
        found = Parameters(p.weights, means, variances, p.noise)
        self._make = partial(_whole, found)  # what the blocks were made of is let go
        return found


# Functions of the module, since what holds others cannot be pickled.
def _whole(parameters: Parameters) -> Iterator[Block]:
    yield np.arange(parameters.means.shape[0]), parameters


def _changed(found: Found, change: Callable[[np.ndarray, Parameters], Block]) -> Iterator[Block]:
    return itertools.starmap(change, found.blocks())


def _renamed(order: np.ndarray, words: np.ndarray, parameters: Parameters) -> Block:
    return order[words], parameters


def _among(found: Found, names: np.ndarray, n_words: int, variance: float) -> Iterator[Block]:
    for words, p in found.blocks():
        yield names[words], p
    others = np.setdiff1d(np.arange(n_words), names, assume_unique=True)
    means = np.broadcast_to(0.0, (others.size, p.means.shape[1]))
    variances = np.broadcast_to(variance, (others.size, p.variances.shape[1]))
    yield others, replace(p, means=means, variances=variances)


class Step(NamedTuple):
    """One iteration: objective (nats, all documents), smoothing, documents that changed cluster, and undecided ones.

    phase : what the iteration is of; while that is the same, not `ANNEALING`, and no cluster had to be reseeded, the
        objective never falls
    """

    iteration: int
    objective: float
    smoothing: float
    moved: int
    undecided: int
    reseeded: int = 0
    phase: str = "em"


@dataclass
class Fit:
    """A finished EM: what it found, the labels of a last E-step with it, its history, and what it was called with.

    runs : of EM from its start, and from each place it was led to later
    """

    found: Found | None
    labels: np.ndarray
    steps: list[Step] = field(default_factory=list)
    converged: bool = False
    runs: list[EMRun] = field(default_factory=list)

    def go_on(self, further: "Fit") -> None:
        """Become what EM found that went on from other labels."""
        self.found, self.labels = further.found, further.labels
        self.steps = [
            *self.steps,
            *(step._replace(iteration=len(self.steps) + step.iteration) for step in further.steps),
        ]
        self.converged, self.runs = further.converged, self.runs + further.runs

    @property
    def parameters(self) -> Parameters:
        """What was found, as dense arrays."""
        return self.found.parameters

    @property
    def objective(self) -> float:
        """Objective of the last step, in nats over all documents."""
        return self.steps[-1].objective
