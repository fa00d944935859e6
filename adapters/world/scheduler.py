"""One thing at a time: tasks of which exactly one runs, and a loop that says which.

relink's service code is synchronous. It waits where it calls a port: the store, Stripe, the
embedding service, or a sleep. In production several threads do so at once. Here several threads
hand one baton to each other: whoever has it runs, all others stand still. So the order in which
tasks go on is the loop's to choose, and no timing of the machine has any influence.

The thread that has the baton *leads*: it runs the loop, and begins tasks within it. When a task
pauses, its thread keeps it, and another thread leads. When the loop lets the task go on, its thread
gets the baton back, and leads again once the task is over. So only tasks that pause cost a switch
of threads, and most do not.

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

    __slots__ = ("name", "on_end", "thread", "wake_at", "work")

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
        self.thread: _Thread | None = None
        """The thread that keeps it, once it began."""


class Scheduler:
    """Runs tasks, one at a time. Make and close it in one thread."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        """Those that are not over, in the order in which they were added."""
        self.current: Task | None = None
        """The one that runs; None while the loop does."""
        self._step: Callable[[], bool] = bool
        self._main = _baton()
        self._idle: list[_Thread] = []
        self._leader: _Thread | None = None
        self._killer: threading.Lock | None = None
        self._error: BaseException | None = None
        self._is_led = False
        self._is_closed = False

    def run(self, step: Callable[[], bool]) -> None:
        """Repeat a step until it returns False; a step may let one task go on.

        Whatever it raises is raised here.
        """
        self._step = step
        self._is_led = True
        try:
            self._next_leader()
            self._main.acquire()
        except BaseException:  # a signal: the leader has to stop first
            self._step = bool
            while self._is_led:
                self._main.acquire(timeout=0.1)
            raise
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def add(self, task: Task) -> None:
        """Add a task. It begins when the loop lets it go on for the first time."""
        self.tasks.append(task)

    def go_on(self, task: Task) -> None:
        """Let a task begin or go on, from within a step. It runs until it pauses or is over."""
        thread = self._leader
        assert thread is not None, "a step has a thread"
        self.current = task
        if task.thread is None:
            task.thread = thread
            self._carry_out(task)
        else:
            self._idle.append(thread)
            self._leader = task.thread
            task.thread.baton.release()
            thread.baton.acquire()

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
        self.current = None
        self._next_leader()
        task.thread.baton.acquire()
        self.refuse_if_killed()

    def refuse_if_killed(self) -> None:
        """Let nothing happen in a process that was killed.

        Raises:
            Crash: it was.
        """
        if self._killer is not None:
            raise Crash

    def ready(self, now: float) -> list[Task]:
        """The tasks that may begin or go on now (Unix seconds)."""
        return [task for task in self.tasks if task.wake_at <= now]

    @property
    def next_at(self) -> float:
        """When the next task may go on (Unix seconds)."""
        return min((task.wake_at for task in self.tasks), default=float("inf"))

    def kill_all(self) -> None:
        """End every task where it stands, from the loop or from the thread that runs it."""
        if self._killer is not None:
            return  # the end of a task says so too, and whoever began it goes on
        own = self._leader.baton if self._leader else self._main
        leader = self._leader
        self._killer = own
        try:
            while self.tasks:
                task = self.tasks[0]
                if task.thread is None:
                    self.tasks.remove(task)
                    task.on_end(Crash())
                    continue
                self.current = task
                task.thread.baton.release()
                own.acquire()
        finally:
            self._killer = None
            self._leader = leader

    def close(self) -> None:
        """End all tasks, and all threads."""
        self.kill_all()
        self._is_closed = True
        for thread in self._idle:
            thread.baton.release()
            thread.join()
        self._idle.clear()

    def lead(self, thread: "_Thread") -> None:
        """Run the loop in a thread that just got the baton, until all is over."""
        while not self._is_closed:
            try:
                is_over = not self._step()
            except BaseException as error:
                self._error, is_over = error, True
            if is_over:
                self._idle.append(thread)
                self._leader, self._is_led = None, False
                self._main.release()
                thread.baton.acquire()

    def _carry_out(self, task: Task) -> None:
        error: BaseException | None = None
        try:
            task.work()
        except BaseException as found:
            error = found
        self.current = None
        self.tasks.remove(task)
        killer = self._killer
        if killer is not None:
            task.on_end(error)
            thread = task.thread
            assert thread is not None, "a task that ends has a thread"
            self._idle.append(thread)
            killer.release()
            thread.baton.acquire()
        else:
            task.on_end(error)

    def _next_leader(self) -> None:
        thread = self._idle.pop() if self._idle else _Thread(self)
        self._leader = thread
        thread.baton.release()


class _Thread(threading.Thread):
    """A thread that leads whenever it has the baton, unless it keeps a task."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(name="relink-world", daemon=True)
        self.baton = _baton()
        self._scheduler = scheduler
        self.start()

    def run(self) -> None:
        self.baton.acquire()
        self._scheduler.lead(self)


def _baton() -> threading.Lock:
    """A lock that somebody else has to release."""
    lock = threading.Lock()
    lock.acquire()
    return lock
