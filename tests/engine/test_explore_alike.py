"""Which states count as one, by the rules in words: order, distances, equality, places.

Each rule is asked of two values at once here, where the engine makes one key of each.
"""

from itertools import permutations
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from statemachine import State

from relink.engine import Address, Assign, Chart, Event, Facts, Send, System, stays
from relink.engine.explore import Abstraction, Unordered
from relink.engine.explore.worlds import World, Worlds, hashable

from ..profile import examples


class Times(NamedTuple):
    at: tuple[float, ...]


TIMES = st.lists(st.integers(-4, 12), min_size=1, max_size=4)


def alike(one: list[int], other: list[int], longest: float, fixed: list[int]) -> bool:
    """Whether the times stand in the same order, and as far apart, fixed ones among them."""
    all_one, all_other = [*one, *fixed], [*other, *fixed]
    places = range(len(all_one))
    for a in places:
        for b in places:
            first, second = all_one[b] - all_one[a], all_other[b] - all_other[a]
            if (first > 0, first < 0) != (second > 0, second < 0):
                return False
            is_next = first > 0 and not any(all_one[a] < each < all_one[b] for each in all_one)
            if is_next and first != second and min(first, second) <= longest:
                return False
    return True


@settings(max_examples=examples(2_000))
@given(TIMES, st.data(), st.sampled_from([0, 1, 2, 5]), st.sampled_from([[0], [], [3], [0, 7]]))
def test_times_count_as_one_exactly_if_their_order_and_near_distances_agree(
    one: list[int], data: st.DataObject, longest: int, fixed: list[int]
) -> None:
    change = st.sampled_from([0, 0, 0, 1, -1, 4])
    other = [each + data.draw(change) for each in one]
    if data.draw(st.booleans()):
        other = [each + 1 for each in one]
    rules = Abstraction(times={"at"}, longest=longest, fixed=fixed)
    is_one = rules.key(Times(tuple(one))) == rules.key(Times(tuple(other)))
    assert is_one == alike(one, other, longest, fixed)
    event(f"count as one: {is_one}")


IDS = st.lists(st.integers(1, 4), min_size=1, max_size=5)


def same_pattern(one: list[int], other: list[int]) -> bool:
    return len(one) == len(other) and all(
        (one[a] == one[b]) == (other[a] == other[b])
        for a in range(len(one))
        for b in range(len(one))
    )


@settings(max_examples=examples(800))
@given(IDS, IDS)
def test_fresh_ids_count_by_which_of_them_are_equal(one: list[int], other: list[int]) -> None:
    rules = Abstraction(ids=r"id_\d+")
    texts = [[f"about id_{n}!" for n in each] for each in (one, other)]
    assert (rules.key(texts[0]) == rules.key(texts[1])) == same_pattern(one, other)
    # In one text as in many.
    joined = [" ".join(each) for each in texts]
    assert (rules.key(joined[0]) == rules.key(joined[1])) == same_pattern(one, other)
    assert Abstraction().key(texts[0]) != Abstraction().key(texts[1]) or one == other


PARTS = ("a_1", "a_2", "a_12")


@settings(max_examples=examples(400))
@given(
    st.dictionaries(st.sampled_from(PARTS), st.integers(0, 2)),
    st.dictionaries(st.sampled_from(PARTS), st.integers(0, 2)),
    st.sampled_from(PARTS),
)
def test_parts_that_may_change_places_count_as_one_exactly_in_some_order(
    one: dict[str, int], other: dict[str, int], named: str
) -> None:
    rules = Abstraction(interchangeable=PARTS)
    values = [(each, f"pm_{named}") for each in (one, other)]
    is_one = rules.key(values[0]) == rules.key(values[1])
    orders = [dict(zip(PARTS, order, strict=True)) for order in permutations(PARTS)]
    assert is_one == any(
        {order[part]: held for part, held in one.items()} == other and order[named] == named
        for order in orders
    )


