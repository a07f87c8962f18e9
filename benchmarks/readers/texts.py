"""What every reader of a package gives."""

from collections.abc import Iterator

# Text and label, in an order that does not change.
Texts = Iterator[tuple[str, str]]
