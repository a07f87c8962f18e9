"""How loops are compiled, where they are kept, and a line that says so: it happens once on a machine, for some seconds.

What is compiled is kept on disk until a file has changed of which it is made. numba looks at the file of a loop alone,
and in a package that is stamped a loop is also made of the instructions and the constants of other files.
"""

import atexit
import hashlib
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numba
from numba.core import event
from numba.core.dispatcher import Dispatcher

log = logging.getLogger("docclust.kernels")

# A loop, and one that only loops call. The ways in that numba would make besides, for C and, to what only other loops
# call, for Python, take a seventh of the time.
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


def find_place() -> None:
    """See that compiled loops can be kept; where neither the package nor the user has a place, until this process ends.

    numba refuses to make loops otherwise, and a container without a home could not import docclust.
    """
    try:
        numba.njit(cache=True)(_of_this_package)
    except RuntimeError:
        numba.config.CACHE_DIR = tempfile.mkdtemp(prefix="docclust-")
        atexit.register(shutil.rmtree, numba.config.CACHE_DIR, ignore_errors=True)
        log.warning(
            "No folder to keep compiled loops in: they are compiled anew every time. NUMBA_CACHE_DIR names one."
        )


def _of_this_package() -> None:
    """What numba is asked to keep."""


def stamp(package: str) -> None:
    """Have the loops of an imported package compiled anew when any file of its folder, or this one, has changed."""
    files = [Path(__file__), *sorted(Path(sys.modules[package].__file__).parent.glob("*.py"))]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).digest()
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(f"{package}.")]
    for loop in (value for module in modules for value in vars(module).values()):
        # numba has no option for this. A loop that is not kept has no such file.
        file = getattr(loop._cache, "_cache_file", None) if isinstance(loop, Dispatcher) else None
        if file is not None:
            file._source_stamp = digest


event.register("numba:compile", Announcement())
find_place()
