"""How fast do workers drain a storm: many accounts that break at once, on PostgreSQL?

The webhooks are taken while no worker runs. Then one, two or four ``relink work`` processes carry
out the commands that wait, with a gateway that only records them: how fast Stripe answers, and how
many requests it allows, is left out. Each number of workers gets a copy of the same database.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from . import webhooks
from .databases import copied, postgresql
from .measure import Line, lines, progress, say
from .size import Size

READY = b"the worker takes commands"
START = 60
"""Seconds that a worker may take to start."""

DUE = """SELECT count(*) FROM outbox
WHERE status = 'due' AND party <> 'clock' AND due_at <= :now"""


def run(size: Size) -> Iterator[Line]:
    """Drain the same storm with each number of workers."""
    with postgresql() as database:
        say(f"storm: {size.storm:,} accounts break")
        url = database.new()
        broken(url, size.storm)
        drained: dict[str, list[float]] = {}
        for workers in size.workers:
            name = f"{workers} worker{'s' if workers > 1 else ''}"
            progress(f"storm: {name}")
            rate = drain(copied(url, f"storm_{workers}"), workers, size.longest_storm)
            drained[name] = [rate]
    yield from lines("storm", "commands/s", drained, next(iter(drained)))


def broken(url: str, accounts: int) -> None:
    """Take the webhooks of so many accounts that break."""
    from relink.adapters.gateway import DryRunGateway
    from relink.adapters.service import Service
    from relink.adapters.store import SqlStore, migrate
    from relink.adapters.stripe import StripeWebhooks
    from relink.machines import relink_system

    migrate(url)
    store = SqlStore(url, relink_system())
    receiving = StripeWebhooks([webhooks.SECRET], livemode=False)
    service = Service(store, DryRunGateway(), webhooks=receiving)
    now = int(time.time())
    for number in range(accounts):
        broken = webhooks.account(number, active=False)
        body = webhooks.payload(f"evt_{number:012}", "deactivated", now - 60, broken)
        service.handle_webhook(body, webhooks.signature(body, now))
        if number % 100 == 0:
            progress(f"storm: {number:,} of {accounts:,} accounts broke")
    store.close()


def drain(url: str, workers: int, longest: float) -> float:
    """Let so many workers carry out what is due; commands per second, once all of them run.

    Args:
        url: the database.
        workers: how many.
        longest: seconds after which it is not watched any longer.
    """
    from sqlalchemy import text

    from relink.adapters.store import SqlStore
    from relink.machines import relink_system

    store = SqlStore(url, relink_system())
    now = time.time()

    def due() -> int:
        with store.engine.connect() as connection:
            return int(connection.execute(text(DUE), {"now": now}).scalar_one())

    all_of_them = due()
    with ExitStack() as stack:
        logs = [stack.enter_context(_worker(url)) for _ in range(workers)]
        until = time.monotonic() + START
        while not all(READY in _content(log) for log in logs):
            if time.monotonic() > until:
                raise RuntimeError(_content(logs[0]).decode())
            time.sleep(0.02)
        began, first = time.monotonic(), due()
        left = first
        while left and time.monotonic() < began + longest:
            time.sleep(0.05)
            left = due()
        took = time.monotonic() - began
    store.close()
    # A small storm is over before the last worker runs.
    return (first - left or all_of_them) / took


@contextmanager
def _worker(url: str) -> Iterator[IO[bytes]]:
    """Start a worker; what it logs."""
    environment = {
        "PATH": os.environ["PATH"],
        "STRIPE_API_KEY": "sk_test_benchmark",
        "RELINK_GATEWAY": "dry-run",
        "RELINK_DATABASE_URL": url,
    }
    with TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "relink.adapters.cli", "work"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parent,
        )
        try:
            yield log
        finally:
            process.kill()
            process.wait()


def _content(log: IO[bytes]) -> bytes:
    return os.pread(log.fileno(), 100_000, 0)
