"""What a run ends with: plain data, which the run folder, the reports and the commands only store and format.

And how a cluster, a number of things and a share are said, wherever they are. Nothing is computed here, and nothing
heavy imported: a command that prints a finished run starts at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sp

    from docclust.config import Settings
    from docclust.mixture import SparseGaussianMixture
    from docclust.vectors import TfIdf


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a document went: one line of documents.csv. With one cluster, the runner-up is None.

    title_from_text : the title is only the first words of the text
    """

    id: str
    title: str
    label: str | None
    cluster: int
    probability: float
    runner_up: int | None
    runner_up_probability: float
    mixed: float
    unclear: float
    atypical: float
    title_from_text: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a document belongs that the run has not seen.

    name : of the cluster, in short
    known_words : how many different words it has that the run knows; with none, it is where any document is likeliest
    """

    id: str
    title: str
    label: str | None
    cluster: int
    name: str
    probability: float
    runner_up: int | None
    runner_up_probability: float
    known_words: int


@dataclass(frozen=True)
class Candidate:
    """A number of clusters that was tried, and what speaks for it.

    stability : how far its starts end in the same clusters, 1 if wholly and 0 as by chance (adjusted Rand index)
    stands_out, nearly : whether it is well above that of fewer and of more clusters, and whether it is so or nearly so
    undecided : share of documents without a cluster of high probability
    npmi_coherence : whether keywords of a cluster occur together, -1 to 1
    smallest, largest : documents of these clusters
    nmi : agreement with the labels, where there are some
    converged : whether EM had within its `max_iter`
    clusters : their names, the largest first
    """

    n_components: int
    stability: float
    undecided: float
    npmi_coherence: float
    smallest: int
    largest: int
    nmi: float | None
    converged: bool
    clusters: list[str]
    stands_out: bool = False
    nearly: bool = False


@dataclass(frozen=True)
class Share:
    """The part of a document's words that a cluster explains."""

    cluster: int
    share: float


@dataclass(frozen=True)
class Pull:
    """The words of a document that speak for a cluster and against its rival, strongest first; nats each."""

    cluster: int
    words: list[str]
    nats: list[float]


@dataclass(frozen=True)
class Ambiguous:
    """A document that does not sit in one cluster, and the evidence for it.

    kinds : those of mixed, unclear, atypical that it is listed for, and mixed where its cluster names it so
    mixed, unclear, atypical : scores in [0, 1]
    shares : of every cluster that explains one percent or more, largest first
    pulls : the two clusters it stands between, with the words that pull to each
    unexpected : words that no cluster expects
    reason : one plain sentence
    """

    id: str
    title: str
    cluster: int
    probability: float
    runner_up: int | None
    runner_up_probability: float
    kinds: list[str]
    mixed: float
    unclear: float
    atypical: float
    shares: list[Share]
    pulls: list[Pull]
    unexpected: list[str]
    reason: str


@dataclass(frozen=True)
class Keyword:
    """A word of a cluster: as people write it, its mean weight, its lift over the corpus, and who holds it."""

    word: str
    weight: float
    lift: float
    documents_in: int
    documents_out: int


@dataclass(frozen=True)
class Member:
    """A document as a cluster names it."""

    id: str
    title: str
    probability: float


@dataclass(frozen=True)
class Cluster:
    """What is said about a cluster. Clusters are numbered from 0 by size, the largest first, everywhere."""

    id: int
    size: int
    weight: float
    keywords: list[Keyword]
    representatives: list[Member]
    mixed: list[Ambiguous]
    labels: dict[str, int]

    @property
    def name(self) -> str:
        """The cluster in short."""
        return cluster_name([keyword.word for keyword in self.keywords])


def cluster_name(words: list[str]) -> str:
    """A short name for a cluster, of its first two keywords."""
    return "/".join(words[:2]) or "(no words)"


def counted(count: int, name: str) -> str:
    """A number and its noun."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """A share in percent that says 0 or 100 only when it is exactly so."""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    return "<1 %" if share < 0.01 else ">99 %" if share > 0.99 else f"{100 * share:.0f} %"


@dataclass(frozen=True)
class Group:
    """Documents of like confidence: their mean stated probability, the share found correct, how many they are."""

    confidence: float
    found: float
    count: int


@dataclass(frozen=True)
class Frames:
    """Iterations of EM in the plane of the map.

    iterations : (f,) which; 0 is the start
    centres, covariances : (f, k, 2), (f, k, 2, 2); of every cluster, as the E-step of that iteration saw them
    rows : (m,) the documents that are followed
    shares : (f, m, k) uint8; their responsibilities as EM has them, in 255ths
    softened : (f, m, k) uint8; the same under the temperature of the finished model
    """

    iterations: np.ndarray
    centres: np.ndarray
    covariances: np.ndarray
    rows: np.ndarray
    shares: np.ndarray
    softened: np.ndarray


@dataclass(frozen=True)
class Map:
    """Documents (n, 2) in a plane, each cluster's Gaussian projected onto it (k, 2), (k, 2, 2), and EM on the way."""

    points: np.ndarray
    centres: np.ndarray
    covariances: np.ndarray
    frames: Frames | None


@dataclass(frozen=True)
class Run:
    """A finished run, ready to be written, printed or explored. Rows follow the order of the corpus.

    model : predicts; its `labels_` are what `predict` gives, and may differ from `documents`, each of which is held
        apart from its cluster
    """

    settings: Settings
    documents: list[Assignment]
    clusters: list[Cluster]
    ambiguous: list[Ambiguous]
    metrics: dict[str, float | None]
    convergence: list[dict[str, float | str]]
    responsibilities: sp.csr_array
    counts: sp.csr_array
    model: SparseGaussianMixture
    words: np.ndarray
    display: list[str]
    tfidf: TfIdf
    map: Map | None = None
    reliability: list[Group] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)
    shingles: list[str] = field(default_factory=list)

    def evidence(self) -> dict[str, Ambiguous]:
        """By id all documents that are explained: those listed, then those that only their cluster names as mixed."""
        found = {document.id: document for document in self.ambiguous}
        for mixed in (document for cluster in self.clusters for document in cluster.mixed):
            found.setdefault(mixed.id, mixed)
        return found
