"""The loop of one process: commands run soon, a few at a time, none twice, and none is lost."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from relink.adapters.gateway import Answer, ApiKey, Attempt
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.protocol import FIRST
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.runner import Loop, Performer, PeriodicTask, loop
from relink.adapters.runner.loop import THREADS
from relink.adapters.service import Service
from relink.adapters.simulator import ApiFault, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import InboxMessage, Party, SqlStore
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Address, Command
from relink.machines import relink_system
from relink.machines.commands import RetrieveAccount
from relink.machines.events import AccountReported

from .test_performer import away

SECRET = "whsec_loop"


def eventually(holds: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait until it holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"it never came to this: {what}"
        time.sleep(0.01)


class Gates:
    """A gateway that holds each command until it is released, and counts them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.most_inside = 0
        self.let_go = threading.Event()
        self.held: set[str] | None = None
        """The accounts that are held; None for all."""

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        assert isinstance(command, RetrieveAccount)
        with self.lock:
            self.begun[command.account] += 1
            self.inside[command.account] += 1
            assert self.inside[command.account] == 1, "the same command, twice at once"
            self.most_inside = max(self.most_inside, self.inside.total())
        if self.held is None or command.account in self.held:
            assert self.let_go.wait(20)
        with self.lock:
            self.inside[command.account] -= 1
        return Answer()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = SqlStore(url, relink_system())
    yield opened
    opened.close()


Start = Callable[..., Loop]


@pytest.fixture
def start(store: SqlStore) -> Iterator[Start]:
    """Starts loops, and stops those that the test did not."""
    running = []

    def start_one(gateway: object, *periodic_tasks: PeriodicTask, **more: object) -> Loop:
        performer = Performer(store, gateway, print)  # type: ignore[arg-type]
        made = Loop(store, performer, periodic_tasks, **more)  # type: ignore[arg-type]
        made.start()
        running.append(made)
        return made

    yield start_one
    for made in running:
        made.stop()


def ask(store: SqlStore, *accounts: str) -> None:
    """Have accounts read: one command for each."""
    for account in accounts:
        now = time.time()
        look = AccountReported(
            causation_id=f"evt_{account}",
            at=now,
            account=account,
            as_of=int(now),
            read=False,
            report=None,
        )
        store.apply(InboxMessage(f"evt_{account}", "test", int(now), now), [look])


def due(store: SqlStore) -> set[str]:
    """The accounts whose reads are due."""
    found = store.due_commands(float("inf"), 1000)
    return {due.command.account for due in found if isinstance(due.command, RetrieveAccount)}


def test_the_loop_carries_a_webhook_through_to_an_active_account(store: SqlStore):
    with SimulatorServer(Simulator(seed=2, start=None)) as server:
        sim = server.simulator
        transport = SdkTransport(ApiKey("sk_test_loop"), server.url)
        gateway = StripeGateway(transport)
        performer = Performer(store, gateway, print, clock=lambda: sim.now)
        running = Loop(store, performer, clock=lambda: sim.now)
        service = Service(
            store,
            gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: sim.now,
            watch=lambda step: running.wake(),
        )
        running.start()
        with server.lock:
            sim.add_endpoint(SECRET)
            account = sim.link_account(sim.add_customer("Jo")).id
            sim.inject(ApiFault.ERROR_BEFORE, method="GET")
            sim.advance(60)
            heard = sim.due_webhooks()
        for delivery in heard:
            service.handle_webhook(delivery.payload, delivery.signature)
        address = Address("account", account)
        eventually(lambda: store.next_due_at() is None, "everything is done")
        running.stop()
        transport.close()
        found = store.snapshot(address)
        assert found
        assert found.state == "active"


def test_waking_the_loop_performs_new_commands_at_once(
    store: SqlStore, start: Start, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loop, "POLL", 1000)
    gates = Gates()
    gates.let_go.set()
    running = start(gates)
    ask(store, "fca_1")
    running.wake()
    eventually(lambda: not due(store), "it is done")


def test_slow_commands_do_not_hold_up_the_others(store: SqlStore, start: Start):
    gates = Gates()
    gates.held = {"fca_0", "fca_1"}
    ask(store, *(f"fca_{n}" for n in range(40)))
    start(gates)
    eventually(lambda: due(store) == {"fca_0", "fca_1"}, "only the slow ones are left")
    gates.let_go.set()
    eventually(lambda: not due(store), "they are done too")
    assert set(gates.begun.values()) == {1}


