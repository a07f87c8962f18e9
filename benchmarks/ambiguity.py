"""Who finds the documents that hold two topics, and whose probabilities mean what they say.

    python benchmarks/ambiguity.py CORPORA_FOLDER --table

Splices are half the tokens of each of two documents of different classes, and a twentieth of the corpus. The same
methods are then fitted to the corpus as it is, for their probabilities, and to a small one in which people wrote the
documents of two topics. benchmarks/README.md tells more.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import peers
import scipy.sparse as sp
from peers import Found
from quality import at, calibration, in_order, majorities, run
from scipy.special import softmax, xlogy
from sklearn.metrics import average_precision_score, roc_auc_score

from corpora import ROOT, VECTORS, Line, Results, Rows, arguments, check, chosen, markdown, publish, spread
from docclust import config, describe, fitted
from docclust import corpus as readers
from docclust.ambiguity import Scores, companions, distances, score, sureness, topics_apart
from docclust.ambiguity.admixture import two_topics
from docclust.ambiguity.evidence import Evidence
from docclust.vectors import TfIdf, Vocabulary

CORPORA = ["bbc", "reuters_r8", "20newsgroups"]
METHODS = {name: peers.METHODS[name] for name in ("docclust", "lda", "lda_tomotopy", "nmf", "kmeans_10", "lsa_mixture")}
# Documents with the list of their topics, where the caller names no other file.
SIX_TOPICS = ROOT / "corpora" / "six_topics.jsonl"
SHARE = 0.05
LEAST_TOKENS = 30
CUT = 0.05  # of the words of a document, the first ones
# Squared distances are divided by each of these; the one that does best is taken, which only labels can tell.
TEMPERATURES = np.geomspace(3e-4, 3.0, 29)
MOST_MIXED = 100
SCORES = {"auroc": "AUROC", "average_precision": "average precision", "precision": "precision", "pair": "right pair"}


@dataclass(frozen=True)
class Spliced(Rows):
    """Rows of which some are splices; the label of a splice is the class of its first document.

    others : (n,) the class of the second document of a splice; else that of the document
    splices : (n,) bool
    """

    others: np.ndarray
    splices: np.ndarray


def splice(rows: Rows, seed: int) -> Spliced:
    """Replace pairs of documents of different groups of classes by their splices."""
    rng = np.random.default_rng(seed)
    groups = np.array([group(rows.name, label) for label in rows.labels])
    order = rng.permutation(np.flatnonzero(tokens(rows.counts) >= LEAST_TOKENS))
    pairs = [(a, b) for a, b in zip(order[::2], order[1::2], strict=False) if groups[a] != groups[b]]
    first, second = np.array(pairs[: max(1, round(SHARE * groups.size))]).T
    kept = np.setdiff1d(np.arange(groups.size), np.r_[first, second])
    mixed = half(rows.counts[first], rng) + half(rows.counts[second], rng)
    counts = sp.csr_array(sp.vstack([rows.counts[kept], mixed], format="csr"))
    there = np.flatnonzero(counts.sum(axis=0))  # a rare word may be in the halves left out
    counts = counts[:, there]
    counts.sort_indices()
    labels, others = (np.concatenate([rows.labels[kept], rows.labels[part]]) for part in (first, second))
    X = TfIdf.of(counts, VECTORS.tf).rows(counts)
    vectors = replace(rows.vectors, words=rows.vectors.words[there])
    own = {"counts": counts, "X": X, "vectors": vectors, "labels": labels}
    own["splices"] = np.arange(labels.size) >= kept.size
    return Spliced(**{**vars(rows), **own, "others": others})


def mixtures(rows: Rows, path: Path) -> Spliced:
    """The corpus as it is; what has two topics or more in the file it was read from takes the place of splices."""
    opened = config.parse({"corpus": {"source": "jsonl", "path": str(path)}}).corpus
    topics = told_topics(path)
    by_text = {document.text: topics.get(document.id, []) for document in readers.read(opened, Counter())}
    found = [by_text[text] or [label] for text, label in zip(rows.texts, rows.labels, strict=True)]
    first, second = np.array([(names[0], names[min(1, len(names) - 1)]) for names in found]).T
    return Spliced(**{**vars(rows), "labels": first, "others": second, "splices": first != second})


def told_topics(path: Path) -> dict[str, list[str]]:
    """By id, the `topics` that lines of JSON name beside their label."""
    if path.suffix == ".gz":
        return {}
    lines = map(json.loads, path.read_text("utf-8").splitlines())
    return {str(line["id"]): line["topics"] for line in lines if line.get("topics") and "id" in line}


def half(counts: sp.csr_array, rng: np.random.Generator) -> sp.csr_array:
    """Half of the tokens of every row, drawn without replacement."""
    # counts: (n, v) CSR -> (n, v) CSR
    data = counts.data.astype(np.int64)
    for start, stop in zip(counts.indptr[:-1], counts.indptr[1:], strict=True):
        own = data[start:stop].copy()
        data[start:stop] = rng.multivariate_hypergeometric(own, own.sum() // 2, method="marginals")
    drawn = sp.csr_array((data.astype(counts.dtype), counts.indices, counts.indptr), shape=counts.shape, copy=True)
    drawn.eliminate_zeros()
    return drawn


def group(corpus: str, label: str) -> str:
    """What must differ between the parts of a splice: the class, or of a newsgroup the start of its name."""
    return label.split(".")[0] if corpus.startswith("20newsgroups") else label


def tokens(counts: sp.csr_array) -> np.ndarray:
    """How many tokens every row has: (n,)."""
    return np.asarray(counts.sum(axis=1)).ravel()


def judge(rows: Spliced, mixed: np.ndarray, pairs: np.ndarray, clusters: np.ndarray) -> Line:
    """How well a score finds the splices among the documents of 30 tokens or more, and the pairs their classes."""
    # mixed: (n,); pairs: (splices, 2) clusters; clusters: (n,) those of the documents
    truth, enough = rows.splices, tokens(rows.counts) >= LEAST_TOKENS
    classes = majorities(clusters[~truth], rows.labels[~truth])
    named = [{group(rows.name, classes.get(int(cluster), "")) for cluster in pair} for pair in pairs]
    two = zip(rows.labels[truth], rows.others[truth], strict=True)
    meant = [{group(rows.name, one), group(rows.name, other)} for one, other in two]
    truth, mixed = truth[enough], mixed[enough]
    best = np.argsort(-mixed, kind="stable")[: truth.sum()]
    return {
        "auroc": float(roc_auc_score(truth, mixed)),
        "average_precision": float(average_precision_score(truth, mixed)),
        "precision": float(truth[best].mean()),
        "pair": float(np.mean([a == b for a, b in zip(named, meant, strict=True)])),
    }


@dataclass(frozen=True)
class Read:
    """docclust's probabilities and scores, as `pipeline.run` makes them.

    P : (n, k); further : the scores of further documents; pairs : the two clusters named of some rows, (m, 2)
    """

    P: np.ndarray
    scores: Scores
    further: Callable[[sp.csr_array], Scores]
    pairs: Callable[[np.ndarray], np.ndarray]


def read(found: Found, rows: Rows, seed: int) -> Read:
    """What docclust says of the documents it was fitted to."""
    model, weigh = found.model, TfIdf.of(rows.counts, VECTORS.tf).rows
    c = model.coefficients()
    repeats = peers.settings(rows.k, seed).calibration.repeats
    fitted.calibrate(model, c, rows.X, rows.counts, weigh, repeats, np.random.default_rng(seed))
    P = fitted.responsibilities(model, rows.X)
    word_sums, words = describe.word_sums(rows.counts, P), rows.vectors.words
    together = companions(rows.counts)

    def scores(counts: sp.csr_array, P: np.ndarray) -> Scores:
        return score(counts, P.max(axis=1), P.argmax(axis=1), far, apart, word_sums, words, together)

    P, evidence = P.toarray(), Evidence(c, word_sums, list(words), [], 0, 0.0)
    sure = sureness(P.max(axis=1), P.argmax(axis=1), rows.k)
    far = distances(model.means_)
    apart = topics_apart(far, sure)

    def pairs(chosen: np.ndarray) -> np.ndarray:
        return np.array([two_topics(evidence.shares(rows.counts[[i]], P[i]), apart) for i in chosen])

    return Read(P, scores(rows.counts, P), lambda counts: scores(counts, model.predict_proba(weigh(counts))), pairs)


def on_splices(found: Found, spliced: Spliced, seed: int) -> Line:
    """Every score that a method has, judged; of docclust's two, what splices do to them."""
    if found.model is not None:
        own = read(found, spliced, seed)
        enough = tokens(spliced.counts) >= LEAST_TOKENS
        rises = compared(own.scores, enough & ~spliced.splices, own.scores, enough & spliced.splices)
        pairs = own.pairs(np.flatnonzero(spliced.splices))
        judged = judge(spliced, own.scores.mixed, pairs, own.P.argmax(axis=1))
        return {"scores": {"mixed": judged}, "rises": rises}
    several = probabilities(found)
    scores = {"second share": [np.sort(P, axis=1)[:, -2] for P in several]}
    if found.distances is None:
        P = several[0]
        scores |= {"1 - largest share": [1 - P.max(axis=1)], "entropy": [-xlogy(P, P).sum(axis=1)]}
    else:
        D = np.sort(found.distances(), axis=1)
        scores["distance ratio"] = [D[:, 0] / np.maximum(D[:, 1], 1e-12)]
    pairs = np.argsort(-several[-1], axis=1, kind="stable")[:, :2]
    named = pairs[spliced.splices]
    judged = {name: [judge(spliced, mixed, named, pairs[:, 0]) for mixed in ways] for name, ways in scores.items()}
    return {"scores": {name: max(ways, key=lambda found: found["auroc"]) for name, ways in judged.items()}}


