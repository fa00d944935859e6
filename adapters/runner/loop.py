"""Scheduling in one process: one thread takes due commands, and a few perform them.

For SQLite, where one process is the whole service. The outbox is the only state: a command that
was not started when the process ends, or not finished when it is killed, stays due.

Several threads perform commands, so one slow request does not hold up the rest; no command is in
two of them at once. When the store can't be written, no attempt is made for a while: without a
record of it, its effect would only be repeated.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from relink.adapters.store import Store, StoreUnavailableError

from .performer import Performer
from .periodic import PeriodicTask

THREADS = 4
"""The number of commands that are performed at once."""

POLL = 0.5
"""Seconds between looks at the outbox when nobody calls :meth:`Loop.wake`."""

FIRST_PAUSE = 0.5
"""Seconds to pause after the store could not be used. Each further pause is twice as long."""

LONGEST_PAUSE = 15.0
"""The longest pause, in seconds."""

log = logging.getLogger(__name__)


class Loop:
    """Performs the commands of a store as they become due, until it is stopped.

    Args:
        store: holds the commands. No other process may perform them.
        performer: makes the attempts, from several threads at once.
        periodic_tasks: run at the start, and then at their intervals.
        clock: the time (Unix seconds).
        threads: the number of commands that are performed at once.
    """

    def __init__(
        self,
        store: Store,
        performer: Performer,
        periodic_tasks: Sequence[PeriodicTask] = (),
        clock: Callable[[], float] = time.time,
        threads: int = THREADS,
    ) -> None:
        self._store = store
        self._performer = performer
        self._clock = clock
        self._threads = threads
        self._next = dict.fromkeys(periodic_tasks, clock())
        self._pool = ThreadPoolExecutor(threads, "relink-attempt")
        self._scheduler = threading.Thread(target=self._run, name="relink-loop")
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._pause = 0.0
        self._resume_at = 0.0

    def start(self) -> None:
        """Start, in threads of its own."""
        self._scheduler.start()

    def wake(self) -> None:
        """Look at the outbox now, since commands were added. Safe to call from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """Start nothing more, and wait for the attempts that are under way.

        The timeouts of their requests bound the wait.
        """
        self._stopping.set()
        self._woken.set()
        if self._scheduler.ident is not None:
            self._scheduler.join()
        self._pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            pause = self._resume_at - time.monotonic()
            if pause > 0:
                self._stopping.wait(pause)
                continue
            try:
                self._start_due()
            except Exception as error:
                self._pause_after("looking for due commands", error)
            self._woken.wait(POLL)

    def _start_due(self) -> None:
        # Before the outbox is read: a command that is no longer busy has left the outbox by then.
        with self._lock:
            busy = frozenset(self._busy)
        free, now = self._threads - len(busy), self._clock()
        if not free:
            return
        for periodic_task, due_at in self._next.items():
            if free and due_at <= now and periodic_task.name not in busy:
                self._next[periodic_task] = now + periodic_task.every
                self._start(periodic_task.name, partial(_run_task, periodic_task))
                free -= 1
        found = self._store.due_commands(now, len(busy) + free) if free else []
        for due in [due for due in found if due.id not in busy][:free]:
            self._start(due.id, partial(self._performer.perform, due))

    def _start(self, name: str, work: Callable[[], object]) -> None:
        with self._lock:
            self._busy.add(name)
        self._pool.submit(self._do, name, work)

    def _do(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self._pause_after(name, error)
        else:
            self._pause = 0.0
        finally:
            with self._lock:
                self._busy.discard(name)
            self._woken.set()

    def _pause_after(self, what: str, error: Exception) -> None:
        """Log a failure, and pause before anything else starts, longer each time."""
        if isinstance(error, StoreUnavailableError):
            log.warning("%s: %s", what, error)
        else:
            log.error("%s failed", what, exc_info=error)
        with self._lock:
            if self._resume_at <= time.monotonic():  # others may have failed at the same time
                self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
                self._resume_at = time.monotonic() + self._pause


def _run_task(periodic_task: PeriodicTask) -> None:
    """Run a task. After a failure of its own, its interval is pause enough."""
    try:
        periodic_task.run()
    except StoreUnavailableError:
        raise
    except Exception:
        log.exception("the periodic task %s failed", periodic_task.name)
