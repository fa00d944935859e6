"""What is stored and sent holds codes and ids: rewording the sentences changes none of it."""

from pathlib import Path

import pytest
from sqlalchemy import text

from relink.adapters.service import RelinkRefusedError
from relink.adapters.simulator import Asked
from relink.machines.reasons import IGNORED

from ..rewording import reworded
from .embedding import Embedding

TABLES = ("journal", "outbox", "inbox", "snapshots")


def play(folder: Path) -> Embedding:
    """Relinks, refusals, a new account, an anomaly, and reads for most reasons."""
    folder.mkdir()
    at = Embedding(folder)
    account = at.broken_account()
    session = at.service.request_relink(account)
    at.sim.advance(60)
    at.sim.customer(session.id).sign_in_without_account()
    at.service.session_result(session.id)
    second = at.service.request_relink(account, mode="any_eligible")
    at.sim.advance(60)
    assert at.sim.customer(second.id).choose_new()
    at.settle()
    with pytest.raises(RelinkRefusedError):
        at.service.request_relink(account)
    closed = at.sim.link_account(at.sim.add_customer("Amy"))
    at.settle()
    at.sim.bank.close_account(closed.id)
    at.settle()
    with pytest.raises(RelinkRefusedError):
        at.service.request_relink(closed.id)
    at.sim.inject("rate_limited", method="GET", times=2)
    at.broken_account(holder=at.sim.add_customer(name=None))
    at.sim.advance(2 * 24 * 60 * 60)  # to the first reminder
    at.settle()
    return at


def rows(at: Embedding) -> dict[str, list[str]]:
    """Every row of the database."""
    with at.store.engine.connect() as connection:
        return {
            table: sorted(
                str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table}"))
            )
            for table in TABLES
        }


def keys(at: Embedding) -> list[str | None]:
    """The idempotency keys of all requests to Stripe."""
    entries = [entry for entry in at.sim.ledger.entries if isinstance(entry, Asked)]
    return [entry.idempotency_key for entry in entries]


def test_stored_rows_and_idempotency_keys_are_the_same_after_rewording(
    tmp_path: Path,
) -> None:
    first = play(tmp_path / "first")
    before = rows(first), keys(first), [command.id for command in first.notified]
    first.store.close()
    for table in TABLES:
        assert before[0][table], f"{table} has rows"
    assert any(before[1])
    with reworded():
        second = play(tmp_path / "second")
        assert (rows(second), keys(second), [c.id for c in second.notified]) == before
    second.store.close()


def test_no_row_of_the_database_holds_a_sentence(tmp_path: Path) -> None:
    at = play(tmp_path / "only")
    stored = rows(at)
    at.store.close()
    for reason in IGNORED.values():
        assert not [row for table in TABLES for row in stored[table] if reason.sentence in row]
    assert any("'unrepairable'" in row for row in stored["journal"])
