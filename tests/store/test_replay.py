"""Replay when a chart has changed: what an older chart decided is told apart from what differs."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest
from statemachine import State

from relink.adapters.cli import main
from relink.adapters.store import Codec, SqlStore, UnreadableRecordError
from relink.adapters.store.replay import DecidedByOlderChart, Difference, Finding, replay
from relink.engine import Address, Assign, Chart, Event, Facts, Send, System, ignored

from .database import Database
from .messages import NOW, message, receive


class Called(Event):
    """Somebody calls the lift."""

    floor: int


class Broke(Event):
    """It breaks down."""


class LiftFacts(Facts):
    id: str
    floor: int = 0
    calls: tuple[int, ...] = ()


class Lift(Chart):
    """The chart of the first release."""

    facts_type = LiftFacts
    alphabet = (Called,)

    waiting = State(initial=True)
    moving = State()

    waiting.to(moving, event="called", on="note")
    moving.to(waiting, event="called", on="note")

    def note(self, facts: LiftFacts, trigger: Called) -> Assign:
        return Assign(floor=trigger.floor, calls=(*facts.calls, trigger.floor))


class WithMore(Chart):
    """It decides as the first one does, and knows another event."""

    facts_type = LiftFacts
    alphabet = (Called, Broke)

    waiting = State(initial=True)
    moving = State()
    broken = State(final=True)

    waiting.to(moving, event="called", on="note")
    moving.to(waiting, event="called", on="note")
    waiting.to(broken, event="broke")
    moving.to(broken, event="broke")

    decided = (ignored(broken, (Called, Broke), because="it is broken"),)

    note = Lift.note


class Stays(Chart):
    """It stays where it is when the lift is there already."""

    facts_type = LiftFacts
    alphabet = (Called,)

    waiting = State(initial=True)
    moving = State()

    waiting.to(moving, event="called", unless="is_there", on="note")
    waiting.to.itself(event="called", cond="is_there")
    moving.to(waiting, event="called", on="note")

    note = Lift.note

    def is_there(self, facts: LiftFacts, trigger: Called) -> bool:
        return facts.floor == trigger.floor


class Lost(Chart):
    """It has no state of the first one's names."""

    facts_type = LiftFacts
    alphabet = (Called,)

    idle = State(initial=True)
    busy = State()

    idle.to(busy, event="called")
    busy.to(idle, event="called")


class Renamed(Lost):
    """It says what became of the first one's states, and remembers no call."""

    former_states: ClassVar = {"waiting": "idle", "moving": "busy"}


class OtherEffect(Lift):
    """The same table, but the effect does something else."""

    def note(self, facts: LiftFacts, trigger: Called) -> Assign:
        return Assign(floor=trigger.floor + 1)


LIFT = Address("lift", "north")
Open = Callable[[type[Chart]], SqlStore]


@pytest.fixture
def open_with(url: str) -> Iterator[Open]:
    """Opens the new database with a chart, as each release does."""
    opened: list[SqlStore] = []

    def open_it(chart: type[Chart]) -> SqlStore:
        system = System(
            {"lift": chart.table()},
            lambda trigger, _: [Send(machine="lift", key="north", event=trigger)],
        )
        opened.append(SqlStore(url, system, Codec([Called, Broke], [])))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


def call(store: SqlStore, *floors: int) -> None:
    """Call the lift to each floor."""
    for floor in floors:
        name = f"call_{len(store.journal(LIFT))}"
        store.apply(message(name, at=NOW + floor), [Called(floor=floor)])


def findings(store: SqlStore) -> list[Finding]:
    return list(replay(store, lambda *_: None))


def test_each_journal_row_has_the_digest_of_the_table_that_decided(open_with: Open):
    call(open_with(Lift), 1)
    store = open_with(WithMore)
    call(store, 2)
    assert [each.chart for each in store.journal(LIFT)] == [
        Lift.table().digest,
        WithMore.table().digest,
    ]


def test_what_a_changed_chart_would_decide_alike_is_no_finding(open_with: Open):
    call(open_with(Lift), 3, 3)
    store = open_with(WithMore)
    assert findings(store) == []
    store.apply(message("broke"), [Broke()])
    assert findings(store) == []


