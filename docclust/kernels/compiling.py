"""Says that the loops are being compiled, which happens once on a machine and takes some seconds."""

import logging
from collections.abc import Callable

from numba.core import event

log = logging.getLogger("docclust.kernels")


class Announcement(event.Listener):
    """Tells one line when the first of docclust's loops is compiled, and none when they come from the cache."""

    def __init__(self, tell: Callable[[str], object] = log.info) -> None:
        self.tell, self.made = tell, False

    def on_start(self, event: event.Event) -> None:
        """One line, unless it was said or the loop is someone else's."""
        module = getattr(event.data["dispatcher"].py_func, "__module__", None) or ""
        if not self.made and module.startswith("docclust."):
            self.made = True
            self.tell("Compiling docclust's loops for this machine: some seconds, this once.")

    def on_end(self, event: event.Event) -> None:
        """Nothing."""


event.register("numba:compile", Announcement())
