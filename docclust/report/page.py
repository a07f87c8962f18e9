"""A finished run -> what its page holds: a little JSON, lists and numbers packed small, and the texts in blocks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from docclust.ambiguity import cosines
from docclust.report import packing, words
from docclust.report.part import held, sentence
from docclust.report.texts import Texts, fitted, marks
from docclust.store import plain

if TYPE_CHECKING:
    from docclust.results import Ambiguous, Frames, Map, Run

FULL = 65535
NEAREST = 3
# Shares below this are left out of a pie, except the two largest; the page draws what is missing in grey.
LEAST_SLICE = 0.005


@dataclass(frozen=True)
class Page:
    """What scripts read: meta as JSON in the page, the other three packed; no texts without a block.

    part : which documents it holds, in a sentence, where it does not hold all
    """

    part: str
    meta: dict[str, Any]
    lists: str
    numbers: dict[str, Any]
    texts: dict[str, Any] | None


def page(run: "Run", texts: Texts | None) -> Page:
    """Choose and pack what the page shows; its scripts know a document by its place among those it holds.

    Parameters
    ----------
    run : Run
    texts : Texts or None
        None leaves every text out.
    """
    chosen = held(run)
    documents = [run.documents[row] for row in chosen]
    places = {document.id: place for place, document in enumerate(documents)}
    evidence = list(run.evidence().values())
    listed = {found.id: found.kinds for found in run.ambiguous}
    told = {places[found.id] for found in evidence}
    kept, note = fitted(run, texts, told)
    found_words = words.candidates(run, chosen)
    by_id = {document.id: kept[places[document.id]] or "" for document in evidence} if kept else {}
    marked = list(marks(run, evidence, by_id)) if kept else [[]] * len(evidence)
    labels = sorted({document.label for document in documents if document.label is not None})
    numbered = {label: i for i, label in enumerate(labels, start=1)}
    numbers = {
        "cluster": np.array([d.cluster for d in documents]),
        "runner": np.array([0 if d.runner_up is None else d.runner_up + 1 for d in documents]),
        "label": np.array([0 if d.label is None else numbered[d.label] for d in documents]),
        **{
            name: in_65535ths(np.array([getattr(d, name) for d in documents], dtype=float))
            for name in ("probability", "runner_up_probability", "mixed", "unclear", "atypical")
        },
        "word_lengths": found_words.lengths,
        "word_rows": found_words.rows,
        **_pies(run, chosen, told),
    }
    lists = {
        "ids": [d.id for d in documents],
        "titles": ["" if d.title == d.id else d.title for d in documents],
        "labels": labels,
        "words": found_words.shown,
        "clusters": _clusters(run, places, found_words),
        "ambiguous": [
            _told(found, places[found.id], listed.get(found.id, []), parts)
            for found, parts in zip(evidence, marked, strict=True)
        ],
        "convergence": run.convergence,
        "frames": None,
    }
    meta = {
        "name": run.settings.name,
        "documents": len(run.documents),
        "clusters": len(run.clusters),
        "below": run.settings.ambiguity.undecided_below,
        "balance": run.settings.keywords.balance,
        "keywords": run.settings.keywords.n_words,
        "text_note": note,
        "map": None,
    }
    if run.map is not None:
        meta["map"], drawn = _map(run.map, chosen)
        numbers |= drawn
        if run.map.frames is not None:
            lists["frames"], shares = _frames(run.map.frames, chosen)
            numbers |= shares
    if kept:
        numbers["text_lengths"] = np.array(texts.lengths)
    return Page(
        part=sentence(len(documents), len(run.documents)),
        meta=meta,
        lists=packing.packed_json(plain(lists)),
        numbers=packing.packed_numbers(numbers),
        texts=packing.packed_texts(kept, run.settings.engine.n_jobs) if kept else None,
    )


def in_65535ths(values: np.ndarray) -> np.ndarray:
    """Shares as whole numbers of 65535, which are 0 and 65535 only for exactly 0 and 1."""
    values = np.nan_to_num(values)
    whole = np.round(values * FULL).astype(np.int64)
    whole[(values > 0) & (whole == 0)] = 1
    whole[(values < 1) & (whole == FULL)] = FULL - 1
    return whole


def _told(found: "Ambiguous", place: int, listed: list[str], marked: list[tuple[int, int, int]]) -> dict[str, Any]:
    pair = [pull.cluster for pull in found.pulls[:2]]
    if len(pair) < 2 and found.runner_up is not None:
        pair = [found.cluster, found.runner_up]
    return {
        "row": place,
        "listed": listed,
        "kinds": found.kinds,
        "pair": pair,
        "shares": [[part.cluster, float(f"{part.share:.6g}")] for part in found.shares],
        "pulls": [
            [p.cluster, [[w, round(nats, 2)] for w, nats in zip(p.words, p.nats, strict=True)]] for p in found.pulls
        ],
        "unexpected": found.unexpected,
        "reason": found.reason,
        "marks": [number for mark in marked for number in mark],
    }


def _clusters(run: "Run", places: dict[str, int], found: words.Words) -> list[dict[str, Any]]:
    near = cosines(run.model.means_)
    np.fill_diagonal(near, -np.inf)
    order = np.argsort(-near, axis=1, kind="stable")
    return [
        {
            "size": cluster.size,
            "weight": cluster.weight,
            "name": cluster.name,
            "words": [
                [word, float(f"{weight:.4g}"), float(f"{lift:.4g}"), *known]
                for word, weight, lift, *known in candidates
            ],
            "keywords": len(cluster.keywords),
            "representatives": [places[member.id] for member in cluster.representatives if member.id in places],
            "mixed": [places[document.id] for document in cluster.mixed],
            "nearest": [
                [int(other), round(float(near[cluster.id, other]), 3)]
                for other in order[cluster.id, :NEAREST]
                if other != cluster.id
            ],
            "labels": [[label, count] for label, count in list(cluster.labels.items())[:5]],
        }
        for cluster, candidates in zip(run.clusters, found.clusters, strict=True)
    ]


def _pies(run: "Run", chosen: np.ndarray, listed: set[int]) -> dict[str, np.ndarray]:
    """Probabilities of the undecided and the listed documents: how many slices, of which clusters, how large."""
    # chosen: (h,) rows; listed: places among them
    P, below = run.responsibilities, run.settings.ambiguity.undecided_below
    lengths, clusters, shares = [], [], []
    for place, row in enumerate(chosen.tolist()):
        if run.documents[row].probability >= below and place not in listed:
            lengths.append(0)
            continue
        part = slice(P.indptr[row], P.indptr[row + 1])
        order = np.argsort(-P.data[part], kind="stable")
        order = order[(P.data[part][order] >= LEAST_SLICE) | (np.arange(order.size) < 2)]
        lengths.append(order.size)
        clusters.append(P.indices[part][order])
        shares.append(P.data[part][order])
    return {
        "pie_lengths": np.array(lengths),
        "pie_clusters": np.concatenate([*clusters, np.empty(0, dtype=int)]),
        "pie_shares": in_65535ths(np.concatenate([*shares, np.empty(0)])),
    }


def _map(found: "Map", chosen: np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    points = found.points[chosen]
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    span = np.where(high > low, high - low, 1.0)
    places = np.round((points - low) / span * FULL).astype(int)
    about = {"low": low.tolist(), "span": span.tolist(), "ellipses": _ellipses(found.centres, found.covariances)}
    return about, {"x": places[:, 0], "y": places[:, 1]}


def _frames(frames: "Frames", chosen: np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    about = {
        "iterations": frames.iterations.tolist(),
        "ellipses": [_ellipses(*each) for each in zip(frames.centres, frames.covariances, strict=True)],
    }
    return about, {
        "frame_rows": np.searchsorted(chosen, frames.rows),
        "frame_shares": frames.shares.ravel(),
        "frame_softened": frames.softened.ravel(),
    }


def _ellipses(centres: np.ndarray, covariances: np.ndarray) -> list[list[float]]:
    """x, y, and the three numbers of the covariance: xx, xy, yy."""
    flat = np.column_stack([centres, covariances[:, 0, 0], covariances[:, 0, 1], covariances[:, 1, 1]])
    return [[float(f"{number:.6g}") for number in row] for row in flat]
