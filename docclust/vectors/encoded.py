"""Files that stand in a text, written as letters, as pictures and keys do in mails. They are made of no words."""

import re
from collections import Counter

# Four lines or more without a space, as base64 (RFC 4648), BinHex and PEM have them; or three of 45 bytes by uuencode,
# which may have spaces: an M, and 60 characters up to `. The newline before them is found at the speed of a copy.
_LINES = re.compile(r"\n(?:(?:[!-~]{45,100}\r?\n){4,}|(?:M[ -`]{60}\r?\n){3,})")
# So many of these lines have the same length, as a program writes them, though some be lost and the last be shorter.
ALIKE = 0.8


def without_encoded(text: str) -> str:
    """The text with spaces in place of lines that are a file's, as long as it was."""
    return _LINES.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    lengths = Counter(map(len, found[0].split("\n")[1:-1]))
    # A list of addresses may be as even.
    even = lengths.most_common(1)[0][1] >= ALIKE * lengths.total() and "://" not in found[0]
    return " " * len(found[0]) if even else found[0]
