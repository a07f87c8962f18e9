"""Documentation strings of packages -> documents."""

import sys

import pytest

from docclust.corpus import Skipped
from docclust.errors import CorpusError

SIX = "one two three four five six"
SOURCE = f'''
"""The module. {SIX}"""
raise RuntimeError("a source is parsed, never run")

class Shape:
    """A shape. {SIX}

        It is indented.
    """

    def area(self):
        """The area. {SIX}"""
        def inner():
            """Nobody reads this. {SIX}"""

    @property
    def side(self):
        """The side. {SIX}"""

    @side.setter
    def side(self, value):
        """The side, set. {SIX}"""

    async def draw(self):
        """Drawn. {SIX}"""

    def short(self):
        """Too short."""

try:
    import nothing
except ImportError:
    def fallback():
        """Instead. {SIX}"""
else:
    if True:
        def other():
            """Otherwise. {SIX}"""
'''


@pytest.fixture
def a_package(tmp_path, monkeypatch):
    """A package on the search path that raises when it is imported."""
    files = {
        "apackage/__init__.py": f'"""The package. {SIX}"""\nraise RuntimeError',
        "apackage/shapes.py": SOURCE,
        "apackage/sub/__init__.py": "",
        "apackage/sub/deep/leaf.py": f'"""A leaf. {SIX}"""',
        "apackage/sub/latin.py": f'# coding: latin-1\n"""Caf\xe9. {SIX}"""'.encode("latin-1"),
        "apackage/sub/escape.py": f'"""A \\d warning. {SIX}"""',
        "apackage/tests/test_it.py": f'"""A test. {SIX}"""',
        "apackage/sub/test_it.py": f'"""A test. {SIX}"""',
        "apackage/sub/conftest.py": f'"""A test. {SIX}"""',
        "apackage/broken.py": "def (:",
        "apackage/nul.py": b"x = 1\0",
        "apackage/deep.py": "(" * 5000,
        "apackage/data.txt": "no source",
        "amodule.py": f'"""Alone. {SIX}"""',
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.syspath_prepend(tmp_path)
    return "apackage"


def test_every_documented_thing_is_a_document_with_its_qualified_name(documents, a_package):
    skipped = Skipped()
    read = documents("pydocs", skipped, packages=[a_package], min_words=7)
    assert [(document.id, document.label) for document in read] == [
        ("apackage", "apackage"),
        ("apackage.shapes", "apackage"),
        ("apackage.shapes.Shape", "apackage"),
        ("apackage.shapes.Shape.area", "apackage"),
        ("apackage.shapes.Shape.side", "apackage"),
        ("apackage.shapes.Shape.side-2", "apackage"),
        ("apackage.shapes.Shape.draw", "apackage"),
        ("apackage.shapes.fallback", "apackage"),
        ("apackage.shapes.other", "apackage"),
        ("apackage.sub.deep.leaf", "apackage.sub"),
        ("apackage.sub.escape", "apackage.sub"),
        ("apackage.sub.latin", "apackage.sub"),
    ]
    assert [document.title for document in read] == [document.id.removesuffix("-2") for document in read]
    assert read[2].text == f"A shape. {SIX}\n\nIt is indented."
    assert read[-1].text == f"Café. {SIX}"
    assert skipped == {"unparsable source": 3}
    assert all(name.startswith("apackage.") for name in skipped.names["unparsable source"])
    assert a_package not in sys.modules


def test_short_strings_are_left_out(documents, a_package):
    texts = [document.text for document in documents("pydocs", packages=[a_package], min_words=2)]
    assert "Too short." in texts
    assert documents("pydocs", packages=[a_package], min_words=50) == []


def test_a_module_alone_a_sub_package_and_the_standard_library_are_packages_too(documents, a_package):
    def ids(package):
        return [document.id for document in documents("pydocs", packages=[package], min_words=7)]

    assert ids("amodule") == ["amodule"]
    assert ids("apackage.sub") == ["apackage.sub.deep.leaf", "apackage.sub.escape", "apackage.sub.latin"]
    assert ids("apackage.sub.deep") == ["apackage.sub.deep.leaf"]
    assert ids("apackage.sub.latin") == ["apackage.sub.latin"]
    assert "json.decoder" not in ids("json.encoder")
    assert "json.load" in ids("json")
    assert {document.label for document in documents("pydocs", packages=["apackage.sub"], min_words=7)} == {
        "apackage.sub"
    }


def test_a_package_given_twice_is_read_once(documents, a_package):
    once = documents("pydocs", packages=["json"], min_words=5)
    assert documents("pydocs", packages=["json", "json"], min_words=5) == once


def test_a_module_without_source_has_no_documents(documents):
    assert documents("pydocs", packages=["sys"]) == []


@pytest.mark.parametrize(
    ("package", "hint"),
    [
        ("scikit-learn", " Did you mean sklearn?"),
        ("nmpy", " Did you mean numpy?"),
        ("qqqqqqqq", ""),
        ("", ""),
        (".numpy", None),
        ("json.nowhere", None),
    ],
)
def test_a_package_that_is_not_installed_is_named(documents, package, hint):
    with pytest.raises(CorpusError) as caught:
        documents("pydocs", packages=[package])
    says = f"[corpus] packages must be installed here, got {package!r}."
    assert str(caught.value).startswith(says)
    if hint is not None:
        assert str(caught.value) == says + hint


def test_an_empty_list_means_every_installed_package(documents, monkeypatch, a_package):
    monkeypatch.setattr(
        "importlib.metadata.packages_distributions",
        lambda: {"apackage": ["a"], "_private": ["a"], "amodule": ["a"], "gone": ["b"]},
    )
    read = documents("pydocs", packages=[], min_words=7)
    assert {document.id.split(".")[0] for document in read} == {"amodule", "apackage"}


def test_the_default_packages_give_thousands_of_documents(documents):
    skipped = Skipped()
    read = documents("pydocs", skipped)
    assert 3000 <= len(read) <= 9000
    assert len({document.id for document in read}) == len(read)
    assert len({document.label for document in read}) >= 20
    assert {"numpy.linalg", "scipy.stats", "sklearn.cluster"} <= {document.label for document in read}
    assert sum(skipped.values()) <= 5
