"""The pytest plugin: the suite in the documentation, and an environment without extras."""

import ast
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relink.adapters import pytest_plugin

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "testing.md"
PLUGIN = ROOT / "adapters" / "pytest_plugin.py"

# What pytest needs; nothing of relink's own requirements, and none of its extras.
BARE = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py")


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def run_tests(folder: Path, suite: str, *python: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_suite.py").write_text(suite)
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    command = [sys.executable, *python, "-p", "no:cacheprovider", "-q", "--rootdir", str(folder)]
    # What these tests run with is not for the ones within.
    own = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, timeout=60)


def test_the_suite_in_the_documentation_passes(tmp_path: Path) -> None:
    done = run_tests(tmp_path, blocks()[0], "-m", "pytest")
    assert re.search(r"^3 passed in", done.stdout, re.M), done.stdout + done.stderr


def test_the_faults_in_the_documentation_are_simulated(tmp_path: Path) -> None:
    done = run_tests(tmp_path, blocks()[1], "-m", "pytest")
    assert re.search(r"^1 passed in", done.stdout, re.M), done.stdout + done.stderr


def test_the_gateway_in_the_documentation_is_loaded() -> None:
    exec(blocks()[-1], found := {})
    assert found["gateway"].recorded == []


def test_the_plugin_is_registered_once() -> None:
    points = importlib.metadata.entry_points(group="pytest11", name="relink")
    assert {point.value for point in points} == {pytest_plugin.__name__}


def test_the_plugin_imports_neither_relink_nor_an_extra() -> None:
    """Read from its source: only the fixtures and `TYPE_CHECKING` import more."""
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.parse(PLUGIN.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported == {"collections.abc", "typing", "pytest"}


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """An environment with pytest and relink, but nothing that relink or its extras need."""
    site = tmp_path / "site"
    (site / "relink").mkdir(parents=True)
    for folder in ("engine", "machines", "adapters"):
        (site / "relink" / folder).symlink_to(ROOT / folder)
    for name in BARE:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        source = Path(spec.origin)
        source = source.parent if source.name == "__init__.py" else source
        (site / source.name).symlink_to(source)
    metadata = site / "relink_engine-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: relink-engine\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text(f"[pytest11]\nrelink = {pytest_plugin.__name__}\n")
    start = f"import sys; sys.path.insert(0, {str(site)!r}); import pytest; "
    return start + "raise SystemExit(pytest.main(sys.argv[1:]))"


SUITE = """
import sys

def test_nothing_was_imported():
    loaded = {name.partition(".")[0] for name in sys.modules}
    assert "relink.adapters.pytest_plugin" in sys.modules
    assert not loaded & {"pydantic", "statemachine", "stripe", "starlette", "uvicorn", "sqlalchemy"}
    assert not [n for n in sys.modules if n.startswith(("relink.engine", "relink.machines"))]

def test_the_simulator_needs_no_extra(relink_simulator):
    assert relink_simulator.link_account().status == "active"

def test_over_http(relink_simulator_http):
    pass
"""


def test_the_plugin_works_in_an_environment_without_extras(tmp_path: Path, bare: str) -> None:
    done = run_tests(tmp_path, SUITE, "-I", "-S", "-W", "error", "-c", bare)
    assert "2 passed, 1 error in" in done.stdout, done.stdout + done.stderr
    assert "No module named 'starlette'; pip install 'relink-engine[simulator]'" in done.stdout
