"""What effects return, merged: by a model that goes through it item by item."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine import Assign, Command, Event, Facts, Send, errors
from relink.engine.apply import apply_effects


class Kept(Facts):
    one: Any = 0
    two: int = 0
    three: tuple[int, ...] = ()


class Tell(Command):
    what: int


class Sent(Event):
    pass


NAN = float("nan")
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "one": st.sampled_from([0, 1, NAN, "a"]),
        "two": st.sampled_from([0, 1]),
        "three": st.sampled_from([(), (1,)]),
    },
)
assigns = FIELDS.map(lambda changes: Assign(**changes))
commands = st.builds(Tell, what=st.integers(0, 2)) | st.just(
    Send(machine="m", key="k", event=Sent())
)
items = st.none() | assigns | commands
results = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), items | st.lists(items) | st.lists(items).map(tuple)),
    max_size=4,
)


@settings(deadline=None, max_examples=60)
@given(results)
def test_commands_keep_their_order_and_assigns_are_merged(returned: list[tuple[str, Any]]):
    old = Kept(two=7)
    wanted: dict[str, Any] = {}
    asked: list[Command] = []
    clash = None
    for name, result in returned:
        for item in result if isinstance(result, (list, tuple)) else [result]:
            if isinstance(item, Command):
                asked.append(item)
            if isinstance(item, Assign):
                for field, value in item.changes.items():
                    held = wanted.setdefault(field, value)
                    if held is not value and held != value:
                        clash = clash or (field, name)
                wanted.update(item.changes)
    if clash is not None:
        with pytest.raises(errors.ConflictingAssignsError) as caught:
            apply_effects(old, returned, "machine")
        assert str(caught.value).startswith("machine: the effects ")
        assert f"{clash[1]!r} of one step set the field" in str(caught.value)
        return
    facts, found = apply_effects(old, returned, "machine")
    assert found == tuple(asked)
    assert type(facts) is Kept
    expected = {"one": 0, "two": 7, "three": (), **wanted}
    assert all(
        getattr(facts, field) is value or getattr(facts, field) == value
        for field, value in expected.items()
    )
    assert (facts is old) is (not wanted)


@pytest.mark.parametrize("form", [lambda a: [("e", a)], lambda a: [("e", [a])]])
@pytest.mark.parametrize("before", [[], [("d", Assign(one=1))], [("d", [Assign(two=2), None])]])
@pytest.mark.parametrize("changes", [{"ono": 1}, {"ono": 1, "two": 2}, {"two": 2, "ono": 1}])
def test_an_unknown_field_is_named_with_its_effect(form: Any, before: Any, changes: Any):
    with pytest.raises(errors.UnknownFieldError) as caught:
        apply_effects(Kept(), [*before, *form(Assign(**changes))], "machine")
    assert str(caught.value) == (
        "machine: the effect 'e' assigns 'ono', which Kept does not have; did you mean 'one'? "
        "its fields are one, two, three"
    )


def test_all_unknown_fields_of_an_effect_are_named():
    with pytest.raises(errors.UnknownFieldError, match=r"^the effect 'e' assigns 'xx', 'yy', wh"):
        apply_effects(Kept(), [("e", Assign(xx=1, one=2, yy=3))])


def test_the_first_effect_that_set_the_field_is_named_in_a_conflict():
    returned = [
        ("a", Assign(one=1)),
        ("b", Assign(two=1)),
        ("c", [None, Assign(two=1)]),
        ("d", Assign(three=(1,), two=2)),
    ]
    with pytest.raises(errors.ConflictingAssignsError, match=r"'b' and 'd' of one step .* 'two'"):
        apply_effects(Kept(), returned)
