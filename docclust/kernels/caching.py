"""What is compiled is kept on disk until a file has changed of which it is made.

numba looks at the file of a loop alone, and a loop is also made of the instructions and the constants of other files.
"""

import atexit
import hashlib
import logging
import shutil
import sys
import tempfile
from pathlib import Path

import numba
from numba.core.dispatcher import Dispatcher

log = logging.getLogger("docclust.kernels")


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
    """Have the loops of an imported package compiled anew when any file of its folder has changed."""
    files = sorted(Path(sys.modules[package].__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).digest()
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(f"{package}.")]
    for loop in (value for module in modules for value in vars(module).values()):
        # numba has no option for this. A loop that is not kept has no such file.
        file = getattr(loop._cache, "_cache_file", None) if isinstance(loop, Dispatcher) else None
        if file is not None:
            file._source_stamp = digest


find_place()
