"""The layers of tests that may notice a fault, cheapest first. Another one is one more entry.

A layer is a command. It ends with 1 if it notices something, with 0 if not, and what it prints
tells how much it took. They do not share their judgement: the examples were written by hand, the
check judges every history within its bounds by the properties of ``machines/properties`` and by
what is true at Stripe, the oracle judges random ones by its own model of the rules, and worlds and
what else runs through the adapters are judged by what Stripe and the service have in the end.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .fault import Fault

Command = tuple[str, ...]
"""The arguments after ``python``."""

HISTORIES = 200
"""How many histories the oracle judges at most."""

WORLDS = 8
"""How many worlds are run at most."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Args:
        name: what it is called in the table.
        sentence: what it tries, and who judges.
        command: what to run for a fault; None where it cannot notice the fault.
        amount: a pattern for how much it tried, in what the command prints; a group for the number.
        unit: what that number counts.
        steps: the same for the steps of a counterexample, if it prints one.
    """

    name: str
    sentence: str
    command: Callable[[Fault], Command | None]
    amount: str
    unit: str
    steps: str | None = None

    def tried(self, printed: str) -> int | None:
        """How much it tried, by what it printed; None if it did not say."""
        found = re.findall(self.amount, printed)
        return sum(int(each.replace(",", "")) for each in found) if found else None

    def steps_in(self, printed: str) -> int | None:
        """How many steps its counterexample has, by what it printed; None if it has none."""
        found = re.search(self.steps, printed) if self.steps else None
        return int(found[1]) if found else None


def _pytest(*files: str) -> Command | None:
    return ("-m", "pytest", "-x", "-p", "no:cacheprovider", *files) if files else None


def _of_machines(*command: str) -> Callable[[Fault], Command | None]:
    return lambda fault: command if fault.is_of_machines else None


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
        "`relink check`: every history of one account and of two, within its bounds",
        _of_machines("-m", "tests.planted.checked"),
        r"([\d,]+) states",
        "states",
        r"in (\d+) steps",
    ),
    Layer(
        "oracle",
        f"up to {HISTORIES:,} random histories, judged by a model of the rules of its own",
        _of_machines("-m", "tests.planted.search", str(HISTORIES)),
        r"([\d,]+) histories",
        "histories",
    ),
    Layer(
        "world",
        f"up to {WORLDS} simulated worlds: the whole product, under faults, on a virtual clock",
        lambda fault: ("-m", "tests.planted.worlds", str(WORLDS)),
        r"([\d,]+) worlds",
        "worlds",
    ),
    Layer(
        "whole",
        "tests through the adapters: Stripe's objects, the store, the runner, real processes",
        lambda fault: _pytest(*fault.whole),
        TESTS,
        "tests",
    ),
)
