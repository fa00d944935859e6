"""One message, what is decided about it, and the rows that follow.

The writers know how to carry out a unit of work in one transaction
(:mod:`.sqlite.writer`, :mod:`.postgres.writer`) or in memory (:mod:`.memory`). What it contains
is the same for all, and is decided here.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from relink.engine import Address, Event, Facts, Snapshot, Step, System
from relink.engine.facts_json import facts_text
from relink.machines.account.facts import AccountFacts

from . import journal as journal_rows
from . import outbox as outbox_rows
from .codec import Codec
from .limits import clipped, require_ids, require_integer, require_time
from .lock_set import likely_addresses
from .outbox import DueCommand, is_delayed, new_due_command, replaces, stored_commands

Row = dict[str, Any]


class Stored(NamedTuple):
    """A machine as the database holds it."""

    state: str
    facts: str
    """As JSON."""
    version: int
    connected_account: str | None
    """On whose behalf the last message about it came, if any message named one."""


class Machine(NamedTuple):
    """A machine as it is."""

    snapshot: Snapshot[Facts]
    connected_account: str | None
    """On whose behalf the last message about it came, if any message named one."""


Read = Callable[[Address], Stored | None]
LoadMachine = Callable[[Address], Machine | None]


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """Something that arrived from outside, to be applied once."""

    id: str
    """Stripe's ``evt_…``, or another id that no other message has."""
    type: str
    created: int
    """When the sender made it, by the sender's clock (Unix seconds)."""
    received_at: float
    """When it arrived, by our clock (Unix seconds)."""
    connected_account: str | None = None
    """The connected account on whose behalf it came (``acct_…``). Where the message names none,
    the one that earlier messages about the same machines named is used."""

    @classmethod
    def answer_to(cls, due: DueCommand, at: float) -> "InboxMessage":
        """The message that brings the answer to a command, at that time (Unix seconds)."""
        return cls(due.answer_id, due.command.name, int(at), at, due.connected_account)

    def on_behalf_of(self, known: Iterable[str | None]) -> str | None:
        """The connected account on whose behalf its commands are carried out, if any.

        Args:
            known: the connected accounts of the machines that it changes, in the order of their
                addresses.
        """
        return self.connected_account or next(filter(None, known), None)


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a message."""

    outcome: Literal["applied", "duplicate"]
    steps: tuple[Step, ...] = ()
    """One for each of its events. Commands for the caller are here, and nowhere else."""

    def __repr__(self) -> str:
        """The outcome, and the state in which each machine is now."""
        after = {address: found for step in self.steps for address, found in step.snapshots.items()}
        states = "".join(
            f", {address.machine} {address.key}: {found.state}"
            for address, found in sorted(after.items())
        )
        return f"<Applied {self.outcome}{states}>"


@dataclass(frozen=True, slots=True)
class Completion:
    """A command of the outbox that ends with this unit of work."""

    command_id: str
    generation: int
    """The generation that was carried out. After an operator's retry, an answer to an earlier
    generation is a duplicate."""
    status: Literal["done", "failed"]
    at: float
    error: str | None = None

    @classmethod
    def of(cls, due: DueCommand, at: float, failed: bool, error: str | None) -> "Completion":
        """The end of a command, at that time (Unix seconds)."""
        return cls(due.id, due.generation, "failed" if failed else "done", at, error)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a decision writes. JSON is text."""

    new: list[Row] = field(default_factory=list)
    """Snapshots of new machines, in the order of their addresses."""
    changed: list[Row] = field(default_factory=list)
    """Snapshots of machines that existed, in the same order."""
    accounts: list[Row] = field(default_factory=list)
    """What accounts are searched by, where it changed."""
    journal: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    """Commands; those that are there already stay as they are."""
    delayed: list[Row] = field(default_factory=list)
    """Those of them that make a row wait which has not begun (K10)."""

    def extend(self, more: "Rows") -> None:
        """Add the rows of another decision."""
        self.new.extend(more.new)
        self.changed.extend(more.changed)
        self.accounts.extend(more.accounts)
        self.journal.extend(more.journal)
        self.outbox.extend(more.outbox)
        self.delayed.extend(more.delayed)


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about the events of a message."""

    steps: tuple[Step, ...]
    before: dict[Address, Machine | None]
    """The machines that it changes as they were, in the order of their addresses."""
    after: dict[Address, Snapshot[Facts]]
    on_behalf_of: str | None
    """The connected account on whose behalf the commands are carried out, if any."""
    commands: list[DueCommand]
    """For the outbox, each once, in the order of their ids: writers that ask for the same
    commands never wait for each other in a circle."""


class UnitOfWork:
    """Everything that one message changes.

    Args:
        system: decides.
        codec: writes events and commands.
        message: what arrived.
        events: what it tells the system, in order.
        completion: the command that it answers, if any.

    Raises:
        UnstorableError: the message does not fit every store.
        TypeError: one event was passed instead of a list.
    """

    def __init__(
        self,
        system: System,
        codec: Codec,
        message: InboxMessage,
        events: Sequence[Event],
        completion: Completion | None = None,
    ) -> None:
        require_ids("the message", (message.id, message.type, message.connected_account))
        require_integer("created of the message", message.created)
        require_time("received_at of the message", message.received_at)
        if isinstance(events, Event):
            raise TypeError(
                f"events: pass a list of events, such as [event]; got one {type(events).__name__}"
            )
        self._system = system
        self._codec = codec
        self.message = message
        self.events = tuple(events)
        self.completion = completion
        self.likely_addresses = frozenset(likely_addresses(self.events))
        """The machines that it probably changes."""
        require_ids("a machine", (address.key for address in self.likely_addresses))

    @property
    def enters_inbox(self) -> bool:
        """Whether the message is remembered; an answer that says nothing only ends its command."""
        return bool(self.events) or self.completion is None

    @property
    def inbox_row(self) -> Row:
        """The message as a row of the inbox, in the order of the columns."""
        message = self.message
        return {
            "id": message.id,
            "type": message.type,
            "created": message.created,
            "received_at": message.received_at,
            "connected_account": message.connected_account,
        }

    def decide(self, load: LoadMachine) -> Decided:
        """Decide all events, each on what the ones before it led to.

        Args:
            load: gives a machine as it is stored, or None. It is called once for each machine,
                so that what is decided on is what gets overwritten.

        Raises:
            UnstorableError: what follows does not fit every store.
            EngineError: the system could not decide.
        """
        load = functools.cache(load)
        after: dict[Address, Snapshot[Facts]] = {}

        def current(address: Address) -> Snapshot[Facts] | None:
            if address in after:
                return after[address]
            machine = load(address)
            return machine.snapshot if machine else None

        steps = []
        for trigger in self.events:
            step = self._system.step(trigger, current)
            after.update(step.snapshots)
            steps.append(step)
        before = {address: load(address) for address in sorted(after)}
        known = (machine.connected_account for machine in before.values() if machine)
        on_behalf_of = self.message.on_behalf_of(known)
        message = self.message
        commands: dict[str, DueCommand] = {}
        for command in stored_commands(command for step in steps for command in step.commands):
            due = new_due_command(command, message.id, on_behalf_of, message.received_at)
            if replaces(due, commands.setdefault(due.id, due)):
                commands[due.id] = due
        require_ids("a machine", (address.key for address in after))
        require_ids("a command", commands)
        return Decided(
            tuple(steps), before, after, on_behalf_of, [commands[id] for id in sorted(commands)]
        )

    def decide_rows(self, read: Read) -> tuple[tuple[Step, ...], Rows]:
        """Decide all events, and turn what follows into rows.

        Args:
            read: gives a machine as the database holds it, or None.

        Raises:
            UnreadableRecordError: a stored snapshot can't be read.
            EngineError: the system could not decide.
        """
        decided = self.decide(lambda address: self._machine(address, read(address)))
        rows = Rows()
        for address, machine in decided.before.items():
            snapshot = decided.after[address]
            before = machine.snapshot if machine else None
            row = _snapshot_row(address, before, snapshot, decided.on_behalf_of)
            (rows.changed if machine else rows.new).append(row)
            found = _account_row(snapshot)
            if found and (machine is None or found != _account_row(machine.snapshot)):
                rows.accounts.append(found)
        rows.journal.extend(self.journal_rows(decided))
        for due in decided.commands:
            row = outbox_rows.to_row(due, self._codec)
            rows.outbox.append(row)
            if is_delayed(due):
                rows.delayed.append(row)
        return decided.steps, rows

    def journal_rows(self, decided: Decided) -> Iterable[Row]:
        """Each decision as a row of the journal, in order."""
        message, tables = self.message, self._system.tables
        for step in decided.steps:
            for delivery in step.deliveries:
                chart = tables[delivery.address.machine].digest
                yield journal_rows.to_row(
                    delivery, message.id, message.received_at, chart, self._codec
                )

    def _machine(self, address: Address, stored: Stored | None) -> Machine | None:
        if stored is None:
            return None
        snapshot = read_snapshot(self._system, address, stored._asdict())
        return Machine(snapshot, stored.connected_account)


class Writer(Protocol):
    """Carries out units of work, each once."""

    def write(self, unit: UnitOfWork) -> Applied:
        """Carry out a unit of work, in one transaction; the commit is on the disk on return.

        A message that arrived before changes nothing, and neither does the answer to a command
        that is no longer due: both are duplicates.

        Raises:
            ConcurrentChangeError: others kept changing the same machines.
            StoreUnavailableError: the database is down, busy for too long, or full.
            UnreadableRecordError: a stored snapshot can't be read.
            EngineError: the system could not decide.
        """
        ...

    async def write_async(self, unit: UnitOfWork) -> Applied:
        """Do the same as :meth:`write` without blocking the event loop."""
        ...


def read_snapshot(system: System, address: Address, row: Any) -> Snapshot[Facts]:
    """A machine from a row of ``snapshots`` or ``checkpoints``.

    Args:
        system: has its table.
        address: which machine.
        row: a mapping with state, version and facts, the facts as JSON, parsed or not.

    Raises:
        UnreadableRecordError: its state or its facts don't fit this release.
    """
    table = system.tables[address.machine]
    what = f"{address.machine} {address.key}"
    return Codec.snapshot(table, row["state"], row["facts"], row["version"], what)


def _snapshot_row(
    address: Address,
    before: Snapshot[Facts] | None,
    snapshot: Snapshot[Facts],
    connected_account: str | None,
) -> Row:
    return {
        "machine": address.machine,
        "key": address.key,
        "state": snapshot.state,
        "version": snapshot.version,
        "facts": facts_text(snapshot.facts, before.facts if before else None),
        "connected_account": connected_account,
    }


def _account_row(snapshot: Snapshot[Facts]) -> Row | None:
    """What an account is searched by; None for other machines."""
    facts = snapshot.facts
    if not isinstance(facts, AccountFacts):
        return None
    return {
        "id": facts.id,
        "state": snapshot.state,
        "holder": facts.holder.id if facts.holder else None,
        "authorization": facts.authorization,
        "institution": clipped(facts.institution_name),
    }
