"""Upgrades in tables of one's own: what three releases stored is read as in relink's own tables."""

from collections.abc import Callable
from typing import Any

import pytest

from relink.adapters.store import Tables, TableStore
from relink.adapters.store.replay import replay
from relink.engine import System
from relink.machines import relink_system
from relink.machines.commands import Wake
from relink.machines.routing import route

from ..releases import LOAN, ONE, RELEASES, THREE, TWO, Release, three
from .messages import NOW, receive
from .test_upgrade import HISTORIES, Renaming, alone, send

Open = Callable[[Release], TableStore]


@pytest.fixture
def tables(own_tables: Tables) -> Tables:
    return own_tables


@pytest.fixture
def opened(tables: Tables) -> Open:
    """Opens the tables as a release does."""
    return lambda release: TableStore(tables, release.system, release.codec)


@pytest.mark.parametrize("letters", HISTORIES, ids="-".join)
@pytest.mark.parametrize("pruned", [0, 1, 4])
def test_three_releases_share_tables_and_prune_them(
    opened: Open, letters: tuple[str, str, str], pruned: int
) -> None:
    for release, some in zip(RELEASES, letters, strict=True):
        send(opened(release), release, some)
        opened(release).delete_before(NOW + pruned + 0.5, limit=1)
    store = opened(THREE)
    while store.delete_before(NOW + pruned + 0.5, limit=1)["journal"]:
        assert list(replay(store, lambda *_: None)) == []
    assert store.snapshot(LOAN) == alone("".join(letters))
    assert list(replay(store, lambda *_: None)) == []
    assert list(store.unreadable()) == []


@pytest.mark.parametrize("release", [ONE, TWO], ids=["one", "two"])
def test_commands_in_flight_are_performed_and_removed_ones_end(
    opened: Open, tables: Tables, release: Release
) -> None:
    send(opened(release), release, "box")
    store = opened(THREE)
    assert {each.command for each in store.due_commands(NOW + 99, 9)} == {
        three.Write(reader="Ada", words="1 days late"),
        Wake(machine="loan", key="b1", due=50, event=three.Lapsed(days=3)),
    }
    (chime,) = tables.select("outbox", {"command": "chime"})
    assert chime["status"] == "done"
    assert "chime was removed" in chime["error"]
    assert store.dead_letters() == []
    (timer,) = store.timers()
    assert isinstance(timer.command, Wake)
    store.answer(timer, [timer.command.event], NOW + 60)
    assert store.journal(LOAN)[-1].event == three.Lapsed(days=3)


def test_accounts_are_found_and_counted_by_todays_states(tables: Tables) -> None:
    charts: dict[str, Any] = {**relink_system().tables, "account": Renaming.table()}
    store = TableStore(tables, System(charts, route))
    for number in range(6):
        receive(store, f"evt_{number}", account=f"fca_{number}", last4=f"000{number % 2}")
    for state, keys in (("broken", ["fca_0", "fca_1"]), ("linked", ["fca_2", "fca_3", "fca_4"])):
        of_accounts = {"machine": "account", "key__in": keys}
        assert tables.update("snapshots", of_accounts, {"state": state}) == len(keys)
        assert tables.update("accounts", {"id__in": keys}, {"state": state}) == len(keys)
    assert store.count_by_state() == {"inactive_relinkable": 3, "active": 1, "disconnected": 2}
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
