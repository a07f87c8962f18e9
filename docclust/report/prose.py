"""What a run did, in plain sentences for people who know no statistics."""

from typing import TYPE_CHECKING

from docclust.em import HELD_APART
from docclust.mixture.defaults import length_exponent, n_starts
from docclust.results import counted

if TYPE_CHECKING:
    from docclust.results import Run

COVARIANCES = {
    "own": "Every cluster has its own spread for every word",
    "pooled": "Every cluster has its own spread for every word, drawn toward a common one",
    "tied": "All clusters share one spread for each word",
    "isotropic": "All clusters are round and equally wide",
    "cosine": "All clusters are round, equally wide, and compared by direction alone",
}
SMOOTHINGS = {
    "noise": "documents count as observed with some noise, so a word that a cluster has never seen rules nothing out",
    "floor": "no spread falls below a floor",
    "prior": "imagined average documents keep every spread from zero",
    "add": "a constant is added to every spread, as in textbooks",
}
SEEDINGS = {
    "kmeans": "k-means",
    "k-means++": "documents picked far apart (k-means++)",
    "random": "documents picked at random",
    "lsa": "k-means along the first singular vectors (LSA)",
    "split-merge": "clusters grown from one by splitting and merging",
}


def settings(run: "Run") -> list[str]:
    """What was asked for, a sentence for each stage."""
    s = run.settings
    v, m = s.vectors, s.mixture
    words = ["lower-cased"] if v.lowercase else []
    chosen = ", which the data chose" if m.covariance == "auto" else ""
    starts = run.manifest.get("starts", n_starts(s.seeding.n_init, len(run.documents), m.n_components))
    agreed = run.manifest.get("consensus")
    then = "went on from what their results agree on" if agreed else "the best result was kept"
    often, kept = (f" {counted(starts, 'time')}", f", and {then}") if starts > 1 else ("", "")
    if stop_words := _languages(v.stop_words):
        words.append(f"without stop words ({stop_words})")
    words.append(f"reduced to stems ({stem})" if (stem := _languages(v.stem)) else "as they are written")
    return [
        f"Texts come from {_source(s.corpus)}.",
        f"Words are counted {', '.join(words)}; only words in {_at_least(v.min_df)} and {_at_most(v.max_df)} are kept.",
        f"A word weighs more the rarer it is in the corpus, and documents of any length are compared alike (TF-IDF, "
        f"length one){'; a word said twice does not count double' if v.tf != 'count' else ''}"
        f"{'; longer documents have more say in what a cluster is like' if length_exponent(m) > 0 else ''}.",
        f"{counted(m.n_components, 'cluster')} {'was' if m.n_components == 1 else 'were'} asked for. "
        f"EM began{often} from {SEEDINGS[s.seeding.method]}{kept}.",
        f"{COVARIANCES[run.model.covariance_]}{chosen}; {SMOOTHINGS[m.smoothing]}.",
        f"{_iterations(run)} The random seed is {s.seed}.",
    ]


def _iterations(run: "Run") -> str:
    apart = run.convergence[-1].get("phase") == HELD_APART
    took = f"EM took {counted(len(run.convergence) - apart, 'iteration')}"
    took += "." if run.model.converged_ else " and had not converged."
    if not apart:
        return took
    moved = counted(int(run.convergence[-1]["moved"]), "document")
    return f"{took} Finally every document was compared with what its cluster is without it; {moved} changed cluster."


def _languages(names: str | list[str]) -> str:
    """Languages as they were asked for; nothing where that was none."""
    named = [names] if isinstance(names, str) else names
    return ", ".join(name for name in named if name.strip().lower() not in ("", "none"))


def _source(corpus) -> str:
    if path := getattr(corpus, "path", None):
        return f"{corpus.source} ({path.name})"  # the folder is the business of the machine it ran on
    named = {"20newsgroups": "20 Newsgroups", "nltk": "NLTK", "pydocs": "the documentation of Python packages"}
    return named.get(corpus.source, corpus.source)


def _at_least(limit: int | float | str) -> str:
    if limit == "auto":
        return "3 documents or more where there are enough"
    of_all = f"{limit:g} of the documents" if isinstance(limit, float) else counted(limit, "document")
    return f"{of_all} or more"


def _at_most(limit: int | float) -> str:
    return f"at most {limit:g} of all" if isinstance(limit, float) else f"at most {counted(limit, 'document')}"
