"""What a person should know about a run, in plain sentences with a remedy."""

import json
from collections.abc import Iterable

import numpy as np

from docclust.corpus import Skipped
from docclust.errors import shortened
from docclust.metrics import tells_classes
from docclust.mixture import SparseGaussianMixture
from docclust.mixture.copies import nearly_the_same
from docclust.mixture.effects import without_effect
from docclust.results import counted, percent
from docclust.vectors import Documents, Vectors
from docclust.vectors.languages import language_of

# A clustering with no more than this share of documents below such a probability is hard, whatever a config calls
# undecided, unless half of the words tell nearly as much as all: then it is plain.
HARDLY_ANY = 0.001
SURE_FROM = 0.9
PLAIN_FROM = 0.99
# One with so many undecided documents whose halves agree so little has hardly found anything: of 88 corpora six, among
# them lines of a play by episode (NMI with these 0.007) and health news of five words by newspaper (0.15).
LOOSE_FROM = 0.9
LOOSE_BELOW = 0.15


def remarks(
    documents: Documents,
    vectors: Vectors,
    skipped: Skipped,
    model: SparseGaussianMixture,
    labels: np.ndarray,
    probability: np.ndarray,
    metrics: dict[str, float],
    words: Iterable[str],
) -> list[str]:
    """What a person should know about a run, in plain sentences with a remedy.

    labels, probability : (n,) those shown; words : the keywords of all clusters
    """
    found = []
    if n := len(documents.empty):
        found.append(f"{counted(n, 'document')} without a word to go by set aside: {_some(documents.empty, n)}.")
    found += passed_over(skipped)
    if vectors.notices:
        (passage, n), *_ = vectors.notices
        found.append(
            "Not counted, since documents on every topic begin or end with it: a passage of "
            f"{counted(len(passage.split()), 'word')} ({counted(n, 'time')}), and the like."
            ' To count it, try [vectors] notices = "keep".'
        )
    if n := labels.size - model.n_counted_:
        found.append(
            f"{counted(n, 'document')} with the words of another: they count once for what clusters are like."
            ' To count all, try [mixture] copies = "each".'
        )
    if model.copies == "auto" and (n := nearly_the_same(model.counted(vectors.weights))):
        found.append(
            f"{counted(n, 'document')} with nearly the words of another."
            ' If they are one text that was passed on, try [mixture] copies = "once".'
        )
    reseeded = sum(step.reseeded for step in model.steps_)
    if reseeded:
        found.append(
            f"{counted(reseeded, 'cluster')} lost all documents and had to be seeded again. Try fewer clusters."
        )
    empty = model.n_components - np.unique(labels).size
    if 0 < empty == model.n_components - 1:
        found.append("All documents are in one cluster. Try the defaults of [mixture], or fewer clusters.")
    elif empty:
        found.append(f"{counted(empty, 'cluster')} without a document. Try a smaller n_components.")
    if model.n_components > 1 and metrics["undecided"] >= LOOSE_FROM and metrics["half_agreement"] < LOOSE_BELOW:
        found.append(
            f"These clusters are loose: {percent(metrics['undecided'])} of the documents are undecided, and half of the"
            " words of one seldom tells the cluster of the other half. Try more text for each document, or fewer"
            " clusters."
        )
    for name, reason in without_effect(model).items():
        key = "[seeding] steps" if name == "seeding_steps" else f"[mixture] {name}"
        value = json.dumps(getattr(model, name))
        found.append(f"{key} = {value} had no effect: it is only for {reason}. Try without it.")
    if language := language_of(words):
        found.append(
            f"Many keywords are stop words of {language.capitalize()}, which say nothing of a topic."
            f' Try [vectors] stop_words = "{language}", or a list of several languages.'
        )
    known = np.array([label for label in documents.labels if label is not None])
    if known.size and not tells_classes(known):
        each = "the same" if known.size > 1 and known[0] == known[-1] else "another"
        found.append(f"Every label is {each}, so no agreement with them is told. Try another [corpus] label.")
    n = int(np.count_nonzero(probability < SURE_FROM))
    if model.n_components > 1 and n <= HARDLY_ANY * labels.size and metrics["half_agreement"] < PLAIN_FROM:
        are = f"only {counted(n, 'document')} of {labels.size:,} {'is' if n == 1 else 'are'}" if n else "no document is"
        found.append(f"Your soft clustering is hard: {are} undecided. {_softer(model)}")
    return found


def passed_over(skipped: Skipped) -> list[str]:
    """What was skipped, a sentence for every reason."""
    return [f"{n:,} skipped ({why}): {_some(skipped.names[why], n)}." for why, n in sorted(skipped.items())]


def _softer(model: SparseGaussianMixture) -> str:
    """What makes responsibilities of a mixture less sure of themselves."""
    if model.smoothing != "noise":
        return 'Try smoothing = "noise".'
    if model.covariance in ("tied", "isotropic"):
        return 'Try covariance = "auto".'
    if not model.leave_one_out:
        return "Try leave_one_out = true."
    return "Try a larger final_smoothing." if model.reg_covar == "auto" else "Try a larger reg_covar."


def _some(names: list[str], n: int) -> str:
    """The first three of n names."""
    return ", ".join(map(shortened, names[:3])) + (f", and {n - 3:,} more" if n > 3 else "")
