"""What a mixture says of documents that it has not seen."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from docclust import kernels
from docclust.em import maximising
from docclust.em.loop import precision
from docclust.kernels import prepare


def held_out(
    X: sp.csr_array, labels: np.ndarray, n_components: int, called: tuple, rows: np.ndarray
) -> Callable[[sp.csr_array], np.ndarray]:
    """J, up to a number of each document, under an M-step over all documents but some.

    Parameters
    ----------
    X : CSR of shape (n, v), what EM was run on
    labels : int array of shape (n,)
    called : `docclust.em.Fit.replay`
    rows : int array, the documents that are left out

    Returns
    -------
    function
        CSR of shape (m, v) -> (m, k), in nats
    """
    options = called[-1]
    form, smoothing, n_jobs = options["form"], options["schedule"][-1], options["n_jobs"]
    kept = np.delete(np.arange(X.shape[0]), rows)
    seen = prepare(X[kept])
    weights = options["weighting"].of(np.diff(seen.rows.indptr))
    held = precision(seen, form, n_components, smoothing, options["target"])
    responsibilities = kernels.one_hot(labels[kept, None], held, n_components, weights)
    counts = np.bincount(labels[kept], weights, n_components)
    given = form, smoothing, options["target"].at(seen.order), False, kept.size / X.shape[0], None, 1, n_jobs
    compact = maximising.maximise_all(seen.words, responsibilities, counts, *given)[0].coefficients
    place = seen.place

    def score(documents: sp.csr_array) -> np.ndarray:
        placed = sp.csr_array((documents.data, place[documents.indices], documents.indptr), shape=documents.shape)
        return kernels.log_joint(placed, compact)

    return score
