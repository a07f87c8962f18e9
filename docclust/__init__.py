"""Cluster a text corpus with sparse, soft EM and find the documents that do not sit in one cluster."""

from typing import Any

__version__ = "0.1.0"
__all__ = ["SparseGaussianMixture", "__version__", "assign", "load_run"]


def __getattr__(name: str) -> Any:
    # Imported when first asked for: `docclust --help` need not wait for scikit-learn.
    if name == "SparseGaussianMixture":
        from docclust.mixture import SparseGaussianMixture

        return SparseGaussianMixture
    if name == "load_run":
        from docclust.store import load_run

        return load_run
    if name == "assign":
        from docclust.assigning import assign

        return assign
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
