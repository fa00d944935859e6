"""The store: what arrived, what was decided and what is to be done, changed together.

All that comes of one arrival is one transaction: its id enters the inbox, the new
snapshots replace the old, the decisions join the journal, the commands the outbox. So
a crash leaves all of it or nothing, and what is delivered again is found in the inbox
and does nothing more.

Nobody overwrites anybody: a snapshot is replaced only while it has the version that the
decision began with. Otherwise everything is rolled back and decided again from what is
there now.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from relink.engine import Address, Event, Facts, Snapshot, Step, System

from . import journal as journal_rows
from . import outbox as outbox_rows
from .codec import Codec, domain_codec, validated
from .database import open_database, writing
from .errors import ConcurrentChangeError, UnknownCommandError
from .journal import JournalEntry
from .outbox import DueCommand
from .schema import inbox, journal, metadata, outbox, snapshots

ATTEMPTS = 5
"""Times that one arrival is decided before its changes by others are too many."""

_INSERT: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that arrived from outside, to be applied once."""

    id: str
    """Stripe's ``evt_…``, or what else tells it from all others."""
    type: str
    created: int
    """When it was made, by its sender's clock (Unix seconds)."""
    received_at: float
    """When it arrived, by ours (Unix seconds)."""
    connected_account: str | None = None
    """The connected account that it is about (``acct_…``), if any."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an arrival."""

    outcome: Literal["applied", "duplicate"]
    steps: tuple[Step, ...] = ()
    """One for each of its events. Commands for the caller are here, and nowhere else."""


