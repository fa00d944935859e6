"""A crash between any two statements leaves all of an arrival or nothing of it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from relink.adapters.store import Applied, Store
from relink.machines import relink_system


class Crash(BaseException):
    """The end of the process, as far as the store can tell."""


@contextmanager
def crash_before(number: int, crash: Callable[[], None]) -> Iterator[list[int]]:
    """Crash before statement ``number``, where the commit is the last; counts them."""
    seen = [0]

    def count(*_: object) -> None:
        seen[0] += 1
        if seen[0] == number:
            crash()

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", count)
        event.remove(Engine, "commit", count)


@pytest.fixture
def deliver_again(arrival, reported, now):
    """One arrival with two events, that changes old machines and begins new ones."""

    def apply(store: Store) -> Applied:
        back = reported("evt_2", as_of=now + 60, status="active", status_details={})
        other = reported("evt_2", as_of=now + 60, name="fca_2", authorization="fcauth_2")
        return store.apply(arrival("evt_2", at=now + 60.0), [back, other])

    return apply


@pytest.fixture
def prepared(open_store, arrival, reported):
    """A database in which something was decided before."""
    store = open_store()
    store.apply(arrival("evt_1"), [reported("evt_1")])
    store.close()


@pytest.fixture
def statements(prepared, tmp_path, open_store, url, deliver_again):
    """How many there are, found on a copy."""
    copy = tmp_path / "copy.db"
    copy.write_bytes((tmp_path / "relink.db").read_bytes())
    store = Store(f"sqlite:///{copy}", relink_system())
    with crash_before(0, lambda: None) as seen:
        deliver_again(store)
    store.close()
    assert seen[0] > 10
    return seen[0]


def test_a_crash_at_any_statement(prepared, statements, open_store, contents, deliver_again):
    def crash() -> None:
        raise Crash

    before = contents()
    for number in range(1, statements + 1):
        store = open_store()
        with crash_before(number, crash), pytest.raises(Crash):
            deliver_again(store)
        store.close()
        assert contents() == before, f"half done after a crash before statement {number}"
    assert deliver_again(open_store()).outcome == "applied"
    assert contents() != before


def test_a_kill_at_any_statement(
    prepared, statements, url, open_store, contents, deliver_again, tmp_path
):
    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    before = contents()
    for number in range(1, statements + 1):
        child = os.fork()
        if child == 0:
            try:
                with crash_before(number, kill):
                    deliver_again(Store(url, relink_system()))
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"not killed before statement {number}"
        assert contents() == before, f"half done after a kill before statement {number}"

    # The same event, delivered again after the last of these kills, and once too often.
    again = open_store()
    applied = deliver_again(again)
    whole = contents()
    assert (applied.outcome, deliver_again(again).outcome) == ("applied", "duplicate")
    assert contents() == whole

    # As if nothing had ever happened: the database that was never killed is the same.
    again.close()
    untouched = tmp_path / "copy.db"
    untouched.replace(tmp_path / "relink.db")
    assert contents() == whole
