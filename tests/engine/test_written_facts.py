"""Facts as JSON: what is written, what is left out, and what is refused, at every kind of place."""

import json
import typing
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from statemachine import State

from relink.engine import Assign, Chart, Event, Facts, Send, Snapshot, errors, ignored, stays
from relink.engine.facts_json import facts_text, misfits


class Line(BaseModel, frozen=True):
    cents: int = Field(gt=0)


class Nest(BaseModel, frozen=True):
    label: str = ""
    line: Line = Line(cents=1)


class Entry(NamedTuple):
    label: str
    line: Line


class Half(NamedTuple):
    label: str


GOOD, BAD = Line(cents=3), Line(cents=1).model_copy(update={"cents": -5})

# Where a model can be in a field: the type, and the field's value for a model.
PLACES: dict[str, tuple[Any, Callable[[Line], Any]]] = {
    "model": (Line, lambda m: m),
    "optional": (Line | None, lambda m: m),
    "union": (int | Line, lambda m: m),
    "annotated": (Annotated[Line, Field(title="t")], lambda m: m),
    "annotated within": (tuple[Annotated[Line, "note"], ...], lambda m: (m,)),
    "annotated with a type": (tuple[Annotated[Line, int], ...], lambda m: (m,)),
    "tuple": (tuple[Line, ...], lambda m: (GOOD, m)),
    "places": (tuple[int, Line], lambda m: (1, m)),
    "list": (list[Line], lambda m: [GOOD, m]),
    "dict": (dict[str, Line], lambda m: {"a": GOOD, "b": m}),
    "dicts in lists": (list[dict[str, Line]], lambda m: [{}, {"a": m}]),
    "frozenset": (frozenset[Line], lambda m: frozenset({m})),
    "mapping": (Mapping[str, Line], lambda m: {"a": m}),
    "sequence": (Sequence[Line], lambda m: [m]),
    "NamedTuple": (Entry, lambda m: Entry("a", m)),
    "NamedTuples": (tuple[Entry, ...], lambda m: (Entry("a", GOOD), Entry("b", m))),
    "model in a model": (Nest, lambda m: Nest.model_construct(label="", line=m)),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("beside", [{}, {"note": "new"}], ids=["alone", "with another change"])
def test_a_model_that_could_not_be_read_is_found_wherever_it_is(place: str, beside: dict[str, Any]):
    kind, holding = PLACES[place]
    model = create_model("Bill", __base__=Facts, note=(str, ""), held=(kind, ...))
    old = model(held=holding(Line(cents=2)))
    good, bad = (old.after({"held": holding(line), **beside}) for line in (GOOD, BAD))
    for before in (None, old):
        assert misfits(good, before) == []
        assert model.model_validate_json(facts_text(good, before)) == good
        assert {field for field, _ in misfits(bad, before)} == {"held"}
        assert "greater than 0" in misfits(bad, before)[0][1]
        with pytest.raises(errors.AssignedValueError, match=r"^Bill\.held cannot be written: .*gr"):
            facts_text(bad, before)
    # What was there before is not this step's fault.
    assert misfits(bad.after({"note": "newer"}), bad) == []


@pytest.mark.parametrize(
    ("kind", "holding"),
    [
        (typing.List, lambda m: [m]),  # noqa: UP006
        (typing.Tuple, lambda m: (m,)),  # noqa: UP006
        (typing.Dict, lambda m: {"a": m}),  # noqa: UP006
        (list, lambda m: [m]),
        (Any, lambda m: [m]),
    ],
)
def test_a_model_that_could_not_be_read_is_found_where_anything_may_be(kind: Any, holding: Any):
    model = create_model("Bill", __base__=Facts, held=(kind, ...))
    old = model(held=holding(GOOD))
    assert misfits(old) == []
    bad = old.after({"held": holding(BAD)})
    assert [field for field, _ in misfits(bad, old)] == ["held"]


class Typed(Facts):
    text: str = "a"
    number: int = 1
    ratio: float = 1.0
    yes: bool = True
    price: Decimal = Decimal("1.0")
    maybe: int | None = None
    level: Literal["low", "high"] = "low"
    names: tuple[str, ...] = ("n",)
    counts: dict[str, int] = {"a": 1}
    half: Half = Half("x")
    known: frozenset[int] = frozenset({1})
    made: list[int] = Field(default_factory=lambda: [1])
    required: int


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(["a", "", "b"]),
    "number": st.sampled_from([1, 0, 2]),
    "ratio": st.sampled_from([1.0, -0.0, 0.0, 2.5]),
    "yes": st.booleans(),
    "price": st.sampled_from([Decimal("1.0"), Decimal("1.00"), Decimal(2)]),
    "maybe": st.sampled_from([None, 0, 1]),
    "level": st.sampled_from(["low", "high"]),
    "names": st.sampled_from([("n",), (), ("n", "n")]),
    "counts": st.sampled_from([{"a": 1}, {}, {"a": 2}]),
    "half": st.sampled_from([Half("x"), Half("y")]),
    "known": st.sampled_from([frozenset({1}), frozenset()]),
    "made": st.sampled_from([[1], [], [2]]),
    "required": st.sampled_from([1, 0]),
}
ODD: dict[str, list[Any]] = {
    "text": [1, None, b"a"],
    "number": ["1", 1.0, True, None],
    "ratio": ["1", None],
    "yes": [1, "true", None],
    "price": ["1", 1.5],
    "maybe": ["1", 0.5],
    "level": ["", "middle", None],
    "names": [["n"], ("n", 1), "n"],
    "counts": [{"a": "1"}, {1: 1}, ()],
    "known": [[1], {"1"}],
    "made": [(1,), [1, "a"]],
    "required": [None, "1"],
}
changes = st.fixed_dictionaries({}, optional=VALUES)


