"""What an earlier release stored is read in today's form: names, and fields step by step."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, create_model

from relink.engine import (
    Codec,
    Command,
    Event,
    Facts,
    RemovedCommand,
    Send,
    errors,
    removed,
    renamed,
    upcast,
)
from relink.engine.upgrade import Upgrade, upgraded


class Shout(Command):
    former_names = ("yell", "cry")
    loud: int = 0


class Whisper(Shout):
    """Derived: it has no former names."""


class Rang(Event):
    former_names = ("noticed", "yell")
    loud: int = 0


class Hum(RemovedCommand):
    former_names = ("buzz",)


class Planned(Command):
    event: Event


CODEC = Codec([Rang], [Shout, Whisper, Hum, Planned])


@pytest.mark.parametrize(
    ("base", "kind", "names"),
    [
        (Command, Shout, ["shout", "yell", "cry"]),
        (Event, Rang, ["rang", "noticed", "yell"]),
        (Command, Whisper, ["whisper"]),
        (Command, Hum, ["hum", "buzz"]),
    ],
)
def test_a_record_is_read_by_each_of_its_names(base: Any, kind: Any, names: list[str]):
    read = CODEC.event if base is Event else CODEC.command
    for name in names:
        assert type(read(name, {})) is kind
        for asked in (base, kind):
            assert type(CODEC.from_json(asked, {"name": name, "fields": {}})) is kind
    # It is written by today's.
    assert CODEC.to_json(kind())["name"] == names[0]


@pytest.mark.parametrize("name", ["noticed", "rang"])
def test_a_name_of_an_event_is_none_of_a_command(name: str):
    with pytest.raises(errors.UnreadableError, match=f"^no command .*'{name}', but an event"):
        CODEC.command(name, {})


@pytest.mark.parametrize("name", ["cry", "shout", "send"])
def test_a_name_of_a_command_is_none_of_an_event(name: str):
    with pytest.raises(errors.UnreadableError, match=f"^no event .*'{name}', but a command"):
        CODEC.event(name, {})


def test_an_event_inside_of_a_command_is_read_by_its_former_name():
    stored = {"event": {"name": "noticed", "fields": {"loud": 3}}}
    assert CODEC.command("planned", stored) == Planned(event=Rang(loud=3))
    sent = {"machine": "m", "key": "k", **stored}
    assert CODEC.command("send", sent) == Send(machine="m", key="k", event=Rang(loud=3))
    assert CODEC.event("started", {}).name == "started"


@pytest.mark.parametrize("names", [("shout",), ("call", "yell"), ("bellow",)])
def test_commands_that_share_a_name_are_refused(names: tuple[str, ...]):
    class Bellow(Command):
        former_names: ClassVar = names

    with pytest.raises(errors.ArgumentError, match=rf"^Bellow\.former_names has '{names[-1]}'"):
        Codec([], [Shout, Bellow])


def test_commands_that_have_one_name_are_refused():
    other = create_model("Shout", __base__=Command)
    with pytest.raises(errors.ArgumentError, match="are both stored as 'shout'; rename one"):
        Codec([], [Shout, other])
    assert Codec([], [Shout, Shout]).command("shout", {}) == Shout()


# -- Fields ---------------------------------------------------------------------------------------


def doubled(names: dict[str, str], /, **held: int) -> dict[str, int]:
    """An upcast: each field under its new name, with twice its value."""
    return {names[name]: 2 * value for name, value in held.items()}


NAMES = [f"f{number}" for number in range(4)]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[Upgrade, dict[str, Any]]], set[str]]:
    """What releases did to the fields, one after the other, and the fields of the last one."""
    fields = list(NAMES)
    done: list[tuple[Upgrade, dict[str, Any]]] = []
    for number in range(draw(st.integers(1, 4))):
        if not fields:
            break
        old = draw(st.sampled_from(fields))
        fields.remove(old)
        match draw(st.sampled_from(["renamed", "removed", "upcast"])):
            case "renamed":
                new = f"n{number}"
                fields.append(new)
                done.append((renamed(old, to=new), {old: (new, 1)}))
            case "removed":
                done.append((removed(old), {old: None}))
            case _:
                others = [old, *fields[:1]]
                fields = [name for name in fields if name not in others]
                into = tuple(f"u{number}{name}" for name in others)

                by = partial(doubled, dict(zip(others, into, strict=True)))
                fields += into
                moves = {name: (new, 2) for name, new in zip(others, into, strict=True)}
                done.append((upcast(*others, into=into, by=by), moves))
    return done, set(fields)


@settings(deadline=None, max_examples=40)
@given(histories(), st.data())
def test_stored_fields_go_through_all_later_releases(history: Any, data: st.DataObject):
    done, today = history
    body = {
        "__module__": __name__,
        "__annotations__": dict.fromkeys(sorted(today), int),
        **dict.fromkeys(today, -1),
        "upgrades": tuple(upgrade for upgrade, _ in done),
    }
    model: type[Facts] = type(Facts)("Aged", (Facts,), body)
    # Whatever a release stored, in part or whole.
    known = sorted({*NAMES, *today, *(old for _, moves in done for old in moves)})
    chosen = data.draw(st.lists(st.sampled_from(known), unique=True))
    stored = {name: number + 10 for number, name in enumerate(chosen)}
    expected = dict(stored)
    for _, moves in done:
        taken = {old: expected.pop(old) for old in moves if old in expected}
        for old, value in taken.items():
            if (move := moves[old]) is not None:
                expected.setdefault(move[0], move[1] * value)
    before = json.dumps(stored)
    assert upgraded(model, stored) == expected
    assert json.dumps(stored) == before
    facts = Codec.facts(model, json.dumps(stored), "aged")
    assert facts.model_dump() == {**dict.fromkeys(today, -1), **expected}


class Shelf(BaseModel, frozen=True):
    aisle: int = 0
    upgrades: ClassVar = (renamed("row", to="aisle"),)


class Room(BaseModel, frozen=True):
    shelf: Shelf = Shelf()
    other: int = 0


OLD, NEW = {"row": 1}, {"aisle": 1}


@pytest.mark.parametrize(
    ("kind", "stored", "read"),
    [
        (Shelf, OLD, NEW),
        (Shelf | None, OLD, NEW),
        (Shelf | None, None, None),
        (int | Shelf, OLD, NEW),
        (int | Shelf, 3, 3),
        (list[Shelf], [OLD, NEW], [NEW, NEW]),
        (list[Shelf] | None, [OLD], [NEW]),
        (set[Shelf], [OLD], [NEW]),
        (tuple[Shelf, ...], [OLD, OLD], [NEW, NEW]),
        (tuple[Shelf, int], [OLD, 1], [NEW, 1]),
        (tuple[int, Shelf], [1, OLD], [1, NEW]),
        (tuple[int, Shelf], [1], [1]),
        (tuple[int, Shelf], {"a": OLD}, {"a": OLD}),
        (dict[str, Shelf], {"a": OLD, "row": OLD}, {"a": NEW, "row": NEW}),
        (dict[str, Shelf], [OLD], [OLD]),
        (dict[str, list[Shelf]], {"a": [OLD]}, {"a": [NEW]}),
        (list[Shelf], "text", "text"),
        (list[dict[str, Shelf | None]], [{"a": None, "b": OLD}], [{"a": None, "b": NEW}]),
        (tuple[Annotated[Shelf, "note"], ...], [OLD], [NEW]),
        (Annotated[Shelf, "note"] | None, OLD, NEW),
        (Mapping[str, Shelf], {"a": OLD}, {"a": NEW}),
        (Room, {"shelf": OLD, "other": 2}, {"shelf": NEW, "other": 2}),
        (Room, {"other": 2}, {"other": 2}),
        (tuple[Room, ...], [{"shelf": OLD}, {}], [{"shelf": NEW}, {}]),
        (int, 3, 3),
        (dict[str, int], {"row": 1}, {"row": 1}),
    ],
)
def test_a_model_is_upgraded_at_each_kind_of_place(kind: Any, stored: Any, read: Any):
    model = create_model("Holding", __base__=Facts, held=(kind, ...), also=(int, 0))
    for rest in ({}, {"also": 7}):
        given_fields = {"held": stored, **rest}
        before = json.dumps(given_fields)
        assert upgraded(model, given_fields) == {"held": read, **rest}
        assert json.dumps(given_fields) == before
        assert upgraded(model, rest) == rest
