"""Writing on SQLite: one writer at a time, and one commit for all that wait together.

SQLite lets one transaction write, and syncs the disk at each commit. So whoever comes while
another writes lines up; the first in line then makes the changes of all of them in one
transaction, each within a savepoint of its own, and each caller returns when the commit that
holds its change is on the disk (group commit). There is no thread behind it: the callers'
own do the work.

When a change can't be decided, it alone is taken back. When the database fails, all of the
transaction is, and everybody in it is told so.
"""

import sqlite3
import threading
from collections import deque

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError

from relink.engine import Address

from .change import Applied, Change, Row, Rows, Stored
from .errors import StoreUnavailableError

MOST = 256
"""Changes in one transaction."""

_ENTER = """INSERT INTO inbox (id, type, created, received_at, connected_account)
VALUES (:id, :type, :created, :received_at, :connected_account) ON CONFLICT DO NOTHING"""
_READ = "SELECT state, facts, version FROM snapshots WHERE machine = ? AND key = ?"
_ADD = """INSERT INTO snapshots (machine, key, state, version, facts, connected_account)
VALUES (:machine, :key, :state, :version, :facts, :connected_account)"""
_REPLACE = """UPDATE snapshots SET state = :state, version = :version, facts = :facts,
connected_account = coalesce(:connected_account, connected_account)
WHERE machine = :machine AND key = :key"""
_FIND = """INSERT INTO accounts (id, state, holder, authorization, institution)
VALUES (:id, :state, :holder, :authorization, :institution)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, holder = excluded.holder,
authorization = excluded.authorization, institution = excluded.institution"""
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
    """A change in line, and what became of it."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.done = False
        self.applied: Applied | None = None
        self.error: Exception | None = None


class SqliteWriter:
    """The writer of one database, for all threads of a process.

    Args:
        engine: the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._line: deque[_Waiting] = deque()
        self._turn = threading.Lock()

    def write(self, change: Change) -> Applied:
        """Make a change; see :class:`~relink.adapters.store.change.Writer`."""
        waiting = _Waiting(change)
        self._line.append(waiting)
        with self._turn:
            # Whoever had the turn before may have made this change along with its own.
            while not waiting.done:
                self._write_line()
        if waiting.error is not None:
            raise waiting.error
        assert waiting.applied is not None, "whoever has the turn makes all changes in line"
        return waiting.applied

    def _write_line(self) -> None:
        """Make the changes of all that are in line by now, in one transaction."""
        batch = [self._line.popleft() for _ in range(min(len(self._line), MOST))]
        try:
            with self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None, "a connection that is open has a driver's"
                self._commit(raw, batch)
        except (sqlite3.Error, OperationalError) as error:
            _fail(batch, str(error))
        except BaseException:
            _fail(batch, "the thread that wrote was interrupted")
            raise
        finally:
            for waiting in batch:
                waiting.done = True

    def _commit(self, raw: DBAPIConnection, batch: list[_Waiting]) -> None:
        execute = raw.execute
        execute("BEGIN IMMEDIATE")
        try:
            for waiting in batch:
                execute("SAVEPOINT one")
                try:
                    waiting.applied = _make(raw, waiting.change)
                except sqlite3.Error:
                    raise
                except Exception as error:
                    # It could not be decided; the others can.
                    waiting.error = error
                    execute("ROLLBACK TO one")
                execute("RELEASE one")
            execute("COMMIT")
        except BaseException:
            # A full disk has ended the transaction already.
            if raw.in_transaction:
                execute("ROLLBACK")
            raise


def _fail(batch: list[_Waiting], told: str) -> None:
    for waiting in batch:
        waiting.applied, waiting.error = None, StoreUnavailableError(f"SQLite: {told}")


def _make(raw: DBAPIConnection, change: Change) -> Applied:
    if change.closing and not _close(raw, change):
        return Applied("duplicate")
    if not change.events and change.closing:
        return Applied("applied")
    if raw.execute(_ENTER, change.inbox_row).rowcount != 1:
        return Applied("duplicate")

    def read(address: Address) -> Stored | None:
        found: Stored | None = raw.execute(_READ, address).fetchone()
        return found

    steps, rows = change.decide(read)
    _write(raw, rows)
    return Applied("applied", steps)


def _close(raw: DBAPIConnection, change: Change) -> bool:
    """Close the command that is answered; whether it was still due."""
    end = change.closing
    assert end is not None
    values = (end.status, end.at, end.error, end.status, end.command_id)
    return bool(raw.execute(_CLOSE, values).rowcount == 1)


def _write(raw: DBAPIConnection, rows: Rows) -> None:
    written: tuple[tuple[str, list[Row]], ...] = (
        (_ADD, rows.new),
        (_REPLACE, rows.changed),
        (_FIND, rows.accounts),
        (_JOURNAL, rows.journal),
        (_ASK, rows.outbox),
    )
    for statement, values in written:
        if values:
            raw.executemany(statement, values)
