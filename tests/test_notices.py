"""What documents on every topic begin or end with is not counted; what goes with a topic is."""

import hashlib
import json

import numpy as np
import pytest

from docclust import pipeline, store
from docclust.config import VectorsSettings, parse
from docclust.corpus import Document
from docclust.report import data
from docclust.report import texts as held_texts
from docclust.vectors import Vocabulary, vectorise
from docclust.vectors.boilerplate import SHINGLE
from docclust.vectors.notices import digest, noticed

NOTICES = [
    "This message is meant for whom it names; who reads it by mistake may destroy it, or send a note.",
    "All rights in these pages are reserved; nobody may copy, sell or broadcast them without a written permission.",
]
FOOTER = "You read this since you joined our circle of sailors; write to the harbour master when you want to leave it."
SAIL, COOK = ([f"{name}{i}" for i in range(40)] for name in ("sail", "cook"))


def corpus(endings, n=60, words=40, seed=0):
    """Documents on two topics in turn, each with the ending that is given for its number and its topic."""
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice((SAIL, COOK)[i % 2], words)) + " " + endings(i, i % 2) for i in range(n)]
    return [Document(f"{i:03}", "", text) for i, text in enumerate(texts)]


def counted(documents, **keys):
    kept, vectors = vectorise(documents, VectorsSettings(**{"min_df": 1, "max_df": 1.0, "stop_words": "none"} | keys))
    rows = {name: dict(zip(vectors.words[row.indices], row.data, strict=True)) for name, row in zip(
        kept.ids, (vectors.counts[[i]] for i in range(len(kept.ids))), strict=True
    )}  # fmt: skip
    return rows, vectors


