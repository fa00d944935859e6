"""Scheduling in one process: a thread that takes what is due, and a few that perform it.

For SQLite, where one process is the whole service. Nothing is kept here that the outbox does not
have: what is not begun when the process ends, or not finished when it is killed, stays due.

A few threads, so that one slow request does not hold up the rest; a command is never in two of
them. When the store can't be written, no attempt is made for a while: its effect would be
repeated for nothing.
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
"""Commands that are performed at once."""

POLL = 0.5
"""Seconds after which the outbox is looked at, if nobody says that there is something new."""

FIRST_PAUSE = 0.5
"""Seconds to wait after the store could not be used. Each further pause is twice as long, …"""

LONGEST_PAUSE = 15.0
"""… up to this many."""

log = logging.getLogger(__name__)


class Loop:
    """Performs the commands of a store as they become due, until it is stopped.

    Args:
        store: where they are. No other process may perform its commands.
        performer: makes the attempts, from several threads at once.
        duties: what else is to be done; each is done first at the start.
        clock: the time (Unix seconds).
        threads: how many commands are performed at once.
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
        """Begin, in threads of its own."""
        self._scheduler.start()

    def wake(self) -> None:
        """Look at the outbox now: something was stored. It can be called from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """Begin nothing more, and wait for the attempts that are being made.

        The timeouts of their requests bound that.
        """
        self._stopping.set()
        self._woken.set()
        if self._scheduler.ident is not None:
            self._scheduler.join()
        self._pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            rest = self._resume_at - time.monotonic()
            if rest > 0:
                self._stopping.wait(rest)
                continue
            try:
                self._begin_what_is_due()
            except Exception as error:
                self._stumbled("looking for what is due", error)
            self._woken.wait(POLL)

    def _begin_what_is_due(self) -> None:
        # StepView before the outbox is read: who is not busy any more has left it by then.
        with self._lock:
            busy = frozenset(self._busy)
        free, now = self._threads - len(busy), self._clock()
        if not free:
            return
        for periodic_task, due_at in self._next.items():
            if free and due_at <= now and periodic_task.name not in busy:
                self._next[periodic_task] = now + periodic_task.every
                self._begin(periodic_task.name, partial(_fulfil, periodic_task))
                free -= 1
        found = self._store.due_commands(now, len(busy) + free) if free else []
        for due in [due for due in found if due.id not in busy][:free]:
            self._begin(due.id, partial(self._performer.perform, due))

    def _begin(self, name: str, work: Callable[[], object]) -> None:
        with self._lock:
            self._busy.add(name)
        self._pool.submit(self._do, name, work)

    def _do(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self._stumbled(name, error)
        else:
            self._pause = 0.0
        finally:
            with self._lock:
                self._busy.discard(name)
            self._woken.set()

    def _stumbled(self, what: str, error: Exception) -> None:
        """Note a failure and wait before anything else is begun, longer each time."""
        if isinstance(error, StoreUnavailableError):
            log.warning("%s: %s", what, error)
        else:
            log.error("%s failed", what, exc_info=error)
        with self._lock:
            if self._resume_at <= time.monotonic():  # others may have failed with it
                self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
                self._resume_at = time.monotonic() + self._pause


def _fulfil(periodic_task: PeriodicTask) -> None:
    """Do it; where it breaks, its interval is pause enough."""
    try:
        periodic_task.run()
    except StoreUnavailableError:
        raise
    except Exception:
        log.exception("%s broke off", periodic_task.name)
