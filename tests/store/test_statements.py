"""Statements are compiled once: SQLAlchemy keeps each one that is new to it, in each process."""

import logging
from collections.abc import Callable

import pytest

from relink.adapters.store import SqlStore

from .messages import ACCOUNT, NOW, receive

READS: list[Callable[[SqlStore, int], object]] = [
    lambda store, n: store.check_writes(),
    lambda store, n: store.snapshot(ACCOUNT),
    lambda store, n: store.accounts(limit=10 + n),
    lambda store, n: store.accounts(after=f"fca_{n}", limit=10),
    lambda store, n: store.accounts(holder=f"cus_{n}", limit=10),
    lambda store, n: store.count_by_state(),
    lambda store, n: store.journal(ACCOUNT, limit=10 + n),
    lambda store, n: store.due_commands(NOW + n, 10),
    lambda store, n: store.defer_due(NOW + n),
    lambda store, n: store.timers(),
    lambda store, n: store.overdue(NOW + n),
    lambda store, n: store.dead_letters(),
    lambda store, n: store.count_stuck(),
    lambda store, n: store.cursor(f"{n}"),
    lambda store, n: store.set_cursor("mark", {"n": n}),
    lambda store, n: store.delete_before(NOW - n, 10),
]


def test_no_statement_is_compiled_again(
    open_store: Callable[[], SqlStore], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sqlalchemy.engine")
    store = open_store()

    def use(n: int) -> None:
        receive(store, f"evt_{n}", NOW + n)
        for read in READS:
            read(store, n)

    use(1)
    assert "[generated in" in caplog.text
    caplog.clear()
    use(2)
    assert "[cached since" in caplog.text
    assert "[generated in" not in caplog.text
