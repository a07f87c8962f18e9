"""What a mixture may be given and should have become, and the one line that says so when it is not."""

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from docclust import seeding
from docclust.errors import SettingError

COVARIANCES = ("auto", "own", "pooled", "tied", "isotropic", "cosine")
SMOOTHINGS = ("noise", "add", "floor", "prior")
ANNEALINGS = ("responsibilities", "smoothing", "none")
STARTS = (*seeding.METHODS, "split-merge")


def check(mixture: Any, X: sp.csr_array) -> None:
    """Raise SettingError unless the parameters of a mixture are in range and fit each other and the rows X."""
    _check_choice("covariance", mixture.covariance, COVARIANCES)
    _check_choice("smoothing", mixture.smoothing, SMOOTHINGS)
    _check_choice("annealing", mixture.annealing, ANNEALINGS)
    _check_choice("init_params", mixture.init_params, STARTS)
    for name in ("n_components", "max_iter", "block_rows", "annealing_steps"):
        _check_least(name, getattr(mixture, name), 1)
    for name in ("softness", "seeding_steps", "tol", "weight_pseudo", "mean_pseudo", "variance_pseudo"):
        _check_least(name, getattr(mixture, name), 0)
    for name, least in {"n_init": 1, "pooling": 0, "length_exponent": 0, "reg_covar": 0}.items():
        if getattr(mixture, name) != "auto":
            _check_least(name, getattr(mixture, name), least)
    if mixture.smoothing != "noise" and mixture.covariance in ("isotropic", "cosine"):
        raise SettingError(
            f'smoothing must be "noise" with covariance "{mixture.covariance}", got "{mixture.smoothing}".'
        )
    if mixture.smoothing == "prior" and mixture.covariance == "pooled":
        raise SettingError('covariance must be "own" or "tied" with smoothing "prior", got "pooled".')
    if mixture.smoothing == "prior" and mixture.reg_covar != "auto":
        raise SettingError(f'reg_covar must be "auto" with smoothing "prior", got {mixture.reg_covar!r}.')
    given = [name for name in ("weights_init", "means_init", "precisions_init") if getattr(mixture, name) is not None]
    if len(given) not in (0, 3):
        raise SettingError(f"weights_init, means_init and precisions_init go together, got only {', '.join(given)}.")
    distinct = seeding.n_distinct_rows(X, mixture.n_components)
    if distinct < mixture.n_components:
        raise SettingError(
            f"n_components must be at most the number of distinct documents ({distinct}), got {mixture.n_components}. "
            f"n_samples={X.shape[0]}. Try {max(1, distinct // 10)}."
        )


def warn_unless_converged(mixture: Any) -> None:
    """Say that EM had not converged, and what to try; to be called by `fit` itself."""
    if not mixture.converged_:
        moved = mixture.steps_[-1].moved
        warnings.warn(
            f"EM did not converge in {mixture.n_iter_} iterations: {moved} documents still change cluster. "
            f"Try max_iter={2 * mixture.max_iter}, a larger tol, or fewer clusters.",
            ConvergenceWarning,
            stacklevel=3,
        )


def as_csr(X: Any) -> sp.csr_array:
    """Rows without duplicates; shares the caller's memory, which stays as it is."""
    X = sp.csr_array(X)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingError(f"{name} must be one of {', '.join(choices)}, got {value!r}.")


def _check_least(name: str, value: object, least: float) -> None:
    if isinstance(value, (str, bool)) or not np.isscalar(value) or not value >= least:
        raise SettingError(f"{name} must be at least {least}, got {value!r}.")
