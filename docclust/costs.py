"""What a run takes: the seconds of its stages, and its memory."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from docclust import em

# What Linux tells of this process.
STATUS = Path("/proc/self/status")
# Told of a stage by name and how far it is: done of total, where total is 0 if it is not known.
Progress = Callable[[str, int, int], None]


class Clock:
    """Times the stages of a run and passes on how far they are."""

    def __init__(self, progress: Progress):
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._stage = ""

    def begin(self, stage: str, total: int = 0) -> None:
        """End the stage before, if any, and begin this one."""
        self.end()
        self._stage, self._total, self._since = stage, total, time.perf_counter()
        self.tick(0)

    def tick(self, done: int) -> None:
        """Say how much of the stage is done; what goes beyond its total is told as doing it again."""
        self.done = done
        before = (done - 1) // self._total * self._total if done and self._total else 0
        self.progress(f"{self._stage} again" if before else self._stage, done - before, self._total)

    def start(self, step: em.Step) -> None:
        """Count a start of EM when its first step is told."""
        self.tick(self.done + (step.iteration == 0))

    def end(self) -> None:
        """End the stage, if any."""
        if self._stage:
            self.seconds[self._stage] = round(time.perf_counter() - self._since, 3)
        self._stage = ""


def peak_mib() -> float | None:
    """Peak memory of this process so far, in MiB; None where the system, as Windows, does not tell.

    Linux has it in a file; what it tells as `ru_maxrss` may be the peak of the process that started this one.
    """
    try:
        return round(int(STATUS.read_text("utf-8").partition("VmHWM:")[2].split()[0]) / 2**10, 1)
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
