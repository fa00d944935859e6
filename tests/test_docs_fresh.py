"""What is generated in the documentation is what would be generated now."""

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = {"S": 7, "K": 12, "R": 9, "N": 4, "P": 4, "C": 4, "F": 1}
"""How many rules each family has, those that are coming included."""


def load_generator() -> ModuleType:
    """The script, which stands outside of all packages."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load_generator()


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_generated_page_is_fresh(page: str) -> None:
    assert (ROOT / page).read_text() == generate.fresh(page), f"{page} is stale: make docs"


def stated(*, coming: bool) -> set[str]:
    """The rules of the chapters, or those that are coming."""
    chapters = tomllib.loads((ROOT / "docs" / "rules.toml").read_text())
    wanted = (rules for title, rules in chapters.items() if (title == generate.COMING) == coming)
    return {rule for rules in wanted for rule in rules}


def test_every_rule_is_stated_or_coming() -> None:
    rules = {f"{kind}{number + 1}" for kind, count in RULES.items() for number in range(count)}
    assert stated(coming=False) | stated(coming=True) == rules


@pytest.mark.parametrize("found", ["rule_keepers", "rule_tests"])
def test_every_stated_rule_is_kept_and_tested(found: str) -> None:
    rules = set(getattr(generate, found)())
    assert rules >= stated(coming=False)
    assert rules <= stated(coming=False) | stated(coming=True)


def test_a_rule_without_a_test_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = generate.rule_tests()
    del tests["K4"]
    monkeypatch.setattr(generate, "rule_tests", lambda: tests)
    with pytest.raises(ValueError, match="tested differ: K4"):
        generate.rules("")


def test_a_rule_that_nobody_states_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    keepers = {**generate.rule_keepers(), "S99": [ROOT / "machines" / "account.py"]}
    monkeypatch.setattr(generate, "rule_keepers", lambda: keepers)
    with pytest.raises(ValueError, match="kept differ: S99"):
        generate.rules("")


def test_a_rule_that_is_only_coming_may_be_kept_already(monkeypatch: pytest.MonkeyPatch) -> None:
    (rule, *_) = sorted(stated(coming=True) - stated(coming=False))
    keepers = {**generate.rule_keepers(), rule: [ROOT / "machines" / "account.py"]}
    monkeypatch.setattr(generate, "rule_keepers", lambda: keepers)
    assert f"\n| {rule} | " in generate.rules("").partition("## Coming")[2]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("S1 to S3, K8 and R5", ["S1", "S2", "S3", "K8", "R5"]),
        ("K2 to\nK4", ["K2", "K3", "K4"]),
        ("P1", ["P1"]),
        ("K8 to K10, F1 and K12", ["K8", "K9", "K10", "F1", "K12"]),
    ],
)
def test_rules_are_named_one_by_one_or_from_first_to_last(text: str, names: list[str]) -> None:
    assert list(generate.named_rules(text)) == names


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("outage.py", "outage"),
        ("account/__init__.py", "account"),
        ("account/guards.py", "account/guards"),
    ],
)
def test_a_module_of_a_package_is_named_with_it(module: str, name: str) -> None:
    assert generate.module_name(ROOT / "machines" / module) == name
