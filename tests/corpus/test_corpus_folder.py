"""A folder of files -> documents."""

import os
import sys
from pathlib import Path

import pytest

from docclust.corpus import Skipped
from docclust.errors import CorpusError

FILES = {
    "z.txt": "last by name",
    "a.md": "first by name",
    "news/sport/one.txt": "a match",
    "news/two.txt": "a vote",
    "art/one.txt": "a painting",
}


def test_files_come_in_the_order_of_their_paths_and_are_named_by_them(documents, tree):
    read = documents("folder", path=tree(FILES))
    assert [document.id for document in read] == [
        "a.md",
        "art/one.txt",
        "news/sport/one.txt",
        "news/two.txt",
        "z.txt",
    ]
    assert [document.text for document in read] == [FILES[document.id] for document in read]
    assert [document.title for document in read] == [document.text for document in read]
    assert {document.label for document in read} == {None}


@pytest.mark.parametrize(
    ("glob", "ids"),
    [
        ("**/*", {"a.md", "art/one.txt", "news/sport/one.txt", "news/two.txt", "z.txt"}),
        ("**", {"a.md", "art/one.txt", "news/sport/one.txt", "news/two.txt", "z.txt"}),
        ("*.txt", {"z.txt"}),
        ("**/*.txt", {"art/one.txt", "news/sport/one.txt", "news/two.txt", "z.txt"}),
        ("news/**/*.txt", {"news/sport/one.txt", "news/two.txt"}),
        ("*/one.*", {"art/one.txt"}),
        ("**/[!o]*.txt", {"news/two.txt", "z.txt"}),
        (["*.md", "art/*"], {"a.md", "art/one.txt"}),
    ],
)
def test_a_glob_chooses_files(documents, tree, glob, ids):
    assert {document.id for document in documents("folder", path=tree(FILES), glob=glob)} == ids


def test_the_first_sub_folder_is_the_label_on_request(documents, tree):
    read = documents("folder", path=tree(FILES), label_from_folder=True)
    assert [document.label for document in read] == [None, "art", "news", "news", None]


def test_encodings_are_found_file_by_file(documents, tree):
    text = "Le café était fermé hier, où êtes-vous allé ? 12 €"
    root = tree(
        {
            "cp1252.txt": text.encode("cp1252"),
            "utf-16-be.txt": b"\xfe\xff" + text.encode("utf-16-be"),
            "utf-16.txt": text.encode("utf-16"),
            "utf-8-bom.txt": text.encode("utf-8-sig"),
            "utf-8.txt": text.encode(),
        }
    )
    assert {document.text for document in documents("folder", path=root)} == {text}


def test_an_encoding_that_is_given_is_believed(documents, tree):
    root = tree({"a.txt": "Zażółć gęślą jaźń".encode("iso8859_2")})
    (document,) = documents("folder", path=root, encoding="iso8859-2")
    assert document.text == "Zażółć gęślą jaźń"


def test_a_file_that_is_not_in_the_given_encoding_is_named(documents, tree):
    root = tree({"a.txt": b"fine", "b.txt": b"caf\xe9"})
    with pytest.raises(CorpusError) as caught:
        documents("folder", path=root, encoding="utf-8")
    assert str(caught.value) == (f'{root / "b.txt"}: byte 3 (0xe9) must be utf-8, and is not. Try encoding = "detect".')


def test_html_is_known_by_name_or_by_its_beginning(documents, tree):
    page = "<html><head><title> My\n page </title></head><body><p>Hello<script>x()</script></p></body></html>"
    root = tree({"a.html": page, "b.txt": "<!doctype html>" + page, "c.HTM": "<p>Hello", "d.txt": "<p>Hello"})
    read = {document.id: (document.title, document.text) for document in documents("folder", path=root)}
    assert read == {
        "a.html": ("My page", "Hello"),
        "b.txt": ("My page", "Hello"),
        "c.HTM": ("Hello", "Hello"),
        "d.txt": ("<p>Hello", "<p>Hello"),
    }


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("iso-8859-1", "cp1252"),
        ("windows-1251", "cp1251"),
        ("iso-8859-1", "utf-8"),
        ("klingon", "cp1252"),
        ("hex", "cp1252"),
    ],
)
def test_html_is_read_as_it_declares_unless_that_is_false(documents, tree, declared, encoding):
    words = "Привет" if encoding == "cp1251" else "Le café était fermé hier, où êtes-vous allé ?"
    page = f'<html><head><meta charset="{declared}"></head><body>{words}</body></html>'
    (document,) = documents("folder", path=tree({"page.html": page.encode(encoding)}))
    assert document.text == words


def test_binary_files_are_counted_and_passed_over(documents, tree):
    skipped = Skipped()
    root = tree(
        {
            "a.txt": "text",
            "nul.bin": b"abc\0def",
            "paper.zip": b"PK\x03\x04\n%\xe2\xe3\xcf\xd3\n",
            "noise.txt": bytes(range(1, 256)) * 40,
            "packed.txt.gz": b"\x1f\x8b\x08",
        }
    )
    assert [document.id for document in documents("folder", skipped, path=root)] == ["a.txt"]
    assert skipped == {"binary file": 4}
    assert skipped.names == {"binary file": ["noise.txt", "nul.bin", "packed.txt.gz", "paper.zip"]}


def test_a_folder_of_binary_files_alone_says_so(documents, tree):
    root = tree({"paper.zip": b"PK\x03\x04", "other.zip": b"PK\x03\x04"})
    with pytest.raises(CorpusError, match=r"got 2 \(binary file\), such as other.zip. Try to export them to text"):
        documents("folder", path=root)


