"""Standard output and standard error when they are closed, full, or read by nobody: no progress stops a run."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from docclust.errors import DocclustError, unwritable


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Stand before both streams; a narrow encoding shows a question mark and does not fail."""
    with open(os.devnull) as closed:  # it stands in for a closed stream, since it cannot be written either
        output, progress = Output(sys.stdout or closed), Stream(sys.stderr or closed)
        try:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(progress):
                yield
        finally:
            output.end()
            progress.end()


class Stream:
    """A stream that drops what it cannot write."""

    def __init__(self, stream: TextIO):
        self._stream, self._failed = stream, False
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._fail(error)
            return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def end(self) -> None:
        """Let go of what could not be written, which would complain at exit."""
        if self._failed:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def _fail(self, error: OSError) -> None:
        self._failed = True


class Output(Stream):
    """Standard output: that it cannot be written is told; that nobody reads any more ends the command in silence."""

    def _fail(self, error: OSError) -> None:
        super()._fail(error)
        if isinstance(error, BrokenPipeError):
            raise SystemExit(0)
        why = OSError("it is closed") if isinstance(error, io.UnsupportedOperation) else error
        raise DocclustError(unwritable("standard output", why, "another file or a pipe"))
