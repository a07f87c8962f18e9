"""Openings and closings that several texts share, and what they are not allowed to say."""

import random

import numpy as np
import pytest

from docclust.ambiguity import score
from docclust.config import VectorsSettings
from docclust.corpus import Document
from docclust.vectors import Tokenizer, read, vectorise
from docclust.vectors.boilerplate import LEAST_TOKENS, WINDOW, boilerplate
from tests.test_redundancy import pairs

SIGNATURE = "captain of the harbour hockey team eleven seasons and counting"


def own_words(seed, n=80):
    return " ".join(f"w{random.Random(seed * 1000 + i).randrange(10**6)}" for i in range(n))


def marked(texts):
    """The tokens of every text, in upper case where they are boilerplate."""
    documents = [Document(str(i), "", text) for i, text in enumerate(texts)]
    chunk = read(documents, Tokenizer(VectorsSettings()))
    common, copied = boilerplate(chunk)
    shared = common & ~copied
    tokens = [
        chunk.tokens[i].upper() if there else chunk.tokens[i] for i, there in zip(chunk.numbers, shared, strict=True)
    ]
    return [" ".join(part) for part in np.split(np.array(tokens, dtype=object), np.cumsum(chunk.lengths)[:-1])]


@pytest.mark.parametrize("where", ["opening", "closing"])
def test_what_three_texts_begin_or_end_with_is_boilerplate(where):
    bodies = [own_words(seed) for seed in range(3)]
    join = {"opening": lambda body, sign: f"{sign} {body}", "closing": lambda body, sign: f"{body} {sign}"}[where]
    found = marked([join(body, SIGNATURE) for body in bodies])
    assert found == [join(body, SIGNATURE.upper()) for body in bodies]
    two = [join(body, SIGNATURE) for body in bodies[:2]]
    assert marked([*two, bodies[2]]) == [*two, bodies[2]]


def test_a_notice_in_a_script_without_spaces_is_boilerplate():
    notice = "本文由新华社记者采写"
    bodies = [
        "".join(chr(random.Random(1000 * seed + i).randrange(0x4E00, 0x9FA5)) for i in range(60)) for seed in range(3)
    ]
    documents = [Document(str(i), "", f"{notice}。{body}") for i, body in enumerate(bodies)]
    chunk = read(documents, Tokenizer(VectorsSettings()))
    found = [chunk.tokens[i] for i in chunk.numbers[boilerplate(chunk)[0]]]
    assert found == 3 * [notice[i : i + 2] for i in range(len(notice) - 1)]


def test_a_text_that_is_there_twice_is_no_other_text():
    one, other = (f"{own_words(seed)} {SIGNATURE}" for seed in range(2))
    assert marked([one, other, other]) == [one, other, other]


def test_what_texts_share_in_the_middle_is_not():
    texts = [f"{own_words(seed)} {SIGNATURE} {own_words(seed + 10)}" for seed in range(4)]
    assert marked(texts) == texts
    crossed = [f"{SIGNATURE} {own_words(0)}", f"{own_words(1)} {SIGNATURE}", f"{own_words(2)} {SIGNATURE}"]
    assert marked(crossed) == crossed


def test_copies_are_no_boilerplate_of_each_other():
    text = own_words(0, 2 * WINDOW)
    assert marked([f"{text} {own_words(seed, 5)}" for seed in range(1, 5)])[0].islower()


def test_short_texts_have_none():
    short = [f"{own_words(seed, LEAST_TOKENS - 1 - 10)} {SIGNATURE}" for seed in range(4)]
    assert marked(short) == short
    assert marked(["", "word", own_words(1)]) == ["", "word", own_words(1)]


def test_it_is_counted_apart_whatever_the_order():
    settings = VectorsSettings(max_ngram=2, min_df=1, max_df=1.0)
    texts = [f"{own_words(seed)} {SIGNATURE}" for seed in range(6)]
    documents = [Document(str(i), "", text) for i, text in enumerate(texts)]
    _, vectors = vectorise(documents, settings)
    _, again = vectorise(documents[::-1], settings)
    assert (vectors.boilerplate != again.boilerplate).nnz == 0
    assert (vectors.counts - vectors.boilerplate).min() >= 0
    there = set(vectors.words[np.unique(vectors.boilerplate.indices)])
    assert {"captain", "hockey team", "counting"} <= there
    assert not any(word.startswith("w") for word in there)


def test_a_signature_makes_no_document_mixed():
    rng = np.random.default_rng(0)
    topics = [[f"{name}{i}" for i in range(60)] for name in ("boat", "puck")]
    body = lambda topic, n=60: " ".join(rng.choice(topics[topic], n))  # noqa: E731
    signature = " ".join(topics[1][:20])
    signed = [f"{body(0)} {signature}" for _ in range(3)]
    spliced = [f"{body(0, 30)} {body(1, 30)}" for _ in range(3)]
    texts = [*signed, *spliced, *(body(i % 2) for i in range(60))]
    documents = [Document(f"{i:02}", "", text) for i, text in enumerate(texts)]
    kept, vectors = vectorise(documents, VectorsSettings(max_df=1.0))
    labels = np.array([0 if name < "06" else int(name) % 2 for name in kept.ids])
    shares = np.eye(2)[labels]
    means = shares.T @ vectors.weights / shares.sum(axis=0)[:, None]
    sure = np.full(2, 0.9)
    given = vectors.counts, sure[labels], labels, *pairs(means, sure), vectors.counts.T @ shares, vectors.words
    row = {name: place for place, name in enumerate(kept.ids)}
    before, after = score(*given), score(*given, boilerplate=vectors.boilerplate)
    for name in ("00", "01", "02"):
        assert before.listed[row[name]]
        assert not after.listed[row[name]]
    for name in ("03", "04", "05"):
        assert after.listed[row[name]]
