"""Case 24: an outside party that hangs delays nobody else, on SQLite's loop and with workers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from relink.adapters.bootstrap import Parts, assemble
from relink.adapters.runner.worker import Worker
from relink.adapters.settings import Settings
from relink.adapters.simulator import Asked, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import Party

from ..kill.receiver import Receiver
from ..store.messages import receive
from .silent import Silent
from .test_loop import eventually

SECRET = "secret-of-notifications"
ACCOUNTS = 12
"""More than there are threads for either party."""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue("url" if request.param == "sqlite" else "postgres_url")
    return found


@contextmanager
def working(database: str, stripe: str, notify: str) -> Iterator[Parts]:
    """The service's background work, with commands for both parties due."""
    environment = {
        "STRIPE_API_KEY": "sk_test_bulkheads",
        "STRIPE_API_BASE": stripe,
        "RELINK_DATABASE_URL": database,
        "RELINK_NOTIFY_URL": notify,
        "RELINK_NOTIFY_SECRET": SECRET,
        "RELINK_NOTIFY_TIMEOUT": "2",
        "RELINK_STRIPE_TIMEOUT": "2",
    }
    parts = assemble(Settings.from_environment(environment))
    now = int(time.time())
    for number in range(ACCOUNTS):
        owner = f"cus_{number}"
        about = {"authorization": f"fcauth_{number}", "holder": {"field": "customer", "id": owner}}
        receive(parts.store, f"evt_{number}", now, f"fca_{number}", **about)
    if parts.loop is not None:
        parts.loop.start()
        stop = parts.loop.stop
    else:
        worker = Worker(parts.store, parts.performer, parts.periodic_tasks)
        thread = threading.Thread(target=worker.run)
        thread.start()

        def stop() -> None:
            worker.stop()
            thread.join(30)

    try:
        yield parts
    finally:
        stop()
        parts.store.close()


def due(parts: Parts, party: Party) -> int:
    """The number of commands of a party that wait, now or after a failure, for less than a day."""
    return len(parts.store.due_commands(time.time() + 86_400, 999, party))


def test_a_notification_url_that_hangs_delays_no_read(database: str):
    with (
        SimulatorServer(Simulator(start=None)) as stripe,
        Silent() as silent,
        working(database, stripe.url, silent.url) as parts,
    ):
        eventually(lambda: silent.connections >= 4, "notifications hang")
        # The accounts are unknown to this Stripe: each read is answered, and fails.
        eventually(lambda: len(reads(stripe)) >= ACCOUNTS, "all reads are made", seconds=8)
        assert due(parts, Party.SERVICE) == ACCOUNTS


def test_a_stripe_that_hangs_delays_no_notification(database: str):
    receiver = Receiver(SECRET, seed=0)
    receiver.is_well = True
    try:
        with Silent() as silent, working(database, silent.url, receiver.url) as parts:
            eventually(lambda: silent.connections >= 4, "reads hang")
            eventually(lambda: len(receiver.told) == ACCOUNTS, "all are told meanwhile", seconds=8)
            eventually(lambda: due(parts, Party.SERVICE) == 0, "and that is noted")
            assert due(parts, Party.STRIPE) >= ACCOUNTS
    finally:
        receiver.stop()


def reads(stripe: SimulatorServer) -> set[str]:
    """What was read at Stripe, by path."""
    with stripe.lock:
        asked = [entry for entry in stripe.simulator.ledger.entries if isinstance(entry, Asked)]
    return {entry.path for entry in asked if entry.path.startswith("/v1/financial_connections/")}
