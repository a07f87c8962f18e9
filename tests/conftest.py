"""What several test files stand on: the small corpus, clustered once, and 20 Newsgroups, clustered once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docclust import config, pipeline, store
from docclust.results import Run

ROOT = Path(__file__).parent.parent
CORPORA = os.environ.get("DOCCLUST_CORPORA")
NEWSGROUPS = """
name = "20newsgroups"
corpus = {{ source = "20newsgroups", data_home = "{}", remove = [] }}
mixture = {{ n_components = 20 }}
"""


@pytest.fixture(scope="session")
def small_run() -> Run:
    return pipeline.run(config.load(ROOT / "configs" / "six_topics.toml"))


@pytest.fixture
def small_folder(small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "runs" / "six_topics"
    store.write_run(small_run, folder)
    return folder


@pytest.fixture(scope="session")
def newsgroups_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 Newsgroups whole with the defaults, by the command in a process of its own, report included."""
    if not CORPORA:
        pytest.skip("DOCCLUST_CORPORA does not name the folder of labelled corpora")
    folder = tmp_path_factory.mktemp("newsgroups")
    (folder / "config.toml").write_text(NEWSGROUPS.format(Path(CORPORA) / "scikit_learn_data"), "utf-8")
    main = "import sys; from docclust.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", main, "run", "config.toml", "--out", "run"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=590)
    assert done.returncode == 0, done.stderr
    return folder / "run"
