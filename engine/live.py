"""Live machines: a chart run by python-statemachine itself, not by its table.

Slow, and the measure of the table: both must come to the same state, facts and
commands. The library's ``send`` returns only what some of the effects return;
here all of them are collected, those of entry and exit too.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from .consequence import Returned, follow
from .decision import Snapshot, Started
from .effect import Command
from .event import Event
from .instrument import Effect, Instrument

if TYPE_CHECKING:
    from .chart import Chart


class LiveStep(NamedTuple):
    """What one event came to on a live machine."""

    state: str
    facts: Any
    commands: tuple[Command, ...]


class LiveMachine:
    """A real machine together with its facts."""

    def __init__(self, chart: "type[Chart]", snapshot: Snapshot[Any]) -> None:
        """A machine in the snapshot's state, with its facts.

        A snapshot with the empty state makes one that :meth:`enter` has still to start.

        Raises:
            UnknownStateError: the chart has no such leaf state.
        """
        self._returned: list[Returned] = []
        self._instrument = Instrument(chart, self._collecting)
        self.facts = snapshot.facts
        if snapshot.state:
            self._instrument.place(snapshot.state)

    @property
    def state(self) -> str:
        """Id of the active leaf state."""
        return self._instrument.active[-1].id

    def enter(self, trigger: Event | None = None) -> LiveStep:
        """Enter the chart's initial state, as a new machine does."""
        self._returned.clear()
        self._instrument.enter(facts=self.facts, trigger=trigger or Started())
        return self._step()

    def happen(self, trigger: Event) -> LiveStep:
        """Send the event, and carry its facts over."""
        # Before, not after: a step that raised leaves what its first effects returned.
        self._returned.clear()
        self._instrument.send(trigger.name, facts=self.facts, trigger=trigger)
        return self._step()

    def _step(self) -> LiveStep:
        self.facts, commands = follow(self.facts, self._returned)
        return LiveStep(self.state, self.facts, commands)

    def _collecting(self, name: str, effect: Effect) -> Effect:
        def collect(*arguments: object, **named: object) -> object:
            result = effect(*arguments, **named)
            self._returned.append((name, result))
            return result

        return collect
