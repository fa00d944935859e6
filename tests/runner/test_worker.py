"""Workers on PostgreSQL: each command is performed, whoever dies, and whatever is away."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from relink.adapters.gateway import ApiKey, DryRunGateway
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.runner import Performer, PeriodicTask
from relink.adapters.runner import worker as worker_module
from relink.adapters.runner.worker import Worker
from relink.adapters.simulator import ApiFault, Faults
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import DueCommand, SqlStore
from relink.adapters.store.location import locate
from relink.adapters.store.postgres.jobs import LONGEST
from relink.machines import relink_system
from relink.machines.commands import CreatePaymentMethod

from ..postgres import connect
from .embedding import Embedding
from .working import SHORT

SCRIPT = Path(__file__).with_name("working.py")
HELD = "/v1/payment_methods"
STOPS = "Stop requested"
"""Procrastinate logs it when a signal has reached it."""


class Process:
    """A worker, as ``working.py`` makes it."""

    def __init__(self, folder: Path, database: str, stripe: str) -> None:
        self._said = folder / f"worker-{time.monotonic_ns()}"
        with self._said.open("w") as file:
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), database, stripe],
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def logged(self, *words: str) -> bool:
        """Whether it logged a line of exactly these words."""
        return " ".join(words) in self.text.splitlines()

    @property
    def text(self) -> str:
        """All that it said so far."""
        return self._said.read_text()

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(what)

    def exit_code(self) -> int:
        """Wait until it is over."""
        return self._process.wait(30)

    def end(self, how: signal.Signals) -> int:
        """Send it a signal, and wait until it is over; its exit code."""
        self.tell(how)
        return self.exit_code()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class Service:
    """What is to be done, the simulated Stripe over HTTP, and workers."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        # Due before now, and not so long ago that a sweep takes the attempts for lost.
        self.at = Embedding(url, start=time.time() - LONGEST / 2)
        self.server = SimulatorServer(self.at.sim).start()
        self._folder = folder
        self._workers: list[Process] = []

    def worker(self) -> Process:
        """Start one more, and wait until it is there."""
        made = Process(self._folder, self.url, self.server.url)
        self._workers.append(made)
        self.eventually(lambda: "Starting worker" in made.text, "the worker is there")
        return made

    @contextmanager
    def working(self, *periodic_tasks: PeriodicTask) -> Iterator[Worker]:
        """A worker in a thread of this process."""
        transport = SdkTransport(ApiKey("sk_test_worker"), self.server.url)
        store = SqlStore(self.url, relink_system())
        performer = Performer(store, StripeGateway(transport), print)
        worker = Worker(store, performer, periodic_tasks)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield worker
        finally:
            worker.stop()
            thread.join(30)
            store.close()
        assert not thread.is_alive()

    def build(self) -> DueCommand:
        """Have a payment method to be made, among other things."""
        self.at.linked_instead()
        self.at.receive_webhooks()
        return next(
            due
            for due in self.at.store.due_commands(self.at.sim.now, 100)
            if isinstance(due.command, CreatePaymentMethod)
        )

    def is_done(self) -> bool:
        """Whether nothing is to be done, now or after a failure; timers come much later."""
        return not self.at.store.due_commands(time.time() + 60, 1)

    def eventually(self, holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Wait until it holds, while time passes at Stripe too.

        Whatever gets lost would wait for ten minutes, until a sweep finds it.
        """
        began = time.monotonic()
        while not holds():
            said = "\n".join(worker.text for worker in self._workers)
            assert time.monotonic() < began + seconds, f"it never came to this: {what}\n{said}"
            time.sleep(0.02)
            with self.server.lock:
                self.at.sim.advance(0.02)

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that there are."""
        with self.connection() as connection:
            found = connection.execute("SELECT to_jsonb(job) FROM procrastinate_jobs AS job")
            return [row[0] for row in found]

    def commands(self) -> list[str]:
        """The commands that have a job."""
        return [job["args"]["command_id"] for job in self.jobs() if "command_id" in job["args"]]

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        with connect(self.url) as connection:
            yield connection

    def answer_nobody(self) -> None:
        """Drop the requests that Stripe still has to answer, and begin anew at another address."""
        self.server.stop()
        self.server = SimulatorServer(self.at.sim).start()

    def go_away(self, seconds: float) -> None:
        """Let the database be away for so long, and all connections to it lost."""
        name = locate(self.url).parameters["dbname"]
        with connect(self.url, dbname="postgres") as connection:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            time.sleep(seconds)
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        self.at.store.engine.dispose()

    def close(self) -> None:
        for worker in self._workers:
            worker.close()
        self.server.stop()
        self.at.store.close()


@pytest.fixture(autouse=True)
def _short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in SHORT.items():
        monkeypatch.setattr(worker_module, name, seconds)


@pytest.fixture
def service(postgres_url: str, tmp_path: Path) -> Iterator[Service]:
    made = Service(postgres_url, tmp_path)
    yield made
    made.close()


def test_a_worker_that_is_killed_in_mid_attempt_is_replaced_by_another(service: Service):
    due = service.build()
    service.at.sim.faults = Faults(caller_timeout=60)
    service.at.sim.inject(ApiFault.TIMEOUT_AFTER, method="POST", path=HELD)
    workers = [service.worker(), service.worker()]
    began = ("begin", due.id)
    service.eventually(
        lambda: (
            any(worker.logged(*began) for worker in workers)
            and service.at.count("payment_method.created") == 1
        ),
        "one of them waits for the answer",
    )
    (victim,) = [worker for worker in workers if worker.logged(*began)]
    (other,) = [worker for worker in workers if worker is not victim]
    assert victim.end(signal.SIGKILL) == -signal.SIGKILL

    service.eventually(service.is_done, "the other one does the work")
    assert other.logged("end", due.id)
    assert not victim.logged("end", due.id)
    assert service.at.count("payment_method.created") == 1
    assert service.at.count("payment_method.attached") == 1
    assert isinstance(due.command, CreatePaymentMethod)
    assert service.at.built(due.command.account) == "mandate_needed"
    assert service.at.store.dead_letters() == []


def test_a_worker_that_is_told_to_end_finishes_what_it_has_begun(service: Service):
    due = service.build()
    # It is told to end while it waits, however long that takes here.
    service.at.sim.faults = Faults(caller_timeout=60)
    service.at.sim.inject(ApiFault.TIMEOUT_AFTER, method="POST", path=HELD)
    worker = service.worker()
    service.eventually(lambda: worker.logged("begin", due.id), "it waits for the answer")
    service.eventually(
        lambda: service.at.count("payment_method.created") == 1, "the request is there"
    )
    worker.tell(signal.SIGTERM)
    service.eventually(lambda: STOPS in worker.text, "it knows that it is to end")
    assert not worker.logged("end", due.id), worker.text
    service.answer_nobody()
    assert worker.exit_code() == 0
    assert worker.logged("over")
    # It got no answer, and said so; what is left of its work waits for others.
    again = service.at.store.due_command(due.id)
    assert again, worker.text
    assert again.attempts == 1
    assert {job["status"] for job in service.jobs()} <= {"todo"}
    assert due.id in service.commands()
    service.worker()
    service.eventually(service.is_done, "another one does it")
    assert service.at.count("payment_method.created") == 1


def test_a_job_names_its_command_and_is_gone_when_that_is_done(service: Service):
    due = service.build()
    (job,) = [job for job in service.jobs() if job["queueing_lock"] == due.id]
    assert (job["queue_name"], job["task_name"]) == ("relink_stripe", "relink.perform")
    assert job["args"] == {"command_id": due.id}
    with service.working():
        service.eventually(lambda: not service.commands(), "all jobs are done")
        assert service.is_done()
    assert service.at.count("payment_method.created") == 1


def test_a_failed_attempt_is_repeated_within_seconds(service: Service):
    service.build()
    service.at.sim.inject(ApiFault.RATE_LIMITED, method="POST", times=2)
    with service.working():
        service.eventually(service.is_done, "it is done")
    assert service.at.count("payment_method.created") == 1


def test_a_command_without_a_job_gets_one(service: Service):
    service.build()
    with service.connection() as connection:
        connection.execute("DELETE FROM procrastinate_jobs")
    with service.working():
        service.eventually(service.is_done, "all is done")


def test_K10_a_job_that_runs_too_early_gives_its_command_the_next_one(service: Service):
    due = service.build()
    soon = time.time() + 3
    service.at.store.postpone(due, soon)
    with service.connection() as connection:
        connection.execute("DELETE FROM procrastinate_jobs WHERE queueing_lock <> %s", [due.id])
        connection.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")
    with service.working():
        service.eventually(
            lambda: service.at.count("payment_method.created") == 1, "it is made", seconds=10
        )
        assert time.time() >= soon


def test_a_stalled_job_whose_command_has_another_one_is_dropped(service: Service):
    due = service.build()
    with service.connection() as connection:
        connection.execute("DELETE FROM procrastinate_jobs WHERE queueing_lock <> %s", [due.id])
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, status) "
            "SELECT queue_name, task_name, queueing_lock, args, 'doing' FROM procrastinate_jobs"
        )
        connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() + '2 s'")
    with service.working():
        service.eventually(
            lambda: (
                ("doing", due.id)
                not in {(job["status"], job["queueing_lock"]) for job in service.jobs()}
            ),
            "the stalled one is gone",
        )
        service.eventually(service.is_done, "all is done")
    assert service.at.count("payment_method.created") == 1


