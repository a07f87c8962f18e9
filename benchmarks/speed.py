"""How long a fit takes, and how much memory: docclust and scikit-learn's k-means on the same matrix, in one run.

    python benchmarks/speed.py CORPORA_FOLDER --table
    python benchmarks/speed.py --jsonl mine.jsonl --clusters 20,100,500

Every case runs in a process of its own, whose peak memory the operating system tells; k-means and docclust take turns,
so that a busy machine slows both. docclust's kernels are compiled before the clock starts, as they are only once.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import normalized_mutual_info_score

from corpora import README, SOURCES, Line, Rows, load, load_jsonl, machine, markdown, publish
from docclust import SparseGaussianMixture

ONE_START = {"n_init": 1}
# Iterations of k-means whose difference in time is that of one of them.
FEW, MORE = 2, 6
MIB = 2**20
# Where others use the machine, too, seconds of the processor compare what seconds of the day do not.
CLOCKS = {"day": time.perf_counter, "processor": time.process_time}
clock = CLOCKS[os.environ.get("SPEED_CLOCK", "day")]


# Methods of many starts are measured up to so many clusters.
MOST_CLUSTERS = 20


def mixture(k: int, seed: int, threads: int, **options: Any) -> SparseGaussianMixture:
    """docclust with one start, unless asked for more."""
    return SparseGaussianMixture(k, n_jobs=threads, random_state=seed, **ONE_START | options)


def docclust(X: sp.csr_array, k: int, seed: int, threads: int, **options: Any) -> Line:
    """A whole fit, and the median time of the second half of its iterations."""
    mixture(2, seed, threads, **options).fit(X[:200])
    mixture(64, seed, threads, max_iter=2, **options).fit(X[:400])  # single precision, which is compiled on its own
    ticks: list[float] = []
    model = mixture(k, seed, threads, on_step=lambda step: ticks.append(clock()), **options)
    began = clock()
    model.fit(X)
    seconds = clock() - began
    steps = np.diff(ticks)
    return {
        "seconds": seconds,
        "iteration": float(np.median(steps[len(steps) // 2 :])),
        "iterations": len(ticks),
        "labels": model.labels_,
    }


def kmeans(X: sp.csr_array, k: int, seed: int, threads: int) -> Line:
    """A whole fit of Lloyd's k-means with one start, and one iteration of it."""
    model = KMeans(k, n_init=1, random_state=seed, algorithm="lloyd")
    began = clock()
    model.fit(X)
    seconds = clock() - began
    times = []
    for iterations in (FEW, MORE):
        few = KMeans(k, init=model.cluster_centers_[::-1] * 0.999, n_init=1, max_iter=iterations, tol=0)
        began = clock()
        few.fit(X)
        times.append((clock() - began, few.n_iter_))
    (first, n_first), (second, n_second) = times
    iteration = (second - first) / (n_second - n_first) if n_second > n_first else seconds / model.n_iter_
    return {"seconds": seconds, "iteration": iteration, "iterations": model.n_iter_, "labels": model.labels_}


def kmeans_restarted(X: sp.csr_array, k: int, seed: int, threads: int) -> Line:
    """A whole fit of Lloyd's k-means with ten starts."""
    model = KMeans(k, n_init=10, random_state=seed, algorithm="lloyd")
    began = clock()
    model.fit(X)
    return {"seconds": clock() - began, "iterations": model.n_iter_, "labels": model.labels_}


def docclust_restarted(X: sp.csr_array, k: int, seed: int, threads: int) -> Line:
    """A whole fit with all the starts it has unless told otherwise."""
    return docclust(X, k, seed, threads, n_init=SparseGaussianMixture().n_init)


def minibatch(X: sp.csr_array, k: int, seed: int, threads: int) -> Line:
    """A whole fit of k-means on small batches, with one start."""
    model = MiniBatchKMeans(k, n_init=1, random_state=seed)
    began = clock()
    model.fit(X)
    return {"seconds": clock() - began, "iterations": model.n_iter_, "labels": model.labels_}


# In the order in which they run; the first is what the others are compared with.
METHODS: dict[str, Callable[..., Line]] = {
    "k-means (Lloyd)": kmeans,
    "docclust, default form": docclust,
    "k-means, 10 starts": kmeans_restarted,
    "docclust, default form, all starts": docclust_restarted,
    "docclust, own variances": lambda *a: docclust(*a, covariance="own"),
    "docclust, own variances, smoothing cooled": lambda *a: docclust(*a, covariance="own", annealing="smoothing"),
    "docclust, own variances, not annealed": lambda *a: docclust(*a, covariance="own", annealing="none"),
    "docclust, cosine": lambda *a: docclust(*a, covariance="cosine"),
    "mini-batch k-means": minibatch,
}
RESTARTED = ("k-means, 10 starts", "docclust, default form, all starts")


def resident() -> float:
    """MiB that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def case(folder: Path, method: str, k: int, seed: int, threads: int) -> Line:
    """One fit in this process: seconds, MiB at peak above what was held with the matrix loaded, NMI."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    X = sp.csr_array(sp.load_npz(folder / "matrix.npz"))
    labels = np.load(folder / "labels.npy")
    before = resident()
    found = METHODS[method](X, k, seed, threads)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    nmi = normalized_mutual_info_score(labels, found.pop("labels"))
    csr = (X.data.nbytes + X.indices.nbytes + X.indptr.nbytes) / MIB
    return {**found, "mib": peak - before, "csr": csr, "nmi": float(nmi)}


