"""Writing on SQLite: one writer at a time, and one commit for all that wait together.

SQLite lets one transaction write, and syncs the disk at each commit. So whoever comes while
another writes lines up; the first in line then makes the changes of all of them in one
transaction, and each caller returns when the commit that holds its change is on the disk (group
commit). The callers' own threads do the work; event loops have one between them.

All of them together are read, decided one after the other, and written: a few statements in all,
since around each of them Python lets other threads run, and waits for its turn again.

A change that can't be decided is left out. When the database fails, all of the transaction is
taken back, and everybody in it is told so.
"""

import asyncio
import contextlib
import json
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, TimeoutError

from relink.engine import Address

from .errors import StoreUnavailableError
from .lock_set import concerned
from .unit_of_work import Applied, Row, Rows, Stored, UnitOfWork

MOST = 256
"""Changes in one transaction."""

_ARRIVED = "SELECT id FROM inbox WHERE id IN (SELECT value FROM json_each(?))"
_DUE = """SELECT id, round FROM outbox
WHERE status = 'due' AND id IN (SELECT value FROM json_each(?))"""
_READ = """SELECT snapshots.machine, snapshots.key, state, facts, version, connected_account
FROM json_each(?) AS address CROSS JOIN snapshots
ON snapshots.machine = json_extract(address.value, '$[0]')
AND snapshots.key = json_extract(address.value, '$[1]')"""
_ENTER = """INSERT INTO inbox (id, type, created, received_at, connected_account)
VALUES (:id, :type, :created, :received_at, :connected_account)"""
_ADD = """INSERT INTO snapshots (machine, key, state, version, facts, connected_account)
VALUES (:machine, :key, :state, :version, :facts, :connected_account)"""
_REPLACE = """UPDATE snapshots SET state = :state, version = :version, facts = :facts,
connected_account = coalesce(:connected_account, connected_account)
WHERE machine = :machine AND key = :key"""
# In two, since an index is written for each column that is set, changed or not, and mostly it
# is only the state that changes.
_FIND = """INSERT INTO accounts (id, state, holder, authorization, institution)
VALUES (:id, :state, :holder, :authorization, :institution)
ON CONFLICT (id) DO UPDATE SET holder = excluded.holder,
authorization = excluded.authorization, institution = excluded.institution
WHERE holder IS NOT excluded.holder OR authorization IS NOT excluded.authorization
OR institution IS NOT excluded.institution"""
_FIND_BY_STATE = "UPDATE accounts SET state = :state WHERE id = :id AND state <> :state"
_JOURNAL = """INSERT INTO journal (machine, key, version, cause, at, event, fields, outcome,
from_state, to_state, transition, guards, reason, anomaly, changes, commands)
VALUES (:machine, :key, :version, :cause, :at, :event, :fields, :outcome,
:from_state, :to_state, :transition, :guards, :reason, :anomaly, :changes, :commands)"""
_ASK = """INSERT INTO outbox (id, command, fields, cause, connected_account, status, attempts,
due_at, created_at, give_up_at, round)
VALUES (:id, :command, :fields, :cause, :connected_account, 'due', 0,
:due_at, :created_at, :give_up_at, 0) ON CONFLICT DO NOTHING"""
_CLOSE = """UPDATE outbox SET status = ?, finished_at = ?, error = ?, attempts = attempts + 1,
fields = CASE WHEN ? = 'done' THEN json_remove(fields, '$.billing_name') ELSE fields END
WHERE id = ? AND status = 'due'"""


class _Waiting:
    """A change in line, and what became of it. On an event loop, a future is set then."""

    def __init__(self, change: UnitOfWork, future: "asyncio.Future[None] | None" = None) -> None:
        self.change = change
        self.future = future
        self.done = False
        self.applied: Applied | None = None
        self.error: Exception | None = None

    def result(self) -> Applied:
        """What became of it, once it is done."""
        if self.error is not None:
            raise self.error
        assert self.applied is not None, "whoever has the turn makes all changes in line"
        return self.applied


class SqliteWriter:
    """The writer of one database, for all threads and event loops of a process.

    Args:
        engine: the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._line: deque[_Waiting] = deque()
        self._turn = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "relink-sqlite")
        self._is_called = False

    def write(self, change: UnitOfWork) -> Applied:
        """Make a change; see :class:`~relink.adapters.store.unit_of_work.Writer`."""
        waiting = _Waiting(change)
        self._line.append(waiting)
        self._take_turn(waiting)
        return waiting.result()

    async def write_async(self, change: UnitOfWork) -> Applied:
        """Make a change while the event loop goes on."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(change, future)
        self._line.append(waiting)
        self._call_thread()
        await future
        return waiting.result()

    def _call_thread(self) -> None:
        """Have the thread write for all event loops; one call serves all that are in line."""
        if not self._is_called:
            self._is_called = True
            self._thread.submit(self._write_for_loops)

    def _write_for_loops(self) -> None:
        with self._turn:
            # Whoever gets in line from here on calls again; those before are in line by now.
            self._is_called = False
            if self._line:
                self._write_line()
        if self._line:
            # Not in the same turn: other threads wait for theirs.
            self._call_thread()

    def _take_turn(self, waiting: _Waiting) -> None:
        with self._turn:
            # Whoever had the turn before may have made this change along with its own.
            while not waiting.done:
                self._write_line()

    def _write_line(self) -> None:
        """Make the changes of all that are in line by now."""
        batch = [self._line.popleft() for _ in range(min(len(self._line), MOST))]
        try:
            self._write_together(batch)
        finally:
            for waiting in batch:
                waiting.done = True
            _tell([waiting.future for waiting in batch if waiting.future])

    def _write_together(self, batch: list[_Waiting]) -> None:
        try:
            with self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None, "a connection that is open has a driver's"
                _commit(raw, batch)
        except (sqlite3.OperationalError, OperationalError, TimeoutError) as error:
            _fail(batch, str(error))
        except Exception as error:
            # One of them holds what can't be written; the others can.
            _fail(batch, "the thread that wrote was interrupted")
            if len(batch) == 1:
                batch[0].error = error
            else:
                for waiting in batch:
                    self._write_together([waiting])
        except BaseException:
            _fail(batch, "the thread that wrote was interrupted")
            raise


