"""PDF and Office files of a folder -> documents."""

import io
import sys
import zipfile

import pytest

from docclust.corpus import Skipped, converters
from docclust.errors import CorpusError

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RTF = rb"{\rtf1\ansi\ansicpg1252 A ca{\b f\'e9} in Par\par is.}"


def pdf(*lines: str) -> bytes:
    """One page with these lines."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n"
    )
    return (body + end + "%%EOF\n").encode()


def docx(*paragraphs: str) -> bytes:
    """Paragraphs in bold and plain type, the last one in a table."""
    shown = [f"<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs]
    shown[-1] = f"<w:tbl><w:tr><w:tc>{shown[-1]}</w:tc></w:tr></w:tbl>"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{types}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            f'relationships+xml"/><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument"'
            f' Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml", f'<w:document xmlns:w="{WORD}"><w:body>{"".join(shown)}</w:body></w:document>'
        )
    return packed.getvalue()


def pptx() -> bytes:
    """A slide with a title, a table and a note."""
    presentation = pytest.importorskip("pptx").Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Harvest"
    slide.shapes.add_table(1, 2, 0, 0, 900_000, 900_000).table.cell(0, 1).text = "barley"
    slide.notes_slide.notes_text_frame.text = "speak slowly"
    packed = io.BytesIO()
    presentation.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "library", "made", "text"),
    [
        ("paper.pdf", "pypdfium2", lambda: pdf("A paper on barley", "and oats."), "A paper on barley\nand oats."),
        ("no ending", "pypdfium2", lambda: pdf("A paper"), "A paper"),
        ("letter.DOCX", "mammoth", lambda: docx("Dear all,", "see you."), "Dear all,\nsee you."),
        ("talk.pptx", "pptx", pptx, "Harvest\n\nbarley\nspeak slowly"),
        ("note.rtf", "striprtf", lambda: RTF, "A café in Par\nis."),
    ],
)
def test_what_is_written_in_a_file_is_its_text(documents, tree, name, library, made, text):
    pytest.importorskip(library)
    skipped = Skipped()
    (document,) = documents("folder", skipped, path=tree({name: made()}))
    assert document.id == name
    assert [line for line in document.text.splitlines() if line] == [line for line in text.splitlines() if line]
    assert document.title == " ".join(text.split())
    assert not skipped


def test_an_encoding_is_that_of_the_other_files(documents, tree):
    pytest.importorskip("pypdfium2")
    root = tree({"a.pdf": pdf("A paper"), "b.txt": "où".encode("latin-1")})
    assert [document.text for document in documents("folder", path=root, encoding="latin-1")] == ["A paper", "où"]


def test_a_damaged_a_locked_and_a_scanned_file_are_counted_and_named(documents, tree):
    for library in ("pypdfium2", "mammoth"):
        pytest.importorskip(library)
    skipped = Skipped()
    whole = docx("cut off")
    root = tree({"a.txt": "text", "cut.docx": whole[: len(whole) // 2], "cut.pdf": pdf("x")[:40], "scan.pdf": pdf()})
    assert [document.id for document in documents("folder", skipped, path=root)] == ["a.txt"]
    assert skipped.names == {
        "damaged or locked file": ["cut.docx", "cut.pdf"],
        "file without text, perhaps scanned pages": ["scan.pdf"],
    }


def test_without_its_library_a_file_is_passed_over_with_what_to_install(documents, tree, monkeypatch):
    for library in ("pypdfium2", "mammoth", "pptx", "striprtf.striprtf"):
        monkeypatch.setitem(sys.modules, library, None)
    files = {"a.pdf": pdf("x"), "b.docx": docx("x"), "c.pptx": b"PK\x03\x04", "d.rtf": RTF}
    skipped, install = Skipped(), 'PDF or Office file, which pip install "docclust[documents]" reads'
    assert [document.id for document in documents("folder", skipped, path=tree(files | {"e.txt": "x"}))] == ["e.txt"]
    assert skipped.names == {install: ["a.pdf", "b.docx", "c.pptx", "d.rtf"]}
    (tree({}) / "e.txt").unlink()
    with pytest.raises(CorpusError, match=r"got 4 \(PDF or Office file, which pip install"):
        documents("folder", path=tree({}))


def test_where_memory_ends_the_file_is_not_called_damaged(documents, tree, monkeypatch):
    def full(data: bytes) -> str:
        raise MemoryError

    monkeypatch.setitem(converters.CONVERTERS, ".pdf", full)
    with pytest.raises(MemoryError):
        documents("folder", path=tree({"a.pdf": pdf("x")}))
