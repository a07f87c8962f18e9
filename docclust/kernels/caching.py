"""What is compiled is kept on disk until a file has changed of which it is made.

numba looks at the file of a loop alone, and a loop is also made of the instructions and the constants of other files.
"""

import hashlib
import sys
from pathlib import Path

from numba.core.dispatcher import Dispatcher


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
