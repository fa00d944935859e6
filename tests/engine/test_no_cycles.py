"""No module imports itself through others, imports inside functions included."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PACKAGES = ["engine", "machines", "adapters"]
"""Folders whose modules have no cycle, across folders too."""

Sources = Mapping[str, str]
"""Modules by full name, with their source. Packages end in ``.__init__``."""


def sources(folders: Iterable[str]) -> Sources:
    return {
        ".".join(["relink", *file.relative_to(ROOT).with_suffix("").parts]): file.read_text()
        for folder in folders
        for file in (ROOT / folder).rglob("*.py")
    }


def imported(module: str, source: str, modules: Sources) -> Iterator[str]:
    """The modules of ``modules`` that a module imports, in functions and for type checkers too."""

    def known(name: str) -> Iterator[str]:
        for candidate in (name, f"{name}.__init__"):
            if candidate in modules and candidate != module:
                yield candidate

    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                for alias in names:
                    yield from known(alias.name)
            case ast.ImportFrom(name, names, level):
                above = package[: len(package) - level + 1] if level else []
                base = ".".join([*above, *([name] if name else [])])
                for alias in names:
                    # A name is a module of the package, or something that the package defines.
                    found = list(known(f"{base}.{alias.name}"))
                    yield from found or known(base)


def cycle(modules: Sources) -> list[str]:
    """One cycle of imports, from a module back to itself; empty if there is none."""
    graph = {name: set(imported(name, source, modules)) for name, source in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # graphlib lists predecessors: each module is imported by the next.
        return list(reversed(error.args[1]))
    return []


def test_no_cycles_of_imports():
    assert cycle(sources(PACKAGES)) == []


@pytest.mark.parametrize(
    "source",
    [
        "from .b import x",
        "from . import b",
        "import p.b",
        "from p.b import x",
        "def f():\n    from .b import x",
        "if TYPE_CHECKING:\n    from .b import x",
    ],
)
def test_every_way_to_import_a_module_makes_a_cycle(source: str):
    modules = {"p.__init__": "", "p.a": source, "p.b": "from p.c import x", "p.c": "import p.a"}
    found = cycle(modules)
    assert found[0] == found[-1]
    assert set(found) == {"p.a", "p.b", "p.c"}


def test_a_package_that_a_module_inside_imports_makes_a_cycle():
    modules = {"p.__init__": "from .a import x", "p.a": "from . import y"}
    assert set(cycle(modules)) == {"p.__init__", "p.a"}


def test_modules_that_import_one_way_have_no_cycle():
    modules = {"p.__init__": "from .a import x", "p.a": "from .b import x", "p.b": "import ast"}
    assert cycle(modules) == []
