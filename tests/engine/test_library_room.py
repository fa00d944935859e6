"""Only ``engine/library`` touches the inside of python-statemachine, and its text says what."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from relink.engine import library

ROOT = Path(__file__).parents[2]
ROOM = ROOT / "engine" / "library"
PUBLIC = {"Event", "State", "StateChart", "__version__"}
"""What everybody may import from ``statemachine``."""

Found = tuple[int, str]
"""A line, and what is there."""


def library_imports(source: str) -> Iterator[Found]:
    """Imports from python-statemachine other than those of the public classes."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module, names, 0) if module == "statemachine":
                modules = [f"{module}.{x.name}" for x in names if x.name not in PUBLIC]
            case ast.ImportFrom(str(module), level=0):
                modules = [module]
            case _:
                continue
        yield from ((node.lineno, name) for name in modules if name.split(".")[0] == "statemachine")


def private_attributes(source: str) -> Iterator[Found]:
    """Private attributes of other objects: ``chart._events``, but not ``self._events``."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name("self" | "cls")):
                continue
            case ast.Attribute(attr=name) if re.match(r"_[^_]", name):
                yield node.lineno, name
            case ast.Call(ast.Name("getattr" | "setattr"), [_, ast.Constant(str(name)), *_]):
                if name.startswith("_"):
                    yield node.lineno, name


def files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def used_in_room() -> set[str]:
    return {
        name for file in files("engine/library") for _, name in private_attributes(file.read_text())
    }


OUTSIDE = [x for x in files("engine", "machines", "adapters") if not x.is_relative_to(ROOM)]


@pytest.mark.parametrize("file", OUTSIDE, ids=lambda file: str(file.relative_to(ROOT)))
def test_outside_of_the_room_only_public_classes_are_imported(file: Path):
    assert list(library_imports(file.read_text())) == []


@pytest.mark.parametrize("file", OUTSIDE, ids=lambda file: str(file.relative_to(ROOT)))
def test_outside_of_the_room_no_private_attribute_of_the_library_is_read(file: Path):
    private = used_in_room()
    assert [x for x in private_attributes(file.read_text()) if x[1] in private] == []


def test_the_text_of_the_room_lists_every_private_attribute_it_uses():
    listed = re.findall(r"``(_\w+)``", str(library.__doc__))
    assert set(listed) == used_in_room()


def test_the_text_of_the_room_lists_every_module_it_imports():
    imported = {
        name.removeprefix("statemachine.")
        for file in files("engine/library")
        for _, name in library_imports(file.read_text())
    }
    section = str(library.__doc__).partition("Modules without documentation:")[2]
    assert set(re.findall(r"``([\w.]+)``", section.partition("\n\n")[0])) == imported


@pytest.mark.parametrize(
    "source",
    [
        "from statemachine.graph import iterate_states",
        "def f():\n    import statemachine.callbacks",
        "import statemachine",
        "from statemachine import callbacks",
        "from statemachine.engines.sync import SyncEngine",
    ],
)
def test_every_way_to_import_the_inside_of_the_library_is_found(source: str):
    assert len(list(library_imports(source))) == 1


def test_importing_the_public_classes_is_allowed():
    assert list(library_imports("from statemachine import Event, State, StateChart")) == []


@pytest.mark.parametrize(
    "source", ["chart._events", "table.chart._events", "f(x)._events = 1", "getattr(c, '_events')"]
)
def test_every_way_to_read_a_private_attribute_is_found(source: str):
    assert [name for _, name in private_attributes(source)] == ["_events"]


def test_private_attributes_of_self_are_allowed():
    assert list(private_attributes("self._events; cls._events")) == []
