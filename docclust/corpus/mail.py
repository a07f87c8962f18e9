"""A saved message -> its subject and its text. What else the format of mails holds is left out."""

import email
import email.message
from email import policy

from docclust.corpus.decoding import decode, html_to_text, looks_like_html, named
from docclust.corpus.document import one_line

SUFFIXES = {".eml"}
# What the parser of the standard library raises for headers that are none; such a file is read as plain text.
DAMAGED = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)
# A byte-order mark and blank lines, after which a parser would find no header.
BEFORE_HEADERS = b"\xef\xbb\xbf\r\n"


def mail_to_text(data: bytes, encoding: str) -> tuple[str, str | None]:
    """The subject (perhaps empty) of a mail, and its text under its subject: no other header, no attachment.

    Of a text that is there plain and as HTML the plain one. `encoding` is for a text that names none, or a false one.

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
        subject, content, charset, is_html = _parts(data, encoding)
    except UnicodeDecodeError:
        raise
    except DAMAGED:
        return "", decode(data, encoding)
    declared = named(content, charset)
    text = content.decode(declared) if declared else decode(content, encoding)
    if text is None:
        return subject, None
    if is_html or looks_like_html(text):
        text = html_to_text(text)[1]
    return subject, f"{subject}\n\n{text}".strip()


def _parts(data: bytes, encoding: str) -> tuple[str, bytes, str, bool]:
    """The subject, the bytes of the text, the encoding it names, perhaps empty, and whether it is HTML."""
    mail = email.message_from_bytes(data, policy=policy.default)
    forms = [mail.get_body((form,)) for form in ("plain", "html")]
    found = [(part, part.get_payload(decode=True) or b"") for part in forms if part is not None]
    body, content = next(((part, content) for part, content in found if content.strip()), (mail, b""))
    charset = body.get_content_charset("")
    return _subject(mail, charset, encoding), content, charset, body.get_content_subtype() == "html"


def _subject(mail: email.message.EmailMessage, charset: str, encoding: str) -> str:
    raw = next((value for name, value in mail.raw_items() if name.lower() == "subject"), "")
    bytes_ = str(raw).encode("ascii", "surrogateescape")
    if bytes_.isascii():
        return one_line(str(mail["subject"] or ""))
    # Written as it is, against the rules; most likely as the text is.
    declared = named(bytes_, charset)
    return one_line(bytes_.decode(declared) if declared else decode(bytes_, encoding) or "")
