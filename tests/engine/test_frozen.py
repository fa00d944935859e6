"""Containers are frozen at every kind of place, and a type that could change is refused."""

import array
import copy
import dataclasses
import operator
import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import BaseModel, ConfigDict, create_model

from relink.engine import Chart, Command, Event, Facts, errors
from relink.engine.frozen import may_hold_container, mutable_part

from .door import DoorChart


class Part(BaseModel, frozen=True):
    held: list[int] = []
    number: int = 0


class Plain(BaseModel, frozen=True):
    number: int = 0


class Loose(BaseModel):
    number: int = 0


class Slack(BaseModel):
    """Not frozen itself, which only a compiler refuses; the list in it is."""

    held: list[int] = []


class Entry(NamedTuple):
    held: list[int]


@dataclasses.dataclass(frozen=True)
class Place:
    held: tuple[int, ...] = ()


@dataclasses.dataclass
class Soft:
    number: int = 0


def containers(value: Any) -> Iterator[Any]:
    """Every list, dict and set within a value."""
    if isinstance(value, BaseModel):
        for _, held in value:
            yield from containers(held)
        return
    if isinstance(value, (list, dict, set)):
        yield value
    if isinstance(value, (list, tuple)):
        for held in value:
            yield from containers(held)
    if isinstance(value, dict):
        for held in value.values():
            yield from containers(held)


CHANGES: dict[type, list[Callable[[Any], object]]] = {
    list: [
        *(lambda x: x.append(1), lambda x: x.extend([1]), lambda x: x.insert(0, 1)),
        *(lambda x: x.pop(), lambda x: x.remove(1), lambda x: x.clear(), lambda x: x.sort()),
        *(lambda x: x.reverse(), lambda x: x.__setitem__(0, 1), lambda x: x.__delitem__(0)),
        *(lambda x: operator.iadd(x, [1]), lambda x: operator.imul(x, 2)),
    ],
    dict: [
        *(lambda x: x.pop("a"), lambda x: x.popitem(), lambda x: x.clear()),
        *(lambda x: x.update(a=1), lambda x: x.setdefault("b", 1)),
        *(lambda x: x.__setitem__("a", 1), lambda x: x.__delitem__("a")),
        lambda x: operator.ior(x, {"a": 1}),
    ],
    set: [
        *(lambda x: x.add(9), lambda x: x.remove(1), lambda x: x.discard(1), lambda x: x.pop()),
        *(lambda x: x.clear(), lambda x: x.update({9}), lambda x: x.intersection_update({9})),
        *(lambda x: x.difference_update({1}), lambda x: x.symmetric_difference_update({1})),
        *(lambda x: operator.ior(x, {9}), lambda x: operator.iand(x, {9})),
        *(lambda x: operator.isub(x, {1}), lambda x: operator.ixor(x, {1})),
    ],
}

# The type of a field, a value of it, and how many lists, dicts and sets that value has.
PLACES: list[tuple[Any, Any, int]] = [
    (list[int], [1], 1),
    (dict[str, int], {"a": 1}, 1),
    (set[int], {1}, 1),
    (list[int] | None, [1], 1),
    (int | set[int], {1}, 1),
    (Annotated[list[int], "note"], [1], 1),
    (list[list[int]], [[1], [2]], 3),
    (list[Any], [1, [2], {"a": {3}}], 4),
    (dict[str, list[int]], {"a": [1]}, 2),
    (dict[str, dict[str, set[int]]], {"a": {"b": {1}}}, 3),
    (tuple[list[int], ...], ([1], [2]), 2),
    (tuple[int, dict[str, int]], (1, {"a": 1}), 1),
    (tuple[tuple[set[int], ...], ...], (({1},), ()), 1),
    (Mapping[str, int], {"a": 1}, 1),
    (Sequence[int], [1], 1),
    (Any, {"a": [1]}, 2),
    (object, [{1}], 2),
    (Part, Part(held=[1]), 1),
    (Slack, Slack(held=[1]), 1),
    (tuple[Slack, ...], (Slack(held=[1]),), 1),
    (tuple[Part, ...], (Part(held=[1]), Part(held=[2])), 2),
    (list[Part], [Part(held=[1])], 2),
    (tuple[int, ...], (1,), 0),
    (frozenset[int], frozenset({1}), 0),
]


