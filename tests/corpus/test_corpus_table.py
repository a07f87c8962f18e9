"""JSON lines, CSV and TSV -> documents."""

import gzip
import json
import os
import random

import pytest

from docclust.corpus.jsonl import UNFOLDED, WITHOUT
from docclust.errors import CorpusError

NONE = r"must hold documents, got none\. Try another path"
ROWS = [
    {"id": "a1", "title": "On tea", "text": "Tea is brewed from leaves.", "label": "drink"},
    {"id": "a2", "title": "On bread", "text": "Bread is baked from flour.", "label": "food"},
    {"id": "a3", "title": "On soup", "text": "Soup is both, some say. 🍲", "label": "food"},
]


def as_jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def write(tmp_path):
    def to_file(content, name="corpus.jsonl"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


@pytest.fixture
def problem(documents):
    """The message of the error that reading ends in."""

    def message(source, **keys):
        with pytest.raises(CorpusError) as caught:
            documents(source, **keys)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return message


def fields(document):
    return {"id": document.id, "title": document.title, "text": document.text, "label": document.label}


# The same table, however it is written down.

CSV = "id,title,text,label\n" + "".join(f'{r["id"]},{r["title"]},"{r["text"]}",{r["label"]}\n' for r in ROWS)
TSV = "id\ttitle\ttext\tlabel\n" + "".join("\t".join(row.values()) + "\n" for row in ROWS)


@pytest.mark.parametrize(
    ("source", "content", "keys"),
    [
        ("jsonl", as_jsonl(ROWS).encode(), {}),
        ("jsonl", as_jsonl(ROWS).replace("\n", "\r\n\r\n").encode(), {}),
        ("jsonl", as_jsonl(ROWS).rstrip().encode("utf-8-sig"), {}),
        ("jsonl", as_jsonl(ROWS).encode("utf-16"), {"encoding": "utf-16"}),
        ("jsonl", as_jsonl(ROWS).encode("utf-16"), {"encoding": "detect"}),
        ("jsonl", gzip.compress(as_jsonl(ROWS).encode()), {}),
        ("csv", CSV.encode(), {}),
        ("csv", CSV.encode("utf-8-sig"), {}),
        ("csv", CSV.replace("\n", "\r\n").encode(), {}),
        ("csv", CSV.replace("\n", "\n\n").encode(), {}),
        ("csv", gzip.compress(CSV.encode()), {}),
        ("csv", CSV.replace("id,title", " id , title ").encode(), {}),
        ("csv", TSV.replace("\t", ";").encode(), {"delimiter": ";"}),
        ("csv", TSV.replace("\t", ";").encode("utf-8-sig"), {}),
        ("csv", b"\n" + TSV.encode(), {}),
        ("tsv", CSV.encode(), {}),
        ("csv", CSV.replace('"', "'").encode(), {"quotechar": "'"}),
        ("tsv", TSV.encode(), {}),
        ("tsv", TSV.encode("utf-16"), {"encoding": "detect"}),
    ],
)
def test_every_way_to_write_a_table_gives_the_same_documents(documents, write, source, content, keys):
    # The name says nothing of compression: that is seen by the first bytes.
    read = documents(source, path=write(content, "corpus.data"), **keys)
    assert [fields(document) for document in read] == ROWS


def test_shuffled_lines_give_the_same_documents(documents, write):
    rows = [{"text": f"text {i % 7}", "label": str(i % 2)} for i in range(40)]
    before = documents("jsonl", path=write(as_jsonl(rows)))
    random.Random(0).shuffle(rows)
    after = documents("jsonl", path=write(as_jsonl(rows)))
    assert len({document.id for document in before}) == 40
    assert sorted(map(fields, before), key=str) == sorted(map(fields, after), key=str)


def test_a_document_without_id_is_named_by_its_content_and_a_repeat_is_numbered(documents, write):
    rows = [{"text": "same"}, {"text": "other"}, {"text": "same"}, {"text": "same"}]
    first, other, second, third = [document.id for document in documents("jsonl", path=write(as_jsonl(rows)))]
    assert len(first) == 12
    assert set(first) <= set("0123456789abcdef")
    assert (second, third) == (f"{first}-2", f"{first}-3")
    assert other not in (first, second, third)


def test_chosen_columns_are_used_and_their_texts_joined_by_lines(documents, write):
    row = {"id": "not this", "key": 7, "head": "Head\n line", "body": "Body", "note": None, "topic": 3, "label": "no"}
    (document,) = documents(
        "jsonl", path=write(as_jsonl([row])), id="key", title="head", text=["head", "note", "body"], label="topic"
    )
    assert fields(document) == {"id": "7", "title": "Head line", "text": "Head\n line\nBody", "label": "3"}


def test_false_means_that_a_column_is_not_used(documents, write):
    path = write(as_jsonl(ROWS))
    for document in documents("jsonl", path=path, id=False, title=False, label=False):
        assert document.label is None
        assert document.title == document.text
        assert document.id not in ("a1", "a2", "a3")


def test_without_a_title_the_first_words_stand_in(documents, write):
    rows = [{"text": "  one\n two\tthree  "}, {"text": "word " * 100}, {"text": "x" * 200}, {"text": ""}, {"text": " "}]
    read = documents("jsonl", path=write(as_jsonl(rows)))
    titles = [document.title for document in read]
    assert titles == ["one two three", "word " * 15 + "word…", "x" * 79 + "…", "", ""]
    assert max(map(len, titles)) <= 80
    assert all(document.title_from_text for document in read)
    read = documents("jsonl", path=write(as_jsonl([*ROWS, *rows])))
    assert [document.title_from_text for document in read] == [False] * 3 + [True] * 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        (12, "12"),
        (1.5, "1.5"),
        (True, "true"),
        ("a\0b", "a b"),
        ("\ud83c\udf72", "🍲"),
        ("half \ud83c", "half \ufffd"),
        ("a\u2028b\x85c", "a\u2028b\x85c"),
    ],
)
def test_a_value_becomes_a_text_that_can_be_written(documents, write, value, text):
    (document,) = documents("jsonl", path=write(as_jsonl([{"text": value}])))
    assert document.text == text
    document.text.encode()


