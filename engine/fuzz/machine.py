"""Testing one chart: a rule for each of its events, and invariants.

Every test checks three properties besides its own invariants. Each event is decided without an
error, in debug mode, which names a guard or effect that is not pure. The same question has the
same answer. And python-statemachine, running the chart itself, reaches the same state, facts and
commands as the table.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from ..arguments import explained, wrong_argument
from ..brief import brief, failure
from ..codec import Codec
from ..decision import Decision, Snapshot
from ..effect import Facts
from ..event import Event
from ..given import ChartOrTable, as_functions, as_table
from ..live import LiveMachine, LiveStep
from ..table import Table
from .coverage import LeafCoverage
from .finding import HistoryTest, derived_with_rules
from .payloads import instances, payloads
from .recording import MachineRecording
from .steering import steered
from .values import NO_VALUES, Values, check_values

Invariant = Callable[[Decision], str | None]
"""Called with every decision; returns what is wrong with it, or None."""


class MachineTest(HistoryTest):
    """One machine under test; :func:`machine_test` makes a subclass for a chart.

    Subclass that to add rules and Hypothesis ``@invariant`` methods of your own. A rule
    sends an event with :meth:`send`.
    """

    recorded = MachineRecording
    table: ClassVar[Table]
    safety: ClassVar[tuple[Invariant, ...]] = ()
    against_live: ClassVar[bool] = True
    coverage: ClassVar[LeafCoverage | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[Decision] = []
        """All decisions, that of the start first."""
        self._live: LiveMachine | None = None
        self._facts: Facts | None = None

    @property
    def snapshot(self) -> Snapshot[Any]:
        """The machine's current snapshot."""
        return self.decisions[-1].snapshot

    def start(self, facts: Facts) -> Decision:
        """Start the machine with these facts.

        Raises:
            PropertyViolatedError: an entry effect fails, or python-statemachine disagrees.
        """
        self._beginning = [f"start with {brief(facts)}"]
        # A faulty guard or effect may change the facts that it gets. These stay as they were, for
        # the recording, and for the next history that starts with them.
        self._facts = facts
        try:
            decision = self.table.checked.start(deepcopy(facts))
        except Exception as error:
            self._refute(f"a machine starts without an error: {failure(error)}", error)
        self._beginning.append(f"   {decision}")
        self.decisions.append(decision)
        if self.against_live:
            self._live = LiveMachine(self.table.chart, decision.before)
            self._compare(decision, self._live.enter)
        return decision

    def send(self, trigger: Event) -> Decision:
        """Decide an event, and check that all properties hold.

        Raises:
            PropertyViolatedError: one of them does not.
        """
        before = self.snapshot
        try:
            decision = self.table.checked.decide(before, trigger)
        except Exception as error:
            self._fail(trigger, error)
        self._remember(trigger, [str(decision)])
        self.decisions.append(decision)
        if self.coverage is not None:
            self.coverage.record(self.table, decision)
        again = self.table.decide(before, trigger)
        if again != decision:
            self._refute(f"the same question has the same answer: the second time, {again}")
        if live := self._live:
            self._compare(decision, lambda: live.send(trigger))
        self._ask(self.safety, decision)
        return decision

    def recording(self) -> dict[str, Any]:
        """The facts at the start, and the events."""
        codec = Codec(tables=[self.table])
        start = None if self._facts is None else Snapshot("", self._facts, -1)
        return {
            "start": start and codec.to_json(start),
            "events": [codec.to_json(event) for event in self.events],
        }

    def play(self, recording: Mapping[str, Any]) -> None:
        """Start the machine, and send it the events of a recording."""
        codec = Codec(tables=[self.table])
        self.start(codec.from_json(Snapshot, recording["start"]).facts)
        for event in recording["events"]:
            self.send(codec.from_json(Event, event))

    def _compare(self, decision: Decision, ask_live: Callable[[], LiveStep]) -> None:
        expected = LiveStep(decision.state, decision.facts, decision.commands)
        try:
            step = ask_live()
        except Exception as error:
            self._refute(f"{_AGREES}: it fails with {failure(error)}", error)
        if step != expected:
            self._refute(f"{_AGREES}: it reaches {step}")


_AGREES = "python-statemachine agrees with the table"


@explained
def machine_test(
    chart: ChartOrTable,
    *,
    invariants: Invariant | Iterable[Invariant] = (),
    facts: st.SearchStrategy[Facts] | Facts | None = None,
    values: Values = NO_VALUES,
    against_live: bool = True,
    coverage: LeafCoverage | None = None,
) -> type[MachineTest]:
    """Make a Hypothesis state machine that sends a chart its events, with a rule for each.

    pytest and unittest run its ``TestCase``:
    ``TestDoor = machine_test(Door, invariants=[…]).TestCase``.

    Args:
        chart: The chart to test, or its table.
        invariants: One or several, checked for every decision but that of the start.
        facts: The facts to start with. By default required fields get random values, and others
            keep their defaults.
        values: Strategies for fields of events and facts whose types say too little.
        against_live: Whether python-statemachine runs the chart next to the table, which is many
            times slower.
        coverage: Counts the leaves that are decided.

    Raises:
        ArgumentError: something is not what it should be.
        NoPayloadError: the type of a field says too little, and ``values`` has no strategy for it.
        ChartError: the chart cannot be compiled soundly.
    """
    table = as_table(chart, "machine_test")
    chart = table.chart
    check_values("machine_test", values, (chart.facts_type, *chart.alphabet))
    if facts is None:
        facts = instances(chart.facts_type, values, defaults=True)
    elif isinstance(facts, chart.facts_type):
        facts = st.just(facts)
    elif not isinstance(facts, st.SearchStrategy):
        cure = f"give {chart.facts_type.__name__}(...), or a strategy of them"
        raise wrong_argument("machine_test", "facts of the chart", facts, cure)

    body = {
        "__doc__": f"Sends {chart.__name__} its events.",
        "__module__": chart.__module__,
        "table": table,
        "safety": as_functions(invariants, "machine_test", "invariants"),
        "against_live": against_live,
        "coverage": coverage,
        "begin": initialize(facts=facts)(_begin),
    }
    rules = {event.name: _rule(table, event, payloads(event, values)) for event in chart.alphabet}
    return derived_with_rules(MachineTest, f"{chart.__name__}Test", body, rules)


def _begin(test: MachineTest, facts: Facts) -> None:
    test.start(facts)


def _rule(table: Table, event: type[Event], blind: st.SearchStrategy[Event]) -> Callable[..., None]:
    def send(test: MachineTest, trigger: Event | None) -> None:
        if trigger is not None:
            test.send(trigger)

    send.__name__ = event.name
    where = st.runner().map(lambda test: test.snapshot)
    return rule(trigger=steered(table, where, event, blind))(send)
