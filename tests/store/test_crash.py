"""A kill at any moment leaves all of a step or nothing, and the next delivery completes it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from relink.adapters.store import SqlStore
from relink.machines import relink_system

from .database import Contents, Database
from .dying import STEPS, prepare

MOMENTS = {"sqlite": 8, "postgres": 5}
"""A step has at least so many moments until it is committed."""


class Dying:
    """The process of :mod:`.dying`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "store.dying"],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def die(self, url: str, step: str, moment: int) -> str:
        """Kill a process at that moment of this step."""
        assert self._process.stdin
        assert self._process.stdout
        print(step, moment, url, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        self._process.communicate(timeout=30)
        assert self._process.returncode == 0


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    process = Dying()
    yield process
    process.end()


def settled(database: Database) -> Contents:
    """What is in it, when the server has noticed that nobody is there any more."""
    others = """SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND pid != pg_backend_pid()"""
    until = time.monotonic() + 30
    while database.is_postgres and database.rows(others):
        assert time.monotonic() < until, "the server still serves a process that was killed"
        time.sleep(0.005)
    return database.contents()


def prepared(url: str) -> Database:
    """A database in which something was decided before."""
    store = SqlStore(url, relink_system())
    prepare(store)
    store.close()
    return Database(url)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_moment_leaves_all_or_nothing(
    new_url: Callable[[], str], dying: Dying, step: str
):
    database = prepared(new_url())
    before = settled(database)
    for moment in count(1):
        assert dying.die(database.url, step, moment) == "killed", f"it has no moment {moment}"
        whole = settled(database)
        if whole != before:
            break
    assert moment >= MOMENTS["postgres" if database.is_postgres else "sqlite"]

    # The step was stored, but its caller got no answer: the message comes again.
    store = SqlStore(database.url, relink_system())
    assert STEPS[step](store).outcome == "duplicate"
    store.close()
    assert database.contents() == whole

    # A database whose process was not killed holds the same.
    untouched = prepared(new_url())
    store = SqlStore(untouched.url, relink_system())
    assert STEPS[step](store).outcome == "applied"
    store.close()
    assert untouched.contents() == whole