def test_two_halves_of_a_character_written_apart_are_joined(documents, write):
    (document,) = documents("jsonl", path=write('{"text": "\\ud83c\\udf72 soup", "label": "\\udf72"}\n'))
    assert document.text == "🍲 soup"
    assert document.label == "\ufffd"


def test_an_object_may_leave_a_key_out(documents, write):
    rows = [{"label": "only"}, {"text": "here", "title": "T"}, {}]
    read = documents("jsonl", path=write(as_jsonl(rows)), title="title", label="label")
    assert [(d.title, d.text, d.label) for d in read] == [("", "", "only"), ("T", "here", None), ("", "", None)]


def test_a_field_may_hold_lines_quotes_and_a_megabyte(documents, write):
    long = "x" * 1_000_000
    read = documents("csv", path=write(f'text,label\n"two\nlines, ""quoted""",a\n{long},b\n'))
    assert [document.text for document in read] == ['two\nlines, "quoted"', long]


def test_quotes_are_ordinary_characters_when_asked(documents, write):
    read = documents("tsv", path=write('text\tlabel\n"Well," he said\tx\n5" disk\ty\n'), quotechar="")
    assert [document.text for document in read] == ['"Well," he said', '5" disk']


def test_an_empty_file_is_named(documents, write):
    for source in ("jsonl", "csv", "tsv"):
        for content in (b"", b"\n\n", b"\xef\xbb\xbf", gzip.compress(b"")):
            with pytest.raises(CorpusError, match=NONE):
                documents(source, path=write(content))
    with pytest.raises(CorpusError, match=NONE):
        documents("csv", path=write("text,label\n"))


def test_documents_come_one_at_a_time(write):
    from collections import Counter

    from docclust.config import parse
    from docclust.corpus import read

    # The third line is broken, and shows only when it is asked for.
    path = write(as_jsonl(ROWS[:2]) + "broken\n")
    reader = read(parse({"corpus": {"source": "jsonl", "path": str(path)}}).corpus, Counter())
    assert (next(reader).id, next(reader).id) == ("a1", "a2")
    with pytest.raises(CorpusError, match="line 3"):
        next(reader)


