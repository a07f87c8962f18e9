"""Parts of a text that say nothing of what it is about: files written as letters, and signatures."""

import re
from collections import Counter

# Four lines or more without a space, as base64 (RFC 4648), BinHex and PEM have them; or three of 45 bytes by uuencode,
# which may have spaces: an M, and 60 characters up to `. The newline before them is found at the speed of a copy.
_ENCODED = re.compile(r"\n(?:(?:[!-~]{45,100}\r?\n){4,}|(?:M[ -`]{60}\r?\n){3,})")
# So many of these lines have the same length, as a program writes them, though some be lost and the last be shorter.
ALIKE = 0.8
# The last line of two dashes, and at most ten short lines up to the end (RFC 3676, section 4.3; with a space there).
_SIGNATURE = re.compile(r"\n-- ?\r?\n(?:(?!-- ?\r?\n)[^\n]{0,100}(?:\n|\Z)){1,10}\s*\Z")
LONGEST_SIGNATURE = 1200


def blanked(text: str) -> str:
    """The text with spaces in place of these parts, as long as it was."""
    text = _ENCODED.sub(_blank, text)
    found = _SIGNATURE.search(text, max(0, len(text) - LONGEST_SIGNATURE))
    return text[: found.start()] + " " * len(found[0]) if found else text


def _blank(found: re.Match[str]) -> str:
    lengths = Counter(map(len, found[0].split("\n")[1:-1]))
    # A list of addresses may be as even.
    even = lengths.most_common(1)[0][1] >= ALIKE * lengths.total() and "://" not in found[0]
    return " " * len(found[0]) if even else found[0]
