"""Several machines as one: an outside event in, one :class:`Step` out.

A system routes an outside event to the machines that it concerns, delivers the
events that they :class:`~relink.engine.Send` each other in turn, first in, first
out, and returns everything that changed as one value, to be stored in one
transaction. It holds nothing: what it needs to know it reads through the ``load``
that it is given.

A machine is found by its :class:`Address`, and begins when it is first sent
something: its facts are made with ``id`` set to the key of the address.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .decision import Decision, Snapshot
from .effect import Command, Facts, Send
from .errors import EndlessSystemError, UnknownMachineError
from .event import Event
from .table import Table


class Address(NamedTuple):
    """Which machine: its name in the system, and the key of the instance."""

    machine: str
    key: str


Load = Callable[[Address], Snapshot[Facts] | None]
"""Gives the stored snapshot of a machine, or None when it has none yet."""

Route = Callable[[Event, Load], Iterable[Send]]
"""Turns an outside event into the events of the machines that it concerns."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event decided by one machine: an entry of the journal."""

    address: Address
    decision: Decision


@dataclass(frozen=True, slots=True)
class Step:
    """All that came of one outside event."""

    trigger: Event
    deliveries: tuple[Delivery, ...]
    """In the order in which they were decided."""
    snapshots: Mapping[Address, Snapshot[Facts]]
    """The new snapshot of every machine that decided something."""
    loaded: Mapping[Address, int]
    """The version that each of them had before; 0 for a machine that is new."""
    commands: tuple[Command, ...]
    """What is to be done, each once, in order; without the sends, which are done."""


class System:
    """Compiled charts that send each other events.

    Args:
        tables: the compiled charts, by the names that their addresses use.
        route: what each outside event means for whom.
        limit: deliveries in one step after which it is taken for endless.
    """

    def __init__(self, tables: Mapping[str, Table], route: Route, limit: int = 10_000) -> None:
        self.tables = dict(tables)
        self._route = route
        self._limit = limit

    def begin(self, address: Address) -> Decision:
        """The first decision of a machine: its initial state, and what entering that asks for."""
        table = self._table(address)
        return table.start(table.chart.facts_type.model_validate({"id": address.key}))

    def step(self, trigger: Event, load: Load) -> Step:
        """Decide an outside event, and everything that follows from it.

        Raises:
            UnknownMachineError: something was sent to a machine that the system has not.
            EndlessSystemError: the machines keep sending each other events; the message
                shows the cycle.
        """
        stored: dict[Address, Snapshot[Facts] | None] = {}

        def recall(address: Address) -> Snapshot[Facts] | None:
            if address not in stored:
                stored[address] = load(address)
            return stored[address]

        current: dict[Address, Snapshot[Facts]] = {}
        deliveries: list[Delivery] = []
        causes: list[int] = []
        commands: dict[Command, None] = {}
        queue = deque((send, -1) for send in self._route(trigger, recall))
        while queue:
            send, cause = queue.popleft()
            address = Address(send.machine, send.key)
            table = self._table(address)
            snapshot = current.get(address) or recall(address)
            wanted: tuple[Command, ...] = ()
            if snapshot is None:
                first = self.begin(address)
                snapshot, wanted = first.snapshot, first.commands
            decision = table.decide(snapshot, send.event)
            current[address] = decision.snapshot
            deliveries.append(Delivery(address, decision))
            causes.append(cause)
            if len(deliveries) > self._limit:
                raise EndlessSystemError(_trail(deliveries, causes), self._limit)
            for command in (*wanted, *decision.commands):
                if isinstance(command, Send):
                    queue.append((command, len(deliveries) - 1))
                else:
                    commands[command] = None
        return Step(
            trigger=trigger,
            deliveries=tuple(deliveries),
            snapshots=current,
            loaded={a: s.version if (s := stored.get(a)) else 0 for a in current},
            commands=tuple(commands),
        )

    def replay(
        self, address: Address, events: Iterable[Event], since: Snapshot[Facts] | None = None
    ) -> Snapshot[Facts]:
        """Rebuild a machine from the events that its journal holds, in their order.

        Args:
            address: which machine.
            events: what it was sent.
            since: where it was before the first of them; None: at its beginning.
        """
        table = self._table(address)
        snapshot = self.begin(address).snapshot if since is None else since
        for event in events:
            snapshot = table.decide(snapshot, event).snapshot
        return snapshot

    def _table(self, address: Address) -> Table:
        try:
            return self.tables[address.machine]
        except KeyError:
            raise UnknownMachineError(address.machine, sorted(self.tables)) from None


def _trail(deliveries: list[Delivery], causes: list[int]) -> list[str]:
    """The chain of deliveries that led to the last one, from its last repeat on."""
    chain: list[str] = []
    index = len(deliveries) - 1
    while index >= 0:
        address, decision = deliveries[index].address, deliveries[index].decision
        label = f"{address.machine}:{address.key} ← {decision.trigger.name}"
        if label in chain:
            chain.append(label)
            break
        chain.append(label)
        index = causes[index]
    return chain[::-1]
