"""Signals that end a subcommand the normal way: everything is closed, and the exit status is 0.

A supervisor stops a process with SIGTERM, and a person with Ctrl-C (SIGINT). Left to themselves,
the first kills a process before it has closed anything, and is not heeded at all by a container's
first process. Here both unwind the process from the moment at which it starts, also while it waits
for something.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Stopping:
    """Whether the process was asked to stop."""

    is_requested = False


def stop_if_requested() -> None:
    """Stop here if a signal came, and its exception got lost in the code that it interrupted.

    Raises:
        SystemExit: with status 0.
    """
    if _Stopping.is_requested:
        raise SystemExit(0)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have SIGTERM and SIGINT raise ``SystemExit(0)`` in what runs inside, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        _Stopping.is_requested = False
        sys.unraisablehook = sys.__unraisablehook__
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Stop, the first time.

    Once the process is stopping, another SIGTERM changes nothing, and another Ctrl-C ends it at
    once. Nothing is lost by that: what was not finished stays due.
    """
    if not _Stopping.is_requested:
        _Stopping.is_requested = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.unraisablehook = _report_unless_stopping
        raise SystemExit(0)


def _report_unless_stopping(lost: "sys.UnraisableHookArgs") -> None:
    """Report an exception that got lost, except the one that :func:`stop_if_requested` repeats."""
    if not isinstance(lost.exc_value, SystemExit):
        sys.__unraisablehook__(lost)