def probabilities(found: Found) -> list[np.ndarray]:
    """The shares that a method has; made of its distances at every temperature where it has none."""
    # -> (n, k) each
    if found.distances is None:
        return [found.shares]
    squares = found.distances() ** 2
    return [softmax(-squares / T, axis=1) for T in TEMPERATURES]


def on_corpus(found: Found, rows: Rows, seed: int) -> Line:
    """Calibration error against labels; of docclust also the most mixed documents, and what cutting does."""
    if found.model is None:
        ways = [calibration(P, rows.labels) for P in probabilities(found)]
        return min(ways, key=lambda line: line["calibration_error"])
    own = read(found, rows, seed)
    classes = majorities(own.P.argmax(axis=1), rows.labels)
    best = np.argsort(-own.scores.mixed, kind="stable")[:MOST_MIXED]
    same = [classes.get(int(one)) == classes.get(int(other)) for one, other in own.pairs(best)]
    return calibration(own.P, rows.labels) | on_cut(own, rows) | {"same_class": int(np.sum(same))}


def on_cut(own: Read, rows: Rows) -> Line:
    """The scores of whole documents against those of the same documents cut to their first words."""
    cut = (" ".join(text.split()[: max(1, int(CUT * len(text.split())))]) for text in rows.texts)
    counts = Vocabulary(rows.vectors.words, rows.vectors.display, VECTORS, rows.vectors.shingles).count(cut)
    kept = np.flatnonzero((np.diff(counts.indptr) > 0) & (tokens(rows.counts) >= LEAST_TOKENS))
    return {"rises": compared(own.scores, kept, own.further(counts[kept]), slice(None))}


