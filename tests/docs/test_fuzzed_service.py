"""The page docs/fuzzing-services.md: each fault of its shop is found, shrunk and mended.

The page's shop is mended by the page's changes, one after the other. What is found before each is
what the page shows, and at the end the shop is the one in docs/examples.
"""

import json
import re
import sys
from types import ModuleType
from typing import Any

import pytest

from relink.engine.fuzz import Counterexample, find_counterexample, replay

from ..profile import PROFILE
from .shops import EXAMPLES

PAGE = (EXAMPLES.parent / "fuzzing-services.md").read_text()
MENDED = (EXAMPLES / "hand_written.py").read_text()
TEST = (EXAMPLES / "fuzz_hand_written.py").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def changed(source: str, diff: str) -> str:
    """The source after one of the page's changes, which has to fit in one place."""
    lines = diff.splitlines()
    before = "\n".join(line[1:] for line in lines if line[0] != "+")
    after = "\n".join(line[1:] for line in lines if line[0] != "-")
    assert source.count(before) == 1, before
    return source.replace(before, after)


def shops() -> list[str]:
    """The page's shop, and what it becomes by each pair of changes."""
    found, diffs = [blocks("python")[0]], blocks("diff")
    for first, second in zip(diffs[::2], diffs[1::2], strict=True):
        found.append(changed(changed(found[-1], first), second))
    return found


@pytest.fixture
def tested(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the page's test of a shop."""

    def made(shop: str) -> Any:
        module = ModuleType("hand_written")
        exec(shop, vars(module))
        monkeypatch.setitem(sys.modules, "hand_written", module)
        names: dict[str, Any] = {"__name__": "fuzz_hand_written"}
        exec(TEST, names)
        return names["ShopTest"]

    return made


def searched(test: Any) -> Counterexample | None:
    return find_counterexample(test, max_examples=100, seed=5)


def test_the_page_shows_the_examples() -> None:
    assert blocks("python")[1] == TEST
    assert shops()[-1] == MENDED


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (0, "it prompts for what cannot be repaired"),
        (1, "no ledger: a duplicate prompts twice"),
        (2, "an old event overwrites a newer one"),
    ],
)
def test_the_fault_that_the_page_shows_is_found_and_shrunk(
    tested: Any, number: int, fault: str
) -> None:
    is_found_shrunk_and_mended(tested, number)


def test_the_fault_that_nobody_looked_for_is_found_and_shrunk(tested: Any) -> None:
    is_found_shrunk_and_mended(tested, 3)


def is_found_shrunk_and_mended(tested: Any, number: int) -> None:
    test = tested(shops()[number])
    found = searched(test)
    assert f"{found}\n" == blocks("text")[number]
    assert found is not None
    assert len(found.events) <= 3
    recording = json.loads(json.dumps(found.recording))
    assert replay(test, recording) == found
    assert replay(tested(shops()[number + 1]), recording) is None


def test_the_mended_shop_passes(tested: Any) -> None:
    examples = 100 if PROFILE.name == "full" else 40
    assert find_counterexample(tested(MENDED), max_examples=examples, seed=5) is None