@settings(deadline=None)
@given(changes, changes)
def test_exactly_the_fields_that_have_their_default_are_left_out(
    first: dict[str, Any], then: dict[str, Any]
):
    default = {name: repr(getattr(Typed(required=0), name)) for name in Typed.model_fields}
    old = Typed(required=0).after(first)
    facts = old.after(then)
    for before in (None, old, Typed(required=5)):
        text = facts_text(facts, before)
        differing = {name for name in default if repr(getattr(facts, name)) != default[name]}
        assert json.loads(text).keys() == (
            differing | {"required"} if facts.model_fields_set >= {"required"} else differing
        )
        assert repr(Typed.model_validate_json(text)) == repr(facts)
        assert misfits(facts, before) == []


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, some in ODD.items() for value in some]
)
def test_a_value_that_pydantic_would_convert_is_refused_and_named(field: str, value: Any):
    old = Typed(required=0)
    wrong = old.after({"text": "new", field: value})
    for before in (None, old):
        assert [name for name, _ in misfits(wrong, before)][:1] == [field]
        with pytest.raises(errors.AssignedValueError, match=rf"^Typed\.{field} cannot be written:"):
            facts_text(wrong, before)


def test_of_several_wrong_fields_the_first_one_is_named():
    wrong = Typed(required=0).after({"names": ["n"], "number": "1", "text": 1})
    with pytest.raises(errors.AssignedValueError, match=r"^Typed\.text cannot be written: "):
        facts_text(wrong)
    with pytest.raises(errors.AssignedValueError, match=r"^Typed\.text cannot be written: "):
        facts_text(wrong, Typed(required=0))


