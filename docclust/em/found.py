"""What EM has found, and how it came there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from docclust.gaussian import Parameters, Target


class Found:
    """The parameters of a fit, dense when they are first asked for: K x v numbers are far more than EM ever holds."""

    def __init__(self, make: Callable[[], Parameters] | None) -> None:
        self._make = make

    @classmethod
    def of(cls, parameters: Parameters) -> "Found":
        """What is dense already."""
        found = cls(None)
        found.parameters = parameters
        return found

    @cached_property
    def parameters(self) -> Parameters:
        """As dense arrays, made once."""
        parameters, self._make = self._make(), None
        return parameters


class Step(NamedTuple):
    """One iteration: objective (nats, all documents), smoothing, documents that changed cluster, and undecided ones."""

    iteration: int
    objective: float
    smoothing: float
    moved: int
    undecided: int
    reseeded: int = 0


@dataclass
class Fit:
    """A finished EM: what it found, the labels of a last E-step with it, its history, and what it was called with."""

    found: Found | None
    labels: np.ndarray
    target: Target
    steps: list[Step] = field(default_factory=list)
    converged: bool = False
    replay: tuple | None = None

    @property
    def parameters(self) -> Parameters:
        """What was found, as dense arrays."""
        return self.found.parameters

    @property
    def objective(self) -> float:
        """Objective of the last step, in nats over all documents."""
        return self.steps[-1].objective
