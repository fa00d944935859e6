"""What a release could not read of all that is stored: the same in every database."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import pytest

from relink.adapters.store import (
    SqlStore,
    Tables,
    TableStore,
    Unreadable,
    UnreadableRecordError,
    queries,
)
from relink.adapters.store import table_queries as own_queries
from relink.adapters.store.codec import domain_codec
from relink.machines import relink_system

from ..own_tables import OWN_TABLES
from ..releases import ONE, THREE, TWO, Release, three
from .database import Database
from .messages import NOW, message, receive
from .test_upgrade import send

Open = Callable[..., SqlStore | TableStore]


class KeptInDatabase:
    """What is changed past the store is a column of all rows, or of those with the given values."""

    def __init__(self, url: str) -> None:
        self._url = url

    def open(self, *arguments: Any) -> SqlStore:
        return SqlStore(self._url, *arguments)

    def change(self, table: Any, column: str, value: Any, **where: str) -> None:
        conditions = " AND ".join(["1 = 1", *(f"{name} = :{name}" for name in where)])
        statement = f"UPDATE {table} SET {column} = :new WHERE {conditions}"
        Database(self._url).change(statement, new=value, **where)


class KeptInTables:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def open(self, *arguments: Any) -> TableStore:
        return TableStore(self._tables, *arguments)

    def change(self, table: Any, column: str, value: Any, **where: str) -> None:
        assert self._tables.update(table, where, {column: value})


Kept = KeptInDatabase | KeptInTables


@pytest.fixture(params=["sqlite", "postgres", *OWN_TABLES])
def kept(
    request: pytest.FixtureRequest, new_own_tables: Callable[[str], AbstractContextManager[Tables]]
) -> Iterator[Kept]:
    """An empty database of each kind; the last four are the tables of ``docs/examples``."""
    if request.param in OWN_TABLES:
        with new_own_tables(request.param) as tables:
            yield KeptInTables(tables)
    else:
        yield KeptInDatabase(request.getfixturevalue(f"new_{request.param}_url")())


@pytest.fixture
def opened(kept: Kept) -> Iterator[Open]:
    """Opens what is kept as a release does."""
    stores: list[SqlStore | TableStore] = []

    def open_it(release: Release | None = None) -> SqlStore | TableStore:
        parts = (release.system, release.codec) if release else (relink_system(), domain_codec())
        stores.append(kept.open(*parts))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


class Forgot(three.LoanChart):
    """It does not say what became of the second release's state."""

    former_states: ClassVar = {"out": three.first_or_later}


def test_all_that_a_release_could_not_read_is_found_at_once(opened: Open):
    send(opened(ONE), ONE, "bn")
    send(opened(TWO), TWO, "no")
    waiting = {due.command.name: due.id for due in opened(TWO).due_commands(NOW + 99, 9)}
    release = Release(Forgot, (), three.COMMANDS[1:], THREE.by_letter)
    progress: list[int] = []
    store = opened(release)
    found = list(store.unreadable(progress.append))
    assert [(each.table, each.key) for each in found] == [
        ("snapshots", "loan b1"),
        ("journal", "loan b1 3"),
        ("journal", "loan b1 4"),
        ("outbox", waiting["notify"]),
    ]
    assert "forgot has no leaf state 'lent_out'" in found[0].error
    assert "now or in Forgot.former_states" in found[1].error
    assert "no command is named 'notify'" in found[3].error
    assert progress[-1] == 1 + 4 + 2
    # It changed nothing: the letter is no dead letter.
    assert store.dead_letters() == []
    with pytest.raises(
        UnreadableRecordError, match=r"loan b1: forgot has no leaf state 'lent_out'"
    ):
        store.apply(message("next"), [three.Renewed()])


def test_a_fact_that_a_release_forgot_is_found(opened: Open, kept: Kept):
    send(opened(TWO), TWO, "b")
    kept.change("snapshots", "facts", json.dumps({"id": "b1", "colour": "red"}))
    kept.change("journal", "changes", '{"colour": ["", "red"]}')
    snapshot, entry = opened(THREE).unreadable()
    assert isinstance(snapshot, Unreadable)
    assert "LoanFacts: it has no field 'colour'" in snapshot.error
    assert "LoanFacts has no field 'colour', now or in LoanFacts.upgrades" in entry.error


def test_a_machine_that_a_release_does_not_have_is_found(opened: Open, kept: Kept):
    send(opened(TWO), TWO, "b")
    kept.change("snapshots", "machine", "lending")
    (found,) = opened(THREE).unreadable()
    assert found.error == "this release has no machine 'lending'; it has loan"


def test_a_checkpoint_is_read_too_and_a_command_that_is_done_is_not(opened: Open, kept: Kept):
    send(opened(TWO), TWO, "bo")
    opened(TWO).delete_before(NOW + 1.5, limit=1)
    kept.change("outbox", "command", "unheard_of")
    kept.change("outbox", "status", "done")
    kept.change("checkpoints", "state", "nowhere")
    (found,) = opened(THREE).unreadable()
    assert (found.table, found.key) == ("checkpoints", "loan b1")
    assert "nowhere" in found.error


@pytest.mark.parametrize("kept", OWN_TABLES, indirect=True)
def test_a_text_of_yours_that_is_no_json_is_found(opened: Open, kept: Kept):
    send(opened(TWO), TWO, "bo")
    kept.change("journal", "guards", "[[")
    kept.change("outbox", "fields", "{")
    kept.change("snapshots", "facts", "")
    found = list(opened(TWO).unreadable())
    assert {each.table for each in found} == {"snapshots", "journal", "outbox"}
    assert all("no JSON" in each.error for each in found)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_record_is_read_once_whatever_the_size_of_a_page(
    opened: Open, kept: Kept, monkeypatch: pytest.MonkeyPatch, size: int
):
    store = opened()
    for number in range(6):
        receive(store, f"evt_{number}", NOW + number, account=f"fca_{number % 3}")
    kept.change("snapshots", "state", "gone", machine="account")
    kept.change("journal", "to_state", "gone", machine="account")
    progress: list[int] = []
    whole = list(store.unreadable(progress.append))
    records = progress[-1]
    assert {(each.table, each.key) for each in whole} >= {
        *(("snapshots", f"account fca_{number}") for number in range(3)),
        *(("journal", f"account fca_{number} 2") for number in range(3)),
    }
    monkeypatch.setattr(queries, "PAGE", size)
    monkeypatch.setattr(own_queries, "PAGE", size)
    assert list(store.unreadable(progress.append)) == whole
    assert progress[-1] == records
    assert len(progress) > records / size
