"""The store: what arrived, what was decided and what is to be done, changed together.

All that comes of one arrival is one transaction: its id enters the inbox, the new
snapshots replace the old, the decisions join the journal, the commands the outbox. So
a crash leaves all of it or nothing, and what is delivered again is found in the inbox
and does nothing more.

Nobody overwrites anybody: what is decided on was locked before it was read, by the one writer
of SQLite (:mod:`.sqlite`) or row by row on PostgreSQL (:mod:`.postgres`).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, Engine, RowMapping, and_, func, select, text, update
from sqlalchemy.exc import OperationalError, TimeoutError

from relink.engine import Address, Event, Facts, Snapshot, System
from relink.machines.account.facts import AccountFacts

from . import journal as journal_rows
from . import outbox as outbox_rows
from .codec import Codec, domain_codec, validated
from .database import open_database, writing
from .errors import StoreUnavailableError, UnreadableRecordError
from .jobs import DEFER_SOME, JOBLESS, SOON
from .journal import JournalEntry
from .migrate import check
from .outbox import DeadLetter, DueCommand
from .schema import accounts, cursors, journal, outbox, snapshots
from .unit_of_work import Applied, Completion, InboxMessage, UnitOfWork, Writer

log = logging.getLogger(__name__)


class Store:
    """One database of one system.

    Args:
        url: an SQLAlchemy URL, such as ``sqlite:///relink.db``; its schema is
            :func:`~relink.adapters.store.migrate.migrate`'s to make.
        system: the machines whose snapshots it holds.
        codec: their events and commands; relink's own by default.
        jobs: on PostgreSQL, whether commands get jobs, for the workers of ``relink work``; not
            where something of your own asks for what is due.

    Raises:
        ValueError: the URL is of neither SQLite nor PostgreSQL.
    """

    def __init__(
        self, url: str, system: System, codec: Codec | None = None, *, jobs: bool = True
    ) -> None:
        self.system = system
        self.codec = codec or domain_codec()
        self.engine = open_database(url)
        self._writing = writing(self.engine)
        self._on_postgres = self.engine.dialect.name == "postgresql"
        self._jobs = jobs and self._on_postgres
        self._writer = _writer(self.engine, self._jobs)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def check(self) -> None:
        """Whether the database answers, with the schema of this release.

        Raises:
            StoreUnavailableError: it does not answer.
            SchemaBehindError: its schema is another.
        """
        with self.reading() as connection:
            check(connection)

    # ── changing ─────────────────────────────────────────────────────────────

    def apply(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Decide what arrived and store all that follows, in one transaction, once.

        Args:
            arrival: what arrived; when its id is known, nothing is done.
            events: what it tells the system, in order.

        Raises:
            ConcurrentChangeError: others kept changing the same machines.
            StoreUnavailableError: the database is away, busy for too long, or full.
            UnreadableRecordError: a stored snapshot can't be read.
            EngineError: the system could not decide.
        """
        return self._writer.write(UnitOfWork(self.system, self.codec, message, events))

    async def apply_async(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Do as :meth:`apply` does, without holding up the event loop."""
        return await self._writer.write_async(UnitOfWork(self.system, self.codec, message, events))

    def answer(
        self,
        due: DueCommand,
        events: Sequence[Event],
        at: float,
        *,
        failed: bool = False,
        error: str | None = None,
    ) -> Applied:
        """Apply what came of a command, and close it, in one transaction.

        Args:
            due: the command.
            events: what its answer tells the system.
            at: now (Unix seconds).
            failed: whether it failed for good.
            error: why; it names no secret.

        Returns:
            a duplicate when the command is not due any more: it was answered before.

        Raises:
            StoreError, EngineError: as :meth:`apply` does.
        """
        name = due.command.name
        message = InboxMessage(due.answer_id, name, int(at), at, due.connected_account)
        completion = Completion(due.id, due.round, "failed" if failed else "done", at, error)
        return self._writer.write(UnitOfWork(self.system, self.codec, message, events, completion))

    def postpone(self, due: DueCommand, due_at: float, error: str | None = None) -> None:
        """Note an attempt that is to be repeated.

        Args:
            due: the command.
            due_at: when to try again (Unix seconds).
            error: why it is; it names no secret.
        """
        again = (
            update(outbox)
            .where(outbox.c.id == due.id, outbox.c.status == "due")
            .values(attempts=outbox.c.attempts + 1, due_at=due_at, error=error)
        )
        with self.changing() as connection:
            if connection.execute(again).rowcount:
                self._defer(connection, [due.id])

    def retry(self, command_id: str, at: float) -> bool:
        """Take up a dead letter again, with all its patience.

        Args:
            command_id: its id in the outbox.
            at: now (Unix seconds).

        Returns:
            False when there is no dead letter of this id.
        """
        again = (
            update(outbox)
            .where(outbox.c.id == command_id, outbox.c.status == "failed")
            .values(
                status="due",
                due_at=at,
                give_up_at=at + outbox_rows.PATIENCE,
                finished_at=None,
                round=outbox.c.round + 1,
            )
        )
        with self.changing() as connection:
            found = bool(connection.execute(again).rowcount)
            if found:
                self._defer(connection, [command_id])
        return found

    def defer_due(self, now: float, limit: int = 1000) -> int:
        """Defer jobs for commands that come due and have none; on PostgreSQL alone.

        Args:
            now: Unix seconds.
            limit: at most so many.

        Returns:
            how many.
        """
        until = now + SOON
        with self.changing() as connection:
            found = connection.execute(text(JOBLESS), {"until": until, "limit": limit})
            return self._defer(connection, list(found.scalars()), until)

    def set_cursor(self, name: str, value: dict[str, Any]) -> None:
        """Remember how far a walk is."""
        change = update(cursors).where(cursors.c.name == name).values(value=value)
        with self.changing() as connection:
            if not connection.execute(change).rowcount:
                connection.execute(cursors.insert().values(name=name, value=value))

    def _defer(self, connection: Connection, ids: list[str], until: float | None = None) -> int:
        """On PostgreSQL, jobs for commands that are due until then (by default soon) and have none
        that waits; how many."""
        if not self._jobs:
            return 0
        jobs = connection.execute(text(DEFER_SOME), {"ids": ids, "until": until}).scalar()
        return len(jobs or ())

    # ── looking ──────────────────────────────────────────────────────────────

    def snapshot(self, address: Address) -> Snapshot[Facts] | None:
        """A machine as it is now, or None when there is none.

        Raises:
            UnreadableRecordError: its facts don't fit this release.
        """
        query = select(snapshots.c.state, snapshots.c.facts, snapshots.c.version).where(
            snapshots.c.machine == address.machine, snapshots.c.key == address.key
        )
        with self.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else self.stored(address, row)

    def connected_account(self, address: Address) -> str | None:
        """The connected account in whose name a machine was last heard of, or None.

        Requests of the service don't name one, and Stripe has to be called in its name.
        """
        query = select(snapshots.c.connected_account).where(
            snapshots.c.machine == address.machine, snapshots.c.key == address.key
        )
        with self.reading() as connection:
            found: str | None = connection.execute(query).scalar()
        return found

    def accounts(
        self,
        *,
        state: str | None = None,
        holder: str | None = None,
        authorization: str | None = None,
        institution: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Snapshot[AccountFacts]]:
        """Accounts in the order of their ids: all, or those that fit everything given. One that
        this release can't read is left out, and logged.

        Args:
            state: of their machine.
            holder: ``cus_…``, or ``acct_…``.
            authorization: ``fcauth_…``.
            institution: its name.
            after: the last id of the page before.
            limit: at most so many.
        """
        it = accounts.c
        of_account = and_(snapshots.c.machine == "account", snapshots.c.key == it.id)
        query = select(it.id, snapshots.c.state, snapshots.c.facts, snapshots.c.version)
        query = query.join_from(accounts, snapshots, of_account)
        wanted = {
            it.state: state,
            it.holder: holder,
            it.authorization: authorization,
            it.institution: institution,
        }
        query = query.where(*(column == value for column, value in wanted.items() if value))
        query = query.order_by(it.id)
        found: list[Snapshot[Facts]] = []
        while missing := limit - len(found):
            page = query.limit(missing)
            if after is not None:
                page = page.where(it.id > after)
            with self.reading() as connection:
                rows = connection.execute(page).mappings().all()
            for row in rows:
                after = row["id"]
                try:
                    found.append(self.stored(Address("account", row["id"]), row))
                except UnreadableRecordError as error:
                    log.error("left out: %s", error)
            if len(rows) < missing:
                break
        return cast("list[Snapshot[AccountFacts]]", found)

    def count_by_state(self) -> dict[str, int]:
        """How many accounts are in each state."""
        query = select(accounts.c.state, func.count()).group_by(accounts.c.state)
        with self.reading() as connection:
            return {row.state: row[1] for row in connection.execute(query)}

    def journal(
        self, address: Address, *, after: int = 0, limit: int | None = None
    ) -> list[JournalEntry]:
        """The decisions of a machine, in order, as far as they are kept.

        Args:
            address: which machine.
            after: the version after which to begin.
            limit: at most so many.

        Raises:
            UnreadableRecordError: an event is of a kind that this release does not know.
        """
        query = (
            select(journal)
            .where(journal.c.machine == address.machine, journal.c.key == address.key)
            .where(journal.c.version > after)
            .order_by(journal.c.version)
            .limit(limit)
        )
        with self.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [journal_rows.from_row(row, self.codec) for row in rows]

    def due_command(self, command_id: str) -> DueCommand | None:
        """A command, unless it is over, or not known."""
        found = self._due(outbox.c.id == command_id)
        return found[0] if found else None

    def due_commands(self, now: float, limit: int) -> list[DueCommand]:
        """Commands to carry out, longest due first.

        Args:
            now: Unix seconds.
            limit: at most so many.
        """
        return self._due(outbox.c.due_at <= now, limit=limit)

    def timers(self, limit: int = 100) -> list[DueCommand]:
        """Timers that are to come, the next one first."""
        return self._due(outbox.c.command == "wake", limit=limit)

    def next_due_at(self) -> float | None:
        """When the next command is due (Unix seconds); None when none is waited for."""
        query = select(func.min(outbox.c.due_at)).where(_IS_DUE)
        with self.reading() as connection:
            found: float | None = connection.execute(query).scalar()
        return found

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Commands that failed for good, the latest first."""
        columns = outbox.c
        query = (
            select(
                columns.id, columns.command, columns.attempts, columns.finished_at, columns.error
            )
            .where(text("status = 'failed'"))
            .order_by(columns.finished_at.desc())
            .limit(limit)
        )
        with self.reading() as connection:
            return [DeadLetter(*row) for row in connection.execute(query)]

    def count_dead_letters(self) -> int:
        """How many commands failed for good."""
        query = select(func.count()).select_from(outbox).where(text("status = 'failed'"))
        with self.reading() as connection:
            return connection.execute(query).scalar_one()

    def cursor(self, name: str) -> dict[str, Any] | None:
        """How far a walk is; None before its first step."""
        with self.reading() as connection:
            found: dict[str, Any] | None = connection.execute(
                select(cursors.c.value).where(cursors.c.name == name)
            ).scalar()
        return found

    def _due(self, *conditions: Any, limit: int | None = None) -> list[DueCommand]:
        query = (
            select(outbox)
            .where(_IS_DUE, *conditions)
            .order_by(outbox.c.due_at, outbox.c.id)
            .limit(limit)
        )
        with self.reading() as connection:
            rows = connection.execute(query).mappings().all()
        found = []
        for row in rows:
            try:
                found.append(outbox_rows.from_row(row, self.codec))
            except UnreadableRecordError as error:
                self._bury(row["id"], str(error))
        return found

    def _bury(self, command_id: str, error: str) -> None:
        """Make a dead letter of a command that can't be read, so that the others are not held
        up; a release that can read it may take it up again."""
        failed = (
            update(outbox)
            .where(outbox.c.id == command_id, outbox.c.status == "due")
            .values(status="failed", finished_at=outbox.c.due_at, error=error)
        )
        with self.changing() as connection:
            connection.execute(failed)

    # ── for what else works on the tables ────────────────────────────────────

    def stored(self, address: Address, row: RowMapping) -> Snapshot[Facts]:
        """A machine as a row of ``snapshots`` or ``checkpoints`` has it.

        Raises:
            UnreadableRecordError: its facts don't fit this release.
        """
        facts_type = self.system.tables[address.machine].chart.facts_type
        facts = validated(facts_type, row["facts"], f"facts of {address.machine} {address.key}")
        return Snapshot(row["state"], facts, row["version"])

    @contextmanager
    def reading(self, *, repeatable: bool = False) -> Iterator[Connection]:
        """A connection to read with.

        Args:
            repeatable: whether all statements have to see the same.

        Raises:
            StoreUnavailableError: the database does not answer.
        """
        with _translated(), self.engine.connect() as connection:
            if repeatable and self._on_postgres:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A connection within a transaction that writes.

        Raises:
            StoreUnavailableError: the database does not answer, or is full.
        """
        with _translated(), self._writing.begin() as connection:
            yield connection


def _writer(engine: Engine, jobs: bool) -> Writer:
    if engine.dialect.name == "sqlite":
        from .sqlite import SqliteWriter

        return SqliteWriter(engine)
    from .postgres import PostgresWriter

    return PostgresWriter(engine, jobs)


@contextmanager
def _translated() -> Iterator[None]:
    """The database's own errors as ours, without what was to be written."""
    try:
        yield
    except OperationalError as error:
        told = str(error.orig).strip().splitlines()[0]
    except TimeoutError:
        told = "all connections to the database are in use"
    else:
        return
    raise StoreUnavailableError(told)


# As text, so that the planner sees that the index on what is due will do.
_IS_DUE = text("status = 'due'")
