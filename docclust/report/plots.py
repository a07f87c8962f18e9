"""Static pictures of a run by matplotlib, the extra `plot`: map, ellipses by iteration, convergence, reliability."""

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Wedge

from docclust.errors import RunError, SettingError, unwritable
from docclust.results import counted
from docclust.store.files import AGAIN
from docclust.store.staging import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from docclust.results import Run

# The colours and shapes of the page; a cluster's number stands beside them.
# fmt: off
COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#d99a00", "#4aa8dd", "#6a3d9a",
    "#004267", "#7c3700", "#005c43", "#764661", "#7e5900", "#2b6180", "#3d2359",
    "#73b1d5", "#e8a673", "#73cab2", "#e3b5cf", "#eac773", "#9bcfec", "#ad94c7",
)
# fmt: on
MARKERS = ("o", "s", "^", "D", "P")
# Formats by the ending of the file; without a date, the same run gives the same bytes.
UNDATED = {".svg": {"Date": None}, ".png": {}, ".pdf": {"CreationDate": None}}
DEVIATIONS = 2
MOST_POINTS = 20_000
FRAMES_SHOWN = 6
# With more documents these are an image within an SVG or a PDF: as shapes they take megabytes.
MOST_SHAPES = 500
ABOVE = 3.5
OUTLINE = {"linewidth": 1.4, "zorder": ABOVE}


def draw(run: "Run", name: str, path: Path) -> None:
    """Draw one picture into a file whose ending says its format.

    Raises
    ------
    SettingError
        The ending is not .svg, .png or .pdf.
    RunError
        The run kept nothing to draw, or the file cannot be written.
    """
    if path.suffix not in UNDATED:
        raise SettingError(f"--out must end in {', '.join(UNDATED)}, got {path.name}. Try {path.stem}.svg.")
    figure = {"map": _map, "ellipses": _iterations, "convergence": _convergence, "reliability": _reliability}[name](run)
    FigureCanvasAgg(figure)
    try:
        with replacing(path) as made, matplotlib.rc_context({"svg.hashsalt": "docclust", "svg.fonttype": "path"}):
            figure.savefig(made, dpi=150, bbox_inches="tight", metadata=UNDATED[path.suffix])
    except OSError as error:
        raise RunError(unwritable(path, error, "another --out")) from None


