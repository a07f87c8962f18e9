"""Imports point one way: down the list of rooms, each of which may use those above it."""

import ast
import re
from pathlib import Path

import pytest

import docclust

ROOMS = [
    "errors",
    "compiling",
    "conflicts",
    "config",
    "results",
    "corpus",
    "vectors",
    "gaussian",
    "kernels",
    "engine",
    "plane",
    "em",
    "probability",
    "mixture",
    "calibration",
    "metrics",
    "fitted",
    "keywords",
    "ambiguity",
    "describe",
    "remarks",
    "frames",
    "costs",
    "pipeline",
    "assigning",
    "sweeping",
    "store",
    "report",
    "cli",
    "__main__",
]
# Of a package whose modules stand on each other as rooms do, in the order in which its docstring tells them.
INSIDE = {
    "em": [
        "options",
        "found",
        "scale",
        "reseeding",
        "looking",
        "maximising",
        "annealing",
        "loop",
        "replaying",
        "held_out",
        "leave_one_out",
    ],
    "mixture": [
        "copies",
        "words",
        "seeding",
        "checks",
        "agreement",
        "consensus",
        "defaults",
        "growing",
        "split_merge",
        "restarts",
        "covariance",
        "fitting",
        "training",
        "prediction",
        "effects",
        "estimator",
    ],
}
FOLDER = Path(docclust.__file__).parent


def room_of(path):
    return path.relative_to(FOLDER).parts[0].removesuffix(".py")


class _WithoutTypes(ast.NodeTransformer):
    """Drops what is imported only to name a type: it is not there when the program runs."""

    def visit_If(self, node):
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node


def imported_rooms(path, package="docclust"):
    for node in ast.walk(_WithoutTypes().visit(ast.parse(path.read_text("utf-8")))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != package else [f"{package}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        inside = (name.removeprefix(f"{package}.") for name in names if name.startswith(f"{package}."))
        yield from (name.split(".")[0] for name in inside)


def modules():
    return [path for path in sorted(FOLDER.rglob("*.py")) if path.name != "__init__.py" or path.parent != FOLDER]


def test_every_module_is_in_a_room():
    assert {room_of(path) for path in modules()} == set(ROOMS)


def test_contributing_tells_every_room_in_this_order():
    table = (FOLDER.parent / "CONTRIBUTING.md").read_text("utf-8").partition("| room |")[2].partition("\n\n")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert [room for cell in first_cells for room in re.findall(r"`(\w+)/?`", cell)] == ROOMS


def test_imports_point_one_way():
    wrong = [
        f"{path.relative_to(FOLDER)} imports {used}"
        for path in modules()
        for used in imported_rooms(path)
        if used in ROOMS and ROOMS.index(used) > ROOMS.index(room_of(path))
    ]
    assert wrong == []


@pytest.mark.parametrize(("package", "rooms"), INSIDE.items())
def test_so_they_do_inside_of_a_package(package, rooms):
    folder = FOLDER / package
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(rooms)
    told = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
    assert re.findall(r"^(\w+) {2,}", told, re.MULTILINE) == rooms
    wrong = [
        f"{room} imports {used}"
        for place, room in enumerate(rooms)
        for used in imported_rooms(folder / f"{room}.py", f"docclust.{package}")
        if used not in rooms[:place]
    ]
    assert wrong == []


def test_only_vectors_and_the_corpus_know_nltk_and_only_the_engine_knows_dask():
    users = {"nltk": {"vectors", "corpus"}, "dask": {"engine"}}
    for library, rooms in users.items():
        for path in modules():
            tree = ast.parse(path.read_text("utf-8"))
            names = {
                name.split(".")[0]
                for node in ast.walk(tree)
                for name in (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
            }
            assert library not in names or room_of(path) in rooms, path


def test_no_module_outgrows_one_sitting():
    long = {
        str(path.relative_to(FOLDER)): n for path in modules() if (n := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}
