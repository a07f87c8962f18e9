"""Manuals and references in packages."""

import gzip
import html
import re
from collections.abc import Iterator
from pathlib import Path

from readers.texts import Texts


def _info_nodes(root: Path) -> Iterator[tuple[str, str]]:
    """Nodes of info files without header and menu, each with the name of its manual."""
    for path in sorted(root.glob("usr/share/info/**/*.gz")):
        text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        for node in re.findall(r"\x1f\nFile: .*\n+([^\x1f]*)", text):
            node = re.split(r"(?m)^\* Menu:|^ +-+ Footnotes -+$", node)[0]
            node = re.sub(r"(?s)\*note\s+([^:]*):(?::|[^.,:]*[.,]?)|\x00\x08.*?\x00\x08\]", r"\1", node)
            yield re.match(r"[A-Za-z-]*[A-Za-z]", path.name)[0], node


def _info_entries(root: Path, chapter: str, entry: str) -> Texts:
    """Entries of functions and the like, by the chapter in whose nodes they stand."""
    nodes = [node for _, node in _info_nodes(root)]
    titles = {match[1]: match[2] for node in nodes if (match := re.match(rf"({chapter}) (.+)\n[*=]", node))}
    for node in nodes:
        if (match := re.match(rf"({chapter})[. ]", node)) and match[1] in titles:
            for part in re.split(entry, node)[1:]:
                yield re.sub(r"(?m)^ {5}", "", re.split(r"\n {0,4}\S", part)[0]), titles[match[1]]


def info_manuals(root: Path) -> Texts:
    """Sections of manuals in info format, by manual."""
    for manual, node in _info_nodes(root):
        title, _, body = node.partition("\n")
        if "License" not in title and len(body.split()) >= 20:
            yield re.sub(r"^[A-Z\d.]+ (.*)\n[*=.-]+\n", r"\1\n", node), manual


def python_reference(root: Path) -> Texts:
    """Functions, classes and methods of the Python library, by chapter."""
    yield from _info_entries(root, r"5\.\d+", r"(?m)^ *-- [A-Z][A-Za-z ]*: ")


def octave_functions(root: Path) -> Texts:
    """Functions of Octave, by chapter."""
    yield from _info_entries(root, r"\d+", r"(?m)(?:^ -- .*\n(?: {10,}.*\n)*)+")


def perl_manuals(root: Path) -> Texts:
    """Sections of the manuals of Perl, by manual."""
    for path in sorted(root.glob("usr/share/perl/*/pod/perl*.pod")):
        if re.search(r"delta|toc|perl(cn|jp|ko|tw|uniprops|gpl|artistic)\b", path.stem):
            continue
        command = r"(?m)[XZ]<[^<>]*>|^=(?:over|back|cut|for|begin|end|encoding|pod)\b.*|^Found in file .*"
        pod = re.sub(command, "", path.read_text("utf-8", "replace"))
        pod = re.sub(r"[A-Z]<<+ (.*?) >>+", r"\1", pod).replace("E<lt>", "‹").replace("E<gt>", "›")
        for _ in range(3):
            pod = re.sub(r"[BCFILSE]<(?:([^<>|]*)\|)?([^<>]*)>", lambda match: match[1] or match[2], pod)
        for section in re.split(r"(?m)^=(?:head\d|item) +", pod)[1:]:
            if len(section.split()) >= 20:
                yield section.replace("‹", "<").replace("›", ">"), path.stem


def mariadb_help(root: Path) -> Texts:
    """Help topics of the SQL server, by category."""
    sql = (root / "usr/share/mysql/fill_help_tables.sql").read_text("utf-8")
    categories = dict(re.findall(r"into help_category .* values \((\d+),'([^']+)'", sql))
    string = r"'((?:[^'\\]|\\.|'')*)'"
    for number, _, text in re.findall(rf"INTO help_topic .* VALUES \(\d+, (\d+), {string}, {string}", sql):
        text = text.replace("''", "'").replace("\\n", "\n").replace("\\r", "").replace("\\t", "\t")
        text = re.sub(r"(?m)^URL: .*|^-+$\n?|`+(?:sql$)?|\\+", "", html.unescape(text))
        if categories[number] != "Contents":
            yield re.sub(r"\[([^][]*)\]\([^()\s]*\.md[^()\s]*\)", r"\1", text), categories[number]


def libreoffice_help_de(root: Path) -> Texts:
    """German help pages of an office suite, by module."""
    base = root / "usr/share/libreoffice/help/de/text"
    for path in sorted(set(base.glob("**/*.html")) - set(base.glob("shared/**/*"))):
        page = path.read_text("utf-8").partition('id="DisplayArea"')[2].partition('id="DonationFrame"')[0]
        page = re.sub(r'<span hidden="true" id="MAC[^>]*>(?:<span[^>]*>[^<]*</span>|[^<]+)*</span>', "", page)
        page = page.replace("</span><span hidden", "</span>/<span hidden")
        parts = re.findall(r"(?s)<(p|h\d|pre)\b[^>]*>(.*?)</\1>", page)
        text = "\n".join(re.sub(r"<[^>]*>", "", part) for _, part in parts)
        yield html.unescape(text), path.relative_to(base).parts[0]
