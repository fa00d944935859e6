"""Cases 1 to 3: a standby, a network that swallows, a frozen server, a frozen holder of locks."""

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest

from relink.adapters.gateway import DryRunGateway
from relink.adapters.gateway.rate_limiter import Lane
from relink.adapters.runner import Performer
from relink.adapters.runner.shared_rate_limiter import SharedRateLimits
from relink.adapters.runner.worker import Worker
from relink.adapters.store import (
    DatabaseLocation,
    Meaning,
    SqlStore,
    StoreUnavailableError,
    locate,
)
from relink.adapters.store.replay import replay
from relink.machines import relink_system

from ..postgres import StoppableServer
from ..store.messages import ACCOUNT, ACTIVE, NOW, message, receive, reported
from .forwarder import Forwarder

TIMEOUT = 1.0
"""``RELINK_DATABASE_TIMEOUT``."""

PATIENCE = 3 * TIMEOUT
"""Seconds within which everything is answered: a bound, and what libpq's whole seconds add."""


@pytest.fixture
def way(stoppable_postgres: StoppableServer) -> Iterator[Forwarder]:
    """The network between relink and the database."""
    with Forwarder(stoppable_postgres.folder) as made:
        yield made


@pytest.fixture
def location(way: Forwarder) -> DatabaseLocation:
    return locate(f"postgresql://postgres@127.0.0.1:{way.port}/stoppable", timeout=TIMEOUT)


@pytest.fixture
def store(location: DatabaseLocation, mark: str) -> Iterator[SqlStore]:
    opened = SqlStore(location, relink_system())
    report_broken(opened, mark)
    yield opened
    opened.close()


@pytest.fixture
def mark(request: pytest.FixtureRequest) -> str:
    """Ids that no other test uses: all share one database."""
    return f"x{abs(hash(request.node.nodeid)) % 10**8}"


def report_broken(store: SqlStore, mark: str) -> None:
    """Have a customer who is to be notified."""
    about = {
        "authorization": f"fcauth_{mark}",
        "holder": {"field": "customer", "id": f"cus_{mark}"},
    }
    receive(store, f"evt_0_{mark}", int(time.time()), f"fca_{mark}", **about)


def receive_async(store: SqlStore, id: str) -> str:
    """Apply a report about an account, on an event loop."""
    report = reported(id, NOW, f"fca_{id}")
    return asyncio.run(store.apply_async(message(id, at=NOW), [report])).outcome


def calls(store: SqlStore, mark: str) -> dict[str, Callable[[], object]]:
    """A call of every kind, writing ones first."""
    limits = SharedRateLimits(store.engine, 10)
    due = store.due_commands(9e9, 1)[0]
    return {
        "a webhook": lambda: receive_async(store, f"evt_1_{mark}"),
        "a request": lambda: receive(store, f"evt_2_{mark}", account=f"fca_2_{mark}"),
        "a postponement": lambda: store.postpone(due, time.time() + 99, "HTTP 503"),
        "a cursor": lambda: store.set_cursor(mark, {}),
        "a slot": lambda: limits.wait(Lane.CALLERS, 1),
        "the check of health": store.check_writes,
        "a read": lambda: store.snapshot(ACCOUNT),
        "a page": lambda: store.accounts(limit=1),
        "the check at start": store.check,
    }


WRITES = 6
"""The number of those that write."""


def results(made: dict[str, Callable[[], object]]) -> dict[str, tuple[object, float]]:
    """The result or error of each call, and how long it took, all at once."""

    def result(call: Callable[[], object]) -> tuple[object, float]:
        began = time.monotonic()
        try:
            found = call()
        except StoreUnavailableError as error:
            found = error.meaning
        return found, time.monotonic() - began

    with ThreadPoolExecutor(len(made)) as threads:
        return dict(zip(made, threads.map(result, made.values()), strict=True))


# ── case 1 ───────────────────────────────────────────────────────────────────


def test_a_standby_takes_nothing_and_the_primary_everything_again(
    store: SqlStore, way: Forwarder, stoppable_postgres: StoppableServer, mark: str
):
    made = calls(store, mark)
    with stoppable_postgres.standby() as standby:
        way.lead_to(standby)
        way.cut()
        found = {what: result for what, (result, _) in results(made).items()}
        assert list(found.values())[:WRITES] == [Meaning.READ_ONLY] * WRITES, found
        assert not [what for what in found if isinstance(found[what], Meaning)][WRITES:], found
        # Connections to the standby stay open, and lead nowhere useful.
        way.lead_to(stoppable_postgres.folder)
        found = {what: result for what, (result, _) in results(made).items()}
        assert not [what for what in found if isinstance(found[what], Meaning)], found
    assert list(replay(store, lambda *_: None)) == []


# ── case 2 ───────────────────────────────────────────────────────────────────


@pytest.fixture(params=["swallowed", "frozen"])
def silence(
    request: pytest.FixtureRequest, way: Forwarder, stoppable_postgres: StoppableServer
) -> Callable[[], AbstractContextManager[None]]:
    """The database is silent: the network swallows everything, or the server is frozen."""
    return way.swallowing if request.param == "swallowed" else stoppable_postgres.frozen


