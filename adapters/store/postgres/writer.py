"""Writing on PostgreSQL: two round trips for each unit of work, however many rows it has.

The first round trip locks and reads the machines that are probably concerned, in the order of
their addresses, completes the command, and enters the message into the inbox. The second one
writes all rows, defers the jobs, and commits. All writers take their locks in this order, so they
never wait for each other in a circle. If deciding asks for a machine that was not locked, the
transaction is rolled back and starts again with that machine locked too.

Two messages may create the same machine at once. Neither finds a row to lock, and the second one
violates the primary key: it starts again as well.

On an event loop, units of work that wait at the same time share a transaction (:mod:`.group`). Such
a transaction gives up as soon as anything is in its way, and each unit is then written alone, as
above.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import cast
from weakref import WeakKeyDictionary, WeakSet

import psycopg
from pydantic_core import to_json
from sqlalchemy import Engine, event
from sqlalchemy.pool import PoolProxiedConnection

from relink.adapters.deadline import Deadline, Wait, remaining
from relink.engine import Address

from ..errors import ConcurrentChangeError, StoreError, StoreUnavailableError
from ..lock_set import related_addresses
from ..meaning import Fate, Meaning, meaning_of
from ..translation import translated
from ..unit_of_work import Applied, Rows, Stored, UnitOfWork
from . import statements as sql
from .connection import StoreConnection
from .group import Group
from .pipeline import Statement, Value, Work, make_ready, run, run_async, send
from .pool import Losses
from .together import Together

ATTEMPTS = 10
"""Times that a unit of work is decided before the store gives up. Each earlier attempt lost to
another writer, which created a machine first."""

GRACE = 0.5
"""Seconds after the deadline that a thread has to say that it passed."""

LATE = "PostgreSQL: no answer in time, for this message or for those before it"

_COMMIT: list[Statement] = [(sql.COMMIT, ())]
_ROLLBACK: list[Statement] = [(sql.ROLLBACK, ())]


class PostgresWriter:
    """The writer of one database, for all threads and event loops of a process.

    Args:
        engine: the database.
        losses: keeps account of the engine's connections.
        statements: by name, as :func:`.statements.statements` makes them.
        at_hand: how many connections to keep for event loops; fewer than the pool has, so that
            some are left for everything else.
        timeout: seconds that one unit of work may take.
    """

    def __init__(
        self,
        engine: Engine,
        losses: Losses,
        statements: dict[bytes, str],
        *,
        at_hand: int,
        timeout: float,
    ) -> None:
        self._engine = engine
        self._losses = losses
        self._statements = statements
        self._limit = at_hand
        self._timeout = timeout
        self._readied: WeakSet[StoreConnection] = WeakSet()
        self._at_hand: deque[PoolProxiedConnection] = deque()
        self._kept = 0
        self._keeping = threading.Lock()
        self._groups: WeakKeyDictionary[asyncio.AbstractEventLoop, Group] = WeakKeyDictionary()
        event.listen(engine, "engine_disposed", self._let_go)

    def write(self, unit: UnitOfWork) -> Applied:
        """Carry out a unit of work; see :class:`~relink.adapters.store.unit_of_work.Writer`."""
        with Deadline(self._timeout, wait=Wait.DATABASE):
            return self._write(unit)

    def _write(self, unit: UnitOfWork) -> Applied:
        if not remaining(1, Wait.DATABASE):
            # It waited for a thread until now.
            raise StoreUnavailableError(LATE)
        addresses = set(unit.likely_addresses)
        conflicts, is_second = 0, False
        while True:
            try:
                return self._attempt(unit, addresses)
            except _UnlockedMachineError as missing:
                addresses.update(related_addresses(missing.address))
            except StoreError:
                raise
            except Exception as error:
                meaning = meaning_of(error)
                if meaning is Meaning.CONFLICT:
                    conflicts += 1
                    if conflicts == ATTEMPTS:
                        raise ConcurrentChangeError(
                            f"{unit.message.id} lost to other writers {ATTEMPTS} times"
                        ) from error
                elif meaning is None:
                    raise
                elif not meaning.treatment.again or is_second or not remaining(1, Wait.DATABASE):
                    raise translated(error) or error from None
                else:
                    # The server may have restarted since the connection was made. If only the
                    # answer to the commit was lost, the inbox shows it on the second attempt.
                    is_second = True

    async def write_async(self, unit: UnitOfWork) -> Applied:
        """Carry out a unit of work on the event loop, together with those that wait with it.

        A thread takes over where no connection is at hand, or the first attempt alone fails.
        """
        with Deadline(self._timeout, wait=Wait.DATABASE):
            try:
                async with asyncio.timeout(self._timeout + GRACE):
                    applied = None if unit.completion else await self._group().write(unit)
                    return applied or await self._write_alone(unit)
            except TimeoutError:
                raise StoreUnavailableError(LATE) from None

    def _group(self) -> Group:
        loop = asyncio.get_running_loop()
        group = self._groups.get(loop)
        if group is None:
            group = self._groups[loop] = Group(self._write_together)
        return group

    async def _write_together(self, units: list[UnitOfWork]) -> list[Applied] | None:
        """Write units of work in one transaction; None if nothing was written, or perhaps all."""
        pooled = self._take()
        if pooled is None:
            return None
        raw = _driver(pooled)
        try:
            with Deadline(self._timeout, wait=Wait.DATABASE):
                applied = await run_async(raw, _carry_out_together(raw, units))
        except Exception as error:
            await self._settle(pooled, meaning_of(error))
            return None
        except BaseException:
            self._drop(pooled)
            raise
        self._at_hand.append(pooled)
        return applied

    async def _write_alone(self, unit: UnitOfWork) -> Applied:
        pooled = self._take()
        if pooled is None:
            applied = await asyncio.to_thread(self._write, unit)
            if self._kept < self._limit:
                # For the next unit of work; this one returns meanwhile.
                asyncio.get_running_loop().run_in_executor(None, self._keep_one)
            return applied
        raw = _driver(pooled)
        try:
            applied = await run_async(raw, _carry_out(raw, unit, set(unit.likely_addresses)))
        except Exception as error:
            meaning = meaning_of(error)
            await self._settle(pooled, meaning)
            if meaning is None and not isinstance(error, _UnlockedMachineError):
                raise
            if meaning and not (meaning.treatment.again and remaining(1, Wait.DATABASE)):
                raise translated(error) or error from None
        except BaseException:
            # Interrupted, perhaps with results that nobody has read.
            self._drop(pooled)
            raise
        else:
            self._at_hand.append(pooled)
            return applied
        return await asyncio.to_thread(self._write, unit)

    async def _settle(self, pooled: PoolProxiedConnection, meaning: Meaning | None) -> None:
        """Keep a connection after an error with this meaning, or drop it."""
        keeps = self._losses.settle(meaning) is Fate.KEEP
        if keeps and await _rolled_back_async(_driver(pooled)):
            self._at_hand.append(pooled)
        else:
            self._drop(pooled)

    def _take(self) -> PoolProxiedConnection | None:
        """A connection that is at hand and was made since the last one was lost, if any."""
        while self._at_hand:
            pooled = self._at_hand.pop()
            if not self._losses.is_stale(pooled):
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
            with Deadline(self._timeout, wait=Wait.DATABASE):
                pooled = self._engine.raw_connection()
                self._ready(_driver(pooled))
            self._at_hand.append(pooled)
        except Exception as error:
            with self._keeping:
                self._kept -= 1
            # No connection is to spare.
            if meaning_of(error) is None:
                raise

    def _drop(self, pooled: PoolProxiedConnection) -> None:
        pooled.invalidate()
        with self._keeping:
            self._kept -= 1

    def _let_go(self, _: Engine) -> None:
        while self._at_hand:
            self._drop(self._at_hand.pop())

    def _ready(self, raw: StoreConnection) -> None:
        if raw not in self._readied:
            run(raw, make_ready(raw, self._statements))
            self._readied.add(raw)

    def _attempt(self, unit: UnitOfWork, addresses: set[Address]) -> Applied:
        pooled = self._engine.raw_connection()
        raw = _driver(pooled)
        try:
            self._ready(raw)
            return run(raw, _carry_out(raw, unit, addresses))
        except Exception as error:
            keeps = self._losses.settle(meaning_of(error)) is Fate.KEEP
            if not (keeps and _rolled_back(raw)):
                pooled.invalidate()
            raise
        except BaseException:
            # Interrupted, perhaps with results that nobody has read.
            pooled.invalidate()
            raise
        finally:
            pooled.close()


def _rolled_back(raw: StoreConnection) -> bool:
    try:
        run(raw, send(raw, _ROLLBACK))
    except psycopg.Error:
        return False
    return True


async def _rolled_back_async(raw: StoreConnection) -> bool:
    try:
        await run_async(raw, send(raw, _ROLLBACK))
    except psycopg.Error:
        return False
    return True


class _UnlockedMachineError(Exception):
    """Deciding asked for a machine that was not locked."""

    def __init__(self, address: Address) -> None:
        self.address = address


def _driver(pooled: PoolProxiedConnection) -> StoreConnection:
    return cast("StoreConnection", pooled.driver_connection)


def _carry_out(raw: StoreConnection, unit: UnitOfWork, addresses: set[Address]) -> Work[Applied]:
    in_order = json.dumps(sorted(addresses)).encode()
    begin: list[Statement] = [(sql.BEGIN, ())]
    if raw.is_pooled:
        begin.append((sql.SETTINGS, ()))
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


def _carry_out_together(raw: StoreConnection, units: list[UnitOfWork]) -> Work[list[Applied]]:
    addresses = {address for unit in units for address in unit.likely_addresses}
    # Of a message that came twice, the first is decided.
    messages = {unit.message.id: unit.inbox_row for unit in reversed(units)}
    begin: list[Statement] = [(sql.BEGIN, ())]
    if raw.is_pooled:
        begin.append((sql.SETTINGS, ()))
    begin += [
        (sql.HURRY, ()),
        (sql.LOCK, (json.dumps(sorted(addresses)).encode(),)),
        (sql.ENTER_ALL, (to_json([messages[id] for id in sorted(messages)]),)),
    ]
    *_, locked, entered = yield from send(raw, begin)
    ids = {(entered.get_value(row, 0) or b"").decode() for row in range(entered.ntuples)}
    together = Together(ids, _reader(locked, addresses))
    applied = [together.add(unit) for unit in units]
    yield from send(raw, [*_writes(together.rows()), *_COMMIT])
    return applied


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
