"""Signals end a command in the normal way: what it opened is closed, and it has an exit status.

A supervisor stops a process with SIGTERM, and a person with Ctrl-C (SIGINT). Left to itself, the
first kills a process before it has closed anything, and the first process of a container does not
heed it at all. Here both unwind the process from the moment at which it starts, also while it waits
for something. A server that runs takes the signals over, and finishes its requests first.
"""

import os
import signal
import sys
import threading
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 0.05
"""Seconds after which a signal is sent again whose exception got lost."""


class Stopped(SystemExit):
    """A signal came. Event loops let it pass, as they do with Ctrl-C."""


@contextmanager
def ended_by_signals(status: int, *signals: signal.Signals) -> Iterator[None]:
    """Have signals raise :class:`Stopped` in what runs inside, in the main thread.

    Only the first one counts: a process that is stopping is left to finish. Another Ctrl-C ends it
    at once. Nothing is lost by that: what was not finished stays due. Where the exception was
    caught on its way, the process is not stopping, and the next signal counts.

    What the signal interrupts can turn :class:`Stopped` into an error of its own, as pydantic does
    while it builds a validator. Such an error is the stop. An error of closing what was open is
    raised as it is.

    Args:
        status: the exit status.
        signals: those that end it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: int | None = None
    raised: weakref.ref[Stopped] | None = None

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal came, raised
        # It lives as long as it is on its way.
        if raised is not None and raised() is not None:
            return
        came = number
        if signal.SIGINT in signals:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        # It can come between the making of a coroutine and its start.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        stopped = Stopped(status)
        raised = weakref.ref(stopped)
        try:
            raise stopped
        finally:
            del stopped  # its traceback holds this frame

    def lost(what: "sys.UnraisableHookArgs") -> None:
        """Python ignores what is raised in a callback of the garbage collector, for one."""
        if not isinstance(what.exc_value, Stopped):
            sys.__unraisablehook__(what)
            return
        threading.Timer(AGAIN, os.kill, (os.getpid(), came)).start()

    before = {number: signal.signal(number, stop) for number in signals}
    sys.unraisablehook = lost
    try:
        yield
    except Exception as error:
        if came is not None and not _raised_while_stopping(error):
            raise Stopped(status) from None
        raise
    finally:
        sys.unraisablehook = sys.__unraisablehook__
        for number, handler in before.items():
            signal.signal(number, handler)


def _raised_while_stopping(error: BaseException) -> bool:
    """Whether :class:`Stopped` was on its way up when the error was raised."""
    before = error.__context__
    return before is not None and (isinstance(before, Stopped) or _raised_while_stopping(before))
