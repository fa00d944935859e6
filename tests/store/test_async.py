"""Event loops apply messages as threads do, and are never blocked meanwhile: those of asyncio, and
those of uvloop, on which ``relink serve`` runs."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
import pytest
import uvloop
from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as NoConnectionError

from relink.adapters.store import Applied, SqlStore, StoreUnavailableError
from relink.adapters.store.postgres import pool
from relink.adapters.store.postgres import writer as postgres
from relink.adapters.store.replay import replay
from relink.engine import Event

from .crowd import Outcome, at_once, webhook
from .database import Database
from .dying import watch_round_trips
from .kinds import on_postgres, on_sqlite
from .messages import ACCOUNT, ACTIVE, INACTIVE, NOW, message, receive, reported
from .test_concurrency import assert_once, assert_whole


@pytest.fixture(params=["asyncio", "uvloop"], autouse=True)
def kind_of_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(main: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(main)

    if request.param == "uvloop":
        monkeypatch.setattr(asyncio, "run", run)


async def receive_async(
    store: SqlStore, name: str, later: int = 0, account: str = "fca_1", login: str = "fcauth_1"
) -> Applied:
    """Apply the report of an account on the event loop."""
    said = ACTIVE if later % 3 else INACTIVE
    report = reported(name, NOW + 10 * later, account, **said, authorization=login)
    return await store.apply_async(message(name, at=report.at), [report])


async def told(name: str, delivered: Awaitable[Applied]) -> Outcome:
    return name, (await delivered).outcome


def deliver_many(store: SqlStore, mark: str, each: int = 3) -> list[Outcome]:
    """Deliver many messages at once, some of them the same, on a loop of this thread."""

    async def run() -> list[Outcome]:
        numbers = [number for number in range(40) for _ in range(each)]
        names = [(f"evt_{mark}_{number}", number) for number in numbers]
        return await asyncio.gather(
            *(
                told(name, receive_async(store, name, n, f"fca_{n % 5}", f"fcauth_{n // 5 % 2}"))
                for name, n in names
            )
        )

    return asyncio.run(run())


def test_one_loop_delivers_many_messages_at_once(store: SqlStore, database: Database):
    assert_once(deliver_many(store, "same"), database)
    assert_whole(store, database)


def test_loops_and_threads_deliver_at_once(store: SqlStore, database: Database):
    outcomes: list[Outcome] = []

    def loop(mark: str) -> Outcome:
        outcomes.extend(deliver_many(store, mark, each=1))
        return "", ""

    threads = [
        [
            webhook(store, f"evt_{mark}_{n}", n, f"fca_{n % 5}", f"fcauth_{n // 5 % 2}")
            for n in range(0, 40, 3)
        ]
        for mark in ("a", "b", "c")
    ]
    loops = [[lambda mark=mark: loop(mark)] for mark in ("a", "b", "b")]
    outcomes.extend(outcome for outcome in at_once([*threads, *loops]) if outcome[0])
    assert_once(outcomes, database)
    assert_whole(store, database)


def test_an_undecidable_message_on_a_loop_fails_alone(store: SqlStore, database: Database):
    async def run() -> list[Applied | BaseException]:
        bad = store.apply_async(message("evt_bad"), [reported("evt_bad"), Event()])
        good = [receive_async(store, f"evt_{number}", number) for number in range(6)]
        return await asyncio.gather(*good[:3], bad, *good[3:], return_exceptions=True)

    for _ in range(2):
        first = asyncio.run(run())
        failed = [each for each in first if isinstance(each, BaseException)]
        assert [type(each) for each in failed] == [TypeError]
    assert {row["id"] for row in database.contents()["inbox"]} == {f"evt_{n}" for n in range(6)}
    assert_whole(store, database)


# ── waiting ──────────────────────────────────────────────────────────


@contextmanager
def locked(database: Database) -> Iterator[Callable[[], None]]:
    """Keep others from changing the account until the callable is called."""
    if database.is_postgres:
        with database.engine.connect() as connection:
            query = "SELECT 1 FROM snapshots WHERE machine = 'account' FOR UPDATE"
            connection.exec_driver_sql(query)
            yield connection.rollback
        return
    path = database.url.removeprefix("sqlite:///")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield lambda: other.rollback() if other.in_transaction else None
    other.close()


def test_the_loop_runs_on_while_a_lock_is_waited_for(store: SqlStore, database: Database):
    receive(store, "evt_0")

    async def run(release: Callable[[], None]) -> str:
        delivered = asyncio.ensure_future(receive_async(store, "evt_1", later=1))
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert not delivered.done()
        release()
        return (await delivered).outcome

    asyncio.run(receive_async(store, "evt_0"))  # so that a connection is at hand
    with locked(database) as release:
        assert asyncio.run(run(release)) == "applied"
    assert store.snapshot(ACCOUNT).state == "active"


def test_a_cancelled_task_leaves_all_or_nothing(store: SqlStore, database: Database):
    receive(store, "evt_0")
    asyncio.run(receive_async(store, "evt_0"))

    async def run(release: Callable[[], None]) -> None:
        cancelled = [
            asyncio.ensure_future(receive_async(store, f"evt_{number}", later=number))
            for number in range(1, 6)
        ]
        await asyncio.sleep(0.05)
        for task in cancelled:
            task.cancel()
        ended = await asyncio.gather(*cancelled, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        release()
        assert (await receive_async(store, "evt_9", later=7)).outcome == "applied"

    with locked(database) as release:
        asyncio.run(run(release))
    # Each was stored or not; delivered again, it is stored.
    for number in range(1, 6):
        asyncio.run(receive_async(store, f"evt_{number}", later=number))
    assert {row["id"] for row in database.contents()["inbox"]} == {
        f"evt_{number}" for number in (0, 1, 2, 3, 4, 5, 9)
    }
    assert_whole(store, database)


@on_sqlite
def test_a_loop_that_has_ended_does_not_hold_up_others(store: SqlStore, database: Database):
    receive(store, "evt_0")

    async def leave() -> None:
        left = asyncio.ensure_future(receive_async(store, "evt_2", later=2))
        await asyncio.sleep(0.02)
        assert not left.done()

    async def stay(release: Callable[[], None]) -> str:
        stayed = asyncio.ensure_future(receive_async(store, "evt_3", later=4))
        await asyncio.sleep(0.02)
        release()
        return (await asyncio.wait_for(stayed, 20)).outcome

    with locked(database) as release:
        # While the first one waits for the lock, the others line up behind it.
        first = threading.Thread(target=receive, args=(store, "evt_1", NOW + 10))
        first.start()
        while store._writer._queue:
            time.sleep(0.001)
        asyncio.run(leave())
        assert asyncio.run(stay(release)) == "applied"
        first.join()
    assert_whole(store, database)


# ── the database is down ─────────────────────────────────────────────────────


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], object]], None]:
    """Calls something before, during and after each of the writer's round trips."""
    monkeypatch.setattr(postgres, "send", postgres.send)
    return watch_round_trips


