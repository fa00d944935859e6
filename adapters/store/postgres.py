"""Writing on PostgreSQL: two round trips for each change, whatever it holds.

The first enters the arrival into the inbox, and locks and reads the machines that are probably
concerned, in the order of their addresses, so that two writers never wait for each other in a
circle. The second writes all rows, defers the jobs, and commits. What was not foreseen shows
when it is asked for while deciding: then all is done anew, with those machines locked too.

Two arrivals can begin the same machine at once. Neither finds a row to lock, and the one that
comes second runs into the first one's primary key: it is decided anew as well.
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

from .database import POOL
from .errors import ConcurrentChangeError, StoreUnavailableError
from .jobs import DEFER_NEW
from .lock_set import around, concerned
from .pipeline import Statement, Value, Work, prepare, run, run_async, send
from .unit_of_work import Applied, Rows, Stored, UnitOfWork

ATTEMPTS = 10
"""Times that a change is decided before those of others are too many. Each time but the last,
another one has begun a machine that this one had to begin."""

AT_HAND = POOL
"""Connections that are kept for event loops; as many again are for everybody else."""

_MACHINE = """machine varchar, key varchar, state varchar, version int, facts text,
connected_account varchar"""
_ACCOUNT = """id varchar, state varchar, holder varchar, "authorization" varchar,
institution varchar"""
_ENTRY = """machine varchar, key varchar, version int, cause varchar, at float8, event varchar,
fields text, outcome varchar, from_state varchar, to_state varchar, transition text, guards text,
reason text, anomaly bool, changes text, commands text"""
_ASKED = """id varchar, command varchar, fields text, cause varchar, connected_account varchar,
due_at float8, created_at float8, give_up_at float8"""

# Each is given its rows as one JSON array; what has none is not sent. The limit leaves nothing
# out: it has the planner expect few rows, which an index serves well.
_ADD = f"""INSERT INTO snapshots (machine, key, state, version, facts, connected_account)
SELECT machine, key, state, version, facts::json, connected_account
FROM json_to_recordset($1::json) AS row({_MACHINE})"""
_REPLACE = f"""UPDATE snapshots SET state = row.state, version = row.version,
facts = row.facts::json,
connected_account = coalesce(row.connected_account, snapshots.connected_account)
FROM (SELECT * FROM json_to_recordset($1::json) AS row({_MACHINE})
LIMIT json_array_length($1::json)) AS row
WHERE snapshots.machine = row.machine AND snapshots.key = row.key"""
_FIND = f"""INSERT INTO accounts (id, state, holder, "authorization", institution)
SELECT id, state, holder, "authorization", institution
FROM json_to_recordset($1::json) AS row({_ACCOUNT})
ON CONFLICT (id) DO UPDATE SET state = excluded.state, holder = excluded.holder,
"authorization" = excluded."authorization", institution = excluded.institution"""
_JOURNAL = f"""INSERT INTO journal (machine, key, version, cause, at, event, fields, outcome,
from_state, to_state, transition, guards, reason, anomaly, changes, commands)
SELECT machine, key, version, cause, at, event, fields::json, outcome,
from_state, to_state, transition, guards::json, reason, anomaly, changes::json, commands::json
FROM json_to_recordset($1::json) AS row({_ENTRY})"""
_ASK = f"""WITH asked AS (
INSERT INTO outbox (id, command, fields, cause, connected_account, status, attempts, due_at,
created_at, give_up_at, round)
SELECT id, command, fields::json, cause, connected_account, 'due', 0, due_at,
created_at, give_up_at, 0
FROM json_to_recordset($1::json) AS row({_ASKED})
ON CONFLICT DO NOTHING RETURNING id, due_at, created_at)
"""

_STATEMENTS = {
    b"relink_begin": "BEGIN",
    b"relink_commit": "COMMIT",
    b"relink_rollback": "ROLLBACK",
    b"relink_enter": """INSERT INTO inbox (id, type, created, received_at, connected_account)