class Changing(Facts):
    """Its types take values for others, so what is read would not be what was written."""

    note: str = ""
    text: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    number: Annotated[int, AfterValidator(abs)] = 0


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"text": " a"}, ("text", "it would become another str")),
        ({"number": -1}, ("number", "it would become another int")),
        ({"text": "a"}, None),
        ({"number": 1}, None),
    ],
)
def test_a_value_that_its_own_type_takes_for_another_one_is_refused(
    changes: dict[str, Any], fault: tuple[str, str] | None
):
    old = Changing()
    facts = old.after({"note": "new", **changes})
    for before in (None, old):
        assert misfits(facts, before) == ([fault] if fault else [])
    # It was there before.
    assert misfits(facts.after({"note": "newer"}), facts) == []


class Ruled(Facts):
    """Its rules see more than one field."""

    low: int = 0
    high: int = 9
    even: int = 0

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("odd")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> "Ruled":
        if self.low > self.high:
            raise ValueError("out of order")
        return self


@pytest.mark.parametrize(
    ("changes", "is_allowed"),
    [
        ({"low": 9}, True),
        ({"low": 10}, False),
        ({"high": -1}, False),
        ({"high": 0}, True),
        ({"low": 20, "high": 20}, True),
        ({"even": 2}, True),
        ({"even": 3}, False),
    ],
)
@pytest.mark.parametrize("before", [None, Ruled()])
def test_rules_of_the_facts_hold_for_what_is_assigned(
    changes: dict[str, int], is_allowed: bool, before: Facts | None
):
    facts = Ruled().after(changes)
    assert (misfits(facts, before) == []) is is_allowed
    if is_allowed:
        assert Ruled.model_validate_json(facts_text(facts, before)) == facts
    else:
        with pytest.raises(errors.AssignedValueError):
            facts_text(facts, before)


class Muttering(Facts):
    words: Annotated[int, PlainSerializer(lambda value: f"about {value}")] = 0


class Growing(Facts):
    words: Annotated[int, PlainSerializer(lambda value: value + 1)] = 0


class Crossed(Facts):
    """Each field has the name of the other one as its alias."""

    one: Any = Field(default=None, alias="two")
    two: Any = Field(default=None, alias="one")


def test_facts_are_written_and_read_by_the_names_of_their_fields():
    facts = Crossed(one="b", two="a")
    assert (facts.one, facts.two) == ("a", "b")
    text = facts_text(facts)
    assert json.loads(text) == {"one": "a", "two": "b"}
    assert Crossed.model_validate_json(text, by_alias=False, by_name=True) == facts


class Talking(Facts):
    """Its second field is written as something else than it says."""

    note: str = ""
    words: Annotated[int, PlainSerializer(lambda value: "about", return_type=int)] = 0


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        (Talking(note="a", words=3), r"^Talking\.words cannot be written as JSON; "),
        (Muttering(words=3), "^Muttering cannot be written as JSON; "),
        (Growing(words=3), "^Growing cannot be written as JSON and read back unchanged: words w"),
    ],
)
def test_facts_whose_own_json_cannot_be_read_back_are_refused(facts: Facts, fault: str):
    with pytest.raises(errors.AssignedValueError, match=fault):
        facts_text(facts)


# -- Debug mode -----------------------------------------------------------------------------------


class Set(Event):
    pass


def effective(result: Any, **more: Any) -> type[Chart]:
    """A chart whose one effect returns this."""
    here, gone = State(initial=True), State(final=True)
    stays(here, event="set", cond="always", on="effect")
    here.to(gone, event="set")

    def always(self: object, facts: Facts, trigger: Event) -> bool:
        return True

    def effect(self: object, facts: Facts, trigger: Event) -> Any:
        return result

    body = {
        "here": here,
        "gone": gone,
        "facts_type": Typed,
        "alphabet": (Set,),
        "decided": (ignored(gone, Set, because="gone"),),
        "always": always,
        "effect": effect,
        **more,
    }
    return type(Chart)("Effective", (Chart,), body)


FORMS: list[Callable[[Assign], Any]] = [
    lambda a: a,
    lambda a: [a],
    lambda a: (a,),
    lambda a: [None, a],
    lambda a: [Assign(text="x"), a],
    lambda a: (a, Assign(text="x")),
]