def terminate_others(database: Database) -> None:
    """End all connections to it."""
    database.rows(
        """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid != pg_backend_pid()"""
    )


@on_postgres
def test_a_loop_recovers_when_its_connections_have_ended(store: SqlStore, database: Database):
    deliver_many(store, "before")
    terminate_others(database)
    assert_once(deliver_many(store, "after"), database)
    assert_whole(store, database)


@on_postgres
@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_a_loop_recovers_when_its_connection_ends_within_a_transaction(
    store: SqlStore, database: Database, round_trips: Callable[..., None], moment: int
):
    asyncio.run(receive_async(store, "evt_0"))
    moments = count(1)

    def come(what: str) -> None:
        if what != "waits" and next(moments) == moment:
            terminate_others(database)

    round_trips(come)
    assert asyncio.run(receive_async(store, "evt_1", later=1)).outcome == "applied"
    assert asyncio.run(receive_async(store, "evt_1", later=1)).outcome == "duplicate"
    assert_whole(store, database)


@on_postgres
def test_a_loop_gives_up_when_connections_keep_ending(
    store: SqlStore, database: Database, round_trips: Callable[..., None]
):
    asyncio.run(receive_async(store, "evt_0"))
    before = database.contents()
    round_trips(lambda what: terminate_others(database) if what == "before" else None)
    with pytest.raises(StoreUnavailableError, match="PostgreSQL: "):
        asyncio.run(receive_async(store, "evt_1", later=1))
    assert database.contents() == before


@on_postgres
def test_a_rollback_that_fails_on_a_loop_is_recovered_from(
    store: SqlStore, database: Database, round_trips: Callable[..., None]
):
    asyncio.run(receive_async(store, "evt_0"))
    before = database.contents()
    begun = count(1)

    def come(what: str) -> None:
        # The second round trip is the rollback, and then there is no connection any more.
        if what == "before" and next(begun) == 2:
            raise psycopg.OperationalError("the server closed the connection")

    round_trips(come)
    with pytest.raises(TypeError, match="not an outside event"):
        asyncio.run(store.apply_async(message("evt_1"), [Event()]))
    assert database.contents() == before
    assert asyncio.run(receive_async(store, "evt_1", later=1)).outcome == "applied"


@on_postgres
def test_a_loop_gets_its_answer_when_no_connection_is_to_spare(store: SqlStore, database: Database):
    taken = count(1)

    def refuse(*_: object) -> None:
        if next(taken) == 2:
            raise NoConnectionError

    event.listen(store.engine, "checkout", refuse)
    assert asyncio.run(receive_async(store, "evt_0")).outcome == "applied"
    event.remove(store.engine, "checkout", refuse)
    assert asyncio.run(receive_async(store, "evt_1", later=1)).outcome == "applied"
    assert_whole(store, database)


@on_postgres
def test_closing_a_store_closes_the_connections_of_its_loops(store: SqlStore, database: Database):
    deliver_many(store, "")
    assert list(replay(store, lambda *_: None)) == []
    store.close()
    query = """SELECT count(*) AS connections FROM pg_stat_activity
        WHERE datname = current_database() AND pid != pg_backend_pid()"""
    for _ in range(200):
        if database.rows(query) == [{"connections": 0}]:
            return
    pytest.fail("it still has connections")


@on_sqlite
def test_a_burst_larger_than_one_transaction_is_answered(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("relink.adapters.store.sqlite.writer.MOST", 7)

    async def burst() -> list[Applied]:
        heard = [receive_async(store, f"evt_{n}", n, f"fca_{n}", f"fcauth_{n}") for n in range(40)]
        return await asyncio.wait_for(asyncio.gather(*heard), 30)

    assert {applied.outcome for applied in asyncio.run(burst())} == {"applied"}
    assert {applied.outcome for applied in asyncio.run(burst())} == {"duplicate"}


@on_postgres
def test_a_burst_on_a_loop_leaves_connections_for_others(store: SqlStore):
    """More at once than there are connections at all."""

    async def burst() -> int:
        applied = await asyncio.gather(
            *(receive_async(store, f"evt_{n}", n, f"fca_{n}", f"fcauth_{n}") for n in range(150))
        )
        return sum(each.outcome == "applied" for each in applied)

    assert asyncio.run(burst()) == 150
    assert store.engine.pool.checkedout() <= pool.SIZE  # type: ignore[attr-defined]
    store.check()
    assert asyncio.run(burst()) == 0
