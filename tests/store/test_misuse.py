"""Calls with the wrong arguments name the argument and the cure, on every store."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from relink.adapters.store import InboxMessage, Store, UnstorableError

from .messages import ACCOUNT, NOW, message, receive, reported

TODAY = datetime(2026, 1, 1, tzinfo=UTC)


def test_times_are_numbers(store: Store) -> None:
    event = reported("evt_1")
    created = InboxMessage("evt_1", "test", TODAY, NOW)  # type: ignore[arg-type]
    with pytest.raises(UnstorableError, match=r"created .* int\(time\.time\(\)\); got a datetime"):
        store.apply(created, [event])
    received = replace(message("evt_1"), received_at=TODAY)  # type: ignore[arg-type]
    with pytest.raises(UnstorableError, match=r"received_at .* time\.time\(\); got a datetime"):
        store.apply(received, [event])


def test_events_are_a_list(store: Store) -> None:
    with pytest.raises(TypeError, match=r"pass a list of events.*got one AccountReported"):
        store.apply(message("evt_1"), reported("evt_1"))  # type: ignore[arg-type]


def test_a_machine_is_named_by_its_address(store: Store) -> None:
    for wrong in (("account", "fca_1"), ("fca_1",), (("account", "fca_1"),)):
        with pytest.raises(TypeError, match=r'such as Address\("account", "fca_1"\)'):
            store.snapshot(*wrong)


def test_what_came_of_a_message_is_short_to_read(store: Store) -> None:
    applied = receive(store, "evt_1")
    assert repr(applied).startswith("<Applied applied, account fca_1: ")
    assert len(repr(applied)) < 200
    assert repr(receive(store, "evt_1")) == "<Applied duplicate>"
    assert store.snapshot(ACCOUNT) is not None
