"""The M-step over all words, and how soft the E-step after it will be."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import scipy.sparse as sp

from docclust import engine, kernels
from docclust.em.found import Block, Found
from docclust.gaussian import (
    Form,
    Moments,
    Parameters,
    Target,
    coefficients,
    log_prior,
    maximise,
    within_variance,
)


@dataclass(frozen=True)
class Model:
    """What an E-step needs, of mixtures side by side: J / temperature, and parameters on demand.

    found : of every mixture; log_prior, temperature : (mixtures,), the prior's part of the objective
    """

    coefficients: kernels.Compact
    found: list[Found]
    log_prior: np.ndarray
    temperature: np.ndarray


@dataclass(frozen=True)
class Soft:
    """How soft responsibilities are wanted, the documents that say how soft they are, and the last temperatures."""

    sample: sp.csr_array
    softness: float
    guesses: np.ndarray | None

    def temperature(self, c: kernels.Compact) -> np.ndarray:
        """Of every mixture that at which its responsibilities are as soft as wanted."""
        parts = np.split(kernels.log_joint(self.sample, c), c.groups, axis=1)
        guesses = [None] * c.groups if self.guesses is None else self.guesses
        found = [
            kernels.temperature_of_entropy(np.ascontiguousarray(J), self.softness, guess)
            for J, guess in zip(parts, guesses, strict=True)
        ]
        return np.array(found)


def given(parameters: Parameters, precision: type) -> Model:
    """Parameters of the caller's, whose words are in the order of the rows."""
    compact = kernels.compact(coefficients(parameters), precision)
    return Model(compact, [Found.of(parameters)], np.zeros(1), np.ones(1))


def maximise_all(
    words: list[sp.csr_array],
    responsibilities: kernels.Responsibilities,
    counts: np.ndarray,
    form: Form,
    smoothing: float,
    target: Target,
    cooled: bool,
    seen: float,
    soft: Soft | None,
    groups: int,
    n_jobs: int | None,
) -> tuple[Model, Target]:
    """M-step over a share `seen` of the documents, in which pseudo-documents are as many fewer."""
    pooled = form.covariance == "pooled"
    if pooled:
        form = replace(form, pooling=form.pooling * seen)
    shared = responsibilities, counts, form
    if kernels.is_sparse(form, smoothing):
        # The target is frozen after annealing, so that the objective never falls.
        room = kernels.room_for(words, counts, form, responsibilities.shares.dtype)
        pieces = _pieces(words, target.variance if pooled and cooled else None, room)
        parts = engine.map_blocks(_maximise_block, pieces, *shared, smoothing, groups, n_jobs=n_jobs)
        compact = kernels.assemble(list(parts), counts, form, smoothing, groups)
        prior = compact.log_prior
        if pooled:
            target = Target(target.mean, compact.target)
        of_group = partial(_blocks, compact, counts, form, smoothing)
        found = [Found(partial(of_group, g), compact.common.shape[0]) for g in range(groups)]
    else:
        parts = list(engine.map_blocks(kernels.accumulate, words, *shared, n_jobs=n_jobs))
        moments = Moments(counts, np.concatenate([p.first for p in parts]), np.concatenate([p.second for p in parts]))
        if pooled and not cooled:
            target = Target(target.mean, within_variance(moments))
        parameters = maximise(moments, form, smoothing, target)
        compact = kernels.compact(coefficients(parameters), responsibilities.shares.dtype)
        prior = np.array([log_prior(parameters, form, target)])
        found = [Found.of(parameters)]
    temperature = soft.temperature(compact) if soft else np.ones(groups)
    softened = compact if (temperature == 1).all() else kernels.tempered(compact, temperature)
    return Model(softened, found, prior / seen, temperature), target


def _blocks(c: kernels.Compact, counts: np.ndarray, form: Form, smoothing: float, group: int) -> Iterator[Block]:
    one = kernels.of_group(c, group) if c.groups > 1 else c
    return kernels.parameters(one, np.split(counts, c.groups)[group], form, smoothing)


def _pieces(words: list[sp.csr_array], variance: np.ndarray | None, room: list[np.ndarray | None]) -> list[tuple]:
    """Every block of words with its target, if that is frozen, and with its part of the room for what will be found."""
    edges = np.cumsum([block.shape[0] for block in words])[:-1]
    targets = [None] * len(words) if variance is None else np.split(variance, edges)
    return list(zip(words, targets, room, strict=True))


def _maximise_block(
    piece: tuple,
    responsibilities: kernels.Responsibilities,
    counts: np.ndarray,
    form: Form,
    smoothing: float,
    groups: int,
) -> kernels.Maximised:
    block, target, values = piece
    return kernels.maximise(block, responsibilities, counts, form, smoothing, target, groups, values)
