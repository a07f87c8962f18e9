"""How far a run is, told on stderr: a bar for each stage on a terminal, a line for each elsewhere."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from docclust.cli import output

STAGES = {
    "start": "starting",
    "read": "reading",
    "fit": "fitting",
    "fit again": "fitting anew",
    "sweep": "trying",
    "calibrate": "calibrating",
    "describe": "describing",
    "map": "mapping",
    "assign": "assigning",
    "report": "reporting",
    "write": "writing",
}


class Lines:
    """A line on stderr as each stage begins."""

    def __init__(self, quiet: bool = False):
        self._quiet, self._stage = quiet, ""

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *problem: object) -> None:
        pass

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that `done` of `total` are done in a stage; a total of 0 is not known."""
        if stage != self._stage and not self._quiet:
            output.tell(STAGES.get(stage, stage))
        self._stage = stage

    def note(self, line: str) -> None:
        """A line between the stages."""
        if not self._quiet:
            output.tell(line)


class Bars:
    """A bar on stderr for each stage, with how much is done and the time it took."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            TextColumn("{task.description:<12}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[count]:>12}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._stage, self._task = "", None

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, problem: object, *rest: object) -> None:
        if problem is None:
            self._finish()
        self._bars.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that `done` of `total` are done in a stage; a total of 0 is not known."""
        if stage != self._stage:
            self._finish()
            self._stage, self._task = stage, self._bars.add_task(STAGES.get(stage, stage), total=None, count="")
        count = f"{done:,}/{total:,}" if total else f"{done:,}" if done else ""
        self._bars.update(self._task, completed=done, total=total or None, count=count)

    def note(self, line: str) -> None:
        """A line above the bars."""
        self._bars.console.print(line, style="dim", markup=False, highlight=False)

    def _finish(self) -> None:
        if self._task is not None:
            self._bars.update(self._task, completed=1, total=1)
            self._bars.stop_task(self._task)


class _Notes(logging.Handler):
    """Shows what the kernels log: that they are being compiled."""

    def __init__(self, told: Lines | Bars):
        super().__init__(logging.INFO)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self._told.note(record.getMessage())


@contextmanager
def shown(quiet: bool) -> Iterator[Lines | Bars]:
    """Bars where stderr is a terminal, else lines, or nothing."""
    kernels = logging.getLogger("docclust.kernels")
    with Bars() if sys.stderr.isatty() and not quiet else Lines(quiet) as told:
        notes = _Notes(told)
        kernels.addHandler(notes)
        kernels.setLevel(logging.INFO)
        try:
            yield told
        finally:
            kernels.removeHandler(notes)
