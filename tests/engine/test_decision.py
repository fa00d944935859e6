"""Decisions explain themselves, as a line of text and as JSON."""

import json

import pytest

from relink.engine import Event, Reason, Snapshot

from .door import TABLE, Burnt, DoorFacts, KeyTurned, Pushed, at


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
