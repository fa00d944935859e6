"""One machine as a model: its moves are the events that can reach it."""

from collections.abc import Callable, Hashable, Iterable, Iterator

from ..arguments import explained
from ..brief import brief
from ..decision import Decision, Snapshot
from ..effect import Facts
from ..event import Event
from ..given import ChartOrTable, as_table
from .abstraction import Abstraction
from .model import Model, Move

Events = Callable[[Snapshot[Facts]], Iterable[Event]]
"""What can reach a machine in a snapshot."""


class MachineModel(Model[Snapshot[Facts]]):
    """A machine, and the events that can reach it in any order.

    Args:
        chart: The chart, or its table.
        events: Examples of events, each with every payload that matters; or a function that gives
            them for a snapshot, such as reports on the attempt that is running.
        facts: What the machine remembers at the start; by default the defaults of all fields.
        abstraction: Which snapshots count as one; or a function that gives a key for each.
        checked: Whether guards and effects are checked while they run; see :attr:`Table.checked`.

    Raises:
        ArgumentError: the chart is none.
    """

    @explained
    def __init__(
        self,
        chart: ChartOrTable,
        events: Iterable[Event] | Events,
        *,
        facts: Facts | None = None,
        abstraction: Abstraction | Callable[[Snapshot[Facts]], Hashable] | None = None,
        checked: bool = False,
    ) -> None:
        table = as_table(chart, "MachineModel")
        self.table = table.checked if checked else table
        self._events = events if callable(events) else _always(tuple(events))
        self._facts = facts
        rules = Abstraction() if abstraction is None else abstraction
        self._key = rules.key if isinstance(rules, Abstraction) else rules
        self.is_symmetric = isinstance(rules, Abstraction) and bool(rules.interchangeable)

    def start(self) -> Decision:
        """The first decision of the machine."""
        return self.table.start(self._facts)

    def starts(self) -> Iterable[Snapshot[Facts]]:
        """The snapshot after the first decision."""
        return (self.start().snapshot,)

    def moves(self, state: Snapshot[Facts]) -> Iterator[Move[Snapshot[Facts]]]:
        """A move for each event that can reach the machine."""
        for event in self._events(state):
            try:
                decision = self.table.decide(state, event)
            except Exception as error:
                yield Move(brief(event), state, event, error=error)
            else:
                yield Move(brief(event), decision.snapshot, event, outcome=decision)

    def key(self, state: Snapshot[Facts]) -> Hashable:
        """The state and the facts, as far as the abstraction tells them apart."""
        return self._key(state)


def _always(events: tuple[Event, ...]) -> Events:
    return lambda snapshot: events
