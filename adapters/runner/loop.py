"""Scheduling in one process: one thread takes due commands, and a few perform them.

For SQLite, where one process is the whole service. The outbox is the only state: a command that
was not started when the process ends, or not finished when it is killed, stays due.

Each party that commands are carried out by has threads of its own: Stripe, the embedding service,
and the clock, whose threads also run the periodic tasks. So a party that hangs holds up its own
commands only, and no command is in two threads at once. When the store can't be written, no attempt
is made for a while: without a record of it, its effect would only be repeated.

Intervals and pauses are measured on a monotonic clock. Only due times are times of day.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from relink.adapters.store import Party, Store, StoreUnavailableError

from .performer import Performer
from .periodic import PeriodicTask

THREADS: Mapping[Party, int] = {Party.STRIPE: 4, Party.SERVICE: 4, Party.CLOCK: 3}
"""The number of commands that are performed at once, by who carries them out."""

POLL = 0.5
"""Seconds between looks at the outbox when nobody calls :meth:`Loop.wake`."""

FIRST_PAUSE = 0.5
"""Seconds to pause after the store could not be used. Each further pause is twice as long."""

LONGEST_PAUSE = 5.0
"""The longest pause, in seconds. When the store can be used again, work goes on after it."""

log = logging.getLogger(__name__)


class Loop:
    """Performs the commands of a store as they become due, until it is stopped.

    Args:
        store: holds the commands. No other process may perform them.
        performer: makes the attempts, from several threads at once.
        periodic_tasks: run at the start, and then at their intervals.
        clock: the time (Unix seconds).
        timer: a clock that is never set back (seconds).
        threads: the number of commands that are performed at once, by who carries them out.
    """

    def __init__(
        self,
        store: Store,
        performer: Performer,
        periodic_tasks: Sequence[PeriodicTask] = (),
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        threads: Mapping[Party, int] = THREADS,
    ) -> None:
        self._store = store
        self._performer = performer
        self._clock = clock
        self._timer = timer
        self._next = dict.fromkeys(periodic_tasks, timer())
        self._lanes = {party: _Lane(party, number) for party, number in threads.items()}
        self._scheduler = threading.Thread(target=self._run, name="relink-loop")
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._pause = 0.0
        self._resume_at = 0.0

    def start(self) -> None:
        """Start, in threads of its own. Returns at once.

        Keep the main thread alive until :meth:`stop`: once it ends, Python starts no more work in
        any thread, and the loop ends with an error in the log.
        """
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
        for lane in self._lanes.values():
            lane.pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            pause = self._resume_at - time.monotonic()
            if pause > 0:
                self._stopping.wait(pause)
                continue
            try:
                self._start_tasks(self._lanes[Party.CLOCK])
                for lane in self._lanes.values():
                    self._start_due(lane)
            except Exception as error:
                # The pools are shut down by :meth:`stop` when this thread is done, or by Python.
                if isinstance(error, RuntimeError) and "shutdown" in str(error):
                    log.error(
                        "the loop ends: the main thread has ended, so Python starts no more work. "
                        "Keep the main thread alive until Loop.stop()"
                    )
                    return
                self._pause_after("looking for due commands", error)
            self._woken.wait(POLL)

    def _start_tasks(self, lane: "_Lane") -> None:
        now = self._timer()
        for periodic_task, next_at in self._next.items():
            # The first thread is for timers.
            if next_at <= now and lane.free > 1 and periodic_task.name not in lane.busy:
                self._next[periodic_task] = now + periodic_task.every
                self._start(lane, periodic_task.name, partial(_run_task, periodic_task))

    def _start_due(self, lane: "_Lane") -> None:
        # Before the outbox is read: a command that is no longer busy has left the outbox by then.
        busy = lane.busy
        free = lane.threads - len(busy)
        if free <= 0:
            return
        found = self._store.due_commands(self._clock(), len(busy) + free, lane.party)
        for due in [due for due in found if due.id not in busy][:free]:
            self._start(lane, due.id, partial(self._performer.perform, due))

    def _start(self, lane: "_Lane", name: str, work: Callable[[], object]) -> None:
        lane.add(name)
        lane.pool.submit(self._do, lane, name, work)

    def _do(self, lane: "_Lane", name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self._pause_after(name, error)
        else:
            self._pause = 0.0
        finally:
            lane.remove(name)
            self._woken.set()

    def _pause_after(self, what: str, error: Exception) -> None:
        """Log a failure, and pause before anything else starts, longer each time."""
        if isinstance(error, StoreUnavailableError):
            log.warning("%s has to wait for the database: %s", what, error)
        else:
            log.error("%s failed", what, exc_info=error)
        with self._lock:
            if self._resume_at <= time.monotonic():  # others may have failed at the same time
                self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
                self._resume_at = time.monotonic() + self._pause


class _Lane:
    """The threads for one party's commands, and what they are busy with."""

    def __init__(self, party: Party, threads: int) -> None:
        self.party = party
        self.threads = threads
        self.pool = ThreadPoolExecutor(threads, f"relink-{party.value}")
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    @property
    def busy(self) -> frozenset[str]:
        """The ids of the commands, and the names of the tasks, that are under way."""
        with self._lock:
            return frozenset(self._busy)

    @property
    def free(self) -> int:
        """The number of threads that have nothing to do."""
        return self.threads - len(self.busy)

    def add(self, name: str) -> None:
        with self._lock:
            self._busy.add(name)

    def remove(self, name: str) -> None:
        with self._lock:
            self._busy.discard(name)


def _run_task(periodic_task: PeriodicTask) -> None:
    """Run a task. After a failure of its own, its interval is pause enough."""
    try:
        periodic_task.run()
    except StoreUnavailableError:
        raise
    except Exception:
        log.exception("the periodic task %s failed", periodic_task.name)