def test_the_header_decides_what_stands_between_fields(documents, write):
    read = documents("csv", path=write("key;text, or so|label\n1;a|b\n"), text="text, or so|label", id="key")
    assert [(document.id, document.text) for document in read] == [("1", "a|b")]
    read = documents("csv", path=write("text\ta;b;c\none\ttwo\n"))
    assert [document.text for document in read] == ["one"]
    read = documents("csv", path=write('"id";"text"\n1;"a;b"\n'))
    assert [document.text for document in read] == ["a;b"]


# What can be wrong with a table.


def test_a_delimiter_that_parts_the_header_is_not_doubted(problem, write):
    says = problem("csv", path=write("a, b;c\n1;2\n"), delimiter=";")
    assert says.endswith("[corpus] text must be one of the columns 'a, b', 'c', got 'text'.")


@pytest.mark.parametrize(
    ("source", "keys", "says"),
    [
        ("csv", {}, "[corpus] text must be one of the columns 'id', 'body', got 'text'."),
        ("csv", {"delimiter": ";"}, "[corpus] text must be one of the columns 'id', 'body', got 'text'."),
        *(
            (
                source,
                {"delimiter": ",", "text": text},
                'line 1: fields must be parted by the delimiter ",", and are not. Try delimiter = ";".',
            )
            for source in ("csv", "tsv")
            for text in ("text", "body")
        ),
        (
            "csv",
            {"delimiter": "\t"},
            'line 1: fields must be parted by the delimiter "\\t", and are not. Try delimiter = ";".',
        ),
    ],
)
def test_another_delimiter_is_named_where_the_header_has_it(problem, write, source, keys, says):
    path = write("id;body\n1;one, two, and three\n")
    assert problem(source, path=path, **keys) == f"{path}: {says}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"text": "a"}\n\n{"text": b}\n', f"line 3: not valid JSON: Expecting value at column 10.{WITHOUT}"),
        ('{"text": "a"', f"line 1: not valid JSON: Expecting ',' delimiter at column 13.{WITHOUT}"),
        ("[\n", f"line 1: not valid JSON: Expecting value at column 2.{UNFOLDED}"),
        ('["a"]\n', f"line 1: must be a JSON object, got a list.{UNFOLDED}"),
        ('"a"\n', "line 1: must be a JSON object, got a string. Try one object a line."),
        ("null\n", "line 1: must be a JSON object, got null. Try one object a line."),
        ("3.5\n", "line 1: must be a JSON object, got 3.5. Try one object a line."),
        ('{"text": ["a", "b"]}\n', "line 1: 'text' must be a text, got a list. Try it as one string."),
        ('{"text": {"en": "a"}}\n', "line 1: 'text' must be a text, got an object. Try text.en."),
        ('{"text": "a", "label": []}\n', "line 1: 'label' must be a text, got a list. Try it as one string."),
    ],
)
def test_a_bad_json_line_is_named(problem, write, content, says):
    path = write(content)
    assert problem("jsonl", path=path) == f"{path}: {says}"


def test_what_is_no_number_is_no_text(documents, write):
    path = write('{"id": "a", "text": NaN}\n{"id": "b", "text": "tea", "label": -Infinity}\n')
    assert [(document.id, document.text, document.label) for document in documents("jsonl", path=path)] == [
        ("a", "", None),
        ("b", "tea", None),
    ]


def test_json_too_deep_or_too_long_a_number_is_named(problem, write):
    path = write('{"text": "ok"}\n' + "[" * 100_000 + "\n")
    assert problem("jsonl", path=path).startswith(f"{path}: line 2: not ")
    path = write('{"text": ' + "1" * 10_000 + "}\n")
    assert problem("jsonl", path=path).startswith(f"{path}: line 1: not usable JSON: ")


