"""Parameters that others leave without a part are named, and no others are."""

import pytest

from docclust import SparseGaussianMixture, config, pipeline
from docclust.mixture.effects import without_effect
from tests.conftest import ROOT
from tests.mixture.test_copies import ROWS

IDLE = [
    ({"annealing": "none", "softness": 0.4}, {"softness"}),
    ({"annealing": "none", "annealing_steps": 5}, {"annealing_steps"}),
    ({"smoothing": "add", "covariance": "own", "softness": 0.4}, {"softness"}),
    ({"covariance": "own", "pooling": 10.0}, {"pooling"}),
    ({"reg_covar": 0.01, "final_smoothing": 0.5}, {"final_smoothing"}),
    (
        {"weight_pseudo": 2.0, "mean_pseudo": 2.0, "variance_pseudo": 2.0},
        {"weight_pseudo", "mean_pseudo", "variance_pseudo"},
    ),
    ({"consensus": True, "n_init": 1}, {"consensus"}),
    ({"split_merge": True}, {"split_merge"}),
    ({"init_params": "random", "seeding_steps": 3}, {"seeding_steps"}),
]
WORKING = [
    {},
    {"annealing": "smoothing", "annealing_steps": 5},
    {"annealing_steps": 5, "softness": 0.4, "pooling": 10.0, "final_smoothing": 0.5},
    {"smoothing": "prior", "weight_pseudo": 2.0, "mean_pseudo": 2.0, "variance_pseudo": 2.0},
    {"consensus": True, "n_init": 2},
    {"split_merge": False, "consensus": False, "seeding_steps": 3},
]


def fitted(options):
    return SparseGaussianMixture(3, random_state=0, **options).fit(ROWS)


@pytest.mark.parametrize(("options", "named"), IDLE, ids=lambda value: "-".join(value))
def test_a_parameter_without_a_part_is_named(options, named):
    assert set(without_effect(fitted(options))) == named


@pytest.mark.parametrize(("options", "named"), IDLE, ids=lambda value: "-".join(value))
def test_what_is_named_changes_nothing(options, named):
    others = {name: value for name, value in options.items() if name not in named}
    assert fitted(options).lower_bounds_ == fitted(others).lower_bounds_


@pytest.mark.parametrize("options", WORKING, ids=lambda options: "-".join(options))
def test_no_other_is_named(options):
    assert without_effect(fitted(options)) == {}


def test_a_run_says_which_keys_had_no_effect():
    overrides = ["seeding.method=random", "seeding.steps=3", "mixture.weight_pseudo=2.0"]
    told = pipeline.run(config.load(ROOT / "configs" / "six_topics.toml", overrides)).manifest["warnings"]
    assert '[mixture] weight_pseudo = 2.0 had no effect: it is only for smoothing = "prior". Try without it.' in told
    assert any(line.startswith("[seeding] steps = 3 had no effect") for line in told)
