"""Upgrades: data of earlier releases is read by later ones, and means the same."""

import json
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, create_model
from statemachine import State

from relink.engine import (
    Codec,
    Command,
    Decision,
    Event,
    Facts,
    RecordError,
    RemovedEvent,
    Send,
    Snapshot,
    errors,
    removed,
    renamed,
    upcast,
)
from relink.engine.upgrade import successors, upgraded

from ..profile import examples
from ..releases import LOAN, ONE, RELEASES, THREE, Release, one, three, two
from .door import TABLE, DoorChart, DoorFacts, Pushed, at

names = st.sampled_from(["", "Ada", "Grace"])
shelves = st.builds(one.Shelf, row=st.integers(0, 9))
events_of_one = st.one_of(
    st.builds(one.Borrowed),
    st.builds(
        one.Borrowed, first=names, last=names, shelf=st.builds(one.Shelf, row=st.integers(0, 9))
    ),
    st.builds(one.Renewed),
    st.builds(one.Returned),
    st.builds(one.Returned, fee=st.integers(0, 500).map(lambda cents: cents / 100)),
    st.builds(one.Overdue, days=st.integers(1, 9)),
    st.builds(one.BellRung, times=st.integers(1, 9)),
)


def whole(release: Release) -> Codec:
    """The engine's codec of a release, which writes decisions too."""
    return Codec(release.events, release.commands, {"loan": release.chart.table()})


CODECS = {id(release): whole(release) for release in RELEASES}


def moved(value: Any, kind: Any, old: Release, new: Release) -> Any:
    """A value that one release writes and another one reads."""
    return CODECS[id(new)].from_json(kind, json.loads(json.dumps(CODECS[id(old)].to_json(value))))


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.tuples(events_of_one, st.booleans()), max_size=12))
def test_the_third_release_goes_on_where_the_others_were(history: list[tuple[Event, bool]]):
    """Data passes through all releases, and ends where the third one alone ends."""
    releases = list(RELEASES)
    release = releases.pop(0)
    snapshot = release.system.begin(LOAN).snapshot
    alone = THREE.system.begin(LOAN).snapshot
    for event, goes_on in history:
        if goes_on and releases:
            snapshot = moved(snapshot, Snapshot, release, releases[0])
            release = releases.pop(0)
        decision = release.chart.table().decide(snapshot, moved(event, Event, ONE, release))
        snapshot = decision.snapshot
        expected = THREE.chart.table().decide(alone, moved(event, Event, ONE, THREE))
        alone = expected.snapshot
        assert moved(snapshot, Snapshot, release, THREE) == alone
        # The decision itself, and what it asks for.
        again = moved(decision, Decision, release, THREE)
        assert (again.leaf.source, again.leaf.target) == (again.before.state, again.state)
        assert again.leaf.event == again.trigger.name
        assert again.snapshot == alone
        assert again.before == expected.before
        kept = [each for each in again.commands if not isinstance(each, three.Chime)]
        assert kept == list(expected.commands)


@settings(max_examples=examples(50), deadline=None)
@given(events_of_one)
def test_it_makes_no_difference_whether_a_release_between_rewrites_an_event(event: Event):
    between = moved(event, Event, ONE, RELEASES[1])
    assert moved(between, Event, RELEASES[1], THREE) == moved(event, Event, ONE, THREE)


@settings(max_examples=examples(50), deadline=None)
@given(events_of_one)
def test_what_this_release_writes_is_left_alone(event: Event):
    now = moved(event, Event, ONE, THREE)
    written = CODECS[id(THREE)].to_json(now)
    kind = type(now)
    assert upgraded(kind, written["fields"]) == written["fields"]


def test_a_timer_in_flight_brings_todays_event():
    wake = one.Wake(machine="loan", key="b1", due=50, event=one.Overdue(days=3))
    assert moved(wake, Command, ONE, THREE).event == three.Lapsed(days=3)
    send = Send(machine="loan", key="b1", event=one.Borrowed(first="Grace", last="Hopper"))
    lent = moved(send, Command, ONE, THREE).event
    assert lent == three.CheckedOut(reader=three.Person(name="Grace Hopper"))


