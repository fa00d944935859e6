"""One change of the database: what arrived, what is decided of it, and the rows that follow.

The writers (:mod:`.sqlite`, :mod:`.postgres`) know how to make it one transaction; what is in
it is the same for both, and stands here.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from relink.engine import Address, Event, Facts, Load, Snapshot, Step, System
from relink.machines.account.facts import AccountFacts

from . import journal as journal_rows
from . import outbox as outbox_rows
from .codec import Codec, validated

Row = dict[str, Any]


class Stored(NamedTuple):
    """A machine as it is stored."""

    state: str
    facts: str
    """As JSON."""
    version: int
    connected_account: str | None
    """In whose name it was heard of."""


Read = Callable[[Address], Stored | None]


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """Something that arrived from outside, to be applied once."""

    id: str
    """Stripe's ``evt_…``, or what else tells it from all others."""
    type: str
    created: int
    """When it was made, by its sender's clock (Unix seconds)."""
    received_at: float
    """When it arrived, by ours (Unix seconds)."""
    connected_account: str | None = None
    """The connected account in whose name it came (``acct_…``); None where it names none: then
    what it leads to is done in the name in which the machines were heard of before."""

    def on_behalf_of(self, known: Iterable[str | None]) -> str | None:
        """The connected account in whose name what it leads to is done, if there is one.

        Args:
            known: those of the machines that it changes, in the order of their addresses.
        """
        return self.connected_account or next(filter(None, known), None)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an arrival."""

    outcome: Literal["applied", "duplicate"]
    steps: tuple[Step, ...] = ()
    """One for each of its events. Commands for the caller are here, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A command of the outbox that ends with this change."""

    command_id: str
    round: int
    """Which must not have been taken up again since (:attr:`DueCommand.round`)."""
    status: Literal["done", "failed"]
    at: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """What is written for what was decided. JSON is text."""

    new: list[Row] = field(default_factory=list)
    """Snapshots of machines that were not there, in the order of their addresses, …"""
    changed: list[Row] = field(default_factory=list)
    """… and of those that were."""
    accounts: list[Row] = field(default_factory=list)
    """Of accounts, what they are looked for by, where it changed."""
    journal: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)


class UnitOfWork:
    """What one arrival changes.

    Args:
        system: decides.
        codec: writes.
        arrival: what arrived.
        events: what it tells the system, in order.
        closing: the command that it is the answer to.
    """

    def __init__(
        self,
        system: System,
        codec: Codec,
        message: InboxMessage,
        events: Sequence[Event],
        completion: Completion | None = None,
    ) -> None:
        self._system = system
        self._codec = codec
        self.message = message
        self.events = tuple(events)
        self.completion = completion

    @property
    def inbox_row(self) -> Row:
        """The arrival as a row of the inbox."""
        message = self.message
        return {
            "id": message.id,
            "type": message.type,
            "created": message.created,
            "received_at": message.received_at,
            "connected_account": message.connected_account,
        }

    def decide(self, read: Read) -> tuple[tuple[Step, ...], Rows]:
        """Decide all events, each on what the ones before it led to.

        Args:
            read: gives a machine as it is stored, or None; may raise to have it all anew.
        """
        # Read once: what is decided on has to be what is written over.
        read = functools.cache(read)
        load = functools.cache(lambda address: snapshot_of(self._system, address, read(address)))
        decided: dict[Address, Snapshot[Facts]] = {}
        steps = tuple(self._steps(decided, load))
        stored = filter(None, map(read, sorted(decided)))
        on_behalf_of = self.message.on_behalf_of(each.connected_account for each in stored)
        rows = Rows()
        for address in sorted(decided):
            before, after = load(address), decided[address]
            row = _snapshot_row(address, after, on_behalf_of)
            (rows.changed if before else rows.new).append(row)
            found = _account_row(after)
            if found and (before is None or found != _account_row(before)):
                rows.accounts.append(found)
        commands: dict[str, Row] = {}
        cause, at = self.message.id, self.message.received_at
        for step in steps:
            rows.journal.extend(
                journal_rows.to_row(delivery, cause, at, self._codec)
                for delivery in step.deliveries
            )
            for command in filter(outbox_rows.is_for_outbox, step.commands):
                row = outbox_rows.to_row(command, cause, on_behalf_of, at, self._codec)
                commands[row["id"]] = row
        # In one order for all, so that two who ask for the same never wait for each other.
        rows.outbox.extend(commands[id] for id in sorted(commands))
        return steps, rows

    def _steps(self, decided: dict[Address, Snapshot[Facts]], load: Load) -> list[Step]:
        steps = []
        for trigger in self.events:
            step = self._system.step(trigger, lambda at: decided.get(at) or load(at))
            decided.update(step.snapshots)
            steps.append(step)
        return steps


class Writer(Protocol):
    """Makes changes, each once."""

    def write(self, change: UnitOfWork) -> Applied:
        """Make a change, in one transaction; it is on the disk when this returns.

        An arrival that was there before changes nothing, and neither does the answer to a
        command that is not due any more: both are duplicates.

        Raises:
            ConcurrentChangeError: others kept changing the same machines.
            StoreUnavailableError: the database is away, busy for too long, or full.
            UnreadableRecordError: a stored snapshot can't be read.
            EngineError: the system could not decide.
        """
        ...

    async def write_async(self, change: UnitOfWork) -> Applied:
        """Make a change while the event loop goes on; otherwise as :meth:`write`."""
        ...


def snapshot_of(system: System, address: Address, stored: Stored | None) -> Snapshot[Facts] | None:
    """A machine as it was stored.

    Raises:
        UnreadableRecordError: its facts don't fit this release.
    """
    if stored is None:
        return None
    facts_type = system.tables[address.machine].chart.facts_type
    facts = validated(facts_type, stored.facts, f"facts of {address.machine} {address.key}")
    return Snapshot(stored.state, facts, stored.version)


def _snapshot_row(
    address: Address, snapshot: Snapshot[Facts], connected_account: str | None
) -> Row:
    return {
        "machine": address.machine,
        "key": address.key,
        "state": snapshot.state,
        "version": snapshot.version,
        "facts": snapshot.facts.model_dump_json(exclude_defaults=True),
        "connected_account": connected_account,
    }


def _account_row(snapshot: Snapshot[Facts]) -> Row | None:
    """What an account is looked for by; None for other machines."""
    facts = snapshot.facts
    if not isinstance(facts, AccountFacts):
        return None
    return {
        "id": facts.id,
        "state": snapshot.state,
        "holder": facts.holder.id if facts.holder else None,
        "authorization": facts.authorization,
        "institution": facts.institution_name,
    }
