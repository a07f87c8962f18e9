"""What reaches the terminal or the pipe: nothing that a terminal would obey."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from docclust.report.data import harmless, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDEST = 120
USUAL = 80
# JSON escapes the controls below 0x20 itself; these it would let through to a terminal.
UNESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def console() -> "Console":
    """A console on stdout that prints lines as they are, colour aside, and never wider than people read."""
    from rich.console import Console

    made = Console(highlight=False, emoji=False, markup=False, soft_wrap=True)
    made.width = min(made.width, WIDEST) or USUAL  # it is 0 where nobody knows
    return made


def lines(laid_out: Iterable["Text | str"]) -> None:
    """Print lines, with colour where stdout is a terminal that wants it."""
    screen = console()
    with screen.capture() as captured:
        for line in laid_out:
            screen.print(line)
    write(captured.get())


def write_json(value: Any) -> None:
    """Print plain data as JSON."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    write(UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def write_csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print rows as CSV: to a pipe as they are, to a terminal without controls."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow(columns)
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    write(harmless(file.getvalue()) if sys.stdout.isatty() else file.getvalue())


def tell(message: str) -> None:
    """Say one line on stderr."""
    sys.stderr.write(f"docclust: {one_line(message)}\n")


def write(text: str) -> None:
    """Print a text."""
    sys.stdout.write(text)
    sys.stdout.flush()
