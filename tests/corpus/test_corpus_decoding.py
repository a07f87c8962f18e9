"""Bytes to text, file by file, through the folder reader where a person would meet it."""

import io

import pytest

from docclust.corpus.decoding import detect
from docclust.corpus.markup import html_to_text, looks_like_html
from docclust.errors import CorpusError

FRENCH = "Le café était fermé hier, où êtes-vous allé ?\n"
SAMPLES = {
    "cp1252": "“Quotes” – and a naïve façade, señor. Straße und München, schöne Grüße.\n",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy. Łódź jest miastem w środkowej Polsce.\n",
    "cp1251": "Привет, как дела? Это русский текст для проверки кодировки.\n",
    "koi8_r": "Привет, как дела? Это русский текст для проверки кодировки.\n",
    "cp1253": "Καλημέρα κόσμε, τι κάνετε σήμερα;\n",
    "cp932": "日本語のテキストです。これは文字コードの検出のための文章です。\n",
    "euc_jp": "日本語のテキストです。これは文字コードの検出のための文章です。\n",
    "gb18030": "这是一个中文文本，用于检测编码。我们希望它可以正确地识别。\n",
    "cp949": "안녕하세요, 이것은 한국어 텍스트입니다. 인코딩 감지를 위한 문장입니다.\n",
}


def detected(data):
    return detect(io.BytesIO(data))


@pytest.mark.parametrize("encoding", SAMPLES)
def test_an_old_encoding_is_recognised_by_its_text(encoding):
    data = SAMPLES[encoding].encode(encoding)
    assert data.decode(detected(data)) == SAMPLES[encoding]


@pytest.mark.parametrize("text", [FRENCH, "caf\xe9", "Resum\xe9", "El niño comió piña en el jardín."])
def test_a_short_western_text_is_taken_for_western(text):
    assert detected(text.encode("latin-1")) == "cp1252"


def test_utf_16_without_its_mark_is_refused_in_a_folder_as_in_a_table(documents, tmp_path):
    (tmp_path / "even.txt").write_bytes(b"as many as pairs")
    with pytest.raises(CorpusError, match=r"byte 0 \(0x61\) must be utf-16, and is not. Try encoding = \"detect\"."):
        documents("folder", path=tmp_path, encoding="utf-16")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_recognised(encoding):
    data = ("naïve 🎈 " + SAMPLES["cp1251"]).encode(encoding)
    assert detected(data) == encoding


def test_nothing_at_all_is_utf_8():
    assert detected(b"") == "utf-8"


def test_noise_is_no_text():
    noise = bytes(range(1, 256)) * 40
    assert detected(noise) is None


@pytest.mark.parametrize("ascii_before", [10, 1_048_570, 3_000_000])
def test_the_first_foreign_byte_decides_however_late_it_comes(ascii_before):
    # Regression: a guess on the first 64 KiB called a long ASCII file with one accented name ASCII.
    data = b"plain words \n" * (ascii_before // 13) + FRENCH.encode("latin-1") * 20
    assert detected(data) == "cp1252"


def test_a_utf_8_character_on_the_border_of_two_chunks_is_one_character():
    data = b"a" * (2**20 - 1) + "é".encode() * 5
    assert detected(data) == "utf-8"


def test_a_utf_8_file_cut_inside_a_character_is_not_utf_8():
    assert detected("plain words, then caf\u00e9".encode()[:-1]) != "utf-8"


def test_html_gives_up_its_words_and_nothing_else():
    title, text = html_to_text(
        "<!DOCTYPE html><html><head><title>Tea &amp; toast</title><style>p { color: red }</style></head><body>"
        "<script>steal('cookies')</script><!-- hidden --><h1>Break<b>fast</b></h1><p>First<br>second</p>"
        "<ul><li>tea<li>toast</ul><noscript>enable it</noscript><table><tr><td>one<td>two</table></body></html>"
    )
    assert title == "Tea & toast"
    assert text.split() == ["Breakfast", "First", "second", "tea", "toast", "one", "two"]
    assert text.splitlines()[:3] == ["Breakfast", "First", "second"]


@pytest.mark.parametrize("html", ["", "   ", "<html>", "<p>", "no tags at all", "<b><i>unclosed"])
def test_broken_html_is_still_text(html):
    title, text = html_to_text(html)
    assert title == ""
    assert "<" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!DOCTYPE HTML>\n<html>", True),
        ('\n<?xml version="1.0"?>\n<!-- by hand --><html lang="en">', True),
        ("<html", True),
        ("I love <html> tags", False),
        ("<htmlx>", False),
        ("", False),
    ],
)
def test_html_is_known_by_its_beginning(text, expected):
    assert looks_like_html(text) is expected
