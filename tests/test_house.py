"""The house rules: who may import whom, what stands where, what is pinned."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import relink

from .order import LONGEST
from .profile import QUICK

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["engine", "machines", "adapters"]

# Beside the standard library. adapters may import what they like, but for each folder
# the ones above it are out of bounds: imports go adapters → machines → engine.
MAY_IMPORT = {
    "engine": {"pydantic", "statemachine", "relink.engine"},
    "machines": {"pydantic", "statemachine", "relink.engine", "relink.machines"},
}
# The core has no clock, no randomness, no I/O and no logging of its own.
NOT_PURE = {
    *("asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "queue", "random"),
    *("secrets", "socket", "sqlite3", "subprocess", "tempfile", "time", "urllib"),
}

# By module, or package with all that is in it.
EXCEPTIONS = {
    "relink.engine.fuzz": {"hypothesis"},
    # It makes up values of every type that a field can have, JSON and paths among them.
    "relink.engine.fuzz.schemas": {"pydantic_core", "pathlib"},
    "relink.engine.fuzz.known": {"pathlib"},
}


def imports(source: str, package: str) -> Iterator[str]:
    """Full names of all modules that a module of ``package`` imports, wherever it does.

    ``from a import b`` gives ``a.b``, since b can be a module too.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module, names, level):
                above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                base = ".".join([*above, *([module] if module else [])])
                yield from (f"{base}.{alias.name}" for alias in names)
            case ast.Call(ast.Name("__import__") | ast.Attribute(attr="import_module"), args):
                match args:
                    case [ast.Constant(str(name)), *_]:
                        yield name
                    case _:
                        yield "a name computed at run time"


def imports_of(file: Path) -> set[str]:
    """What a file of the three folders imports."""
    package = ".".join(["relink", *file.relative_to(ROOT).parent.parts])
    try:
        return set(imports(file.read_text(), package))
    except SyntaxError as error:
        raise SyntaxError(f"{file.relative_to(ROOT)}: {error}") from error


def within(name: str, allowed: set[str]) -> bool:
    """Whether an imported name is one of the allowed packages, or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in allowed)


def modules(folder: str) -> list[Path]:
    """All Python files of a folder."""
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"nothing found in {folder}/"
    return found


def module_name(file: Path) -> str:
    """The name that a file of the three folders is imported by."""
    return ".".join(["relink", *file.relative_to(ROOT).with_suffix("").parts])


def excepted(file: Path) -> set[str]:
    """What this file may import although the others of its folder may not."""
    module = module_name(file)
    return {
        name for where, names in EXCEPTIONS.items() if within(module, {where}) for name in names
    }


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_run_one_way(folder: str) -> None:
    for file in modules(folder):
        allowed = MAY_IMPORT[folder] | excepted(file) | sys.stdlib_module_names
        strays = {name for name in imports_of(file) if not within(name, allowed)}
        assert not strays, f"{file.relative_to(ROOT)} may not import {sorted(strays)}"


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_the_core_is_pure(folder: str) -> None:
    for file in modules(folder):
        strays = {name for name in imports_of(file) if within(name, NOT_PURE - excepted(file))}
        assert not strays, f"{file.relative_to(ROOT)} reaches outside with {sorted(strays)}"


def test_every_exception_is_needed() -> None:
    needed = {
        (where, name)
        for where, names in EXCEPTIONS.items()
        for file in modules(where.split(".")[1])
        if within(module_name(file), {where})
        for name in names
        if any(within(imported, {name}) for imported in imports_of(file))
    }
    assert needed == {(where, name) for where, names in EXCEPTIONS.items() for name in names}


def test_every_package_that_a_folder_may_import_is_imported() -> None:
    for folder, allowed in MAY_IMPORT.items():
        imported = {name for file in modules(folder) for name in imports_of(file)}
        unused = {name for name in allowed if not any(within(each, {name}) for each in imported)}
        assert unused == set(), folder


def test_our_own_packages_are_imported_as_relink() -> None:
    """``import engine`` works from the top of a checkout, and makes every class a second time."""
    for folder in [*FOLDERS, "tests", "benchmarks"]:
        for file in (ROOT / folder).rglob("*.py"):
            strays = {name for name in imports_of(file) if within(name, set(FOLDERS))}
            assert not strays, f"{file.relative_to(ROOT)} imports {sorted(strays)} without relink."


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import stripe", "stripe"),
        ("def f():\n    import stripe.financial_connections", "stripe.financial_connections"),
        ("if TYPE_CHECKING:\n    from relink.adapters import store", "relink.adapters.store"),
        ("from .. import adapters", "relink.adapters"),
        ("from ..adapters.store import rows", "relink.adapters.store.rows"),
        ("from . import event", "relink.engine.event"),
        ("importlib.import_module('relink.adapters')", "relink.adapters"),
        ("importlib.import_module(name)", "a name computed at run time"),
        ("__import__('stripe')", "stripe"),
    ],
)
def test_no_way_of_importing_is_overlooked(source: str, found: str) -> None:
    assert set(imports(source, "relink.engine")) == {found}


def test_relink_holds_no_code_in_a_clone() -> None:
    assert relink.__file__ is None
    assert not (ROOT / "relink").exists()
    assert not (ROOT / "__init__.py").exists()


def pins() -> dict[str, str]:
    """The pinned versions, by canonical name."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {canonicalize_name(name): version for name, version in (x.split("==") for x in lines)}


