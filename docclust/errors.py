"""The few errors a person can meet. Each message is one line that names the thing, the value and the remedy.

Only the command line catches them; anything else that escapes is a bug and shows its traceback.
"""

import difflib
import errno
from collections.abc import Iterable

# A disk or a quota that is full, a file that is as large as it may be.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LONGEST_NAME = 120


class DocclustError(Exception):
    """Root of everything a user can mend."""


class ConfigError(DocclustError):
    """A config file or a ``--set`` value cannot be used."""


class CorpusError(DocclustError):
    """The corpus is missing, unreadable, or holds nothing to cluster."""


class SettingError(DocclustError, ValueError):
    """A value does not fit the data: more clusters than documents, a vocabulary that a threshold emptied."""


class RunError(DocclustError):
    """A run folder is missing, incomplete, in the way, or cannot be written."""


def nearest(name: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known name that is most like this one, if any is by so much of 1."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)), None)


def did_you_mean(name: str, known: Iterable[str], likeness: float = 0.5, form: str = "{}") -> str:
    """The sentence that offers the nearest known name, after a blank; or an empty string."""
    near = nearest(name, known, likeness)
    return "" if near is None else f" Did you mean {form.format(near)}?"


def unwritable(place: object, error: OSError, elsewhere: str) -> str:
    """The line on what cannot be written: why, and where else to."""
    remedy = "Free some space, or try" if error.errno in FULL else "Try"
    return f"{place}: cannot be written ({error.strerror or error}). {remedy} {elsewhere}."


def shortened(name: str) -> str:
    """A name that a line can hold: of a long one its beginning and its end."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 41]}…{name[-40:]}"
