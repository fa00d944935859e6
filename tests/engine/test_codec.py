"""The codec: what is read equals what was written, or it is refused when it is written."""

import json
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    SerializeAsAny,
    model_serializer,
)

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
    renamed,
)
from relink.engine.effect import Facts
from relink.engine.facts_json import facts_text
from relink.engine.fuzz import instances
from relink.engine.record_codec import RecordCodec

from ..profile import examples
from ..releases import three
from .door import TABLE, Burnt, DoorChart, DoorFacts, KeyTurned, Pushed, Ring, at


class Colour(Enum):
    RED = "red"
    BLUE = 2


class Part(BaseModel):
    """Absent and null mean different things in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str | None = None
    size: float | None = None
    inner: "Part | None" = None


class Nested(Event):
    at: float = 0.0
    note: str | None = None
    part: Part = Part()
    parts: tuple[Part, ...] = ()
    colour: Colour = Colour.RED
    kind: Literal["a", "b"] = "a"
    names: frozenset[str] = frozenset()
    counts: dict[str, list[int]] = {}
    outside: str = Field(default="", alias="Outside")


class Raw(Event):
    data: bytes
    amount: Decimal
    either: int | str = 0


class Carrying(Event):
    event: SerializeAsAny[Event]
    others: tuple[SerializeAsAny[Event], ...] = ()
    named: dict[str, Event] = {}
    maybe: Event | None = None


class Alarm(Command):
    due: int
    event: SerializeAsAny[Event]


CODEC = Codec([Nested, Raw, Carrying], [Ring, Alarm], {"door": TABLE})
PLAIN = (Pushed, KeyTurned, Nested, Raw)
plain = st.sampled_from(PLAIN).flatmap(lambda kind: instances(kind, ANY))
ANY: dict[Any, Any] = {
    Event: st.deferred(lambda: plain | instances(Carrying, ANY)),
    "Raw.data": st.binary(max_size=3),
    "Raw.amount": st.decimals(allow_nan=False, allow_infinity=False),
    "Nested.at": st.floats(allow_nan=False),
    "Part.size": st.floats(allow_nan=False, allow_infinity=False) | st.none(),
}
records = st.sampled_from([*PLAIN, Carrying, Ring, Alarm]).flatmap(lambda k: instances(k, ANY))


def sets(value: Any) -> Any:
    """Which fields were set, at every depth."""
    if isinstance(value, BaseModel):
        return sorted(value.model_fields_set), [sets(held) for _, held in value]
    if isinstance(value, dict):
        return [sets(held) for held in value.values()]
    return [sets(held) for held in value] if isinstance(value, (tuple, list)) else None


@settings(max_examples=examples(200), deadline=None)
@given(records)
def test_events_and_commands_survive(record: Any):
    written = json.loads(json.dumps(CODEC.to_json(record)))
    again = CODEC.from_json(type(record), written)
    assert again == record
    assert repr(again) == repr(record) or "frozenset" in repr(record)
    assert sets(again) == sets(record)
    assert CODEC.from_json(Command if isinstance(record, Command) else Event, written) == record
    assert json.loads(CODEC.text(record)) == written["fields"]
    if isinstance(record, Command):
        assert again.id == record.id


def test_the_id_of_a_command_does_not_depend_on_the_order_of_a_set():
    names = [f"name {number}" for number in range(40)]
    one, other = (
        Alarm(due=1, event=Nested(names=frozenset(some))) for some in (names, reversed(names))
    )
    assert one.id == other.id
    assert one.id != Alarm(due=1, event=Nested(names=frozenset(names[1:]))).id


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), -0.0, 1e300, 0.1])
def test_every_number_survives(value: float):
    again = CODEC.from_json(Nested, CODEC.to_json(Nested(at=value)))
    assert repr(again.at) == repr(value)


@pytest.mark.parametrize(
    ("carrier", "field"),
    [
        (Alarm(due=1, event=Pushed(force=3)), "event"),
        (Send(machine="door", key="a", event=Pushed(force=3)), "event"),
        (Carrying(event=Pushed(force=3)), "event"),
        (Carrying(event=KeyTurned(), others=(Pushed(force=3), KeyTurned())), "others"),
        (Carrying(event=KeyTurned(), named={"a": Pushed(force=3)}), "named"),
        (Carrying(event=KeyTurned(), maybe=Carrying(event=Pushed(force=3))), "maybe"),
    ],
)
def test_an_event_inside_keeps_its_class(carrier: Any, field: str):
    again = CODEC.from_json(type(carrier), json.loads(json.dumps(CODEC.to_json(carrier))))
    assert getattr(again, field) == getattr(carrier, field)
    assert repr(again) == repr(carrier)


def test_the_json_of_a_decision_for_people_keeps_the_name_too():
    class Waking(DoorChart):
        def on_enter_opened(self, facts, trigger):
            return Alarm(due=1, event=Pushed(force=3))

    shown = Waking.table().start(DoorFacts()).to_json()
    assert shown["commands"][0]["data"]["event"] == {"name": "pushed", "data": {"force": 3}}


class Base(BaseModel):
    model_config = ConfigDict(frozen=True)


class Derived(Base):
    more: int = 1


class Lossy(Event):
    secret: SecretStr = SecretStr("")
    anything: Any = None
    base: Base = Base()
    number: float | None = None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"secret": "hush"}, "secret"),
        ({"anything": (1, 2)}, "anything"),
        ({"anything": {1: 2}}, "anything"),
        ({"base": Derived(more=2)}, "base"),
    ],
)
def test_what_would_change_is_refused_when_it_is_written(fields: dict[str, Any], named: str):
    codec = Codec([Lossy])
    for write in (codec.to_json, codec.text):
        with pytest.raises(errors.UnwritableError, match=rf"Lossy cannot be written.*{named}"):
            write(Lossy(**fields))
    assert codec.from_json(Lossy, codec.to_json(Lossy(anything=[1, "a"]))).anything == [1, "a"]


def test_facts_with_a_value_that_their_type_forbids_are_not_written():
    facts = DoorFacts().after({"pushes": "3"})
    with pytest.raises(errors.AssignedValueError, match=r"DoorFacts\.pushes cannot be written"):
        CODEC.to_json(Snapshot("opened", facts))


class Bounded(Facts):
    count: int = Field(default=0, ge=0)


def test_facts_outside_of_their_bounds_are_not_written():
    with pytest.raises(errors.AssignedValueError, match=r"Bounded\.count cannot be written"):
        facts_text(Bounded().after({"count": -1}))


doors = st.builds(
    at,
    st.sampled_from(TABLE.states),
    pushes=st.integers(0, 200),
    has_key=st.booleans(),
)


@settings(max_examples=examples(100), deadline=None)
@given(doors, st.sampled_from([Pushed(), Pushed(force=9), KeyTurned(), Burnt(at=3)]))
def test_snapshots_and_decisions_survive(snapshot: Snapshot[DoorFacts], trigger: Event):
    assert CODEC.from_json(Snapshot, json.loads(json.dumps(CODEC.to_json(snapshot)))) == snapshot
    try:
        decision = TABLE.decide(snapshot, trigger)
    except errors.ImpossibleReachedError:
        return
    again = CODEC.from_json(Decision, json.loads(json.dumps(CODEC.to_json(decision))))
    assert again == decision
    assert str(again) == str(decision)
    assert (again.reason, again.guards, again.changes) == (
        *(decision.reason, decision.guards),
        decision.changes,
    )


def test_the_first_decision_survives():
    decision = TABLE.start(DoorFacts())
    assert CODEC.from_json(Decision, json.loads(json.dumps(CODEC.to_json(decision)))) == decision


def test_a_step_survives():
    system = System(
        {"door": TABLE}, lambda e, _: [Send(machine="door", key=k, event=e) for k in "ab"]
    )
    step = system.step(Pushed(), {Address("door", "a"): at("shut", pushes=3)}.get)
    again = CODEC.from_json(Step, json.loads(json.dumps(CODEC.to_json(step))))
    assert again == step
    assert again.commands


@pytest.mark.parametrize(
    ("kind", "data", "fault"),
    [
        (Event, {"name": "lost", "fields": {}}, "no event is named 'lost'"),
        (
            Event,
            {"fields": {}},
            "the JSON of an Event has no 'name', but fields; give what to_json",
        ),
        (
            KeyTurned,
            {"name": "pushed", "fields": {}},
            "JSON of a KeyTurned is expected, and this is of a Pushed",
        ),
        (
            Event,
            {"name": "pushed", "fields": {"force": "x"}},
            "the fields do not fit Pushed: the field force takes",
        ),
        (Snapshot, {"machine": "gate", "facts": {}}, "no machine 'gate'; it has door"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(kind: Any, data: dict[str, Any], fault: str):
    with pytest.raises(errors.UnreadableError, match=fault):
        CODEC.from_json(kind, data)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_a_text_that_is_no_utf_8_is_refused_by_field(text: str):
    for write in (CODEC.to_json, CODEC.text):
        with pytest.raises(errors.UnwritableError, match=r"^Nested\.note cannot be"):
            write(Nested(note=text))


class Line(BaseModel, frozen=True):
    cents: int = Field(gt=0)


BAD = Line(cents=1).model_copy(update={"cents": -5})


class Entry(NamedTuple):
    line: Line | None = None


class Bill(Facts):
    line: Line = Line(cents=1)
    lines: tuple[Line, ...] = ()
    by_name: dict[str, list[Line]] = {}
    entries: tuple[Entry, ...] = ()
    either: Line | int = 1
    anything: Any = None
    level: Literal[1, 2] = 1
    counts: list[Annotated[int, Field(gt=0)]] = []
    price: Decimal = Decimal(1)
    number: int = 1


@pytest.mark.parametrize(
    "changes",
    [
        {"line": BAD},
        {"lines": (BAD,)},
        {"by_name": {"a": [Line(cents=1), BAD]}},
        {"entries": (Entry(), Entry(BAD))},
        {"either": BAD},
        {"anything": {"a": BAD}},
        {"level": 3},
        {"counts": [-1]},
        {"price": Decimal("NaN")},
        {"price": Decimal("sNaN")},
        {"number": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
@pytest.mark.parametrize("before", [None, Bill()])
def test_facts_that_could_not_be_read_are_never_written(
    changes: dict[str, Any], before: Facts | None
):
    facts = Bill().after(changes)
    with pytest.raises(errors.AssignedValueError, match=rf"^Bill\.{next(iter(changes))}\b"):
        facts_text(facts, before)


class Wide(Facts):
    held: Any = None
    rate: float = 0.0


@pytest.mark.parametrize("held", [(1, 2), {1: 2}, {1}], ids=repr)
def test_facts_that_json_would_change_are_never_written(held: Any):
    with pytest.raises(errors.AssignedValueError, match="read back unchanged: held"):
        facts_text(Wide(held=held))


def test_a_value_that_equals_its_default_is_written_if_it_is_another_one():
    assert str(Wide.model_validate_json(facts_text(Wide(rate=-0.0))).rate) == "-0.0"


class Shifted(Event):
    later: Annotated[int, BeforeValidator(lambda value: int(value) + 1)] = 0


class Written(Event):
    more: Annotated[int, PlainSerializer(lambda value: value + 1)] = 0


class Loose(BaseModel, frozen=True, extra="allow"):
    """It takes fields of any type."""


class Holding(Event):
    loose: Loose


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (Shifted(later=3), "later"),
        (Written(more=3), "more"),
        (Holding(loose=Loose.model_validate({"z": (1, 2)})), "loose"),
    ],
)
def test_an_event_that_json_would_change_is_refused(event: Event, field: str):
    codec = Codec([type(event)], [], {})
    with pytest.raises(errors.UnwritableError, match=f"read back unchanged: {field}"):
        codec.to_json(event)


class Muttered(Event):
    words: Annotated[int, PlainSerializer(lambda value: f"about {value}")]


class Stuttered(Event):
    words: Annotated[int, BeforeValidator(lambda value: value + 0), PlainSerializer(str)]


@pytest.mark.parametrize(
    ("event", "fault"),
    [(Muttered(words=3), ".*words.*"), (Stuttered(words=3), "can only concatenate str.*")],
)
def test_an_event_that_could_not_be_read_back_is_refused_when_it_is_written(
    event: Event, fault: str
):
    codec = Codec([type(event)], [], {})
    refusal = rf"^{event.name.title()} cannot be written as JSON and read back unchanged: {fault}; "
    with pytest.raises(errors.UnwritableError, match=refusal):
        codec.to_json(event)


class Discreet(Event):
    said: int = 0
    meant: int = Field(default=0, exclude=True)


def test_a_field_that_an_author_leaves_out_of_json_has_its_default_again():
    codec = Codec([Discreet], [], {})
    stored = codec.to_json(Discreet(said=1, meant=2))
    assert stored == {"name": "discreet", "fields": {"said": 1}}
    assert codec.from_json(Discreet, stored) == Discreet(said=1)


def test_one_upgrade_and_one_former_name_stand_for_a_tuple_of_one():
    class Told(Event):
        upgrades = renamed("old", to="new")  # type: ignore[assignment]
        former_names = "said"  # type: ignore[assignment]
        new: int

    codec = Codec([Told], [], {})
    assert codec.from_json(Told, {"name": "said", "fields": {"old": 1}}) == Told(new=1)


# -- What few meet --------------------------------------------------------------------------------


class Remark(Facts):
    text: str = ""
    count: int = 0


class Noting(Event):
    text: str = ""


SURROGATE = chr(0xD800)


def test_a_text_that_is_no_text_is_refused_with_its_field():
    named = r"Remark\.text cannot be written as JSON"
    for facts in (Remark().after({"text": SURROGATE}), Remark(text="x").after({"text": SURROGATE})):
        with pytest.raises(errors.AssignedValueError, match=r"Remark\.text cannot be written"):
            facts_text(facts)
        with pytest.raises(errors.AssignedValueError, match=named):
            facts_text(facts, facts)
    codec = RecordCodec([Noting], [])
    for write in (codec.text, codec.fields):
        with pytest.raises(errors.UnwritableError, match=r"Noting\.text cannot be written as JSON"):
            write(Noting(text=SURROGATE))


@pytest.mark.parametrize("fields", [3, [1], None, "text"])
def test_stored_fields_that_are_no_object_are_refused(fields: Any):
    codec = RecordCodec([Noting], [])
    with pytest.raises(errors.UnreadableError, match=r"stored noting has .* as fields; give an ob"):
        codec.event("noting", fields)


class Spoken(Event):
    """Written by aliases wherever nobody says otherwise, and some of it not at all."""

    model_config = ConfigDict(serialize_by_alias=True)

    first: str = Field(default="", alias="First")
    second: str = Field(default="", alias="Second")


class Forgetful(Event):
    """Does not write what has its default, though somebody set it."""

    said: int = 0
    count: int = 3

    @model_serializer(mode="wrap")
    def _forgets(self, write: Any) -> dict[str, Any]:
        return {name: held for name, held in write(self).items() if held != 3}


def test_fields_are_written_by_their_names_whatever_a_class_prefers():
    codec = RecordCodec([Spoken], [])
    spoken = Spoken(First="a", Second="b")
    assert codec.fields(spoken) == {"first": "a", "second": "b"}
    assert json.loads(codec.text(spoken)) == codec.fields(spoken)
    assert codec.event("spoken", codec.fields(spoken)) == spoken
    for field in ("first", "second"):
        for write in (codec.text, codec.fields):
            with pytest.raises(errors.UnwritableError, match=rf"^Spoken\.{field} cannot"):
                write(spoken.model_copy(update={field: SURROGATE}))


def test_a_field_that_was_set_and_is_not_written_is_refused():
    codec = RecordCodec([Forgetful], [])
    assert codec.fields(Forgetful(said=1)) == {"said": 1}
    with pytest.raises(errors.UnwritableError, match="a field that was set would be absent"):
        codec.fields(Forgetful(said=1, count=3))


@pytest.mark.parametrize(
    ("stored", "fault"),
    [
        ("[1]", "is an object, and this is a list; give what to_json returned"),
        ("3", "is an object, and this is a number; give what to_json returned"),
        ("null", "is an object, and this is null; give what to_json returned"),
        ('"a"', "is an object, and this is a text; parse it first: json.loads(...)"),
    ],
)
def test_stored_facts_that_are_no_object_are_refused(stored: str, fault: str):
    with pytest.raises(errors.UnreadableError) as caught:
        RecordCodec.facts(three.LoanFacts, stored, "loan b1")
    assert str(caught.value) == f"stored facts of loan b1 {fault}"
    with pytest.raises(errors.UnreadableError, match=r"^stored facts of loan b1: this is no"):
        RecordCodec.facts(three.LoanFacts, stored[:-1] + "[", "loan b1")
