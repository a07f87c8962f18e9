"""The few errors a person can meet. Each message is one line that names the thing, the value and the remedy.

Only the command line catches them; anything else that escapes is a bug and shows its traceback.
"""


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
