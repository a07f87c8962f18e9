"""Several numbers of clusters: which are tried, how stable each is, and which stand out."""

import csv
import io
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from docclust import cli, config, sweeping
from docclust.errors import SettingError
from docclust.report import phrases, text
from docclust.results import Candidate

ROOT = Path(__file__).parent.parent
SIX_TOPICS = ROOT / "corpora" / "six_topics.jsonl"


def settings(path=SIX_TOPICS, **sections):
    return config.parse({"corpus": {"source": "jsonl", "path": str(path)}} | sections)


def candidate(k, stability):
    return Candidate(k, stability, 0.1, 0.3, 5, 50, None, True, ["one/two"] * k)


@pytest.fixture(scope="module")
def small():
    return list(sweeping.sweep(settings(), [4, 5, 6, 7, 8]))


def test_the_six_topics_stand_out(small):
    found = sweeping.marked(small)
    assert [one.n_components for one in found] == [4, 5, 6, 7, 8]
    assert [one.n_components for one in found if one.stands_out] == [6]
    assert found[2].stability > 0.95
    assert found[2].nmi > 0.85
    assert "orchestra" in " ".join(found[2].clusters)


@pytest.mark.parametrize("workers", [1, 2])
def test_neither_workers_nor_the_order_of_documents_change_a_sweep(tmp_path, workers, small):
    lines = SIX_TOPICS.read_text("utf-8").splitlines(keepends=True)
    random.Random(0).shuffle(lines)
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_text("".join(lines), "utf-8")
    assert list(sweeping.sweep(settings(shuffled, engine={"workers": workers}), [6])) == [small[2]]


def test_a_seed_of_its_own_draws_other_starts(small):
    assert next(sweeping.sweep(settings(seed=1), [8])).stability != small[-1].stability


@pytest.mark.parametrize(
    ("written", "numbers"),
    [("5", [5]), ("10,5, 20", [5, 10, 20]), ("2-6", [2, 3, 4, 5, 6]), ("4-5,3", [3, 4, 5]), ("3,3", [3])],
)
def test_numbers_are_written_as_lists_and_ranges(written, numbers):
    assert sweeping.numbers(written) == numbers


def test_a_long_range_is_walked_in_steps_of_equal_ratio():
    found = sweeping.numbers("2-500")
    assert (found[0], found[-1]) == (2, 500)
    assert 15 <= len(found) <= 20
    ratios = np.divide(found[7:], found[6:-1])
    assert ratios.max() < 1.1 * ratios.min()


@pytest.mark.parametrize("written", ["", "1", "0-5", "5-2", "many", "2-", "-3", "2.5", "2,,3", "٣"])
def test_other_numbers_are_refused_in_one_line(written):
    with pytest.raises(SettingError, match=r"^--clusters must be .* Try 2-30, or 5,10,20\.$"):
        sweeping.numbers(written)


def test_without_numbers_no_cluster_has_fewer_than_five_documents_in_the_mean(tmp_path):
    few = tmp_path / "few.jsonl"
    few.write_text("".join(SIX_TOPICS.read_text("utf-8").splitlines(keepends=True)[:20]), "utf-8")
    assert [one.n_components for one in sweeping.sweep(settings(few))] == [2, 3, 4]


@pytest.mark.parametrize(
    ("sections", "wanted", "message"),
    [({}, [2, 1000], "at most the documents"), ({"seeding": {"n_init": 1}}, [2], "n_init must be 2 or more")],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_fitted(sections, wanted, message):
    with pytest.raises(SettingError, match=message):
        next(sweeping.sweep(settings(**sections), wanted))


def test_stability_is_the_mean_adjusted_rand_index_where_starts_are_equally_good():
    labels = np.random.default_rng(0).integers(0, 3, (3, 50))
    pairs = [adjusted_rand_score(labels[i], labels[j]) for i, j in [(0, 1), (0, 2), (1, 2)]]
    assert sweeping.stability(labels, np.zeros(3)) == pytest.approx(np.mean(pairs))


def test_a_bad_start_weighs_little_and_one_that_was_left_nothing():
    labels = np.tile(np.arange(50) % 4, (5, 1))
    labels[3], labels[4] = np.arange(50) // 13, np.arange(50) // 25
    bad = sweeping.stability(labels, np.array([0.0, 0.0, 0.0, -1.0, np.nan]))
    assert 0.85 < bad < 1
    assert sweeping.stability(labels, np.array([0.0, 0.0, 0.0, np.nan, np.nan])) == 1


def test_a_number_stands_out_where_stability_falls_on_both_sides():
    stability = [0.5, 0.6, 0.95, 0.93, 0.7, 0.75, 0.7]
    found = sweeping.marked([candidate(k, s) for k, s in enumerate(stability, start=2)])
    assert [one.n_components for one in found if one.stands_out] == [4]
    assert [one.n_components for one in found if one.nearly] == [4, 5]


@pytest.mark.parametrize(("stabilities", "best"), [([0.9, 0.7, 0.5], 2), ([0.5, 0.7, 0.9], 4), ([0.7, 0.7, 0.7], 3)])
def test_the_ends_of_a_range_may_stand_out(stabilities, best):
    found = sweeping.marked([candidate(k, s) for k, s in zip([2, 3, 4], stabilities, strict=True)])
    assert [one.n_components for one in found if one.stands_out] == [best]


def test_what_to_make_of_it_is_said():
    rising = sweeping.marked([candidate(2, 0.5), candidate(3, 0.7)])
    assert any("Try more: --clusters 3-9" in said for said in phrases.choice(rising))
    falling = sweeping.marked([candidate(2, 0.9), candidate(3, 0.7)])
    assert any("take a later *" in said for said in phrases.choice(falling))
    unfinished = sweeping.marked([replace(candidate(2, 0.9), converged=False)])
    assert any("1 fit had not converged" in said for said in phrases.choice(unfinished))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits_its_width_and_marks_what_stands_out(width):
    found = sweeping.marked([candidate(k, s) for k, s in [(2, 0.5), (5, 0.95), (6, 0.92), (1000, 0.4)]])
    lines = [line.plain for line in text.candidates(found, width)]
    assert max(map(len, lines)) <= width
    assert [line[0] for line in lines[1:5]] == [" ", "*", "+", " "]


def test_a_pipe_gets_every_number_that_was_tried(capsys, small):
    command = ["sweep", str(ROOT / "configs" / "six_topics.toml"), "--clusters", "5,6", "--quiet"]
    for format in ("json", "csv"):
        with pytest.raises(SystemExit) as left:
            cli.main([*command, "--format", format])
        assert not left.value.code
    printed = capsys.readouterr()
    assert printed.err == ""
    told, _, table = printed.out.partition("]\nn_components")
    objects = json.loads(f"{told}]")
    assert [one["n_components"] for one in objects] == [5, 6]
    assert [len(one["clusters"]) for one in objects] == [5, 6]
    rows = list(csv.DictReader(io.StringIO(f"n_components{table}")))
    assert [float(row["stability"]) for row in rows] == [one["stability"] for one in objects]