def test_an_empty_mailbox_has_no_documents(documents, tree):
    with pytest.raises(CorpusError, match=r"texts: must hold documents, got none\. Try another path"):
        documents("folder", path=tree({"none.mbox": b""}))


def test_hidden_files_and_folders_are_not_seen(documents, tree):
    skipped = Skipped()
    root = tree({".hidden": "no", ".git/config": "no", "a/.b/c.txt": "no", "a/c.txt": "yes"})
    assert [document.text for document in documents("folder", skipped, path=root)] == ["yes"]
    assert not skipped


def test_an_empty_file_is_an_empty_document(documents, tree):
    (document,) = documents("folder", path=tree({"a.txt": ""}))
    assert (document.id, document.title, document.text) == ("a.txt", "", "")


def test_a_file_is_read_whole_whatever_its_size_and_lines(documents, tree):
    text = "no end " * 500_000
    (document,) = documents("folder", path=tree({"long.txt": text}))
    assert document.text == text
    assert document.title == "no end " * 11 + "no…"


def test_an_empty_folder_is_named(documents, tree):
    with pytest.raises(CorpusError, match=r"texts: must hold documents, got none\. Try another path"):
        documents("folder", path=tree({}))


def test_folders_may_lie_deeper_than_functions_may_call_each_other(documents, tree, monkeypatch):
    root, deep = tree({"a.txt": "first", "z.txt": "last"}), range(sys.getrecursionlimit() + 100)
    monkeypatch.chdir(root)
    for _ in deep:
        os.mkdir("d")
        os.chdir("d")
    Path("deep.txt").write_text("within", "utf-8")
    try:
        found = documents("folder", path=root)
    finally:
        Path("deep.txt").unlink()
        for _ in deep:  # what removes a folder with all that is in it calls itself too
            os.chdir("..")
            os.rmdir("d")
    assert [document.text for document in found] == ["first", "within", "last"]


def test_a_loop_of_links_ends(documents, tree):
    root = tree({"a/one.txt": "one", "b/two.txt": "two"})
    (root / "a" / "up").symlink_to(root, target_is_directory=True)
    (root / "b" / "self").symlink_to(root / "b", target_is_directory=True)
    (root / "b" / "to_a").symlink_to(root / "a", target_is_directory=True)
    assert [document.id for document in documents("folder", path=root)] == ["a/one.txt", "b/two.txt"]


def test_a_link_to_a_folder_elsewhere_is_followed_and_a_dead_one_counted(documents, tree, tmp_path):
    root = tree({"a.txt": "a"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.txt").write_text("b")
    (root / "linked").symlink_to(elsewhere, target_is_directory=True)
    (root / "dead.txt").symlink_to(tmp_path / "gone")
    (root / "round.txt").symlink_to(root / "round.txt")
    skipped = Skipped()
    assert [document.id for document in documents("folder", skipped, path=root)] == ["a.txt", "linked/b.txt"]
    assert skipped == {"unreadable file": 2}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(documents, tree):
    root = tree({"a.txt": "a"})
    os.mkfifo(root / "pipe")
    skipped = Skipped()
    assert len(documents("folder", skipped, path=root)) == 1
    assert skipped == {"not a regular file": 1}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_files_without_permission_are_counted(documents, tree):
    root = tree({"a.txt": "a", "closed.txt": "b", "closed/c.txt": "c", "blind/d.txt": "d"})
    (root / "closed.txt").chmod(0)
    (root / "closed").chmod(0)
    (root / "blind").chmod(0o400)
    skipped = Skipped()
    try:
        assert [document.id for document in documents("folder", skipped, path=root)] == ["a.txt"]
    finally:
        (root / "closed").chmod(0o700)
        (root / "blind").chmod(0o700)
    assert skipped == {"unreadable file": 2, "unreadable folder": 1}


def test_what_may_not_be_opened_is_counted_and_not_fatal(documents, tree, monkeypatch):
    # The same as above for root, who may open everything.
    from pathlib import Path

    read_bytes = Path.read_bytes

    def refuse(path):
        if path.name == "closed.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    skipped = Skipped()
    assert len(documents("folder", skipped, path=tree({"a.txt": "a", "closed.txt": "b"}))) == 1
    assert skipped == {"unreadable file": 1}


@pytest.mark.skipif(os.name != "posix", reason="names of files are Unicode here")
def test_a_name_that_is_not_unicode_can_be_printed(documents, tree):
    root = tree({"a.txt": "a"})
    try:
        with open(os.fsencode(root) + b"/caf\xe9.txt", "w") as file:
            file.write("b")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert [document.id for document in documents("folder", path=root)] == ["a.txt", "caf\\xe9.txt"]


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("text", "path must be an existing folder, got '{}/text'. Did you mean texts?"),
        ("texts/a.md", 'path must be a folder, got the file \'{}/texts/a.md\'. Try source = "jsonl" or "csv".'),
    ],
)
def test_a_path_that_is_no_folder_is_named(documents, tree, tmp_path, missing, says):
    tree(FILES)
    with pytest.raises(CorpusError) as caught:
        documents("folder", path=tmp_path / missing)
    assert str(caught.value) == "[corpus] " + says.format(tmp_path)


def test_a_glob_that_matches_nothing_is_named(documents, tree):
    root = tree(FILES)
    with pytest.raises(CorpusError) as caught:
        documents("folder", path=root, glob="*.doc")
    assert str(caught.value) == f"[corpus] glob must match a file below {root}, got '*.doc'. Try \"**/*\"."
