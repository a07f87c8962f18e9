"""Parameters that were set and had no part in a fit, since others left them none."""

from typing import TYPE_CHECKING

from docclust.mixture import split_merge

if TYPE_CHECKING:
    from docclust.mixture import SparseGaussianMixture


def without_effect(mixture: "SparseGaussianMixture") -> dict[str, str]:
    """Of a fitted mixture the parameters that are not what they are by default, and what each of them is only for."""
    least, default = split_merge.LEAST_DOCUMENTS, type(mixture)()
    soft = mixture.annealing == "responsibilities" and mixture.smoothing != "add"
    prior, votes = mixture.smoothing == "prior", len(mixture.start_labels_)
    moves = mixture.smoothing == "noise" and mixture.covariance_ not in split_merge.TOGETHER
    enough = mixture.n_components >= split_merge.LEAST_CLUSTERS and mixture.n_counted_ >= least * mixture.n_components
    only_for = {
        "annealing_steps": (soft or mixture.annealing == "smoothing", "annealing that takes place"),
        "softness": (soft, 'annealing = "responsibilities", and not smoothing = "add"'),
        "pooling": (mixture.covariance in ("auto", "pooled"), 'covariance = "pooled" or "auto"'),
        "final_smoothing": (mixture.reg_covar == "auto" and not prior, 'reg_covar = "auto"'),
        **dict.fromkeys(("weight_pseudo", "mean_pseudo", "variance_pseudo"), (prior, 'smoothing = "prior"')),
        "consensus": (votes > 1 or mixture.consensus is not True, "several starts"),
        "split_merge": (
            (moves and enough) or mixture.split_merge is not True,
            'smoothing = "noise", another covariance than "tied", and at least '
            f"{split_merge.LEAST_CLUSTERS} clusters and {least} documents for each",
        ),
        "seeding_steps": (mixture.init_params in ("kmeans", "lsa"), 'the methods "kmeans" and "lsa"'),
    }
    return {
        name: reason
        for name, (has_a_part, reason) in only_for.items()
        if not has_a_part and getattr(mixture, name) != getattr(default, name)
    }
