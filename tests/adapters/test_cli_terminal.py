"""Commands in a real terminal: its width, its colours, and how they end."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from rich.cells import cell_len

from relink.adapters.cli.settings import database_again

from ..rig import Rig, new_sqlite

COMMAND = [sys.executable, "-m", "relink.adapters.cli"]
PATIENCE = 120.0
"""How long a command may take on a busy machine (seconds)."""

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[[0-9;]*[39][0-7]m")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URL of a database, and an account in it."""
    url = new_sqlite(tmp_path_factory.mktemp("terminal"))
    with Rig(database=url) as rig:
        yield url, rig.broken()


class Terminal:
    """A process in a terminal of its own."""

    def __init__(self, columns: int, *argv: str, **environment: str) -> None:
        self._end, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
        }
        self.process = subprocess.Popen(
            [*COMMAND, *argv],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env={**kept, "TERM": "xterm-256color", **environment},
            start_new_session=True,
        )
        os.close(inner)

    def read(self, until: str | None = None) -> str:
        """What it shows: all, or until something is there."""
        shown, give_up = b"", time.monotonic() + PATIENCE
        with suppress(OSError):  # the other end is closed
            while time.monotonic() < give_up:
                if not select.select([self._end], [], [], 0.2)[0]:
                    continue
                more = os.read(self._end, 65536)
                shown += more
                if not more or (until and until in shown.decode(errors="replace")):
                    break
        return shown.decode(errors="replace").replace("\r\n", "\n")

    def close(self) -> int:
        """The exit code, once it has ended."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            os.close(self._end)


@pytest.mark.parametrize("columns", [40, 72, 120])
def test_a_story_fits_the_terminal_and_has_colours(database: tuple[str, str], columns: int) -> None:
    url, account = database
    at = Terminal(columns, "explain", account, "--database", url)
    shown = at.read()
    assert at.close() == 0
    assert COLOURS.search(shown)
    told = ESCAPES.sub("", shown).partition(" in all.")[0]
    assert "Needs the customer" in told
    assert all(cell_len(line) <= columns for line in told.splitlines())


def test_no_color_is_respected_in_a_terminal(database: tuple[str, str]) -> None:
    url, _ = database
    at = Terminal(80, "status", NO_COLOR="1", RELINK_DATABASE_URL=url)
    shown = at.read()
    assert at.close() == 0
    assert not COLOURS.search(shown)
    assert "█" in shown


def test_top_shows_what_there_is_until_ctrl_c(database: tuple[str, str]) -> None:
    url, _ = database
    at = Terminal(100, "top", "--database", url)
    shown = at.read(until="works")
    at.process.send_signal(signal.SIGINT)
    shown += at.read()
    assert at.close() == 0
    assert "What changed last" in shown
    assert "Traceback" not in shown


def test_top_shows_it_once_where_there_is_no_terminal(database: tuple[str, str]) -> None:
    done = subprocess.run(
        [*COMMAND, "top", "--database", database[0]], capture_output=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode()
    assert "\x1b" not in shown
    assert re.search(r"^\d+ due.*, 0 failing, 0 stuck, 0 dead letters$", shown, re.M)
    assert re.search(r"! Needs the customer +Stripe reports that", shown)


def test_ctrl_c_ends_the_demo_quietly(tmp_path: Path) -> None:
    at = Terminal(80, "demo", "--folder", str(tmp_path))
    shown = at.read(until="Ada")
    at.process.send_signal(signal.SIGINT)
    shown += at.read()
    assert at.close() == 130
    assert "Traceback" not in shown


def test_the_next_command_does_not_repeat_a_password():
    assert database_again("postgresql://app:s3cret@db.example/relink") == []
    assert database_again("sqlite:///relink.db") == ["--database", "sqlite:///relink.db"]
