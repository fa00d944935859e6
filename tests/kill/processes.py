"""Subcommands of ``relink`` as real processes, which can be killed and are never left behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

START = 60.0
"""Seconds that a process may take until it is ready, on a machine that is busy."""

KEPT = ("PATH", "HOME", "PYTHONPATH")
"""What a process needs of our environment. Not its proxies, keys and settings."""

TAIL = 3000
"""Characters of a log that are shown when something fails."""


class Process:
    """One subcommand, started again each time it was killed.

    Args:
        name: what to call it.
        folder: where its logs are, one file for each start.
        command: its arguments.
        environment: all of its environment.
        is_ready: whether it does its work, asked while it starts.
        module: what the arguments are for, if not for ``relink``.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        command: Sequence[str],
        environment: Mapping[str, str],
        is_ready: Callable[["Process"], bool],
        module: str = "relink.adapters.cli",
    ) -> None:
        self.name = name
        self.starts = 0
        self.metrics: str | None = None
        """Where its metrics are, if not with the service."""
        self._folder = folder
        self._command = [sys.executable, "-m", module, *command]
        self.environment = {**environment, **kept_of_ours()}
        """All of its environment."""
        self._is_ready = is_ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; what it says goes to a new file."""
        self.starts += 1
        with self.log.open("wb") as file:
            self._process = subprocess.Popen(
                self._command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Wait until it does its work.

        Raises:
            AssertionError: it ended, or does not come to that.
        """
        until = time.monotonic() + START
        while not self._is_ready(self):
            self.check()
            assert time.monotonic() < until, f"{self.name} does not get ready\n{self.tail}"
            time.sleep(0.1)

    def check(self) -> None:
        """Nobody ended it but us.

        Raises:
            AssertionError: it ended by itself.
        """
        code = self._process.poll() if self._process else None
        assert code is None, f"{self.name} ended by itself, with {code}\n{self.tail}"

    @property
    def pid(self) -> int:
        """The number of the process that runs."""
        assert self._process, f"{self.name} was not started"
        return self._process.pid

    def kill(self) -> None:
        """End it in the middle of whatever it does: SIGKILL."""
        self.check()
        self.end(signal.SIGKILL)
        self.wait()

    def stop(self) -> None:
        """Ask it to end, and wait until it has.

        Raises:
            AssertionError: it does not end as it should.
        """
        self.check()
        self.end(signal.SIGTERM)
        code = self.wait()
        assert code == 0, f"{self.name} ended with {code}\n{self.tail}"

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal."""
        assert self._process, f"{self.name} was not started"
        self._process.send_signal(how)

    def wait(self, seconds: float = START) -> int:
        """Wait until it has ended; returns its exit status."""
        assert self._process, f"{self.name} was not started"
        code = self._process.wait(seconds)
        self._process = None
        return code

    def close(self) -> None:
        """Have it gone, with the processes that it started, whatever happened before."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def log(self) -> Path:
        """What it said since it was last started."""
        return self._folder / f"{self.name}-{self.starts:03}.log"

    @property
    def tail(self) -> str:
        """The end of that."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"--- {self.log.name}\n{text[-TAIL:]}"


def kept_of_ours() -> dict[str, str]:
    """The part of our environment that processes get."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port
