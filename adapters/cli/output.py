"""Standard output and standard error that no command can fail on.

- A sign that the encoding lacks (ASCII, cp1252) is written with signs that it has.
- When the reader closes the pipe, as ``head`` does, the rest is dropped, in whatever thread it is
  printed.
- When a file or a device is full, the rest is dropped too, and :attr:`Output.failure` says why.
"""

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from relink.adapters.signs import SIGNS


def _write_plainly(error: UnicodeError) -> tuple[str, int]:
    """Write the signs that an encoding lacks with others; an error handler of codecs."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(SIGNS.get(sign, "?") for sign in lacking), error.end


codecs.register_error("relink.plain", _write_plainly)


class _Droppable(io.RawIOBase):
    """A stream that is written to until that fails. What comes after is dropped."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, data: "memoryview | bytes") -> int | None:  # type: ignore[override]
        if self.failure is None:
            try:
                return self._stream.write(data)
            except OSError as error:
                self.failure = error
        return len(data)


class Output:
    """Standard output and standard error, while a command runs."""

    def __init__(self) -> None:
        self._streams: list[_Droppable] = []

    @property
    def failure(self) -> OSError | None:
        """Why output is missing. A reader that closes the pipe has seen what it wanted."""
        failures = [stream.failure for stream in self._streams]
        return next((f for f in failures if f and not isinstance(f, BrokenPipeError)), None)

    def wrap(self, stream: IO[str] | None) -> IO[str]:
        """The stream that stands in for another one."""
        if stream is None:  # It was closed when the process began.
            return open(os.devnull, "w", encoding="utf-8")
        if not isinstance(stream, io.TextIOWrapper):
            return stream
        # With PYTHONUNBUFFERED the buffer is the raw stream itself.
        raw = getattr(stream.buffer, "raw", stream.buffer)
        if not isinstance(raw, io.RawIOBase):
            return stream
        stream.flush()
        droppable = _Droppable(raw)
        self._streams.append(droppable)
        return io.TextIOWrapper(
            io.BufferedWriter(droppable),  # type: ignore[type-var]
            encoding=stream.encoding,
            errors="relink.plain",
            line_buffering=stream.line_buffering or stream.write_through,
        )


@contextmanager
def safe_output() -> Iterator[Output]:
    """Replace standard output and standard error until the command is over."""
    output = Output()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = output.wrap(before[0]), output.wrap(before[1])
    try:
        yield output
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before