def apart(folder: Path, method: str, k: int, args: argparse.Namespace) -> Line:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--case", str(folder), method, str(k), str(args.seed), str(args.threads)]
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(variables, str(args.threads)) | {"SPEED_CLOCK": args.clock}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=args.limit * 60
        )
    except subprocess.TimeoutExpired:
        return {"error": f"more than {args.limit} minutes"}
    except subprocess.CalledProcessError as error:
        return {"error": error.stderr.strip().splitlines()[-1] if error.stderr.strip() else str(error)}
    return json.loads(done.stdout)


def measure(rows: Rows, args: argparse.Namespace) -> list[Line]:
    """All methods and numbers of clusters on one corpus."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        sp.save_npz(Path(folder) / "matrix.npz", sp.csr_matrix(rows.X), compressed=False)
        np.save(Path(folder) / "labels.npy", np.unique(rows.labels, return_inverse=True)[1])
        for k in args.clusters:
            for method in args.methods:
                if method in RESTARTED and k > MOST_CLUSTERS:
                    continue
                found = apart(Path(folder), method, k, args)
                shown = {name: round(value, 3) for name, value in found.items() if isinstance(value, float)}
                print(rows.name, k, method, shown or found, flush=True)
                lines.append({"method": method, "k": k, **found})
    return lines


def table(rows: Rows, lines: list[Line]) -> str:
    """One corpus: every method at every K, and how the time of an iteration grows with K."""
    first = {line["k"]: line for line in lines if line["method"] == next(iter(METHODS))}
    csr = next((line["csr"] for line in lines if "csr" in line), float("nan"))
    body = []
    for line in lines:
        if "error" in line:
            body.append([str(line["k"]), line["method"], line["error"], *[""] * 6])
            continue
        base = first.get(line["k"], {})
        body.append([
            str(line["k"]), line["method"], f"{line['seconds']:.2f}", ratio(line, base, "seconds"),
            str(line["iterations"]), f"{line['iteration']:.3f}" if "iteration" in line else "",
            ratio(line, base, "iteration"), f"{line['mib']:.0f}", f"{line['nmi']:.3f}",
        ])  # fmt: skip
    header = ["K", "method", "fit, s", "of k-means", "iterations", "one, s", "of k-means", "peak MiB", "NMI"]
    text = f"**{rows.name}**: {rows.matrix}, {csr:.0f} MiB as CSR.\n\n{markdown(header, body)}"
    for method in METHODS:
        points = [(line["k"], line["iteration"]) for line in lines if line["method"] == method and "iteration" in line]
        if len(points) > 1:
            k, seconds = np.log(points).T
            text += f"\n\nOne iteration of {method} grows with K to the power {np.polyfit(k, seconds, 1)[0]:.2f}."
    return text


def ratio(line: Line, base: Line, name: str) -> str:
    """How many times the baseline's."""
    return f"{line[name] / base[name]:.3f}" if name in line and name in base else ""


def arguments() -> argparse.Namespace:
    """The command line."""
    names = lambda text: [name for name in text.split(";") if name]  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, help="folder of labelled corpora")
    parser.add_argument("--corpora", type=lambda text: text.split(","), default=["20newsgroups"])
    parser.add_argument("--jsonl", type=Path, help="a corpus of your own: a text and a label a line")
    parser.add_argument("--clusters", type=lambda text: [int(k) for k in text.split(",")], default=[20, 100, 500])
    parser.add_argument("--methods", type=names, default=list(METHODS), help=f"with ; between: {'; '.join(METHODS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="for every method; default: all cores")
    parser.add_argument("--clock", choices=CLOCKS, default="day", help="seconds of the day, or of the processor")
    parser.add_argument("--limit", type=float, default=30, help="minutes for one case")
    parser.add_argument("--table", action="store_true", help="write the tables into benchmarks/README.md")
    args = parser.parse_args()
    for name in args.methods:
        if name not in METHODS:
            parser.error(f"method must be one of {'; '.join(METHODS)}, got {name}.")
    for name in args.corpora:
        if name not in SOURCES:
            parser.error(f"corpus must be one of {', '.join(SOURCES)}, got {name}.")
    if not args.folder and not args.jsonl:
        parser.error("name a folder of corpora or --jsonl.")
    return args


def main() -> None:
    """Measure, print, and publish if asked."""
    if sys.argv[1:2] == ["--case"]:
        folder, method, k, seed, threads = sys.argv[2:]
        print(json.dumps(case(Path(folder), method, int(k), int(seed), int(threads)), default=float))
        return
    args = arguments()
    corpora = [load_jsonl(args.jsonl, None)] if args.jsonl else []
    corpora += [load(name, args.folder) for name in args.corpora] if args.folder else []
    parts = [table(rows, measure(rows, args)) for rows in corpora]
    when, busy = time.strftime("%Y-%m-%d"), ""
    if args.clock == "processor":
        busy = " Seconds are those of the processor, as the machine was busy with other work."
    publish("speed", "\n\n".join([*parts, f"{machine(args.threads)} {when}.{busy}"]), README if args.table else None)


if __name__ == "__main__":
    main()
