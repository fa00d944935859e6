"""Writing on PostgreSQL: two round trips for each unit of work, however many rows it has.

The first round trip locks and reads the machines that are probably concerned, in the order of
their addresses, completes the command, and enters the message into the inbox. The second one
writes all rows, defers the jobs, and commits. All writers take their locks in this order, so they
never wait for each other in a circle. If deciding asks for a machine that was not locked, the
transaction is rolled back and starts again with that machine locked too.

Two messages may create the same machine at once. Neither finds a row to lock, and the second one
violates the primary key: it starts again as well.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import cast
from weakref import WeakSet

import psycopg
from psycopg import Connection, errors
from pydantic_core import to_json
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from relink.engine import Address

from ..errors import ConcurrentChangeError, StoreUnavailableError, first_line
from ..lock_set import likely_addresses, related_addresses
from ..unit_of_work import Applied, Rows, Stored, UnitOfWork
from . import statements as sql
from .pipeline import Statement, Value, Work, prepare, run, run_async, send

ATTEMPTS = 10
"""Times that a unit of work is decided before the store gives up. Each earlier attempt lost to
another writer, which created a machine first."""

_COMMIT: list[Statement] = [(sql.COMMIT, ())]
_ROLLBACK: list[Statement] = [(sql.ROLLBACK, ())]


class PostgresWriter:
    """The writer of one database, for all threads and event loops of a process.

    Args:
        engine: the database.
        jobs: whether commands that are due soon get jobs.
        at_hand: how many connections to keep for event loops; fewer than the pool has, so that
            some are left for everything else.
    """

    def __init__(self, engine: Engine, jobs: bool, at_hand: int) -> None:
        self._engine = engine
        self._limit = at_hand
        self._statements = sql.statements(jobs)
        self._prepared: WeakSet[Connection] = WeakSet()
        self._losses = 0
        self._at_hand: deque[PoolProxiedConnection] = deque()
        self._kept = 0
        self._keeping = threading.Lock()
        event.listen(engine, "connect", self._note_age)
        event.listen(engine, "checkout", self._refuse_stale)
        event.listen(engine, "engine_disposed", self._let_go)

    def write(self, unit: UnitOfWork) -> Applied:
        """Carry out a unit of work; see :class:`~relink.adapters.store.unit_of_work.Writer`."""
        addresses = set(likely_addresses(unit.events))
        conflicts, lost = 0, False
        while True:
            try:
                return self._attempt(unit, addresses)
            except _UnlockedMachineError as missing:
                addresses.update(related_addresses(missing.address))
            except (errors.UniqueViolation, errors.DeadlockDetected) as error:
                conflicts += 1
                if conflicts == ATTEMPTS:
                    raise ConcurrentChangeError(
                        f"{unit.message.id} lost to other writers {ATTEMPTS} times"
                    ) from error
            except TimeoutError:
                raise StoreUnavailableError("PostgreSQL: all connections are in use") from None
            except (psycopg.OperationalError, OperationalError) as error:
                # The server may have restarted since the connection was made. If only the answer
                # to the commit was lost, the inbox shows it on the second attempt.
                self._losses += 1
                if lost:
                    raise StoreUnavailableError(f"PostgreSQL: {first_line(error)}") from None
                lost = True

    async def write_async(self, unit: UnitOfWork) -> Applied:
        """Carry out a unit of work on the event loop.

        A thread takes over where no connection is at hand, or the first attempt fails.
        """
        pooled = self._take()
        if pooled is None:
            applied = await asyncio.to_thread(self.write, unit)
            if self._kept < self._limit:
                # For the next unit of work; this one returns meanwhile.
                asyncio.get_running_loop().run_in_executor(None, self._keep_one)
            return applied
        raw = _driver(pooled)
        try:
            try:
                applied = await run_async(
                    raw, _carry_out(raw, unit, set(likely_addresses(unit.events)))
                )
            except psycopg.OperationalError:
                raise
            except Exception:
                await run_async(raw, send(raw, _ROLLBACK))
                raise
        except psycopg.OperationalError:
            self._drop(pooled)
        except (_UnlockedMachineError, errors.UniqueViolation):
            self._at_hand.append(pooled)
        except Exception:
            self._at_hand.append(pooled)
            raise
        except BaseException:
            # Interrupted, perhaps with results that nobody has read.
            self._drop(pooled)
            raise
        else:
            self._at_hand.append(pooled)
            return applied
        return await asyncio.to_thread(self.write, unit)

    def _take(self) -> PoolProxiedConnection | None:
        """A connection that is at hand and was made since the last one was lost, if any."""
        while self._at_hand:
            pooled = self._at_hand.pop()
            if pooled.info["losses"] == self._losses:
                return pooled
            self._drop(pooled)
        return None

    def _keep_one(self) -> None:
        """Keep one more connection for event loops, up to the limit."""
        with self._keeping:
            if self._kept >= self._limit:
                return
            self._kept += 1
        try:
            pooled = self._engine.raw_connection()
            self._ready(_driver(pooled))
            self._at_hand.append(pooled)
        except (TimeoutError, OperationalError, psycopg.OperationalError):
            # No connection is to spare.
            with self._keeping:
                self._kept -= 1

    def _drop(self, pooled: PoolProxiedConnection) -> None:
        pooled.invalidate()
        with self._keeping:
            self._kept -= 1

    def _let_go(self, _: Engine) -> None:
        while self._at_hand:
            self._drop(self._at_hand.pop())

    def _note_age(self, _: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        entry.info["losses"] = self._losses

    def _refuse_stale(self, _: DBAPIConnection, entry: ConnectionPoolEntry, __: object) -> None:
        """Replace a connection that was made before the last one was lost."""
        if entry.info["losses"] != self._losses:
            raise DisconnectionError

    def _ready(self, raw: Connection) -> None:
        if raw not in self._prepared:
            prepare(raw, self._statements)
            self._prepared.add(raw)

    def _attempt(self, unit: UnitOfWork, addresses: set[Address]) -> Applied:
        pooled = self._engine.raw_connection()
        raw = _driver(pooled)
        try:
            self._ready(raw)
            return run(raw, _carry_out(raw, unit, addresses))
        except psycopg.OperationalError:
            pooled.invalidate()
            raise
        except Exception:
            run(raw, send(raw, _ROLLBACK))
            raise
        except BaseException:
            # Interrupted, perhaps with results that nobody has read.
            pooled.invalidate()
            raise
        finally:
            pooled.close()


class _UnlockedMachineError(Exception):
    """Deciding asked for a machine that was not locked."""

    def __init__(self, address: Address) -> None:
        self.address = address


def _driver(pooled: PoolProxiedConnection) -> Connection:
    return cast("Connection", pooled.driver_connection)


def _carry_out(raw: Connection, unit: UnitOfWork, addresses: set[Address]) -> Work[Applied]:
    in_order = json.dumps(sorted(addresses)).encode()
    begin: list[Statement] = [(sql.BEGIN, ())]
    if unit.enters_inbox:
        begin.append((sql.LOCK, (in_order,)))
    if unit.completion:
        end = unit.completion
        values = _texts(end.command_id, end.status, end.at, end.error, end.generation)
        begin.append((sql.COMPLETE, values))
    if unit.enters_inbox:
        begin.append((sql.ENTER, _texts(*unit.inbox_row.values())))
    results = yield from send(raw, begin)
    found = {name: result for (name, _), result in zip(begin, results, strict=True)}
    entered = unit.enters_inbox and found[sql.ENTER].ntuples == 1
    if unit.completion and not found[sql.COMPLETE].ntuples:
        yield from send(raw, _ROLLBACK)
        return Applied("duplicate")
    if not entered:
        # There is nothing to decide; the unit only ends its command.
        yield from send(raw, _COMMIT)
        return Applied("duplicate" if unit.enters_inbox else "applied")
    steps, rows = unit.decide_rows(_reader(found[sql.LOCK], addresses))
    yield from send(raw, [*_writes(rows), *_COMMIT])
    return Applied("applied", steps)


def _reader(
    found: psycopg.pq.abc.PGresult, addresses: set[Address]
) -> Callable[[Address], Stored | None]:
    """Reads the machines that were locked.

    Any other machine must be locked in the order of the addresses too, so the transaction then
    starts again: a writer that waits for one lock must hold none that comes after it.
    """
    stored = {}
    for row in range(found.ntuples):
        machine, key, state, facts, version, on_behalf_of = (
            (found.get_value(row, column) or b"").decode() for column in range(6)
        )
        stored[Address(machine, key)] = Stored(state, facts, int(version), on_behalf_of or None)

    def read(address: Address) -> Stored | None:
        if address not in addresses:
            raise _UnlockedMachineError(address)
        return stored.get(address)

    return read


def _writes(rows: Rows) -> Iterator[Statement]:
    written = (
        (sql.ADD, rows.new),
        (sql.REPLACE, rows.changed),
        (sql.INDEX, rows.accounts),
        (sql.RECORD, rows.journal),
        (sql.ASK, rows.outbox),
        (sql.DELAY, rows.delayed),
    )
    for statement, values in written:
        if values:
            yield statement, (to_json(values),)


def _texts(*values: object) -> list[Value]:
    return [None if value is None else str(value).encode() for value in values]