@pytest.mark.parametrize("source", ["jsonl", "csv"])
@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("text", "txt", "[corpus] text must be one of the columns 'id', 'title', 'text', 'label', got 'txt'."),
        ("id", "idd", "[corpus] id must be one of the columns 'id', 'title', 'text', 'label', got 'idd'."),
        ("title", "titel", "[corpus] title must be one of the columns 'id', 'title', 'text', 'label', got 'titel'."),
        ("label", "lable", "[corpus] label must be one of the columns 'id', 'title', 'text', 'label', got 'lable'."),
        (
            "text",
            ["text", "tilte"],
            "[corpus] text must be one of the columns 'id', 'title', 'text', 'label', got 'tilte'.",
        ),
    ],
)
def test_a_missing_column_is_named_with_the_nearest(problem, write, source, key, value, says):
    path = write(as_jsonl(ROWS) if source == "jsonl" else CSV)
    near = {"txt": "text", "idd": "id", "titel": "title", "lable": "label"}.get(str(value), "title")
    assert problem(source, path=path, **{key: value}) == f"{path}: {says} Did you mean {near!r}?"


def test_a_missing_column_shows_before_a_long_file_is_read_through(problem, write):
    path = write('{"body": "a"}\n' * 2000 + "broken\n")
    assert "[corpus] text must be one of the columns 'body'" in problem("jsonl", path=path)


def test_a_table_without_header_shows_its_first_row(problem, write):
    path = write("A long text about tea,drink\nAnother about bread,food\n")
    says = problem("csv", path=path)
    assert says == f"{path}: [corpus] text must be one of the columns 'A long text about tea', 'drink', got 'text'."


def test_many_columns_are_not_all_shown(problem, write):
    says = problem("csv", path=write(",".join(f"c{i}" for i in range(500)) + "\n" + "," * 499 + "\n"))
    assert "'c19' and 480 more, got 'text'" in says


@pytest.mark.parametrize(
    ("rows", "keys", "says"),
    [
        (
            [*ROWS, {"id": "a2", "text": "again"}],
            {},
            "line 4: an id must be unique, got 'a2' as on line 2."
            " Try another column for id, or id = false for a hash of the content.",
        ),
        (
            [*ROWS, {"id": " ", "text": "again"}],
            {"id": "id"},
            "line 4: the column 'id' must give an id, got nothing. Try id = false.",
        ),
        (
            [*ROWS, {"text": "again"}],
            {"id": "id"},
            "line 4: the column 'id' must give an id, got nothing. Try id = false.",
        ),
    ],
)
def test_an_id_given_twice_or_not_at_all_is_named(problem, write, rows, keys, says):
    path = write(as_jsonl(rows))
    assert problem("jsonl", path=path, **keys) == f"{path}: {says}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("text,label\na,b\nc\n", "line 3: must have 2 fields as the header has, got 1."),
        ('text,label\n"a\nb",c\n\nd,e,f\n', "line 5: must have 2 fields as the header has, got 3."),
        ("text\na,b,c\n", "line 2: must have 1 field as the header has, got 3."),
        (
            "text,label,text\na,b,c\n",
            "line 1: the names of columns must differ, got 'text' twice. Try another name for one of them.",
        ),
        ('text,label\na,b\n"c,d\ne,f\n', "line 3: not valid CSV: unexpected end of data."),
        ('text,label\n"a" b,c\n', "line 2: not valid CSV: ',' expected after '\"'."),
    ],
)
def test_a_bad_csv_row_is_named_by_the_line_it_begins_on(problem, write, content, says):
    path = write(content)
    assert problem("csv", path=path).startswith(f"{path}: {says}")


