"""The body of a chart: its states note what is wrong with them, and with their transitions.

python-statemachine reads the arguments of a state or transition as it finds them, and fails
somewhere inside, or takes a text for its letters. In the body of a chart the name that stands for
the library's ``State`` stands for this subclass instead. It understands more (an event's class
for its name), and notes what it cannot understand, so that the chart can say all of it at once,
with its own name and those of the states.
"""

import inspect
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, ClassVar

from statemachine import Event as LibraryEvent
from statemachine import State as LibraryState
from statemachine.exceptions import InvalidDefinition
from statemachine.state import NestedStateFactory
from statemachine.transition import Transition
from statemachine.transition_list import TransitionList

from ..errors import (
    ChartError,
    InternalTransitionError,
    ReservedNameError,
    StateArgumentError,
)
from ..event import Event
from ..faults import Fault
from ..suggest import did_you_mean

StateArgument = LibraryState | NestedStateFactory
"""A state inside a class body; type checkers take a compound state for a class."""

_OF_STATE = tuple(inspect.signature(LibraryState).parameters)[:9]
_OF_TRANSITION = tuple(inspect.signature(Transition).parameters)[2:]
_FOREIGN = {
    **dict.fromkeys(("guard", "guards", "condition", "conditions", "when", "if_"), "cond"),
    **dict.fromkeys(("effect", "effects", "action", "actions", "do", "run"), "on"),
    **dict.fromkeys(("trigger", "events", "name"), "event"),
    **dict.fromkeys(("start", "first", "is_initial"), "initial"),
    **dict.fromkeys(("end", "terminal", "is_final"), "final"),
    **dict.fromkeys(("entry", "on_entry", "on_enter"), "enter"),
    "on_exit": "exit",
}
"""What other libraries call an argument, and what it is called here."""

_GUARDS = ("cond", "unless")
_CALLBACKS = (*_GUARDS, "on", "before", "after", "enter", "exit")
_UNCALLABLE = (bool, int, float, bytes)


def prepared(frame: FrameType | None) -> dict[str, Any]:
    """Names for the body of a chart: those of the library's ``State``, for :class:`State`.

    Args:
        frame: What runs in the ``__prepare__`` of the class, called by what declares it.
    """
    caller = frame and frame.f_back
    visible = {**caller.f_globals, **caller.f_locals} if caller else {}
    return {name: State for name, value in visible.items() if _is_state(value)}


def _is_state(value: object) -> bool:
    return value is LibraryState or value is State


def finish(body: dict[str, Any]) -> None:
    """Remove from a body what :func:`prepared` put there.

    A state that is the value of ``absorbing`` becomes a tuple, or the library would rename it.
    """
    if isinstance(state := body.get("absorbing"), LibraryState):
        body["absorbing"] = (state,)
    for name in [name for name, value in body.items() if value is State]:
        del body[name]


def noted(state: LibraryState) -> Iterator[Fault]:
    """The faults of a state, and of those in it, now that they have names."""
    for make in getattr(state, "noted_faults", ()):
        yield make(state)
    for child in state.states:
        yield from noted(child)


FaultOf = Callable[[LibraryState], Fault]


def _fault(rule: str, cure: str, kind: type[ChartError] = StateArgumentError) -> FaultOf:
    return lambda state: Fault(kind, f"state {state.id!r}", rule, cure.replace("§", state.id))


def _reserved(name: str) -> FaultOf:
    rule, cure = "it has the name of a part of the machine", "rename the state"
    return lambda _: Fault(ReservedNameError, f"state {name!r}", rule, cure)


_PARTS = frozenset((*_OF_STATE, "id", "parent", "states", "transitions", "to", "from_"))
"""Names in a compound state that would replace a part of it."""


class _Compound(NestedStateFactory):
    """Makes compound states whose bodies are prepared, too."""

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], **_: Any) -> dict[str, Any]:  # type: ignore[override]
        return prepared(inspect.currentframe())

    def __new__(
        mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **settings: Any
    ) -> Any:
        finish(body)
        reserved = [x for x, held in body.items() if x in _PARTS and isinstance(held, LibraryState)]
        for inner in reserved:
            del body[inner]
        made = super().__new__(mcs, name, bases, body, **settings)
        if type(made) is LibraryState:
            made.__class__ = State
            made.__dict__["noted_faults"] = [_reserved(inner) for inner in reserved]
        return made


