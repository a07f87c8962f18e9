"""EM from one start once more, as it was run."""

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.sparse as sp

from docclust.em.found import Block, Found, Step
from docclust.em.loop import fit
from docclust.gaussian import Parameters


def replay(
    X: sp.csr_array, n_components: int, called: tuple, order: np.ndarray, look: Callable[[Step, Found, float], None]
) -> None:
    """Show `look` every iteration, to the last bit that of the fit.

    Parameters
    ----------
    X : CSR of shape (n, v), what EM was run on
    called : `docclust.em.Fit.replay`
    order : int array of shape (k,); cluster `order[k]` is shown as k
    look : given the step, the parameters its E-step saw, and its temperature
    """
    start, state, options = called
    rng = np.random.RandomState()
    rng.set_state(state)

    def seen(step: Step, found: Found, temperature: float) -> None:
        look(step, found.changed(partial(_numbered, order)), temperature)

    fit(X, start, n_components, **options, rng=rng, on_found=seen)


def _numbered(order: np.ndarray, words: np.ndarray, p: Parameters) -> Block:
    variances = p.variances[:, order] if p.variances.shape[1] > 1 else p.variances
    return words, Parameters(p.weights[order], p.means[:, order], variances, p.noise)