def test_what_an_older_chart_decided_differently_is_told_apart(open_with: Open):
    call(open_with(Lift), 0, 0, 5)
    store = open_with(Stays)
    stored = store.snapshot(LIFT)
    assert stored is not None
    assert (stored.state, stored.version) == ("moving", 3)
    assert findings(store) == [DecidedByOlderChart(LIFT, (1,))]
    call(store, 5, 5, 5)
    assert [each.to_state for each in store.journal(LIFT)] == [
        "moving",
        "waiting",
        "moving",
        "waiting",
        "waiting",
        "waiting",
    ]
    assert findings(store) == [DecidedByOlderChart(LIFT, (1,))]


def test_former_states_are_taken_from_the_journal(open_with: Open):
    call(open_with(Lift), 1, 2)
    assert findings(open_with(Renamed)) == [DecidedByOlderChart(LIFT, (1, 2))]


def test_a_state_that_the_present_chart_does_not_know_is_refused_with_the_cure(open_with: Open):
    call(open_with(Lift), 1, 2)
    with pytest.raises(
        UnreadableRecordError,
        match=r"lift north: lost has no leaf state 'waiting'; it has idle, busy.*former_states",
    ):
        findings(open_with(Lost))


def test_what_changed_past_the_store_differs_whichever_chart_decided(
    open_with: Open, database: Database
):
    call(open_with(Lift), 0, 0)
    database.change("UPDATE snapshots SET state = 'moving'")
    what = "it is moving, and its journal leads to waiting"
    assert findings(open_with(Lift)) == [Difference(LIFT, what)]
    assert findings(open_with(Stays)) == [DecidedByOlderChart(LIFT, (1,)), Difference(LIFT, what)]


def test_a_changed_effect_of_the_same_table_differs(open_with: Open):
    call(open_with(Lift), 4)
    assert OtherEffect.table().digest == Lift.table().digest
    assert findings(open_with(OtherEffect)) == [
        Difference(LIFT, "its journal leads to other facts: calls, floor")
    ]


def test_an_event_that_can_not_be_decided_any_more_differs(open_with: Open, database: Database):
    call(open_with(Lift), 4)
    database.change("UPDATE journal SET event = 'broke', fields = '{}'")
    ((address, what),) = [
        (each.address, each.what)
        for each in findings(open_with(Lift))
        if isinstance(each, Difference)
    ]
    assert address == LIFT
    assert "its journal can't be replayed: lift does not know the event 'broke'" in what


def test_a_checkpoint_keeps_what_an_older_chart_decided(open_with: Open):
    older = open_with(Lift)
    call(older, 0, 0, 5)
    at = older.snapshot(LIFT)
    store = open_with(Stays)
    call(store, 6)
    assert store.delete_before(NOW + 5.5, 99)["journal"] == 3
    ((history),) = store.histories(None, 9)
    assert history.checkpoint is not None
    assert history.checkpoint.read(store.system.tables["lift"], LIFT) == at
    assert findings(store) == []


def test_the_command_tells_the_two_apart(
    store: SqlStore,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for number in (1, 2):
        receive(store, f"evt_{number}", account=f"fca_{number}", authorization=f"fcauth_{number}")
    last = store.journal(Address("account", "fca_1"))[-1].version
    state = "'inactive_unrepairable' WHERE machine = 'account' AND key = 'fca_1'"
    database.change(
        f"UPDATE journal SET chart = '0123456789abcdef', to_state = {state} AND version = {last}"
    )
    database.change(f"UPDATE snapshots SET state = {state}")
    monkeypatch.setenv("RELINK_DATABASE_URL", database.url)
    assert main(["replay"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"account fca_1: an older chart decided version {last} differently"
    assert out[1].endswith("0 differ from their snapshots")
    assert out[2:] == ["1 has decisions of an older chart that differ from the present one's"]

    database.change(
        "UPDATE snapshots SET state = 'disconnected' WHERE machine = 'account' AND key = 'fca_2'"
    )
    assert main(["replay"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[1].startswith("account fca_2: it is disconnected")
