"""A saved message -> its subject and its text. What else the format of mails holds is left out."""

import email
import mailbox
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from docclust.corpus.decoding import decode, named
from docclust.corpus.document import one_line
from docclust.corpus.markup import html_to_text, looks_like_html

SUFFIXES = {".eml"}
MAILBOXES = {".mbox"}
# What the parser of the standard library raises for headers that are none; such a file is read as plain text.
DAMAGED = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)
# A byte-order mark and blank lines, after which a parser would find no header.
BEFORE_HEADERS = b"\xef\xbb\xbf\r\n"
# Parts of a mail that are text and no prose.
NO_PROSE = {"calendar", "vcard", "x-vcard", "directory", "css", "csv", "rfc822-headers"}


class Part(NamedTuple):
    """The bytes of one part of a mail's text, the encoding it names, perhaps empty, and whether it is HTML."""

    content: bytes
    charset: str
    is_html: bool

    def text(self, encoding: str) -> str | None:
        """As text; None where the encoding was to be found and was not."""
        declared = named(self.content, self.charset)
        text = self.content.decode(declared) if declared else decode(self.content, encoding)
        return html_to_text(text)[1] if text is not None and (self.is_html or looks_like_html(text)) else text


def mails(path: Path) -> Iterator[bytes]:
    """Every mail of a mailbox of the format mbox, in its order."""
    box = mailbox.mbox(path, create=False)
    try:
        yield from map(box.get_bytes, box.iterkeys())
    finally:
        box.close()


def mail_to_text(data: bytes, encoding: str) -> tuple[str, str | None]:
    """The subject (perhaps empty) of a mail, and its text under its subject: no other header, no attachment.

    Of a text that is there plain and as HTML the plain one; all parts of it, forwarded mails among them. `encoding` is
    for a text that names none, or a false one.

    Returns
    -------
    subject : str
    text : str or None
        None where the encoding was to be found and was not.

    Raises
    ------
    UnicodeDecodeError
        The text is not of that encoding.
    """
    data = data.lstrip(BEFORE_HEADERS)
    try:
        subject, parts = _read(data, encoding)
    except UnicodeDecodeError:
        raise
    except DAMAGED:
        return "", decode(data, encoding)
    texts = [part.text(encoding) for part in parts]
    return subject, None if None in texts else "\n\n".join([subject, *texts]).strip()


def _read(data: bytes, encoding: str) -> tuple[str, list[Part]]:
    """The subject, and the parts of the text: those that are plain, or else those that are HTML."""
    mail = email.message_from_bytes(data, policy=policy.default)
    parts = [part for part in _parts(mail) if part.content.strip()]
    subject = _subject(mail, next((part.charset for part in parts), mail.get_content_charset("")), encoding)
    return subject, [part for part in parts if not part.is_html] or parts


def _parts(mail: EmailMessage) -> Iterator[Part]:
    if mail.is_attachment():
        return
    inside = mail.get_payload()
    if isinstance(inside, list):
        for part in inside:
            yield from _parts(part)
    # A mail of several parts that does not say where they begin is taken as it is.
    elif mail.get_content_maintype() in ("text", "multipart") and mail.get_content_subtype() not in NO_PROSE:
        content = mail.get_payload(decode=True) or b""
        yield Part(content, mail.get_content_charset(""), mail.get_content_subtype() == "html")


def _subject(mail: EmailMessage, charset: str, encoding: str) -> str:
    raw = next((value for name, value in mail.raw_items() if name.lower() == "subject"), "")
    bytes_ = str(raw).encode("ascii", "surrogateescape")
    if bytes_.isascii():
        return one_line(str(mail["subject"] or ""))
    # Written as it is, against the rules; most likely as the text is.
    declared = named(bytes_, charset)
    return one_line(bytes_.decode(declared) if declared else decode(bytes_, encoding) or "")
