"""The generated parts of the documentation are up to date."""

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = {"S": 7, "K": 12, "R": 9, "N": 4, "P": 4, "C": 4, "F": 1}
"""How many rules each family has."""


def load_generator() -> ModuleType:
    """Load the script, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load_generator()


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_generated_page_is_fresh(page: str) -> None:
    assert (ROOT / page).read_text() == generate.fresh(page), f"{page} is stale. Run make docs."


def stated() -> set[str]:
    """The rules of all chapters."""
    chapters = tomllib.loads((ROOT / "docs" / "rules.toml").read_text())
    return {rule for rules in chapters.values() for rule in rules}


def test_every_rule_is_stated() -> None:
    rules = {f"{kind}{number + 1}" for kind, count in RULES.items() for number in range(count)}
    assert stated() == rules


@pytest.mark.parametrize("found", ["rule_keepers", "rule_tests"])
def test_every_stated_rule_is_kept_and_tested(found: str) -> None:
    assert set(getattr(generate, found)()) == stated()


def test_a_rule_without_a_test_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = generate.rule_tests()
    del tests["K4"]
    monkeypatch.setattr(generate, "rule_tests", lambda: tests)
    with pytest.raises(ValueError, match="tested differ: K4"):
        generate.rules("")


def test_a_kept_rule_that_is_not_stated_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    keepers = {**generate.rule_keepers(), "S99": [ROOT / "machines" / "account.py"]}
    monkeypatch.setattr(generate, "rule_keepers", lambda: keepers)
    with pytest.raises(ValueError, match="kept differ: S99"):
        generate.rules("")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("S1 to S3, K8 and R5", ["S1", "S2", "S3", "K8", "R5"]),
        ("K2 to\nK4", ["K2", "K3", "K4"]),
        ("P1", ["P1"]),
        ("K8 to K10, F1 and K12", ["K8", "K9", "K10", "F1", "K12"]),
    ],
)
def test_rules_are_listed_singly_or_as_a_range(text: str, names: list[str]) -> None:
    assert list(generate.named_rules(text)) == names


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("outage.py", "outage"),
        ("account/__init__.py", "account"),
        ("account/guards.py", "account/guards"),
    ],
)
def test_a_module_of_a_package_is_named_with_the_package(module: str, name: str) -> None:
    assert generate.module_name(ROOT / "machines" / module) == name
