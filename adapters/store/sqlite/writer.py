"""Writing on SQLite: one writer at a time, and one commit for all that wait together.

SQLite allows one writing transaction, and syncs the disk at each commit. Units of work that come
while another transaction writes are queued. The first caller in the queue then carries out all of
them in one transaction, and each caller returns when the commit with its own is on the disk
(group commit). The callers' own threads do the work; all event loops share one thread.

All units are read together, decided one after the other, and written together. That takes few
statements, and few are wanted: around each one Python lets other threads run first.

A unit that can't be decided is left out. When the database fails, the transaction is rolled back,
and every caller in it gets the error.
"""

import asyncio
import contextlib
import json
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import asdict

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection

from relink.engine import Address

from ..errors import StoreUnavailableError
from ..translation import translated
from ..unit_of_work import Applied, Row, Rows, Stored, UnitOfWork
from . import statements as sql

MOST = 256
"""Units of work in one transaction."""

INTERRUPTED = StoreUnavailableError("SQLite: the thread that wrote was interrupted")


class _Waiting:
    """A queued unit of work, and its result. On an event loop, a future is then resolved."""

    def __init__(self, unit: UnitOfWork, future: "asyncio.Future[None] | None" = None) -> None:
        self.unit = unit
        self.future = future
        self.done = False
        self.applied: Applied | None = None
        self.error: Exception | None = None

    def result(self) -> Applied:
        """What came of it, once it is done."""
        if self.error is not None:
            raise self.error
        assert self.applied is not None, "the thread that writes carries out all queued units"
        return self.applied


