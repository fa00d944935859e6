"""An installation of the service in one of the layouts, with everything around it in our hands.

Between the service and whatever it talks to stands a forwarder, so that each way can fail.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import DBAPIError

from relink.adapters.store.location import SqliteLocation, locate

from ..kill.installation import Installation
from ..kill.processes import Process
from ..operation.forwarder import Forwarder
from ..operation.pgbouncer import Pooler
from ..operation.under_gunicorn import under_gunicorn
from ..postgres import StoppableServer, running_server
from .fault import Layout
from .sender import Sender

NOWHERE = "127.0.0.1", 9
"""Where a forwarder leads until its target is known."""

PROCESSES = {Layout.POSTGRES: (2, 2), Layout.PGBOUNCER: (1, 1)}
"""How many serve, and how many work."""

LOOKS_EVERY = 0.2
"""Seconds from one look to the next, when somebody waits. Each costs time of the processors."""

UNDONE = """SELECT id, attempts, error FROM outbox
WHERE status = 'due' AND party <> 'clock' AND created_at < :before
AND (attempts > 0 OR due_at <= :now)"""
"""Commands that are not done although their time came, or that failed."""


@dataclass
class Site:
    """What faults and measurements use of an installation."""

    at: Installation
    folder: Path
    """A folder that PostgreSQL's user may read too."""
    stripe_way: Forwarder
    """From the service to Stripe."""
    notify_way: Forwarder
    """From the service to the embedding service."""
    sender: Sender
    client: httpx.Client
    """For requests of the embedding service, and of whoever watches."""
    database_way: Forwarder | None = None
    """From the service to PostgreSQL."""
    postgres: StoppableServer | None = None
    pooler: Pooler | None = None
    secret: str = ""
    """What signs the webhooks now."""
    successions: int = 0
    """How often a successor took over."""

    @property
    def servers(self) -> list[Process]:
        """The processes that take requests."""
        return [self.at.serve, *self.at.servers.values()]

    @property
    def workers(self) -> list[Process]:
        return self.at.workers

    @property
    def addresses(self) -> list[str]:
        """Where they listen."""
        return [self.at.address, *self.at.servers]

    @property
    def file(self) -> Path:
        """The SQLite database."""
        location = locate(self.at.database.url)
        assert isinstance(location, SqliteLocation)
        return Path(location.file)

    def succeed(self, **environment: str) -> None:
        """Start a successor of the server, and stop that one: it takes over address and file."""
        successor = self.at.add_successor(**{**self.at.serve.environment, **environment})
        self.at.successors.remove(successor)
        self.successions += 1
        successor.name = f"serve-{self.successions}"
        before, self.at.serve = self.at.serve, successor
        try:
            before.end()
            successor.start()
            assert before.wait() == 0, before.tail
        finally:
            before.close()

    def run(self, *arguments: str) -> None:
        """Run a subcommand of ``relink``.

        Raises:
            AssertionError: it fails.
        """
        done = subprocess.run(
            [sys.executable, "-m", "relink.adapters.cli", *arguments],
            env=self.at.serve.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def is_well(self) -> bool:
        """Whether each server says that a webhook could be stored."""
        for address in self.addresses:
            try:
                if self.client.get(f"{address}/healthz", timeout=2).status_code != 200:
                    return False
            except httpx.TransportError:
                return False
        return True

    def undone(self, before: float) -> list[dict[str, Any]]:
        """The commands that are not done, of those asked for before a time (Unix seconds).

        Raises:
            DBAPIError: the database cannot be asked.
        """
        return self.at.database.rows(UNDONE, before=before, now=time.time())

    def has_done(self, before: float) -> bool:
        """Whether all commands are done that were asked for before a time (Unix seconds)."""
        try:
            return not self.undone(before)
        except DBAPIError:
            return False

    def wait_until_ready(self) -> None:
        """Wait until each process does its work."""
        for process in [*self.servers, *self.workers]:
            process.wait_until_ready()

    def check(self) -> None:
        """No process ended by itself.

        Raises:
            AssertionError: one did.
        """
        for process in [*self.servers, *self.workers]:
            process.check()


@contextmanager
def installed(layout: Layout, folder: Path, environment: Mapping[str, str]) -> Iterator[Site]:
    """Install the service, and run it.

    Args:
        layout: how.
        folder: for databases and logs.
        environment: what differs in the settings of all processes.
    """
    with ExitStack() as stack:
        stripe_way, notify_way = (stack.enter_context(Forwarder(NOWHERE)) for _ in range(2))
        set_up = {
            "STRIPE_API_BASE": f"http://127.0.0.1:{stripe_way.port}",
            "RELINK_NOTIFY_URL": f"http://127.0.0.1:{notify_way.port}/relink",
            "STRIPE_LOG": "",
            **environment,
        }
        postgres, database_way, pooler = None, None, None
        if layout in PROCESSES:
            postgres = StoppableServer(stack.enter_context(running_server()))
            url = postgres.url
            if layout is Layout.PGBOUNCER:
                pooler = Pooler(url, open_folder(folder))
                stack.callback(pooler.stop)
                pooler.start()
                set_up["RELINK_DATABASE_URL"] = pooler.url
            else:
                database_way = stack.enter_context(Forwarder(postgres.folder))
                to = f"127.0.0.1:{database_way.port}"
                set_up["RELINK_DATABASE_URL"] = f"postgresql://postgres@{to}/stoppable"
        else:
            place = stack.enter_context(small_disk(folder)) if _is_small(layout) else folder
            url = f"sqlite:///{place / 'relink.db'}"
        at = Installation(url, folder, log_level="INFO", environment=set_up)
        stack.enter_context(at)
        at.postman.stop()
        at.receiver.is_well = True
        stripe_way.lead_to(_target(at.stripe.url))
        notify_way.lead_to(_target(at.receiver.url))
        if layout is Layout.GUNICORN:
            at.serve = under_gunicorn(at, "--timeout", "5")
        servers, workers = PROCESSES.get(layout, (1, 0))
        for _ in range(servers - 1):
            at.add_server()
        at.start(workers)
        sender = Sender(at.stripe, [at.address, *at.servers])
        stack.callback(sender.stop)
        yield Site(
            *(at, folder, stripe_way, notify_way, sender, stack.enter_context(httpx.Client())),
            *(database_way, postgres, pooler),
        )


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder on a disk of 256 MB. Where this process may not mount one, the test is skipped."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(place)]
    mounted = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    if mounted.returncode:
        pytest.skip(f"a disk of its own needs the right to mount: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, timeout=10)


def open_folder(folder: Path) -> Path:
    """A folder within it that all users can read."""
    made = folder / "pgbouncer"
    made.mkdir(0o755)
    for each in made.parents:
        if each.stat().st_mode & 0o077 == 0 and each.owner() != "root":
            break
    return made


def eventually(holds: Callable[[], object], seconds: float) -> bool:
    """Wait until it holds, for so many seconds at most; whether it does."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(LOOKS_EVERY)
    return True


def _target(url: str) -> tuple[str, int]:
    parsed = httpx.URL(url)
    assert parsed.port
    return parsed.host, parsed.port


def _is_small(layout: Layout) -> bool:
    return layout is Layout.SMALL_DISK
