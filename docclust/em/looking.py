"""The E-step over all documents: against every cluster, or against the clusters near their own."""

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from docclust import engine, kernels

# From so many clusters on, most are left out of most iterations. With fewer it takes longer to choose than to look.
NEAR_FROM = 200
# Annealing looks everywhere twice at first, since hard starts do not say what is near, and then once in so many steps;
FIRST = 2
EVERY = 8
# between them it leaves out this share of the responsibilities of a cluster's documents, or more where more clusters
# than these would be near. With 32 near, 97 of 63,666 documents in 500 clusters got another one than by looking at all.
NEAR = 32
LOST_WHILE_SOFT = 1e-3
# Afterwards the objective must not fall: what is left out costs less than this many nats a document.
LOST = 1e-9


@dataclass
class Looking:
    """An E-step that remembers which clusters share documents.

    everywhere : whether the next step looks at every cluster; the caller says so when it must be exact, each time anew
    """

    n_components: int
    weighting: kernels.Weighting
    block_rows: int
    n_jobs: int | None
    everywhere: bool = True
    steps: int = 0
    shared: sp.csr_array | None = None
    blocks: dict[int, list[sp.csr_array]] = field(default_factory=dict)

    def choose(
        self, labels: np.ndarray, responsibilities: kernels.Responsibilities | None, soft: bool
    ) -> kernels.Near | None:
        """The clusters that the next step will look at, given what the step before found; None: all of them."""
        few = self.n_components < NEAR_FROM
        due = few or responsibilities is None or self.steps < FIRST or (soft and self.steps % EVERY == 0)
        everywhere, self.everywhere = self.everywhere or due, False
        self.steps += 1
        if everywhere:
            self.shared = None
            return None
        self.shared = kernels.shared_documents(labels, responsibilities, self.shared, self.n_components)
        return kernels.near(self.shared, *((NEAR, LOST_WHILE_SOFT) if soft else (self.n_components, LOST)))

    def expect(
        self,
        rows: sp.csr_array,
        labels: np.ndarray,
        near: kernels.Near | None,
        coefficients: kernels.Compact,
        drop: float,
        bound: float,
        change: np.ndarray = kernels.NOTHING,
    ) -> kernels.Expectation:
        """E-step over rows that had these labels; `change` (n,), if there is one, is added to J of these."""
        given = coefficients, drop, bound, self.weighting
        if near is None:
            if rows.shape[0] not in self.blocks:  # a part of the documents at first, and then all
                self.blocks[rows.shape[0]] = engine.blocks(rows, self.block_rows)
            blocks = self.blocks[rows.shape[0]]
            own, changes = _of_blocks(labels, change, blocks)
            pieces = list(zip(blocks, kernels.room_for_shares(blocks, coefficients), own, changes, strict=True))
            return kernels.together(list(engine.map_blocks(_expect_block, pieces, *given, n_jobs=self.n_jobs)))
        pieces = kernels.pieces(rows, labels, near)
        seen = kernels.seen_words(coefficients)
        parts = engine.map_blocks(kernels.expect_near, pieces, rows, near, seen, *given, change, n_jobs=self.n_jobs)
        return kernels.in_order(pieces, list(parts))


def _expect_block(
    piece: tuple, coefficients: kernels.Compact, drop: float, bound: float, weighting: kernels.Weighting
) -> kernels.Expectation:
    block, *of_block = piece
    return kernels.expect(block, coefficients, drop, bound, weighting, *of_block)


def _of_blocks(
    labels: np.ndarray, change: np.ndarray, blocks: list[sp.csr_array]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    if not change.size:
        return [kernels.NO_CLUSTERS] * len(blocks), [kernels.NOTHING] * len(blocks)
    edges = np.cumsum([block.shape[0] for block in blocks])[:-1]
    return np.split(labels, edges), np.split(change, edges)
