"""Both benchmarks run on the small corpus and write tables that can be read; their splices are what they say."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp

from docclust.config import TermFrequency

ROOT = Path(__file__).parent.parent
SIX_TOPICS = ROOT / "corpora" / "six_topics.jsonl"
NUMBER = re.compile(r"\*{0,2}-?\d+\.\d+")


@pytest.fixture
def scripts(monkeypatch):
    """The modules of benchmarks/, which is no package: its scripts are run by their path."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return SimpleNamespace(
        **{n: importlib.import_module(n) for n in ("corpora", "debian", "packages", "peers", "quality", "ambiguity")}
    )


@pytest.fixture
def readme(tmp_path):
    """A copy of benchmarks/README.md without its tables."""
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    path = tmp_path / "README.md"
    path.write_text(re.sub(r"(<!-- (\w+): begin -->).*?(<!-- \2: end -->)", r"\1\n\3", text, flags=re.DOTALL), "utf-8")
    return path


def run(script, results, readme, *options):
    fixed = ["--jsonl", str(SIX_TOPICS), "--seeds", "1", "--threads", "1", "--results", str(results)]
    script.main([*fixed, "--table", str(readme), *options])


def tables_of(readme, section):
    """The tables between the markers of a section: lists of rows of cells; all rows of a table are equally long."""
    text = readme.read_text("utf-8").split(f"<!-- {section}: begin -->")[1].split(f"<!-- {section}: end -->")[0]
    found = []
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        if lines and lines[0].startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            assert len({len(row) for row in rows}) == 1
            found.append([rows[0], *rows[2:]])
    return found


def test_quality_writes_its_tables_and_says_what_it_did_not_run(scripts, readme, tmp_path):
    results = tmp_path / "quality.jsonl"
    run(scripts.quality, results, readme, "--methods", "docclust,kmeans_10")
    overview, details = tables_of(readme, "quality")
    nmi = {row[0]: row[1] for row in overview[1:]}
    assert len(nmi) == len(scripts.peers.METHODS)
    assert NUMBER.match(nmi["docclust"])
    assert nmi["NMF"] == "not run"
    k_means = next(row for row in details if row[0] == "k-means, 10 starts")
    assert k_means[-1] == "1.00"
    assert str(ROOT) not in readme.read_text("utf-8")


def test_a_column_is_added_to_results_that_are_there(scripts, readme, tmp_path):
    results = tmp_path / "quality.jsonl"
    run(scripts.quality, results, readme, "--methods", "kmeans_1")
    before = results.read_text("utf-8")
    with pytest.raises(SystemExit, match="Try --continue"):
        run(scripts.quality, results, readme, "--methods", "nmf")
    run(scripts.quality, results, readme, "--methods", "kmeans_1,nmf", "--continue")
    after = results.read_text("utf-8")
    assert after.startswith(before)
    added = [json.loads(line) for line in after.removeprefix(before).splitlines()]
    assert [line["method"] for line in added if "method" in line] == ["nmf"]
    nmi = {row[0]: row[1] for row in tables_of(readme, "quality")[0]}
    assert NUMBER.match(nmi["NMF"])
    assert NUMBER.match(nmi["k-means, 1 start"])


def test_the_ablation_changes_one_choice_at_a_time(scripts, readme, tmp_path):
    results = tmp_path / "quality.jsonl"
    run(scripts.quality, results, readme, "--ablation", "--methods", "default,one start")
    (table,) = tables_of(readme, "ablation")
    by_name = {row[0].split(" (")[0]: row for row in table}
    assert by_name["default"][-1] == "1.00"
    assert NUMBER.match(by_name["one start"][1])


def test_every_line_of_the_ablation_is_made_of_real_options(scripts):
    for options in scripts.quality.ABLATION.values():
        scripts.peers.mixture(2, 0, 1, **{name: value for name, value in options.items() if name != "tf"})
        assert options.get("tf", "bm25") in get_args(TermFrequency)