def test_a_removed_event_keeps_its_fields_and_is_ignored_everywhere():
    rung = moved(one.BellRung(times=3), Event, ONE, THREE)
    assert isinstance(rung, three.BellRung)
    assert CODECS[id(THREE)].to_json(rung) == {"name": "bell_rung", "fields": {"times": 3}}
    table = THREE.chart.table()
    for state in table.states:
        before = Snapshot(state, three.LoanFacts(id="b1"), 4)
        decision = table.decide(before, rung)
        assert (decision.outcome, decision.state, decision.commands) == ("ignored", state, ())
        assert decision.reason is not None
        assert decision.reason.code == "event_removed"
        again = CODECS[id(THREE)].from_json(Decision, CODECS[id(THREE)].to_json(decision))
        assert again == decision
        assert decision.leaf.index == -1, "it is no leaf of the table"
        with pytest.raises(errors.SnapshotError, match="its facts are LoanFacts, and it got a Doo"):
            table.decide(Snapshot(state, DoorFacts(), 4), rung)
    assert "bell_rung" not in table.events


def test_a_removed_event_is_in_no_alphabet():
    class Silent(DoorChart):
        alphabet = (*DoorChart.alphabet, three.BellRung)

    with pytest.raises(errors.AlphabetError, match="BellRung, a RemovedEvent"):
        Silent.table()


# -- Clear errors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "data", "fault"),
    [
        (Event, {"name": "lost", "fields": {}}, "named 'lost'.*former_names.*RemovedEvent"),
        (
            Event,
            {"name": "pushed", "fields": {"hard": 1}},
            r"it has no field 'hard'.*in upgrades of the class.*\(renamed, removed, upcast\)",
        ),
        (
            Snapshot,
            {"machine": "door", "state": "ajar", "version": 1, "facts": {}},
            "door has no leaf state 'ajar'; it has opened, shut.*DoorChart.former_states",
        ),
    ],
)
def test_what_is_unknown_is_named_with_the_way_out(kind: Any, data: dict[str, Any], fault: str):
    with pytest.raises(errors.UnreadableError, match=fault):
        Codec(tables={"door": TABLE}).from_json(kind, data)


def test_an_upcast_that_fails_is_named_and_quotes_no_value():
    data = {"name": "returned", "fields": {"fee": "secret"}}
    with pytest.raises(errors.UnreadableError) as caught:
        CODECS[id(THREE)].from_json(Event, data)
    assert "Returned.upgrades: upcast('fee', into='cents') failed with TypeError" in str(
        caught.value
    )
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("made", [{"cents": 3, "other": 4}, {"other": 4}, ["cents"], None, "cents"])
def test_an_upcast_that_makes_something_else_is_named(made: Any):
    class Paid(Event):
        cents: int = 0

        upgrades = (upcast("fee", into="cents", by=lambda fee: made),)

    with pytest.raises(errors.UpgradeError) as caught:
        upgraded(Paid, {"fee": 1})
    assert str(caught.value) == (
        "Paid.upgrades: upcast('fee', into='cents') made something else than its fields; correct "
        "its function"
    )


def test_the_upgrades_of_a_model_in_a_record_have_to_work_too():
    class Odd(BaseModel):
        kept: int = 0

        upgrades: ClassVar = (renamed("old", to="lost"),)

    class Holding(Event):
        held: Odd = Odd()

    with pytest.raises(
        RecordError, match=r"^Odd\.upgrades: renamed\('old', to='lost'\): 'lost' is"
    ):
        upgraded(Holding, {})


