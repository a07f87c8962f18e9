"""How good the clusters are: docclust's default and the methods a person would otherwise choose, on the same matrix.

    python benchmarks/quality.py CORPORA_FOLDER --table
    python benchmarks/quality.py CORPORA_FOLDER --ablation --table
    python benchmarks/quality.py --jsonl mine.jsonl --clusters 20

Only the number of clusters is given, nothing is tuned; every figure is over seeds. benchmarks/README.md tells more.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import peers
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix

from corpora import SOURCES, Line, Results, Rows, arguments, asked, check, chosen, markdown, publish, spread
from docclust.calibration import calibration_error
from docclust.errors import DocclustError
from docclust.keywords import coherence

# Name of a line of the ablation table -> options of SparseGaussianMixture that differ from the default.
# A line whose options are the default's is not run again.
ABLATION: dict[str, dict[str, Any]] = {
    "default": {},
    "one start": {"n_init": 1},
    "four starts": {"n_init": 4},
    "best of ten starts": {"n_init": 10, "consensus": False},
    "consensus of ten starts": {"n_init": 10, "consensus": True},
    "start: random documents": {"init_params": "random"},
    "start: k-means++ alone": {"init_params": "k-means++"},
    "start: k-means to its end": {"seeding_steps": 1000},
    "start: k-means in LSA space": {"init_params": "lsa"},
    "no splits and merges after EM": {"split_merge": False},
    "one start, splits and merges after it": {"n_init": 1, "split_merge": True},
    "one start: split and merge": {"init_params": "split-merge", "n_init": 1},
    "variances: own": {"covariance": "own"},
    "variances: pooled": {"covariance": "pooled"},
    "variances: tied": {"covariance": "tied"},
    "variances: isotropic": {"covariance": "isotropic"},
    "variances: cosine": {"covariance": "cosine"},
    "pooled with 100 pseudo-documents": {"covariance": "pooled", "pooling": 100.0},
    "pooled with 1,000 pseudo-documents": {"covariance": "pooled", "pooling": 1_000.0},
    "pooled with 10,000 pseudo-documents": {"covariance": "pooled", "pooling": 10_000.0},
    "words count 1 + ln of their occurrences": {"tf": "log"},
    "words count their occurrences": {"tf": "count"},
    "documents count the same": {"length_exponent": 0.0},
    "documents count by their words": {"length_exponent": 1.0},
    "copies count each": {"copies": "each"},
    "documents not held apart": {"leave_one_out": False},
    "no annealing": {"annealing": "none"},
    "no annealing, not held apart": {"annealing": "none", "leave_one_out": False},
    "annealing: smoothing": {"annealing": "smoothing"},
    "annealing in 11 iterations": {"annealing_steps": 11},
    "half as soft": {"softness": 0.1},
    "twice as soft": {"softness": 0.4},
    "smoothing ends at the K-th eigenvalue": {"final_smoothing": 1.0},
    "smoothing: prior (Bayesian MAP)": {"smoothing": "prior"},
    "smoothing: floor": {"smoothing": "floor"},
    "smoothing: add (the textbook)": {"smoothing": "add"},
}
METRICS = {
    "nmi": "NMI",
    "ari": "ARI",
    "v_measure": "V-measure",
    "purity": "purity",
    "clusters": "clusters found",
    "npmi": "NPMI",
}
TOP_WORDS = 10
REFERENCE = "kmeans_10"


def quality(rows: Rows, labels: np.ndarray) -> Line:
    """Agreement of clusters with classes, and coherence of the words of the clusters."""
    found = np.unique(labels)
    table = contingency_matrix(rows.labels, labels)
    return {
        "nmi": float(normalized_mutual_info_score(rows.labels, labels)),
        "ari": float(adjusted_rand_score(rows.labels, labels)),
        "v_measure": float(v_measure_score(rows.labels, labels)),
        "purity": float(table.max(axis=0).sum() / table.sum()),
        "clusters": int(found.size),
        "npmi": coherence(rows.counts, top_words(rows.X, np.searchsorted(found, labels))),
    }


def top_words(X: sp.csr_array, labels: np.ndarray) -> list[np.ndarray]:
    """The columns of the ten words with the greatest mean weight in every cluster."""
    # X: (n, v) CSR; labels: (n,) in [0, k) -> k arrays of 10
    n, k = X.shape[0], labels.max() + 1
    sums = (sp.csr_array((np.ones(n), labels, np.arange(n + 1)), shape=(n, k)).T @ X).toarray()
    return [np.argsort(-row, kind="stable")[:TOP_WORDS] for row in sums]


def changed(options: dict[str, Any]) -> bool:
    """Whether a line of the ablation differs from the default, or is the default's own."""
    default = peers.mixture(2, 0, 1).get_params()
    return not options or any(default.get(name) != value for name, value in options.items())


