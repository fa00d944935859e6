"""Stored JSON with one part damaged: it is refused as unreadable, or means what it says.

No damage ends in another error, so a caller needs one ``except``.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SerializeAsAny

from relink.engine import (
    Address,
    Codec,
    Command,
    Decision,
    Event,
    Send,
    Snapshot,
    Step,
    System,
    errors,
)

from .door import TABLE, Burnt, KeyTurned, Pushed, Ring, at


class Later(Command):
    event: SerializeAsAny[Event]
    others: tuple[SerializeAsAny[Event], ...] = ()
    named: dict[str, Event] = {}


CODEC = Codec([], [Ring, Later], {"door": TABLE})
SYSTEM = System({"door": TABLE}, lambda e, _: [Send(machine="door", key=k, event=e) for k in "ab"])
STORED = {Address("door", "a"): at("shut", pushes=3)}
MOVED = TABLE.decide(at("shut", pushes=3), Pushed(force=9))
IGNORED = TABLE.decide(at("shut"), KeyTurned())
VALUES: list[tuple[type, Any]] = [
    (Event, Pushed(force=3)),
    (Command, Ring(times=2)),
    (
        Command,
        Later(event=Pushed(force=3), others=(KeyTurned(), Burnt(at=1)), named={"a": Pushed()}),
    ),
    (Snapshot, at("shut", pushes=3, has_key=True)),
    (Decision, MOVED),
    (Decision, IGNORED),
    (Decision, TABLE.decide(at("gone"), Burnt())),
    (Decision, TABLE.start(at("shut").facts)),
    (Step, SYSTEM.step(Pushed(), STORED.get)),
    (Step, SYSTEM.step(Pushed(force=9), STORED.get)),
]
WRITTEN = [(kind, json.loads(json.dumps(CODEC.to_json(value)))) for kind, value in VALUES]
WRONG: list[Any] = [None, 3, -1, 0.5, True, "", "x", "pushed", [], [1], {}, {"name": 1}, {"x": []}]


def places(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if way:
        yield way
    if isinstance(data, (dict, list)):
        for key, held in data.items() if isinstance(data, dict) else enumerate(data):
            yield from places(held, (*way, key))


def holder(data: Any, way: tuple[Any, ...]) -> Any:
    for key in way[:-1]:
        data = data[key]
    return data


def read(kind: type, data: Any) -> Any:
    """What was read; None if it was refused."""
    try:
        return CODEC.from_json(kind, data)
    except errors.UnreadableError:
        return None


PARTS = [(n, way) for n, (_, data) in enumerate(WRITTEN) for way in places(data)]


@settings(deadline=None, max_examples=250)
@given(st.sampled_from(PARTS), st.sampled_from(WRONG))
def test_another_value_is_refused_or_read_as_it_is(part: Any, value: Any):
    number, way = part
    kind, data = WRITTEN[number]
    damaged = copy.deepcopy(data)
    holder(damaged, way)[way[-1]] = value
    found = read(kind, damaged)
    if found is not None:
        # Written again it says the same, but for what the engine computes anew.
        again = CODEC.to_json(found)
        assert read(kind, json.loads(json.dumps(again))) == found


@pytest.mark.parametrize("number", range(len(WRITTEN)))
def test_a_part_that_is_missing_is_refused_unless_it_has_a_default(number: int):
    kind, data = WRITTEN[number]
    whole = CODEC.from_json(kind, data)
    assert whole == VALUES[number][1]
    for way in places(data):
        damaged = copy.deepcopy(data)
        place = holder(damaged, way)
        del place[way[-1]]
        found = read(kind, damaged)
        inside = [key for key in way if key in ("fields", "facts", "leaf", "reason")]
        if isinstance(place, dict) and not inside and way[-1] != "chart":
            assert found is None, way
        elif isinstance(place, dict) and way[-1] == "chart":
            assert found == whole  # it is for people


@pytest.mark.parametrize("number", range(len(WRITTEN)))
@pytest.mark.parametrize("kind", [Event, Command, Snapshot, Decision, Step, Pushed, Ring])
def test_one_kind_is_never_read_as_another(number: int, kind: type):
    written, data = WRITTEN[number]
    found = read(kind, data)
    if isinstance(VALUES[number][1], kind):
        assert found == VALUES[number][1]
    elif found is not None:
        # A decision says in what its machine was, and more.
        assert isinstance(found, kind)
        assert written in (Step, Decision)


@pytest.mark.parametrize("change", [{"more": 1}, {"label": ...}, {"outcome": ...}])
def test_a_leaf_with_more_or_less_than_is_written_is_refused(change: dict[str, Any]):
    data = copy.deepcopy(WRITTEN[4][1])
    for key, value in change.items():
        if value is ...:
            del data["leaf"][key]
        else:
            data["leaf"][key] = value
    found = read(Decision, data)
    if "label" in change:  # it has a default
        assert found is None or found.leaf.label == ""
    else:
        assert found is None