def _fail(batch: list[_Waiting], told: str) -> None:
    for waiting in batch:
        waiting.applied, waiting.error = None, StoreUnavailableError(f"SQLite: {told}")


def _tell(futures: "list[asyncio.Future[None]]") -> None:
    """Let those who wait go on, but for those whose event loop has ended."""
    for loop in {future.get_loop() for future in futures}:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, [f for f in futures if f.get_loop() is loop])


def _resolve(futures: "list[asyncio.Future[None]]") -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


def _commit(raw: DBAPIConnection, batch: list[_Waiting]) -> None:
    raw.execute("BEGIN IMMEDIATE")
    try:
        together = _Together(raw, [waiting.change for waiting in batch])
        for waiting in batch:
            try:
                waiting.applied, waiting.error = together.add(waiting.change), None
            except sqlite3.OperationalError:
                raise
            except Exception as error:
                waiting.error = error
        together.write()
        raw.execute("COMMIT")
    except BaseException:
        # A full disk has ended the transaction already.
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


class _Together:
    """Changes that are made together: read, decided one after the other, and written.

    Args:
        raw: the driver's connection, within a transaction.
        changes: those that will be added, as far as one knows.
    """

    def __init__(self, raw: DBAPIConnection, changes: list[UnitOfWork]) -> None:
        self._raw = raw
        endings = [change.completion.command_id for change in changes if change.completion]
        events = [trigger for change in changes for trigger in change.events]
        arrivals = [change.message.id for change in changes]
        self._arrived = {row[0] for row in raw.execute(_ARRIVED, (json.dumps(arrivals),))}
        due = raw.execute(_DUE, (json.dumps(endings),)) if endings else ()
        self._due: dict[str, int] = dict(due)
        self._stored: dict[Address, Stored | None] = {}
        self._look(set(concerned(events)))
        self._inbox: list[Row] = []
        self._endings: list[tuple[object, ...]] = []
        self._rows = Rows()

    def add(self, change: UnitOfWork) -> Applied:
        """Decide a change; what it leads to is seen by those that are added after it."""
        end = change.completion
        if end and self._due.get(end.command_id) != end.round:
            return Applied("duplicate")
        arrives = bool(change.events) or not end
        applied = Applied("applied")
        if arrives and change.message.id in self._arrived:
            applied = Applied("duplicate")
        elif arrives:
            steps, rows = change.decide(self._read)
            applied = Applied("applied", steps)
            self._arrived.add(change.message.id)
            self._inbox.append(change.inbox_row)
            self._keep(rows)
        if end:
            del self._due[end.command_id]
            self._endings.append((end.status, end.at, end.error, end.status, end.command_id))
        return applied

    def write(self) -> None:
        """Write all that was decided."""
        rows = self._rows
        written: tuple[tuple[str, Sequence[Any]], ...] = (
            (_ENTER, self._inbox),
            (_ADD, rows.new),
            (_REPLACE, rows.changed),
            (_FIND, rows.accounts),
            (_FIND_BY_STATE, rows.accounts),
            (_JOURNAL, rows.journal),
            (_ASK, rows.outbox),
            (_CLOSE, self._endings),
        )
        for statement, values in written:
            if values:
                self._raw.executemany(statement, values)

    def _look(self, addresses: set[Address]) -> None:
        self._stored.update(dict.fromkeys(addresses))
        found = self._raw.execute(_READ, (json.dumps(sorted(addresses)),))
        for machine, key, *stored in found:
            self._stored[Address(machine, key)] = Stored(*stored)

    def _read(self, address: Address) -> Stored | None:
        if address not in self._stored:
            self._look({address})
        return self._stored[address]

    def _keep(self, rows: Rows) -> None:
        for row in (*rows.new, *rows.changed):
            address = Address(row["machine"], row["key"])
            self._stored[address] = Stored(*(row[field] for field in Stored._fields))
        for kept, more in (
            (self._rows.new, rows.new),
            (self._rows.changed, rows.changed),
            (self._rows.accounts, rows.accounts),
            (self._rows.journal, rows.journal),
            (self._rows.outbox, rows.outbox),
        ):
            kept.extend(more)
