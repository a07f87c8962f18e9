"""What the defaults reach on real corpora with only K given. Needs the folder of labelled corpora."""

import csv
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CORPORA = os.environ.get("DOCCLUST_CORPORA")
pytestmark = pytest.mark.skipif(not CORPORA, reason="DOCCLUST_CORPORA does not name the folder of labelled corpora")

RUN = """
import json, resource, sys
from docclust import config, pipeline
run = pipeline.run(config.parse(json.loads(sys.argv[1])))
print(json.dumps({
    "metrics": run.metrics,
    "convergence": run.convergence,
    "saturated": sum(document.probability == 1 for document in run.documents) / len(run.documents),
    "peak": run.manifest["peak_mib"],
}))
"""


def run_in_a_process_of_its_own(corpus, k):
    settings = {"corpus": corpus, "mixture": {"n_components": k}}
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(settings)], capture_output=True, text=True, timeout=590
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def newsgroups(remove):
    return {
        "source": "20newsgroups",
        "data_home": str(Path(CORPORA or "") / "scikit_learn_data"),
        "remove": remove,
    }


def table(name):
    return {"source": "jsonl", "path": str(Path(CORPORA or "") / name)}


def assert_it_never_falls(convergence):
    """The objective after annealing, from one iteration to the next of the same phase, of which there must be some."""
    pairs = [
        (float(before["objective"]), float(after["objective"]))
        for before, after in itertools.pairwise(convergence)
        if before["phase"] == after["phase"] != "annealing"
    ]
    assert len(pairs) >= 2
    assert all(after - before >= -1e-10 * abs(after) for before, after in pairs)


@pytest.mark.parametrize(("name", "k", "nmi"), [("bbc.jsonl.gz", 5, 0.85), ("reuters_r8.jsonl.gz", 8, 0.46)])
def test_news(name, k, nmi):
    found = run_in_a_process_of_its_own(table(name), k)
    assert found["metrics"]["nmi"] >= nmi
    assert_it_never_falls(found["convergence"])


def test_newsgroups_without_headers_footers_and_quotes():
    found = run_in_a_process_of_its_own(newsgroups(["headers", "footers", "quotes"]), 20)
    assert found["metrics"]["nmi"] >= 0.45
    assert 0.05 <= found["metrics"]["undecided"] <= 0.60
    assert found["saturated"] <= 0.01
    assert_it_never_falls(found["convergence"])


def test_newsgroups_whole_in_little_memory(newsgroups_folder):
    read = {
        name: json.loads((newsgroups_folder / f"{name}.json").read_text("utf-8")) for name in ("metrics", "manifest")
    }
    assert read["metrics"]["nmi"] >= 0.58
    assert read["manifest"]["peak_mib"] < 700
    with (newsgroups_folder / "convergence.csv").open(encoding="utf-8", newline="") as file:
        assert_it_never_falls(list(csv.DictReader(file)))
