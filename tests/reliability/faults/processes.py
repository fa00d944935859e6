"""Processes that die, stop, freeze or starve."""

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ...kill.processes import Process
from ..fault import Fault, Layout
from ..site import Site, eventually

DOWN = 1.0
"""Seconds until a supervisor starts a process again."""


@contextmanager
def killed(*processes: Process) -> Iterator[None]:
    """SIGKILL; at the end they are started again."""
    for process in processes:
        process.kill()
    yield
    for process in processes:
        process.start()


@contextmanager
def stopped(process: Process) -> Iterator[None]:
    """SIGTERM; at the end it is started again."""
    process.stop()
    yield
    process.start()


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """SIGSTOP, and SIGCONT at the end."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextmanager
def starved(pid: int) -> Iterator[None]:
    """Let it run for a tenth of the time."""
    with meanwhile(lambda over: _alternate(pid, over)):
        yield


def _alternate(pid: int, over: threading.Event) -> None:
    while not over.is_set():
        with frozen(pid):
            over.wait(0.45)
        over.wait(0.05)


@contextmanager
def meanwhile(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do something in a thread, until the event is set. What it raises is raised at the end."""
    over = threading.Event()
    with ThreadPoolExecutor(1, "fault") as pool:
        done = pool.submit(work, over)
        try:
            yield
        finally:
            over.set()
        done.result()


@contextmanager
def out_of_files(pid: int) -> Iterator[None]:
    """Let it open no further file."""
    _, hard = before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@contextmanager
def succeeded(site: Site) -> Iterator[None]:
    """A successor takes over."""
    site.succeed()
    yield


@contextmanager
def restarted_in_turn(site: Site) -> Iterator[None]:
    """Stop and start one server after the other, each when the one before is ready."""
    for server in site.servers:
        server.stop()
        server.start()
        server.wait_until_ready()
    yield


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(each) for each in found.stdout.split()]


def gunicorn_worker(site: Site) -> int:
    """The worker of gunicorn's master."""
    assert eventually(lambda: children(site.at.serve.pid), 20), "gunicorn has no worker"
    return children(site.at.serve.pid)[0]


@contextmanager
def reloaded(site: Site) -> Iterator[None]:
    """SIGHUP to gunicorn: a new worker takes over."""
    before = set(children(site.at.serve.pid))
    site.at.serve.end(signal.SIGHUP)
    assert eventually(lambda: not before & set(children(site.at.serve.pid)), 60), "no reload"
    yield


@contextmanager
def worker_killed(site: Site) -> Iterator[None]:
    """SIGKILL to gunicorn's worker: the master starts another one."""
    os.kill(gunicorn_worker(site), signal.SIGKILL)
    yield


@contextmanager
def worker_frozen(site: Site) -> Iterator[None]:
    """SIGSTOP to gunicorn's worker, for good: the master replaces it after its timeout."""
    worker = gunicorn_worker(site)
    os.kill(worker, signal.SIGSTOP)
    assert eventually(lambda: worker not in children(site.at.serve.pid), 30), "not replaced"
    yield


@contextmanager
def backed_up(site: Site) -> Iterator[None]:
    """``relink backup``, again and again."""
    folder = site.folder / f"backups-{time.monotonic_ns()}"
    folder.mkdir()
    with meanwhile(lambda over: _back_up(site, folder, over)):
        yield
    assert list(folder.glob("*.db")), "no backup was made"


def _back_up(site: Site, folder: Path, over: threading.Event) -> None:
    number = 0
    while not over.is_set() or not number:
        site.run("backup", str(folder / f"{number}.db"))
        number += 1


@contextmanager
def migrated(site: Site) -> Iterator[None]:
    """``relink migrate``, again and again, as each new release does it."""

    def migrate(over: threading.Event) -> None:
        while True:
            site.run("migrate")
            if over.is_set():
                return

    with meanwhile(migrate):
        yield


SQLITE, GUNICORN, POSTGRES = Layout.SQLITE, Layout.GUNICORN, Layout.POSTGRES