def test_duties_are_done_by_one_worker_and_may_break(service: Service):
    done = {"fine": 0, "broken": 0}

    def fine() -> None:
        done["fine"] += 1

    def broken() -> None:
        done["broken"] += 1
        raise ZeroDivisionError

    periodic_tasks = PeriodicTask("fine", 1, fine), PeriodicTask("broken", 1, broken)
    began = time.monotonic()
    with service.working(*periodic_tasks), service.working(*periodic_tasks):
        service.eventually(lambda: min(done.values()) >= 3, "they are done again and again")
        # Once a second, and not once by each worker.
        assert max(done.values()) <= time.monotonic() - began + 2


def test_the_database_goes_away_and_comes_back(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker_module, "RETRY_AFTER", 1)
    due = service.build()
    service.at.sim.faults = Faults(caller_timeout=1.5)
    service.at.sim.inject(ApiFault.TIMEOUT_AFTER, method="POST", path=HELD)
    with service.working():
        service.eventually(
            lambda: service.at.count("payment_method.created") == 1, "an attempt is being made"
        )
        service.go_away(seconds=1.5)
        service.eventually(service.is_done, "all is done once it is back")
        service.eventually(lambda: not service.commands(), "no job is left behind")
    assert service.at.store.due_command(due.id) is None
    assert service.at.count("payment_method.created") == 1