@pytest.fixture(params=["swallowed", "frozen", "a standby"])
def absence(
    request: pytest.FixtureRequest, way: Forwarder, stoppable_postgres: StoppableServer
) -> Callable[[], AbstractContextManager[None]]:
    """The database is silent, or what answers takes no writes."""

    @contextmanager
    def failed_over() -> Iterator[None]:
        with stoppable_postgres.standby() as standby:
            way.lead_to(standby)
            way.cut()
            yield
            way.lead_to(stoppable_postgres.folder)

    kinds = {
        "swallowed": way.swallowing,
        "frozen": stoppable_postgres.frozen,
        "a standby": failed_over,
    }
    found: Callable[[], AbstractContextManager[None]] = kinds[request.param]
    return found


def test_nothing_waits_longer_than_its_bound(
    store: SqlStore, silence: Callable[[], AbstractContextManager[None]], mark: str
):
    made = calls(store, mark)
    results(made)
    with silence():
        for _ in range(2):  # with connections, and without
            for what, (result, seconds) in results(made).items():
                assert result is Meaning.LOST, what
                assert seconds < PATIENCE, what
    # What the server had begun keeps its locks until it notices that nobody waits any more.
    for attempt in range(5):
        made = calls(store, f"{mark}_{attempt}")
        again = {what: result for what, (result, _) in results(made).items()}
        if not (lost := [what for what in again if isinstance(again[what], Meaning)]):
            break
    assert not lost, again
    assert list(replay(store, lambda *_: None)) == []


def test_a_burst_of_webhooks_is_answered_within_the_bound(
    store: SqlStore, silence: Callable[[], AbstractContextManager[None]], mark: str
):
    async def deliver(number: int) -> tuple[str, float]:
        began = time.monotonic()
        report = reported(f"evt_{number}", NOW, f"fca_{mark}{number}")
        try:
            await store.apply_async(message(f"evt_{mark}_{number}"), [report])
        except StoreUnavailableError as error:
            return error.meaning.value, time.monotonic() - began
        return "applied", time.monotonic() - began

    async def burst() -> list[tuple[str, float]]:
        return await asyncio.gather(*(deliver(number) for number in range(60)))

    with silence():
        found = asyncio.run(burst())
    assert {outcome for outcome, _ in found} == {"lost"}
    assert max(seconds for _, seconds in found) < PATIENCE


def test_a_worker_says_that_it_is_stuck_and_works_again(
    store: SqlStore,
    absence: Callable[[], AbstractContextManager[None]],
    mark: str,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.WARNING, logger="relink")
    notified: list[str] = []
    performer = Performer(store, DryRunGateway(), lambda command, id: notified.append(id))
    worker = Worker(store, performer)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        _eventually(lambda: notified, "it works")
        with absence():
            _eventually(lambda: "lost the database" in caplog.text, "it says that it is stuck")
        notified.clear()
        report_broken(store, f"{mark}b")
        _eventually(lambda: notified, "it works again")
    finally:
        worker.stop()
        thread.join(20)
    assert not thread.is_alive()


def test_a_worker_comes_back_after_five_restarts_in_a_row(
    stoppable_postgres: StoppableServer, store: SqlStore, mark: str
):
    """Case 10."""
    notified: list[str] = []
    performer = Performer(store, DryRunGateway(), lambda command, id: notified.append(id))
    worker = Worker(store, performer)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        _eventually(lambda: notified, "it works")
        for _ in range(5):
            stoppable_postgres.stop()
            stoppable_postgres.start()
        notified.clear()
        report_broken(store, f"{mark}b")
        _eventually(lambda: notified, "it works again")
    finally:
        worker.stop()
        thread.join(20)
    assert not thread.is_alive()


def _eventually(holds: Callable[[], object], what: str) -> None:
    until = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < until, f"still not true after 15 s: {what}"
        time.sleep(0.02)


# ── case 3 ───────────────────────────────────────────────────────────────────

HOLDER = """
import signal, os, sys
from relink.adapters.store.location import locate
from relink.adapters.store.postgres.connection import StoreConnection

connection = StoreConnection.open(locate(sys.argv[1], timeout=float(sys.argv[2])))
connection.execute("UPDATE snapshots SET version = version")
print("held", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_a_process_that_freezes_within_a_transaction_delays_others_for_its_bound_only(
    store: SqlStore, location: DatabaseLocation, way: Forwarder, mark: str
):
    url = f"postgresql://postgres@127.0.0.1:{way.port}/stoppable"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, str(TIMEOUT)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError) as late:
            receive(store, f"evt_1_{mark}", NOW + 60, f"fca_{mark}", **ACTIVE)
        assert late.value.meaning is Meaning.BUSY
        assert store.check_writes() is None
        outcome = None
        while outcome is None:
            try:
                outcome = receive(store, f"evt_1_{mark}", NOW + 60, f"fca_{mark}", **ACTIVE).outcome
            except StoreUnavailableError:
                assert time.monotonic() - began < PATIENCE
        assert outcome == "applied"
    finally:
        holder.kill()
        holder.communicate()
