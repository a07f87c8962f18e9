import os
from pathlib import Path

import pytest

from docclust.config import parse
from docclust.corpus import Skipped, read


@pytest.fixture
def documents():
    """Read a corpus as a config names it: ``documents("jsonl", path=..., text="body")`` -> list of documents."""

    def read_all(source, skipped=None, **keys):
        plain = {key: str(value) if isinstance(value, Path) else value for key, value in keys.items()}
        settings = parse({"corpus": {"source": source, **plain}})
        return list(read(settings.corpus, Skipped() if skipped is None else skipped))

    return read_all


@pytest.fixture
def tree(tmp_path):
    """Write files given as path -> content below a folder of their own."""

    def grow(files):
        root = tmp_path / "texts"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return grow


@pytest.fixture(scope="session")
def shared_corpora():
    folder = os.environ.get("DOCCLUST_CORPORA")
    if not folder:
        pytest.skip("DOCCLUST_CORPORA names no folder with the shared corpora")
    return Path(folder)
