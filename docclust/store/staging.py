"""Folders in which files are made before they are renamed into place, so that they are there whole or not at all."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = ".docclust-"
NEW = "new"
OLD = "old"
# Seconds after which nobody is about to lock a folder.
ABANDONED = 3600


@contextlib.contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A folder in `parent` with an empty one in it, NEW, to fill and take away; OLD in it is what was replaced.

    What writers that were killed have left in `parent` is removed: every writer holds a lock on its folder, which ends
    with its process.
    """
    for left in parent.glob(f"{PREFIX}*"):
        if (_n_held(left) == 1 or _is_old(left)) and (lock := _lock(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    lock = _lock(folder)
    try:
        (folder / NEW).mkdir()  # as open as any other, while mkdtemp makes one for the owner alone
        yield folder
    finally:
        if _n_held(folder) < 2:  # with both, what is being replaced is nowhere else
            shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path under which to write what then takes the place of `path`."""
    path = path.resolve()
    with staging(path.parent) as folder:
        made = folder / NEW / path.name
        yield made
        made.replace(path)


def _is_old(folder: Path) -> bool:
    """Whether there is nothing in a folder, and it is not about to be locked either."""
    try:
        return not any(folder.iterdir()) and time.time() - folder.stat().st_mtime > ABANDONED
    except OSError:
        return False


def _n_held(folder: Path) -> int:
    return sum(os.path.exists(folder / name) for name in (NEW, OLD))  # of another user's folder nothing is known


def _lock(folder: Path) -> int | None:
    """A lock on a folder; None where another process has it, or where there are no locks on folders."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