@given(st.lists(st.integers(0, 3), max_size=4), st.lists(st.integers(0, 3), max_size=4))
def test_what_has_no_order_counts_as_one_if_it_holds_the_same(
    one: list[int], other: list[int]
) -> None:
    rules = Abstraction()
    keys = [rules.key(Unordered(each)) for each in (one, other)]
    assert (keys[0] == keys[1]) == (sorted(one) == sorted(other))
    assert (rules.key(one) == rules.key(other)) == (one == other)


# ── worlds ───────────────────────────────────────────────────────────────────


class Put(Event):
    on: str
    what: int


class Bag(Facts):
    id: str
    holds: dict[int, list[int]] = {}
    last: int | None = None


class Shelf(Chart):
    facts_type = Bag
    alphabet = (Put,)
    even = State(initial=True)
    odd = State()
    even.to(odd, event="put", cond="is_odd", on="keep")
    odd.to(even, event="put", unless="is_odd", on="keep")
    stays(even, event="put", unless="is_odd", on="keep")
    stays(odd, event="put", cond="is_odd", on="keep")

    def is_odd(self, facts: Bag, trigger: Put) -> bool:
        return trigger.what % 2 == 1

    def keep(self, facts: Bag, trigger: Put) -> Assign:
        return Assign(holds={**facts.holds, trigger.what: [1]}, last=trigger.what // 2)


SHELVES = System({"shelf": Shelf}, lambda put, load: [Send(machine="shelf", key=put.on, event=put)])
PUTS = st.lists(st.builds(Put, on=st.sampled_from("ab"), what=st.integers(0, 2)), max_size=5)


def content(world: World) -> dict[Any, Any]:
    return {where: (each.state, each.facts.model_dump()) for where, each in world.items()}


@settings(max_examples=examples(400))
@given(st.lists(PUTS, min_size=2, max_size=4))
def test_worlds_have_one_number_exactly_if_they_hold_the_same(histories: list[list[Put]]) -> None:
    worlds, seen = Worlds(SHELVES), []
    for puts in histories:
        world = worlds.world({})
        assert worlds.world(world) is world
        seen.append(world)
        for put in puts:
            before = dict(world)
            step, after = worlds.step(put, world)
            assert step == SHELVES.step(put, before.get)
            assert worlds.step(put, world)[1] is after
            assert dict(world) == before, "a world is never changed"
            assert dict(after) == {**before, **step.snapshots}
            world = after
            seen.append(world)
    for one in seen:
        for other in seen:
            assert (one.number == other.number) == (content(one) == content(other))
        assert one.parts.keys() == one.keys()
        for address, part in one.parts.items():
            where, snapshot = worlds.machine(part)
            assert where == address
            assert (snapshot.state, snapshot.facts) == (one[address].state, one[address].facts)
        again = worlds.world(dict(one))
        assert (again.number, dict(again.parts)) == (one.number, dict(one.parts))


@pytest.mark.parametrize(
    ("one", "other", "is_equal"),
    [
        ([1, 2], (1, 2), True),
        ([1, 2], [2, 1], False),
        ({1, 2}, {2, 1}, True),
        ({"a": [1]}, {"a": (1,)}, True),
        ({"a": [1]}, {"a": [2]}, False),
        ({"a": {1: {2}}}, {"a": {1: {2}}}, True),
        (Bag(id="x", holds={1: [2], 3: [4]}), Bag(id="x", holds={3: [4], 1: [2]}), True),
        (Bag(id="x", holds={1: [2]}), Bag(id="x", holds={1: [3]}), False),
        (Bag(id="x", last=1), Bag(id="x"), False),
        (Bag(id="x"), Bag(id="y"), False),
        (bytearray(b"a"), bytearray(b"a"), True),
        (bytearray(b"a"), bytearray(b"b"), False),
    ],
    ids=repr,
)
def test_a_hash_is_equal_exactly_for_equal_values(
    one: object, other: object, is_equal: bool
) -> None:
    assert (hashable(one) == hashable(other)) == is_equal
    if is_equal:
        assert hash(hashable(one)) == hash(hashable(other))


def test_a_machine_is_at_its_address() -> None:
    _, world = Worlds(SHELVES).step(Put(on="a", what=1), Worlds(SHELVES).world({}))
    assert list(world) == [Address("shelf", "a")]