PROCESSES = (
    Fault(
        name="serve_killed",
        text="SIGKILL of the process; a supervisor starts it again after a second",
        layout=SQLITE,
        happens=lambda site: killed(site.at.serve),
        seconds=DOWN,
        cuts_attempts=True,
    ),
    Fault(
        name="serve_replaced",
        text="SIGTERM of the process, while its successor starts",
        layout=SQLITE,
        happens=succeeded,
        seconds=0,
    ),
    Fault(
        name="serve_frozen",
        text="the process is frozen (SIGSTOP), as a virtual machine is while it moves",
        layout=SQLITE,
        happens=lambda site: frozen(site.at.serve.pid),
        cuts_attempts=True,
    ),
    Fault(
        name="serve_starved",
        text="the process gets a tenth of a processor",
        layout=SQLITE,
        happens=lambda site: starved(site.at.serve.pid),
        cuts_attempts=True,
    ),
    Fault(
        name="serve_out_of_files",
        text="the process may open no more files",
        layout=SQLITE,
        happens=lambda site: out_of_files(site.at.serve.pid),
        cuts_attempts=True,
    ),
    Fault(
        name="backups",
        text="`relink backup`, again and again",
        layout=SQLITE,
        happens=backed_up,
    ),
    Fault(
        name="gunicorn_reloaded",
        text="SIGHUP to gunicorn: a new worker takes over",
        layout=GUNICORN,
        happens=reloaded,
        seconds=0,
    ),
    Fault(
        name="gunicorn_worker_killed",
        text="SIGKILL of gunicorn's worker",
        layout=GUNICORN,
        happens=worker_killed,
        seconds=0,
        cuts_attempts=True,
    ),
    Fault(
        name="gunicorn_worker_frozen",
        text="gunicorn's worker freezes for good; the master replaces it (`--timeout 5`)",
        layout=GUNICORN,
        happens=worker_frozen,
        seconds=0,
        cuts_attempts=True,
    ),
    Fault(
        name="gunicorn_restarted",
        text="SIGTERM of gunicorn's master; it is started again after a second",
        layout=GUNICORN,
        happens=lambda site: stopped(site.at.serve),
        seconds=DOWN,
    ),
    Fault(
        name="one_serve_killed",
        text="SIGKILL of one of the two servers; it is started again after a second",
        layout=POSTGRES,
        happens=lambda site: killed(site.at.serve),
        seconds=DOWN,
    ),
    Fault(
        name="all_serve_killed",
        text="SIGKILL of both servers; they are started again after a second",
        layout=POSTGRES,
        happens=lambda site: killed(*site.servers),
        seconds=DOWN,
    ),
    Fault(
        name="one_serve_frozen",
        text="one of the two servers is frozen (SIGSTOP), and gets requests all the same",
        layout=POSTGRES,
        happens=lambda site: frozen(site.at.serve.pid),
    ),
    Fault(
        name="rolling_restart",
        text="SIGTERM and start of one server, then of the other",
        layout=POSTGRES,
        happens=restarted_in_turn,
        seconds=0,
    ),
    Fault(
        name="worker_killed",
        text="SIGKILL of one of the two workers; it is started again after a second",
        layout=POSTGRES,
        happens=lambda site: killed(site.workers[0]),
        seconds=DOWN,
        cuts_attempts=True,
    ),
    Fault(
        name="workers_killed",
        text="SIGKILL of both workers; they are started again after a second",
        layout=POSTGRES,
        happens=lambda site: killed(*site.workers),
        seconds=DOWN,
        cuts_attempts=True,
    ),
    Fault(
        name="worker_stopped",
        text="SIGTERM of one of the two workers; it is started again after a second",
        layout=POSTGRES,
        happens=lambda site: stopped(site.workers[0]),
        seconds=DOWN,
        cuts_attempts=True,
    ),
    Fault(
        name="worker_frozen",
        text="one of the two workers is frozen (SIGSTOP)",
        layout=POSTGRES,
        happens=lambda site: frozen(site.workers[0].pid),
        seconds=12.0,
        cuts_attempts=True,
    ),
    Fault(
        name="all_killed",
        text="SIGKILL of all processes of relink; they are started again after a second",
        layout=POSTGRES,
        happens=lambda site: killed(*site.servers, *site.workers),
        seconds=DOWN,
        cuts_attempts=True,
    ),
    Fault(
        name="migrations",
        text="`relink migrate`, again and again, beside the running processes",
        layout=POSTGRES,
        happens=migrated,
    ),
)
