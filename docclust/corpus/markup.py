"""HTML -> text: whole documents, and what programs for mail, help desks and blogs put into a column of a table."""

import html
import re

from selectolax.lexbor import LexborHTMLParser

BLOCKS = (
    "address,article,aside,blockquote,br,caption,dd,div,dl,dt,figcaption,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,"
    "li,main,nav,ol,option,p,pre,section,table,td,th,tr,ul"
)
INLINE = "a,abbr,b,body,big,center,code,em,font,head,html,i,img,s,small,span,strike,strong,sub,sup,tbody,tt,u"
# An end or a line break. A tag that begins may be the name of a share: "Sears <S>".
TAG = re.compile(rf"</(?:{'|'.join((BLOCKS + ',' + INLINE).split(','))})\s*>|<br\s*/?>", re.IGNORECASE)
# With its semicolon: "&copy=1" is a part of an address.
ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);", re.IGNORECASE)


def looks_like_html(text: str) -> bool:
    """Whether a text begins as an HTML document does."""
    return (
        re.match(r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype html|html)\b", text[:2048], re.I | re.S) is not None
    )


def html_to_text(source: str) -> tuple[str, str]:
    """The title (perhaps empty) and the visible text of an HTML document, one line a paragraph."""
    tree = LexborHTMLParser(source)
    title = tree.css_first("title")
    title = title.text() if title else ""
    tree.strip_tags(["script", "style", "noscript", "template", "title"])
    # A paragraph ends a word although nothing but a tag stands between; bold type inside a word does not.
    for node in tree.css(BLOCKS):
        node.insert_before("\n")
        node.insert_after("\n")
    text = tree.root.text() if tree.root else ""
    return title, re.sub(r"[^\S\n]*\n\s*", "\n", text).strip()


def field_to_text(field: str) -> str:
    """The text of a field, which may be HTML although nothing says so, or hold what HTML writes for "&" and "<"."""
    if not TAG.search(field):
        field = ENTITY.sub(lambda found: html.unescape(found[0]), field)
    return html_to_text(field)[1] if TAG.search(field) else field
