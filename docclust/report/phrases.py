"""What every form of the report says in the same words: how large the corpus is, and how good the clusters are."""

from collections.abc import Sequence
from dataclasses import dataclass

from docclust.report.data import Summary, shown, standing_out
from docclust.results import Candidate, counted, percent

# Key of metrics.json: name, digits behind the point or 0 for four significant ones, meaning, and how it is printed;
# what few people can use is on the page alone.
FIGURES = {
    "nmi": ("NMI with the labels", 3, "How far clusters and known labels agree: 0 not at all, 1 completely.", "NMI {}"),
    "ari": (
        "Adjusted Rand",
        3,
        "How often clusters and labels agree on whether two documents belong together: 0 as by chance, 1 always.",
        "adjusted Rand {}",
    ),
    "v_measure": (
        "V-measure",
        3,
        "Whether clusters hold one label each, and labels lie in one cluster each.",
        "V-measure {}",
    ),
    "purity": ("Purity", 3, "The share of documents that have the commonest label of their cluster.", "purity {}"),
    "half_agreement": (
        "Agreement of halves",
        3,
        "Each document's words are split in two, and both halves are assigned by clusters made without the document: "
        "1 if they always end in the same cluster.",
        "The two halves of a document are found in the same cluster: NMI {}.",
    ),
    "information": (
        "Information",
        0,
        "How much one half of a document tells about the cluster of the other half, in nats.",
        "",
    ),
    "temperature": (
        "Temperature",
        0,
        "How much the probabilities are softened so that 0.7 comes true in 7 cases of 10.",
        "",
    ),
    "calibration_error": (
        "Calibration error",
        3,
        "How far a stated probability is from what comes true, on average, by the stricter of two tests.",
        "Probabilities are off by {} on average, by the stricter of two tests: halves of documents, and other starts.",
    ),
    "label_calibration_error": (
        "Calibration error against labels",
        3,
        "How far a stated probability is from the share of documents with the commonest label of their cluster.",
        "Against the known labels they are off by {}.",
    ),
    "npmi_coherence": (
        "Coherence",
        3,
        "Whether a cluster's keywords occur in the same documents (NPMI): -1 never, 0 as by chance, 1 always.",
        "Keywords of a cluster occur together: coherence {} (NPMI, from -1 to 1).",
    ),
    "objective": (
        "Objective",
        0,
        "What EM maximises, in nats per document: the likelihood, less a penalty for unusual variances. It rises "
        "with the number of clusters; compare it only between runs on the same words.",
        "",
    ),
}
# Those of them that compare with known labels.
LABEL_METRICS = ("nmi", "ari", "v_measure", "purity")


@dataclass(frozen=True)
class Figure:
    """A number of a run: its name, how it is written, and a sentence on what it means."""

    name: str
    value: str
    meaning: str


def facts(told: Summary) -> str:
    """How large the corpus is, in one line; what was left out of it, the warnings say."""
    found = [
        counted(told.documents, "document"),
        counted(told.words, "word"),
        counted(len(told.clusters), "cluster"),
    ]
    if told.duplicates:
        found.append(counted(told.duplicates, "exact duplicate"))
    return ", ".join(found)


def figures(told: Summary) -> list[Figure]:
    """The numbers that are known of a run, with the share of undecided documents first."""
    share = percent(told.undecided / told.documents)
    meaning = f"{share} have no cluster of probability {told.undecided_below:g} or more."
    undecided = Figure("Undecided documents", f"{told.undecided:,}", meaning)
    return [undecided, *(Figure(FIGURES[key][0], value, FIGURES[key][2]) for key, value in _written(told).items())]


def sentences(told: Summary) -> list[str]:
    """The same numbers, a sentence each."""
    printed = {key: FIGURES[key][3].format(value) for key, value in _written(told).items() if FIGURES[key][3]}
    agreement = ", ".join(printed.pop(key) for key in LABEL_METRICS if key in printed)
    undecided = (
        f"Undecided: {told.undecided:,} of {counted(told.documents, 'document')}; "
        f"no cluster has a probability of {told.undecided_below:g} for them."
    )
    of = "" if told.labelled == told.documents else f" of {told.labelled:,} documents"
    known = [f"Agreement with the known labels{of}: {agreement}."] if agreement else []
    return [*known, undecided, *printed.values()]


def choice(found: Sequence[Candidate]) -> list[str]:
    """What to make of the numbers of clusters that were tried."""
    best = standing_out(found)
    told = ", then ".join(f"{one.n_components:,} ({shown(one.stability)})" for one in best)
    said = [f"* Different random starts end in the same clusters, more than with fewer or with more. Most with {told}."]
    if any(one.nearly and not one.stands_out for one in found):
        said.append("+ Nearly as much as with the * beside it: as good a choice.")
    if len(found) > 1 and best[0] is found[-1]:
        many = best[0].n_components
        said.append(f"They agree most with the most clusters tried. Try more: --clusters {many}-{3 * many}.")
    elif best[0] is found[0]:
        said.append(
            "They agree most with the fewest clusters, as they do where texts fall into a few large parts. For finer"
            " clusters take a later *, or the number whose keywords you find useful."
        )
    if n := sum(not one.converged for one in found):
        said.append(f"{counted(n, 'fit')} had not converged. Try a larger [mixture] max_iter.")
    return said


def _written(told: Summary) -> dict[str, str]:
    known = {key: told.metrics.get(key) for key in FIGURES}
    return {
        key: shown(value, FIGURES[key][1]) if FIGURES[key][1] else f"{value:.4g}"
        for key, value in known.items()
        if value is not None and value == value
    }
