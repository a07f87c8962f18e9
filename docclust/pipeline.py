"""Settings -> a finished run: the whole story on one page."""

import hashlib
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

import docclust
from docclust import corpus, describe, em, engine, fitted, frames, keywords
from docclust.ambiguity import distances, explainer, kinds_by_row, score, sureness, topics_apart
from docclust.calibration import Calibration
from docclust.config import Settings
from docclust.corpus import Document
from docclust.metrics import label_metrics
from docclust.mixture import SparseGaussianMixture, defaults
from docclust.remarks import remarks
from docclust.results import Ambiguous, Run, cluster_name
from docclust.vectors import Vectors, vectorise

# What Linux tells of this process.
STATUS = Path("/proc/self/status")
# Told of a stage by name and how far it is: done of total, where total is 0 if it is not known.
Progress = Callable[[str, int, int], None]


def run(settings: Settings, progress: Progress = lambda stage, done, total: None) -> Run:
    """Cluster a corpus as `settings` say.

    Raises
    ------
    DocclustError
        The corpus or a setting does not allow it; the message says what to change.
    """
    clock = Clock(progress)
    mixture_seed, halves_seed = seeds(settings)

    clock.begin("read")
    skipped = corpus.Skipped()
    noted = bytearray()
    texts = _noting(corpus.read(settings.corpus, skipped), noted)
    documents, vectors = vectorise(texts, settings.vectors, clock.tick, n_jobs=settings.engine.n_jobs)
    fingerprint = hashlib.sha256("".join(documents.hashes).encode()).hexdigest()
    documents = replace(documents, hashes=[])  # a tenth of what a run of short texts holds
    from_text = np.frombuffer(noted, dtype=bool)[documents.positions]
    if not settings.report.text:
        told = zip(documents.ids, documents.titles, from_text, strict=True)
        documents = replace(documents, titles=[name if is_text else title for name, title, is_text in told])
        from_text = np.zeros_like(from_text)

    model, n = mixture(settings, mixture_seed, clock.start), len(documents.ids)
    most = max(defaults.n_starts(model.n_init, n, model.n_components), defaults.votes(model, "pooled", n))
    clock.begin("fit", total=most)
    with (
        engine.session(settings.engine.backend, settings.engine.scheduler, settings.engine.workers),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(vectors.weights)
    model.on_step = None  # its clock is this run's, and no model with it can be pickled

    clock.begin("calibrate")
    calibration, P = calibrate(settings, model, vectors, halves_seed)
    c = model.coefficients()

    clock.begin("describe")
    cluster, probability, *runner_up = describe.top_two(P)
    word_sums = describe.word_sums(vectors.counts, P)
    sure = sureness(probability, cluster, model.n_components)
    far = distances(model.means_)
    apart = topics_apart(far, sure)
    given = vectors.counts, probability, cluster, far, apart, word_sums, vectors.words
    scores = score(*given, boilerplate=vectors.boilerplate)
    lines = describe.Lines(documents, cluster, probability, *runner_up, scores)
    lift = keywords.lift(model.means_, model.weights_ * len(lines))
    words = describe.keyword_columns(settings, vectors, model.means_, lift, cluster)
    names = [cluster_name([vectors.display[word] for word in best]) for best in words]
    given = vectors.counts, vectors.tfidf, vectors.display, c, P, word_sums, names, apart
    explained = explainer(settings, lines, *given)
    clusters = describe.describe_clusters(settings, vectors, model, words, lift, lines, explained)
    listed = kinds_by_row(scores, settings, vectors.weights, explained.topics)
    named = {document.id for found in clusters for document in found.mixed}
    for row, kinds in listed.items():
        if "mixed" not in kinds and lines[row].id in named:
            kinds.insert(0, "mixed")  # so that whatever tells of it tells the same
    ambiguous = [explained.explain(row, kinds) for row, kinds in listed.items()]
    metrics = {
        **label_metrics(documents.labels, cluster, probability),
        "npmi_coherence": keywords.coherence(vectors.counts, words),
        "half_agreement": calibration.half_agreement,
        "information": calibration.information,
        "temperature": fitted.median_temperature(model, vectors.weights),
        "temperature_spread": calibration.spread,
        "calibration_error": calibration.calibration_error,
        "objective": model.lower_bound_,
        "least_probability": float(probability.min()),
        "undecided": float(np.mean(probability < settings.ambiguity.undecided_below)),
    }

    c = explained = word_sums = lift = None  # arrays of words x clusters, and EM is about to be run once more
    clock.begin("map")
    order = np.argsort(documents.positions)
    drawn = frames.picture(model, vectors.weights, listed, order, iterations=settings.report.iterations)
    model.forget_fit(order)
    clock.end()

    P = P[order]
    shown = [keyword.word for found in clusters for keyword in found.keywords]
    return Run(
        settings=settings,
        documents=[replace(lines[row], title_from_text=True) if from_text[row] else lines[row] for row in order],
        clusters=clusters,
        ambiguous=sorted(ambiguous, key=lambda found: (-found.mixed, found.id)),
        metrics=metrics,
        convergence=[step._asdict() for step in model.steps_],
        responsibilities=P,
        counts=vectors.counts[order],
        model=model,
        words=vectors.words,
        display=vectors.display,
        tfidf=vectors.tfidf,
        map=drawn,
        reliability=calibration.reliability,
        shingles=vectors.shingles,
        manifest={
            "status": "done",
            "versions": versions(),
            "seed": settings.seed,
            "starts": int(model.start_bounds_.size),
            "consensus": defaults.votes(model, model.covariance_, model.n_counted_) > 0,
            "fingerprint": fingerprint,
            "documents": len(documents.ids),
            "words": len(vectors.words),
            "nonzeros": int(vectors.counts.nnz),
            "titles_from_text": int(from_text.sum()),
            "duplicates": documents.duplicates,
            "counted": model.n_counted_,
            "empty": documents.empty,
            "skipped": dict(sorted(skipped.items())),
            "skipped_names": dict(sorted(skipped.names.items())),
            "warnings": [str(w.message) for w in caught]
            + remarks(documents, vectors, skipped, model, cluster, probability, metrics, shown),
            "not_counted": [passage for passage, _ in vectors.notices[:1]] if settings.report.text else [],
            "seconds": clock.seconds,
            "peak_mib": peak_mib(),
        },
    )


def explain(run: Run, row: int) -> Ambiguous:
    """The evidence for any document of a finished run, listed or not; `row` counts in the order of `run.documents`."""
    if known := run.evidence().get(run.documents[row].id):
        return known
    names = [cluster.name for cluster in run.clusters]
    c, P = run.model.coefficients(), run.responsibilities
    word_sums = describe.word_sums(run.counts, P)
    cluster, probability, *_ = describe.top_two(P)
    apart = topics_apart(distances(run.model.means_), sureness(probability, cluster, run.model.n_components))
    given = run.counts, run.tfidf, run.display, c, P, word_sums, names, apart
    explained = explainer(run.settings, run.documents, *given)
    return explained.explain(row, [])


def seeds(settings: Settings) -> tuple[int, int]:
    """Of the mixture and of the halves of documents."""
    mixture_seed, halves_seed = np.random.SeedSequence(settings.seed).generate_state(2)
    return int(mixture_seed), int(halves_seed)


def mixture(settings: Settings, seed: int, on_step: Callable[[em.Step], None] | None = None) -> SparseGaussianMixture:
    """The estimator that `settings` describe, unfitted."""
    options = settings.mixture.model_dump()
    return SparseGaussianMixture(
        **options,
        init_params=settings.seeding.method,
        n_init=settings.seeding.n_init,
        seeding_steps=settings.seeding.steps,
        block_rows=settings.engine.block_rows,
        n_jobs=settings.engine.n_jobs,
        random_state=seed,
        on_step=on_step,
    )


def calibrate(
    settings: Settings, model: SparseGaussianMixture, vectors: Vectors, seed: int
) -> tuple[Calibration, sp.csr_array]:
    """Calibrate a fitted mixture, number its clusters by size, and give the probability of each for every document."""
    # -> P: (n, k) CSR
    c = model.coefficients()
    halves = settings.calibration.repeats, np.random.default_rng(seed)
    calibration = fitted.calibrate(model, c, vectors.weights, vectors.counts, vectors.tfidf.rows, *halves)
    return calibration, fitted.number_by_size(model, fitted.responsibilities(model, vectors.weights, c))


def _noting(documents: Iterable[Document], from_text: bytearray) -> Iterator[Document]:
    """The same documents, and of each whether its title is from its text."""
    for document in documents:
        from_text.append(document.title_from_text)
        yield document


class Clock:
    """Times the stages of a run and passes on how far they are."""

    def __init__(self, progress: Progress):
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._stage = ""

    def begin(self, stage: str, total: int = 0) -> None:
        """End the stage before, if any, and begin this one."""
        self.end()
        self._stage, self._total, self._since = stage, total, time.perf_counter()
        self.tick(0)

    def tick(self, done: int) -> None:
        """Say how much of the stage is done; what goes beyond its total is told as doing it again."""
        self.done = done
        before = (done - 1) // self._total * self._total if done and self._total else 0
        self.progress(f"{self._stage} again" if before else self._stage, done - before, self._total)

    def start(self, step: em.Step) -> None:
        """Count a start of EM when its first step is told."""
        self.tick(self.done + (step.iteration == 0))

    def end(self) -> None:
        """End the stage, if any."""
        if self._stage:
            self.seconds[self._stage] = round(time.perf_counter() - self._since, 3)
        self._stage = ""


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    libraries = ("numpy", "scipy", "scikit-learn", "nltk", "numba")
    return {
        "docclust": docclust.__version__,
        "python": platform.python_version(),
        **{library: metadata.version(library) for library in libraries},
    }


def peak_mib() -> float | None:
    """Peak memory of this process so far, in MiB; None where the system, as Windows, does not tell.

    Linux has it in a file; what it tells as `ru_maxrss` may be the peak of the process that started this one.
    """
    try:
        return round(int(STATUS.read_text("utf-8").partition("VmHWM:")[2].split()[0]) / 2**10, 1)
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
