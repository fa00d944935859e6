"""The alphabet: the events that a chart knows, and that everything it declares is about."""

from collections.abc import Iterator

from .arguments import shown
from .chart_base import ChartBase
from .declaration import Declaration, Ignored, Impossible
from .errors import (
    AlphabetError,
    ChartError,
    DeclarationError,
    DelayedEventError,
    EventNamedLikeStateError,
    EventNeverDecidedError,
    EventNotInAlphabetError,
    InternalEventError,
    LostStateError,
    ReservedEventError,
    ReservedNameError,
    WildcardEventError,
)
from .event import Event
from .faults import Faults
from .library.names import is_state
from .library.structure import CLASS_BODY, DeclaredEvent, Structure
from .sealed import RESERVED_NAMES
from .suggest import unknown
from .tombstone import RemovedEvent


def validate_alphabet(chart: type[ChartBase], structure: Structure) -> None:
    """Reject an alphabet, and declarations, that the machine could not follow.

    Raises:
        ChartError: the subclass says which rule is broken; the message says where, and what
            to do instead, for all faults of that kind.
    """
    faults = Faults(chart)
    _check_alphabet(faults, chart, structure)
    faults.check()
    states = {state.id for state in structure.by_value.values()}
    seen: set[str] = set()
    for event, where in structure.events():
        if where != CLASS_BODY or event.name not in seen:
            _check_event(faults, chart, event, where, states)
        seen.add(event.name)
    faults.check()
    missing: set[str] = set()
    for declaration in chart.decided:
        _check_declaration(faults, chart, structure, declaration, missing)
    faults.check()
    _check_use(faults, chart, structure)
    faults.check()


def _named(chart: type[ChartBase], structure: Structure) -> Iterator[str]:
    """The classes of the events that a chart names."""
    for event, _ in structure.events():
        yield "".join(word.capitalize() for word in event.name.split("_"))
    for declaration in chart.decided:
        for given in getattr(declaration, "events", ()):
            if isinstance(given, type):
                yield given.__name__


def _check_alphabet(faults: Faults, chart: type[ChartBase], structure: Structure) -> None:
    known: dict[str, type[Event]] = {}
    if not chart.alphabet and (names := list(dict.fromkeys(_named(chart, structure)))):
        cure = f"add alphabet = ({', '.join(names)}{',' if len(names) == 1 else ''})"
        faults.add(AlphabetError, "", "it declares no alphabet", cure)
    for event in chart.alphabet:
        place = "alphabet"
        if isinstance(event, Event):
            rule = f"it has an instance of {type(event).__name__}"
            cure = f"give the class, without parentheses: {type(event).__name__}"
            faults.add(AlphabetError, place, rule, cure)
        elif not (isinstance(event, type) and issubclass(event, Event)):
            rule = f"it has {shown(event)}"
            faults.add(AlphabetError, place, rule, "it takes classes derived from Event")
        elif issubclass(event, RemovedEvent):
            rule = f"it has {event.__name__}, a RemovedEvent, which every machine ignores"
            faults.add(AlphabetError, place, rule, "remove it, or derive it from Event")
        elif known.get(event.name) is event:
            faults.add(AlphabetError, place, f"it has {event.__name__} twice", "remove one")
        elif event.name in known:
            rule = f"it has two events named {event.name!r}"
            faults.add(AlphabetError, place, rule, "rename one of the classes")
        else:
            known[event.name] = event


def _check_event(
    faults: Faults, chart: type[ChartBase], event: DeclaredEvent, where: str, states: set[str]
) -> None:
    name = event.name

    def add(kind: type[ChartError], problem: str, cure: str) -> None:
        faults.add(kind, where, f"the event {name!r} {problem}", cure)

    if "*" in name or "." in name:
        add(WildcardEventError, "matches other events", "name each event")
    elif name.startswith(("error_", "done_")):
        problem = "has a prefix of python-statemachine's own events (error_, done_)"
        add(ReservedEventError, problem, "rename its class")
    elif event.has_delay:
        add(DelayedEventError, "has a delay", "let a timer send the event")
    elif event.is_internal:
        add(InternalEventError, "is internal", "return a Send from an effect")
    elif name in RESERVED_NAMES:
        add(ReservedNameError, "has the name of a part of the machine", "rename its class")
    elif name in states:
        kind = next((x.__name__ for x in chart.alphabet if x.name == name), "")
        meant = f"{chart.__name__.removesuffix('Chart')}{kind or name.title().replace('_', '')}"
        cure = f"rename the event's class, for example to {meant}, or the state"
        add(EventNamedLikeStateError, "has the name of a state, which would be lost", cure)


def _check_declaration(
    faults: Faults,
    chart: type[ChartBase],
    structure: Structure,
    declaration: Declaration,
    missing: set[str],
) -> None:
    if not isinstance(declaration, (Ignored, Impossible)):
        rule = f"it has {shown(declaration)}"
        cure = "give ignored(...), impossible(...)"
        if declaration is None:  # what stays(...) returns
            cure += "; stays(...) stands in the class body"
        faults.add(DeclarationError, "decided", rule, cure)
        return
    place = f"the declaration {declaration.reason.sentence!r}"
    for state in declaration.states:
        _check_state(faults, structure, state, place)
    known = [event.name for event in chart.alphabet]
    for event in declaration.events:
        if isinstance(event, type) and issubclass(event, Event):
            if event not in chart.alphabet and event.name not in missing:
                missing.add(event.name)  # once, not for each declaration
                rule = f"the event {event.name!r} is not in the alphabet"
                cure = unknown(event.name, known, "add its class")
                faults.add(EventNotInAlphabetError, place, rule, cure)
        elif isinstance(event, str):
            rule = f"the event {event!r} is not in the alphabet"
            faults.add(EventNotInAlphabetError, place, rule, unknown(event, known, "add its class"))
        elif isinstance(event, Event):
            rule = f"it has an instance of {type(event).__name__}"
            cure = f"give the class, without parentheses: {type(event).__name__}"
            faults.add(DeclarationError, place, rule, cure)
        else:
            rule = f"{shown(event)} is no event"
            faults.add(DeclarationError, place, rule, "give states first, then classes of events")


def _check_state(faults: Faults, structure: Structure, state: object, place: str) -> None:
    if is_state(state):
        if not structure.has(state):
            rule = (
                "it names a state that the chart does not have; something else in the class body "
                "probably overwrote its name"
            )
            faults.add(LostStateError, place, rule, "rename one of them")
    elif isinstance(state, str):
        cure = f"name the state without quotes: {state}"
        faults.add(DeclarationError, place, f"{state!r} is a text, not a state", cure)
    else:
        rule = f"{shown(state)} is no state"
        faults.add(DeclarationError, place, rule, "give states first, then classes of events")


def _check_use(faults: Faults, chart: type[ChartBase], structure: Structure) -> None:
    known = {event.name for event in chart.alphabet}
    decided = {event.name for declaration in chart.decided for event in declaration.events}
    used: set[str] = set()
    for event, where in structure.events():
        decided.add(event.name)
        if event.name in known or event.name in used:
            continue
        used.add(event.name)
        rule = f"the event {event.name!r} is not in the alphabet"
        faults.add(
            EventNotInAlphabetError, where, rule, unknown(event.name, known, "add its class")
        )
    for name in sorted(known - decided):
        faults.add(
            EventNeverDecidedError,
            "",
            f"no state decides the event {name!r} of the alphabet",
            "add a transition or ignored(...), or remove the event",
        )
