"""One corpus in several numbers of clusters -> how stable each is, and which stand out. Knows no labels but to tell of.

Where the number of clusters suits the texts, EM ends in much the same clusters from every start; where there is one too
many, each start splits another topic (Bubeck, Meila & von Luxburg 2012, who prove it of k-means). The objective says
nothing of it: it grows with every cluster.
"""

import itertools
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.signal import find_peaks
from sklearn.exceptions import ConvergenceWarning

from docclust import corpus, describe, engine, keywords, pipeline
from docclust.config import Settings
from docclust.costs import Progress
from docclust.errors import SettingError
from docclust.metrics import label_metrics
from docclust.mixture import defaults
from docclust.mixture.agreement import agreement
from docclust.results import Candidate, cluster_name
from docclust.vectors import Documents, Vectors, vectorise

# Numbers of clusters where nobody says which: as many of a range, in steps of equal ratio, and no more than leave so
# many documents for each.
LEAST = 2
MOST = 30
STEPS = 20
DOCUMENTS_EACH = 5
# A number of clusters stands out where stability falls by so much on either side before it rises above it; between
# seeds it differs by some 0.05. Of 2 to 30, with ten starts and two seeds: BBC 5 (5 classes), AG News 3 or 4 (4), the
# six topics 6; Reuters R8 2, then 26 or 23 (8, four fifths of the texts in two); 20 Newsgroups 2, then 11 or 8 (20).
PROMINENCE = 0.1
# Its neighbours are as good if they are within so much of it.
AS_GOOD = 0.05


def numbers(written: str) -> list[int]:
    """Numbers of clusters from ``5,10,20``, ``2-30``, or both; of a long range some, in steps of equal ratio.

    Raises
    ------
    SettingError
        It is written in another way, or a number is below 2.
    """
    found: set[int] = set()
    for part in written.split(","):
        ends = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part, re.ASCII)
        first, last = (int(ends[1]), int(ends[2] or ends[1])) if ends else (0, 0)
        if not LEAST <= first <= last:
            raise SettingError(f"--clusters must be numbers of 2 and more, got {written}. Try 2-30, or 5,10,20.")
        found.update(spread(first, last))
    return sorted(found)


def spread(first: int, last: int) -> list[int]:
    """Whole numbers of a range, some 20 at most, in steps of equal ratio."""
    return sorted({round(number) for number in np.geomspace(first, last, STEPS)})


def sweep(
    settings: Settings, wanted: Sequence[int] = (), progress: Progress = lambda stage, done, total: None
) -> Iterator[Candidate]:
    """Cluster a corpus into several numbers of clusters; each is yielded when it is known.

    Parameters
    ----------
    settings : as for `pipeline.run`, but that `n_components` is not heeded, and that "auto" means ten starts
    wanted : numbers of clusters, rising; without them 2 to 30, and fewer among less than 150 documents

    Raises
    ------
    DocclustError
        The corpus or a setting does not allow it; the message says what to change.
    """
    if settings.seeding.n_init == 1:
        raise SettingError('[seeding] n_init must be 2 or more for a sweep, which compares starts, got 1. Try "auto".')
    progress("read", 0, 0)
    read = corpus.read(settings.corpus, corpus.Skipped())
    documents, vectors = vectorise(
        read, settings.vectors, lambda done: progress("read", done, 0), n_jobs=settings.engine.n_jobs
    )
    n = len(documents.ids)
    wanted = wanted or spread(LEAST, max(LEAST, min(MOST, n // DOCUMENTS_EACH)))
    if max(wanted) > n:
        most = f"{LEAST}-{max(LEAST, n // DOCUMENTS_EACH)}"
        raise SettingError(f"--clusters must be at most the documents ({n:,}), got {max(wanted):,}. Try {most}.")
    with engine.session(settings.engine.backend, settings.engine.scheduler, settings.engine.workers):
        for done, k in enumerate(wanted):
            progress("sweep", done, len(wanted))
            yield _tried(_with(settings, k), documents, vectors)
        progress("sweep", len(wanted), len(wanted))


def marked(found: list[Candidate]) -> list[Candidate]:
    """The same, fewest clusters first, and marked those that stand out and the neighbours that are nearly as stable."""
    stability = np.array([candidate.stability for candidate in found])
    ended = np.concatenate([[-1.0], stability, [-1.0]])  # an end of the range may stand out as well
    peaks = find_peaks(ended, prominence=PROMINENCE)[0] - 1
    nearly = set()
    for peak in peaks:
        low = stability < stability[peak] - AS_GOOD
        below, above = np.flatnonzero(low[:peak]), np.flatnonzero(low[peak:])
        first, last = below[-1] + 1 if below.size else 0, peak + above[0] if above.size else len(found)
        nearly.update(range(first, last))
    return [replace(one, stands_out=i in peaks, nearly=i in nearly) for i, one in enumerate(found)]


def stability(labels: np.ndarray, bounds: np.ndarray) -> float:
    """How far starts end in the same clusters: mean adjusted Rand index of pairs, better starts weighing more.

    Parameters
    ----------
    labels : int array of shape (s, n)
        The clusters of every start.
    bounds : array of shape (s,)
        Their objectives; NaN of those that were followed with freer variances, which do not compare.
    """
    compare = ~np.isnan(bounds)
    labels, bounds = labels[compare], bounds[compare]
    weights = np.exp((bounds - bounds.max()) / (float(bounds.std()) or 1.0))
    pairs = list(itertools.combinations(range(bounds.size), 2))
    alike = [agreement(labels[i], labels[j])[1] for i, j in pairs]
    return float(np.average(alike, weights=[weights[i] * weights[j] for i, j in pairs]))


def _with(settings: Settings, k: int) -> Settings:
    """The same settings for so many clusters, and for enough starts to compare."""
    n_init = defaults.MORE_STARTS if settings.seeding.n_init == "auto" else settings.seeding.n_init
    changed = {
        "mixture": settings.mixture.model_copy(update={"n_components": k}),
        "seeding": settings.seeding.model_copy(update={"n_init": n_init}),
    }
    return settings.model_copy(update=changed)


def _tried(settings: Settings, documents: Documents, vectors: Vectors) -> Candidate:
    """What is known of one number of clusters, without all that a run tells of documents."""
    mixture_seed, halves_seed = pipeline.seeds(settings)
    model = pipeline.mixture(settings, mixture_seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is told by `converged`
        model.fit(vectors.weights)
    stable = stability(model.start_labels_, model.start_bounds_)
    cluster, probability, *_ = describe.top_two(pipeline.calibrate(settings, model, vectors, halves_seed)[1])
    lift = keywords.lift(model.means_, model.weights_ * cluster.size)
    words = describe.keyword_columns(settings, vectors, model.means_, lift, cluster)
    sizes = np.bincount(cluster, minlength=model.n_components)
    return Candidate(
        n_components=model.n_components,
        stability=stable,
        undecided=float(np.mean(probability < settings.ambiguity.undecided_below)),
        npmi_coherence=keywords.coherence(vectors.counts, words),
        smallest=int(sizes.min()),
        largest=int(sizes.max()),
        nmi=label_metrics(documents.labels, cluster, probability).get("nmi"),
        converged=bool(model.converged_),
        clusters=[cluster_name([vectors.display[word] for word in best]) for best in words],
    )
