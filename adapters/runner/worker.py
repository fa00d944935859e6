"""Scheduling in many processes, on PostgreSQL: a worker of Procrastinate's.

A job stands for a command of the outbox, and carries its id and nothing else. The store defers
it in the transaction that asks for the command, and again for each new due time that is near;
for those that are far, a sweep does so as they come near. Fetching, waking, concurrency, and
finding out who died are Procrastinate's; what it needs from us is the task, and what is to be
done every few seconds:

- The jobs of a worker whose heart stopped are handed to the others.
- Commands that come due and have no job get one. That covers also what went wrong with a job
  itself: the outbox is the truth.

When the database goes away, a worker of Procrastinate's ends. Here it is begun anew until it
stays.
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
from relink.adapters.store.jobs import QUEUE, TASK

from .performer import Performer
from .periodic import PeriodicTask

CONCURRENCY = 10
"""Commands that a worker performs at once. They mostly wait for Stripe."""

HEARTBEAT = 1.0
"""Seconds."""

STALLED_AFTER = 5.0
"""Seconds without a heartbeat after which a worker's jobs go to others."""

FETCH_EVERY = 1.0
"""Seconds after which a worker looks for jobs that nobody told it of: those whose time has come,
and those of others that were handed back."""

DEFER_EVERY = 15
"""Seconds between the sweeps that make jobs of what comes due."""

MOST_DEFERRED = 5000
"""Jobs that one sweep makes."""

RETRY_AFTER = 5
"""Seconds until a job is tried again for which the database was away."""

RESTART_AFTER = 1.0
"""Seconds until another worker is begun after one that ended."""

EARLY = 1.0
"""Seconds that a job may come before its command is due, since clocks differ. One that is
earlier is left over from before the command was postponed."""

URGENT = 10
"""The priority of what is to be done again and again: it must not wait for all commands."""

SPARE = 4
"""Threads for what asyncio itself needs some for, such as looking up a host."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


class Worker:
    """Performs commands of a store, beside other workers.

    Args:
        url: the database, as an SQLAlchemy URL.
        store: the same database, opened.
        performer: makes the attempts, from several threads at once.
        duties: what else is to be done, by one of the workers.
        concurrency: how many commands are performed at once.
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

        Then nothing more is begun, and the attempts that are being made are finished; the
        timeouts of their requests bound that. Its heart has stopped by then: what takes long,
        other workers begin again meanwhile, to no harm. A second signal ends the process at
        once, and other workers do what was left.
        """
        asyncio.run(self._run())

    def stop(self) -> None:
        """Have :meth:`run` come to its end. It can be called from any thread."""
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
        """Run one worker of Procrastinate's after the other. Cancelled, it finishes its jobs."""
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
                log.warning("the worker came to an end, and begins anew")
            except exceptions.ConnectorException as error:
                log.warning("the worker lost the database, and begins anew: %s", error.__cause__)
            except psycopg.OperationalError as error:
                log.warning("the worker found no database, and begins anew: %s", error)
            finally:
                await app.close_async()
            if not self._stopping.is_set():
                await asyncio.sleep(RESTART_AFTER)

    def _app(self) -> App:
        app = App(connector=PsycopgConnector(conninfo=self._conninfo, min_size=1, max_size=4))
        again = RetryStrategy(wait=RETRY_AFTER, retry_exceptions=[StoreUnavailableError])
        app.task(name=TASK, queue=QUEUE, retry=again)(self._perform)
        _do_again(app, "take_over", "* * * * * *", partial(_take_over, app.job_manager))
        for periodic_task in (
            PeriodicTask("defer_due", DEFER_EVERY, self._defer_due),
            *self._periodic_tasks,
        ):
            _do_again(app, periodic_task.name, periodic_task.cron, partial(_fulfil, periodic_task))
        return app

    def _perform(self, command_id: str) -> None:
        due = self._store.due_command(command_id)
        if due is not None and due.due_at <= self._clock() + EARLY:
            self._performer.perform(due)

    def _defer_due(self) -> None:
        self._store.defer_due(self._clock(), MOST_DEFERRED)


async def _take_over(manager: JobManager, timestamp: int) -> None:
    """Have the jobs of stalled workers done by others."""
    stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER)
    for job in stalled:
        try:
            await manager.retry_job(job)
        except exceptions.UniqueViolation:
            # It was postponed just before its worker stalled, and has the next job already.
            await manager.finish_job(job, Status.ABORTED, delete_job=True)
        log.warning("%s was taken over from a worker that stalled", job.call_string)


def _fulfil(periodic_task: PeriodicTask, timestamp: int) -> None:
    periodic_task.run()


def _do_again(app: App, name: str, cron: str, work: Callable[..., object]) -> None:
    name = f"relink.{name}"
    # The lock keeps a second job from waiting beside the first.
    task = app.task(name=name, queue=QUEUE, queueing_lock=name, priority=URGENT)
    app.periodic(cron=cron)(task(work))


@contextlib.contextmanager
def _on_first_signal(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> Iterator[None]:
    """Do something when SIGTERM or SIGINT first comes; the next one does what it always does."""
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
    """The database as libpq takes it, from an SQLAlchemy URL."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


def _nothing() -> None:
    """There is nothing to cancel."""
