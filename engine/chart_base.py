"""What every chart class has: the fixed settings of python-statemachine, and what it declares.

The compiler, the table and the live machine work on this class. :class:`~relink.engine.Chart`
stands on top of them and adds ``table()`` and ``live()``, so imports run one way.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from statemachine import State, StateChart

from .arguments import several
from .declaration import Declaration
from .declared import with_classes
from .effect import Facts
from .errors import ReservedNameError
from .event import Event
from .library.metaclass import ChartMeta
from .story import Story

FormerState = State | str | Callable[[Any], State | str]
"""What became of a state: a leaf state, its id, or a function of the facts that gives one."""


class ChartBase(StateChart[Any], metaclass=ChartMeta):
    """A chart as far as it is declared. Subclass :class:`~relink.engine.Chart`, not this."""

    # Fixed: an exception in a guard is not a silent no, an internal transition to the same state
    # does not enter it again, and an event without a transition is a decision, not an error.
    catch_errors_as_events = False
    enable_self_transition_entries = False
    allow_event_without_transition = True
    # The compiler finds these from the table, and says where.
    validate_disconnected_states = False
    validate_trap_states = False
    validate_final_reachability = False

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

    sends: ClassVar[Mapping[str, type[Event] | Sequence[type[Event]]] | None] = None
    """Every event that its effects send, by the name of the machine that gets it. None: it does not
    say. It changes no decision: debug mode refuses other sends, and a picture of the system shows
    these; see :mod:`.sends`."""

    story: ClassVar[Story | None] = None
    """What pictures say in plain words. It changes no decision; see :mod:`.story`."""

    table_text: ClassVar[str] = ""
    """The table as text, which spares a process compiling it; see :mod:`.stored`. Not inherited."""

    def __init_subclass__(cls) -> None:
        """Make what the chart declares what the engine needs.

        Raises:
            ReservedNameError: a state or method has the name of a method of :class:`Chart`.
        """
        super().__init_subclass__()
        for name in ("table", "live"):
            if not isinstance(vars(cls).get(name, classmethod(str)), classmethod):
                rule = f"it defines {name!r}, with which a chart is compiled or run; rename it"
                raise ReservedNameError(cls, rule)
        for name in ("alphabet", "absorbing", "decided"):
            if name in vars(cls):
                setattr(cls, name, several(vars(cls)[name]))
        if isinstance(vars(cls).get("sends"), Mapping):
            cls.sends = {machine: several(events) for machine, events in vars(cls)["sends"].items()}
        if "decided" in vars(cls):
            cls.decided = tuple(with_classes(each, cls.alphabet) for each in cls.decided)

    _table: ClassVar[object] = None
    """Where the compiler keeps the table of a class."""