def test_constraints_are_pins_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [x for x in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", x)] == []
    assert len(pins()) == len(lines)


def test_no_package_host_is_named() -> None:
    """Where packages come from is for each machine's own pip settings to say."""
    files = ["Makefile", "constraints.txt", "setup.py", "pyproject.toml"]
    for file in [*map(ROOT.joinpath, files), *(ROOT / ".ci").glob("*")]:
        if file.is_file():
            found = re.findall(r"://|--\S*index\S*|--find-links|PIP_\w+", file.read_text())
            assert not found, f"{file.relative_to(ROOT)}: {found}"


def declared() -> list[Requirement]:
    """Every requirement that pyproject.toml states, those of the build included."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = stated["project"]["optional-dependencies"].values()
    lists = [stated["build-system"]["requires"], stated["project"]["dependencies"], *groups]
    return [Requirement(text) for texts in lists for text in texts]


def test_every_declared_requirement_has_a_pin_within_its_range() -> None:
    for requirement in declared():
        if requirement.name != "relink-engine":
            version = pins().get(canonicalize_name(requirement.name))
            assert version, f"{requirement} has no pin"
            assert version in requirement.specifier, f"{requirement} rules out its pin {version}"


def test_what_the_requirements_need_is_pinned_too() -> None:
    """A package that comes along unpinned would make two installs differ."""
    seen: set[str] = set()
    waiting = [(name, "") for name in pins()]
    while waiting:
        name, extra = waiting.pop()
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of an extra that is not installed here; its needs show where it is
        for requirement in map(Requirement, needs):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                seen.add(canonicalize_name(requirement.name))
                waiting.extend((requirement.name, extra) for extra in requirement.extras)
    assert seen, "nothing is installed"
    assert seen - pins().keys() == set()


def test_what_is_to_run_first_exists() -> None:
    for name in LONGEST:
        file, _, test = name.partition("::")
        assert f"def {test}" in (ROOT / "tests" / file).read_text(), name


def test_what_the_quick_profile_leaves_out_exists() -> None:
    sources = [file.read_text() for file in (ROOT / "tests").rglob("test_*.py")]
    for name in QUICK.left_out:
        assert any(f"def {name}(" in source for source in sources), name


SKIPPING = {
    "mark": "@pytest.mark.skip('why')\ndef test(): pass",
    "call": "def test(): pytest.skip('why')",
    "fixture": "@pytest.fixture\ndef it(): pytest.skip('why')\ndef test(it): pass",
    "module": "pytest.skip('why', allow_module_level=True)",
    "import": "pytest.importorskip('no_such_module')",
    "unittest": "class Test(unittest.TestCase):\n def test(self): self.skipTest('why')",
}


@pytest.fixture
def skipping(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of tests that are skipped in every way there is, under the rule of these tests."""
    pytester.makeconftest((ROOT / "tests" / "skips.py").read_text())
    for name, source in SKIPPING.items():
        pytester.path.joinpath(f"test_{name}.py").write_text(f"import unittest, pytest\n{source}\n")
    # Without the plugins of the environment, which take seconds to load.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def test_a_skip_is_no_failure_outside_of_ci(
    skipping: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    skipping.runpytest("-p", "no:cacheprovider").assert_outcomes(skipped=len(SKIPPING))


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "1"]], ids=["alone", "xdist"])
def test_a_skip_is_a_failure_in_ci(
    skipping: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    options = ["-rA", "-p", "no:cacheprovider", "--continue-on-collection-errors", *workers]
    in_ci = skipping.runpytest(*options).stdout.str()
    for name in SKIPPING:
        assert re.search(rf"^(FAILED|ERROR) test_{name}\.py.*CI does not allow", in_ci, re.M), in_ci
