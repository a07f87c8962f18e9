"""How long a fit takes, and how much memory: docclust and scikit-learn's k-means on the same matrix, in one run.

    python benchmarks/speed.py CORPORA_FOLDER --table
    python benchmarks/speed.py --jsonl mine.jsonl --clusters 20,100,500,2000

Every case runs in a process of its own, whose peak memory the operating system tells; k-means and docclust take turns,
so that a busy machine slows both. docclust's kernels are compiled before the clock starts, as they are only once.
"""

import argparse
import hashlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from roofline import roofline
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import normalized_mutual_info_score
from sklearn.preprocessing import normalize

from corpora import README, SOURCES, Line, Rows, load, load_jsonl, machine, markdown, publish
from docclust import SparseGaussianMixture

# Iterations of k-means whose difference in time is that of one of them.
FEW, MORE = 2, 6
# Where others use the machine, too, seconds of the processor compare what seconds of the day do not.
CLOCKS = {"day": time.perf_counter, "processor": time.process_time}
clock = CLOCKS[os.environ.get("SPEED_CLOCK", "day")]
# Methods of many starts are measured up to so many clusters, k-means to so many, and the growth with size at so many.
MOST_CLUSTERS, MOST_OF_KMEANS, GROWTH_CLUSTERS = 20, 500, 100


def held(what: str) -> float:
    """MiB that this process holds now (VmRSS), or has held at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(what)) / 1024


class Watch:
    """Seconds, and MiB at peak above what was held before; the matrix is held before."""

    def __enter__(self) -> "Watch":
        Path("/proc/self/clear_refs").write_text("5", "utf-8")  # forgets the peak so far
        self.before, self.began = held("VmRSS"), clock()
        return self

    def __exit__(self, *failed: object) -> None:
        self.seconds, self.mib = clock() - self.began, held("VmHWM") - self.before


def docclust(X: sp.csr_array, k: int, seed: int, threads: int, **options: Any) -> Line:
    """A whole fit, and the median time of the second half of its iterations."""
    mixture = partial(SparseGaussianMixture, n_jobs=threads, random_state=seed, **{"n_init": 1} | options)
    some = sp.csr_array(sp.random_array((1000, 300), density=0.03, rng=np.random.default_rng(0)))
    # Single precision is compiled on its own, and so is what only many clusters need, and what rows of length one.
    for rows, few in itertools.product((some, normalize(some)), (2, 64, 200)):
        mixture(few, max_iter=4).fit(rows)
    ticks: list[float] = []
    with Watch() as watch:
        model = mixture(k, on_step=lambda step: ticks.append(clock())).fit(X)
    steps = np.diff(ticks)
    return {
        "seconds": watch.seconds, "mib": watch.mib, "iteration": float(np.median(steps[len(steps) // 2 :])),
        "iterations": len(ticks), "labels": model.labels_, "objective": model.lower_bound_,
    }  # fmt: skip


def kmeans(X: sp.csr_array, k: int, seed: int, threads: int) -> Line:
    """A whole fit of Lloyd's k-means with one start, and one iteration of it."""
    with Watch() as watch:
        model = KMeans(k, n_init=1, random_state=seed, algorithm="lloyd").fit(X)
    times = []
    for iterations in (FEW, MORE):
        few = KMeans(k, init=model.cluster_centers_[::-1] * 0.999, n_init=1, max_iter=iterations, tol=0)
        began = clock()
        few.fit(X)
        times.append((clock() - began, few.n_iter_))
    (first, n_first), (second, n_second) = times
    iteration = (second - first) / (n_second - n_first) if n_second > n_first else watch.seconds / model.n_iter_
    return {
        "seconds": watch.seconds, "mib": watch.mib, "iteration": iteration, "iterations": model.n_iter_,
        "labels": model.labels_,
    }  # fmt: skip


def other(X: sp.csr_array, k: int, seed: int, threads: int, kind: type, **options: Any) -> Line:
    """A whole fit of another method of scikit-learn's."""
    with Watch() as watch:
        model = kind(k, random_state=seed, **options).fit(X)
    return {"seconds": watch.seconds, "mib": watch.mib, "iterations": model.n_iter_, "labels": model.labels_}


# In the order in which they run; the first is what the others are compared with.
METHODS: dict[str, Callable[..., Line]] = {
    "k-means (Lloyd)": kmeans,
    "docclust, default form": docclust,
    "k-means, 10 starts": partial(other, kind=KMeans, n_init=10),
    "docclust, default form, all starts": partial(docclust, n_init=SparseGaussianMixture().n_init),
    "docclust, own variances": partial(docclust, covariance="own"),
    "docclust, own variances, not annealed": partial(docclust, covariance="own", annealing="none"),
    "docclust, isotropic": partial(docclust, covariance="isotropic"),
    "mini-batch k-means": partial(other, kind=MiniBatchKMeans, n_init=1),
}
BASE, OURS = list(METHODS)[:2]
RESTARTED = ("k-means, 10 starts", "docclust, default form, all starts")


