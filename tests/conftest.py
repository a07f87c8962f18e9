"""What several test files stand on: the small corpus, clustered once."""

from pathlib import Path

import pytest

from docclust import config, pipeline, store
from docclust.results import Run

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def small_run() -> Run:
    return pipeline.run(config.load(ROOT / "configs" / "six_topics.toml"))


@pytest.fixture
def small_folder(small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "runs" / "six_topics"
    store.write_run(small_run, folder)
    return folder
