"""Signals that end a subcommand the normal way: everything is closed, and the exit status is 0.

A supervisor stops a process with SIGTERM, and a person with Ctrl-C (SIGINT). Left to themselves,
the first kills a process before it has closed anything, and is not heeded at all by a container's
first process. Here both unwind the process from the moment at which it starts, also while it waits
for something.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Whether the process was asked to stop."""

    def __init__(self) -> None:
        self._is_requested = False

    def check(self) -> None:
        """Stop here if that was asked for, and the exception got lost in code of others.

        Raises:
            SystemExit: with status 0.
        """
        if self._is_requested:
            raise SystemExit(0)

    def request(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal.

        Once the process is stopping, another SIGTERM changes nothing, and another Ctrl-C ends it at
        once. Nothing is lost by that: what was not finished stays due.

        Raises:
            SystemExit: with status 0, the first time.
        """
        if not self._is_requested:
            self._is_requested = True
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            raise SystemExit(0)


@contextmanager
def ended_by_signals() -> Iterator[Stopping]:
    """Have SIGTERM and SIGINT raise ``SystemExit(0)`` in what runs inside, in the main thread."""
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = {number: signal.signal(number, stopping.request) for number in SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
