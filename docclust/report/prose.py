"""What a run did and how good it is, in plain sentences for people who know no statistics."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docclust.report.data import shown
from docclust.restarts import length_exponent
from docclust.seeding import n_starts

if TYPE_CHECKING:
    from docclust.results import Run

COVARIANCES = {
    "own": "Every cluster has its own spread for every word",
    "pooled": "Every cluster has its own spread for every word, drawn toward a common one",
    "tied": "All clusters share one spread for each word",
    "isotropic": "All clusters are round and equally wide",
    "cosine": "All clusters are round, equally wide, and compared by direction alone",
}
SMOOTHINGS = {
    "noise": "documents count as observed with some noise, so a word that a cluster has never seen rules nothing out",
    "floor": "no spread falls below a floor",
    "prior": "imagined average documents keep every spread from zero",
    "add": "a constant is added to every spread, as in textbooks",
}
SEEDINGS = {
    "kmeans": "k-means",
    "k-means++": "documents picked far apart (k-means++)",
    "random": "documents picked at random",
}


@dataclass(frozen=True)
class Figure:
    """A number of a run: its name, how it is written, and a sentence on what it means."""

    name: str
    value: str
    meaning: str


# Key of metrics.json: name, digits behind the point or 0 for four significant ones, meaning.
FIGURES = {
    "nmi": ("NMI with the labels", 3, "How far clusters and known labels agree: 0 not at all, 1 wholly."),
    "ari": ("Adjusted Rand", 3, "Of pairs of documents, how often both agree, beyond chance: 0 chance, 1 always."),
    "v_measure": ("V-measure", 3, "Whether clusters hold one label each, and labels lie in one cluster each."),
    "purity": ("Purity", 3, "The share of documents that have the commonest label of their cluster."),
    "half_agreement": (
        "Agreement of halves",
        3,
        "Each document's words are split in two, and both halves assigned: 1 if they always meet in one cluster.",
    ),
    "information": ("Information", 0, "Nats that one half of a document tells about the cluster of the other half."),
    "temperature": (
        "Temperature",
        0,
        "How much the probabilities are softened so that 0.7 comes true in 7 cases of 10.",
    ),
    "calibration_error": (
        "Calibration error",
        3,
        "How far a stated probability lies from what comes true, on average.",
    ),
    "npmi_coherence": (
        "Coherence",
        3,
        "Whether a cluster's keywords stand in the same documents (NPMI): -1 never, 0 by chance, 1 always.",
    ),
    "objective": (
        "Objective",
        0,
        "What EM climbs, in nats a document. Comparable between runs on the same words only.",
    ),
}


def figures(run: "Run") -> list[Figure]:
    """The numbers that are known of a run, with the share of undecided documents first."""
    below, total = run.settings.ambiguity.undecided_below, len(run.documents)
    undecided = sum(document.probability < below for document in run.documents)
    told = [
        Figure(
            "Undecided documents",
            f"{undecided:,}",
            f"{_percent(undecided, total)} have no cluster of probability {below:g} or more.",
        )
    ]
    for key, (name, digits, meaning) in FIGURES.items():
        value = run.metrics.get(key)
        if isinstance(value, (int, float)) and value == value:
            told.append(Figure(name, shown(value, digits) if digits else f"{value:.4g}", meaning))
    return told


def facts(run: "Run") -> str:
    """How large the corpus is, in one line."""
    manifest = run.manifest
    told = [
        counted(len(run.documents), "document"),
        counted(len(run.words), "word"),
        counted(len(run.clusters), "cluster"),
    ]
    if manifest.get("duplicates"):
        told.append(counted(manifest["duplicates"], "exact duplicate"))
    if manifest.get("empty"):
        told.append(f"{len(manifest['empty']):,} set aside without words")
    told += [f"{count:,} skipped ({reason})" for reason, count in manifest.get("skipped", {}).items()]
    return ", ".join(told)


def settings(run: "Run") -> list[str]:
    """What was asked for, a sentence for each stage."""
    s = run.settings
    v, m = s.vectors, s.mixture
    words = ["lower-cased"] if v.lowercase else []
    chosen = ", which the data chose" if m.covariance == "auto" else ""
    starts = counted(n_starts(s.seeding.n_init, len(run.documents)), "time")
    if v.stop_words:
        named = v.stop_words if isinstance(v.stop_words, str) else ", ".join(v.stop_words)
        words.append(f"without the stop words of {named}")
    words.append(f"reduced to stems ({v.stem})" if v.stem else "as they are written")
    return [
        f"Texts come from {_source(s.corpus)}.",
        f"Words are counted {', '.join(words)}; kept are those in {_at_least(v.min_df)} and {_at_most(v.max_df)}.",
        f"A word weighs more the rarer it is in the corpus, and documents of any length are compared alike (TF-IDF, "
        f"length one){'; a word said twice does not count double' if v.sublinear_tf else ''}"
        f"{'; longer documents have more say in what a cluster is like' if length_exponent(m) > 0 else ''}.",
        f"{m.n_components} clusters were asked for. EM began {starts} from "
        f"{SEEDINGS.get(s.seeding.method, s.seeding.method)}, and the best end was kept.",
        f"{COVARIANCES[run.model.covariance_]}{chosen}; {SMOOTHINGS.get(m.smoothing, m.smoothing)}.",
        f"EM took {counted(len(run.convergence), 'iteration')}"
        f"{'' if run.model.converged_ else ' and had not converged'}. The seed is {s.seed}.",
    ]


def counted(count: int, name: str) -> str:
    """A number and its noun."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def _percent(part: int, whole: int) -> str:
    share = 100 * part / max(whole, 1)
    if part in (0, whole):
        return f"{share:.0f} %"
    return "Less than 1 %" if share < 1 else f"{min(share, 99):.0f} %"


def _source(corpus) -> str:
    if path := getattr(corpus, "path", None):
        return f"{corpus.source} ({path.name})"  # the folder is the business of the machine it ran on
    named = {"20newsgroups": "20 Newsgroups", "nltk": "NLTK", "pydocs": "the documentation of Python packages"}
    return named.get(corpus.source, corpus.source)


def _at_least(limit: int | float | str) -> str:
    if limit == "auto":
        return "3 documents or more where there are enough"
    of_all = f"{limit:g} of the documents" if isinstance(limit, float) else counted(limit, "document")
    return f"{of_all} or more"


def _at_most(limit: int | float) -> str:
    return f"at most {limit:g} of all" if isinstance(limit, float) else f"at most {counted(limit, 'document')}"
