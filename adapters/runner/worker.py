"""Scheduling in many processes, on PostgreSQL: a Procrastinate worker.

A job stands for a command of the outbox, and holds its id and nothing else. The store defers the
job in the transaction that adds the command, and again for each new due time that is near; for
later ones, a sweep defers it as they come near. Procrastinate fetches jobs, wakes workers, runs
several jobs at once, and finds stalled workers. relink adds the task, and two periodic tasks:

- Jobs of a worker without a heartbeat are handed to other workers.
- Commands that come due and have no job get one. That also covers lost jobs: the outbox is the
  source of truth.

When the database goes down, a Procrastinate worker ends. Here another one is started until one
stays up.
"""

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
from procrastinate import App, PsycopgConnector, RetryStrategy, exceptions
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from sqlalchemy import make_url

from relink.adapters.store import Store, StoreUnavailableError
from relink.adapters.store.postgres.jobs import QUEUE, TASK

from .performer import Performer
from .periodic import PeriodicTask

CONCURRENCY = 10
"""The number of commands that a worker performs at once. They mostly wait for Stripe."""

HEARTBEAT = 1.0
"""Seconds between heartbeats."""

STALLED_AFTER = 5.0
"""Seconds without a heartbeat after which a worker's jobs go to others."""

FETCH_EVERY = 1.0
"""Seconds between looks for jobs without a notification: those whose time has come, and those that
were handed over from other workers."""

DEFER_EVERY = 15
"""Seconds between the sweeps that defer jobs for commands that come due."""

MOST_DEFERRED = 5000
"""The largest number of jobs that one sweep defers."""

RETRY_AFTER = 5
"""Seconds until a job runs again after the database was down."""

RESTART_AFTER = 1.0
"""Seconds between the end of a Procrastinate worker and the start of the next one."""

EARLY = 1.0
"""Seconds that a job may run before its command is due, since clocks differ: it waits for so long.
A job that is earlier is left over from before the command was put off, and the command gets
another one."""

URGENT = 10
"""The priority of periodic tasks: they must not wait behind all commands."""

SPARE = 4
"""Additional threads for asyncio itself, such as for looking up a host."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


class Worker:
    """Performs commands of a store, beside other workers.

    Args:
        url: the database, as an SQLAlchemy URL.
        store: the same database, opened.
        performer: makes the attempts, from several threads at once.
        periodic_tasks: each runs in one of the workers, at its interval.
        concurrency: the number of commands that are performed at once.
        clock: the time (Unix seconds).
    """

    def __init__(
        self,
        url: str,
        store: Store,
        performer: Performer,
        periodic_tasks: Sequence[PeriodicTask] = (),
        concurrency: int = CONCURRENCY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._conninfo = conninfo(url)
        self._store = store
        self._performer = performer
        self._periodic_tasks = periodic_tasks
        self._concurrency = concurrency
        self._clock = clock
        self._stopping = threading.Event()
        self._cancel: Callable[[], object] = _nothing

    def run(self) -> None:
        """Work until SIGTERM or SIGINT comes, or somebody calls :meth:`stop`.

        Then it starts nothing more and finishes the attempts that are under way; the timeouts of
        their requests bound the wait. It sends no more heartbeats by then, so other workers may
        repeat an attempt that takes long; that is safe. A second signal ends the process at once,
        and other workers take over its jobs.
        """
        asyncio.run(self._run())

    def stop(self) -> None:
        """End :meth:`run`. Safe to call from any thread."""
        self._stopping.set()
        self._cancel()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._concurrency + SPARE, "relink-attempt"))
        work = asyncio.create_task(self._work())
        self._cancel = lambda: loop.call_soon_threadsafe(work.cancel)
        if self._stopping.is_set():
            work.cancel()
        try:
            with _on_first_signal(loop, self.stop), contextlib.suppress(asyncio.CancelledError):
                await work
        finally:
            self._cancel = _nothing

    async def _work(self) -> None:
        """Run one Procrastinate worker after the other. When cancelled, it finishes its jobs."""
        while not self._stopping.is_set():
            app = self._app()
            try:
                await app.open_async()
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._concurrency,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=FETCH_EVERY,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED_AFTER,
                    delete_jobs="always",
                )
                log.warning("the worker ended unexpectedly, and restarts")
            except exceptions.ConnectorException as error:
                log.warning("the worker lost the database, and restarts: %s", error.__cause__)
            except psycopg.OperationalError as error:
                log.warning("the worker found no database, and restarts: %s", error)
            finally:
                await app.close_async()
            if not self._stopping.is_set():
                await asyncio.sleep(RESTART_AFTER)

    def _app(self) -> App:
        app = App(connector=PsycopgConnector(conninfo=self._conninfo, min_size=1, max_size=4))
        retry = RetryStrategy(wait=RETRY_AFTER, retry_exceptions=[StoreUnavailableError])
        app.task(name=TASK, queue=QUEUE, retry=retry)(self._perform)
        _add_periodic(app, "take_over", "* * * * * *", partial(_take_over, app.job_manager))
        for periodic_task in (
            PeriodicTask("defer_due", DEFER_EVERY, self._defer_due),
            *self._periodic_tasks,
        ):
            _add_periodic(app, periodic_task.name, periodic_task.cron, partial(_run, periodic_task))
        return app

    def _perform(self, command_id: str) -> None:
        due = self._store.due_command(command_id)
        if due is None:
            return
        early = due.due_at - self._clock()
        if early > EARLY:
            self._store.defer_again(command_id)
            return
        if early > 0:
            time.sleep(early)
        self._performer.perform(due)

    def _defer_due(self) -> None:
        self._store.defer_due(self._clock(), MOST_DEFERRED)


async def _take_over(manager: JobManager, timestamp: int) -> None:
    """Hand the jobs of stalled workers to others."""
    stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER)
    for job in stalled:
        try:
            await manager.retry_job(job)
        except exceptions.UniqueViolation:
            # The command was postponed just before its worker stalled, and has its next job.
            await manager.finish_job(job, Status.ABORTED, delete_job=True)
        log.warning("%s was taken over from a worker that stalled", job.call_string)


def _run(periodic_task: PeriodicTask, timestamp: int) -> None:
    periodic_task.run()


def _add_periodic(app: App, name: str, cron: str, work: Callable[..., object]) -> None:
    name = f"relink.{name}"
    # The lock keeps a second job from waiting beside the first.
    task = app.task(name=name, queue=QUEUE, queueing_lock=name, priority=URGENT)
    app.periodic(cron=cron)(task(work))


@contextlib.contextmanager
def _on_first_signal(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> Iterator[None]:
    """Call something on the first SIGTERM or SIGINT; the next signal has its usual effect."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forget() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    def first() -> None:
        forget()
        act()

    for number in SIGNALS:
        loop.add_signal_handler(number, first)
    try:
        yield
    finally:
        forget()


def conninfo(url: str) -> str:
    """An SQLAlchemy URL as a connection string for libpq."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


def _nothing() -> None:
    """Nothing runs that could be cancelled."""
