"""New documents -> where they belong among the clusters of a finished run, of which nothing changes."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np

from docclust import describe, fitted
from docclust.corpus import Document
from docclust.errors import SettingError
from docclust.results import Placed, Run
from docclust.vectors import Vocabulary


def assign(run: Run, texts: Iterable[str]) -> np.ndarray:
    """Calibrated probability of every cluster of a run for new texts.

    Parameters
    ----------
    run : what `pipeline.run` or `load_run` gives
    texts : m texts, which are split into words as those of the run were

    Returns
    -------
    array of shape (m, K)
        Rows sum to one. A text without any of the run's words has what the sizes and widths of the clusters say alone.

    Raises
    ------
    SettingError
        What is given is one text, or holds what is no text.
    """
    if isinstance(texts, str):
        raise SettingError("texts must be several texts, got one. Try [text].")
    texts = list(texts)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise SettingError(f"texts must be texts, got {text!r} at {place}. Try without it.")
    if not texts:
        return np.empty((0, run.model.n_components))
    return run.model.predict_proba(run.tfidf.rows(Vocabulary.of(run).count(texts)))


def place(run: Run, documents: Iterable[Document], tick: Callable[[int], None] = lambda done: None) -> Iterator[Placed]:
    """Yield where each of some new documents belongs, in their order and by what `assign` gives.

    tick : told how many are done, block by block
    """
    vocabulary, documents, done = Vocabulary.of(run), iter(documents), 0
    while block := list(islice(documents, run.model.block_rows)):
        counts = vocabulary.count(document.text for document in block)
        P = fitted.stored(run.model.predict_proba(run.tfidf.rows(counts)), run.model.n_components)
        told = zip(block, *describe.top_two(P), np.diff(counts.indptr), strict=True)
        for document, cluster, probability, runner_up, second, n_words in told:
            yield Placed(
                id=document.id,
                title=document.title,
                label=document.label,
                cluster=int(cluster),
                name=run.clusters[cluster].name,
                probability=float(probability),
                runner_up=int(runner_up) if runner_up >= 0 else None,
                runner_up_probability=float(second),
                known_words=int(n_words),
            )
        done += len(block)
        tick(done)
