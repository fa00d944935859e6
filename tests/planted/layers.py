"""The layers of tests that may notice a fault, cheapest first. Another one is one more entry.

A layer is a command. It ends with 1 if it notices something, with 0 if not, and what it prints
tells how much it took. They do not share their judgement: the examples were written by hand, the
histories are judged by the properties of ``machines/properties``, the oracle's by its own model of
the rules, the check by the properties again, but over every history within its bounds, and what
runs through the adapters by what Stripe and the service have in the end.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .fault import Fault

Command = tuple[str, ...]
"""The arguments after ``python``."""

HISTORIES = 600
"""How many histories the oracle judges at most."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Args:
        name: what it is called in the table.
        sentence: what it tries, and who judges.
        command: what to run for a fault; None where it cannot notice the fault.
        amount: a pattern for how much it tried, in what the command prints; a group for the number.
        unit: what that number counts.
    """

    name: str
    sentence: str
    command: Callable[[Fault], Command | None]
    amount: str
    unit: str

    def tried(self, printed: str) -> int | None:
        """How much it tried, by what it printed; None if it did not say."""
        found = re.findall(self.amount, printed)
        return sum(int(each.replace(",", "")) for each in found) if found else None


def _pytest(*files: str) -> Command | None:
    return ("-m", "pytest", "-x", "-p", "no:cacheprovider", *files) if files else None


def _of_machines(*command: str) -> Callable[[Fault], Command | None]:
    return lambda fault: command if fault.is_of_machines else None


PROPERTY_TESTS = ("histories", "order", "results")

TESTS = r"(\d+) (?:passed|failed)"

LAYERS = (
    Layer(
        "examples",
        "example tests of the rule, by hand",
        lambda fault: _pytest(*fault.examples),
        TESTS,
        "tests",
    ),
    Layer(
        "check",
        "`relink check`: every history of one account, within its bounds",
        _of_machines("-m", "relink.adapters.cli", "check"),
        r"([\d,]+) states",
        "states",
    ),
    Layer(
        "oracle",
        f"up to {HISTORIES:,} random histories, judged by a model of the rules of its own",
        _of_machines("-m", "tests.planted.search", str(HISTORIES)),
        r"([\d,]+) histories",
        "histories",
    ),
    Layer(
        "histories",
        "property tests over random histories, judged by `machines/properties` and in other orders",
        lambda fault: (
            _pytest(*(f"tests/machines/test_{name}.py" for name in PROPERTY_TESTS))
            if fault.is_of_machines
            else None
        ),
        TESTS,
        "tests",
    ),
    Layer(
        "whole",
        "tests through the adapters: Stripe's objects, the store, the runner, real processes",
        lambda fault: _pytest(*fault.whole),
        TESTS,
        "tests",
    ),
)