class Store:
    """One database of one system.

    Args:
        url: an SQLAlchemy URL, such as ``sqlite:///relink.db``.
        system: the machines whose snapshots it holds.
        codec: their events and commands; relink's own by default.

    Raises:
        ValueError: the URL is of neither SQLite nor PostgreSQL.
    """

    def __init__(self, url: str, system: System, codec: Codec | None = None) -> None:
        self._system = system
        self._codec = codec or domain_codec()
        self._engine = open_database(url)
        self._writing = writing(self._engine)
        new = _INSERT[self._engine.dialect.name]
        self._add_arrival = new(inbox).on_conflict_do_nothing()
        self._add_snapshot = new(snapshots).on_conflict_do_nothing()
        self._add_commands = new(outbox).on_conflict_do_nothing()

    def create_tables(self) -> None:
        """Create the tables that are not there yet."""
        with self._writing.begin() as connection:
            metadata.create_all(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def apply(self, arrival: Arrival, events: Sequence[Event]) -> Applied:
        """Decide what arrived and store all that follows, in one transaction, once.

        Args:
            arrival: what arrived; when its id is known, nothing is done.
            events: what it tells the system, in order.

        Raises:
            ConcurrentChangeError: others kept changing the same machines.
            UnreadableRecordError: a stored snapshot can't be read.
            EngineError: the system could not decide.
        """
        for _ in range(ATTEMPTS):
            try:
                with self._writing.begin() as connection:
                    return self._apply(connection, arrival, events)
            except _OvertakenError:
                continue
        raise ConcurrentChangeError(f"{arrival.id}: overtaken {ATTEMPTS} times")

    def snapshot(self, address: Address) -> Snapshot[Facts] | None:
        """A machine as it is now, or None when there is none.

        Raises:
            UnreadableRecordError: its facts don't fit this release.
        """
        with self._engine.connect() as connection:
            return self._load(connection, address)

    def journal(self, address: Address) -> list[JournalEntry]:
        """All decisions of a machine, in order.

        Raises:
            UnreadableRecordError: an event is of a kind that this release does not know.
        """
        query = (
            select(journal)
            .where(journal.c.machine == address.machine, journal.c.key == address.key)
            .order_by(journal.c.version)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [journal_rows.from_row(row, self._codec) for row in rows]

    def connected_account(self, address: Address) -> str | None:
        """The connected account in whose name a machine was last heard of, or None.

        Requests of the service don't name one, and Stripe has to be called in its name.
        """
        query = (
            select(inbox.c.connected_account)
            .join(journal, journal.c.cause == inbox.c.id)
            .where(journal.c.machine == address.machine, journal.c.key == address.key)
            .where(inbox.c.connected_account.is_not(None))
            .order_by(journal.c.version.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            found: str | None = connection.execute(query).scalar()
        return found

    def due_commands(self, now: float, limit: int) -> list[DueCommand]:
        """Commands to carry out, longest due first.

        Args:
            now: Unix seconds.
            limit: at most so many.
        """
        query = (
            select(outbox)
            .where(outbox.c.status == "due", outbox.c.due_at <= now)
            .order_by(outbox.c.due_at, outbox.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [outbox_rows.from_row(row, self._codec) for row in rows]

    def finish(
        self,
        command_id: str,
        status: Literal["done", "failed"],
        at: float,
        result: dict[str, Any] | None = None,
    ) -> None:
        """Note that a command was carried out, or failed for good, with its last attempt.

        Args:
            command_id: its id in the outbox.
            status: which of the two.
            at: when (Unix seconds).
            result: what is worth keeping, as JSON without secrets.

        Raises:
            UnknownCommandError: it is not in the outbox.
        """
        self._attempted(command_id, status=status, finished_at=at, result=result)

    def postpone(self, command_id: str, due_at: float) -> None:
        """Note an attempt that is to be repeated.

        Args:
            command_id: its id in the outbox.
            due_at: when to try again (Unix seconds).

        Raises:
            UnknownCommandError: it is not in the outbox.
        """
        self._attempted(command_id, due_at=due_at)

    def _attempted(self, command_id: str, **changes: Any) -> None:
        change = (
            update(outbox)
            .where(outbox.c.id == command_id)
            .values(attempts=outbox.c.attempts + 1, **changes)
        )
        with self._writing.begin() as connection:
            if connection.execute(change).rowcount != 1:
                raise UnknownCommandError(f"no command {command_id!r} in the outbox")

    def _apply(self, connection: Connection, arrival: Arrival, events: Sequence[Event]) -> Applied:
        entered = connection.execute(
            self._add_arrival,
            {
                "id": arrival.id,
                "type": arrival.type,
                "created": arrival.created,
                "received_at": arrival.received_at,
                "connected_account": arrival.connected_account,
            },
        )
        if entered.rowcount != 1:
            return Applied("duplicate")
        steps = []
        for happened in events:
            step = self._system.step(happened, lambda address: self._load(connection, address))
            self._write(connection, arrival, step)
            steps.append(step)
        return Applied("applied", tuple(steps))

    def _load(self, connection: Connection, address: Address) -> Snapshot[Facts] | None:
        row = connection.execute(_LOAD, {"of": address.machine, "at_key": address.key}).first()
        if row is None:
            return None
        facts_type = self._system.tables[address.machine].chart.facts_type
        facts = validated(facts_type, row.facts, f"facts of {address.machine} {address.key}")
        return Snapshot(row.state, facts, row.version)

    def _write(self, connection: Connection, arrival: Arrival, step: Step) -> None:
        # In one order for all, so that two writers never wait for each other.
        for address in sorted(step.snapshots):
            self._replace(connection, address, step)
        entries = [
            journal_rows.to_row(delivery, arrival.id, arrival.received_at, self._codec)
            for delivery in step.deliveries
        ]
        if entries:
            connection.execute(insert(journal), entries)
        asked = [
            outbox_rows.to_row(
                command, arrival.id, arrival.connected_account, arrival.received_at, self._codec
            )
            for command in step.commands
            if outbox_rows.is_for_outbox(command)
        ]
        if asked:
            connection.execute(self._add_commands, asked)

    def _replace(self, connection: Connection, address: Address, step: Step) -> None:
        snapshot, loaded = step.snapshots[address], step.loaded[address]
        content = {
            "state": snapshot.state,
            "version": snapshot.version,
            "facts": snapshot.facts.model_dump(mode="json"),
        }
        if loaded:
            key = {"of": address.machine, "at_key": address.key, "loaded": loaded}
            written = connection.execute(_REPLACE, {**content, **key})
        else:
            key = {"machine": address.machine, "key": address.key}
            written = connection.execute(self._add_snapshot, {**content, **key})
        if written.rowcount != 1:
            raise _OvertakenError


class _OvertakenError(Exception):
    """A machine has another version than the one that the decision began with."""


_THIS = (snapshots.c.machine == bindparam("of"), snapshots.c.key == bindparam("at_key"))
_LOAD = select(snapshots.c.state, snapshots.c.facts, snapshots.c.version).where(*_THIS)
_REPLACE = update(snapshots).where(*_THIS, snapshots.c.version == bindparam("loaded"))
