"""TOML -> validated settings, one section per stage of a run. Nothing here reads a text or does arithmetic.

settings  the sections and their keys
loading   files and overrides
problems  what is wrong with a config, in one line
"""

from docclust.config.loading import dumps, load, other_documents, parse
from docclust.config.settings import (
    CorpusSettings,
    CsvCorpus,
    EngineSettings,
    FolderCorpus,
    JsonlCorpus,
    MixtureSettings,
    NewsgroupsCorpus,
    NltkCorpus,
    PydocsCorpus,
    Settings,
    TableCorpus,
    TermFrequency,
    VectorsSettings,
)

__all__ = [
    "CorpusSettings",
    "CsvCorpus",
    "EngineSettings",
    "FolderCorpus",
    "JsonlCorpus",
    "MixtureSettings",
    "NewsgroupsCorpus",
    "NltkCorpus",
    "PydocsCorpus",
    "Settings",
    "TableCorpus",
    "TermFrequency",
    "VectorsSettings",
    "dumps",
    "load",
    "other_documents",
    "parse",
]