def test_a_function_of_former_states_that_fails_is_named():
    class Odd(DoorChart):
        former_states: ClassVar = {
            "ajar": lambda facts: facts.lost,
            "wide": lambda facts: "gone by",
        }

    codec = Codec(tables={"door": Odd.table()})
    for state, fault in (("ajar", "'ajar' in Odd.former_states failed"), ("wide", "to 'gone by'")):
        with pytest.raises(errors.UnreadableError, match=fault):
            codec.from_json(
                Snapshot, {"machine": "door", "state": state, "version": 1, "facts": {}}
            )


# -- Declarations that could not work ---------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        ((renamed("kept", to="other"),), "'kept' is a field today"),
        ((renamed("old", to="lost"),), "'lost' is neither a field nor taken by a later upgrade"),
        ((renamed("b", to="kept"), renamed("a", to="b")), "the oldest first"),
        ((removed("old"), renamed("old", to="kept")), "an earlier upgrade takes 'old'"),
        (("old",), r"contains 'old'; it takes renamed\(…\)"),
    ],
)
def test_declarations_that_could_not_work_are_refused(declared: tuple[Any, ...], fault: str):
    with pytest.raises(RecordError, match=fault):
        type(
            "Wrong",
            (Facts,),
            {
                "__module__": __name__,
                "__annotations__": {"kept": int, "other": int},
                "upgrades": declared,
            },
        )


@pytest.mark.parametrize(
    ("former", "fault"),
    [
        ({"opened": "shut"}, "'opened': it is a state today"),
        (
            {"ajar": "closed"},
            "'ajar': it leads to 'closed', which is no leaf.*did you mean 'locked'",
        ),
        (
            {"ajar": "xyz"},
            "'ajar': it leads to 'xyz', which is no leaf state.*; it takes gone, locked, ",
        ),
        ({"ajar": State("Other")}, "'ajar': it leads to a state without a name, which"),
    ],
)
def test_former_states_that_could_not_work_are_refused(former: dict[str, Any], fault: str):
    class Wrong(DoorChart):
        former_states = former

    with pytest.raises(errors.FormerStateError, match=fault):
        Wrong.table()


def test_former_states_may_be_given_as_states():
    class Renaming(DoorChart):
        former_states: ClassVar = {"ajar": DoorChart.opened, "bolted": "locked"}

    table = Renaming.table()
    assert table.digest == TABLE.digest
    facts = at("opened").facts
    assert [table.current_state(state, facts) for state in ("ajar", "bolted", "gone")] == [
        *("opened", "locked", "gone")
    ]
    assert table.stored_as("locked") == ("locked", "bolted")


def test_a_state_is_stored_under_its_own_name_and_those_that_lead_to_it():
    class Renamed(DoorChart):
        former_states: ClassVar = {
            "ajar": "opened",
            "bolted": DoorChart.closed.locked,
            "odd": lambda facts: "shut",
            "wide": "opened",
        }

    table = Renamed.table()
    assert {state: table.stored_as(state) for state in table.states} == {
        "opened": ("opened", "ajar", "odd", "wide"),
        "shut": ("shut", "odd"),
        "locked": ("locked", "bolted", "odd"),
        "gone": ("gone", "odd"),
    }


def test_a_state_may_be_stored_under_any_name_that_a_function_decides_about():
    class Deciding(DoorChart):
        former_states: ClassVar = {"ajar": lambda facts: "opened", "bolted": "locked"}

    table = Deciding.table()
    assert table.stored_as("opened") == ("opened", "ajar")
    assert table.stored_as("locked") == ("locked", "ajar", "bolted")


def test_two_classes_with_one_former_name_are_refused():
    class Shoved(Event):
        former_names = ("pushed",)

    class Thrust(Event):
        former_names = ("shoved",)

    with pytest.raises(TypeError, match=r"Shoved\.former_names has 'pushed', and so has Pushed"):
        Codec([Pushed, Shoved])
    with pytest.raises(TypeError, match=r"Thrust\.former_names has 'shoved', and so has Shoved"):
        Codec([Shoved, Thrust])


