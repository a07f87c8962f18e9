"""A run folder -> the run, or a part of it."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from docclust import config
from docclust.errors import RunError, nearest
from docclust.results import Ambiguous, Assignment, Cluster, Frames, Group, Map, Run
from docclust.store.files import (
    AGAIN,
    FORMAT,
    SCHEMA,
    decimal,
    number,
    read_arrays,
    read_json,
    read_rows,
    read_table,
    reading,
    restore,
)

if TYPE_CHECKING:
    from docclust.config import TermFrequency
    from docclust.mixture import SparseGaussianMixture
    from docclust.vectors import TfIdf

# What may be in manifest.json, and what convergence.csv has.
MANIFEST = {
    **dict.fromkeys(("seed", "starts", "documents", "words", "nonzeros", "titles_from_text", "duplicates"), int),
    **dict.fromkeys(("empty", "warnings", "not_counted"), list[str]),
    **{"counted": int, "consensus": bool, "skipped": dict[str, int], "skipped_names": dict[str, list[str]]},
}
STEP = {"iteration", "objective", "smoothing", "moved", "undecided"}


def load_run(folder: Path | str) -> Run:
    """Read a run folder.

    Returns
    -------
    Run
        Equal to the one that was written; its manifest also names the format and the schema of the folder, and the
        steps of EM are in `convergence` alone.

    Raises
    ------
    RunError
        It is no run folder, a newer docclust wrote it, or a file in it is missing or damaged.
    """
    folder = Path(folder)
    manifest = load_manifest(folder)
    with reading(folder / "config.toml") as path:
        settings = config.parse(tomllib.loads(path.read_text("utf-8")), str(path))
    with reading(folder / "convergence.csv") as path:
        rows = list(read_table(path))
        if not all(row.keys() >= STEP for row in rows):
            raise ValueError(f"it must have the columns {', '.join(sorted(STEP))}")
        convergence = [{key: value if key == "phase" else number(value) for key, value in row.items()} for row in rows]
    with reading(folder / "metrics.json") as path:
        metrics = {key: restore(float | None, value) for key, value in read_json(path).items()}
    with reading(folder / "reliability.json") as path:
        reliability = restore(list[Group], read_json(path))
    model, words, display, shingles, tfidf = _read_model(folder / "model", settings.vectors.tf)
    run = Run(
        settings=settings,
        documents=load_documents(folder),
        clusters=load_clusters(folder),
        ambiguous=load_ambiguous(folder),
        metrics=metrics,
        convergence=convergence,
        responsibilities=read_rows(folder / "responsibilities.npz"),
        counts=read_rows(folder / "counts.npz"),
        model=model,
        words=words,
        display=display,
        tfidf=tfidf,
        map=_read_map(folder / "map.npz"),
        reliability=reliability,
        manifest=manifest,
        shingles=shingles,
    )
    n, k, v = len(run.documents), len(run.clusters), len(words)
    shapes = run.responsibilities.shape, run.counts.shape, model.means_.shape, tfidf.idf.shape, (len(display),)
    fit = shapes == ((n, k), (n, v), (k, v), (v,), (v,)) and len(convergence) == model.n_iter_
    named = {document.id for document in run.documents} >= run.evidence().keys()
    if not fit or not named or not _agree(run) or not set(_numbers(run)) <= set(range(k)):
        raise RunError(f"{folder}: its files are of different runs. {AGAIN}")
    return run


def _agree(run: Run) -> bool:
    """Whether documents have the probabilities that are told of them, which they have in one order alone."""
    P, cluster = run.responsibilities, np.array([document.cluster for document in run.documents], dtype=int)
    told = np.array([document.probability for document in run.documents])
    own = P.indices == np.repeat(cluster, np.diff(P.indptr))
    return np.count_nonzero(own) == told.size and np.array_equal(P.data[own], told)


def _numbers(run: Run) -> Iterator[int]:
    """Every number of a cluster that the files of a run name, but for its own."""
    for document in run.documents:
        yield document.cluster
        yield document.cluster if document.runner_up is None else document.runner_up
    for found in run.ambiguous + [found for cluster in run.clusters for found in cluster.mixed]:
        yield from (part.cluster for part in [*found.shares, *found.pulls])
    yield from (cluster.id for cluster in run.clusters)


def load_manifest(folder: Path | str) -> dict[str, Any]:
    """manifest.json of a run folder; raises RunError if it is none, or a newer docclust wrote it."""
    folder = Path(folder)
    if os.path.isfile(folder):
        raise RunError(f"{folder}: must be a run folder, and is a file. Try a folder docclust run has made.")
    if not os.path.isdir(folder):
        near = nearest(folder.name, (path.name for path in folder.parent.glob("*/")))
        remedy = f"Did you mean {folder.parent / near}?" if near else f"Try docclust run CONFIG --out {folder}."
        raise RunError(f"{folder}: there is no such run folder. {remedy}")
    if not (folder / "manifest.json").exists():
        raise RunError(f"{folder}: must be a run folder, and has no manifest.json. Try a folder docclust run has made.")
    with reading(folder / "manifest.json") as path:
        manifest = read_json(path)
        if manifest["format"] != FORMAT or not isinstance(manifest["schema"], int):
            raise ValueError("format must be docclust run")
    if manifest["schema"] > SCHEMA:
        raise RunError(f"{folder}: schema must be at most {SCHEMA}, got {manifest['schema']}. Try a newer docclust.")
    with reading(folder / "manifest.json"):
        for key in manifest.keys() & MANIFEST:
            restore(MANIFEST[key], manifest[key])
    return manifest


def load_clusters(folder: Path | str) -> list[Cluster]:
    """The clusters of a run folder, by number."""
    with reading(Path(folder) / "clusters.json") as path:
        return restore(list[Cluster], read_json(path))


def load_ambiguous(folder: Path | str) -> list[Ambiguous]:
    """The ambiguous documents of a run folder, in the order they are listed."""
    with reading(Path(folder) / "ambiguous.json") as path:
        return restore(list[Ambiguous], read_json(path))


def load_documents(folder: Path | str) -> list[Assignment]:
    """The documents of a run folder, in the order of the corpus."""
    with reading(Path(folder) / "documents.csv") as path:
        return [
            Assignment(
                id=row["id"],
                title=row["title"],
                label=row.get("label") or None,
                cluster=int(row["cluster"]),
                probability=decimal(row["probability"]),
                runner_up=int(row["runner_up"]) if row["runner_up"] else None,
                runner_up_probability=decimal(row["runner_up_probability"]),
                mixed=decimal(row["mixed"]),
                unclear=decimal(row["unclear"]),
                atypical=decimal(row["atypical"]),
                title_from_text=row.get("title_from_text") == "True",
            )
            for row in read_table(path)
        ]


def _read_map(path: Path) -> Map | None:
    with reading(path):
        arrays = read_arrays(path)
        if not arrays:
            return None
        followed = {name.removeprefix("frame_"): arrays.pop(name) for name in list(arrays) if name.startswith("frame_")}
        return Map(**arrays, frames=Frames(**followed) if followed else None)


def _read_model(
    folder: Path, tf: "TermFrequency"
) -> tuple["SparseGaussianMixture", np.ndarray, list[str], list[str], "TfIdf"]:
    # These take seconds, which the parts above need not wait for.
    from docclust.mixture import SparseGaussianMixture
    from docclust.probability import Temperature
    from docclust.vectors import TfIdf
    from docclust.vectors.notices import digest

    with reading(folder / "model.json") as path:
        description = read_json(path)
        model, fitted = SparseGaussianMixture(**description["parameters"]), dict(description["fitted"].items())
        words = np.array(restore(list[str], description["words"]), dtype=object)
        display = restore(list[str], description["display"])
        # A run of before there were notices has none, and one of before they were digests has their words.
        notices = description.get("notices", [])
        shingles = [digest(restore(list[str], n)) if isinstance(n, list) else restore(str, n) for n in notices]
    with reading(folder / "parameters.npz") as path:
        arrays = read_arrays(path)
        model.restore(
            arrays["weights"],
            arrays["means"],
            arrays["covariances"],
            **fitted,
            labels_=arrays["labels"],
            lower_bounds_=arrays["lower_bounds"].tolist(),
            start_labels_=arrays["start_labels"],
            start_bounds_=arrays["start_bounds"],
            temperature_=Temperature(arrays["temperature_levels"], float(arrays["temperature_slope"])),
        )
        # Before there was BM25, nobody asked how long documents are.
        tfidf = TfIdf(arrays["idf"], float(arrays.get("mean_length", 0.0)), tf)
        return model, words, display, shingles, tfidf