def candidates(args: argparse.Namespace) -> tuple[str, dict[str, peers.Method]]:
    """The table that is asked for, and the methods that are run for it."""
    if args.ablation:
        lines = {name: options for name, options in chosen(args, ABLATION).items() if changed(options)}
        return "ablation", {n: peers.Method(n, partial(peers.docclust, **options)) for n, options in lines.items()}
    return "quality", peers.installed(chosen(args, peers.METHODS))


def majorities(clusters: np.ndarray, classes: np.ndarray) -> dict[int, str]:
    """The most frequent class of every cluster, ties to the first in the alphabet."""
    # clusters, classes: (n,)
    found = {}
    for cluster in np.unique(clusters):
        names, counts = np.unique(classes[clusters == cluster], return_counts=True)
        found[int(cluster)] = str(names[counts.argmax()])
    return found


def calibration(P: np.ndarray, classes: np.ndarray) -> Line:
    """The error of the largest probability, right where the class is the most frequent of the cluster."""
    # P: (n, k); classes: (n,)
    clusters, stated = P.argmax(axis=1), P.max(axis=1)
    found = majorities(clusters, classes)
    right = np.array([found[int(cluster)] for cluster in clusters]) == classes
    return {
        "calibration_error": calibration_error(stated, right, bins=15),
        "stated": float(stated.mean()),
        "right": float(right.mean()),
    }


def run(
    args: argparse.Namespace,
    results: Results,
    table: str,
    methods: dict[str, peers.Method],
    judge: Callable[[peers.Found, Rows, int], Line],
    prepare: Callable[[Rows, int], Rows] = lambda rows, seed: rows,
) -> None:
    """Run what is missing, corpus by corpus, and append each result as it comes."""
    for rows in asked(args):
        missing = [(n, seed) for n in methods for seed in results.missing(table, rows, n, args.seeds)]
        if missing:
            print(f"{rows.name}: {rows.matrix}, {rows.k} clusters", flush=True)
            peers.compile_kernels(rows, args.threads)
        for name, seed in missing:
            try:
                prepared = prepare(rows, seed)
                found, cost = peers.measured(methods[name].find, prepared, seed, args.threads)
                results.add(table, rows, name, seed, judge(found, prepared, seed) | cost)
            except DocclustError as error:
                results.add(table, rows, name, seed, {"error": str(error)})


def overview(lines: list[Line], titles: dict[str, str], last: tuple[str, dict[str, str]] | None = None) -> str:
    """NMI: a line for every method, a column for every corpus, the best mean without a neural model in bold.

    last : head and cells of one more column
    """
    corpora = in_order(lines)
    nmi = {(c, m): [line["nmi"] for line in at(lines, c, m)] for c in corpora for m in titles}
    plain = [name for name in titles if name not in peers.METHODS or not peers.METHODS[name].neural]
    best = {c: max((np.mean(nmi[c, m]) for m in plain if nmi[c, m]), default=0.0) for c in corpora}

    def cell(corpus: str, method: str) -> str:
        text = spread(nmi[corpus, method])
        return f"**{text}**" if nmi[corpus, method] and np.mean(nmi[corpus, method]) == best[corpus] else text

    header = ["NMI", *(f"{c}, K = {at(lines, c)[-1]['k']}" for c in corpora)]
    body = [[title, *(cell(c, m) for c in corpora)] for m, title in titles.items()]
    if last:
        header, body = [*header, last[0]], [[*row, last[1][m]] for row, m in zip(body, titles, strict=True)]
    seeds = {len(at(lines, c, m)) for c in corpora for m in titles} - {0}
    count = " to ".join(str(s) for s in sorted({min(seeds), max(seeds)}))
    return f"Mean (least to greatest) over {count} seeds.\n\n{markdown(header, body)}"