def test_former_names_are_not_inherited():
    class Base(Event):
        former_names = ("basic",)

    class Derived(Base):
        pass

    codec = Codec([Base, Derived])
    assert type(codec.event("basic", {})) is Base


class Other(BaseModel):
    size: int = 0


@pytest.mark.parametrize(
    ("kind", "is_clear"),
    [
        (three.Shelf | Other, False),
        (Other | three.Shelf, False),
        (three.Shelf | tuple[three.Shelf, ...], False),
        (tuple[three.Shelf, ...] | dict[str, three.Shelf], False),
        (three.Shelf | None, True),
        (int | three.Shelf | str, True),
        (tuple[three.Shelf, ...] | None, True),
        (dict[str, three.Shelf] | int, True),
    ],
    ids=str,
)
def test_a_union_in_which_two_may_be_upgraded_is_refused(kind: Any, is_clear: bool):
    shown = create_model("Shown", __base__=Event, what=(kind, ...))
    if is_clear:
        assert upgraded(shown, {"what": 7}) == {"what": 7}
        return
    with pytest.raises(RecordError) as caught:
        upgraded(shown, {"what": {"row": 1}})
    assert str(caught.value) == (
        f"{kind} has several models, one of them with upgrades, and a stored value does not say "
        "which it is; put the upgrade into the record that has the field"
    )


class Everywhere(Facts):
    """Models with upgrades at every kind of place."""

    one: three.Shelf | None = None
    several: tuple[three.Shelf, ...] = ()
    pair: tuple[int, three.Shelf] | None = None
    named: dict[str, list[three.Shelf]] = {}
    plain: list[int] = []


def test_models_within_records_are_upgraded_at_every_depth():
    old, new = {"row": 1}, {"aisle": 1}
    stored = {
        "one": old,
        "several": [old, old],
        "pair": [3, old],
        "named": {"a": [old]},
        "plain": [1],
    }
    assert upgraded(Everywhere, stored) == {
        "one": new,
        "several": [new, new],
        "pair": [3, new],
        "named": {"a": [new]},
        "plain": [1],
    }
    assert upgraded(Everywhere, {"one": None, "pair": None}) == {"one": None, "pair": None}


def test_the_newer_form_of_a_field_wins():
    """Where both are stored, it was changed since."""
    assert upgraded(two.LoanFacts, {"id": "b1", "fee": 1.0, "cents": 35}) == {
        "id": "b1",
        "cents": 35,
    }


def test_an_event_that_is_no_removed_one_is_still_refused():
    class Kicked(Event):
        pass

    with pytest.raises(errors.UnknownEventError):
        TABLE.decide(at("opened"), Kicked())
    with pytest.raises(errors.UnknownStateError):
        TABLE.decide(at("nowhere"), type("Gone", (RemovedEvent,), {"__module__": __name__})())


class Grown(Facts):
    """What four releases made of its fields."""

    total: int = 0
    first: str = ""
    last: str = ""
    other: int = 0

    upgrades = (
        renamed("sum", to="amount"),
        upcast("amount", "tax", into="total", by=lambda amount=0, tax=0: {"total": amount + tax}),
        upcast("person", into=("first", "last"), by=lambda person: {}),
        removed("note"),
    )


@pytest.mark.parametrize(
    ("former", "made"),
    [
        ([], set()),
        (["sum"], {"amount", "total"}),
        (["amount"], {"total"}),
        (["tax"], {"total"}),
        (["person"], {"first", "last"}),
        (["note"], set()),
        (["total", "first", "other", "unknown"], set()),
        (["sum", "person", "note", "other"], {"amount", "total", "first", "last"}),
    ],
)
def test_what_becomes_of_fields_is_followed_through_all_upgrades(former: list[str], made: set[str]):
    assert successors(Grown, former) == successors(Grown, iter(former)) == made
    assert successors(Facts, former) == set()
