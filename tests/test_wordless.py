"""Files that stand in a text as letters, and signatures, are no words, and move nothing of the text about them."""

import base64
import binascii
import textwrap

import numpy as np
import pytest

from docclust.config import VectorsSettings
from docclust.vectors.numbering import Numbering
from docclust.vectors.tokens import Tokenizer
from docclust.vectors.wordless import blanked

FILE = np.random.RandomState(0).bytes(450)


def lines(width, text=None):
    return "\n".join(textwrap.wrap(text or base64.b64encode(FILE).decode(), width))


ENCODED = {
    "base64": lines(76),
    "pem": lines(64),
    "carriage returns": lines(76).replace("\n", "\r\n"),
    "uuencode": "".join(binascii.b2a_uu(FILE[i : i + 45], backtick=False).decode() for i in range(0, 450, 45)),
    "one line lost a letter": lines(64)[1:],
}


@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
def test_what_is_encoded_is_blank_and_the_rest_stays_where_it_was(encoded):
    text = f"A picture follows.\n\n{encoded}\nThat was it, at https://example.org."
    found = blanked(text)
    assert len(found) == len(text)
    assert found.startswith("A picture follows.\n")
    assert found.endswith("That was it, at https://example.org.")
    assert len(found[18:-37].split()) <= 1  # of the last line, which may be short


@pytest.mark.parametrize(
    "text",
    [
        "\n" + "\n".join(f"https://example.org/letters/1913/november/page-{i:03}.html" for i in range(9)) + "\n",
        "\n" + "\n".join("x" * i for i in range(46, 60)) + "\n",
        "\n" + lines(76).replace("A", "ä") + "\n",
        "\n" + "\n".join(textwrap.wrap("words of a text that is set in lines as even as they can be " * 9, 60)) + "\n",
        "\n" + "\n".join(lines(76).split("\n")[:3]) + "\n",
        "\n" + "\n".join("一二三四五六七八九十" * 6 for _ in range(9)) + "\n",
    ],
    ids=["addresses", "uneven", "letters of a language", "prose", "three lines", "no spaces"],
)
def test_what_may_be_a_text_stays(text):
    assert blanked(text) == text


@pytest.mark.parametrize("dashes", ["--", "-- ", "--\r"])
def test_a_signature_is_blank(dashes):
    text = f"What was said.\n--\nAnd what else.\n\n{dashes}\nN. N., Department of Letters\n  Tel. 1234\n\n"
    assert blanked(text).split() == ["What", "was", "said.", "--", "And", "what", "else."]
    assert len(blanked(text)) == len(text)


@pytest.mark.parametrize(
    "end",
    ["-- N. N.", "---\nA last paragraph.", "--\n" + "One line of many.\n" * 11, "--\n" + "A long line. " * 9, "--"],
    ids=["on the same line", "a rule", "too many lines", "too long a line", "nothing follows"],
)
def test_what_may_be_no_signature_stays(end):
    text = f"What was said.\n{end}"
    assert blanked(text) == text


def test_nothing_of_these_is_counted_or_marked_unless_notices_are_kept():
    text = f"One picture\n{ENCODED['uuencode']}and no more pictures\n--\nN. N., Letters"
    plain = Tokenizer(VectorsSettings())
    words = ["one", "picture", "and", "no", "more", "pictures"]
    kept = Tokenizer(VectorsSettings(notices="keep"))(text)
    assert len(kept) > 20
    assert kept[-1] == "letters"
    assert plain(text) == words
    assert [(token, text[begin:end].lower()) for token, begin, end in plain.spans(text)] == [(w, w) for w in words]
    numbering = Numbering(plain)
    numbering([text])
    assert numbering.tokens == words


def test_a_pattern_of_ones_own_finds_what_it_says():
    text = "\n" + "\n".join(["ACGT" * 15] * 5) + "\n"
    assert len(Tokenizer(VectorsSettings(token_pattern="[ACGT]{3}", lowercase=False))(text)) == 100
    assert Tokenizer(VectorsSettings())(text) == []