def case(folder: Path, method: str, k: int, seed: int, threads: int, documents: int, words: int) -> Line:
    """One fit in this process, of one document in so many, and of one word in so many, the most frequent ones."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    X = sp.csr_array(sp.load_npz(folder / "matrix.npz"))
    labels = np.load(folder / "labels.npy")[::documents]
    if documents > 1 or words > 1:
        frequent = np.sort(np.argsort(-np.bincount(X.indices, minlength=X.shape[1]))[: X.shape[1] // words])
        X = sp.csr_array(X[::documents][:, frequent])
    found = METHODS[method](X, k, seed, threads)
    bits = found["labels"].astype(np.int64).tobytes() + np.float64(found.pop("objective", 0)).tobytes()
    csr = (X.data.nbytes + X.indices.nbytes + X.indptr.nbytes) / 2**20
    nmi = float(normalized_mutual_info_score(labels, found.pop("labels")))
    return {**found, "csr": csr, "nmi": nmi, "bits": hashlib.sha256(bits).hexdigest()}


def begin(folder: Path, method: str, k: int, args: argparse.Namespace, **changed: int) -> subprocess.Popen:
    """The same in a process of its own, which is begun here."""
    numbers = {"seed": 0, "threads": args.threads, "documents": 1, "words": 1} | changed
    command = [sys.executable, __file__, "--case", str(folder), method, str(k)]
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(variables, str(numbers["threads"])) | {"SPEED_CLOCK": args.clock}
    return subprocess.Popen(
        [*command, *map(str, numbers.values())],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def end(process: subprocess.Popen, args: argparse.Namespace) -> Line:
    """What it found, or why it did not."""
    try:
        output, errors = process.communicate(timeout=args.limit * 60)
    except subprocess.TimeoutExpired:
        process.kill()
        return {"error": f"more than {args.limit:.0f} minutes"}
    if process.returncode:
        return {"error": (errors.strip().splitlines() or ["failed"])[-1]}
    return json.loads(output)


def measure(name: str, folder: Path, args: argparse.Namespace) -> list[Line]:
    """All methods and numbers of clusters on one corpus."""
    lines = []
    for k in args.clusters:
        for method in args.methods:
            if (method in RESTARTED and k > MOST_CLUSTERS) or (method != OURS and k > MOST_OF_KMEANS):
                continue
            lines.append({"method": method, "k": k, **over_seeds(folder, name, method, k, args)})
    return lines


def over_seeds(folder: Path, name: str, method: str, k: int, args: argparse.Namespace) -> Line:
    """The mean of every number over all seeds, or why one could not be measured."""
    found = []
    for seed in range(args.seeds):
        found.append(end(begin(folder, method, k, args, seed=seed), args))
        shown = {key: round(value, 3) for key, value in found[-1].items() if isinstance(value, float)}
        print(name, k, method, seed, shown or found[-1], flush=True)
        if "error" in found[-1]:
            return found[-1]
    means = {key: float(np.mean([line[key] for line in found])) for key in found[0] if key != "bits"}
    if means.get("iteration", 1) <= 0:  # too short to be told from the start of k-means
        del means["iteration"]
    return means


def growth(folder: Path, k: int, args: argparse.Namespace) -> str:
    """How the time of an iteration grows with the number of documents, and with that of words."""
    said = []
    for what in ("documents", "words"):
        points = [(part, end(begin(folder, OURS, k, args, **{what: part}), args)) for part in (4, 2, 1)]
        points = [(1 / part, line["iteration"]) for part, line in points if "iteration" in line]
        if len(points) > 1:
            said.append(f"with {what} to the power {exponent(points):.2f}")
    return f"One iteration of docclust with {k} clusters grows {' and '.join(said)}." if said else ""


def workers(folder: Path, k: int, args: argparse.Namespace) -> str:
    """What two workers gain, beside what the machine gains from two fits of one worker at once."""
    one = end(begin(folder, OURS, k, args, threads=1), args)
    both = [end(process, args) for process in [begin(folder, OURS, k, args, threads=1) for _ in range(2)]]
    two = end(begin(folder, OURS, k, args, threads=2), args)
    if any("error" in line for line in (one, two, *both)):
        return ""
    gain, limit = one["seconds"] / two["seconds"], 2 * one["seconds"] / max(line["seconds"] for line in both)
    same = "the same bits" if one["bits"] == two["bits"] else "OTHER BITS"
    return (
        f"{k} clusters: one worker {one['seconds']:.2f} s, two {two['seconds']:.2f} s ({same}), {gain:.2f} times as "
        f"fast; two fits of one worker each at once are {limit:.2f} times as fast as one after the other."
    )


def exponent(points: list[tuple[float, float]]) -> float:
    """The power by which the second number grows with the first, fitted on all points that could be measured."""
    x, y = np.log([point for point in points if point[1] > 0]).T
    return float(np.polyfit(x, y, 1)[0])


def table(rows: Rows, lines: list[Line]) -> str:
    """One corpus: every method at every K, and how the time of an iteration grows with K."""
    first = {line["k"]: line for line in lines if line["method"] == BASE}
    csr = next((line["csr"] for line in lines if "csr" in line), float("nan"))
    body = []
    for line in lines:
        if "error" in line:
            body.append([str(line["k"]), line["method"], line["error"], *[""] * 7])
            continue
        base = first.get(line["k"], {})
        body.append([
            str(line["k"]), line["method"], f"{line['seconds']:.2f}", ratio(line, base, "seconds"),
            f"{line['iterations']:.0f}", f"{line['iteration']:.3f}" if "iteration" in line else "",
            ratio(line, base, "iteration"), f"{line['mib']:.0f}", f"{line['mib'] / csr:.1f}", f"{line['nmi']:.3f}",
        ])  # fmt: skip
    header = ["K", "method", "fit, s", "of k-means", "iterations", "one, s", "of k-means", "peak MiB", "of CSR", "NMI"]
    text = f"**{rows.name}**: {rows.matrix}, {csr:.0f} MiB as CSR.\n\n{markdown(header, body)}"
    for method in METHODS:
        points = [(line["k"], line["iteration"]) for line in lines if line["method"] == method and "iteration" in line]
        if len(points) > 1:
            text += f"\n\nOne iteration of {method} grows with K to the power {exponent(points):.2f}"
            many = [point for point in points if point[0] >= GROWTH_CLUSTERS]
            between = f", from {many[0][0]} on {exponent(many):.2f}" if 1 < len(many) < len(points) else ""
            text += f"{between}."
    return text


def ratio(line: Line, base: Line, name: str) -> str:
    """How many times the baseline's."""
    return f"{line[name] / base[name]:.3f}" if name in line and name in base else ""


