"""A browser that reports every complaint and every request, where there is one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docclust import store
from docclust.report import html, texts
from docclust.results import Run

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Browser:
    """Opens reports from the disk; what a page complains of or asks for is an error."""

    def __init__(self, chromium):
        self._chromium = chromium

    @contextmanager
    def open(self, path: Path, **options) -> Iterator:
        context = self._chromium.new_context(**({"viewport": {"width": 1200, "height": 900}} | options))
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.resolve().as_uri())
        page.wait_for_selector("html[data-ready]", timeout=60_000)
        try:
            yield page
            assert said == []
            assert asked == [path.resolve().as_uri()]
        finally:
            context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("there is no chromium on this machine (apt-get install chromium)")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield Browser(chromium)
        chromium.close()


@pytest.fixture(scope="session")
def small_page(small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "six_topics"
    store.write_run(small_run, folder)
    return store.write_report(folder, html.render(small_run, texts.read(small_run)))