class SqliteWriter:
    """The writer of one database, for all threads and event loops of a process.

    Args:
        engine: the database.
        check: raises :class:`~relink.adapters.store.StoreUnavailableError` unless what was
            committed is in the database's file.
    """

    def __init__(self, engine: Engine, check: Callable[[], None]) -> None:
        self._engine = engine
        self._check = check
        self._queue: deque[_Waiting] = deque()
        self._turn = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "relink-sqlite")
        self._is_called = False

    def write(self, unit: UnitOfWork) -> Applied:
        """Carry out a unit of work; see :class:`~relink.adapters.store.unit_of_work.Writer`."""
        waiting = _Waiting(unit)
        self._queue.append(waiting)
        with self._turn:
            # The thread that wrote before may have carried out this unit with its own.
            while not waiting.done:
                self._write_queued()
        return waiting.result()

    async def write_async(self, unit: UnitOfWork) -> Applied:
        """Carry out a unit of work without blocking the event loop."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(unit, future)
        self._queue.append(waiting)
        self._call_thread()
        await future
        return waiting.result()

    def _call_thread(self) -> None:
        """Have the thread write for all event loops; one call serves all that are queued."""
        if not self._is_called:
            self._is_called = True
            self._thread.submit(self._write_for_loops)

    def _write_for_loops(self) -> None:
        with self._turn:
            # A unit that is queued from here on calls again; the earlier ones are written below.
            self._is_called = False
            if self._queue:
                self._write_queued()
        if self._queue:
            # Not in the same turn: other threads wait for theirs.
            self._call_thread()

    def _write_queued(self) -> None:
        """Carry out the units that are queued by now."""
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), MOST))]
        try:
            self._write_together(batch)
        finally:
            for waiting in batch:
                waiting.done = True
            _resolve([waiting.future for waiting in batch if waiting.future])

    def _write_together(self, batch: list[_Waiting]) -> None:
        try:
            with self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None, "an open connection has a driver's connection"
                _commit(raw, batch)
                self._check()
        except StoreUnavailableError as error:
            _fail(batch, error)
        except Exception as error:
            found = translated(error)
            if isinstance(found, StoreUnavailableError):
                _fail(batch, found)
            elif len(batch) == 1:
                _fail(batch, found or error)
            else:
                # One of the units can't be written. The others can, alone.
                for waiting in batch:
                    self._write_together([waiting])
        except BaseException:
            _fail(batch, INTERRUPTED)
            raise


def _fail(batch: list[_Waiting], error: Exception) -> None:
    """Give every caller an error of its own: each adds its traceback."""
    for waiting in batch:
        waiting.applied, waiting.error = None, copy(error) if len(batch) > 1 else error


def _resolve(futures: "list[asyncio.Future[None]]") -> None:
    """Resolve futures, except those whose event loop has ended."""
    for loop in {future.get_loop() for future in futures}:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve_here, [f for f in futures if f.get_loop() is loop])


def _resolve_here(futures: "list[asyncio.Future[None]]") -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


def _commit(raw: DBAPIConnection, batch: list[_Waiting]) -> None:
    raw.execute("BEGIN IMMEDIATE")
    try:
        together = _Batch(raw, [waiting.unit for waiting in batch])
        for waiting in batch:
            try:
                waiting.applied, waiting.error = together.add(waiting.unit), None
            except sqlite3.Error:
                # It is about the database, not about this unit alone.
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


class _Batch:
    """Units of work that are read together, decided one after the other, and written together.

    Args:
        raw: the driver's connection, within a transaction.
        units: the units that will probably be added.
    """

    def __init__(self, raw: DBAPIConnection, units: list[UnitOfWork]) -> None:
        self._raw = raw
        completed = [unit.completion.command_id for unit in units if unit.completion]
        messages = [unit.message.id for unit in units]
        self._arrived = {row[0] for row in raw.execute(sql.ARRIVED, (json.dumps(messages),))}
        due = raw.execute(sql.DUE, (json.dumps(completed),)) if completed else ()
        self._due: dict[str, int] = dict(due)
        self._stored: dict[Address, Stored | None] = {}
        self._load({address for unit in units for address in unit.likely_addresses})
        self._inbox: list[Row] = []
        self._completions: list[Row] = []
        self._rows = Rows()

    def add(self, unit: UnitOfWork) -> Applied:
        """Decide a unit; those that are added later see what it led to."""
        end = unit.completion
        if end and self._due.get(end.command_id) != end.generation:
            return Applied("duplicate")
        applied = Applied("applied")
        if unit.enters_inbox and unit.message.id in self._arrived:
            applied = Applied("duplicate")
        elif unit.enters_inbox:
            steps, rows = unit.decide_rows(self._read)
            applied = Applied("applied", steps)
            self._arrived.add(unit.message.id)
            self._inbox.append(unit.inbox_row)
            self._keep(rows)
        if end:
            del self._due[end.command_id]
            self._completions.append(asdict(end))
        return applied

    def write(self) -> None:
        """Write everything that was decided."""
        rows = self._rows
        written: tuple[tuple[str, list[Row]], ...] = (
            (sql.ENTER, self._inbox),
            (sql.ADD, rows.new),
            (sql.REPLACE, rows.changed),
            (sql.INDEX, rows.accounts),
            (sql.INDEX_STATE, rows.accounts),
            (sql.RECORD, rows.journal),
            (sql.ASK, rows.outbox),
            (sql.COMPLETE, self._completions),
            (sql.DELAY, rows.delayed),
        )
        for statement, values in written:
            if values:
                self._raw.executemany(statement, values)

    def _load(self, addresses: set[Address]) -> None:
        self._stored.update(dict.fromkeys(addresses))
        found = self._raw.execute(sql.READ, (json.dumps(sorted(addresses)),))
        for machine, key, *stored in found:
            self._stored[Address(machine, key)] = Stored(*stored)

    def _read(self, address: Address) -> Stored | None:
        if address not in self._stored:
            self._load({address})
        return self._stored[address]

    def _keep(self, rows: Rows) -> None:
        for row in (*rows.new, *rows.changed):
            address = Address(row["machine"], row["key"])
            self._stored[address] = Stored(*(row[field] for field in Stored._fields))
        self._rows.extend(rows)
