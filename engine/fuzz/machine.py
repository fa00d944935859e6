"""Testing one chart: rules that let its events happen, and invariants that must hold.

Besides the invariants of its own, three properties are asked of every chart. Each
event is decided without an error. The same question has the same answer, or else a
guard or an effect is not pure. And python-statemachine, running the chart itself,
comes to the same state, facts and commands as the table.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from ..chart import Chart
from ..decision import Decision, Snapshot
from ..effect import Facts
from ..event import Event
from ..live import LiveMachine, LiveStep
from ..table import Table
from .coverage import LeafCoverage
from .finding import HistoryTest, brief, derived_with_rules, failure
from .payloads import NO_VALUES, Values, instances, payloads
from .steering import steered

Invariant = Callable[[Decision], str | None]
"""Asked with every decision; returns what is wrong with it, or None."""


class MachineTest(HistoryTest):
    """One machine under test; :func:`machine_test` makes a class of it for a chart.

    Subclass that to add rules and Hypothesis ``@invariant`` methods of your own. A rule
    lets something happen with :meth:`happen`.
    """

    table: ClassVar[Table]
    safety: ClassVar[tuple[Invariant, ...]] = ()
    against_live: ClassVar[bool] = True
    coverage: ClassVar[LeafCoverage | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[Decision] = []
        """All of them, that of the start first."""
        self._live: LiveMachine | None = None

    @property
    def snapshot(self) -> Snapshot[Any]:
        """Where the machine is."""
        return self.decisions[-1].snapshot

    def start(self, facts: Facts) -> Decision:
        """Begin with these facts.

        Raises:
            PropertyViolatedError: an entry effect fails, or python-statemachine disagrees.
        """
        self._beginning = [f"start with {brief(facts)}"]
        try:
            decision = self.table.start(facts)
        except Exception as error:
            self._refute(f"a machine starts without an error: {failure(error)}", error)
        self._beginning.append(f"   {decision}")
        self.decisions.append(decision)
        if self.against_live:
            self._live = self.table.chart.live(decision.before)
            self._compare(decision, self._live.enter)
        return decision

    def happen(self, trigger: Event) -> Decision:
        """Decide an event, and check that all properties hold.

        Raises:
            PropertyViolatedError: one of them does not.
        """
        before = self.snapshot
        try:
            decision = self.table.decide(before, trigger)
        except Exception as error:
            self._undecided(trigger, error)
        self._remember(trigger, [str(decision)])
        self.decisions.append(decision)
        if self.coverage is not None:
            self.coverage.record(self.table, decision)
        again = self.table.decide(before, trigger)
        if again != decision:
            self._refute(f"the same question has the same answer: asked again, {again}")
        if live := self._live:
            self._compare(decision, lambda: live.happen(trigger))
        self._ask(self.safety, decision)
        return decision

    def _compare(self, decision: Decision, ask_live: Callable[[], LiveStep]) -> None:
        expected = LiveStep(decision.state, decision.facts, decision.commands)
        try:
            step = ask_live()
        except Exception as error:
            self._refute(f"{_AGREES}: it fails with {failure(error)}", error)
        if step != expected:
            self._refute(f"{_AGREES}: it comes to {step}")


_AGREES = "python-statemachine agrees with the table"


def machine_test(
    chart: type[Chart],
    *,
    invariants: Iterable[Invariant] = (),
    facts: st.SearchStrategy[Facts] | Facts | None = None,
    values: Values = NO_VALUES,
    against_live: bool = True,
    coverage: LeafCoverage | None = None,
) -> type[MachineTest]:
    """A Hypothesis state machine that lets a chart's events happen, a rule for each.

    Its ``TestCase`` is what pytest and unittest run:
    ``TestDoor = machine_test(Door, invariants=[…]).TestCase``.

    Args:
        chart: What is tested.
        invariants: What must hold of every decision but that of the start.
        facts: What the machine begins with; by default the required fields of its facts
            made up, and the others left to their defaults.
        values: What fields of events and facts may hold, where that is not to be derived.
        against_live: Whether python-statemachine runs the chart beside the table; exact, and
            many times slower.
        coverage: Counts the leaves that come up.

    Raises:
        NoPayloadError: a field says too little about itself.
        ChartError: the chart cannot be compiled soundly.
    """
    table = chart.table()
    if facts is None:
        facts = instances(chart.facts_type, values, defaults=True)
    elif isinstance(facts, Facts):
        facts = st.just(facts)

    body = {
        "__doc__": f"Lets the events of {chart.__name__} happen.",
        "__module__": chart.__module__,
        "table": table,
        "safety": tuple(invariants),
        "against_live": against_live,
        "coverage": coverage,
        "begin": initialize(facts=facts)(_begin),
    }
    rules = {event.name: _rule(table, event, payloads(event, values)) for event in chart.alphabet}
    return derived_with_rules(MachineTest, f"{chart.__name__}Test", body, rules)


def _begin(test: MachineTest, facts: Facts) -> None:
    test.start(facts)


def _rule(table: Table, event: type[Event], blind: st.SearchStrategy[Event]) -> Callable[..., None]:
    def let_happen(test: MachineTest, trigger: Event | None) -> None:
        if trigger is not None:
            test.happen(trigger)

    let_happen.__name__ = event.name
    where = st.runner().map(lambda test: test.snapshot)
    return rule(trigger=steered(table, where, event, blind))(let_happen)
