"""Short names of things in packages: characters, devices, drawings, emoji, places, features."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from email import message_from_string
from html import unescape
from pathlib import Path

from readers.texts import Texts

# Packages that are asked for in one command.
AT_ONCE = 5000


def _ranges(path: Path) -> dict[int, str]:
    """Value of each code point in a property file of Unicode."""
    rows = re.findall(r"^([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*([^#\n]*[^#\s])", path.read_text("utf-8"), re.M)
    return {code: value for first, last, value in rows for code in range(int(first, 16), int(last or first, 16) + 1)}


def _characters(root: Path) -> Iterator[tuple[int, str]]:
    """Code points and their names, without names that are no more than a number."""
    for line in (root / "usr/share/unicode/UnicodeData.txt").read_text("utf-8").splitlines():
        code, name = line.split(";")[:2]
        if not re.search(r"<|-(?=[A-F]*\d)[0-9A-F]{2,}$", name):
            yield int(code, 16), name


def unicode_names(root: Path) -> Texts:
    """Names of characters, by script."""
    scripts = _ranges(root / "usr/share/unicode/Scripts.txt")
    for code, name in _characters(root):
        yield name, scripts.get(code, "Unknown")


def unicode_symbols(root: Path) -> Texts:
    """Names of characters that belong to no one script, by block."""
    scripts = _ranges(root / "usr/share/unicode/Scripts.txt")
    blocks = _ranges(root / "usr/share/unicode/Blocks.txt")
    for code, name in _characters(root):
        if scripts.get(code) == "Common":
            yield name, blocks[code]


def pci_devices(root: Path) -> Texts:
    """Names of PCI devices, by vendor (of 100 devices or more)."""
    devices, vendor = [], ""
    for line in (root / "usr/share/misc/pci.ids").read_text("utf-8").splitlines():
        if line.startswith("C "):
            break
        if match := re.match(r"(\t?)[0-9a-f]{4}  (.+)", line):
            if match[1]:
                devices.append((match[2], vendor))
            else:
                vendor = match[2]
    counts = Counter(label for _, label in devices)
    yield from ((name, label) for name, label in devices if counts[label] >= 100)


def nmap_systems(root: Path) -> Texts:
    """Names of operating systems and devices, by type of device."""
    text = (root / "usr/share/nmap/nmap-os-db").read_text("utf-8")
    yield from re.findall(r"(?m)^Fingerprint (.+)\nClass (?:.*\|) *(.+)", text)


def subdivisions(root: Path) -> Texts:
    """Names of states, provinces and districts, by country."""
    for entry in json.loads((root / "usr/share/iso-codes/json/iso_3166-2.json").read_text("utf-8"))["3166-2"]:
        yield entry["name"], entry["code"][:2]


def ansible_modules(root: Path) -> Texts:
    """One-line descriptions of the modules of Ansible, by collection."""
    for path in sorted(root.glob("usr/lib/python3/dist-packages/ansible_collections/*/*/plugins/modules/**/*.py")):
        match = re.search(r"(?m)^( *)short_description: *(?:[>|]-?\s+)?(.+(?:\n\1 +\S.*)*)", path.read_text("utf-8"))
        collection = path.parts[path.parts.index("ansible_collections") + 1 :][:2]
        if match:
            yield " ".join(match[2].split()).strip(" '\""), ".".join(collection)


def clip_art(root: Path) -> Texts:
    """Titles and keywords of drawings, by folder."""
    top = root / "usr/share/openclipart/svg"
    for path in sorted(top.rglob("*.svg")):
        drawing = path.read_bytes().decode("utf-8", "replace")
        if words := re.findall(r"<rdf:li>([^<]+)</rdf:li>", drawing):
            titles = re.findall(r"<dc:title>([^<]+)</dc:title>", drawing)[:1]
            yield unescape(" ".join(titles + words)), path.relative_to(top).parts[0]


def emojis(root: Path) -> Texts:
    """Names and tags of emojis, by group."""
    groups = json.loads((root / "package/meta/groups.json").read_text(encoding="utf-8"))["groups"]
    for emoji in json.loads((root / "package/en/data.json").read_text(encoding="utf-8")):
        if "group" in emoji:
            words = [emoji["label"].removeprefix("flag: "), *emoji.get("tags", [])]
            yield ", ".join(word for word in words if word != "flag"), groups[str(emoji["group"])]


def features(root: Path) -> Texts:
    """Features of browsers (title and description), by category; those of exactly one."""
    data = json.loads((root / "package/fulldata-json/data-2.0.json").read_text(encoding="utf-8"))["data"]
    for _, feature in sorted(data.items()):
        if len(feature["categories"]) == 1:
            text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", f"{feature['title']}. {feature['description']}")
            yield re.sub(r"<[^>]*>|`", "", text), feature["categories"][0]


def packages(_: Path) -> Texts:
    """Descriptions of Debian's packages, by section."""
    names = sorted(subprocess.run(["apt-cache", "pkgnames"], check=True, capture_output=True, text=True).stdout.split())
    show = ["apt-cache", "-o", "Acquire::Languages=en", "show", "--no-all-versions"]
    for at in range(0, len(names), AT_ONCE):
        shown = subprocess.run([*show, *names[at : at + AT_ONCE]], check=True, capture_output=True, text=True).stdout
        for fields in map(message_from_string, shown.split("\n\n")):
            text = fields.get("Description-en", "")
            yield re.sub(r"\n \.?", "\n", text), fields.get("Section", "").split("/")[-1]


def package_titles(root: Path) -> Texts:
    """Their first lines, by section."""
    for text, section in packages(root):
        yield text.partition("\n")[0], section
