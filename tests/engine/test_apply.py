"""Applying effects: what they return becomes facts and commands."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.engine import Assign, Command, Event, Facts, Send, errors
from relink.engine.apply import apply_effects


class Counter(Facts):
    id: str
    count: int = 0
    names: tuple[str, ...] = ()


class Tell(Command):
    what: str


class Reported(Event):
    pass


def test_effects_that_return_nothing_change_nothing():
    facts = Counter(id="x")
    assert apply_effects(facts, [("a", None), ("b", []), ("c", ())]) == (facts, ())
    assert apply_effects(facts, [("a", None)])[0] is facts


def test_commands_keep_their_order():
    send = Send(machine="m", key="k", event=Reported())
    returned: list[tuple[str, Any]] = [
        ("a", Tell(what="1")),
        ("b", [Tell(what="2"), None, send]),
        ("c", (Tell(what="1"),)),
    ]
    commands = (Tell(what="1"), Tell(what="2"), send, Tell(what="1"))
    assert apply_effects(Counter(id="x"), returned)[1] == commands


@given(
    st.builds(Counter, id=st.text(), count=st.integers(), names=st.tuples(st.text())),
    st.fixed_dictionaries({}, optional={"count": st.integers(), "names": st.tuples(st.text())}),
)
def test_assigned_facts_equal_validated_facts(facts: Counter, changes: dict[str, Any]):
    before = facts.model_dump()
    new, _ = apply_effects(facts, [("a", Assign(**changes))])
    same = Counter(**{**before, **changes})
    assert new == same
    assert hash(new) == hash(same)
    assert type(new) is Counter
    assert new.model_dump() == same.model_dump()
    assert new.model_dump_json() == same.model_dump_json()
    assert new.model_copy() == same
    assert new.model_fields_set == facts.model_fields_set | changes.keys()
    assert facts.model_dump() == before


def test_assigned_facts_are_frozen():
    new, _ = apply_effects(Counter(id="x"), [("a", Assign(count=1))])
    with pytest.raises(ValueError, match="frozen"):
        new.count = 2


def test_a_dump_of_assigned_facts_has_all_fields():
    new, _ = apply_effects(Counter(id="x"), [("a", Assign(count=1))])
    assert new.model_dump(exclude_unset=True) == {"id": "x", "count": 1, "names": ()}


def test_assigns_of_different_fields_are_merged():
    returned = [("a", Assign(count=1)), ("b", [Assign(names=("n",)), Assign(count=1)])]
    assert apply_effects(Counter(id="x"), returned)[0] == Counter(id="x", count=1, names=("n",))


def test_two_effects_that_set_one_field_differently_conflict():
    returned = [("a", Assign(id="y")), ("b", Assign(count=1)), ("c", Assign(count=2))]
    with pytest.raises(errors.ConflictingAssignsError, match=r"'b' and 'c' .* 'count'"):
        apply_effects(Counter(id="x"), returned)


def test_one_effect_that_sets_one_field_twice_differently_conflicts():
    with pytest.raises(errors.ConflictingAssignsError, match=r"'a' and 'a' .* 'count'"):
        apply_effects(Counter(id="x"), [("a", [Assign(count=1), Assign(count=2)])])


def test_an_assign_to_an_unknown_field_is_an_error():
    with pytest.raises(
        errors.UnknownFieldError, match=r"'a' assigns 'cuont', .* Counter .* id, count, names"
    ):
        apply_effects(Counter(id="x"), [("a", Assign(cuont=1))])


@pytest.mark.parametrize(
    "result", [True, "tell", {"count": 1}, Reported(), [[Tell(what="1")]], {1}]
)
def test_an_effect_that_returns_another_type_is_an_error(result: Any):
    with pytest.raises(errors.EffectResultError, match="effect 'a' returned"):
        apply_effects(Counter(id="x"), [("a", result)])


def test_assigns_that_name_all_fields_and_no_others_are_merged():
    every = {"id": "y", "count": 1, "names": ()}
    assert set(every) == set(Counter.model_fields)
    facts, _ = apply_effects(Counter(id="x"), [("a", Assign(**every)), ("b", Assign(**every))])
    assert facts == Counter(**every)


def test_all_unknown_fields_of_an_assign_are_named_and_the_first_one_is_corrected():
    with pytest.raises(errors.UnknownFieldError) as caught:
        apply_effects(Counter(id="x"), [("a", Assign(cuont=1, count=2, nmaes=()))], "Tool")
    assert str(caught.value) == (
        "Tool: the effect 'a' assigns 'cuont', 'nmaes', which Counter does not have; did you mean "
        "'count'? its fields are id, count, names"
    )
