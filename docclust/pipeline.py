"""Settings -> a finished run: the whole story on one page."""

import hashlib
import platform
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

import docclust
from docclust import corpus, describe, em, engine, fitted, frames, keywords
from docclust.ambiguity import distances, explainer, kinds_by_row, score, sureness, topics_apart
from docclust.calibration import Calibration
from docclust.config import EngineSettings, Settings
from docclust.corpus import Document
from docclust.costs import Clock, Progress, peak_mib
from docclust.metrics import label_metrics
from docclust.mixture import SparseGaussianMixture, defaults
from docclust.remarks import remarks
from docclust.results import Ambiguous, Cluster, Run, cluster_name
from docclust.vectors import Documents, Vectors, vectorise


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
    documents, vectors, from_text, fingerprint = _read(settings, skipped, clock.tick)

    model = mixture(settings, mixture_seed, clock.start)
    clock.begin("fit", total=_most_starts(model, len(documents.ids)))
    warned = _fit(model, vectors, settings.engine)

    clock.begin("calibrate")
    calibration, P = calibrate(settings, model, vectors, halves_seed)

    clock.begin("describe")
    described = _describe(settings, documents, vectors, model, P)
    lines = described.lines
    metrics = {
        **label_metrics(documents.labels, lines.cluster, lines.probability),
        "npmi_coherence": described.coherence,
        "half_agreement": calibration.half_agreement,
        "information": calibration.information,
        "temperature": fitted.median_temperature(model, vectors.weights),
        "temperature_spread": calibration.spread,
        "calibration_error": calibration.calibration_error,
        "objective": model.lower_bound_,
        "least_probability": float(lines.probability.min()),
        "undecided": float(np.mean(lines.probability < settings.ambiguity.undecided_below)),
    }

    clock.begin("map")
    order = np.argsort(documents.positions)
    drawn = frames.picture(model, vectors.weights, described.listed, order, iterations=settings.report.iterations)
    model.forget_fit(order)
    clock.end()

    P = P[order]
    shown = [keyword.word for cluster in described.clusters for keyword in cluster.keywords]
    told = remarks(documents, vectors, skipped, model, lines.cluster, lines.probability, metrics, shown)
    return Run(
        settings=settings,
        documents=[replace(lines[row], title_from_text=True) if from_text[row] else lines[row] for row in order],
        clusters=described.clusters,
        ambiguous=sorted(described.ambiguous, key=lambda found: (-found.mixed, found.id)),
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
            "warnings": warned + told,
            "not_counted": [passage for passage, _ in vectors.notices[:1]] if settings.report.text else [],
            "seconds": clock.seconds,
            "peak_mib": peak_mib(),
        },
    )


def _read(
    settings: Settings, skipped: corpus.Skipped, tick: Callable[[int], None]
) -> tuple[Documents, Vectors, np.ndarray, str]:
    """Documents, their vectors, of each whether its title is from its text, and a fingerprint of them all."""
    noted = bytearray()
    texts = _noting(corpus.read(settings.corpus, skipped), noted)
    documents, vectors = vectorise(texts, settings.vectors, tick, n_jobs=settings.engine.n_jobs)
    fingerprint = hashlib.sha256("".join(documents.hashes).encode()).hexdigest()
    documents = replace(documents, hashes=[])  # a tenth of what a run of short texts holds
    from_text = np.frombuffer(noted, dtype=bool)[documents.positions]
    if not settings.report.text:
        told = zip(documents.ids, documents.titles, from_text, strict=True)
        documents = replace(documents, titles=[name if is_text else title for name, title, is_text in told])
        from_text = np.zeros_like(from_text)
    return documents, vectors, from_text, fingerprint


def _most_starts(model: SparseGaussianMixture, n: int) -> int:
    """How many starts a fit to n documents may have."""
    return max(defaults.n_starts(model.n_init, n, model.n_components), defaults.votes(model, "pooled", n))


def _fit(model: SparseGaussianMixture, vectors: Vectors, workers: EngineSettings) -> list[str]:
    """Fit a model, and give what it warns of."""
    with (
        engine.session(workers.backend, workers.scheduler, workers.workers),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(vectors.weights)
    model.on_step = None  # its clock is this run's, and no model with it can be pickled
    return [str(warning.message) for warning in caught]


@dataclass(frozen=True)
class _Described:
    """What is told of documents and clusters.

    listed : of every ambiguous document, by its row, what it is listed for
    coherence : of the keywords of a cluster, in the mean
    """

    lines: describe.Lines
    clusters: list[Cluster]
    ambiguous: list[Ambiguous]
    listed: dict[int, list[str]]
    coherence: float


def _describe(
    settings: Settings, documents: Documents, vectors: Vectors, model: SparseGaussianMixture, P: sp.csr_array
) -> _Described:
    """The words of every cluster, the scores of every document, and the evidence for those that are listed."""
    # P: (n, k) CSR, calibrated
    cluster, probability, *runner_up = describe.top_two(P)
    word_sums = describe.word_sums(vectors.counts, P)
    far = distances(model.means_)
    apart = topics_apart(far, sureness(probability, cluster, model.n_components))
    shares = vectors.counts, probability, cluster, far, apart, word_sums, vectors.words
    scores = score(*shares, boilerplate=vectors.boilerplate)
    lines = describe.Lines(documents, cluster, probability, *runner_up, scores)
    lift = keywords.lift(model.means_, model.weights_ * len(lines))
    words = describe.keyword_columns(settings, vectors, model.means_, lift, cluster)
    names = [cluster_name([vectors.display[word] for word in best]) for best in words]
    evidence = vectors.counts, vectors.tfidf, vectors.display, model.coefficients(), P, word_sums, names, apart
    explained = explainer(settings, lines, *evidence)
    clusters = describe.describe_clusters(settings, vectors, model, words, lift, lines, explained)
    listed = kinds_by_row(scores, settings, vectors.weights, explained.topics)
    named = {document.id for found in clusters for document in found.mixed}
    for row, kinds in listed.items():
        if "mixed" not in kinds and lines[row].id in named:
            kinds.insert(0, "mixed")  # so that whatever tells of it tells the same
    ambiguous = [explained.explain(row, kinds) for row, kinds in listed.items()]
    return _Described(lines, clusters, ambiguous, listed, keywords.coherence(vectors.counts, words))


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


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    libraries = ("numpy", "scipy", "scikit-learn", "nltk", "numba")
    return {
        "docclust": docclust.__version__,
        "python": platform.python_version(),
        **{library: metadata.version(library) for library in libraries},
    }