class State(LibraryState):
    """A state that notes the faults of its arguments and transitions."""

    Compound: ClassVar[Any] = _Compound("Compound", (), {})
    Parallel: ClassVar[Any] = _Compound("Parallel", (), {}, parallel=True)

    def __init__(self, *positional: Any, **named: Any) -> None:
        """As python-statemachine's; what it does not take is noted."""
        self.noted_faults: list[FaultOf] = []
        if len(positional) > len(_OF_STATE):
            takes = ", ".join(_OF_STATE[:4])
            self.note(_fault(f"State() got {len(positional)} values", f"it takes {takes}, by name"))
            positional = ()
        for name in [name for name in named if name not in _OF_STATE]:
            if not name.startswith("_"):
                del named[name]
                meant = did_you_mean(name, _OF_STATE, _FOREIGN)
                cure = meant or f"it takes {', '.join(_OF_STATE[:4])}"
                self.note(_fault(f"State() has no argument {name!r}", cure))
        self._note_callbacks("State", named)
        super().__init__(*positional, **named)
        try:
            hash(self.value)
        except TypeError:
            rule = f"value={self.value!r} can be changed in place"
            self.note(_fault(rule, "use a text or a number, or leave value out"))

    def note(self, fault: FaultOf) -> None:
        """Note a fault, which the chart reports once the state has a name."""
        self.noted_faults.append(fault)

    @property
    def to(self) -> Any:
        """Declares transitions to other states."""
        return _Declares(self, "to", super().to)

    @property
    def from_(self) -> Any:
        """Declares transitions from other states."""
        return _Declares(self, "from_", super().from_)

    def understood(self, call: str, named: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a transition as the library takes them; faults are noted."""
        if named == {"initial": True}:  # the way into a compound state, which the library adds
            return named
        for name in [name for name in named if name not in _OF_TRANSITION]:
            del named[name]
            meant = did_you_mean(name, _OF_TRANSITION, _FOREIGN)
            cure = meant or f"it takes {', '.join(x for x in _OF_TRANSITION if x != 'initial')}"
            self.note(_fault(f"{call}() has no argument {name!r}", cure))
        if named.pop("initial", False):
            cure = "name the initial state: State(initial=True)"
            self.note(_fault(f"{call}() has no argument 'initial'", cure))
        self._note_callbacks(call, named)
        if "event" in named:
            named["event"] = self._events(call, named["event"])
        return named

    def states_of(self, call: str, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """The states among what was given; faults are noted."""
        if not given:
            cure = "name a state; for a transition that keeps the state, stays(§, event=...)"
            self.note(_fault(f"{call}() names no state", cure))
        found = []
        for each in given:
            states = each if isinstance(each, (list, tuple)) else (each,)
            if each is None or (states and all(isinstance(x, LibraryState) for x in states)):
                found.append(list(each) if isinstance(each, tuple) else each)
                continue
            cure = "name the state itself"
            if isinstance(each, str):
                cure = f"name the state without quotes: {each}"
            self.note(_fault(f"{call}() takes states, and got {each!r}", cure))
        return tuple(found)

    def _events(self, call: str, given: Any) -> Any:
        if given is None:
            return None
        events = given if isinstance(given, (list, tuple, set, frozenset)) else (given,)
        names: list[str] = []
        for event in events:
            name = event_name(event)
            if name is None:
                cure = "give the class of an event, or its name"
                if event_name(type(event)):
                    cure = f"give the class, without parentheses: event={type(event).__name__}"
                self.note(_fault(f"{call}() got event={_brief(event)}", cure))
            elif "," in name or "|" in name:
                rule = f"{call}() got event={name!r}"
                self.note(_fault(rule, "put spaces between the names, and nothing else"))
            else:
                names.append(event if isinstance(event, LibraryEvent) else name)
        return names

    def _note_callbacks(self, call: str, named: dict[str, Any]) -> None:
        for name in _CALLBACKS:
            given = named.get(name)
            if given is None:
                continue
            several = given if isinstance(given, (list, tuple)) else (given,)
            twice = [x for x in several if isinstance(x, str) and several.count(x) > 1]
            if twice:
                self.note(_fault(f"{call}() got {name}={twice[0]!r} twice", "name it once"))
            for each in several:
                if each is None or isinstance(each, (str, property)):
                    continue
                if isinstance(each, type) or not callable(each) or isinstance(each, _UNCALLABLE):
                    what = "guards" if name in _GUARDS else "effects"
                    cure = f"give the names of {what}, which are methods of the chart"
                    self.note(_fault(f"{call}() got {name}={_brief(each)}", cure))
                    named[name] = None


class _Declares:
    """``state.to`` or ``state.from_``, whose arguments are understood or noted."""

    def __init__(self, state: State, name: str, plain: Callable[..., TransitionList]) -> None:
        self._state = state
        self._name = name
        self._plain = plain

    def __call__(self, *states: Any, **named: Any) -> TransitionList:
        state = self._state
        return self._declare(
            self._plain, *state.states_of(self._name, states), **state.understood(self._name, named)
        )

    def itself(self, **named: Any) -> TransitionList:
        """A transition of the state to itself."""
        return self(self._state, **named)

    def any(self, **named: Any) -> TransitionList:
        """Transitions from all states."""
        plain: Any = self._plain
        return self._declare(plain.any, **self._state.understood("from_.any", named))

    def _declare(
        self, declare: Callable[..., TransitionList], *states: Any, **named: Any
    ) -> TransitionList:
        try:
            return declare(*states, **named)
        except InvalidDefinition:
            rule = "an internal transition leads to another state"
            cure = "drop internal=True; for a transition that keeps the state, stays(§, event=...)"
            self._state.note(_fault(rule, cure, InternalTransitionError))
            return TransitionList()


def event_name(event: Any) -> str | None:
    """The name of an event, given as its name or its class; None for anything else."""
    if isinstance(event, str):
        return str(event)
    return event.name if isinstance(event, type) and issubclass(event, Event) else None


def _brief(given: object) -> str:
    if isinstance(given, type):
        return given.__name__
    simple = isinstance(given, (str, int, float, bytes))
    return repr(given) if simple else f"{type(given).__name__}(...)"
