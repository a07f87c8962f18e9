"""Descriptions of Debian's packages as JSON lines for `--jsonl`, with tags that people gave them for classes.

    apt-get -o Acquire::Languages=en update
    apt-cache pkgnames | sort | xargs apt-cache -o Acquire::Languages=en show --no-all-versions > packages.txt
    python benchmarks/debian.py packages.txt works-with > works_with.jsonl

The first tag of a facet is the label; all of them are `topics` where there are several. A package with a tag that few
have, and one without any, is left out.
"""

import argparse
import json
import re
import sys
from collections import Counter
from email import message_from_string
from pathlib import Path
from typing import NamedTuple


class Package(NamedTuple):
    """Its name, its description, and the tags of one facet, each once."""

    name: str
    text: str
    tags: list[str]


def read(record: str, facet: str) -> Package:
    """One record of `apt-cache show`, as mails have their headers."""
    fields = message_from_string(record)
    text = re.sub(r"\n \.(?=\n)", "\n", fields.get("Description-en", "")).replace("\n ", "\n")
    # works-with::{image,video}, or one tag; what a tag is further divided into does not count.
    found = re.findall(rf"\b{re.escape(facet)}::(\{{[^}}]*\}}|[^\s,]+)", fields.get("Tag", ""))
    tags = (tag.strip().split(":")[0] for group in found for tag in group.strip("{}").split(","))
    return Package(fields.get("Package", ""), text, list(dict.fromkeys(tags)))


def main(argv: list[str] | None = None) -> None:
    """Write one package a line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("records", type=Path, help="what apt-cache show printed")
    parser.add_argument("facet", help="such as field, use or works-with")
    parser.add_argument("--least", type=int, default=50, help="packages with a tag that fewer have are left out")
    args = parser.parse_args(argv)
    records = args.records.read_text("utf-8").split("\n\n")
    packages = [package for package in (read(record, args.facet) for record in records) if package.tags]
    if not any(package.text for package in packages):
        parser.error(f"no record has a description in English and a tag of {args.facet}. Try apt-get update as above.")
    common = Counter(tag for package in packages for tag in package.tags)
    for name, text, tags in packages:
        if text and min(common[tag] for tag in tags) >= args.least:
            several = {"topics": tags} if len(tags) > 1 else {}
            line = json.dumps({"id": name, "text": text, "label": tags[0]} | several, ensure_ascii=False)
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
