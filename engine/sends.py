"""Sends: which machine of a system sends which event to which.

What an effect sends is decided when it runs, so no table shows it. A chart declares it instead:

    class Shelf(Chart):
        ...
        sends = {"cart": (Taken, SoldOut)}

and a system what its route sends, in ``routed``. Both are optional. A system refuses what names no
machine of its, or an event that the machine does not know. In debug mode an effect, or a route,
that sends anything else is an error, so a test that reaches every effect proves the declaration.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .arguments import several, shown, wrong_argument
from .chart_base import ChartBase
from .errors import ArgumentError, SendsError
from .event import Event
from .suggest import did_you_mean
from .table import Table

Sends = Mapping[str, tuple[type[Event], ...]]
"""Events by the machine that gets them."""


class Sent(NamedTuple):
    """One event that one machine sends to another, or to itself."""

    sender: str | None
    """None: it comes from outside, through the route."""
    event: str
    target: str


@dataclass(frozen=True, slots=True)
class SentInSystem:
    """What the machines of a system send each other, as far as it is declared."""

    sends: tuple[Sent, ...]
    """In the order of the machines that get them, and of their alphabets."""
    silent: tuple[str, ...]
    """Machines that do not declare what they send."""
    never_sent: tuple[tuple[str, str], ...]
    """Machine and event: what a machine knows, and nobody sends. Empty if a machine is silent."""


def sent_in(tables: Mapping[str, Table], routed: Sends | None) -> SentInSystem:
    """What is sent in a system.

    Args:
        tables: Its tables, by the names of its machines.
        routed: What its route sends. None: every event that no machine sends.
    """
    declared = {name: _declared(table.chart) for name, table in tables.items()}
    silent = tuple(name for name, table in tables.items() if table.chart.sends is None)
    found: list[Sent] = []
    never: list[tuple[str, str]] = []
    for target, table in tables.items():
        for event in table.chart.alphabet:
            senders: list[str | None] = [
                name for name, sends in declared.items() if event in sends.get(target, ())
            ]
            is_routed = not senders if routed is None else event in routed.get(target, ())
            if is_routed:
                senders.insert(0, None)
            found += (Sent(sender, event.name, target) for sender in senders)
            if not senders and not silent:
                never.append((target, event.name))
    return SentInSystem(tuple(found), silent, tuple(never))


def check_sends(tables: Mapping[str, Table]) -> None:
    """Refuse charts that declare sends which the system cannot deliver.

    Raises:
        SendsError: a chart names a machine that the system does not have, or an event that the
            machine does not know.
    """
    for table in tables.values():
        check_form(table.chart)
        for rule in _faults(_declared(table.chart), tables):
            raise SendsError(table.chart, f"sends: {rule}")


def as_routed(given: Any, tables: Mapping[str, Table]) -> Sends | None:
    """What a system declares about its route.

    Raises:
        ArgumentError: it is no dict, or names a machine or an event that the system does not have.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        cure = "give a dict of classes of events, by the machine that gets them"
        raise wrong_argument("System", "a dict as routed", given, cure)
    routed = {machine: several(events) for machine, events in given.items()}
    for rule in _faults(routed, tables):
        raise ArgumentError(f"System(): routed: {rule}")
    return routed


def check_form(chart: type[ChartBase]) -> None:
    """Refuse what is no declaration of sends.

    Raises:
        SendsError: it is no dict of classes of events.
    """
    sends: Any = chart.sends
    cure = "give a dict of classes of events, by the name of the machine that gets them"
    if sends is not None and not isinstance(sends, Mapping):
        raise SendsError(chart, f"sends is {shown(sends)}; {cure}")
    for machine, events in (sends or {}).items():
        for event in events:
            if not (isinstance(event, type) and issubclass(event, Event)):
                raise SendsError(chart, f"sends to {machine!r} has {shown(event)}; {cure}")


def _declared(chart: type[ChartBase]) -> Sends:
    """What a chart declares; nothing where it does not say."""
    return {machine: several(events) for machine, events in (chart.sends or {}).items()}


def _faults(sends: Sends, tables: Mapping[str, Table]) -> Iterator[str]:
    """What cannot be delivered: place, rule and cure."""
    for machine, events in sends.items():
        if machine not in tables:
            meant = did_you_mean(machine, tables) or f"it has {', '.join(tables)}"
            yield f"the system has no machine {machine!r}; {meant}"
        else:
            known = tables[machine].chart.alphabet
            for event in events:
                if event not in known:
                    named = getattr(event, "__name__", None) or shown(event)
                    cure = "add it to the alphabet of its chart, or drop it"
                    yield f"the machine {machine!r} does not know {named}; {cure}"
