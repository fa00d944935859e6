"""Scheduling in many processes, on PostgreSQL: Procrastinate workers.

A job stands for a command of the outbox, and holds its id and nothing else. The store defers the
job in the transaction that adds the command, and again for each new due time that is near; for
later ones, a sweep defers it as they come near. Procrastinate fetches jobs, wakes workers, runs
several jobs at once, and finds stalled workers.

Each party that commands are carried out by has a queue, and a Procrastinate worker in each process:
Stripe, the embedding service, and the clock. So a party that hangs holds up its own commands only.

Periodic tasks are no jobs: Procrastinate schedules them by the time of day, so a clock that is set
back stops them. Here each worker looks for its turn (:mod:`.turns`) at intervals of a monotonic
clock. relink adds two tasks of its own:

- Jobs of a worker without a heartbeat are handed to other workers.
- Commands that come due and have no job get one. That also covers lost jobs: the outbox is the
  source of truth.

When the database goes down, Procrastinate's workers end, and so they do when they cannot note the
end of a job (:mod:`.noted_ends`). Here others are started until they stay up.
"""

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.manager import JobManager
from procrastinate.worker import Worker as QueueWorker
from psycopg_pool import AsyncConnectionPool

from relink.adapters.store import Party, SqlStore, StoreUnavailableError
from relink.adapters.store.location import PostgresLocation
from relink.adapters.store.postgres.connection import QueueConnection, queue_connection
from relink.adapters.store.postgres.jobs import QUEUES, TASK
from relink.adapters.store.translation import translated

from .noted_ends import NotedEnds
from .performer import Performer
from .periodic import PeriodicTask
from .side_by_side import until_one_ends
from .turns import Turns

CONCURRENCY = 10
"""The number of Stripe commands that a worker performs at once, and of notifications. They mostly
wait."""

TIMERS = 2
"""The number of timers that a worker handles at once. They wait for nobody."""

HEARTBEAT = 1.0
"""Seconds between heartbeats."""

STALLED_AFTER = 5.0
"""Seconds without a heartbeat after which a worker's jobs go to others."""

FETCH_EVERY = 1.0
"""Seconds between looks for jobs without a notification: those whose time has come, and those that
were handed over from other workers."""

TAKE_OVER_EVERY = 1.0
"""Seconds between looks for stalled workers."""

DEFER_EVERY = 15.0
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

RARELY = "0 0 29 2 *"
"""A cron expression."""

CONNECTIONS = 8
"""Connections that the workers of a process keep to the queue at most, beside those of the store.
One more for each of them waits for notifications."""

CLOSE_WITHIN = 5.0
"""Seconds for the queue's connections to be given back when the workers end."""

