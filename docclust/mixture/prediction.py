"""What a mixture says of rows, by its parameters: whether they were fitted or read from a file."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse as sp
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted, validate_data

from docclust import em, engine
from docclust.gaussian import Coefficients, Parameters, coefficients, log_joint
from docclust.mixture import checks
from docclust.mixture.training import Training
from docclust.probability import Temperature, softmax

# Of models that predict: to make them takes longer than to look at some rows. They are not pickled with a model.
_ready: WeakKeyDictionary[em.Found, Coefficients] = WeakKeyDictionary()


class Predictor(DensityMixin, BaseEstimator):
    """A mixture that has its parameters; `SparseGaussianMixture` is one, and adds how they are found."""

    n_components: int
    smoothing: str
    block_rows: int
    _found: em.Found
    _training = Training()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        # scikit-learn's check of predict_proba on sparse rows reads these, though only classifiers have them.
        tags.classifier_tags = ClassifierTags(multi_class=self.n_components != 2)
        return tags

    @property
    def weights_(self) -> np.ndarray:
        """Share of every cluster in the documents, as much as they count."""
        return self._parameters.weights

    @property
    def means_(self) -> np.ndarray:
        """Mean of every word in every cluster."""
        return self._parameters.means.T

    @property
    def covariances_(self) -> np.ndarray:
        """Variance of every word in every cluster."""
        return np.broadcast_to(self._parameters.variances.T, self.means_.shape)

    def score_joint(self, X) -> np.ndarray:
        """J of equation (E), in nats: log of weight times density, (n, K), not normalised and not calibrated."""
        return np.vstack(self._by_block(X, log_joint))

    def predict(self, X) -> np.ndarray:
        """The most probable cluster of every row: (n,) int."""
        best = self._by_block(X, lambda block, c: log_joint(block, c).argmax(axis=1))
        return np.concatenate(best).astype(np.int32)

    def predict_proba(self, X) -> np.ndarray:
        """Probability of every cluster for every row, softmax of J by temperature: (n, K), rows sum to one."""
        return np.vstack(self._by_block(X, self.probabilities))

    def score_samples(self, X) -> np.ndarray:
        """Log-density of every row in nats, under the noise where smoothing is ``noise``: (n,)."""
        return np.concatenate(self._by_block(X, lambda block, c: logsumexp(log_joint(block, c), axis=1)))

    def score(self, X, y=None) -> float:
        """Mean log-density of the rows, in nats per document, under the noise where smoothing is ``noise``.

        Comparable between numbers of clusters only with one `reg_covar` and one `covariance`: "auto" gives more
        clusters less noise, and each of them then fits better, whatever the texts are.
        """
        return float(self.score_samples(X).mean())

    def probabilities(self, X: sp.csr_array, c: Coefficients, rows: np.ndarray | slice | None = None) -> np.ndarray:
        """`predict_proba` of one block of rows, with `coefficients` at hand: (n, K).

        rows : which of the fit they are, if they are; each is then held against its cluster without it
        """
        J = log_joint(X, c)
        if rows is not None:
            J = self.apart(J, rows)
        return softmax(J, self.temperature_.of(J, np.diff(X.indptr)))

    def coefficients(self) -> Coefficients:
        """The fitted log-densities as functions of a sparse row."""
        p = self._parameters
        means, variances = np.ascontiguousarray(p.means), np.ascontiguousarray(p.variances)
        return coefficients(replace(p, means=means, variances=variances))

    @property
    def holds_apart(self) -> bool:
        """Whether the rows of the fit were held against their clusters without themselves."""
        return self._training.holds_apart

    def apart(self, J: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
        """`score_joint` of these rows of the fit, each against its cluster without it if `holds_apart`: (m, K)."""
        return self._training.apart(J, rows)

    def counted(self, values: sp.csr_array | np.ndarray) -> sp.csr_array | np.ndarray:
        """Of values of all rows of the fit those of the rows that counted: (n, ...) -> (`n_counted_`, ...)."""
        return self._training.copies.counted(values)

    def renumber(self, order: np.ndarray) -> None:
        """Number the clusters anew: cluster `order[k]` becomes k."""
        self._found = em.Found.of(self._parameters.numbered(order))
        self.labels_ = np.argsort(order)[self.labels_]
        self._training = self._training.renumbered(order)
        self.temperature_ = Temperature(self.temperature_.levels[order], self.temperature_.slope)

    def restore(self, weights: np.ndarray, means: np.ndarray, variances: np.ndarray, **fitted: Any) -> Self:
        """Take parameters, and what else a fit has found, from where they were stored; rows of a fit are not known.

        Parameters
        ----------
        weights, means, variances : arrays of shapes (K,), (K, v), and (K, v) or (1, v)
        fitted : other attributes by name, `reg_covar_` among them
        """
        for name, value in fitted.items():
            setattr(self, name, value)
        noise = self.reg_covar_ if self.smoothing == "noise" else 0.0
        self._found = em.Found.of(Parameters(weights, means.T, variances.T, noise))
        self._training = Training()
        return self

    def forget_fit(self, order: np.ndarray) -> None:
        """Keep nothing that only the rows of the fit can use, and tell of these in another order.

        What is left is what `restore` makes of stored results: it predicts; `replay` and `held_out` need a fit.

        order : (n,), row `order[i]` of the fit becomes i
        """
        self.labels_, self.start_labels_ = self.labels_[order], self.start_labels_[:, order]
        self._training = Training()

    @property
    def _parameters(self) -> Parameters:
        check_is_fitted(self, "_found")
        return self._found.parameters

    def _rows(self, X, *, reset: bool = False) -> sp.csr_array:
        return checks.as_csr(validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=reset))

    def _by_block(self, X, of: Callable[[sp.csr_array, Coefficients], np.ndarray]) -> list[np.ndarray]:
        check_is_fitted(self, "_found")
        X = self._rows(X)
        if self._found not in _ready:
            _ready[self._found] = self.coefficients()
        c = _ready[self._found]
        checks.check_squares(X, c.steepest)
        return [of(block, c) for block in engine.blocks(X, self.block_rows)]
