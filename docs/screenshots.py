"""Make the pictures of the README from the small corpus: make docs (needs chromium).

They show what docclust makes now, and are made anew when it changes.
"""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from docclust import config, pipeline
from docclust.report import data, html, text, texts

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
VIEWPORT = {"width": 1180, "height": 800}
COLOURS = 128
TERMINAL_WIDTH, TERMINAL_LINES = 80, 38


def main() -> None:
    """Run, render, photograph."""
    run = pipeline.run(config.load(ROOT / "configs" / "six_topics.toml"))
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        report, terminal = Path(folder) / "report.html", Path(folder) / "terminal.html"
        report.write_text(html.render(run, texts.read(run)), "utf-8")
        terminal.write_text(on_a_terminal(run), "utf-8")
        chromium = started.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = chromium.new_page(viewport=VIEWPORT, color_scheme="light", device_scale_factor=1)
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-ready]")
        for name in ("overview", "map", "iterations", "ambiguous"):
            page.locator(f"nav a[href='#{name}']").click()
            page.evaluate("scrollTo(0, 0)")
            if name == "iterations":
                early = "slider => { slider.value = 2; slider.dispatchEvent(new Event('input')); }"
                page.locator("#frame").evaluate(early)
            page.wait_for_timeout(900)
            photograph(page, name)
        page.goto(terminal.as_uri())
        photograph(page, "terminal", page.locator("pre"))
        chromium.close()


def on_a_terminal(run) -> str:
    """The beginning of what `docclust run` prints, as HTML."""
    console = Console(record=True, width=TERMINAL_WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print("[bold]$ docclust run configs/six_topics.toml[/bold]")
    for line in text.summary(data.summarise(run), TERMINAL_WIDTH)[:TERMINAL_LINES]:
        console.print(line)
    return console.export_html(inline_styles=True)


def photograph(page: Page, name: str, part=None) -> None:
    """A small picture of the page, or of a part of it."""
    shot = Image.open(io.BytesIO((part or page).screenshot()))
    path = IMAGES / f"{name}.png"
    shot.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
