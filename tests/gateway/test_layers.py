"""The packages around Stripe depend on each other in one direction only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ADAPTERS = Path(__file__).parents[2] / "adapters"

MAY_IMPORT = {
    "simulator": {"extras", "loopback"},
    "stripe": {"extras"},
    "gateway": {"extras", "simulator", "stripe", "outbound", "deadline"},
}
"""By package of relink.adapters, the other packages of relink.adapters that it may import."""


def imported_adapters(file: Path) -> Iterator[str]:
    """The packages of relink.adapters that a file imports, inside functions too."""
    package = ["relink", *file.relative_to(ADAPTERS.parent).parent.parts]
    for node in ast.walk(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("relink.adapters."):
                yield name.split(".")[2]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_around_stripe_import_no_cycle(package: str) -> None:
    files = sorted((ADAPTERS / package).rglob("*.py"))
    assert files
    for file in files:
        strays = set(imported_adapters(file)) - MAY_IMPORT[package] - {package}
        assert not strays, f"{file.relative_to(ADAPTERS)} may not import {sorted(strays)}"