@pytest.mark.parametrize(("kind", "value", "number"), PLACES, ids=[str(k) for k, _, _ in PLACES])
@pytest.mark.parametrize("base", [Event, Command, Facts])
def test_every_container_refuses_every_change(kind: Any, value: Any, number: int, base: Any):
    model = create_model("Held", __base__=base, held=(kind, ...), note=(int, 0))
    record = model(held=value)
    made = [record, model.model_validate({"held": value})]
    if base is Facts:
        made.append(model(held=value).after({"held": copy.deepcopy(value), "note": 1}))
    for each in made:
        assert each.held == value
        found = list(containers(each.held))
        assert len(found) == number
        assert may_hold_container(kind) or not number
        before = repr(each)
        for one in found:
            for change in CHANGES[next(base for base in CHANGES if isinstance(one, base))]:
                with pytest.raises(errors.MutationError, match="cannot be changed; make a new"):
                    change(one)
        assert repr(each) == before
        for one in found:
            plain = one.copy()
            assert type(plain) in (list, dict, set)
            assert plain == one
            for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
                assert (type(again), again) == (type(one), one)


REFUSED: list[tuple[Any, str | None]] = [
    (bytearray, "bytearray, which can be changed"),
    (deque[int], "deque, which can be changed"),
    (defaultdict[str, int], "defaultdict, which can be changed"),
    (OrderedDict[str, int], "OrderedDict, which can be changed"),
    (Counter[str], "Counter, which can be changed"),
    (array.array, "array, which can be changed"),
    (Loose, "Loose, a model that is not frozen; set frozen=True in it"),
    (Soft, "Soft, a dataclass that is not frozen; set frozen=True in it"),
    (list[Loose], "Loose, a model that is not frozen"),
    (tuple[int, Loose], "Loose, a model that is not frozen"),
    (dict[str, Soft], "Soft, a dataclass that is not frozen"),
    (Loose | None, "Loose, a model that is not frozen"),
    (Annotated[Soft, "note"], "Soft, a dataclass that is not frozen"),
    (tuple[deque[int], ...], "deque, which can be changed"),
    (Plain, None),
    (Part, None),
    (Place, None),
    (list[Plain], None),
    (dict[str, list[int]], None),
    (Literal["a", "b"], None),
    (tuple[int, ...], None),
    (Any, None),
    (bytes, None),
]


@pytest.mark.parametrize(("kind", "what"), REFUSED, ids=[str(kind) for kind, _ in REFUSED])
@pytest.mark.parametrize("is_nested", [False, True])
def test_a_type_that_could_change_is_refused_by_field(kind: Any, what: str | None, is_nested: bool):
    found = mutable_part(kind)
    assert (found or "").startswith(what or "")
    assert (found is None) is (what is None)
    setting = ConfigDict(frozen=True, arbitrary_types_allowed=True)
    if is_nested:
        kind = create_model("Box", __config__=setting, inner=(kind, ...))
    base = type("Facts_", (Facts,), {"__module__": __name__, "model_config": setting})
    facts = create_model(
        "Holding",
        __base__=base,
        held=(kind | None, None),
        id=(str, ""),
        pushes=(int, 0),
        has_key=(bool, False),
    )
    chart: type[Chart] = type(Chart)("Held", (DoorChart,), {"facts_type": facts})
    if what is None:
        assert chart.table().states
        return
    with pytest.raises(errors.MutableFieldError) as caught:
        chart.table()
    assert f"Holding.held: it holds {what.partition(';')[0]}" in str(caught.value)


@pytest.mark.parametrize("kind", [int, str, bytes, bool, Literal["a"], Plain, frozenset[int]])
def test_what_holds_no_container_need_not_be_frozen(kind: Any):
    assert not may_hold_container(kind)
    assert not may_hold_container(kind | None)
    assert not may_hold_container(tuple[kind, ...])
    assert may_hold_container(list[kind])
    assert may_hold_container(dict[str, kind] | None)