def arguments() -> argparse.Namespace:
    """The command line."""
    names = lambda text: [name for name in text.split(";") if name]  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, help="folder of labelled corpora")
    parser.add_argument("--corpora", type=lambda text: text.split(","), default=["20newsgroups_stripped"])
    parser.add_argument("--jsonl", type=Path, help="a corpus of your own: a text and a label a line")
    parser.add_argument("--clusters", type=lambda text: [int(k) for k in text.split(",")], default=[20, 100, 500, 2000])
    parser.add_argument("--methods", type=names, default=list(METHODS), help=f"with ; between: {'; '.join(METHODS)}")
    parser.add_argument("--seeds", type=int, default=3, help="fits of every method, whose means are shown (default: 3)")
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


def everything(rows: Rows, args: argparse.Namespace) -> str:
    """All tables and sentences about one corpus."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sp.save_npz(folder / "matrix.npz", sp.csr_matrix(rows.X), compressed=False)
        np.save(folder / "labels.npy", np.unique(rows.labels, return_inverse=True)[1])
        parts = [table(rows, measure(rows.name, folder, args))]
        k = min(GROWTH_CLUSTERS, max(args.clusters))
        parts += [growth(folder, k, args), workers(folder, k, args)]
    parts.append(roofline(rows.X, [k for k in args.clusters if k <= GROWTH_CLUSTERS]))
    print("\n\n".join(parts), flush=True)
    return "\n\n".join(part for part in parts if part)


def main() -> None:
    """Measure, print, and publish if asked."""
    if sys.argv[1:2] == ["--case"]:
        folder, method, *numbers = sys.argv[2:]
        print(json.dumps(case(Path(folder), method, *map(int, numbers)), default=float))
        return
    args = arguments()
    corpora = [load(name, args.folder) for name in args.corpora] if args.folder else []
    corpora += [load_jsonl(args.jsonl, None)] if args.jsonl else []
    parts = [everything(rows, args) for rows in corpora]
    when, busy = time.strftime("%Y-%m-%d"), ""
    if args.clock == "processor":
        busy = " Seconds are those of the processor, as the machine was busy with other work."
    publish("speed", "\n\n".join([*parts, f"{machine(args.threads)} {when}.{busy}"]), README if args.table else None)


if __name__ == "__main__":
    main()