@pytest.mark.parametrize("repeats", [0, 20_000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_wrong_encoding_is_named_with_byte_line_and_a_better_one(problem, write, repeats, pack):
    before = '{"text": "plain"}\n' * repeats
    bad = '{"text": "Le café était fermé hier, où êtes-vous allé ?"}\n'.encode("latin-1")
    path = write(pack(before.encode() + bad))
    position = len(before) + bad.index(b"\xe9")
    assert problem("jsonl", path=path) == (
        f'{path}: line {repeats + 1}: byte {position} (0xe9) must be utf-8, and is not. Try encoding = "cp1252".'
    )


def test_the_better_encoding_then_reads_the_file(documents, write):
    path = write("text\nLe café était fermé hier.\n".encode("latin-1"))
    for encoding in ("cp1252", "latin-1", "detect"):
        assert [document.text for document in documents("csv", path=path, encoding=encoding)] == [
            "Le café était fermé hier."
        ]


def test_an_unknown_encoding_is_named(problem, write):
    path = write(as_jsonl(ROWS))
    for encoding in ("uft-8", "base64", "rot13", "hex", "idna", "punycode", "undefined", "a\0b"):
        says = problem("jsonl", path=path, encoding=encoding)
        assert says.startswith('[corpus] encoding must be "detect" or the name of an encoding')
    assert problem("jsonl", path=path, encoding="uft-8").endswith("got 'uft-8'. Did you mean utf-8?")


@pytest.mark.parametrize(
    ("encoding", "written", "better"),
    [
        ("utf-16", "utf-8", "utf-8"),
        ("utf-32", "utf-8", "utf-8"),
        ("utf-16", "utf-16-le", "utf-16-le"),
        ("utf-16", "utf-16-be", "utf-16-be"),
    ],
)
def test_a_text_without_the_mark_it_should_begin_with_is_named(problem, write, encoding, written, better):
    data = as_jsonl(ROWS).encode(written)
    path = write(data)
    assert problem("jsonl", path=path, encoding=encoding) == (
        f'{path}: line 1: byte 0 (0x{data[0]:02x}) must be {encoding}, and is not. Try encoding = "{better}".'
    )


@pytest.mark.parametrize("source", ["jsonl", "csv"])
@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"SQLite format 3\0\x10\0\1\1\0@  \0\0"])
def test_a_binary_file_is_named(problem, write, source, data):
    path = write(data)
    says = problem(source, path=path)
    assert says.startswith(f"{path}: line 1: ")
    assert says.endswith(" Try a file of text; this one is binary.")


