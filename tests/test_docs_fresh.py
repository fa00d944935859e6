"""What is generated in the documentation is what would be generated now."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = {"S": 7, "K": 8, "R": 9, "N": 3, "P": 3, "C": 3}


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


def test_every_rule_is_kept_and_tested() -> None:
    rules = {f"{kind}{number + 1}" for kind, count in RULES.items() for number in range(count)}
    assert set(generate.rule_keepers()) == rules
    assert set(generate.rule_tests()) == rules


def test_a_rule_without_a_test_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = generate.rule_tests()
    del tests["K4"]
    monkeypatch.setattr(generate, "rule_tests", lambda: tests)
    with pytest.raises(ValueError, match="tested differ: K4"):
        generate.rules("")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("S1 to S3, K8 and R5", ["S1", "S2", "S3", "K8", "R5"]),
        ("K2 to\nK4", ["K2", "K3", "K4"]),
        ("P1", ["P1"]),
    ],
)
def test_rules_are_named_one_by_one_or_from_first_to_last(text: str, names: list[str]) -> None:
    assert list(generate.named_rules(text)) == names
