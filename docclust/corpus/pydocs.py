"""Documentation strings of installed Python packages -> documents. Parses their sources and imports none of them."""

import ast
import contextlib
import gc
import importlib.metadata
import importlib.util
import inspect
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docclust.config import PydocsCorpus
from docclust.corpus.document import Document, Skipped, clean, numbered
from docclust.errors import CorpusError, did_you_mean

TEST_FOLDERS = {"test", "tests"}
Definition = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def read(settings: PydocsCorpus, skipped: Skipped) -> Iterator[Document]:
    """Yield a document for each module, class, function and method that says enough; see `docclust.corpus.read`.

    The title is the qualified name, the label the sub-package. Tests are passed over in silence, sources that cannot be
    read or parsed are counted in `skipped`.
    """
    names = settings.packages or sorted(name for name in _installed() if not name.startswith("_"))
    seen: Counter[str] = Counter()
    for package in dict.fromkeys(names):
        sources = _sources(package)
        if sources is None and settings.packages:
            raise CorpusError(f"[corpus] packages must be installed here, got {package!r}.{_hint(package)}")
        for path, module, label in sources or ():
            try:
                source = path.read_bytes()
            except OSError:
                skipped.add("unreadable file", module)
                continue
            try:
                documented = _docstrings(source, module)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                skipped.add("unparsable source", module)
                continue
            for name, text in documented:
                if len(text.split()) >= settings.min_words:
                    yield Document(numbered(name, seen), name, clean(inspect.cleandoc(text)), label)


def _sources(package: str) -> list[tuple[Path, str, str]] | None:
    """The (path, module, sub-package) of every source below a dotted name, in order; None where there is no such."""
    top, *below = package.split(".")
    try:
        # Finding a name without a dot imports nothing.
        spec = importlib.util.find_spec(top) if top else None
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return None
    folders = [Path(folder).joinpath(*below) for folder in spec.submodule_search_locations or ()]
    if not folders and not below:
        alone = Path(spec.origin or "")
        return [(alone, top, top)] if alone.suffix == ".py" else []
    found = []
    for folder in folders:
        single = folder.with_suffix(".py")
        if folder.is_dir():
            paths = sorted(path for path in folder.rglob("*.py") if not _is_test(path.relative_to(folder)))
        elif below and single.is_file():
            paths = [single]
        else:
            continue
        root = folder.parents[len(below)]
        found += [_named(path.relative_to(root).with_suffix("").parts, path) for path in paths]
    return found or (None if below else [])


def _named(parts: tuple[str, ...], path: Path) -> tuple[Path, str, str]:
    if parts[-1] == "__init__":
        parts = parts[:-1]
        label = ".".join(parts[:2])
    else:
        label = ".".join(parts[: min(2, len(parts) - 1)]) or parts[0]
    return path, ".".join(parts), label


def _is_test(path: Path) -> bool:
    name = path.name
    return (
        not TEST_FOLDERS.isdisjoint(path.parts[:-1])
        or name.startswith("test_")
        or name.endswith("_test.py")
        or name == "conftest.py"
    )


def _docstrings(source: bytes, module: str) -> list[tuple[str, str]]:
    with warnings.catch_warnings(), _no_garbage_collection():
        warnings.simplefilter("ignore")
        return list(_walk(ast.parse(source), module))


def _walk(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Definition):
        text = ast.get_docstring(node, clean=False)
        if text:
            yield name, text
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    # Definitions also stand under "if", "try" and "with"; none of these has a name of its own.
    for field in ("body", "handlers", "orelse", "finalbody"):
        for child in getattr(node, field, ()):
            if isinstance(child, Definition):
                yield from _walk(child, f"{name}.{child.name}")
            elif isinstance(child, ast.If | ast.Try | ast.With | ast.ExceptHandler):
                yield from _walk(child, name)


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    # A syntax tree has no cycles, and looking for some while it grows takes a third of the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _installed() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def _hint(package: str) -> str:
    installed = _installed()
    for name, distributions in installed.items():
        if package.lower() in (distribution.lower() for distribution in distributions) and not name.startswith("_"):
            return f" Did you mean {name}?"
    return did_you_mean(package, installed)