def _map(run: "Run") -> Figure:
    drawn = _kept(run.map, "map", AGAIN)
    figure = Figure(figsize=(8, 8))
    axes = figure.subplots()
    every = -(-len(run.documents) // MOST_POINTS)
    rows = np.arange(0, len(run.documents), every)
    labels = np.array([run.documents[row].cluster for row in rows])
    _points(axes, drawn.points[rows], labels, 4 if len(rows) > 2000 else 18)
    below = run.settings.ambiguity.undecided_below
    listed = {found.id for found in run.ambiguous}
    pies = [r for r, d in enumerate(run.documents) if d.probability < below and d.id in listed]
    _finish(axes, drawn.centres, drawn.covariances, drawn.points)
    for row in pies:
        part = slice(run.responsibilities.indptr[row], run.responsibilities.indptr[row + 1])
        _pie(axes, drawn.points[row], run.responsibilities.indices[part], run.responsibilities.data[part])
    _as_image(axes, len(rows))
    every_said = "" if every == 1 else f", one in {every} shown"
    axes.set_title(f"{run.settings.name}: {len(run.documents):,} documents{every_said}", fontsize=11)
    return figure


def _iterations(run: "Run") -> Figure:
    drawn = _kept(run.map, "map", AGAIN)
    frames = _kept(drawn.frames, "iterations", f"{AGAIN[:-1]}, with [report] iterations = true.")
    chosen = np.unique(np.linspace(0, len(frames.iterations) - 1, FRAMES_SHOWN).round().astype(int))
    figure = Figure(figsize=(11, 7.4))
    places = drawn.points[frames.rows]
    below = run.settings.ambiguity.undecided_below * 255
    for axes, frame in zip(figure.subplots(2, 3, squeeze=False).ravel(), chosen, strict=False):
        shares = frames.shares[frame]
        decided = shares.max(axis=1) >= below
        _points(axes, places[decided], shares.argmax(axis=1)[decided], 9)
        _finish(axes, frames.centres[frame], frames.covariances[frame], drawn.points)
        for row in np.flatnonzero(~decided):
            clusters = np.flatnonzero(shares[row])
            _pie(axes, places[row], clusters, shares[row, clusters] / 255)
        _as_image(axes, len(places))
        axes.set_title(f"iteration {frames.iterations[frame] + 1}", fontsize=10)
    for axes in figure.axes[len(chosen) :]:
        axes.set_axis_off()
    return figure


def _convergence(run: "Run") -> Figure:
    figure = Figure(figsize=(7, 6))
    names = {"objective": "objective, nats", "smoothing": "smoothing", "moved": "documents that moved"}
    for axes, (key, name) in zip(figure.subplots(len(names), 1, sharex=True), names.items(), strict=True):
        axes.plot([step["iteration"] + 1 for step in run.convergence], [step[key] for step in run.convergence])
        axes.set_ylabel(name, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        if key == "smoothing" and min(step[key] for step in run.convergence) > 0:
            axes.set_yscale("log")
    axes.set_xlabel("iteration")
    return figure


def _reliability(run: "Run") -> Figure:
    groups = _kept(run.reliability, "reliability", "Documents of one word have no halves to measure it on.")
    figure = Figure(figsize=(5, 5))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1)
    axes.plot([g.confidence for g in groups], [g.found for g in groups], marker="o", color=COLOURS[0])
    axes.set(xlabel="stated probability", ylabel="share that came true", xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
    tested = sum(group.count for group in groups)
    # By halves each document is tested several times; by other starts once.
    title = f"{counted(tested, 'tested prediction')} from {counted(len(run.documents), 'document')}"
    axes.set_title(f"{title}, in {counted(len(groups), 'group')}", fontsize=10)
    return figure


def _kept(value, name: str, remedy: str):
    if not value:
        raise RunError(f"This run kept no {name}. {remedy}")
    return value


def _points(axes: "Axes", places: np.ndarray, labels: np.ndarray, size: float) -> None:
    for cluster in np.unique(labels):
        x, y = places[labels == cluster].T
        colour, marker = COLOURS[cluster % len(COLOURS)], MARKERS[cluster % len(MARKERS)]
        axes.scatter(x, y, s=size, c=colour, marker=marker, linewidths=0, alpha=0.7)


def _pie(axes: "Axes", place: np.ndarray, clusters: np.ndarray, shares: np.ndarray) -> None:
    radius = 0.012 * np.ptp(axes.get_xlim())
    angle = 90.0
    for k in np.argsort(-shares, kind="stable"):
        end = angle - 360 * shares[k]
        colour = COLOURS[clusters[k] % len(COLOURS)]
        axes.add_patch(
            Wedge(tuple(place), radius, end, angle, facecolor=colour, edgecolor="white", linewidth=0.3, zorder=3)
        )
        angle = end


def _as_image(axes: "Axes", documents: int) -> None:
    """Many documents become one image; ellipses and numbers, which stand above them, stay shapes."""
    if documents > MOST_SHAPES:
        axes.set_rasterization_zorder(ABOVE)


def _finish(axes: "Axes", centres: np.ndarray, covariances: np.ndarray, points: np.ndarray) -> None:
    for cluster, (centre, covariance) in enumerate(zip(centres, covariances, strict=True)):
        values, vectors = np.linalg.eigh(covariance)
        width, height = 2 * DEVIATIONS * np.sqrt(np.maximum(values, 0))
        angle = np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0]))
        colour = COLOURS[cluster % len(COLOURS)]
        axes.add_patch(Ellipse(tuple(centre), width, height, angle=angle, fill=False, edgecolor=colour, **OUTLINE))
        box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": colour}
        axes.text(*centre, str(cluster), ha="center", va="center", fontsize=8, bbox=box, zorder=4)
    margin = 0.005 if len(points) > 1000 else 0.0
    reach = DEVIATIONS * np.sqrt(np.maximum(np.diagonal(covariances, axis1=1, axis2=2), 0))
    low = np.minimum(np.quantile(points, margin, axis=0), (centres - reach).min(axis=0))
    high = np.maximum(np.quantile(points, 1 - margin, axis=0), (centres + reach).max(axis=0))
    pad = 0.08 * (high - low) + 1e-9
    axes.set(xlim=(low[0] - pad[0], high[0] + pad[0]), ylim=(low[1] - pad[1], high[1] + pad[1]), aspect="equal")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color("0.85")