SPARE = 4
"""Additional threads for asyncio itself, such as for looking up a host."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


class Worker:
    """Performs commands of a store, beside other workers.

    Args:
        store: holds the commands, on PostgreSQL.
        performer: makes the attempts, from several threads at once.
        periodic_tasks: each runs in one of the workers, at its interval.
        concurrency: the number of Stripe commands that are performed at once, and of
            notifications.
        clock: the time (Unix seconds).
    """

    def __init__(
        self,
        store: SqlStore,
        performer: Performer,
        periodic_tasks: Sequence[PeriodicTask] = (),
        concurrency: int = CONCURRENCY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        assert isinstance(store.location, PostgresLocation), "only PostgreSQL has workers"
        self._location = store.location
        self._store = store
        self._turns = Turns(store.engine)
        self._performer = performer
        self._periodic_tasks = periodic_tasks
        self._concurrency = {
            Party.STRIPE: concurrency,
            Party.SERVICE: concurrency,
            Party.CLOCK: TIMERS,
        }
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
        threads = sum(self._concurrency.values()) + len(self._periodic_tasks) + SPARE
        loop.set_default_executor(ThreadPoolExecutor(threads, "relink-attempt"))
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
        """Run Procrastinate's workers, again each time they end. When cancelled, they finish their
        jobs."""
        while not self._stopping.is_set():
            try:
                await self._work_once()
                log.warning("the worker ended unexpectedly, and restarts")
            except Exception as error:
                # Whatever it is, another worker may do better.
                _log_end(error)
            if not self._stopping.is_set():
                await asyncio.sleep(RESTART_AFTER)

    async def _work_once(self) -> None:
        """Run Procrastinate's workers until one of them ends."""
        app, pool = self._app(), self._pool()
        app.job_manager = ends = NotedEnds(app.connector)
        try:
            await pool.open(wait=True, timeout=self._location.timeout)
            await app.open_async(pool)
            async with pool.connection() as connection:
                listens = not connection.is_pooled
            log.info("the worker takes commands")
            sweep = PeriodicTask("defer_due", DEFER_EVERY, self._defer_due)
            await until_one_ends(
                [self._queue_worker(app, party, listens) for party in Party],
                [
                    *map(self._repeat, (*self._periodic_tasks, sweep)),
                    self._take_over(ends),
                    ends.wait_for_missed(),
                ],
            )
        finally:
            await pool.close(timeout=CLOSE_WITHIN)

    def _pool(self) -> "AsyncConnectionPool[QueueConnection]":
        """Connections to the queue. None is opened yet."""
        return AsyncConnectionPool(
            connection_class=queue_connection(self._location),
            min_size=1,
            max_size=CONNECTIONS,
            open=False,
            timeout=self._location.timeout,
            reconnect_timeout=self._location.timeout,
            check=AsyncConnectionPool.check_connection,
        )

    def _queue_worker(self, app: App, party: Party, listens: bool) -> QueueWorker:
        return QueueWorker(
            app,
            listen_notify=listens,
            queues=[QUEUES[party]],
            name=party.value,
            concurrency=self._concurrency[party],
            install_signal_handlers=False,
            fetch_job_polling_interval=FETCH_EVERY,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED_AFTER,
            delete_jobs="always",
        )

    def _app(self) -> App:
        app = App(connector=PsycopgConnector())
        retry = RetryStrategy(wait=RETRY_AFTER, retry_exceptions=[StoreUnavailableError])
        app.task(name=TASK, retry=retry)(self._perform)
        # Without any periodic task, a part of Procrastinate's worker ends at once, and nobody
        # notices any more when the others fail.
        app.periodic(cron=RARELY)(app.task(name="relink.nothing")(_nothing_at))
        return app

    async def _repeat(self, task: PeriodicTask) -> None:
        """Run a periodic task at its intervals, whenever it is this worker's turn."""
        while True:
            try:
                wait = await asyncio.to_thread(self._turns.take, task.name, task.every)
                if not wait:
                    wait = task.every
                    await asyncio.to_thread(task.run)
            except StoreUnavailableError as error:
                log.warning("the periodic task %s waits for the database: %s", task.name, error)
                wait = RETRY_AFTER
            except Exception:
                log.exception("the periodic task %s failed", task.name)
                wait = task.every
            await asyncio.sleep(wait)

    async def _take_over(self, manager: JobManager) -> None:
        """Hand the jobs of stalled workers to others."""
        while True:
            await asyncio.sleep(TAKE_OVER_EVERY)
            try:
                if await asyncio.to_thread(self._turns.take, "take_over", TAKE_OVER_EVERY):
                    continue
            except StoreUnavailableError:
                continue  # the workers themselves notice, and restart
            for queue in QUEUES.values():
                await _take_over(manager, queue)

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


async def _take_over(manager: JobManager, queue: str) -> None:
    stalled = await manager.get_stalled_jobs(queue=queue, seconds_since_heartbeat=STALLED_AFTER)
    for job in stalled:
        await manager.retry_job(job)
        log.warning("%s was taken over from a worker that stalled", job.call_string)


def _nothing_at(timestamp: int) -> None:
    """Nothing to do."""


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


def _log_end(error: Exception) -> None:
    """Say why the workers ended, in words of operators where it is the database."""
    found = translated(error.__cause__ if error.__cause__ else error)
    if isinstance(found, StoreUnavailableError):
        log.warning("the worker lost the database, and restarts: %s", found.advice)
    else:
        log.error("the worker ended, and restarts", exc_info=error)


def _nothing() -> None:
    """Nothing runs that could be cancelled."""
