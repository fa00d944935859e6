"""One thing at a time: tasks of which exactly one runs, and a seed that says which.

relink's service code is synchronous. It waits where it calls a port: the store, Stripe, the
embedding service, or a sleep. In production several threads do so at once. Here each piece of work
is a :class:`Task` with a thread of its own, and the threads hand one baton to each other: whoever
has it runs, all others stand still. A task passes the baton on only in :meth:`Scheduler.pause`,
which the ports of the world call. So the order in which tasks go on is drawn from the seed, and no
timing of the machine has any influence.

A crash is an exception that nothing catches, since it is no ``Exception``: :class:`Crash` is
raised in the task that runs, and then in every other one, wherever it stands.
"""

import threading
from collections.abc import Callable


class Crash(BaseException):
    """The process was killed here."""


class Task:
    """A piece of work that can stand still.

    Args:
        name: what it does, for the story.
        work: what it does.
        on_end: called when it is over, with the exception that ended it, or None.
    """

    __slots__ = ("error", "is_over", "name", "on_end", "thread", "wake_at", "work")

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        on_end: Callable[[BaseException | None], None],
    ) -> None:
        self.name = name
        self.work = work
        self.on_end = on_end
        self.wake_at = float("-inf")
        """When it may go on (Unix seconds)."""
        self.is_over = False
        self.error: BaseException | None = None
        self.thread: _Thread | None = None


class Scheduler:
    """Runs tasks, one at a time. Use it from one thread."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        """Those that are not over, in the order in which they began."""
        self.current: Task | None = None
        """The one that runs; None while the world itself does."""
        self._back = threading.Lock()
        self._back.acquire()
        self._idle: list[_Thread] = []
        self._is_killing = False

    def start(self, task: Task) -> None:
        """Start a task, and let it run until it pauses or is over."""
        self.tasks.append(task)
        task.thread = self._idle.pop() if self._idle else _Thread(self._back)
        task.thread.task = task
        self.resume(task)

    def resume(self, task: Task) -> None:
        """Let a task go on until it pauses or is over."""
        thread = task.thread
        assert thread is not None, "a task that began has a thread"
        self.current = task
        thread.baton.release()
        self._back.acquire()
        self.current = None
        if task.is_over:
            self.tasks.remove(task)
            self._idle.append(thread)
            task.thread = None
            task.on_end(task.error)

    def pause(self, until: float = float("-inf")) -> None:
        """Let others go on; within a task.

        Args:
            until: when the task may go on (Unix seconds).

        Raises:
            Crash: the process was killed meanwhile.
        """
        task = self.current
        assert task is not None, "only a task can pause"
        assert task.thread is not None, "a task that runs has a thread"
        self.refuse_if_killed()
        task.wake_at = until
        self._back.release()
        task.thread.baton.acquire()
        self.refuse_if_killed()

    def refuse_if_killed(self) -> None:
        """Let nothing happen in a process that was killed.

        Raises:
            Crash: it was.
        """
        if self._is_killing:
            raise Crash

    def ready(self, now: float) -> list[Task]:
        """The tasks that may go on now (Unix seconds)."""
        return [task for task in self.tasks if task.wake_at <= now]

    @property
    def next_at(self) -> float:
        """When the next task may go on (Unix seconds)."""
        return min((task.wake_at for task in self.tasks), default=float("inf"))

    def kill_all(self) -> None:
        """End every task where it stands."""
        self._is_killing = True
        try:
            while self.tasks:
                self.resume(self.tasks[0])
        finally:
            self._is_killing = False

    def close(self) -> None:
        """End all tasks, and all threads."""
        self.kill_all()
        for thread in self._idle:
            thread.end()
        self._idle.clear()


class _Thread:
    """A thread that carries out one task after the other, whenever it has the baton."""

    def __init__(self, back: threading.Lock) -> None:
        self.baton = threading.Lock()
        self.baton.acquire()
        self.task: Task | None = None
        self._back = back
        self._thread = threading.Thread(target=self._run, name="relink-world", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            self.baton.acquire()
            task = self.task
            if task is None:
                return
            try:
                task.work()
            except BaseException as error:
                task.error = error
            task.is_over = True
            self.task = None
            self._back.release()

    def end(self) -> None:
        """End the thread, which has no task."""
        self.baton.release()
        self._thread.join()
