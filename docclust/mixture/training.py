"""What a fitted mixture knows of the rows it was fitted to; one that was read from a file knows nothing of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from docclust import em
from docclust.mixture.copies import Copies
from docclust.mixture.words import Words


@dataclass(frozen=True)
class Training:
    """The rows and words that counted, EM as it was run on them, and rows without the cluster they helped to make.

    copies, words : which rows and which columns counted
    runs : `docclust.em.Fit.runs`; None where there is nothing to go on from
    order : (k,), the number that EM gave to every cluster
    members : (n,), where every row was held apart from its cluster, that cluster
    change : (n,), what J of it changes by that, in nats
    """

    copies: Copies = field(default_factory=Copies)
    words: Words = field(default_factory=Words)
    runs: list[em.EMRun] | None = None
    order: np.ndarray | None = None
    members: np.ndarray | None = None
    change: np.ndarray | None = None

    @property
    def holds_apart(self) -> bool:
        """Whether rows were held against their clusters without themselves."""
        return self.change is not None

    def held(self, apart: em.Apart) -> "Training":
        """The same where rows that counted were held apart from their clusters, and copies with them."""
        members, change = map(self.copies.everywhere, (apart.members, apart.change))
        return replace(self, members=members, change=change)

    def apart(self, J: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
        """J of these rows, each against its cluster without it if it `holds_apart`."""
        # J: (m, k) -> (m, k)
        if not self.holds_apart:
            return J
        J = J.copy()
        J[np.arange(J.shape[0]), self.members[rows]] += self.change[rows]
        return J

    def renumbered(self, order: np.ndarray) -> "Training":
        """The same where cluster `order[k]` has become k."""
        # order: (k,)
        members = np.argsort(order)[self.members] if self.holds_apart else None
        return replace(self, order=None if self.order is None else self.order[order], members=members)

    def replay(self, X: sp.csr_array, n_components: int, look: Callable[[em.Step, em.Found, float], None]) -> None:
        """Show `look` every iteration of EM on the rows that counted, by the numbers that clusters have now."""
        # X: (n, v) CSR

        def shown(step: em.Step, found: em.Found, temperature: float) -> None:
            look(step, self.words.everywhere(found, step.smoothing), temperature)

        em.replay(self._counted(X), n_components, self.runs, self.order, shown)

    def held_out(
        self, X: sp.csr_array, labels: np.ndarray, n_components: int
    ) -> Callable[[np.ndarray], Callable[[sp.csr_array], np.ndarray]]:
        """`docclust.em.held_out` of the rows that counted."""
        # X: (n, v) CSR; labels: (n,)
        without = em.held_out(self._counted(X), self.copies.counted(labels), n_components, self.runs)

        def judge(rows: np.ndarray) -> Callable[[sp.csr_array], np.ndarray]:
            score = without(rows)
            return lambda documents: score(self.words.of(documents))

        return judge

    def _counted(self, X: sp.csr_array) -> sp.csr_array:
        return self.words.of(self.copies.counted(X))