def test_ambiguity_writes_its_tables(scripts, readme, tmp_path):
    run(scripts.ambiguity, tmp_path / "ambiguity.jsonl", readme, "--methods", "docclust,nmf,kmeans_10")
    splices, mixtures, calibration, rises = tables_of(readme, "ambiguity")
    found = {row[0]: row for row in splices}
    for name in ("docclust: mixed", "NMF: entropy", "k-means, 10 starts: distance ratio"):
        assert all(NUMBER.match(cell) for cell in found[name][2:])
    assert found["LDA, scikit-learn"][1] == "not run"
    found = {row[0]: row for row in mixtures}
    assert [found["docclust: mixed"][column] for column in (4, 5)] == ["1.000", "1.000"]
    assert float(found["docclust: mixed"][2]) >= max(float(row[2]) for name, row in found.items() if name[:3] == "NMF")
    assert NUMBER.match(calibration[1][1])
    assert [row[0] for row in rises[1:]] == ["six_topics: mixed", "six_topics: unclear"]


def test_an_unknown_name_is_told_the_known_ones(scripts, readme, tmp_path):
    with pytest.raises(SystemExit, match=r"method must be one of docclust, .*got k_means"):
        run(scripts.quality, tmp_path / "quality.jsonl", readme, "--methods", "k_means")


