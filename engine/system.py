"""Several machines as one: an outside event in, one :class:`Step` out.

A system routes an outside event to the machines that it concerns, delivers the events that they
:class:`~relink.engine.Send` to each other, and returns everything that changed as one value, to be
stored in one transaction. It keeps no state: it reads snapshots through the ``load`` function that
it gets.

Events are delivered phase by phase, and first in, first out within a phase. Machines use the later
phases to look at the outcome of the earlier ones: all that an outside event says is taken in before
anything is decided on the strength of it. Of equal events that wait for a later phase, one is
delivered.

An :class:`Address` identifies a machine. A machine starts with the first event sent to it; its
facts are made with ``id`` set to the key of the address.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import BaseModel

from .arguments import explained, shown, wrong_argument
from .decision import Decision, Snapshot, made
from .effect import Command, Facts, Send
from .errors import EndlessSystemError, FactsTypeError, RouteError, UnknownMachineError
from .event import Event
from .given import ChartOrTable, as_tables
from .question import refuse_event, refuse_loaded
from .record_class import make
from .sends import Sends, SentInSystem, as_routed, check_sends, sent_in
from .table import Table


class Address(NamedTuple):
    """Which machine: its name in the system, and the key of the instance."""

    machine: str
    key: str


Load = Callable[[Address], Snapshot[Facts] | None]
"""Gives the stored snapshot of a machine, or None when there is none yet."""

Route = Callable[[Event, Load], Iterable[Send]]
"""Turns an outside event into the events of the machines that it concerns."""


class Delivery(NamedTuple):
    """One event decided by one machine: an entry of the journal."""

    address: Address
    decision: Decision


@dataclass(frozen=True, slots=True)
class Step:
    """Everything that follows from one outside event."""

    trigger: Event
    deliveries: tuple[Delivery, ...]
    """In the order in which they were decided."""
    snapshots: Mapping[Address, Snapshot[Facts]]
    """The new snapshot of every machine that decided something."""
    commands: tuple[Command, ...]
    """What adapters have to do, each command once, in order. Sends are delivered, and left out."""


class System:
    """Compiled charts that send each other events.

    Args:
        tables: Charts or their tables, by the names that their addresses use; a list names each
            after its class.
        route: Turns an outside event into events for machines.
        limit: How many deliveries one step may have; more count as endless.
        routed: The events that the route sends, by the machine that gets them; see :mod:`.sends`.

    Raises:
        ArgumentError: something is no chart, two have one name, the route is no function, or
            ``routed`` names what the system does not have.
        SendsError: a chart declares a send that the system cannot deliver.
    """

    @explained
    def __init__(
        self,
        tables: Mapping[str, ChartOrTable] | Iterable[ChartOrTable],
        route: Route,
        limit: int = 10_000,
        routed: Mapping[str, type[Event] | Iterable[type[Event]]] | None = None,
    ) -> None:
        self.tables = as_tables(tables, "System")
        if not callable(route):
            raise wrong_argument("System", "a function as route", route, "give the function itself")
        check_sends(self.tables)
        self._route = route
        self._limit = limit
        self._routed = as_routed(routed, self.tables)

    @cached_property
    def checked(self) -> "System":
        """The same system in debug mode; see :attr:`Table.checked`."""
        tables = {name: table.checked for name, table in self.tables.items()}
        route = self._route if self._routed is None else _watched(self._route, self._routed)
        return System(tables, route, self._limit, self._routed)

    @cached_property
    def sent(self) -> SentInSystem:
        """What the machines send each other, as far as it is declared; see :mod:`.sends`."""
        return sent_in(self.tables, self._routed)

    def begin(self, address: Address) -> Decision:
        """The first decision of a machine: its initial state, and the effects of entering it.

        Raises:
            ArgumentError: it is no address.
            FactsTypeError: the machine's facts have no field for the key.
            UnknownMachineError: the system has no machine of that name.
        """
        table = self._table(address)
        facts = table.chart.facts_type
        if "id" not in facts._every_field:
            raise FactsTypeError(
                table.chart,
                f"its machines have keys, and {facts.__name__} has no field for them; add id: str",
            )
        return table.start(make(facts, {"id": address.key}))

    def step(self, trigger: Event, load: Load) -> Step:
        """Decide an outside event, and everything that follows from it.

        Args:
            trigger: The event.
            load: Reads stored snapshots; it is called at most once for each machine.

        Raises:
            ArgumentError: ``load`` is no function.
            UnknownEventError: the trigger is no event.
            RouteError: the route returned something other than Sends.
            SnapshotError: ``load`` returned something other than a snapshot.
            UnknownMachineError: an event was sent to a machine that the system does not have.
            EndlessSystemError: the machines keep sending each other events; the message
                shows the cycle.
            DecisionError: a machine could not decide an event.
        """
        if not isinstance(trigger, Event):
            refuse_event("step()", trigger, ())
        if not callable(load):
            raise wrong_argument("step", "a function as load", load, "for a dict, give its .get")
        read = _Stored(load).__getitem__
        current: dict[Address, Snapshot[Facts]] = {}
        deliveries: list[Delivery] = []
        senders: list[int] = []
        commands: dict[Command, None] = {}
        queue = _Queue()
        for send in _routed(trigger, self._route(trigger, read)):
            queue.add(send, -1)
        while (waiting := queue.next()) is not None:
            send, sender = waiting
            address = made(Address, (send.machine, send.key))
            table = self.tables.get(send.machine) or self._table(address)
            snapshot = current.get(address) or read(address)
            asked: tuple[Command, ...] = ()
            if snapshot is None:
                first = self.begin(address)
                snapshot, asked = first.snapshot, first.commands
            decision = table.decide(snapshot, send.event)
            current[address] = decision.snapshot
            deliveries.append(made(Delivery, (address, decision)))
            senders.append(sender)
            if len(deliveries) > self._limit:
                raise EndlessSystemError(_trail(deliveries, senders), self._limit)
            for command in asked + decision.commands:
                if isinstance(command, Send):
                    queue.add(command, len(deliveries) - 1)
                else:
                    commands[command] = None
        return Step(
            trigger=trigger,
            deliveries=tuple(deliveries),
            snapshots=current,
            commands=tuple(commands),
        )

    def replay(
        self, address: Address, events: Iterable[Event], since: Snapshot[Facts] | None = None
    ) -> Snapshot[Facts]:
        """Rebuild a machine's snapshot from the events in its journal.

        Args:
            address: Which machine.
            events: The events that it decided, in order.
            since: Its snapshot before the first of them; by default a new machine's.
        """
        table = self._table(address)
        snapshot = self.begin(address).snapshot if since is None else since
        for event in events:
            snapshot = table.decide(snapshot, event).snapshot
        return snapshot

    def _table(self, address: Address) -> Table:
        if not isinstance(address, Address):
            cure = "give Address(machine, key)"
            raise wrong_argument("System", "an address", address, cure)
        try:
            return self.tables[address.machine]
        except KeyError:
            raise UnknownMachineError(address.machine, sorted(self.tables)) from None


def _routed(trigger: Event, returned: Any) -> Iterable[Send]:
    """What a route returned, which may be one Send.

    Raises:
        RouteError: it is, or has in it, something else.
    """
    if isinstance(returned, Send):
        return (returned,)
    if returned is None or isinstance(returned, (str, BaseModel)):
        raise RouteError(
            f"route({trigger.name}) returned {shown(returned)}; return a list of Sends, empty for "
            "an event that concerns no machine"
        )
    sends = tuple(returned)
    for send in sends:
        if not isinstance(send, Send):
            raise RouteError(
                f"route({trigger.name}) returned {shown(send)} in its list; return "
                "Send(machine=..., key=..., event=...)"
            )
    return sends


def _watched(route: Route, routed: Sends) -> Route:
    """The route, which raises an error if it sends what is not declared."""

    def watched(trigger: Event, load: Load) -> Iterable[Send]:
        returned = _routed(trigger, route(trigger, load))
        for send in returned:
            if type(send.event) not in routed.get(send.machine, ()):
                raise RouteError(
                    f"route({trigger.name}) sends {send.event.name} to {send.machine!r}, which "
                    f"routed= of the system does not name; add {type(send.event).__name__} there"
                )
        return returned

    return watched


class _Stored(dict[Address, Snapshot[Facts] | None]):
    """The stored snapshots that a step looks at, each of which is loaded once."""

    __slots__ = ("_load",)

    def __init__(self, load: Load) -> None:
        self._load = load

    def __missing__(self, address: Address) -> Snapshot[Facts] | None:
        loaded = self._load(address)
        if loaded is not None and not isinstance(loaded, Snapshot):
            refuse_loaded(address.machine, loaded)
        self[address] = loaded
        return loaded


class _Queue:
    """What is still to be delivered in a step, each with the index of the delivery that sent it."""

    __slots__ = ("_first", "_later")

    def __init__(self) -> None:
        self._first: deque[tuple[Send, int]] = deque()
        self._later: dict[int, deque[tuple[Send, int]]] = {}
        """By phase; no queue in it is empty."""

    def add(self, send: Send, sender: int) -> None:
        phase = send.phase
        if not phase:
            self._first.append((send, sender))
        elif phase not in self._later:
            self._later[phase] = deque(((send, sender),))
        elif not any(send == other for other, _ in self._later[phase]):
            self._later[phase].append((send, sender))

    def next(self) -> tuple[Send, int] | None:
        """The next one; None when nothing is left."""
        if self._first:
            return self._first.popleft()
        if not self._later:
            return None
        phase = min(self._later)
        waiting = self._later[phase]
        if len(waiting) == 1:
            del self._later[phase]
        return waiting.popleft()


def _trail(deliveries: list[Delivery], senders: list[int]) -> list[str]:
    """The chain of deliveries that led to the last one, back to its previous occurrence."""
    chain: list[str] = []
    index = len(deliveries) - 1
    while index >= 0:
        address, decision = deliveries[index].address, deliveries[index].decision
        label = f"{address.machine}:{address.key} ← {decision.trigger.name}"
        if label in chain:
            chain.append(label)
            break
        chain.append(label)
        index = senders[index]
    return chain[::-1]