@pytest.mark.parametrize("end", ["finish", "retry"])
def test_a_job_whose_end_could_not_be_noted_is_handed_over(
    service: Service, monkeypatch: pytest.MonkeyPatch, end: str
):
    monkeypatch.setattr(worker_module, "RETRY_AFTER", 1)
    due = service.build()
    service.at.sim.faults = Faults(caller_timeout=1.5)
    service.at.sim.inject(ApiFault.TIMEOUT_AFTER, method="POST", path=HELD)
    takes, away = f"procrastinate_{end}_job_v", f"away_{end}_job_v"
    outbox = ("outbox", "outbox_away")
    with service.working():
        service.eventually(
            lambda: service.at.count("payment_method.created") == 1, "an attempt is being made"
        )
        with service.connection() as connection:
            rename(connection, takes, away)
            if end == "retry":  # the job fails only where its command cannot be noted either
                connection.execute("ALTER TABLE {} RENAME TO {}".format(*outbox))
            time.sleep(3)
            if end == "retry":
                connection.execute("ALTER TABLE {1} RENAME TO {0}".format(*outbox))
            rename(connection, away, takes)
        service.eventually(service.is_done, "all is done")
        service.eventually(lambda: not service.commands(), "no job counts as running")
    assert service.at.store.due_command(due.id) is None
    assert service.at.count("payment_method.created") == 1


def rename(connection: psycopg.Connection, old: str, new: str) -> None:
    """Rename all versions of a function of the queue."""
    found = connection.execute(
        "SELECT proname, oid::regprocedure::text FROM pg_proc WHERE starts_with(proname, %s)", [old]
    ).fetchall()
    assert found
    for name, signature in found:
        connection.execute(f"ALTER FUNCTION {signature} RENAME TO {name.replace(old, new)}")


def test_a_worker_can_be_stopped_while_there_is_no_database(caplog: pytest.LogCaptureFixture):
    store = SqlStore("postgresql://nobody@127.0.0.1:1/none", relink_system())
    performer = Performer(store, DryRunGateway(), print)
    worker = Worker(store, performer)
    thread = threading.Thread(target=worker.run)
    thread.start()
    time.sleep(0.5)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()
    store.close()


def test_a_worker_that_was_stopped_before_it_began_ends_at_once(postgres_url: str):
    store = SqlStore(postgres_url, relink_system())
    worker = Worker(store, Performer(store, DryRunGateway(), print))
    worker.stop()
    worker.run()
    store.close()
