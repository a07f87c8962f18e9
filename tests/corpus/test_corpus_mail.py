"""Of a mail its subject and its text, and nothing else of what the format holds."""

from email.message import EmailMessage

import pytest

from docclust.corpus import Skipped
from docclust.errors import CorpusError


def mail(subject: str, text: str, charset: str = "utf-8", encoding: str = "8bit") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "sender@example.org"
    message["Received"] = "from relay.example.org by mx.example.org"
    message["Subject"] = subject
    message.set_content(text, charset=charset, cte=encoding)
    return message


def by_id(documents, root, **keys) -> dict[str, tuple[str, str]]:
    return {document.id: (document.title, document.text) for document in documents("folder", path=root, **keys)}


def test_a_mail_is_its_subject_and_its_text(documents, tree):
    message = mail("Frühling und\u00a0Tee", "Der Tee ist da.\n", encoding="base64")
    read = by_id(documents, tree({"a.EML": message.as_bytes(), "b.txt": "Subject: no mail by its name\n\nwords"}))
    assert read == {
        "a.EML": ("Frühling und Tee", "Frühling und Tee\n\nDer Tee ist da."),
        "b.txt": ("Subject: no mail by its name words", "Subject: no mail by its name\n\nwords"),
    }


def test_of_two_forms_of_a_text_the_plain_one_is_read_and_no_attachment(documents, tree):
    message = mail("Minutes", "As it was said.\n")
    message.add_alternative("<p>As it was <b>shown</b>.</p>", subtype="html")
    message.add_attachment("attached words", filename="notes.txt")
    message.add_attachment(b"%PDF-1.7 \0", maintype="application", subtype="pdf", filename="paper.pdf")
    only_html = EmailMessage()
    only_html.set_content("<p>Buy<br>now</p><script>track()</script>", subtype="html")
    read = by_id(documents, tree({"both.eml": message.as_bytes(), "html.eml": only_html.as_bytes()}))
    assert read == {"both.eml": ("Minutes", "Minutes\n\nAs it was said."), "html.eml": ("Buy now", "Buy\nnow")}


def test_all_parts_of_a_text_are_read_and_forwarded_mails(documents, tree):
    message = mail("Bug", "It breaks here.\n")
    message.make_mixed()
    forwarded = mail("Old", "It broke before.\n")
    forwarded.add_attachment("attached words", filename="notes.txt")
    second, patch, meeting = EmailMessage(), EmailMessage(), EmailMessage()
    second.set_content("café, and the same again\n", charset="iso-8859-1")
    patch.set_content("a line is added\n", subtype="x-patch")
    meeting.set_content("BEGIN:VCALENDAR\n", subtype="calendar")
    for part in (second, patch, meeting):
        message.attach(part)
    message.add_attachment(forwarded, disposition="inline")
    message.add_attachment(mail("Enclosed", "not to be read"))
    unmarked = "Subject: Odd\nContent-Type: multipart/mixed\n\nwords all the same\n"
    read = by_id(documents, tree({"a.eml": message.as_bytes(), "b.eml": unmarked}))
    assert read == {
        "a.eml": (
            "Bug",
            "Bug\n\nIt breaks here.\n\n\ncafé, and the same again\n\n\na line is added\n\n\nIt broke before.",
        ),
        "b.eml": ("Odd", "Odd\n\nwords all the same"),
    }


@pytest.mark.parametrize("declared", ["iso-8859-1", "us-ascii", "klingon", "hex", "utf-8", ""])
def test_a_text_is_read_as_it_declares_unless_that_is_false(documents, tree, declared):
    words = "Le café était fermé hier, où êtes-vous allé ?"
    kind = f'Content-Type: text/plain; charset="{declared}"\n' if declared else ""
    data = f"Subject: Tea\n{kind}Content-Transfer-Encoding: 8bit\n\n{words}\n".encode("cp1252")
    assert by_id(documents, tree({"a.eml": data})) == {"a.eml": ("Tea", f"Tea\n\n{words}")}


def test_what_is_no_mail_or_has_no_text_loses_nothing(documents, tree):
    attached = EmailMessage()
    attached["Subject"] = "See attached"
    attached.add_attachment(b"%PDF-1.7 \xe2", maintype="application", subtype="pdf", filename="paper.pdf")
    skipped, parts = Skipped(), "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
    files = {
        "words.eml": "no header at all, and words",
        "attached.eml": attached.as_bytes(),
        "cut.eml": f"Subject: Cut\n{parts}half a",
        "bare.eml": "Subject: Bare\n",
        "empty.eml": "",
        "nul.eml": b"Subject: x\n\n\0\0",
    }
    assert by_id(documents, tree(files), skipped=skipped) == {
        "words.eml": ("no header at all, and words", "no header at all, and words"),
        "attached.eml": ("See attached", "See attached"),
        "cut.eml": ("Cut", "Cut\n\nhalf a"),
        "bare.eml": ("Bare", "Bare"),
        "empty.eml": ("", ""),
    }
    assert skipped == {"binary file": 1}


def test_a_mail_that_is_not_in_the_given_encoding_is_named(documents, tree):
    root = tree({"a.eml": b"Subject: Tea\n\ncaf\xe9"})
    with pytest.raises(CorpusError, match=r"a\.eml: byte 3 \(0xe9\) must be utf-8, and is not"):
        documents("folder", path=root, encoding="utf-8")


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/related",
        "Content-Type: text/plain; name*",
        f"Content-Type: text/plain; {1000 * '('}",
    ],
)
def test_a_mail_that_is_damaged_is_read_as_it_stands(documents, tree, headers):
    data = f"Subject: Tea\n{headers}\n\nwords to find\n"
    (read,) = by_id(documents, tree({"a.eml": data})).values()
    assert "words to find" in read[1]


def test_an_empty_plain_form_gives_way_to_the_html_one(documents, tree):
    message = mail("News", "\n")
    message.add_alternative("<p>As it was <b>shown</b>.</p>", subtype="html")
    assert by_id(documents, tree({"a.eml": message.as_bytes()})) == {"a.eml": ("News", "News\n\nAs it was shown.")}


@pytest.mark.parametrize(("charset", "encoding"), [("koi8-r", "detect"), ("", "koi8-r")])
def test_a_subject_that_is_written_as_it_is_is_read_as_the_text(documents, tree, charset, encoding):
    kind = f"Content-Type: text/plain; charset={charset}\n" if charset else ""
    data = f"\n\nSubject: Чай и мёд\n{kind}\nЧай уже здесь\n".encode("koi8-r")
    read = by_id(documents, tree({"a.eml": data}), encoding=encoding)
    assert read == {"a.eml": ("Чай и мёд", "Чай и мёд\n\nЧай уже здесь")}


def test_every_mail_of_a_mailbox_is_a_document(documents, tree):
    messages = [mail(f"Subject {i}", f"From here on text {i}.\n") for i in range(3)]
    box = b"".join(b"From sender@example.org Mon Jan  1 00:00:00 2024\n" + m.as_bytes() + b"\n" for m in messages)
    read = by_id(documents, tree({"box.mbox": box.replace(b"\nFrom here", b"\n>From here"), "empty.mbox": b""}))
    assert list(read) == ["box.mbox/1", "box.mbox/2", "box.mbox/3"]
    assert read["box.mbox/2"] == ("Subject 1", "Subject 1\n\n>From here on text 1.")
