"""Testing several machines as one: a rule for each outside event, and a world in memory.

Besides its invariants, two properties are asked of every system: each event is decided
without an error, and the same question has the same answer.

What answers the commands of a system, such as a bank, is not known here. To play
it, subclass the test and add rules: they see :attr:`SystemTest.steps`, with the
commands of each, and let the answers happen.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ..decision import Snapshot
from ..effect import Facts
from ..event import Event
from ..system import Address, Step, System
from .coverage import LeafCoverage
from .finding import HistoryTest, derived_with_rules
from .payloads import NO_VALUES, Values, payloads
from .steering import perhaps

World = Mapping[Address, Snapshot[Facts]]
"""The snapshots of all machines that there are."""

SystemInvariant = Callable[[World, Step, World], str | None]
"""Asked with the world before a step, the step, and the world after it; returns what is
wrong, or None."""


class SystemTest(HistoryTest):
    """A system under test; :func:`system_test` makes a class of it.

    Subclass that to add rules and Hypothesis ``@invariant`` methods of your own. A rule
    lets something happen with :meth:`happen`.
    """

    system: ClassVar[System]
    safety: ClassVar[tuple[SystemInvariant, ...]] = ()
    coverage: ClassVar[LeafCoverage | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.world: World = {}
        """The snapshots of all machines that there are."""
        self.steps: list[Step] = []
        """All of them, in order."""

    def happen(self, trigger: Event) -> Step:
        """Let the system decide an outside event, and check that all properties hold.

        Raises:
            PropertyViolatedError: one of them does not, or the step failed.
        """
        before = self.world
        try:
            step = self.system.step(trigger, before.get)
        except Exception as error:
            self._undecided(trigger, error)
        outcomes = [f"{_place(d.address)}: {d.decision}" for d in step.deliveries]
        self._remember(trigger, outcomes or ["concerns no machine"])
        self.steps.append(step)
        self.world = {**before, **step.snapshots}
        if self.coverage is not None:
            for delivery in step.deliveries:
                table = self.system.tables[delivery.address.machine]
                self.coverage.record(table, delivery.decision)
        if self.system.step(trigger, before.get) != step:
            self._refute("the same question has the same answer: asked again, it is another")
        self._ask(self.safety, before, step, self.world)
        return step


def _place(address: Address) -> str:
    return f"{address.machine} {address.key}"


def system_test(
    system: System,
    outside_events: Iterable[type[Event]],
    *,
    invariants: Iterable[SystemInvariant] = (),
    values: Values = NO_VALUES,
    coverage: LeafCoverage | None = None,
) -> type[SystemTest]:
    """A Hypothesis state machine that lets outside events happen to a system, a rule for each.

    Args:
        system: What is tested.
        outside_events: Classes of the events that its route knows.
        invariants: What must hold of every step and of the worlds around it.
        values: What fields of events may hold, where that is not to be derived.
        coverage: Counts the leaves that come up in any machine of the system.

    Raises:
        NoPayloadError: a field says too little about itself.
    """
    body = {
        "__doc__": "Lets outside events happen to a system.",
        "system": system,
        "safety": tuple(invariants),
        "coverage": coverage,
    }
    rules = {event.name: _rule(event, payloads(event, values)) for event in outside_events}
    return derived_with_rules(SystemTest, "SystemTest", body, rules)


def _rule(event: type[Event], blind: st.SearchStrategy[Event]) -> Callable[..., None]:
    def let_happen(test: SystemTest, trigger: Event | None) -> None:
        if trigger is not None:
            test.happen(trigger)

    let_happen.__name__ = event.name
    return rule(trigger=perhaps(blind))(let_happen)
