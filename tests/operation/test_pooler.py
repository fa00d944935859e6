"""Case 5: relink works behind PgBouncer that pools transactions, and keeps no named statements."""

import asyncio
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from relink.adapters.gateway import DryRunGateway
from relink.adapters.gateway.rate_limiter import Lane
from relink.adapters.runner import Performer
from relink.adapters.runner.shared_rate_limiter import SharedRateLimits
from relink.adapters.runner.worker import Worker
from relink.adapters.store import SqlStore, locate, migrate
from relink.adapters.store.postgres.connection import StoreConnection
from relink.adapters.store.replay import replay
from relink.machines import relink_system

from ..postgres import connect
from ..store.messages import NOW, message, receive, reported
from .pgbouncer import pooled


@pytest.fixture(params=[("transaction", 8), ("session", 64)], ids=["transaction", "session"])
def pooled_url(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[str]:
    mode, size = request.param
    with pooled(postgres_url, mode, size) as url:
        yield url


@pytest.fixture
def store(pooled_url: str) -> Iterator[SqlStore]:
    opened = SqlStore(pooled_url, relink_system())
    yield opened
    opened.close()


def test_every_webhook_is_applied(store: SqlStore):
    store.check_writes()

    async def deliver(number: int) -> str:
        name, account, login = f"evt_{number}", f"fca_{number % 40}", f"fcauth_{number % 40}"
        report = reported(name, NOW + number, account, authorization=login)
        return (await store.apply_async(message(name, at=NOW + number), [report])).outcome

    async def deliver_all() -> list[str]:
        return await asyncio.gather(*(deliver(number) for number in range(120)))

    assert asyncio.run(deliver_all()) == ["applied"] * 120
    assert receive(store, "evt_7").outcome == "duplicate"
    assert list(replay(store, lambda *_: None)) == []
    assert sum(store.count_by_state().values()) == 40
    assert store.histories(None, 500)


def test_commands_are_performed(store: SqlStore, pooled_url: str):
    for number in range(10):
        about = {"authorization": f"fcauth_{number}"}
        receive(store, f"evt_{number}", int(time.time()), f"fca_{number}", **about)
    notified: list[str] = []
    performer = Performer(store, DryRunGateway(), lambda command, id: notified.append(id))
    worker = Worker(store, performer)
    thread = threading.Thread(target=worker.run)
    thread.start()
    until = time.monotonic() + 20
    while len(notified) < 10 and time.monotonic() < until:
        time.sleep(0.05)
    worker.stop()
    thread.join(20)
    assert len(notified) == 10


def test_the_shared_rate_limit_is_found_outside_of_transactions(store: SqlStore):
    limits = SharedRateLimits(store.engine, 10)
    assert sum(limits.wait(Lane.BACKGROUND, 1) == 0 for _ in range(3)) < 3


def test_nothing_of_a_session_is_left_behind_for_other_clients(
    store: SqlStore, pooled_url: str, postgres_url: str
):
    receive(store, "evt_1")
    store.next_due_at()
    parameters = locate(pooled_url).parameters
    with psycopg.connect("", autocommit=True, **parameters) as other:
        for _ in range(16):
            for name, value in (("search_path", '"$user", public'), ("statement_timeout", "0")):
                found = other.execute(f"SHOW {name}").fetchone()
                assert found == (value,), name


def test_a_server_without_a_pooler_is_told_apart(postgres_url: str, pooled_url: str):
    direct = StoreConnection.open(locate(postgres_url))
    behind = StoreConnection.open(locate(pooled_url))
    assert (direct.is_pooled, behind.is_pooled) == (False, True)
    assert direct.execute("SHOW search_path").fetchone() == ('"relink", pg_temp',)
    direct.close()
    behind.close()


def test_a_schema_is_migrated_through_a_pooler(empty_postgres_url: str):
    with pooled(empty_postgres_url) as url:
        migrate(url)
        store = SqlStore(url, relink_system())
        store.check_writes()
        assert receive(store, "evt_1").outcome == "applied"
        store.close()
    with connect(empty_postgres_url) as connection:
        found = connection.execute("SELECT count(*) FROM inbox").fetchone()
    assert found == (1,)
