"""relink as the first process of a container: it heeds SIGTERM from its first moment on, and needs
no place to write to but the folder of its database."""

import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ..kill.processes import free_port
from .first_process import FirstProcess, first_process

SETTINGS = {
    "STRIPE_API_KEY": "sk_test_first",
    "STRIPE_WEBHOOK_SECRET": "whsec_first",
    "RELINK_API_TOKEN": "a-token-of-the-first-process",
}


@contextmanager
def serving(
    tmp_path: Path, *arguments: str, read_only: bool = False
) -> Iterator[tuple[FirstProcess, str]]:
    """``relink serve``, without a home or a folder for temporary files; and its address."""
    port = free_port()
    environment = SETTINGS | {"RELINK_DATABASE_URL": f"sqlite:///{tmp_path / 'relink.db'}"}
    where = {"read_only": True, "writable": tmp_path} if read_only else {}
    command = ("serve", "--port", str(port), *arguments)
    with first_process(*command, environment=environment, **where) as process:
        yield process, f"http://127.0.0.1:{port}"


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def is_complete(database: Path) -> bool:
    """Whether everything is in the file itself, which has the schema."""
    assert [file.name for file in database.parent.glob("relink.db*")] == ["relink.db"]
    with closing(sqlite3.connect(database)) as opened:
        names = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
    return {"inbox", "journal", "outbox", "snapshots"} <= names


@pytest.mark.parametrize("demo", [[], ["--demo"]], ids=["serve", "demo"])
@pytest.mark.parametrize("later", [0.0, 0.7])
def test_sigterm_ends_it_while_it_starts(tmp_path: Path, demo: list[str], later: float) -> None:
    with serving(tmp_path, *demo) as (process, _):
        process.wait_until(lambda: process.heeds_sigterm)
        time.sleep(later)
        status, written = process.stop()
    assert status == 0, written
    assert "Traceback" not in written


def test_sigterm_ends_the_demo_while_it_runs_and_its_folder_is_removed(tmp_path: Path) -> None:
    port, environment = free_port(), {"TMPDIR": str(tmp_path)}
    command = ("serve", "--demo", "--port", str(port))
    with first_process(*command, environment=environment) as process:
        process.wait_until(lambda: answers(f"http://127.0.0.1:{port}/demo"))
        assert list(tmp_path.iterdir())
        status, written = process.stop()
    assert status == 0, written
    assert "Press Ctrl-C to stop" in written
    assert "Traceback" not in written
    assert not list(tmp_path.iterdir())


def test_it_serves_on_a_read_only_root_and_sigterm_ends_it_with_a_complete_database(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, read_only=True) as (process, address):
        process.wait_until(lambda: answers(f"{address}/healthz"))
        status, written = process.stop()
    assert status == 0, written
    assert "Traceback" not in written
    assert is_complete(tmp_path / "relink.db")


def test_the_demo_says_that_it_has_no_folder_for_temporary_files() -> None:
    command = ("serve", "--demo", "--port", str(free_port()))
    with first_process(*command, environment={}, read_only=True) as process:
        status, written = process.ended()
    assert status == 2, written
    (line,) = written.splitlines()
    assert line.startswith(
        "relink serve: The demo needs a folder for temporary files, and has none"
    )
    assert line.endswith("Set TMPDIR to a folder that can be written to.")