def test_the_loop_performs_a_few_commands_at_a_time_and_none_twice(store: SqlStore, start: Start):
    gates = Gates()
    ask(store, *(f"fca_{n}" for n in range(20)))
    running = start(gates, threads={**THREADS, Party.STRIPE: 3})
    eventually(lambda: gates.most_inside == 3, "three are being made")
    for _ in range(20):
        running.wake()
        time.sleep(0.005)
    assert gates.begun.total() == 3
    gates.let_go.set()
    eventually(lambda: not due(store), "all are done")
    assert gates.most_inside == 3
    assert set(gates.begun.values()) == {1}


def test_stopping_finishes_attempts_and_leaves_other_commands_due(store: SqlStore, start: Start):
    gates = Gates()
    accounts = {f"fca_{n}" for n in range(10)}
    ask(store, *accounts)
    running = start(gates, threads={**THREADS, Party.STRIPE: 2})
    eventually(lambda: gates.inside.total() == 2, "two are being made")
    begun = set(gates.begun)
    stopping = threading.Thread(target=running.stop)
    stopping.start()
    stopping.join(0.05)
    assert stopping.is_alive(), "it waits for them"
    gates.let_go.set()
    stopping.join(10)
    assert not stopping.is_alive()
    assert due(store) == accounts - begun

    start(gates)
    eventually(lambda: not due(store), "the next one does the rest")
    assert set(gates.begun.values()) == {1}


def test_the_loop_survives_a_database_that_cannot_be_written(
    store: SqlStore, start: Start, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loop, "FIRST_PAUSE", 0.05)
    gates = Gates()
    gates.let_go.set()
    ask(store, "fca_1")
    with away(store):
        start(gates)
        time.sleep(0.5)
    assert due(store) == {"fca_1"}
    eventually(lambda: not due(store), "it is done once the database is back")
    # Neither an attempt each time that it looked, nor none.
    assert gates.begun["fca_1"] < 8


def test_the_loop_survives_a_database_that_cannot_be_read(
    store: SqlStore, start: Start, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loop, "FIRST_PAUSE", 0.05)
    gates = Gates()
    gates.let_go.set()
    ask(store, "fca_1")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO gone")
    start(gates)
    time.sleep(0.2)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO outbox")
    eventually(lambda: not due(store), "it is done once the table is back")


def test_periodic_tasks_run_at_the_start_and_at_their_intervals(store: SqlStore, start: Start):
    done = Counter[str]()
    now = [0.0]

    def fail() -> None:
        done.update(["failing"])
        raise ZeroDivisionError

    def count() -> None:
        done.update(["counting"])

    periodic_tasks = PeriodicTask("failing", 60, fail), PeriodicTask("counting", 3600, count)
    running = start(Gates(), *periodic_tasks, timer=lambda: now[0])
    eventually(lambda: done == {"failing": 1, "counting": 1}, "each is done first at the start")
    for minute in range(1, 4):
        now[0] += 61
        running.wake()
        eventually(lambda minute=minute: done["failing"] == 1 + minute, "it is done each minute")
    assert done["counting"] == 1
    now[0] += 3600
    running.wake()
    eventually(lambda: done["counting"] == 2, "and the other each hour")


MAIN_THREAD_ENDS = """
from relink.adapters.gateway import DryRunGateway
from relink.adapters.runner import Loop, Performer, PeriodicTask
from relink.adapters.store import MemoryStore
from relink.machines import relink_system

store = MemoryStore(relink_system())
performer = Performer(store, DryRunGateway(), print)
Loop(store, performer, [PeriodicTask("nothing", 0.1, lambda: None)]).start()
"""


def test_a_process_whose_main_thread_ends_says_so_and_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAIN_THREAD_ENDS], capture_output=True, text=True, timeout=60
    )
    assert done.stderr.count("Keep the main thread alive until Loop.stop()") == 1
    assert "Traceback" not in done.stderr


def test_a_clock_that_is_set_back_by_a_day_makes_no_periodic_task_rest(start: Start):
    now, done = [1_800_000_000.0], Counter[str]()
    often = PeriodicTask("often", 0.05, lambda: done.update(["often"]))
    running = start(Gates(), often, clock=lambda: now[0])
    eventually(lambda: done["often"] > 0, "it is done at the start")
    now[0] -= 24 * 3600
    before = done["often"]
    for more in (1, 2):
        time.sleep(0.06)
        running.wake()
        eventually(lambda more=more: done["often"] >= before + more, "it is done again")
