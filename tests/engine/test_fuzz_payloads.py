"""Fuzzing, payloads: events keep to their fields, and odd values are among them."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

import pytest
from hypothesis import find, given, seed, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel, SerializeAsAny, model_validator
from typing_extensions import TypeAliasType

from relink.engine import (
    Event,
)
from relink.engine.fuzz import (
    NoPayloadError,
    events,
    find_counterexample,
    histories,
    instances,
    machine_test,
    payloads,
)

from .fuzz_ends import ends_of, evenly
from .lock import Dialed, Lock, LockFacts, Released, drawn


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Window(BaseModel):
    """First and last, in order: a rule that the fields do not show."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: int
    last: int

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError("first is after last")
        return self


class Node(BaseModel):
    """A model that contains itself."""

    value: int = 0
    below: "tuple[Node, ...]" = ()


Mode = Literal["fast", "slow"]
Seconds = TypeAliasType("Seconds", int)  # what ``type Seconds = int`` makes


class Everything(Event):
    """A field of each kind."""

    plain: int
    after: Seconds
    text: str
    share: float = Field(gt=0, lt=1)
    positive: int = Field(gt=0)
    negative: Annotated[int, Field(lt=-3)]
    within: Annotated[int | None, Field(ge=3, le=9)]
    fives: int = Field(multiple_of=5, ge=1, le=23)
    code: str = Field(pattern=r"^fca_[a-z]{2}$")
    short: tuple[Annotated[str, Field(min_length=2, max_length=3)], ...] = Field(max_length=2)
    pair: tuple[int, str]
    full: str = Field(max_length=0)
    narrow: float = Field(gt=0.2, lt=0.3)
    mode: Mode
    colour: Colour
    tags: frozenset[str]
    days: list[date] = Field(min_length=1)
    marks: set[int]
    notes: Mapping[str, int]
    ready: bool
    window: Window
    child: SerializeAsAny[Window]
    tree: Node
    at: float | None = None
    renamed: int = Field(default=0, alias="wasNamed")


@given(payloads(Everything))
def test_a_payload_is_valid_for_every_kind_of_field(event: Everything) -> None:
    dumped = event.model_dump(by_alias=True, exclude_unset=True)
    assert Everything.model_validate(dumped) == event


class Report(Event):
    account: str
    second: int
    cause: str | None = None
    window: Window | None = None


@pytest.mark.parametrize(
    "wanted",
    [
        lambda event: "cause" not in event.model_fields_set,
        lambda event: "cause" in event.model_fields_set and event.cause is None,
        lambda event: len(event.account) > 1,
        lambda event: event.second < 0,
        lambda event: event.window and event.window.first == event.window.last,
    ],
    ids=["absent", "none", "odd", "negative", "nested"],
)
def test_payloads_include_rare_values(wanted: Callable[[Report], bool]) -> None:
    find(payloads(Report), wanted, settings=settings(max_examples=2_000, database=None))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [({}, (0, 20)), ({"min_size": 2, "max_size": 3}, (2, 3)), ({"max_size": 1}, (0, 1))],
)
def test_a_history_has_the_sizes_that_are_asked_for(
    sizes: dict[str, int], expected: tuple[int, int]
) -> None:
    ((shortest, longest),) = ends_of(histories(Lock, **sizes).map(tuple), choices=0)
    assert (len(shortest), len(longest)) == expected
    assert {type(event) for event in longest} <= {Dialed, Released}


def test_each_event_of_an_alphabet_is_as_often_drawn() -> None:
    digits = evenly([Dialed(digit=digit) for digit in range(10)])
    expected = {each: share / 2 for each, share in digits.items()} | {
        (Released(), Released()): Fraction(1, 2)
    }
    assert ends_of(events(Lock), choices=2) == expected
    assert ends_of(events([Dialed]), choices=2) == digits


def test_facts_are_made_up_with_or_without_what_has_a_default() -> None:
    for kind in (LockFacts, Report):
        ((_, given),) = ends_of(instances(kind), choices=0)
        assert given.model_fields_set == set(kind.model_fields)
    ((simplest, fullest),) = ends_of(instances(LockFacts, defaults=True), choices=0)
    assert simplest == fullest == LockFacts()
    ((_, given),) = ends_of(instances(Report, defaults=True), choices=0)
    assert given.model_fields_set == {"account", "second"}


class Level(RootModel[int]):
    root: int = 5


class Name(RootModel[Literal["ann"]]):
    pass


def test_a_model_of_one_value_has_it_or_its_default() -> None:
    levels = {level.root for level in drawn(instances(Level, {"root": st.just(3)}))}
    assert levels == {3, 5}
    assert {name.root for name in drawn(instances(Name))} == {"ann"}


def test_ids_and_times_often_coincide() -> None:
    equal = Counter[str]()

    @seed(0)
    @settings(max_examples=300, database=None)
    @given(payloads(Report), payloads(Report))
    def draw(one: Report, other: Report) -> None:
        equal["pairs"] += 1
        equal["account"] += one.account == other.account
        equal["second"] += one.second == other.second
        equal["both"] += one.account == other.account and one.second == other.second

    draw()
    assert equal["account"] > equal["pairs"] / 5
    assert equal["second"] > equal["pairs"] / 10
    assert equal["both"] > equal["pairs"] / 50


def test_values_for_a_field_of_an_event_come_before_those_for_a_field_or_type() -> None:
    values = {
        int: st.just(7),
        "first": st.just(1),
        "Report.account": st.just("fca_1"),
        "account": st.just("fca_2"),
        "cause": st.nothing(),
    }
    for event in drawn(payloads(Report, values)):
        assert (event.account, event.second) == ("fca_1", 7)
        assert "cause" not in event.model_fields_set
        assert event.window in (None, Window(first=1, last=7))


def test_values_can_be_given_for_an_alias_or_a_model() -> None:
    class Ordered(Event):
        mode: Mode
        window: Window | None

    whole = Window(first=0, last=100)
    values = {Mode: st.just("slow"), Window: st.just(whole)}
    orders = drawn(payloads(Ordered, values))
    assert {event.mode for event in orders} == {"slow"}
    assert {event.window for event in orders} == {None, whole}


class Release(Event):
    """An event that can be called."""

    def __call__(self) -> None: ...


RELEASE = Release()


class Wrapped(Event):
    event: SerializeAsAny[Event]


class Vague(Event):
    anything: Any


class Calling(Event):
    back: Callable[[], None]


class Capital(Event):
    letter: str = Field(pattern="^[A-Z]$", max_length=1)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (Wrapped, "Wrapped.event: the type Event allows anything"),
        (Vague, "Vague.anything: the type Any allows anything"),
        (Calling, "Calling.back: the type .* has no strategy"),
    ],
)
def test_an_error_names_the_field_whose_type_says_too_little(
    event: type[Event], named: str
) -> None:
    with pytest.raises(NoPayloadError, match=rf"{named}.*values=\{{'{event.__name__}\."):
        payloads(event)
    (field,) = event.model_fields
    assert drawn(payloads(event, {field: st.just(RELEASE)}))


def test_an_error_names_the_field_that_rejects_a_given_value() -> None:
    rejected = r"Dialed\.digit rejected the generated value 'five'"
    digits = {"digit": st.just("five")}
    with pytest.raises(NoPayloadError, match=rejected):
        drawn(payloads(Dialed, digits))
    with pytest.raises(NoPayloadError, match=rejected):
        find_counterexample(machine_test(Lock, values=digits), max_examples=20)
