"""Live machines: a chart that python-statemachine itself runs, not its table.

Slow, and the reference for the table: both must reach the same state, facts and commands. The
library's ``send`` returns only what some of the effects return; a live machine collects what all
of them return, entry and exit effects included. It checks guards and effects while they run, as
:attr:`Table.checked` does.
"""

from typing import Any, NamedTuple

from .apply import Returned, apply_effects
from .chart_base import ChartBase
from .decision import Snapshot, Started
from .effect import Command, Facts
from .event import Event
from .library.probe import Effect, Probe
from .question import refuse_event, refuse_facts, refuse_snapshot
from .sealed import constants
from .tombstone import RemovedEvent
from .watch import Watch


class LiveStep(NamedTuple):
    """What one event led to on a live machine."""

    state: str
    facts: Any
    commands: tuple[Command, ...]


class LiveMachine:
    """A real machine together with its facts."""

    def __init__(self, chart: type[ChartBase], snapshot: Snapshot[Any]) -> None:
        """A machine in the snapshot's state, with its facts.

        A snapshot with the empty state makes a machine that :meth:`enter` has yet to start.

        Raises:
            SnapshotError: the snapshot, or its facts, are not of this chart.
            UnknownStateError: the chart has no such leaf state.
            LibraryRefusedError: python-statemachine does not accept the chart.
        """
        self._name = chart.__name__
        self._alphabet = chart.alphabet
        refuse_snapshot(self._name, snapshot, chart.facts_type)
        refuse_facts(self._name, chart.facts_type, snapshot.facts)
        self._watch = Watch(chart.__name__, constants(chart), chart.sends)
        self._returned: list[Returned] = []
        self._probe = Probe(chart, self._collecting, self._answer)
        self.facts = snapshot.facts
        if snapshot.state:
            self._probe.place(snapshot.state)

    @property
    def state(self) -> str:
        """Id of the active leaf state."""
        return self._probe.state

    def enter(self, trigger: Event | None = None) -> LiveStep:
        """Enter the chart's initial state, as a new machine does.

        Args:
            trigger: What the entry effects get as ``trigger``; by default :class:`Started`.
        """
        self._returned.clear()
        self._probe.enter(facts=self.facts, trigger=trigger or Started())
        return self._step()

    def send(self, trigger: Event) -> LiveStep:
        """Send the event, and keep the facts that follow from it. A removed one is ignored.

        Raises:
            UnknownEventError: it is no event of the chart's alphabet.
        """
        if isinstance(trigger, RemovedEvent):
            return LiveStep(self.state, self.facts, ())
        if type(trigger) not in self._alphabet:
            refuse_event(self._name, trigger, self._alphabet)
        # Before sending: a step that raised leaves what its first effects returned.
        self._returned.clear()
        self._probe.send(trigger.name, facts=self.facts, trigger=trigger)
        return self._step()

    def _step(self) -> LiveStep:
        self.facts, commands = apply_effects(self.facts, self._returned, self._name)
        return LiveStep(self.state, self.facts, commands)

    def _collecting(self, name: str, effect: Effect) -> Effect:
        def collect(*arguments: object, facts: Any, trigger: Any, **named: object) -> object:
            def run(facts: Facts, trigger: Event) -> object:
                return effect(*arguments, facts=facts, trigger=trigger, **named)

            result = self._watch.effect(name, run)(facts, trigger)
            self._returned.append((name, result))
            return result

        return collect

    def _answer(self, guard: str, *, facts: Any, trigger: Any, **_: object) -> bool:
        answer: bool = self._watch.guard(guard, self._probe.method(guard))(facts, trigger)
        return answer