@pytest.mark.parametrize("form", range(len(FORMS)))
@pytest.mark.parametrize("field", [name for name in ODD if name != "text"])
def test_debug_mode_names_the_effect_that_assigns_what_a_type_forbids(form: int, field: str):
    before = Snapshot("here", Typed(required=0))
    for value in ODD[field]:
        table = effective(FORMS[form](Assign(**{field: value}))).table()
        fault = rf"^effective: the effect 'effect' assigns {field} a value that Typed\.{field} does"
        with pytest.raises(errors.AssignedValueError, match=fault):
            table.checked.decide(before, Set())
        # Without it, the value comes into the facts.
        assert getattr(table.decide(before, Set()).facts, field) == value


@pytest.mark.parametrize("field", [name for name in ODD if name != "text"])
def test_debug_mode_looks_at_an_assign_that_names_all_fields(field: str):
    before = Snapshot("here", Typed(required=0))
    every = dict(before.facts)
    assert effective(Assign(**every)).table().checked.decide(before, Set()).changes == {}
    wrong = effective(Assign(**{**every, field: ODD[field][0]})).table()
    with pytest.raises(errors.AssignedValueError, match=rf"assigns {field} a value that Typed"):
        wrong.checked.decide(before, Set())


def test_debug_mode_does_not_blame_an_effect_for_what_was_there_before():
    wrong = Typed(required=0).after({"number": "1"})
    table = effective([Assign(text="b"), Assign(maybe=3)]).table()
    decision = table.checked.decide(Snapshot("here", wrong), Set())
    assert decision == table.decide(Snapshot("here", wrong), Set())
    assert (decision.facts.text, decision.facts.maybe) == ("b", 3)  # type: ignore[attr-defined]


@pytest.mark.parametrize("result", [Assign(nmuber=1), [Assign(nmuber=1), Assign(number="1", x=1)]])
def test_debug_mode_refuses_an_unknown_field_in_the_same_words(result: Any):
    table = effective(result).table()
    texts = []
    for one in (table, table.checked):
        with pytest.raises(errors.UnknownFieldError) as caught:
            one.decide(Snapshot("here", Typed(required=0)), Set())
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("form", range(4))
@pytest.mark.parametrize(
    ("sends", "is_declared"),
    [
        (None, True),
        ({}, False),
        ({"effective": Set}, True),
        ({"effective": (Set,)}, True),
        ({"other": (Set,)}, False),
        ({"effective": ()}, False),
    ],
)
def test_debug_mode_names_the_effect_that_sends_what_is_not_declared(
    form: int, sends: Any, is_declared: bool
):
    send: Any = Send(machine="effective", key="1", event=Set())
    table = effective(FORMS[form](send), sends=sends).table()
    before = Snapshot("here", Typed(required=0))
    if is_declared:
        assert table.checked.decide(before, Set()).commands == (send,)
        return
    with pytest.raises(errors.UndeclaredSendError, match="the effect 'effect' sends set to 'effec"):
        table.checked.decide(before, Set())
    assert table.decide(before, Set()).commands == (send,)


class Ordered(Facts):
    low: int = 0
    high: int = 9

    @field_validator("high")
    @classmethod
    def _above(cls, high: int, info: ValidationInfo) -> int:
        if high <= info.data.get("low", 0):
            raise ValueError("high is above low")
        return high


class OrderedAsAWhole(Facts):
    low: int = 0
    high: int = 9

    @model_validator(mode="after")
    def _above(self) -> "OrderedAsAWhole":
        if self.high <= self.low:
            raise ValueError("high is above low")
        return self


@pytest.mark.parametrize("model", [Ordered, OrderedAsAWhole])
def test_rules_of_its_own_are_asked_whichever_field_they_stand_at(model: type[Facts]):
    facts = model()
    assert misfits(facts.after({"low": 8}), facts) == []
    assert len(misfits(facts.after({"low": 9}), facts)) == 1
