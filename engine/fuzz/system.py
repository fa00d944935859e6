"""Testing several machines as one: a rule for each outside event, and a world in memory.

Every test checks two properties besides its own invariants: each event is decided without an
error, and the same question has the same answer.

The test does not know what answers the commands of a system, such as a bank. To simulate it,
subclass the test and add rules that read :attr:`SystemTest.steps`, with the commands of each
step, and send the answers.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ..arguments import explained, several, wrong_argument
from ..codec import Codec
from ..decision import Snapshot
from ..effect import Facts
from ..event import Event
from ..given import as_event, as_functions
from ..system import Address, Step, System
from .coverage import LeafCoverage
from .finding import HistoryTest, derived_with_rules
from .payloads import payloads
from .recording import SystemRecording
from .steering import perhaps
from .values import NO_VALUES, Values, check_values

World = Mapping[Address, Snapshot[Facts]]
"""The snapshots of all existing machines."""

SystemInvariant = Callable[[World, Step, World], str | None]
"""Called with the world before a step, the step, and the world after it; returns what is
wrong, or None."""


class SystemTest(HistoryTest):
    """A system under test; :func:`system_test` makes a subclass for a system.

    Subclass that to add rules and Hypothesis ``@invariant`` methods of your own. A rule
    sends an outside event with :meth:`send`.
    """

    recorded = SystemRecording
    system: ClassVar[System]
    safety: ClassVar[tuple[SystemInvariant, ...]] = ()
    coverage: ClassVar[LeafCoverage | None] = None
    outside_events: ClassVar[tuple[type[Event], ...]] = ()
    """The classes of events that a recording is read as."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World = {}
        """The snapshots of all existing machines."""
        self.steps: list[Step] = []
        """The steps so far, in order."""

    def recording(self) -> dict[str, Any]:
        """The outside events."""
        codec = Codec(events={type(event) for event in self.events})
        return {"events": [codec.to_json(event) for event in self.events]}

    def play(self, recording: Mapping[str, Any]) -> None:
        """Send the system the events of a recording."""
        codec = Codec(events=self.outside_events)
        for event in recording["events"]:
            self.send(codec.from_json(Event, event))

    def send(self, trigger: Event) -> Step:
        """Let the system decide an outside event, and check that all properties hold.

        Raises:
            PropertyViolatedError: one of them does not hold, or the step failed.
        """
        before = self.world
        try:
            step = self.system.checked.step(trigger, before.get)
        except Exception as error:
            self._fail(trigger, error)
        outcomes = [f"{_place(d.address)}: {d.decision}" for d in step.deliveries]
        self._remember(trigger, outcomes or ["routed to no machine"])
        self.steps.append(step)
        self.world = {**before, **step.snapshots}
        if self.coverage is not None:
            for delivery in step.deliveries:
                table = self.system.tables[delivery.address.machine]
                self.coverage.record(table, delivery.decision)
        if self.system.step(trigger, before.get) != step:
            self._refute("the same question has the same answer: the second step differs")
        self._ask(self.safety, before, step, self.world)
        return step


def _place(address: Address) -> str:
    return f"{address.machine} {address.key}"


@explained
def system_test(
    system: System,
    outside_events: Iterable[type[Event]],
    *,
    invariants: SystemInvariant | Iterable[SystemInvariant] = (),
    values: Values = NO_VALUES,
    coverage: LeafCoverage | None = None,
) -> type[SystemTest]:
    """Make a Hypothesis state machine that sends a system outside events, with a rule for each.

    Args:
        system: The system to test.
        outside_events: Classes of the events that its route knows.
        invariants: Checked for every step, with the worlds before and after it.
        values: Strategies for fields of events whose types say too little.
        coverage: Counts the leaves that are decided in any machine of the system.

    Raises:
        ArgumentError: something is not what it should be.
        NoPayloadError: the type of a field says too little, and ``values`` has no strategy for it.
    """
    if not isinstance(system, System):
        cure = "for one chart, use machine_test(...)"
        raise wrong_argument("system_test", "a System", system, cure)
    kinds = [as_event(event, "system_test") for event in several(outside_events)]
    check_values("system_test", values, kinds)
    body = {
        "__doc__": "Sends outside events to a system.",
        "system": system,
        "safety": as_functions(invariants, "system_test", "invariants"),
        "coverage": coverage,
        "outside_events": tuple(kinds),
    }
    rules = {event.name: _rule(event, payloads(event, values)) for event in kinds}
    return derived_with_rules(SystemTest, "SystemTest", body, rules)


def _rule(event: type[Event], blind: st.SearchStrategy[Event]) -> Callable[..., None]:
    def send(test: SystemTest, trigger: Event | None) -> None:
        if trigger is not None:
            test.send(trigger)

    send.__name__ = event.name
    return rule(trigger=perhaps(blind))(send)
