"""What every chart class has: the fixed settings of python-statemachine, and what it declares.

The compiler, the table and the live machine work on this class. :class:`~relink.engine.Chart`
stands on top of them and adds ``table()`` and ``live()``, so imports run one way.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from statemachine import State, StateChart

from .declaration import Declaration
from .effect import Facts
from .event import Event

FormerState = State | str | Callable[[Any], State | str]
"""What became of a state: a leaf state, its id, or a function of the facts that gives one."""


class ChartBase(StateChart[Any]):
    """A chart as far as it is declared. Subclass :class:`~relink.engine.Chart`, not this."""

    # Fixed: an exception in a guard is not a silent no, a transition to the same state does not
    # enter it again, and an event without a transition is a decision, not an error.
    catch_errors_as_events = False
    enable_self_transition_entries = False
    allow_event_without_transition = True

    facts_type: ClassVar[type[Facts]]
    """The model of what the machine remembers."""
    alphabet: ClassVar[tuple[type[Event], ...]] = ()
    """Every event that the machine knows."""
    absorbing: ClassVar[tuple[State, ...]] = ()
    """States that no event leaves, in which facts may still change. (A final state of
    python-statemachine takes no transition at all.)"""
    decided: ClassVar[Sequence[Declaration]] = ()
    """What :func:`ignored` and :func:`impossible` declare."""
    former_states: ClassVar[Mapping[str, FormerState]] = {}
    """What became of the leaf states that earlier releases stored, by their former ids. A machine
    that is stored in one is read as being in the other; no effect runs. A function gets the facts,
    in today's form."""

    _table: ClassVar[object] = None
    """Where the compiler keeps the table of a class."""