def test_a_compressed_file_that_is_cut_off_is_named(problem, write):
    packed = gzip.compress(as_jsonl([{"text": random.Random(i).random()} for i in range(2000)]).encode())
    path = write(packed[: len(packed) // 2])
    says = problem("jsonl", path=path)
    assert "the compressed data is cut off or damaged after line " in says
    assert says.endswith(" Try to fetch or to pack it anew.")
    path = write(packed[:10] + b"\xff" * 100)
    assert "the compressed data is cut off or damaged after line " in problem("jsonl", path=path)


@pytest.mark.parametrize("encoding", ["utf-8", "detect"])
def test_a_workbook_is_not_a_table(problem, write, encoding):
    path = write(b"PK\x03\x04\x14\0\x06\0", "table.xlsx")
    assert problem("csv", path=path, encoding=encoding) == (
        f"{path}: must be plain text or gzip, got a zip archive or an Office file. Try it unpacked, or saved as CSV."
    )


def test_a_missing_file_is_named_with_the_nearest(problem, write, tmp_path):
    write(as_jsonl(ROWS), "news.jsonl")
    says = problem("jsonl", path=tmp_path / "new.jsonl")
    missing = str(tmp_path / "new.jsonl")
    assert says == f"[corpus] path must be an existing file, got {missing!r}. Did you mean news.jsonl?"
    assert "must be an existing file" in problem("csv", path=tmp_path / "nowhere" / "at" / "all.csv")


def test_a_folder_is_not_a_file(problem, tmp_path):
    says = problem("jsonl", path=tmp_path)
    assert says == f'[corpus] path must be a file, got the folder {str(tmp_path)!r}. Try source = "folder".'


# Real tables, where they are.


@pytest.mark.parametrize(
    ("name", "count", "classes"),
    [("bbc", 2225, 5), ("reuters_r8", 7674, 8), ("reuters_r52", 9100, 52), ("ag_news", 7600, 4)],
)
def test_the_shared_tables_are_read_whole(documents, shared_corpora, name, count, classes):
    read = documents("jsonl", path=shared_corpora / f"{name}.jsonl.gz")
    assert len({document.id for document in read}) == len(read) == count
    assert len({document.label for document in read}) == classes
    assert all(document.title and len(document.title) <= 80 for document in read)


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="this system names no open files")
def test_a_pipe_is_named_as_one(documents):
    reading, writing = os.pipe()
    os.write(writing, b'{"text": "words"}\n')
    os.close(writing)
    with pytest.raises(CorpusError, match="must be a file, got a pipe, which can be read only once"):
        documents("jsonl", path=f"/dev/fd/{reading}")
    os.close(reading)


def test_what_an_object_holds_has_a_name_of_both(documents, tree):
    rows = [
        {"ticket": {"subject": "Printer", "body": {"plain": "It prints nothing."}}, "text": "whole", "a.b": "kept"},
        {"ticket": {"subject": "Monitor"}, "text": "whole", "a": {"b": "not this"}, "a.b": "kept"},
        {"text": "whole"},
    ]
    path = tree({"tickets.jsonl": as_jsonl(rows)}) / "tickets.jsonl"
    read = documents("jsonl", path=path, text=["ticket.body.plain", "a.b"], title="ticket.subject")
    assert [(document.title, document.text) for document in read] == [
        ("Printer", "It prints nothing.\nkept"),
        ("Monitor", "kept"),
        ("", ""),
    ]


def test_a_line_for_spreadsheets_before_the_header_is_passed_over(documents, tree):
    root = tree(
        {"excel.csv": "\ufeffsep=;\r\ntext;label\r\nTea, and bread;food\r\n", "wide.csv": "sep=;\ntext;label\na;b;c\n"}
    )
    read = documents("csv", path=root / "excel.csv")
    assert [(document.text, document.label) for document in read] == [("Tea, and bread", "food")]
    with pytest.raises(CorpusError, match="line 3: must have 2 fields"):
        documents("csv", path=root / "wide.csv")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("<p class=a>Dear all,</p><div>the <b>tap</b> drips</div>", "Dear all,\nthe tap drips"),
        ("Hello<br>the tap drips", "Hello\nthe tap drips"),
        ("Tea &amp; toast &#8211; &quot;both&quot;", 'Tea & toast – "both"'),
        ("&lt;p&gt;Tea &lt;i&gt;and&lt;/i&gt; toast&lt;/p&gt;", "Tea and toast"),
        ("Sears <S> and if a<b and b>c", "Sears <S> and if a<b and b>c"),
        ("AT&T; ?a=1&copy=2 List<String>", "AT&T; ?a=1&copy=2 List<String>"),
    ],
)
def test_a_field_may_be_html(documents, write, field, text):
    path = write(as_jsonl([{"title": field, "text": field}]))
    [document] = documents("jsonl", path=path)
    assert document.text == text
    assert document.title == " ".join(text.split())


def test_columns_that_nobody_named_may_begin_with_a_capital_letter(documents, write):
    content = "ID,Title,Label,text\n7,On tea,drink,Tea is brewed.\n"
    [document] = documents("csv", path=write(content, "corpus.csv"))
    assert (document.id, document.title, document.label) == ("7", "On tea", "drink")
    [document] = documents("csv", path=write(content, "corpus.csv"), id=False, label=False)
    assert (len(document.id), document.label) == (12, None)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_no_part_of_a_column(documents, write, encoding):
    mark = "" if encoding == "utf-16" else "\ufeff"
    path = write(f"{mark}id,text\n7,Tea\n".encode(encoding), "corpus.csv")
    assert [document.id for document in documents("csv", path=path, encoding=encoding)] == ["7"]


def test_a_file_with_a_byte_order_mark_is_told_its_encoding(problem, write):
    assert 'Try encoding = "utf-16".' in problem("csv", path=write("id,text\n7,Tea\n".encode("utf-16"), "corpus.csv"))


def test_a_long_id_that_is_not_unique_is_told_in_short(problem, write):
    said = problem("jsonl", path=write(as_jsonl([{"id": "word " * 1000, "text": "tea"}] * 2)))
    assert "must be unique" in said
    assert len(said) < 500
