"""A run -> its folder, whole or not at all."""

import json
import os
from pathlib import Path

import numpy as np

from docclust import config
from docclust.errors import RunError, unwritable
from docclust.results import Map, Run
from docclust.store.files import FORMAT, SCHEMA, plain, write_json, write_rows, write_table, write_text
from docclust.store.staging import NEW, OLD, replacing, staging

COLUMNS = (
    "id",
    "title",
    "cluster",
    "probability",
    "runner_up",
    "runner_up_probability",
    "mixed",
    "unclear",
    "atypical",
)
# Columns that are there where any document has something to say in them.
OPTIONAL = ("label", "title_from_text")
REPORT = "report.html"


def check_folder(folder: Path, force: bool) -> None:
    """Make sure that a run could be written to `folder`, before anyone waits for one.

    Raises
    ------
    RunError
        Something is there that may not be replaced, or the folder cannot be made.
    """
    folder = Path(folder).resolve()
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise RunError(unwritable(folder, error, "another --out")) from None
    if folder.is_dir():
        if not force:
            raise RunError(f"{folder}: the output folder must not exist. Try --force to replace it, or another --out.")
        if any(folder.iterdir()) and not _is_run(folder):
            raise RunError(f"{folder}: must be a docclust run to be replaced with --force. Try another --out.")
    elif os.path.lexists(folder):
        raise RunError(f"{folder}: the output folder must not be a file. Try another --out.")
    above = next(parent for parent in folder.parents if os.path.lexists(parent))
    if not above.is_dir():
        raise RunError(f"{folder}: cannot be made, for {above} is a file. Try another --out.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise RunError(f"{folder}: cannot be made, for {above} may not be written to. Try another --out.")


def write_run(run: Run, folder: Path, force: bool = False, report: str | None = None) -> None:
    """Write a run folder, whole or not at all.

    Parameters
    ----------
    run : Run
    folder : Path
    force : bool, default=False
        Replace a run that is there. It stays as it is until the new one is complete.
    report : str, optional
        What to write as report.html.

    Raises
    ------
    RunError
        As `check_folder`; the disk is full or does not let itself be written; there is no memory left.
    """
    folder = Path(folder).resolve()
    check_folder(folder, force)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with staging(folder.parent) as staged:
            new, old = staged / NEW, staged / OLD
            try:
                _write_files(run, new)
                if report is not None:
                    write_text(new / REPORT, report)
                _flush(new)
                if force and folder.exists():
                    folder.rename(old)
                new.rename(folder)
            finally:
                if old.exists() and not folder.exists():  # interrupted between the two renames
                    old.rename(folder)
    except OSError as error:
        raise RunError(unwritable(folder, error, "another --out")) from error
    except MemoryError as error:
        raise RunError(f"{folder}: cannot be written, for there is no memory left. Try fewer clusters.") from error


def write_report(folder: Path, report: str) -> Path:
    """Write report.html into a run folder, whole or not at all; return its path.

    Raises
    ------
    RunError
        The folder cannot be written to.
    """
    path = Path(folder) / REPORT
    try:
        with replacing(path) as made:
            write_text(made, report)
    except OSError as error:
        raise RunError(unwritable(path, error, "a copy of the run in another folder")) from error
    return path


def _is_run(folder: Path) -> bool:
    try:
        return json.loads((folder / "manifest.json").read_text("utf-8"))["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write_files(run: Run, folder: Path) -> None:
    columns = (*COLUMNS, *(name for name in OPTIONAL if any(getattr(d, name) for d in run.documents)))
    steps = run.convergence
    stamp = {"format": FORMAT, "schema": SCHEMA}
    write_text(folder / "config.toml", config.dumps(run.settings))
    write_json(folder / "manifest.json", {**stamp, **run.manifest, **stamp, "status": "done"})
    write_table(folder / "documents.csv", columns, ([getattr(d, name) for name in columns] for d in run.documents))
    write_json(folder / "clusters.json", run.clusters)
    write_json(folder / "ambiguous.json", run.ambiguous)
    write_json(folder / "metrics.json", run.metrics)
    write_json(folder / "reliability.json", run.reliability)
    write_table(folder / "convergence.csv", list(steps[0]) if steps else [], (step.values() for step in steps))
    write_rows(folder / "responsibilities.npz", run.responsibilities)
    write_rows(folder / "counts.npz", run.counts)
    _write_map(run.map, folder / "map.npz")
    _write_model(run, folder / "model")


def _write_map(drawn: Map | None, path: Path) -> None:
    arrays = {name: getattr(drawn, name) for name in ("points", "centres", "covariances") if drawn is not None}
    if drawn is not None and drawn.frames is not None:
        arrays |= {f"frame_{name}": array for name, array in vars(drawn.frames).items()}
    np.savez_compressed(path, **arrays)


def _write_model(run: Run, folder: Path) -> None:
    folder.mkdir()
    model = run.model
    shared = model.covariance_ in ("tied", "isotropic", "cosine")
    np.savez(
        folder / "parameters.npz",
        weights=model.weights_,
        means=model.means_,
        covariances=model.covariances_[:1] if shared else model.covariances_,
        labels=model.labels_,
        lower_bounds=np.asarray(model.lower_bounds_),
        start_labels=model.start_labels_,
        start_bounds=model.start_bounds_,
        temperature_levels=model.temperature_.levels,
        temperature_slope=model.temperature_.slope,
        idf=run.tfidf.idf,
        mean_length=run.tfidf.mean_length,
    )
    given = {key: value for key, value in plain(model.get_params()).items() if isinstance(value, (int, float, str))}
    given.pop("n_jobs", None)  # it changes nothing, and so no byte
    fitted = ("n_features_in_", "n_counted_", "covariance_", "converged_", "n_iter_", "lower_bound_", "reg_covar_")
    description = {
        "schema": SCHEMA,
        "parameters": given,
        "fitted": {name: getattr(model, name) for name in fitted},
        "words": list(run.words),
        "display": list(run.display),
        "notices": run.shingles,
    }
    write_json(folder / "model.json", description)


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