VALUES ($1, $2, $3::bigint, $4::float8, $5) ON CONFLICT DO NOTHING RETURNING 1""",
    # Sideways for each address, so that the index serves whatever the planner guesses.
    b"relink_lock": """SELECT found.* FROM json_array_elements($1::json) AS address, LATERAL (
SELECT machine, key, state, facts, version, connected_account FROM snapshots
WHERE machine = address->>0 AND key = address->>1 FOR UPDATE) AS found""",
    b"relink_add": _ADD,
    b"relink_replace": _REPLACE,
    b"relink_find": _FIND,
    b"relink_journal": _JOURNAL,
    b"relink_close": """UPDATE outbox SET status = $2::varchar, finished_at = $3::float8,
error = $4,
attempts = attempts + 1,
fields = CASE WHEN $2::varchar = 'done' THEN (fields::jsonb - 'billing_name')::json ELSE fields END
WHERE id = $1 AND status = 'due' AND round = $5::int RETURNING 1""",
}


_COMMIT: list[Statement] = [(b"relink_commit", ())]
_ROLLBACK: list[Statement] = [(b"relink_rollback", ())]


class PostgresWriter:
    """The writer of one database, for all threads and event loops of a process.

    Args:
        engine: the database.
        jobs: whether commands that are due soon get jobs.
    """

    def __init__(self, engine: Engine, jobs: bool) -> None:
        self._engine = engine
        ending = DEFER_NEW if jobs else "SELECT"
        self._statements = {**_STATEMENTS, b"relink_ask": _ASK + ending}
        self._prepared: WeakSet[Connection] = WeakSet()
        self._losses = 0
        self._at_hand: deque[PoolProxiedConnection] = deque()
        self._kept = 0
        self._keeping = threading.Lock()
        event.listen(engine, "connect", self._note_age)
        event.listen(engine, "checkout", self._refuse_stale)
        event.listen(engine, "engine_disposed", self._let_go)

    def write(self, change: UnitOfWork) -> Applied:
        """Make a change; see :class:`~relink.adapters.store.unit_of_work.Writer`."""
        addresses = set(concerned(change.events))
        overtaken, lost = 0, False
        while True:
            try:
                return self._attempt(change, addresses)
            except _UnforeseenError as missing:
                addresses.update(around(missing.address))
            except (errors.UniqueViolation, errors.DeadlockDetected) as error:
                overtaken += 1
                if overtaken == ATTEMPTS:
                    told = f"{change.message.id}: overtaken {ATTEMPTS} times"
                    raise ConcurrentChangeError(told) from error
            except TimeoutError:
                raise StoreUnavailableError("PostgreSQL: all connections are in use") from None
            except (psycopg.OperationalError, OperationalError) as error:
                # A pooled connection may be one to a server that was restarted since. Whether a
                # commit was lost or only its answer, repeating is safe: the inbox tells.
                self._losses += 1
                if lost:
                    raise StoreUnavailableError(f"PostgreSQL: {_first_line(error)}") from None
                lost = True

    async def write_async(self, change: UnitOfWork) -> Applied:
        """Make a change on the event loop, as long as a connection is at hand and nothing comes
        between; what takes connecting, or patience, is done in a thread."""
        pooled = self._take()
        if pooled is None:
            applied = await asyncio.to_thread(self.write, change)
            if self._kept < AT_HAND:
                # For the next one; this one is answered meanwhile.
                asyncio.get_running_loop().run_in_executor(None, self._keep_one)
            return applied
        raw = _driver(pooled)
        try:
            try:
                applied = await run_async(raw, _make(raw, change, set(concerned(change.events))))
            except psycopg.OperationalError:
                raise
            except Exception:
                await run_async(raw, send(raw, _ROLLBACK))
                raise
        except psycopg.OperationalError:
            self._drop(pooled)
        except (_UnforeseenError, errors.UniqueViolation):
            self._at_hand.append(pooled)
        except Exception:
            self._at_hand.append(pooled)
            raise
        except BaseException:
            # Interrupted, perhaps with answers that nobody has read.
            self._drop(pooled)
            raise
        else:
            self._at_hand.append(pooled)
            return applied
        return await asyncio.to_thread(self.write, change)

    def _take(self) -> PoolProxiedConnection | None:
        """A connection that is at hand, if there is one that was made since the last was lost."""
        while self._at_hand:
            pooled = self._at_hand.pop()
            if pooled.info["losses"] == self._losses:
                return pooled
            self._drop(pooled)
        return None

    def _keep_one(self) -> None:
        """Keep one more connection for event loops: never so many that nobody else has any."""
        with self._keeping:
            if self._kept >= AT_HAND:
                return
            self._kept += 1
        try:
            pooled = self._engine.raw_connection()
            self._ready(_driver(pooled))
            self._at_hand.append(pooled)
        except (TimeoutError, OperationalError, psycopg.OperationalError):
            # There is none to spare.
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
        """Have a connection replaced that was made before the last one that was lost."""
        if entry.info["losses"] != self._losses:
            raise DisconnectionError

    def _ready(self, raw: Connection) -> None:
        if raw not in self._prepared:
            prepare(raw, self._statements)
            self._prepared.add(raw)

    def _attempt(self, change: UnitOfWork, addresses: set[Address]) -> Applied:
        pooled = self._engine.raw_connection()
        raw = _driver(pooled)
        try:
            self._ready(raw)
            return run(raw, _make(raw, change, addresses))
        except psycopg.OperationalError:
            pooled.invalidate()
            raise
        except Exception:
            run(raw, send(raw, _ROLLBACK))
            raise
        except BaseException:
            # Interrupted, perhaps with answers that nobody has read.
            pooled.invalidate()
            raise
        finally:
            pooled.close()


class _UnforeseenError(Exception):
    """A machine that was not locked is concerned."""

    def __init__(self, address: Address) -> None:
        self.address = address


def _driver(pooled: PoolProxiedConnection) -> Connection:
    return cast("Connection", pooled.driver_connection)


def _make(raw: Connection, change: UnitOfWork, addresses: set[Address]) -> Work[Applied]:
    in_order = json.dumps(sorted(addresses)).encode()
    begin: list[Statement] = [(b"relink_begin", ())]
    if change.completion:
        end = change.completion
        values = _texts(end.command_id, end.status, end.at, end.error, end.round)
        begin.append((b"relink_close", values))
    arrives = bool(change.events) or not change.completion
    if arrives:
        begin.append((b"relink_enter", _texts(*change.inbox_row.values())))
        begin.append((b"relink_lock", (in_order,)))
    _, *found = yield from send(raw, begin)
    closed = not change.completion or found.pop(0).ntuples == 1
    entered = arrives and found[0].ntuples == 1
    if not closed:
        yield from send(raw, _ROLLBACK)
        return Applied("duplicate")
    if not entered:
        # Nothing to decide: closing its command is all there is to do.
        yield from send(raw, _COMMIT)
        return Applied("duplicate" if arrives else "applied")
    steps, rows = change.decide(_reader(found[1], addresses))
    yield from send(raw, [*_writes(rows), *_COMMIT])
    return Applied("applied", steps)


def _reader(
    found: psycopg.pq.abc.PGresult, addresses: set[Address]
) -> Callable[[Address], Stored | None]:
    """Gives what was locked; for anything else, has all done anew with that locked too, in its
    place: whoever waits for one lock may hold none that comes after it."""
    stored = {}
    for row in range(found.ntuples):
        machine, key, state, facts, version, on_behalf_of = (
            (found.get_value(row, column) or b"").decode() for column in range(6)
        )
        stored[Address(machine, key)] = Stored(state, facts, int(version), on_behalf_of or None)

    def read(address: Address) -> Stored | None:
        if address not in addresses:
            raise _UnforeseenError(address)
        return stored.get(address)

    return read


def _writes(rows: Rows) -> Iterator[Statement]:
    written = (
        (b"relink_add", rows.new),
        (b"relink_replace", rows.changed),
        (b"relink_find", rows.accounts),
        (b"relink_journal", rows.journal),
        (b"relink_ask", rows.outbox),
    )
    for statement, values in written:
        if values:
            yield statement, (to_json(values),)


def _texts(*values: object) -> list[Value]:
    return [None if value is None else str(value).encode() for value in values]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
