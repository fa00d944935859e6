"""Charts: how a machine is declared.

A chart is a class on python-statemachine's ``StateChart``, and an ordinary
machine of that library. What is added: the facts it remembers, the alphabet of
events it knows, and a word on everything that it does not do. Every event is
decided in every state: by a transition, or as :func:`ignored` with a reason, or,
for guard answers that exclude each other, as :func:`impossible`.

    class Door(Chart):
        facts_type = DoorFacts
        alphabet = (Pushed, Locked)

        open = State(initial=True)
        shut = State()

        open.to(shut, event="pushed", on="count")
        shut.to(open, event="pushed", cond="has_key")
        stays(open, event="locked", on="click")

        decided = (
            ignored(shut, Pushed, because="it is locked", when="not has_key"),
            ignored(shut, Locked, because="it is locked already"),
        )

Guards are pure predicates, effects are pure and return what they want done;
both are plain methods ``(self, facts, trigger)``, named as strings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from statemachine import State, StateChart
from statemachine.state import NestedStateFactory

from .decision import Snapshot
from .effect import Facts
from .event import Event
from .reason import Reason

if TYPE_CHECKING:
    from .live import LiveMachine
    from .table import Table

StateArgument = State | NestedStateFactory
"""A state as it is known inside a class body; type checkers see a compound one as a class."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Events that a state lets pass, and why."""

    states: tuple[State, ...]
    events: tuple[type[Event], ...]
    reason: Reason
    when: str | None = None
    anomaly: bool = False


@dataclass(frozen=True, slots=True)
class Impossible:
    """Guard answers that cannot come up together, and why."""

    states: tuple[State, ...]
    events: tuple[type[Event], ...]
    reason: Reason
    when: str


def ignored(
    states: StateArgument | Sequence[StateArgument],
    events: type[Event] | Sequence[type[Event]],
    *,
    because: str | Reason,
    when: str | None = None,
    anomaly: bool = False,
) -> Ignored:
    """Declare that the states let the events pass wherever no transition is taken.

    Args:
        states: A state or several; a compound state stands for all leaf states in it.
        events: An event class or several.
        because: The decision's reason: a sentence, or a :class:`Reason` with a code.
        when: A guard expression; the declaration holds only where the guards' answers make it
            true. Of several that hold, the first counts.
        anomaly: Whether such an event is worth a report.
    """
    return Ignored(_states(states), _events(events), Reason.of(because), when, anomaly)


def impossible(
    states: StateArgument | Sequence[StateArgument],
    events: type[Event] | Sequence[type[Event]],
    *,
    when: str,
    because: str | Reason,
) -> Impossible:
    """Declare that in these states, for these events, the guards never answer so.

    It counts before any transition and before :func:`ignored`. Reaching it raises
    :class:`~relink.engine.errors.ImpossibleReachedError`.

    Args:
        states: A state or several; a compound state stands for all leaf states in it.
        events: An event class or several.
        when: A guard expression that the guards' answers have to make true.
        because: Why they never do: a sentence, or a :class:`Reason` with a code.
    """
    return Impossible(_states(states), _events(events), Reason.of(because), when)


def stays(
    *states: StateArgument,
    event: str,
    cond: str | Sequence[str] | None = None,
    unless: str | Sequence[str] | None = None,
    on: str | Sequence[str] | None = None,
) -> None:
    """Declare that the states keep their state on an event: nothing is left, nothing entered.

    Args:
        states: States, compound ones included.
        event: The event's name, or several names with spaces between them.
        cond: Guards that all have to say yes.
        unless: Guards that all have to say no.
        on: Effects of it.
    """
    for state in states:
        # Without a target, not internal to itself: the latter enters the parents of a nested
        # state again, and loses a compound state altogether (python-statemachine 3.2).
        cast(State, state).to(None, event=event, cond=cond, unless=unless, on=on)


def _states(states: StateArgument | Sequence[StateArgument]) -> tuple[State, ...]:
    listed = states if isinstance(states, Sequence) else (states,)
    return cast(tuple[State, ...], tuple(listed))


def _events(events: type[Event] | Sequence[type[Event]]) -> tuple[type[Event], ...]:
    return tuple(events) if isinstance(events, Sequence) else (events,)


class Chart(StateChart[Any]):
    """Base of all charts. See the module's theory for how to write one."""

    # Fixed: an exception in a guard is not a silent no, a state is not entered again by what
    # only keeps it, and an event without a transition is a decision, not an error.
    catch_errors_as_events = False
    enable_self_transition_entries = False
    allow_event_without_transition = True

    facts_type: ClassVar[type[Facts]]
    """The model of what the machine remembers."""
    alphabet: ClassVar[tuple[type[Event], ...]] = ()
    """Every event that the machine knows."""
    decided: ClassVar[Sequence[Ignored | Impossible]] = ()
    """What is decided other than by a transition."""

    _table: ClassVar["Table | None"] = None

    @classmethod
    def table(cls) -> "Table":
        """The compiled chart; compiled when it is first asked for.

        Raises:
            ChartError: the chart cannot be compiled soundly.
        """
        # Each class its own: a chart does not inherit the table of its base.
        table: Table | None = cls.__dict__.get("_table")
        if table is None:
            from .compile import compile_chart

            table = compile_chart(cls)
            cls._table = table
        return table

    @classmethod
    def live(cls, snapshot: Snapshot[Any]) -> "LiveMachine":
        """A running python-statemachine machine of this chart, set to a snapshot."""
        from .live import LiveMachine

        return LiveMachine(cls, snapshot)
