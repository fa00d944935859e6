"""The store in a database: SQLite or PostgreSQL, by SQLAlchemy Core.

No writer overwrites another's change: what is decided on was locked before it was read, by the
one writer of SQLite (:mod:`.sqlite.writer`) or row by row on PostgreSQL (:mod:`.postgres.writer`).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, case, select, update

from relink.engine import Event, System
from relink.machines.commands import Wake

from . import outbox as outbox_rows
from .backend import backend_for
from .codec import Codec, domain_codec
from .errors import RemovedCommandError, UnreadableRecordError
from .location import DatabaseLocation
from .migrating import MIGRATIONS
from .outbox import DueCommand, Party
from .pruning import delete_finished, delete_journal
from .queries import IS_DUE, Queries
from .schema import cursors, outbox
from .unit_of_work import Applied, Completion, InboxMessage, UnitOfWork

log = logging.getLogger(__name__)

HEALTH_TIMEOUT = 5.0
"""Seconds that the check of :meth:`SqlStore.check_writes` may take."""


class SqlStore(Queries):
    """One database of one system; a :class:`~relink.adapters.store.Store`.

    Creating it opens no connection.

    Args:
        database: its location, or a URL such as ``sqlite:///relink.db``.
            :func:`~relink.adapters.store.migrate` creates its schema.
        system: the machines whose snapshots it holds.
        codec: their events and commands; by default relink's own.
        jobs: on PostgreSQL, whether commands get jobs for the workers of ``relink work``. Pass
            False where something of your own asks for due commands.

    Raises:
        LocationError: the URL is invalid.
    """

    def __init__(
        self,
        database: str | DatabaseLocation,
        system: System,
        codec: Codec | None = None,
        *,
        jobs: bool = True,
    ) -> None:
        super().__init__(backend_for(database), system, codec or domain_codec())
        self._for_writing = self._backend.for_writing(self.engine)
        self._jobs = jobs
        self._writer = self._backend.writer(self.engine, jobs)

    def close(self) -> None:
        """Close all connections. On SQLite, everything is in the database's file then."""
        self._backend.close(self.engine)

    def check(self) -> None:
        """Check that the database answers, with the schema of this release.

        Raises:
            StoreUnavailableError: it does not answer.
            SchemaError: its schema does not fit this release.
        """
        with self._reading() as connection:
            MIGRATIONS.check(connection, self._backend)

    def check_writes(self) -> None:
        """Check that a message could be stored right now: writes to the database.

        Raises:
            StoreUnavailableError: it takes no writes; the meaning says why.
            SchemaError: its schema does not fit this release.
        """
        with self._bounded(HEALTH_TIMEOUT):
            self.check()
            self._backend.prove_writes(self.engine)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A connection within a transaction that writes.

        Raises:
            StoreUnavailableError: the database could not do it.
        """
        with self._bounded(), self._for_writing.begin() as connection:
            yield connection

    # ── messages and answers ─────────────────────────────────────────────────

    def apply(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Decide what a message says and store everything that follows, in one transaction."""
        return self._writer.write(self._unit(message, events))

    async def apply_async(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Do the same as :meth:`apply` without blocking the event loop."""
        return await self._writer.write_async(self._unit(message, events))

    def answer(
        self,
        due: DueCommand,
        events: Sequence[Event],
        at: float,
        *,
        failed: bool = False,
        error: str | None = None,
    ) -> Applied:
        """Apply the answer to a command, and complete the command, in one transaction."""
        completion = Completion.of(due, at, failed, error)
        return self._writer.write(self._unit(InboxMessage.answer_to(due, at), events, completion))

    def _unit(
        self,
        message: InboxMessage,
        events: Sequence[Event],
        completion: Completion | None = None,
    ) -> UnitOfWork:
        return UnitOfWork(self._system, self._codec, message, events, completion)

    # ── commands ─────────────────────────────────────────────────────────────

    def postpone(
        self,
        due: DueCommand,
        due_at: float,
        error: str | None = None,
        *,
        pause: float = 0.0,
        stuck_on: str | None = None,
    ) -> None:
        """Count a failed attempt, and make the command due later, if it is still due."""
        # The row may wait for longer already: the machines asked for the read again (K10).
        later = case((outbox.c.due_at > due_at, outbox.c.due_at), else_=due_at)
        change = (
            update(outbox)
            .where(
                outbox.c.id == due.id,
                outbox.c.status == "due",
                outbox.c.generation == due.generation,
            )
            .values(
                attempts=outbox.c.attempts + 1,
                due_at=later,
                error=error,
                retried_for=outbox.c.retried_for + pause,
                stuck_on=stuck_on,
            )
        )
        with self._changing() as connection:
            if connection.execute(change).rowcount:
                self._defer(connection, due.id)

    def put_off(self, due: DueCommand, due_at: float) -> None:
        """Make a command due later that was not tried."""
        change = (
            update(outbox)
            .where(
                outbox.c.id == due.id,
                outbox.c.status == "due",
                outbox.c.generation == due.generation,
                outbox.c.due_at < due_at,
            )
            .values(due_at=due_at)
        )
        with self._changing() as connection:
            connection.execute(change)
            self._defer(connection, due.id)

    def retry(self, command_id: str, at: float) -> bool:
        """Make a dead letter due again, with a new retry budget and in a new generation."""
        change = (
            update(outbox)
            .where(outbox.c.id == command_id, outbox.c.status == "failed")
            .values(
                status="due",
                due_at=at,
                retried_for=0.0,
                finished_at=None,
                generation=outbox.c.generation + 1,
            )
        )
        with self._changing() as connection:
            found = bool(connection.execute(change).rowcount)
            if found:
                self._defer(connection, command_id)
        return found

    def defer_again(self, command_id: str) -> None:
        """Defer a job for a command that is not due yet, and whose job came too early."""
        if self._jobs:
            with self._changing() as connection:
                self._backend.defer_again(connection, command_id)

    def defer_due(self, now: float, limit: int = 1000) -> int:
        """Defer jobs for commands that come due soon and have none; returns their number."""
        if not self._jobs:
            return 0
        with self._changing() as connection:
            return self._backend.defer_due(connection, now, limit)

    def due_command(self, command_id: str) -> DueCommand | None:
        """A command, if it waits to be carried out."""
        found = self._due(outbox.c.id == command_id)
        return found[0] if found else None

    def due_commands(self, now: float, limit: int, party: Party | None = None) -> list[DueCommand]:
        """Commands that are due, the longest due first, then by their ids."""
        of_party = () if party is None else (outbox.c.party == party.value,)
        return self._due(outbox.c.due_at <= now, *of_party, limit=limit)

    def timers(self, limit: int = 100) -> list[DueCommand]:
        """Timers that have not fired, the next one first."""
        return self._due(outbox.c.command.in_((Wake.name, *Wake.former_names)), limit=limit)

    def _defer(self, connection: Connection, command_id: str) -> None:
        if self._jobs:
            self._backend.defer(connection, [command_id])

    def _due(self, *conditions: Any, limit: int | None = None) -> list[DueCommand]:
        query = (
            select(outbox)
            .where(IS_DUE, *conditions)
            .order_by(outbox.c.due_at, outbox.c.id)
            .limit(limit)
        )
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        found = []
        for row in rows:
            try:
                found.append(outbox_rows.from_row(row, self._codec))
            except RemovedCommandError as error:
                self._set_aside(row["id"], "done", str(error))
            except UnreadableRecordError as error:
                # A dead letter: a release that can read it may retry it.
                self._set_aside(row["id"], "failed", str(error))
        return found

    def _set_aside(self, command_id: str, status: str, error: str) -> None:
        """End a command that can't be performed, so that it does not hold up the others."""
        log.warning("command %s is %s without an attempt: %s", command_id, status, error)
        change = (
            update(outbox)
            .where(outbox.c.id == command_id, outbox.c.status == "due")
            .values(status=status, finished_at=outbox.c.due_at, error=error, stuck_on=None)
        )
        with self._changing() as connection:
            connection.execute(change)

    # ── sweeps and retention ─────────────────────────────────────────────────

    def set_cursor(self, name: str, value: dict[str, Any]) -> None:
        """Store how far a sweep has got."""
        change = update(cursors).where(cursors.c.name == name).values(value=value)
        with self._changing() as connection:
            if not connection.execute(change).rowcount:
                connection.execute(cursors.insert().values(name=name, value=value))

    def delete_before(self, before: float, limit: int) -> dict[str, int]:
        """Delete what is older and no longer needed; returns the number of rows by table."""
        with self._changing() as connection:
            deleted = delete_finished(connection, before, limit)
        with self._changing() as connection:
            entries = delete_journal(connection, before, limit, self._system, self._codec)
        return {**deleted, "journal": entries}
