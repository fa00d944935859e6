"""Decisions explain themselves, as a line of text and as JSON."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SerializeAsAny

from relink.engine import Command, Decision, Event, Facts, Reason, Snapshot

from .door import TABLE, Burnt, DoorFacts, KeyTurned, Pushed, Ring, at


@pytest.mark.parametrize(
    ("snapshot", "trigger", "line"),
    [
        (
            at("shut"),
            Pushed(force=9),
            "shut --pushed[is_strong and not is_jammed]--> opened: "
            "2 commands (ring, ring); sets pushes",
        ),
        (at("opened"), KeyTurned(), "opened --key_turned[not holds_key]--> opened: no commands"),
        (at("opened"), Burnt(), "opened --burnt--> gone: no commands"),
        (
            at("shut", has_key=True),
            Burnt(),
            "shut --burnt--> gone: 1 command (send); sets has_key",
        ),
        (at("shut"), KeyTurned(), "shut --key_turned--> ignored: there is no key"),
        (at("gone"), Burnt(), "gone --burnt--> ignored (anomaly): it burnt before"),
    ],
)
def test_a_decision_as_a_line_of_text(snapshot: Snapshot[DoorFacts], trigger: Event, line: str):
    assert str(TABLE.decide(snapshot, trigger)) == line


def test_a_decision_as_json():
    decision = TABLE.decide(at("shut", has_key=True), Burnt(at=3))
    send = decision.commands[0]
    assert json.loads(json.dumps(decision.to_json())) == {
        "before": {
            "state": "shut",
            "version": 4,
            "facts": {"id": "front", "pushes": 0, "has_key": True},
        },
        "trigger": {"name": "burnt", "data": {"at": 3}},
        "outcome": "moved",
        "transition": "closed --burnt--> gone",
        "guards": [],
        "effects": ["report"],
        "reason": None,
        "anomaly": False,
        "after": {
            "state": "gone",
            "version": 5,
            "facts": {"id": "front", "pushes": 0, "has_key": False},
        },
        "changed": ["has_key"],
        "commands": [
            {
                "name": "send",
                "id": send.id,
                "data": {
                    "machine": "house",
                    "key": "front",
                    "event": {"name": "burnt", "data": {"at": 3}},
                    "phase": 0,
                },
            }
        ],
    }
    assert list(decision.to_json()) == [
        *("before", "trigger", "outcome", "transition", "guards", "effects"),
        *("reason", "anomaly", "after", "changed", "commands"),
    ]


def test_the_reason_of_a_decision_is_that_of_its_declaration():
    assert TABLE.decide(at("shut"), KeyTurned()).reason == Reason("no_key", "there is no key")
    assert TABLE.decide(at("gone"), Burnt()).reason == Reason(None, "it burnt before")
    assert TABLE.decide(at("opened"), Pushed()).reason is None


@pytest.mark.parametrize(
    ("snapshot", "trigger", "reason"),
    [
        (at("shut"), KeyTurned(), {"code": "no_key", "text": "there is no key"}),
        (at("gone"), Burnt(), {"code": None, "text": "it burnt before"}),
        (at("opened"), Pushed(), None),
    ],
)
def test_the_json_of_a_decision_has_the_code_and_text_of_its_reason(
    snapshot: Snapshot[DoorFacts], trigger: Event, reason: dict[str, str | None] | None
):
    assert TABLE.decide(snapshot, trigger).to_json()["reason"] == reason


NAN = float("nan")
VALUES = [0, False, 1, 1.0, "1", None, (), [], [1], [1.0], NAN, float("nan")]


class Loose(Facts):
    one: Any = 0
    two: Any = 0
    note: str = ""


@given(*[st.sampled_from(VALUES)] * 4)
def test_the_changes_of_a_decision_are_the_fields_whose_values_differ(
    one: Any, two: Any, new_one: Any, new_two: Any
):
    old = Loose().after({"one": one, "two": two})
    new = Loose().after({"one": new_one, "two": new_two})
    leaf = TABLE.decide(at("opened"), KeyTurned()).leaf
    decision = Decision(Snapshot("opened", old, 3), KeyTurned(), leaf, new, ())
    # Lists are equal where their items are equal, or the same: a number that is none, say.
    pairs = {"one": (old.one, new.one), "two": (old.two, new.two)}
    expected = {name: pair for name, pair in pairs.items() if [pair[0]] != [pair[1]]}
    assert decision.changes == expected
    assert decision.to_json()["changed"] == list(expected)
    told = str(decision)
    assert told.endswith(f"; sets {', '.join(expected)}" if expected else ": no commands")
    assert decision._replace(facts=old).changes == {}


def test_an_event_or_command_in_json_has_its_name_wherever_a_field_holds_one():
    class Ringing(Command):
        label: str = "a"
        since: date = date(2026, 3, 1)
        times: tuple[int, ...] = (1, 2)
        event: SerializeAsAny[Event]
        other: Event | None = None
        hidden: Burnt = Field(default=Burnt(at=9), exclude=True)

    ring = Ringing(event=Burnt(at=1))
    leaf = TABLE.decide(at("opened"), KeyTurned()).leaf
    decision = Decision(at("opened"), KeyTurned(), leaf, at("opened").facts, (ring, Ring(times=2)))
    assert decision.to_json()["commands"] == [
        {
            "name": "ringing",
            "id": ring.id,
            "data": {
                "label": "a",
                "since": "2026-03-01",
                "times": [1, 2],
                "event": {"name": "burnt", "data": {"at": 1}},
                "other": None,
            },
        },
        {"name": "ring", "id": Ring(times=2).id, "data": {"times": 2}},
    ]
    assert str(decision).endswith(": 2 commands (ringing, ring)")
    assert str(decision._replace(commands=(ring,))).endswith(": 1 command (ringing)")


class Dated(Event):
    """An event with values that JSON has no form of its own for."""

    on: date = date(2026, 3, 1)
    at: tuple[int, ...] = (1,)


def test_the_trigger_in_json_is_ready_to_be_written():
    decision = TABLE.decide(at("opened"), KeyTurned())._replace(trigger=Dated())
    assert decision.to_json()["trigger"] == {
        "name": "dated",
        "data": {"on": "2026-03-01", "at": [1]},
    }
    ringing = decision.to_json()
    assert json.loads(json.dumps(ringing)) == ringing
