"""EM of one fit once more, as it was run."""

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.sparse as sp

from docclust.em.found import Block, Found, Step
from docclust.em.loop import fit
from docclust.em.options import EMRun
from docclust.gaussian import Parameters


def replay(
    X: sp.csr_array, n_components: int, runs: list[EMRun], order: np.ndarray, look: Callable[[Step, Found, float], None]
) -> None:
    """Show `look` every iteration, to the last bit that of the fit.

    Parameters
    ----------
    X : CSR of shape (n, v), what EM was run on
    runs : `docclust.em.Fit.runs`
    order : int array of shape (k,); cluster `order[k]` is shown as k
    look : given the step, the parameters its E-step saw, and its temperature
    """
    rng, seen = np.random.RandomState(), 0
    for run in runs:
        rng.set_state(run.state)
        shown = partial(_shown, look, order, seen)
        seen += len(fit(X, run.start, n_components, run.options, rng=rng, on_found=shown).steps)


def _shown(
    look: Callable[[Step, Found, float], None],
    order: np.ndarray,
    seen: int,
    step: Step,
    found: Found,
    temperature: float,
) -> None:
    look(step._replace(iteration=seen + step.iteration), found.changed(partial(_numbered, order)), temperature)


def _numbered(order: np.ndarray, words: np.ndarray, p: Parameters) -> Block:
    return words, p.numbered(order)
