"""Upgrades of the store: a database of two earlier releases is carried on by the third.

Snapshots, checkpoints, journals, commands in flight and timers of all releases stay readable.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from relink.adapters.store import SqlStore, TableStore
from relink.adapters.store.replay import replay
from relink.engine import Snapshot, System
from relink.machines import relink_system
from relink.machines.account.chart import AccountChart
from relink.machines.commands import Wake
from relink.machines.routing import route

from ..releases import LOAN, ONE, RELEASES, THREE, TWO, Release, one, three
from .database import Database
from .messages import NOW, message, receive

Open = Callable[[Release], SqlStore]


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    """Opens the new database as a release does."""
    stores: list[SqlStore] = []

    def open_it(release: Release) -> SqlStore:
        stores.append(SqlStore(url, release.system, release.codec))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


def send(store: SqlStore | TableStore, release: Release, letters: str) -> None:
    """Send the events that the letters stand for; each message comes a second later."""
    known = store.journal(LOAN)
    begun = known[-1].version if known else 0
    for number, letter in enumerate(letters, begun + 1):
        store.apply(message(f"m{number}", at=NOW + number), [release.by_letter[letter]()])


def alone(letters: str) -> Snapshot[Any]:
    """Where the third release ends by itself."""
    snapshot = THREE.system.begin(LOAN).snapshot
    for letter in letters:
        snapshot = THREE.chart.table().decide(snapshot, THREE.by_letter[letter]()).snapshot
    return snapshot


HISTORIES = [
    ("b", "", ""),
    ("bnx", "n", "o"),
    ("brbn", "or", "bnr"),
    ("bn", "xrbn", ""),
    ("", "bn", "nr"),
    ("brb", "", "nrb"),
]


@pytest.mark.parametrize("letters", HISTORIES, ids="-".join)
def test_three_releases_share_a_database(opened: Open, letters: tuple[str, str, str]):
    for release, some in zip(RELEASES, letters, strict=True):
        send(opened(release), release, some)
    store = opened(THREE)
    assert store.snapshot(LOAN) == alone("".join(letters))
    assert list(store.unreadable()) == []
    # It would have decided the same by itself, as far as journals can tell.
    assert list(replay(store, lambda *_: None)) == []


@pytest.mark.parametrize("letters", HISTORIES, ids="-".join)
@pytest.mark.parametrize("pruned", [1, 2, 3, 4, 9])
def test_a_pruned_journal_leads_to_the_same(
    opened: Open, letters: tuple[str, str, str], pruned: int
):
    """Entries of one release can be deleted by any later one, some at a time."""
    for release, some in zip(RELEASES, letters, strict=True):
        send(opened(release), release, some)
        opened(release).delete_before(NOW + pruned + 0.5, limit=1)
    store = opened(THREE)
    while store.delete_before(NOW + pruned + 0.5, limit=1)["journal"]:
        assert list(replay(store, lambda *_: None)) == []
        assert list(store.unreadable()) == []
    assert store.snapshot(LOAN) == alone("".join(letters))


def test_a_checkpoint_keeps_the_form_of_its_last_entry(opened: Open):
    """The entries after it are of the same release, and change former fields one by one."""
    store = opened(ONE)
    send(store, ONE, "b")
    named = {"first": "Grace"}
    store.apply(message("r", at=NOW + 2), [one.Returned()])
    store.apply(message("b", at=NOW + 3), [one.Borrowed(**named)])
    later = opened(THREE)
    later.delete_before(NOW + 1.5, limit=1)
    ((history),) = later.histories(None, 9)
    assert history.checkpoint is not None
    assert (history.checkpoint.state, history.checkpoint.facts["first"]) == ("out", "Ada")
    assert list(replay(later, lambda *_: None)) == []
    found = later.snapshot(LOAN)
    assert found is not None
    assert found.facts.person == three.Person(name="Grace Lovelace")


@pytest.mark.parametrize("release", [ONE, TWO], ids=["one", "two"])
def test_commands_in_flight_are_performed_in_todays_form(
    opened: Open, database: Database, release: Release
):
    send(opened(release), release, "box")
    rows = {row["command"]: row["id"] for row in database.contents()["outbox"]}
    store = opened(THREE)
    # The bell that no release rings any more ends here.
    due = store.due_commands(NOW + 99, 9)
    assert {each.command for each in due} == {
        three.Write(reader="Ada", words="1 days late"),
        Wake(machine="loan", key="b1", due=50, event=three.Lapsed(days=3)),
    }
    # Under the ids that they had, so nothing is done twice.
    assert {each.id for each in due} | {rows["chime"]} == set(rows.values())
    assert database.outbox(rows["chime"])["status"] == "done"
    assert "chime was removed" in database.outbox(rows["chime"])["error"]
    assert store.dead_letters() == []
    (timer,) = store.timers()
    assert isinstance(timer.command, Wake)
    store.answer(timer, [timer.command.event], NOW + 60)
    last = store.journal(LOAN)[-1]
    assert (last.event, last.outcome) == (three.Lapsed(days=3), "stayed")


def test_a_timer_with_a_removed_event_is_ignored(opened: Open):
    send(opened(TWO), TWO, "b")
    store = opened(THREE)
    rung = store.apply(message("rung", at=NOW + 9), [three.BellRung(times=2)])
    assert rung.steps[0].deliveries[0].decision.outcome == "ignored"
    last = store.journal(LOAN)[-1]
    assert (last.event, last.reason) == (three.BellRung(times=2), "event_removed")
    assert list(replay(store, lambda *_: None)) == []


# -- Accounts by state ------------------------------------------------------------------------


class Renaming(AccountChart):
    """Two states had other names, and one was two of today's."""

    former_states: ClassVar = {
        "broken": "inactive_relinkable",
        "linked": lambda facts: "active" if facts.last4 == "0001" else "disconnected",
    }


def test_accounts_are_found_and_counted_by_todays_states(url: str, database: Database):
    tables = {**relink_system().tables, "account": Renaming.table()}
    system = System(tables, route)
    store = SqlStore(url, system)
    try:
        for number in range(6):
            last4 = f"000{number % 2}"
            receive(store, f"evt_{number}", account=f"fca_{number}", last4=last4)
        for table, key in (("snapshots", "key"), ("accounts", "id")):
            for state, first, last in (("broken", "fca_0", "fca_1"), ("linked", "fca_2", "fca_4")):
                database.change(
                    f"UPDATE {table} SET state = :state WHERE {key} >= :first AND {key} <= :last",
                    state=state,
                    first=first,
                    last=last,
                )
        assert store.count_by_state() == {
            "inactive_relinkable": 3,
            "active": 1,
            "disconnected": 2,
        }
        found = {
            state: [account.facts.id for account in store.accounts(state=state)]
            for state in store.count_by_state()
        }
        assert found == {
            "inactive_relinkable": ["fca_0", "fca_1", "fca_5"],
            "active": ["fca_3"],
            "disconnected": ["fca_2", "fca_4"],
        }
        assert len(store.accounts(state="disconnected", limit=1)) == 1
    finally:
        store.close()
