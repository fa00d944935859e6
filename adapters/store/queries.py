"""What can be asked of a database, without changing it."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import Any, Never, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Tuple,
    and_,
    func,
    select,
    text,
    tuple_,
)

from relink.adapters.deadline import Deadline, Wait
from relink.engine import Address, Facts, Snapshot, System
from relink.machines.account.facts import AccountFacts

from . import journal as journal_rows
from .backend import Backend
from .codec import Codec
from .errors import UnreadableRecordError
from .journal import JournalEntry
from .limits import require_address
from .location import DatabaseLocation
from .outbox import DeadLetter, Overdue, StuckCommand
from .protocol import History
from .readable import PAGE, Records, Unreadable, unreadable_records
from .rebuild import Written
from .schema import accounts, checkpoints, cursors, journal, metadata, outbox, snapshots
from .translation import unavailable_if_down
from .unit_of_work import Machine, read_snapshot

IS_DUE = text("status = 'due'")
IS_FAILED = text("status = 'failed'")
IS_FAILING = text("status = 'due' AND error IS NOT NULL")
IS_STUCK = text("stuck_on IS NOT NULL")
"""As text, so that the planner sees that a partial index covers them."""

_SNAPSHOT = (snapshots.c.state, snapshots.c.facts, snapshots.c.version)
_PAGE = 500
"""Machines that are read at a time."""

_MACHINE = (*_SNAPSHOT, snapshots.c.connected_account)

log = logging.getLogger(__name__)


class Queries:
    """Reads one database.

    Args:
        backend: the database.
        system: the machines whose snapshots it holds.
        codec: their events and commands.
    """

    def __init__(self, backend: Backend, system: System, codec: Codec) -> None:
        self._backend = backend
        self._system = system
        self._codec = codec
        self.engine = backend.create_engine()
        """The pool of connections."""

    @property
    def system(self) -> System:
        """The machines whose snapshots it holds."""
        return self._system

    @property
    def location(self) -> DatabaseLocation:
        """Where the database is."""
        return self._backend.location

    @contextmanager
    def _bounded(self, seconds: float = inf) -> Iterator[None]:
        """Bound the work within, and raise the database's errors as the store's.

        Args:
            seconds: a bound that is shorter than the database's own.
        """
        with (
            Deadline(min(seconds, self.location.timeout), wait=Wait.DATABASE),
            unavailable_if_down(),
        ):
            yield

    @contextmanager
    def _reading(self, *, one_view: bool = False) -> Iterator[Connection]:
        """A connection to read with.

        Args:
            one_view: whether all statements have to see the same data.

        Raises:
            StoreUnavailableError: the database does not answer.
        """
        with self._bounded(), self.engine.connect() as connection:
            if one_view:
                self._backend.read_one_view(connection)
            yield connection

    # ── machines ─────────────────────────────────────────────────────────────

    def snapshot(self, address: Address, *more: Never) -> Snapshot[Facts] | None:
        """A machine as it is now, or None when there is none."""
        require_address(address, more)
        query = select(*_SNAPSHOT).where(
            snapshots.c.machine == address.machine, snapshots.c.key == address.key
        )
        with self._reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else read_snapshot(self._system, address, row)

    def connected_account(self, address: Address) -> str | None:
        """The connected account on whose behalf the last message about a machine came, if any."""
        query = select(snapshots.c.connected_account).where(
            snapshots.c.machine == address.machine, snapshots.c.key == address.key
        )
        with self._reading() as connection:
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
        """Accounts in the order of their ids: all, or those that match every given filter."""
        it = accounts.c
        of_account = and_(snapshots.c.machine == "account", snapshots.c.key == it.id)
        query = select(it.id.label("key"), *_MACHINE).join_from(accounts, snapshots, of_account)
        # The rows of accounts that did not change since an upgrade have former states.
        if state is not None:
            query = query.where(it.state.in_(self._system.tables["account"].stored_as(state)))
        wanted = {
            it.holder: holder,
            it.authorization: authorization,
            it.institution: institution,
        }
        query = query.where(
            *(column == value for column, value in wanted.items() if value is not None)
        )
        found = self._readable("account", query, it.id, after, limit, state)
        return cast("list[Snapshot[AccountFacts]]", [machine.snapshot for _, machine in found])

    def count_by_state(self) -> dict[str, int]:
        """The number of accounts in each state that has any."""
        query = select(accounts.c.state, func.count()).group_by(accounts.c.state)
        with self._reading() as connection:
            stored = {row.state: row[1] for row in connection.execute(query)}
        found: Counter[str] = Counter()
        for state, number in stored.items():
            now = self._system.tables["account"].former_states.get(state, state)
            found.update({now: number} if isinstance(now, str) else self._count_now(state))
        return dict(found)

    def _count_now(self, stored: str) -> Counter[str]:
        """The states today of accounts that were stored in one that their facts have to split."""
        it = accounts.c
        of_account = and_(snapshots.c.machine == "account", snapshots.c.key == it.id)
        query = select(it.id.label("key"), *_MACHINE).join_from(accounts, snapshots, of_account)
        query = query.where(it.state == stored)
        found: Counter[str] = Counter()
        after: str | None = None
        while page := self._readable("account", query, it.id, after, _PAGE):
            found.update(machine.snapshot.state for _, machine in page)
            after = page[-1][0]
        return found

    def journal(
        self, address: Address, *, after: int = 0, limit: int | None = None
    ) -> list[JournalEntry]:
        """The decisions of a machine, in order, as far as they are kept."""
        query = (
            select(journal)
            .where(journal.c.machine == address.machine, journal.c.key == address.key)
            .where(journal.c.version > after)
            .order_by(journal.c.version)
            .limit(limit)
        )
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [journal_rows.from_row(row, self._codec) for row in rows]

    def latest(self, limit: int) -> list[tuple[int, JournalEntry]]:
        """The latest decisions of all machines, the oldest of them first, each with its place in
        the journal.

        Args:
            limit: the largest number of decisions.

        Raises:
            UnreadableRecordError: this release does not know an event.
        """
        query = select(journal).order_by(journal.c.seq.desc()).limit(limit)
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [(row["seq"], journal_rows.from_row(row, self._codec)) for row in reversed(rows)]

    def count_machines(self, name: str | None = None) -> int:
        """The number of machines: all, or those of one name."""
        query = select(func.count()).select_from(snapshots)
        if name is not None:
            query = query.where(snapshots.c.machine == name)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    def machines_named(
        self, name: str, *, after: str = "", limit: int = 100
    ) -> list[tuple[str, Machine]]:
        """Machines of one name with their keys, in the order of the keys."""
        key = snapshots.c.key
        query = select(key, *_MACHINE).where(snapshots.c.machine == name)
        return self._readable(name, query, key, after, limit)

    def _readable(
        self,
        name: str,
        query: Select[Any],
        key: ColumnElement[str],
        after: str | None,
        limit: int,
        state: str | None = None,
    ) -> list[tuple[str, Machine]]:
        """A full page of machines of one name, in one state if it is given.

        One that can't be read is left out, and logged.
        """
        found: list[tuple[str, Machine]] = []
        while missing := limit - len(found):
            page = query.order_by(key).limit(missing)
            if after is not None:
                page = page.where(key > after)
            with self._reading() as connection:
                rows = connection.execute(page).mappings().all()
            for row in rows:
                after = str(row["key"])
                try:
                    snapshot = read_snapshot(self._system, Address(name, after), row)
                except UnreadableRecordError as error:
                    log.error("a machine is left out: %s", error)
                else:
                    if state in (None, snapshot.state):
                        found.append((after, Machine(snapshot, row["connected_account"])))
            if len(rows) < missing:
                break
        return found

    def histories(self, after: Address | None, limit: int) -> list[History]:
        """Machines with their journals, in the order of their addresses, from one view."""
        first = tuple(after or Address("", ""))
        here = tuple_(snapshots.c.machine, snapshots.c.key)
        page = (
            select(snapshots)
            .where(here > first)
            .order_by(snapshots.c.machine, snapshots.c.key)
            .limit(limit)
        )
        return self._histories(page, lambda at, last: and_(at > first, at <= last))

    def history(self, address: Address) -> History | None:
        """One machine with its journal, from one view; None when there is none."""
        require_address(address, ())
        one = select(snapshots).where(
            snapshots.c.machine == address.machine, snapshots.c.key == address.key
        )
        return next(iter(self._histories(one, lambda at, last: at == last)), None)

    def _histories(
        self,
        page: Select[Any],
        of_page: Callable[[Tuple, tuple[str, ...]], ColumnElement[bool]],
    ) -> list[History]:
        """The machines of a page with their journals, from one view.

        Args:
            page: selects their snapshots.
            of_page: says of machine and key whether they belong to the page, given its last ones.
        """
        with self._reading(one_view=True) as connection:
            rows = connection.execute(page).mappings().all()
            if not rows:
                return []
            last = (rows[-1]["machine"], rows[-1]["key"])
            entries = self._entries(
                connection, of_page(tuple_(journal.c.machine, journal.c.key), last)
            )
            at = tuple_(checkpoints.c.machine, checkpoints.c.key)
            query = select(checkpoints).where(of_page(at, last))
            begun = {
                _address(row): Written(row["state"], row["facts"], row["version"])
                for row in connection.execute(query).mappings()
            }
        return [
            History(
                address,
                read_snapshot(self._system, address, row),
                begun.get(address),
                entries[address],
            )
            for row in rows
            for address in [_address(row)]
        ]

    def _entries(
        self, connection: Connection, of_page: ColumnElement[bool]
    ) -> defaultdict[Address, list[JournalEntry]]:
        query = (
            select(journal)
            .where(of_page)
            .order_by(journal.c.machine, journal.c.key, journal.c.version)
        )
        found: defaultdict[Address, list[JournalEntry]] = defaultdict(list)
        for row in connection.execute(query).mappings():
            entry = journal_rows.from_row(row, self._codec)
            found[entry.address].append(entry)
        return found

    def unreadable(
        self, progress: Callable[[int], None] = lambda done: None
    ) -> Iterator[Unreadable]:
        """What this release can't read, of all that is stored; see :mod:`.readable`.

        Args:
            progress: called now and then with the number of records read so far.
        """

        def page(records: Records, last: tuple[Any, ...]) -> Sequence[RowMapping]:
            table = metadata.tables[records.table]
            keys = [table.c[name] for name in records.keys]
            query = select(table).order_by(*keys).limit(PAGE)
            if records.statuses:
                query = query.where(table.c.status.in_(records.statuses))
            if last:
                query = query.where(tuple_(*keys) > last)
            with self._reading() as connection:
                return connection.execute(query).mappings().all()

        return unreadable_records(page, self._system, self._codec, progress)

    # ── commands and sweeps; due commands are in SqlStore ────────────────────

    def next_due_at(self) -> float | None:
        """When the next command is due (Unix seconds); None when none waits."""
        query = select(func.min(outbox.c.due_at)).where(IS_DUE)
        with self._reading() as connection:
            found: float | None = connection.execute(query).scalar()
        return found

    def overdue(self, now: float) -> Overdue:
        """The commands that should be done by now."""
        it = outbox.c
        is_overdue = and_(IS_DUE, it.due_at <= now, it.error.is_(None))
        waiting = select(func.count(), func.min(it.due_at)).where(is_overdue)
        not_stuck = func.count() - func.count(it.stuck_on)
        failing = select(it.command, not_stuck, func.min(it.created_at)).where(IS_FAILING)
        with self._reading() as connection:
            number, oldest = connection.execute(waiting).one()
            rows = connection.execute(failing.group_by(it.command)).all()
        asked_at = [at for at in (oldest, *(row[2] for row in rows)) if at is not None]
        failing_now = {row[0]: row[1] for row in rows if row[1]}
        return Overdue(number, failing_now, min(asked_at, default=None))

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Commands that failed for good, the latest first."""
        it = outbox.c
        query = (
            select(it.id, it.command, it.attempts, it.finished_at, it.error)
            .where(IS_FAILED)
            .order_by(it.finished_at.desc(), it.id)
            .limit(limit)
        )
        with self._reading() as connection:
            return [DeadLetter(*row) for row in connection.execute(query)]

    def count_dead_letters(self) -> int:
        """The number of commands that failed for good."""
        query = select(func.count()).select_from(outbox).where(IS_FAILED)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    def stuck_commands(self, limit: int = 100) -> list[StuckCommand]:
        """Due commands that an operator has to look at, by what they are stuck on, then by id."""
        it = outbox.c
        query = (
            select(it.id, it.command, it.attempts, it.due_at, it.stuck_on, it.error)
            .where(IS_STUCK)
            .order_by(it.stuck_on, it.id)
            .limit(limit)
        )
        with self._reading() as connection:
            return [StuckCommand(*row) for row in connection.execute(query)]

    def count_stuck(self) -> dict[str, int]:
        """The number of due commands that an operator has to look at, by what they are stuck on."""
        query = select(outbox.c.stuck_on, func.count()).where(IS_STUCK)
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(outbox.c.stuck_on))}

    def cursor(self, name: str) -> dict[str, Any] | None:
        """How far a sweep has got; None before its first step."""
        with self._reading() as connection:
            found: dict[str, Any] | None = connection.execute(
                select(cursors.c.value).where(cursors.c.name == name)
            ).scalar()
        return found


def _address(row: Any) -> Address:
    return Address(row["machine"], row["key"])