def compared(before: Scores, these: np.ndarray, after: Scores, those: np.ndarray | slice) -> dict[str, list[float]]:
    """Of mixed and unclear: mean of some documents, mean of others, and how well the score tells them apart (AUROC)."""
    found = {}
    for name in ("mixed", "unclear"):
        a, b = getattr(before, name)[these], getattr(after, name)[those]
        apart = roc_auc_score(np.repeat([0, 1], [a.size, b.size]), np.r_[a, b])
        found[name] = [float(value) for value in (a.mean(), b.mean(), apart)]
    return found


def splices_table(lines: list[Line], corpus: str, what: str = "Splices") -> str:
    """Every method and score on the splices of one corpus, or on its documents of two topics."""
    body = []
    for name, method in METHODS.items():
        mine = at(lines, corpus, name)
        body += [] if mine else [[method.title, "not run", *[""] * (len(SCORES) + 1)]]
        for kind in mine[0]["scores"] if mine else []:
            cells = [spread([line["scores"][kind][metric] for line in mine]) for metric in SCORES]
            body.append([f"{method.title}: {kind}", str(len(mine)), *cells, spread([r["seconds"] for r in mine], 1)])
    heading = what + " in **{corpus}** ({matrix}, K = {k})\n\n".format(**at(lines, corpus)[-1])
    return heading + markdown(["", "seeds", *SCORES.values(), "seconds"], body)


