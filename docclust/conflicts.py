"""Parameters of a mixture that do not go together: said once, for the config and for the estimator."""

from typing import Any


def conflict(mixture: Any) -> str | None:
    """One line that names the parameter to change and what it must be beside the others; None where all go together."""
    smoothing, covariance = mixture.smoothing, mixture.covariance
    if smoothing != "noise" and covariance in ("isotropic", "cosine"):
        return f'smoothing must be "noise" with covariance "{covariance}", got "{smoothing}".'
    if smoothing != "noise" and mixture.annealing == "smoothing":
        return f'annealing must be "responsibilities" or "none" with smoothing "{smoothing}", got "smoothing".'
    if smoothing == "prior" and covariance == "pooled":
        return 'covariance must be "own" or "tied" with smoothing "prior", got "pooled".'
    if smoothing == "prior" and mixture.reg_covar != "auto":
        return f'reg_covar must be "auto" with smoothing "prior", got {mixture.reg_covar!r}.'
    if smoothing == "prior" and mixture.variance_pseudo == 0:
        return f'variance_pseudo must be greater than 0 with smoothing "prior", got {mixture.variance_pseudo!r}.'
    if smoothing in ("add", "floor") and mixture.reg_covar == 0:
        return f'reg_covar must be greater than 0 with smoothing "{smoothing}", got {mixture.reg_covar!r}.'
    return None
