"""Questions: what is wrong with a snapshot, facts or an event that a table was asked about.

A table decides without looking closely, since that would cost more than the decision. When it
finds no answer, it asks here why.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from .arguments import shown
from .decision import Decision
from .effect import Facts
from .errors import FieldValueError, SnapshotError, UnknownEventError
from .event import Event
from .suggest import did_you_mean


def refuse_snapshot(table: str, given: object, facts: type[Facts]) -> None:
    """Refuse what is no snapshot.

    Args:
        table: The table's name.
        given: What the table got.
        facts: The class of the chart's facts.

    Raises:
        SnapshotError: it is no snapshot.
    """
    match given:
        case (str(), _, _):
            return
    made = f"Snapshot(state, {facts.__name__}(...))"
    cure = f"give {made}, or what start(...).snapshot is"
    if isinstance(given, Decision):
        cure = "give its .snapshot"
    elif isinstance(given, Event):
        cure = f"give the snapshot first, then the event: {made}"
    raise SnapshotError(f"{table}: it decides in a snapshot, and got {shown(given)}; {cure}")


def refuse_facts(table: str, facts: type[Facts], given: object) -> None:
    """Refuse facts that are not of the chart.

    Args:
        table: The table's name.
        facts: The class of the chart's facts.
        given: What the table got for facts.

    Raises:
        SnapshotError: they are of another class.
    """
    if not isinstance(given, facts):
        raise SnapshotError(
            f"{table}: its facts are {facts.__name__}, and it got {shown(given)}; "
            f"give {facts.__name__}(...)"
        )


def default_facts(table: str, facts: type[Facts]) -> Facts:
    """Facts with the defaults of all fields.

    Args:
        table: The table's name.
        facts: The class of the chart's facts.

    Raises:
        SnapshotError: a field has no default.
    """
    try:
        return facts()
    except FieldValueError:
        required = [name for name, info in facts.model_fields.items() if info.is_required()]
        values = ", ".join(f"{name}=..." for name in required)
        raise SnapshotError(
            f"{table}: it starts with facts, whose {', '.join(required)} has no default; give "
            f"{facts.__name__}({values})"
        ) from None


def refuse_event(name: str, given: Any, alphabet: Sequence[type[Event]]) -> NoReturn:
    """Refuse what is no event, or an event that is not in the alphabet.

    Args:
        name: The name of the table, or what else got it.
        given: What it got.
        alphabet: The events that it knows.

    Raises:
        UnknownEventError: always.
    """
    known = {event.name: event for event in alphabet}
    if isinstance(given, Event):
        if (same := known.get(given.name)) is not None:
            raise UnknownEventError(
                f"{name}: {_full(type(given))} is another class than {_full(same)}, though both "
                "name their events alike; use the one class, and import it by one name"
            )
        raise UnknownEventError.of(name, given.name, known)
    rule = f"{name}: it decides an event, and got {shown(given)}"
    if isinstance(given, type) and issubclass(given, Event):
        raise UnknownEventError(f"{rule}; give an instance: {given.__name__}(...)")
    event = known.get(given) if isinstance(given, str) else None
    if event is not None:
        raise UnknownEventError(f"{rule}; give an instance: {event.__name__}(...)")
    meant = did_you_mean(given, (x.__name__ for x in alphabet))
    raise UnknownEventError(f"{rule}; give an instance of an event's class{meant and ', ' + meant}")


def _full(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def refuse_loaded(machine: str, given: object) -> NoReturn:
    """Refuse what a system's ``load`` returned.

    Raises:
        SnapshotError: always.
    """
    raise SnapshotError(
        f"{machine}: load returned {shown(given)}; return a Snapshot(state, facts), or None for a "
        "machine that has none yet"
    )
