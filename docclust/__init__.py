"""Cluster a text corpus with sparse, soft EM and find the documents that do not sit in one cluster."""

__version__ = "0.1.0"
