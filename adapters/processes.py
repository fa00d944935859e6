"""Processes that work side by side, and end with the one that started them.

Two things leave processes behind, or let each print a traceback of its own: Ctrl-C in a terminal,
which interrupts all processes of a command at once, and a first process that is killed before it
could end the others. So none of these is interrupted, from its first instruction on, and each ends
by itself once the first one is gone, whatever ended that.
"""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.context import SpawnContext
from threading import Thread
from typing import ParamSpec, Self, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

SPAWN: SpawnContext = get_context("spawn")
"""How they start: afresh. A process that is forked off could share locks and connections."""


class ProcessEndedError(Exception):
    """A process ended before it gave its answer."""

    def __init__(self) -> None:
        super().__init__(
            "one of the processes that share the work was killed, maybe because the machine ran "
            "out of memory. Use fewer of them (--jobs)"
        )


class Processes:
    """A number of processes, which take what is submitted in its order.

    Leaving the ``with`` block ends them, whatever they are doing.

    Args:
        count: How many.
        begin: Called first in each of them.
        arguments: What ``begin`` gets; queues of :data:`SPAWN` may be among it.
    """

    def __init__(
        self,
        count: int,
        begin: Callable[..., object] | None = None,
        arguments: tuple[object, ...] = (),
    ) -> None:
        self._others = set(active_children())
        self._pool = ProcessPoolExecutor(count, SPAWN, _begin, (begin, arguments))

    def __enter__(self) -> Self:
        """Nothing starts before something is submitted."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, also one that is stopped and would not heed a request."""
        for process in set(active_children()) - self._others:
            process.kill()
        self._pool.shutdown(cancel_futures=True)

    def submit(
        self, function: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Answer]:
        """Have a function called in one of the processes.

        Args:
            function: A function of a module; it and all that it gets can be pickled.
            args: What it gets.
            kwargs: What it gets by name.

        Returns:
            What :func:`answer` takes.

        Raises:
            ProcessEndedError: one of the processes has ended.
        """
        with _without_interrupts(), _explained():
            return self._pool.submit(function, *args, **kwargs)


def answer(future: Future[Answer]) -> Answer:
    """Wait for what a function returned, in a process.

    Raises:
        ProcessEndedError: one of the processes ended before.
        Exception: whatever the function raised.
    """
    with _explained():
        return future.result()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise ProcessEndedError from None


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What starts within is never interrupted: a process inherits which signals are blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(begin: Callable[..., object] | None, arguments: tuple[object, ...]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*arguments)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # the thread that works may wait for the parent, and would wait for ever
