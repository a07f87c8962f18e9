"""The run folder: written in one step, read back without pickle.

writing  a folder is made under another name beside its place and renamed into it: it is there whole or not at all
staging  folders in which it is made; what killed writers have left is removed
reading  the folder, or a part of it, as the objects it was written from
files    JSON, CSV and npz
"""

from docclust.store.files import plain
from docclust.store.reading import load_ambiguous, load_clusters, load_documents, load_manifest, load_run
from docclust.store.writing import REPORT, check_folder, write_report, write_run

__all__ = [
    "REPORT",
    "check_folder",
    "load_ambiguous",
    "load_clusters",
    "load_documents",
    "load_manifest",
    "load_run",
    "plain",
    "write_report",
    "write_run",
]
