"""Blocks of rows, and who maps over them: this process, threads, or a Dask cluster.

A block function is pure and its results come back in the order of the blocks, so sums over blocks are taken in a
fixed order: who maps changes how long a fit takes and not one bit of its result. Inside `session` of a Dask backend
joblib hands the work to the cluster.
"""

import ctypes
import functools
import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext

import joblib
import numpy as np
import scipy.sparse as sp
from threadpoolctl import ThreadpoolController

from docclust import kernels
from docclust.errors import SettingError

# What malloc.h of glibc calls it, and from how many bytes on an array is large.
M_MMAP_THRESHOLD = -3
LARGE_BYTES = 2**18


def blocks(X: sp.csr_array, rows: int) -> list[sp.csr_array]:
    """Cut a matrix into blocks of at most `rows` rows that share its memory."""
    return [kernels.view(X, start, min(start + rows, X.shape[0])) for start in range(0, X.shape[0], rows)]


def stacked(parts: list[sp.csr_array]) -> sp.csr_array:
    """Blocks of rows as one matrix; takes `parts` over, and gives each back when it is copied."""
    counts = np.concatenate([[0], *(np.diff(part.indptr) for part in parts)])
    starts = np.cumsum(counts, dtype=np.int32 if counts.sum() < 2**31 else np.int64)
    whole = sp.csr_array((counts.size - 1, parts[0].shape[1]), dtype=parts[0].dtype)
    data, indices = [part.data for part in parts], [part.indices for part in parts]
    parts.clear()
    whole.data, whole.indices, whole.indptr = kernels.joined(data), kernels.joined(indices), starts
    return whole


class _OneBlasThread:
    """How many fits go on for which linear algebra is held to one thread; the last of them lets it go."""

    def __init__(self) -> None:
        self._many, self._limit, self._lock = 0, None, threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """A context in which linear algebra takes the thread it is called from.

        The products of EM are small, and the threads that a BLAS keeps for them spin on the cores that workers need:
        two of them take a tenth longer.
        """
        with self._lock:
            if not self._many:
                self._limit = _pools().limit(limits=1, user_api="blas")
            self._many += 1
        try:
            yield
        finally:
            with self._lock:
                self._many -= 1
                if not self._many:
                    self._limit.restore_original_limits()


one_blas_thread = _OneBlasThread()


@functools.cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def threads(n_jobs: int | None) -> Iterator[Callable]:
    """A `map` over threads of this process, for calls so short that starting threads for each would take longer."""
    many = _threads(n_jobs)
    if many == 1:
        yield map
        return
    with ThreadPoolExecutor(many) as pool:
        yield pool.map


@contextmanager
def beside(function: Callable, *given: object, n_jobs: int | None = None) -> Iterator[Callable[[], object]]:
    """Call ``function(*given)`` while what stands inside goes on; called, what is yielded waits for the result.

    Each has half the workers until one of them is done. One worker calls the function first.
    """
    if workers(n_jobs) == 1:
        found = function(*given)
        yield lambda: found
        return
    with ThreadPoolExecutor(1) as pool, _side_by_side.entered() as leave:
        other = pool.submit(function, *given)
        other.add_done_callback(lambda _: leave())

        def result() -> object:
            leave()
            return other.result()

        yield result


class _Sides:
    """How many parts of this process's work go on at a time, and share its workers."""

    def __init__(self) -> None:
        self.many, self._lock = 1, threading.Lock()

    @contextmanager
    def entered(self) -> Iterator[Callable[[], None]]:
        """One more; called, what is yielded takes it back, and so does the end of the context."""
        inside = True

        def leave() -> None:
            nonlocal inside
            with self._lock:
                self.many -= inside
                inside = False

        with self._lock:
            self.many += 1
        try:
            yield leave
        finally:
            leave()


_side_by_side = _Sides()


def shared_out(pieces: list, at_most: int, n_jobs: int | None) -> list[list]:
    """Pieces in lists of at most so many, as many lists as there are workers at least."""
    size = max(1, min(at_most, -(-len(pieces) // workers(n_jobs))))
    return [pieces[first : first + size] for first in range(0, len(pieces), size)]


def map_blocks(function: Callable, pieces: list, *shared: object, n_jobs: int | None = None) -> Iterator:
    """Call ``function(piece, *shared)`` for every piece; yield the results in order."""
    if len(pieces) == 1 or joblib.effective_n_jobs(n_jobs) == 1:
        return (function(piece, *shared) for piece in pieces)
    if _threads(n_jobs) > 1:
        return _by_threads(function, pieces, shared, n_jobs)
    # Arrays over `max_nbytes` would come to a process of its own as files that cannot be written to.
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator", max_nbytes=None)
    return parallel(joblib.delayed(function)(piece, *shared) for piece in pieces)


def _by_threads(function: Callable, pieces: list, shared: tuple, n_jobs: int | None) -> Iterator:
    done = 0
    while done < len(pieces) and workers(n_jobs) == 1:  # until others have ended
        yield function(pieces[done], *shared)
        done += 1
    if done == len(pieces):
        return
    # joblib looks for results every 10 ms, which is as long as a step over a hundred thousand words takes.
    pool = ThreadPoolExecutor(workers(n_jobs))
    try:
        yield from pool.map(function, pieces[done:], *map(itertools.repeat, shared))
    finally:
        pool.shutdown(cancel_futures=True)


def workers(n_jobs: int | None) -> int:
    """How many threads of this process map, where others do not have them; one where a cluster maps."""
    return max(1, _threads(n_jobs) // _side_by_side.many)


def _threads(n_jobs: int | None) -> int:
    """The same if nothing else goes on."""
    backend, _ = joblib.parallel.get_active_backend(prefer="threads")
    return joblib.effective_n_jobs(n_jobs) if getattr(backend, "supports_sharedmem", False) else 1


def return_memory() -> None:
    """Have large arrays given back to the system as soon as they are free, where the C library can be told so.

    Left to itself glibc keeps them for each thread: a fifth of the peak memory of a run.
    """
    tell = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if tell:
        tell(M_MMAP_THRESHOLD, LARGE_BYTES)


def session(backend: str, scheduler: str = "", workers: int = 0) -> AbstractContextManager:
    """A context in which `map_blocks` works on `backend`: ``threads``, or ``dask`` with its scheduler's address.

    workers : processes of a cluster that is started here, where there is no scheduler; 0 is one for each core
    """
    return _dask(scheduler, workers) if backend == "dask" else nullcontext()


@contextmanager
def _dask(scheduler: str, workers: int) -> Iterator[None]:
    try:
        from dask.distributed import Client
    except ImportError:
        raise SettingError('[engine] backend = "dask" needs the extra: pip install "docclust[dask]".') from None
    here = {"processes": True, "n_workers": workers or None, "dashboard_address": None}
    try:
        client = Client(scheduler, timeout="10s") if scheduler else Client(**here)
    except (OSError, ValueError) as error:
        raise SettingError(
            f"[engine] scheduler = {scheduler!r} cannot be reached ({error}). Try to start it, or without it."
        ) from None
    with client, joblib.parallel_config(backend="dask"):
        yield