def alternating(i, topic):
    return NOTICES[i // 2 % 2]


def test_notices_on_every_topic_are_not_counted():
    rows, vectors = counted(corpus(alternating))
    bare, _ = counted(corpus(lambda i, topic: ""))
    assert rows == bare
    assert [n for _, n in vectors.notices] == [30, 30]
    assert {passage.split()[0] for passage, _ in vectors.notices} == {"this", "all"}
    kept, vectors = counted(corpus(alternating), notices="keep")
    assert kept["000"].keys() > bare["000"].keys()
    assert vectors.notices == []


def test_what_goes_with_a_topic_is_counted():
    documents = corpus(lambda i, topic: "" if topic else FOOTER)
    rows, vectors = counted(documents)
    assert vectors.notices == []
    assert rows["000"]["harbour"] == 1


def test_what_few_documents_have_is_counted():
    rows, vectors = counted(corpus(lambda i, topic: NOTICES[0] if i < 9 else ""))
    assert vectors.notices == []
    assert rows["000"]["message"] == 1


def test_a_notice_is_known_in_documents_that_are_too_short_to_have_openings():
    documents = [*corpus(alternating), Document("short", "", f"sail1 {NOTICES[0]} sail2")]
    assert counted(documents)[0]["short"] == {"sail1": 1, "sail2": 1}


def test_a_document_that_would_have_no_word_left_keeps_its_notice():
    rows, _ = counted([*corpus(alternating), Document("bare", "", NOTICES[0])])
    assert rows["bare"]["mistake"] == 1


def test_half_a_surrogate_pair_is_a_letter_as_any_other():
    shingle = ["caf\u00e9", "\U0001f600", "of", "harbour"]
    assert digest(shingle) == hashlib.blake2b("\0".join(shingle).encode(), digest_size=8).hexdigest()
    assert digest(["\ud83d", *shingle]) != digest(["\ude00", *shingle])
    tokens = [*NOTICES[0].lower().split(), "\ud83d"]
    shingles = {digest(tokens[i : i + SHINGLE]) for i in range(len(tokens) - SHINGLE + 1)}
    assert noticed(["sail1", *tokens], ["sail1", *tokens], shingles) == [False] + [True] * len(tokens)


def test_copies_of_a_text_are_no_notice():
    report = " ".join(f"forecast{i}" for i in range(30))
    documents = [*corpus(lambda i, topic: ""), *(Document(f"r{i}", "", f"{report} town{i}") for i in range(20))]
    rows, vectors = counted(documents)
    assert vectors.notices == []
    assert rows["r0"]["forecast0"] == 1


@pytest.mark.parametrize("order", [slice(None, None, -1), np.random.default_rng(0).permutation(60)])
def test_the_order_of_the_documents_changes_nothing(order):
    documents = corpus(alternating)
    _, one = counted(documents, max_ngram=2)
    _, other = counted(list(np.array(documents, dtype=object)[order]), max_ngram=2)
    assert one.words.tolist() == other.words.tolist()
    assert one.notices == other.notices
    assert (one.counts != other.counts).nnz == (one.weights != other.weights).nnz == 0


@pytest.mark.parametrize("keys", [{}, {"max_ngram": 2}, {"stop_words": "english"}])
def test_a_vocabulary_counts_other_texts_as_those_of_the_corpus(keys):
    documents = [
        *corpus(alternating),
        Document("bare", "", NOTICES[0]),
        Document("part", "", NOTICES[1][:40] + " sail1"),
    ]
    settings = VectorsSettings(**{"min_df": 1, "max_df": 1.0, "stop_words": "none"} | keys)
    kept, vectors = vectorise(documents, settings)
    vocabulary = Vocabulary(vectors.words, vectors.display, settings, vectors.shingles)
    texts = {document.id: document.text for document in documents}
    assert (vocabulary.count([texts[name] for name in kept.ids]) != vectors.counts).nnz == 0
    marked = [texts["000"][start:end] for feature, start, end in vocabulary.tokens(texts["000"]) if feature >= 0]
    assert marked
    assert all(word.startswith("sail") for word in marked)


def test_a_notice_with_a_name_and_a_number_of_its_own_is_one_all_the_same():
    rng = np.random.default_rng(1)

    def text(i):
        own = " ".join(rng.choice([f"word{w}" for w in range(3000)], 20))
        letter = "wrote: dear customer, thank you for contacting us again. Your ticket"
        name, number = rng.choice(["carla", "ben", "anna", "dev"]), rng.integers(1000, 9999)
        return own + f". On {i % 28} May {name} {letter} {number} was received." * (i % 5 == 0)

    _, vectors = counted([Document(f"{i:03}", "", text(i)) for i in range(300)])
    assert {"customer", "contacting", "thank"}.isdisjoint(vectors.words)
    assert any(word.startswith("word") for word in vectors.words)


def run_on_two_notices(tmp_path, **report):
    texts = "\n".join(json.dumps({"text": document.text}) for document in corpus(alternating))
    (tmp_path / "texts.jsonl").write_text(texts, "utf-8")
    settings = parse(
        {
            "corpus": {"source": "jsonl", "path": str(tmp_path / "texts.jsonl")},
            "mixture": {"n_components": 2},
            "report": {"iterations": False} | report,
        }
    )
    return pipeline.run(settings)


def test_a_run_knows_its_notices(tmp_path):
    run = run_on_two_notices(tmp_path)
    assert "Not counted, since documents on every topic begin or end with it" in "".join(run.manifest["warnings"])
    assert "passage that is not counted reads 'all rights in these pages" in "".join(data.summarise(run).warnings)
    store.write_run(run, tmp_path / "run")
    again = store.load_run(tmp_path / "run")
    assert again.shingles == run.shingles != []
    assert held_texts.read(again).changed == 0


def test_a_run_without_texts_holds_no_passage_of_any(tmp_path):
    run = run_on_two_notices(tmp_path, text=False)
    assert "a passage of" in "".join(data.summarise(run).warnings)
    store.write_run(run, tmp_path / "run")
    written = b"".join(path.read_bytes() for path in (tmp_path / "run").rglob("*.json"))
    assert b"sail1" in written
    assert b"reserved" not in written
    assert b"broadcast" not in written
    assert b"permission" not in written
