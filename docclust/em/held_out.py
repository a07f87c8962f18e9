"""What a mixture says of documents that it has not seen."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from docclust import kernels
from docclust.em import maximising
from docclust.em.loop import precision
from docclust.em.options import EMRun
from docclust.kernels import prepare

Score = Callable[[sp.csr_array], np.ndarray]


def held_out(
    X: sp.csr_array, labels: np.ndarray, n_components: int, runs: list[EMRun]
) -> Callable[[np.ndarray], Score]:
    """J, up to a number of each document, under an M-step over all documents but some.

    Parameters
    ----------
    X : CSR of shape (n, v), what EM was run on
    labels : int array of shape (n,)
    runs : `docclust.em.Fit.runs`

    Returns
    -------
    function
        Rows that are left out -> a function: CSR of shape (m, v) -> (m, k), in nats
    """
    options, seen = runs[-1].options, prepare(X)
    form, smoothing = options.form, options.smoothing
    counting = options.weighting.of(np.diff(X.indptr))
    held, target = precision(seen, form, n_components, smoothing, options.target), options.target.at(seen.order)

    def without(rows: np.ndarray) -> Score:
        weights = counting.copy()
        weights[rows] = 0  # as if they were not there, and nothing is copied
        shares = kernels.one_hot(labels, held, n_components, weights)
        counts = np.bincount(labels, weights, n_components)
        given = form, smoothing, target, False, 1 - rows.size / X.shape[0], None, 1, options.n_jobs
        compact = maximising.maximise_all(seen.words, shares, counts, *given)[0].coefficients

        def score(documents: sp.csr_array) -> np.ndarray:
            words, data = seen.place[documents.indices], documents.data.astype(np.float64, copy=False)
            return kernels.log_joint(sp.csr_array((data, words, documents.indptr), documents.shape), compact)

        return score

    return without
