"""A child for each request: whatever a change does, it ends with it."""

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

Request = dict[str, Any]
Answer = dict[str, Any]
End = Callable[[Answer], NoReturn]
"""Ends the child with its answer."""

LARGEST = 8 << 30
"""Bytes of address space for a child: a change may make a list grow without end."""


def fork(act: Callable[[End], None]) -> Answer:
    """Run a function in a child; it ends by giving its answer to the function that it gets."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        os.setpgid(0, 0)
        began = time.process_time()

        def end(answer: Answer) -> NoReturn:
            answer["seconds"] = round(time.process_time() - began, 3)
            with os.fdopen(theirs, "w") as pipe:
                json.dump(answer, pipe)
            os._exit(0)

        try:
            sys.dont_write_bytecode = True
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST))
            act(end)
        except BaseException as error:
            end({"outcome": "error", "by": f"outside of a test: {error!r}"})
        os._exit(1)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        written = pipe.read()
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what a test has started and left
    os.waitpid(child, 0)
    if not written:
        return {"outcome": "killed", "by": "the process died", "seconds": 0}
    answer: Answer = json.loads(written)
    return answer


@contextmanager
def changed_file(request: Request) -> Iterator[None]:
    """Have the changed text on the disk.

    Python finds out by time and size whether it has compiled a file before, so the time is another.
    """
    file = Path(request["file"])
    before, status = file.read_bytes(), file.stat()
    file.write_text(request["text"], encoding="utf-8")
    os.utime(file, (1, 1 + request["number"]))
    try:
        yield
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


class Timer:
    """Ends the process when a test takes far longer than it did."""

    def __init__(self, spend: End) -> None:
        self._spend = spend
        self._test = ""
        signal.signal(signal.SIGVTALRM, self._over)
        signal.signal(signal.SIGALRM, self._over)

    def start(self, test: str, seconds: float) -> None:
        self._test = test
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        signal.setitimer(signal.ITIMER_REAL, 20 * seconds + 60)

    def _over(self, number: int, frame: FrameType | None) -> None:
        self._spend({"outcome": "timed out", "by": self._test})
