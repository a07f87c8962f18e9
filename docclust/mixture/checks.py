"""What a mixture may be given and should have become, and the one line that says so when it is not."""

import math
import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from docclust.conflicts import conflict
from docclust.errors import SettingError
from docclust.mixture import seeding
from docclust.mixture.copies import n_distinct_rows
from docclust.results import counted

STARTS = (*seeding.METHODS, "split-merge")
CHOICES = {
    "covariance": ("auto", "own", "pooled", "tied", "isotropic", "cosine"),
    "smoothing": ("noise", "add", "floor", "prior"),
    "annealing": ("responsibilities", "smoothing", "none"),
    "copies": ("auto", "once", "each"),
    "init_params": STARTS,
}
# The least that integers may be; other numbers may be 0.
INTEGERS = {"n_components": 1, "n_init": 1, "max_iter": 1, "annealing_steps": 1, "seeding_steps": 0, "block_rows": 1}
SWITCHES = ("consensus", "split_merge", "leave_one_out")
PSEUDO = ("weight_pseudo", "mean_pseudo", "variance_pseudo")
NUMBERS = ("reg_covar", "final_smoothing", "softness", "pooling", "length_exponent", "tol", *PSEUDO)
AUTO = ("n_init", "reg_covar", "pooling", "length_exponent", "consensus", "split_merge")
GIVEN = ("weights_init", "means_init", "precisions_init")
# How far from one the sum of weights may be: they may be in single precision.
SUM_ERROR = 1e-6


def check(mixture: Any) -> None:
    """Raise SettingError unless the parameters of a mixture are in range and fit each other."""
    for name, choices in CHOICES.items():
        value = getattr(mixture, name)
        _check(name, value, isinstance(value, str) and value in choices, f"one of {', '.join(choices)}")
    for name, least in (INTEGERS | dict.fromkeys(NUMBERS, 0)).items():
        value = getattr(mixture, name)
        if name in AUTO and isinstance(value, str) and value == "auto":
            continue
        number = isinstance(value, Real) and not isinstance(value, bool)
        _check(name, value, number and value >= least, f"at least {least}")
        _check(name, value, name in NUMBERS or isinstance(value, Integral), "an integer")
        _check(name, value, value < math.inf, "finite")
    _check("final_smoothing", mixture.final_smoothing, mixture.final_smoothing > 0, "greater than 0")
    for name in ("softness", "length_exponent"):
        value = getattr(mixture, name)
        _check(name, value, value == "auto" or value <= 1, "at most 1")
    for name in SWITCHES:
        value, left = getattr(mixture, name), name in AUTO
        said = isinstance(value, bool | np.bool_) or (left and isinstance(value, str) and value == "auto")
        _check(name, value, said, "auto, true or false" if left else "true or false")
    n_jobs, on_step = mixture.n_jobs, mixture.on_step
    workers = n_jobs is None or (isinstance(n_jobs, Integral) and n_jobs != 0)
    _check("n_jobs", n_jobs, workers, "None or an integer other than 0")
    _check("on_step", on_step, on_step is None or callable(on_step), "None or a function")
    if wrong := conflict(mixture):
        raise SettingError(wrong)
    _check_start(mixture)


def check_rows(mixture: Any, X: sp.csr_array) -> None:
    """Raise SettingError unless squares of X are numbers, and there are as many distinct rows as clusters."""
    check_squares(X)
    distinct = n_distinct_rows(X, mixture.n_components)
    if distinct < mixture.n_components:
        one = " n_samples=1." if X.shape[0] == 1 else ""  # as scikit-learn's own estimators say it
        raise SettingError(
            f"n_components must be at most the number of distinct documents ({distinct}), got {mixture.n_components}."
            f"{one} Try {max(min(2, distinct), distinct // 10)}."
        )


def check_squares(X: sp.csr_array, times: float = 1.0) -> None:
    """Raise SettingError unless squares of X, and so many times them, are numbers."""
    with np.errstate(over="ignore"):
        squares = X.data @ X.data * times
    if not math.isfinite(squares):
        raise SettingError("X must have finite squares. Try rows of length one.")


def check_objective(objective: float) -> None:
    """Raise SettingError unless EM has found something."""
    if not math.isfinite(objective):
        raise SettingError(f"The objective must be finite, got {objective}. Try more smoothing, or rows of length one.")


def warn_unless_converged(mixture: Any) -> None:
    """Say that EM had not converged, and what to try; to be called by `fit` itself."""
    if not mixture.converged_:
        moved = counted(mixture.steps_[-1].moved, "document")
        warnings.warn(
            f"EM did not converge in {counted(mixture.n_iter_, 'iteration')}: {moved} changed cluster in the last. "
            f"Try max_iter={2 * max(mixture.max_iter, mixture.annealing_steps)}, a larger tol, or fewer clusters.",
            ConvergenceWarning,
            stacklevel=3,
        )


def as_csr(X: Any) -> sp.csr_array:
    """Rows without duplicates and without stored zeros; shares the caller's memory, which stays as it is."""
    X = sp.csr_array(X)
    if not X.has_canonical_format or not X.data.all():
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
    return X


def _check_start(mixture: Any) -> None:
    given = [name for name in GIVEN if getattr(mixture, name) is not None]
    if len(given) not in (0, 3):
        raise SettingError(f"weights_init, means_init and precisions_init go together, got only {', '.join(given)}.")
    if not given:
        return
    try:
        weights, means, precisions = (np.asarray(getattr(mixture, name), dtype=float) for name in GIVEN)
    except (TypeError, ValueError):
        raise SettingError("weights_init, means_init and precisions_init must be arrays of numbers.") from None
    _check_every("weights_init", weights, weights >= 0, "at least 0")
    if abs(weights.sum() - 1) > SUM_ERROR:
        raise SettingError(f"weights_init must sum to one, got a sum of {weights.sum():g}.")
    _check_every("means_init", means, np.isfinite(means), "finite")
    _check_every("precisions_init", precisions, np.isfinite(precisions) & (precisions > 0), "greater than 0 and finite")


def _check_every(name: str, values: np.ndarray, holds: np.ndarray, constraint: str) -> None:
    if not holds.all():
        _check(name, float(values[~holds][0]), False, constraint)


def _check(name: str, value: object, holds: bool, constraint: str) -> None:
    if not holds:
        raise SettingError(f"{name} must be {constraint}, got {value!r}.")
