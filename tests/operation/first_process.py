"""relink as the first process of a PID namespace, as in a container, and on a root that nobody can
write to.

The kernel drops a signal to a first process that has no handler for it. Where namespaces are not
permitted, SIGTERM is ignored from the start instead, which comes to the same: only a handler that
relink installs makes it end.
"""

import functools
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PATIENCE = 30.0
"""Seconds for anything that is waited for."""

NAMESPACES = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")

READ_ONLY = """
set -e
mount --make-rprivate /
[ "$1" = /proc ] || mount --bind "$1" "$1"
while read -r _ at _; do
    case $at in /proc*|/sys*|/dev*|"$1") ;; *) mount -o remount,bind,ro "$at" ;; esac
done < /proc/self/mounts
for folder in / /tmp /var/tmp; do
    if touch "$folder/relink-was-here" 2> /dev/null; then exit 99; fi
done
shift
cd /
exec "$@"
"""
"""Makes everything read-only but one folder, and becomes the command that follows."""


@functools.cache
def _permitted(command: tuple[str, ...]) -> bool:
    """Whether a command can be run here."""
    try:
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


@functools.cache
def prefix() -> tuple[str, ...] | None:
    """What makes a command the first process of a namespace; None where that is not permitted."""
    for found in (NAMESPACES, (*NAMESPACES[:1], "--user", "--map-root-user", *NAMESPACES[1:])):
        if _permitted((*found, "true")):
            return found
    return None


class FirstProcess:
    """A subcommand of ``relink`` as a first process.

    Args:
        arguments: of the subcommand.
        environment: all of its environment.
        read_only: whether the root is.
        writable: the one folder that can be written to even then.
    """

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        read_only: bool = False,
        writable: Path = Path("/proc"),
    ) -> None:
        relink = [sys.executable, "-m", "relink.adapters.cli", *arguments]
        namespace = prefix()
        shell = ("sh", "-c", READ_ONLY, "sh", str(writable))
        self._is_inside = namespace is not None
        self._has_room = not read_only or writable != Path("/proc")
        command = (*(namespace or ()), *relink)
        if read_only and namespace and _permitted((*namespace, *shell, "true")):
            command = (*namespace, *shell, *relink)
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Even root cannot make a file there.
            cwd="/proc",
            preexec_fn=self._limit,
        )

    def _limit(self) -> None:
        """Come close to what namespaces do, where they are not permitted. It changes nothing
        else: what runs has a handler for SIGTERM by then, and has no room in any case."""
        if not self._is_inside:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if not self._has_room:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    @property
    def pid(self) -> int | None:
        """Its id, as we see it; None while it has none."""
        if not self._is_inside:
            return self._process.pid
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                if entry.name.isdigit():
                    _, _, rest = (entry / "stat").read_text().rpartition(")")
                    if int(rest.split()[1]) == self._process.pid:
                        return int(entry.name)
        return None

    @property
    def heeds_sigterm(self) -> bool:
        """Whether it has a handler for SIGTERM."""
        with suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
        return False

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds while it runs.

        Raises:
            AssertionError: it ended, or it does not come to that.
        """
        until = time.monotonic() + PATIENCE
        while not holds():
            assert self._process.poll() is None, f"it ended with {self._process.returncode}"
            assert time.monotonic() < until, "it does not come to that"
            time.sleep(0.005)

    def stop(self) -> tuple[int, str]:
        """Send SIGTERM, once, and return the exit status and all that it wrote."""
        found = self.pid
        assert found is not None, "it runs"
        os.kill(found, signal.SIGTERM)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Wait until it has ended; its exit status, and all that it wrote."""
        written, _ = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, written.decode()

    def close(self) -> None:
        """Have it gone, whatever happened before."""
        if self._process.poll() is None:
            if (found := self.pid) is not None:
                os.kill(found, signal.SIGKILL)
            self._process.kill()
        self._process.communicate()


@contextmanager
def first_process(
    *arguments: str, environment: Mapping[str, str], **where: Any
) -> Iterator[FirstProcess]:
    """Run one; it is gone afterwards."""
    made = FirstProcess(*arguments, environment=environment, **where)
    try:
        yield made
    finally:
        made.close()