def details(lines: list[Line], titles: dict[str, str], corpus: str) -> str:
    """All metrics of one corpus, a line for every method."""
    body = []
    for name, title in titles.items():
        mine = at(lines, corpus, name)
        if not mine:
            body.append([title, "not run", *[""] * (len(METRICS) + 3)])
            continue
        seconds, mib = [line["seconds"] for line in mine], [line["mib"] for line in mine if line["mib"] is not None]
        ratios = against(mine, at(lines, corpus, REFERENCE))
        ratio = f"{np.mean(ratios):.2f}" if ratios else ""
        metrics = [spread([line[m] for line in mine], 0 if m == "clusters" else 3) for m in METRICS]
        cost = [spread(seconds, 2), f"{max(mib):.0f}" if mib else "", ratio]
        body.append([title, str(len(mine)), *metrics, *cost])
    header = ["", "seeds", *METRICS.values(), "seconds", "MiB", "seconds / k-means 10"]
    return f"**{corpus}**: {at(lines, corpus)[-1]['matrix']}\n\n{markdown(header, body)}"


def against(mine: list[Line], reference: list[Line]) -> list[float]:
    """Seconds in units of another method's mean, for the lines whose own run of the script has that."""
    times = {
        run: [line["seconds"] for line in reference if line["run"] == run] for run in {r["run"] for r in reference}
    }
    return [line["seconds"] / float(np.mean(times[line["run"]])) for line in mine if line["run"] in times]


def at(lines: list[Line], corpus: str, method: str | None = None) -> list[Line]:
    """The lines of one corpus, and of one method if it is given."""
    return [line for line in lines if line["corpus"] == corpus and method in (None, line["method"])]


def in_order(lines: list[Line]) -> list[str]:
    """The corpora that lines are about: ours in our order, then the caller's."""
    return [name for name in dict.fromkeys([*SOURCES, *(line["corpus"] for line in lines)]) if at(lines, name)]


def tables(results: Results) -> str:
    """The overview, and one table for every corpus."""
    lines, titles = results.of("quality"), {name: method.title for name, method in peers.METHODS.items()}
    absent = [name for name in SOURCES if name not in in_order(lines)]
    note = f" Not run: {', '.join(absent)}." if absent else ""
    parts = [results.machines("quality") + note, overview(lines, titles)]
    return "\n\n".join([*parts, *(details(lines, titles, name) for name in in_order(lines))])


def ablation(results: Results) -> str:
    """NMI with single choices of the default changed, and how long each takes against the default."""
    lines = results.of("ablation")
    same = [name for name, options in ABLATION.items() if not changed(options)]
    titles = {name: name for name in ABLATION if name not in same}
    titles["default"] += f" ({'; '.join(same)})" if same else ""
    times = {}
    for name in titles:
        mine = [line for line in lines if line["method"] == name]
        ratios = [r for c in in_order(mine) for r in against(at(mine, c), at(lines, c, "default"))]
        times[name] = f"{np.mean(ratios):.2f}" if ratios else ""
    return "\n\n".join([results.machines("ablation"), overview(lines, titles, ("seconds / default", times))])


def main(argv: list[str] | None = None) -> None:
    """Run, and print the tables."""
    parser = arguments(__doc__.split("\n\n")[0], "quality.jsonl", peers.METHODS, list(SOURCES))
    parser.add_argument("--ablation", action="store_true", help="the default with single choices changed, instead")
    args = parser.parse_args(argv)
    check(args, ABLATION if args.ablation else peers.METHODS)
    results = Results(args.results, args.again, args.threads)
    run(args, results, *candidates(args), lambda found, rows, _: quality(rows, found.labels))
    for name, table in (("quality", tables), ("ablation", ablation)):
        if results.of(name):
            publish(name, table(results), args.table)


if __name__ == "__main__":
    main()
