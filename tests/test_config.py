"""Settings: the default config shows every key, and every mistake gets one line that names it and its remedy."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from docclust import SparseGaussianMixture, config
from docclust.errors import ConfigError, DocclustError
from docclust.mixture.checks import INTEGERS, NUMBERS

CONFIGS = Path(__file__).parent.parent / "configs"
PYDOCS = {"corpus": {"source": "pydocs"}}


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.name)
def test_every_config_in_the_folder_loads(path):
    settings = config.load(path)
    assert settings.name
    if hasattr(settings.corpus, "path"):
        assert settings.corpus.path.is_absolute()


def test_the_default_config_shows_every_key_with_its_default():
    path = CONFIGS / "default.toml"
    shown = tomllib.loads(path.read_text("utf-8"))
    settings = config.parse(PYDOCS).model_copy(update={"name": "pydocs"})
    defaults = tomllib.loads(config.dumps(settings))
    assert shown == defaults
    assert list(shown) == list(defaults)
    assert {section: list(keys) for section, keys in shown.items() if isinstance(keys, dict)} == {
        section: list(keys) for section, keys in defaults.items() if isinstance(keys, dict)
    }


@pytest.mark.parametrize("source", ["folder", "jsonl", "csv", "tsv", "20newsgroups", "nltk", "pydocs"])
def test_the_corpus_alone_is_a_complete_config_and_survives_a_round_trip(source):
    section = {"source": source} | ({"path": "/texts"} if source in ("folder", "jsonl", "csv", "tsv") else {})
    settings = config.parse({"corpus": section})
    assert config.parse(tomllib.loads(config.dumps(settings))) == settings


def test_overrides_win_over_the_file_and_are_read_as_toml():
    path = CONFIGS / "six_topics.toml"
    settings = config.load(path, ["mixture.n_components=7", "seed=3", "vectors.stem=english", "vectors.min_df=0.1"])
    assert (settings.mixture.n_components, settings.seed) == (7, 3)
    assert (settings.vectors.stem, settings.vectors.min_df) == ("english", 0.1)


@pytest.mark.parametrize(("sublinear", "tf"), [(True, "log"), (False, "count")])
def test_the_key_of_before_there_was_bm25_means_what_it_meant(sublinear, tf):
    settings = config.parse({"corpus": {"source": "pydocs"}, "vectors": {"sublinear_tf": sublinear, "stem": "english"}})
    assert (settings.vectors.tf, settings.vectors.stem) == (tf, "english")


def test_paths_are_relative_to_the_config_file(tmp_path):
    (tmp_path / "news.toml").write_text('[corpus]\nsource = "jsonl"\npath = "texts/news.jsonl"\n')
    settings = config.load(tmp_path / "news.toml")
    assert settings.corpus.path == tmp_path / "texts" / "news.jsonl"
    assert settings.name == "news"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, 'corpus must be given. Try source = "folder" and path = "texts" in a section [corpus].'),
        ({"corpus": {}}, "[corpus] source must be given, one of 20newsgroups, csv,"),
        ({"corpus": {"source": "jsnl"}}, "got 'jsnl'. Did you mean jsonl?"),
        ({"corpus": {"source": "jsonl"}}, "[corpus] path must be given"),
        (
            {"corpus": {"source": "jsonl", "path": "x", "texxt": "a"}},
            "[corpus] texxt is not a key docclust knows. Did you mean text?",
        ),
        ({"corpus": 3}, "corpus must be a section, got 3"),
        (PYDOCS | {"mixtur": {}}, "mixtur is not a key docclust knows. Did you mean mixture?"),
        (
            PYDOCS | {"mixture": {"n_component": 3}},
            "[mixture] n_component is not a key docclust knows. Did you mean n_components?",
        ),
        (PYDOCS | {"mixture": {"zzz": 3}}, "[mixture] zzz is not a key docclust knows. Known keys: n_components,"),
        (PYDOCS | {"mixture": {"n_components": 0}}, "[mixture] n_components must be greater than 0, got 0"),
        (PYDOCS | {"mixture": {"n_components": "many"}}, "[mixture] n_components must be"),
        (PYDOCS | {"mixture": {"covariance": "full"}}, "[mixture] covariance must be 'auto', 'own', 'pooled'"),
        (PYDOCS | {"mixture": 3}, "mixture must be a section, got 3"),
        (PYDOCS | {"mixture": {"reg_covar": "x"}}, "[mixture] reg_covar must be 'auto' or a number, got 'x'"),
        (PYDOCS | {"keywords": {"n_words": True}}, "[keywords] n_words must be an integer, got True"),
        (
            PYDOCS | {"mixture": {"reg_covar": -1}},
            "[mixture] reg_covar must be 'auto' or greater than or equal to 0, got -1",
        ),
        (PYDOCS | {"mixture": {"softness": 7}}, "[mixture] softness must be less than or equal to 1, got 7"),
        (
            PYDOCS | {"mixture": {"length_exponent": 1000}},
            "[mixture] length_exponent must be 'auto' or less than or equal to 1, got 1000",
        ),
        (PYDOCS | {"mixture": {"tol": float("inf")}}, "[mixture] tol must be a finite number, got inf"),
        (
            PYDOCS | {"mixture": {"smoothing": "floor", "reg_covar": 0}},
            '[mixture] reg_covar must be greater than 0 with smoothing "floor", got 0.0.',
        ),
        (
            PYDOCS | {"mixture": {"smoothing": "prior", "variance_pseudo": 0}},
            '[mixture] variance_pseudo must be greater than 0 with smoothing "prior", got 0.0.',
        ),
        (
            PYDOCS | {"mixture": {"smoothing": "add", "covariance": "cosine"}},
            '[mixture] smoothing must be "noise" with covariance "cosine", got "add".',
        ),
        (
            PYDOCS | {"engine": {"scheduler": "tcp://127.0.0.1:8786"}},
            '[engine] backend must be "dask" with a scheduler, got "threads".',
        ),
        (
            PYDOCS | {"engine": {"backend": "dask", "workers": 1}},
            '[engine] workers must be 0 (as many as there are) or more than 1 with backend "dask", got 1.',
        ),
        (PYDOCS | {"vectors": {"max_df": 1.5}}, "[vectors] max_df must be a number of documents"),
        (PYDOCS | {"vectors": {"token_pattern": "("}}, "[vectors] token_pattern must be a regular expression"),
        (PYDOCS | {"seed": -1}, "seed must be greater than or equal to 0, got -1"),
        (PYDOCS | {"seed": True}, "seed must be an integer, got True"),
        *(
            (PYDOCS | {"name": name}, f'name must be the name of a folder below runs, such as "news", got {name!r}')
            for name in (".", "..", "/abs", "a/../../b", " ", "a\0b")
        ),
        (
            {"corpus": {"source": "jsonl", "path": "a\0b"}},
            "[corpus] path must be a path, in which no character is NUL, got 'a\\x00b'.",
        ),
        *(
            (
                {"corpus": {"source": "jsonl", "path": "x", "text": text}},
                f'[corpus] text must be the name of a column such as "body", or a list of some, got {text!r}',
            )
            for text in ("", [], ["body", ""])
        ),
    ],
)
def test_a_mistake_gets_one_line_with_section_key_value_and_remedy(data, message):
    with pytest.raises(ConfigError) as caught:
        config.parse(data, "news.toml")
    text = str(caught.value)
    assert text.startswith("news.toml: ")
    assert message in text
    assert "\n" not in text


def is_taken(take, value):
    try:
        take(value)
    except DocclustError:
        return False
    return True


@pytest.mark.parametrize("key", sorted({*INTEGERS, *NUMBERS} & set(config.MixtureSettings.model_fields)))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_config_takes_the_numbers_that_the_estimator_takes(key):
    X = np.tile(np.eye(4), (20, 1))
    mixture = SparseGaussianMixture(1, n_init=1)
    for value in (-1, 0, 0.5, 1, 2, 2.0, True, float("nan"), float("inf"), "auto", "2"):
        in_config = is_taken(config.parse, PYDOCS | {"mixture": {key: value}})
        assert is_taken(clone(mixture).set_params(**{key: value}).fit, X) == in_config, value


def test_the_home_of_nobody_is_named(tmp_path):
    (tmp_path / "news.toml").write_text('[corpus]\nsource = "jsonl"\npath = "~nosuchuser/x.jsonl"\n', "utf-8")
    with pytest.raises(
        ConfigError, match=r"path must begin with the home of a user, got '~nosuchuser/x.jsonl'. Try ./~"
    ):
        config.load(tmp_path / "news.toml")


def test_a_file_that_is_missing_unreadable_or_not_toml_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file"):
        config.load(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"must be UTF-8 text, and byte 0 is not. Try to save it as UTF-8"):
        config.load(tmp_path / "binary.toml")
    (tmp_path / "bad.toml").write_text('[corpus]\nsource = "pydocs"\npackages = [\n')
    with pytest.raises(ConfigError, match=r"bad\.toml: not valid TOML: .*line.* Try configs/default\.toml"):
        config.load(tmp_path / "bad.toml")


def test_a_corpus_in_place_of_a_config_is_told_which_config_reads_it(tmp_path):
    (tmp_path / "some texts").mkdir()
    (tmp_path / "news.csv").write_text("id,text\n")
    with pytest.raises(ConfigError, match=r"must be a config file, got a folder. Try docclust run configs/folder.toml"):
        config.load(tmp_path / "some texts")
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / "news.csv")
    assert str(caught.value).endswith(f"Try docclust run configs/csv.toml --set corpus.path={tmp_path / 'news.csv'}.")
    (tmp_path / "news.toml").touch()
    with pytest.raises(ConfigError, match=r"got a folder. Try .*news.toml\.$"):
        config.load(tmp_path)


def test_a_config_of_a_windows_editor_is_read_and_its_backslashes_get_a_hint(tmp_path):
    path = tmp_path / "news.toml"
    path.write_text('[corpus]\nsource = "pydocs"\n', "utf-8-sig")
    assert config.load(path).corpus.source == "pydocs"
    for escape in ("Users", "data"):
        path.write_text(f'[corpus]\nsource = "csv"\npath = "C:\\{escape}\\x.csv"\n')
        with pytest.raises(ConfigError, match=r"not valid TOML: .* Try single quotes around a path with backslashes"):
            config.load(path)


@pytest.mark.parametrize("tab", [r"\t", r'"\t"', "\t"])
def test_a_tab_can_be_set_as_a_shell_passes_it_on(tmp_path, tab):
    (tmp_path / "news.toml").write_text('[corpus]\nsource = "csv"\npath = "news.csv"\n')
    assert config.load(tmp_path / "news.toml", [f"corpus.delimiter={tab}"]).corpus.delimiter == "\t"


@pytest.mark.parametrize("override", ["mixture.n_components", "a.b.c=1", "seed.x=1", "=3"])
def test_an_override_that_cannot_be_applied_is_named(override):
    with pytest.raises(ConfigError, match="--set"):
        config.load(CONFIGS / "six_topics.toml", [override])


def test_other_documents_are_read_as_those_of_the_run_where_they_are_of_its_kind(tmp_path):
    table = config.parse(
        {"corpus": {"source": "csv", "path": "mine.csv", "text": ["a"]}, "mixture": {"n_components": 2}}
    )
    assert config.other_documents(table, tmp_path / "new.csv").text == ["a"]
    assert config.other_documents(table, tmp_path / "new.csv", ['corpus.text="b"']).text == "b"
    assert config.other_documents(table, tmp_path / "new.jsonl").source == "jsonl"
    assert config.other_documents(table, tmp_path).source == "folder"
    with pytest.raises(ConfigError, match=r"--set must change \[corpus\] alone"):
        config.other_documents(table, tmp_path / "new.csv", ["vectors.min_df=1"])
    downloaded = config.parse({"corpus": {"source": "20newsgroups"}, "mixture": {"n_components": 2}})
    with pytest.raises(ConfigError, match=r"must be a folder, or end in \.csv, \.tsv, \.jsonl"):
        config.other_documents(downloaded, tmp_path / "new.unknown")
