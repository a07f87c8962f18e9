"""How loops are compiled, and a line that says so: it happens once on a machine and takes some seconds.

The ways in that numba would make besides, for C and, to what only other loops call, for Python, take a seventh of them.
"""

import logging
from collections.abc import Callable
from functools import partial

import numba
from numba.core import event

log = logging.getLogger("docclust.kernels")

# A loop, and one that only loops call.
compiled = partial(numba.njit, nogil=True, cache=True, error_model="numpy", no_cfunc_wrapper=True)
within = partial(compiled, no_cpython_wrapper=True)


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
