"""A saved message -> its subject and its text. What else the format of mails holds is left out."""

import email
from email import policy

from docclust.corpus.decoding import decode, html_to_text, looks_like_html, named
from docclust.corpus.document import one_line

SUFFIXES = {".eml"}


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
    mail = email.message_from_bytes(data, policy=policy.default)
    subject, body = one_line(str(mail["subject"] or "")), mail.get_body(("plain", "html"))
    if body is None:
        return subject, subject
    content = body.get_payload(decode=True) or b""
    declared = named(content, body.get_content_charset(""))
    text = content.decode(declared) if declared else decode(content, encoding)
    if text is None:
        return subject, None
    if body.get_content_subtype() == "html" or looks_like_html(text):
        text = html_to_text(text)[1]
    return subject, f"{subject}\n\n{text}".strip()