def calibration_table(lines: list[Line]) -> str:
    """Calibration error of every method on every corpus; what docclust states, and of its most mixed documents."""
    titles = {n: m.title + ", soft at its best temperature" * (n == "kmeans_10") for n, m in METHODS.items()}
    wanted = [(title, name, "calibration_error", 3) for name, title in titles.items()]
    wanted += [("docclust states, mean", "docclust", "stated", 3), ("docclust is right", "docclust", "right", 3)]
    wanted.append((f"same class, of the {MOST_MIXED} most mixed", "docclust", "same_class", 1))
    corpora = in_order(lines)
    body = [[t, *(spread([r[key] for r in at(lines, c, name)], d) for c in corpora)] for t, name, key, d in wanted]
    return markdown(["calibration error", *corpora], body)


def rises_table(splices: list[Line], corpora: list[Line]) -> str:
    """What cutting and splicing do to the scores mixed and unclear."""
    body = []
    for corpus in in_order(corpora):
        for kind in ("mixed", "unclear"):
            found = [[r["rises"][kind] for r in at(lines, corpus, "docclust")] for lines in (corpora, splices)]
            means = [np.mean(seeds, axis=0) for seeds in found if seeds]
            cells = [cell for a, b, apart in means for cell in (f"{a:.4f} to {b:.4f}", f"{apart:.3f}")]
            body.append([f"{corpus}: {kind}", *(cells if len(means) == 2 else ["not run", "", "", ""])])
    return markdown(["docclust", "whole to cut", "AUROC", "intact to spliced", "AUROC"], body)


def tables(results: Results) -> str:
    """All tables of the section."""
    splices, corpora, several = results.of("splices"), results.of("corpus"), results.of("mixtures")
    parts = [results.machines("splices", "corpus", "mixtures")]
    parts += [splices_table(splices, corpus) for corpus in in_order(splices)]
    parts += [splices_table(several, corpus, "Documents of two topics") for corpus in in_order(several)]
    parts += [calibration_table(corpora), rises_table(splices, corpora)] if corpora else []
    return "\n\n".join(parts)


def main(argv: list[str] | None = None) -> None:
    """Run, and print the tables."""
    args = arguments(__doc__.split("\n\n")[0], "ambiguity.jsonl", METHODS, CORPORA).parse_args(argv)
    check(args, METHODS)
    results, methods = Results(args.results, args.again, args.threads), peers.installed(chosen(args, METHODS))
    run(args, results, "splices", methods, on_splices, splice)
    run(args, results, "corpus", methods, on_corpus)
    path = args.jsonl or SIX_TOPICS
    if (args.folder or args.jsonl) and told_topics(path):
        alone = argparse.Namespace(**{**vars(args), "jsonl": path, "folder": None})
        run(alone, results, "mixtures", methods, on_splices, lambda rows, seed: mixtures(rows, path))
    if results.lines:
        publish("ambiguity", tables(results), args.table)


if __name__ == "__main__":
    main()
