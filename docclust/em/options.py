"""How EM is run, and what one run of it began with."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from docclust import kernels
from docclust.gaussian import Form, Parameters, Target


@dataclass(frozen=True)
class EMOptions:
    """What EM is told besides the rows and where to start.

    form : how variances are estimated
    schedule : smoothing by iteration; its last value holds from then on. It takes half of `max_iter` at most, so that
        what is found, and its objective, are not those of annealing
    max_iter : iterations at most
    tol : gain of the objective, relative to its size, below which EM has converged
    target : mean and variance of every word, towards which variances are pooled or a prior draws them
    softness : while the schedule lasts and documents move, responsibilities are softmax(J / T) with the T >= 1 at which
        their mean entropy is this share of log K (Ueda & Nakano 1998, with T from the data instead of a list); the
        objective of these iterations is T sum logsumexp(J / T). With 0, T is 1 throughout.
    weighting : how much documents count, in every sum over documents and so in the objective
    block_rows : rows of which responsibilities are held at once
    n_jobs : workers; they change nothing in the result
    phase : what the iterations after annealing are of
    """

    form: Form
    schedule: np.ndarray
    max_iter: int
    tol: float
    target: Target
    softness: float = 0.0
    weighting: kernels.Weighting = kernels.EQUAL
    block_rows: int = 2048
    n_jobs: int | None = None
    phase: str = "em"

    @property
    def smoothing(self) -> float:
        """Smoothing after annealing."""
        return float(self.schedule[-1])

    def without_annealing(self) -> "EMOptions":
        """The same from labels that EM has found already."""
        return replace(self, schedule=self.schedule[-1:], softness=0.0)


class EMRun(NamedTuple):
    """What EM was run from, with the state of its random numbers, and how: to run it so once more.

    start : int array of shape (n,), or Parameters
    """

    start: np.ndarray | Parameters
    state: tuple
    options: EMOptions
