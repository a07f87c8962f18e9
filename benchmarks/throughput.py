"""From text to matrix beside scikit-learn's TfidfVectorizer, and the whole command on a million texts of one line.

python benchmarks/throughput.py CORPORA_FOLDER --table
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

from corpora import README, VECTORS, machine, markdown, publish, read
from docclust.corpus import Document
from docclust.vectors import languages, vectorise

TIMES = 3
# A line of the long corpus has so many words, and no fewer than these.
WORDS, FEWEST = 10, 4


def to_matrix(documents: list[Document]) -> str:
    """Seconds from text to TF-IDF, with the same settings, in turn and the least of a few."""
    texts = [document.text for document in documents]
    stop_words = sorted(languages.stop_words("english"))
    theirs = {"sublinear_tf": True, "min_df": 3, "max_df": 0.5, "token_pattern": VECTORS.token_pattern}
    ours = VECTORS.model_copy(update={"min_df": 3})
    stemmed = VECTORS.model_copy(update={"min_df": 3, "stem": "english"})
    ways: dict[str, Callable[[], object]] = {
        "TfidfVectorizer": lambda: TfidfVectorizer(stop_words=stop_words, **theirs).fit_transform(texts),
        "docclust": lambda: vectorise(documents, ours),
        "docclust, stemmed": lambda: vectorise(documents, stemmed),
    }
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(TIMES):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            least[name] = min(least[name], time.perf_counter() - began)
            print(name, round(least[name], 2), flush=True)
    size = sum(len(text.encode()) for text in texts) / 1e6
    body = [
        [name, f"{seconds:.2f}", f"{size / seconds:.1f}", f"{least['TfidfVectorizer'] / seconds:.2f}"]
        for name, seconds in least.items()
    ]
    header = ["from text to matrix", "seconds", "MB a second", "times as fast"]
    return f"{len(texts):,} documents, {size:.0f} MB, English stop words.\n\n{markdown(header, body)}"


def lines(folder: Path, n: int) -> list[str]:
    """So many lines of the corpora, no two alike; where there are too few, halves of two of them are joined."""
    rng = random.Random(0)
    found: dict[str, None] = {}
    for name in ("bbc", "reuters_r8", "reuters_r52", "ag_news", "20newsgroups_stripped"):
        for document in read(name, folder):
            words = document.text.split()
            for first in range(0, len(words) - FEWEST + 1, WORDS):
                found[" ".join(words[first : first + WORDS])] = None
    real = list(found)
    rng.shuffle(real)
    while len(found) < n:
        one, other = (line.split() for line in rng.sample(real, 2))
        found[" ".join(one[: len(one) // 2] + other[len(other) // 2 :])] = None
    return [*real, *list(found)[len(real) :]][:n]


def command(folder: Path, n: int, k: int, starts: int) -> str:
    """`docclust run` on many texts of one line: seconds by stage, and MiB at peak."""
    with tempfile.TemporaryDirectory() as name:
        path, out = Path(name) / "lines.jsonl", Path(name) / "run"
        texts = lines(folder, n)
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
        settings = {"mixture.n_components": k, "seeding.n_init": starts}
        config_file = Path(name) / "lines.toml"
        config_file.write_text(f"[corpus]\nsource = 'jsonl'\npath = '{path}'\n", "utf-8")
        options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        program = [str(Path(sys.executable).parent / "docclust"), "run", str(config_file), "--out", str(out), *options]
        began = time.perf_counter()
        done = subprocess.run(program, capture_output=True, text=True)
        seconds = time.perf_counter() - began
        if done.returncode:
            return f"docclust run on {n:,} lines: {(done.stderr.strip().splitlines() or ['failed'])[-1]}"
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        stages = json.loads((out / "manifest.json").read_text("utf-8"))["seconds"]
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 2**20
    body = [[stage, f"{spent:.0f}"] for stage, spent in stages.items()] + [["all", f"{seconds:.0f}"]]
    return (
        f"`docclust run` on {n:,} texts of one line in {k} clusters (starts: {starts}): {peak:.0f} MiB at peak, "
        f"{size:.0f} MiB written.\n\n{markdown(['stage', 'seconds'], body)}"
    )


def main() -> None:
    """Measure, print, and publish if asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of labelled corpora")
    parser.add_argument("--lines", type=int, default=1_000_000, help="texts of one line; 0: none")
    parser.add_argument("--clusters", type=int, default=200)
    parser.add_argument("--starts", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="write the tables into benchmarks/README.md")
    args = parser.parse_args()
    parts = [to_matrix(list(read("20newsgroups", args.folder)))]
    if args.lines:
        parts.append(command(args.folder, args.lines, args.clusters, args.starts))
    parts.append(f"{machine(os.cpu_count())} {time.strftime('%Y-%m-%d')}.")
    publish("throughput", "\n\n".join(parts), README if args.table else None)


if __name__ == "__main__":
    main()