def test_a_splice_has_half_the_tokens_of_two_documents_of_different_classes(scripts):
    rows = scripts.corpora.load_jsonl(SIX_TOPICS, None)
    half, tokens = scripts.ambiguity.half(rows.counts, np.random.default_rng(0)), scripts.ambiguity.tokens
    assert (rows.counts - half).min() >= 0
    np.testing.assert_array_equal(tokens(half), tokens(rows.counts) // 2)
    spliced = scripts.ambiguity.splice(rows, 0)
    n = int(spliced.splices.sum())
    assert n > 0
    assert spliced.labels.size == spliced.X.shape[0] == rows.labels.size - n
    np.testing.assert_array_equal(spliced.labels != spliced.others, spliced.splices)


def test_documents_of_two_topics_are_those_the_file_names(scripts):
    rows = scripts.corpora.load_jsonl(SIX_TOPICS, None)
    found = scripts.ambiguity.mixtures(rows, SIX_TOPICS)
    pairs = {frozenset(pair) for pair in zip(found.labels[found.splices], found.others[found.splices], strict=True)}
    assert (found.splices.sum(), len(pairs)) == (15, 15)
    np.testing.assert_array_equal(found.labels, rows.labels)
    np.testing.assert_array_equal(found.others[~found.splices], rows.labels[~found.splices])


def test_a_score_that_knows_the_splices_has_perfect_figures(scripts):
    rows = scripts.corpora.load_jsonl(SIX_TOPICS, None)
    found = scripts.ambiguity.mixtures(rows, SIX_TOPICS)
    names = np.unique(rows.labels)
    pairs = np.c_[np.searchsorted(names, found.labels), np.searchsorted(names, found.others)]
    named = pairs[found.splices]
    judged = scripts.ambiguity.judge(found, found.splices.astype(float), named, pairs[:, 0])
    assert judged == {"auroc": 1, "average_precision": 1, "precision": 1, "pair": 1}
    swapped = scripts.ambiguity.judge(found, -found.splices.astype(float), named[:, [0, 0]], pairs[:, 0])
    assert (swapped["auroc"], swapped["precision"], swapped["pair"]) == (0, 0, 0)


def test_titles_are_the_first_sentence_and_the_first_eight_words(scripts):
    text = "Oil at $4.50 a barrel? Prices rose again on Monday, and nobody knew why. More soon."
    assert scripts.corpora.first_sentence(text) == "Oil at $4.50 a barrel?"
    assert scripts.corpora.eight_words(text) == "Oil at $4.50 a barrel? Prices rose again"


def test_a_perfect_clustering_has_perfect_figures(scripts):
    rows = scripts.corpora.load_jsonl(SIX_TOPICS, None)
    classes = np.unique(rows.labels, return_inverse=True)[1]
    found = scripts.quality.quality(rows, classes)
    assert [found[m] for m in ("nmi", "ari", "v_measure", "purity", "clusters")] == [1, 1, 1, 1, 6]
    assert found["npmi"] > 0


def test_speed_measures_both_methods_and_says_how_far_from_the_machine_they_are(scripts, tmp_path, monkeypatch):
    speed, roofline = (importlib.import_module(name) for name in ("speed", "roofline"))
    monkeypatch.setattr(roofline, "FLOATS", 2**20)
    monkeypatch.setattr(roofline, "SIDE", 256)
    rows = scripts.corpora.load_jsonl(SIX_TOPICS, None)
    sp.save_npz(tmp_path / "matrix.npz", sp.csr_matrix(rows.X))
    np.save(tmp_path / "labels.npy", np.unique(rows.labels, return_inverse=True)[1])
    lines = [
        {"method": method, "k": k, **speed.case(tmp_path, method, k, 0, 1, documents, 1)}
        for method in (speed.BASE, speed.OURS)
        for k, documents in ((6, 1), (3, 2))
    ]
    assert all(line["seconds"] > 0 and line["iteration"] > 0 and line["mib"] >= 0 for line in lines)
    assert lines[2]["nmi"] > 0.8
    again = speed.case(tmp_path, speed.OURS, 6, 0, 2, 1, 1)
    assert again["bits"] == lines[2]["bits"]
    text = speed.table(rows, lines)
    assert "docclust, default form grows with K to the power" in text
    body = [line.split("|") for line in roofline.roofline(rows.X, [3, 6]).splitlines() if line.startswith("| ")][2:]
    assert [row[1].strip() for row in body] == ["3", "6"]
    assert all(float(row[-2]) > 1 for row in body)


def test_an_exponent_is_that_of_a_power(scripts):
    speed = importlib.import_module("speed")
    assert speed.exponent([(x, 3 * x**0.7) for x in (1.0, 4.0, 9.0)]) == pytest.approx(0.7)


def test_packages_become_lines_with_their_tags(tmp_path, capsys, scripts):
    record = "Package: {}\nDescription-en: first line\n second line\n .\n third\nTag: use::viewing, works-with::{}\n\n"
    tags = ["image", "{image:raster, video}", "video", "rare"]
    records = tmp_path / "packages.txt"
    records.write_text("".join(record.format(f"p{i}", tag) for i, tag in enumerate(tags)) + "Package: bare\n", "utf-8")
    scripts.debian.main([str(records), "works-with", "--least", "2"])
    image, both, video = map(json.loads, capsys.readouterr().out.splitlines())
    assert image == {"id": "p0", "text": "first line\nsecond line\n\nthird", "label": "image"}
    assert both == image | {"id": "p1", "topics": ["image", "video"]}
    assert video == image | {"id": "p2", "label": "video"}


def test_packages_make_their_corpora_and_one_table(scripts, readme, tmp_path, monkeypatch):
    fetched = []

    def fetch(folder, package):
        fetched.append(package)
        (folder / package).write_text(SIX_TOPICS.read_text("utf-8"), "utf-8")

    def topics(root):
        """Small texts, by topic."""
        for path in sorted(root.iterdir()):
            for line in path.read_text("utf-8").splitlines():
                document = json.loads(line)
                yield document["text"].replace(" ", "\n"), document.get("label", "none")

    sources = {name: scripts.packages.Source(fetch, "one other", topics) for name in ("first", "second")}
    monkeypatch.setattr(scripts.packages, "SOURCES", sources)
    monkeypatch.setattr(scripts.packages, "LEAST", 20)
    given = ["--results", str(tmp_path / "packages.jsonl"), "--seeds", "1", "--threads", "1", "--table", str(readme)]
    scripts.packages.main([str(tmp_path / "made"), "--corpora", "first", *given])
    assert fetched == ["one", "other"]
    kept = [json.loads(line) for line in (tmp_path / "made" / "first.jsonl").read_text("utf-8").splitlines()]
    assert len({document["text"] for document in kept}) == len(kept)
    assert all("\n" not in document["text"] for document in kept)
    [table] = tables_of(readme, "packages")
    assert [row[:2] for row in table[1:]] == [["first", "Small texts, by topic"]]
    assert table[1][2] == str(len(kept))
    assert sum(cell.endswith("**") for cell in table[1]) == 1
    scripts.packages.main([str(tmp_path / "made"), "--corpora", "first,second", *given])
    assert fetched == ["one", "other"] * 2
    [table] = tables_of(readme, "packages")
    assert [row[0] for row in table[1:]] == ["first", "second"]


PACKAGED = {
    "fortunes": (
        {
            "usr/share/games/fortunes/art": "Art is so long.\n%\nToo short\n%\nA critic sees it all.\n",
            "usr/share/x.dat": "",
        },
        [("Art is so long.", "art"), ("A critic sees it all.\n", "art")],
    ),
    "wordnet_verbs": (
        {"usr/share/wordnet/data.verb": '  1 a licence\n0 29 v 02 draw_in 0 breathe 1 000 | take air; "Breathe!"\n'},
        [('draw in, breathe: take air; "Breathe!"', "29")],
    ),
    "metamath": (
        {
            "usr/share/metamath/databases/set.mm": "$( A guide $)\n$( None yet $) a $p |- x $.\n$(\n"
            + f"{'#' * 40}\n  LOGIC\n{'#' * 40}\n$)\n$( Inference from ` ph ` alone. (Contributed by X.) $)\n"
            + "  idi $p |- ph $= ( ) B $.\n"
        },
        [("Inference from   alone. ", "LOGIC")],
    ),
    "procurement": (
        {
            "package/data/cpv.json": json.dumps(
                [
                    {"code": "03000000", "labels": {"en": "Agricultural products"}},
                    {"code": "03111000", "labels": {"en": "Seeds"}},
                ]
            )
        },
        [("Seeds", "Agricultural products")],
    ),
    "unicode_symbols": (
        {
            "usr/share/unicode/Scripts.txt": "0041..005A ; Latin # L&\n2600 ; Common # So\n",
            "usr/share/unicode/Blocks.txt": "# Blocks\n0000..007F; Basic Latin\n2600..26FF; Miscellaneous Symbols\n",
            "usr/share/unicode/UnicodeData.txt": "0000;<control>;Cc\n0041;LATIN A;Lu\n2600;BLACK SUN;So\n",
        },
        [("BLACK SUN", "Miscellaneous Symbols")],
    ),
}


@pytest.mark.parametrize("name", PACKAGED)
def test_readers_of_packages(scripts, tmp_path, name):
    files, texts = PACKAGED[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    assert list(scripts.packages.SOURCES[name].read(tmp_path)) == texts


def test_packages_that_cannot_be_had_do_not_stop_the_others(scripts, tmp_path, monkeypatch, capsys):
    def missing(folder, package):
        subprocess.run(
            [sys.executable, "-c", f"raise SystemExit('no {package} here')"], check=True, capture_output=True
        )

    def empty(root):
        return []

    sources = {
        "gone": scripts.packages.Source(missing, "one", empty),
        "moved": scripts.packages.Source(lambda folder, package: (folder / "of_old").read_text(), "one", empty),
        "empty": scripts.packages.Source(missing, "", empty),
    }
    monkeypatch.setattr(scripts.packages, "SOURCES", sources)
    scripts.packages.main([str(tmp_path), "--corpora", "gone,moved,empty", "--results", str(tmp_path / "none.jsonl")])
    said = [line for line in capsys.readouterr().out.splitlines() if "fetching" not in line]
    assert said[0] == "gone is not run: one cannot be fetched (no one here)."
    assert said[1].startswith("moved is not run: [Errno 2] No such file or directory")
    assert said[2:] == ["empty is not run: no labelled texts there."]
    assert not list(tmp_path.iterdir())


def test_packages_know_their_corpora(scripts, tmp_path, capsys):
    with pytest.raises(SystemExit):
        scripts.packages.main([str(tmp_path), "--corpora", "nothing"])
    assert "corpus must be one of packages, package_titles" in capsys.readouterr().err
    assert all(
        source.read.__doc__ and source.read.__doc__.count("\n") == 0 for source in scripts.packages.SOURCES.values()
    )
