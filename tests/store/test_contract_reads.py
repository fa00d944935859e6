"""What every store promises about reads that are asked for again before they began (K10)."""

from collections.abc import Callable

import pytest

from relink.adapters.store import DueCommand, Store
from relink.engine import Address
from relink.machines.commands import RetrieveAccount
from relink.machines.reasons import ReadReason

from .desk import CODEC, Asked, desk_system
from .messages import NOW, message

DESK = Address("desk", "fca_1")
READ = "retrieve_account_fca_1_1"


@pytest.fixture
def store(new_store: Callable[..., Store]) -> Store:
    return new_store(desk_system(), CODEC)


def ask(
    store: Store,
    *afters: int,
    at: float = NOW,
    reason: ReadReason = ReadReason.LOOK,
    connected_account: str | None = None,
) -> DueCommand | None:
    """Ask for the read; returns its row, if it is due."""
    name = f"evt_{len(store.journal(DESK))}"
    asked = Asked(afters=afters, reason=reason)
    store.apply(message(name, at, connected_account), [asked])
    return store.due_command(READ)


def read(after: int, reason: ReadReason = ReadReason.LOOK) -> RetrieveAccount:
    return RetrieveAccount(account="fca_1", number=1, reason=reason, after=after)


def test_K10_a_read_that_has_not_begun_takes_the_later_time_and_what_else_changed(store: Store):
    first = ask(store, NOW + 2)
    again = ask(
        store,
        NOW + 5,
        at=NOW + 1,
        reason=ReadReason.CONTRADICTION,
        connected_account="acct_1",
    )
    assert first is not None
    assert again is not None
    assert again.command == read(NOW + 5, ReadReason.CONTRADICTION)
    assert again.due_at == NOW + 5
    assert again.connected_account == "acct_1"
    assert (again.causation_id, again.created_at) == (first.causation_id, first.created_at)
    assert store.due_commands(NOW + 4.5, 9) == []
    assert store.due_commands(NOW + 5, 9) == [again]
    assert store.next_due_at() == NOW + 5


@pytest.mark.parametrize("after", [0, NOW, NOW + 1, NOW + 5])
def test_K10_a_read_never_takes_an_earlier_time(store: Store, after: int):
    first = ask(store, NOW + 5, connected_account="acct_1")
    assert ask(store, after, at=NOW + 1, reason=ReadReason.INCOMPLETE) == first


def test_K10_asking_at_once_does_not_put_off_a_read_that_is_overdue(store: Store):
    first = ask(store, 0)
    assert ask(store, 0, at=NOW + 900) == first
    assert ask(store, NOW + 10, at=NOW + 900) == first


@pytest.mark.parametrize("afters", [(NOW + 2, NOW + 5), (NOW + 5, NOW + 2), (NOW + 5, 0)])
def test_K10_of_two_versions_in_one_step_the_later_one_counts(
    store: Store, afters: tuple[int, ...]
):
    found = ask(store, *afters)
    assert found is not None
    assert (found.command, found.due_at) == (read(NOW + 5), NOW + 5)
    later = ask(store, NOW + 6, NOW + 9, NOW + 7)
    assert later is not None
    assert (later.command, later.due_at) == (read(NOW + 9), NOW + 9)


def test_K10_a_read_with_an_attempt_behind_it_is_left_alone(store: Store):
    first = ask(store, 0)
    assert first is not None
    store.postpone(first, NOW + 3, "HTTP 503", pause=3.0)
    begun = store.due_command(READ)
    assert ask(store, NOW + 60, reason=ReadReason.CONTRADICTION) == begun
    assert begun is not None
    assert begun.due_at == NOW + 3


@pytest.mark.parametrize("failed", [False, True])
def test_K10_a_read_that_is_over_is_left_alone(store: Store, failed: bool):
    first = ask(store, 0)
    assert first is not None
    store.answer(first, [], NOW + 1, failed=failed, error="no such account" if failed else None)
    dead = store.dead_letters()
    assert len(dead) == failed
    assert ask(store, NOW + 60, at=NOW + 2) is None
    assert store.due_commands(9e9, 9) == []
    assert store.dead_letters() == dead
    if failed:
        assert store.retry(READ, NOW + 3)
        retried = store.due_command(READ)
        assert retried is not None
        assert (retried.command, retried.due_at) == (first.command, NOW + 3)


def test_K10_a_failed_attempt_does_not_bring_a_read_forward(store: Store):
    """The read was asked for again, with a later time, while the first attempt was under way."""
    under_way = ask(store, 0)
    assert under_way is not None
    ask(store, NOW + 30, at=NOW + 1)
    store.postpone(under_way, NOW + 3, "HTTP 503", pause=2.0)
    again = store.due_command(READ)
    assert again is not None
    assert (again.attempts, again.due_at, again.command) == (1, NOW + 30, read(NOW + 30))


def test_K10_the_answer_to_an_attempt_under_way_completes_the_read(store: Store):
    under_way = ask(store, 0)
    assert under_way is not None
    ask(store, NOW + 30, at=NOW + 1)
    assert store.answer(under_way, [], NOW + 2).outcome == "applied"
    assert store.due_command(READ) is None
    assert store.next_due_at() is None


def test_K10_the_next_read_of_an_object_is_a_command_of_its_own(store: Store):
    ask(store, NOW + 5)
    store.apply(message("evt_next"), [Asked(afters=(NOW + 9,), number=2)])
    assert [due.due_at for due in store.due_commands(9e9, 9)] == [NOW + 5, NOW + 9]
