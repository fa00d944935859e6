"""Worlds: equal content has one number, and a step is taken once."""

from statemachine import State

from relink.engine import Address, Assign, Chart, Event, Facts, Send, System, stays
from relink.engine.explore.worlds import Worlds, hashable


class Put(Event):
    where: str


class ShelfFacts(Facts):
    id: str
    places: dict[str, int] = {}
    last: str | None = None


class Shelf(Chart):
    facts_type = ShelfFacts
    alphabet = (Put,)
    standing = State(initial=True)
    absorbing = (standing,)
    stays(standing, event="put", on="keep")

    def keep(self, facts: ShelfFacts, trigger: Put) -> Assign:
        return Assign(places={**facts.places, trigger.where: 1}, last=trigger.where)


def shelves() -> tuple[System, list[Event]]:
    taken: list[Event] = []

    def route(trigger: Event, load: object) -> list[Send]:
        taken.append(trigger)
        return [Send(machine="shelf", key="s", event=trigger)]

    return System({"shelf": Shelf}, route), taken


def test_worlds_of_equal_content_have_one_number() -> None:
    system, _ = shelves()
    worlds = Worlds(system)
    world = worlds.world({})
    left, right = Put(where="left"), Put(where="right")
    for event in (left, right, left):
        _, world = worlds.step(event, world)
    other = worlds.world({})
    for event in (right, left):
        _, other = worlds.step(event, other)
    key = Address("shelf", "s")
    assert world[key].version != other[key].version
    assert world.number == other.number
    assert worlds.machine(world.parts[key])[0] == key
    _, third = worlds.step(right, other)
    assert third.number != other.number


def test_a_step_is_taken_once_for_a_world_and_an_event() -> None:
    system, taken = shelves()
    worlds = Worlds(system)
    world, event = worlds.world({}), Put(where="left")
    first = worlds.step(event, world)
    assert worlds.step(event, worlds.world({}))[0] is first[0]
    assert taken == [event]
    other = Put(where="right")
    second = worlds.step(other, first[1])
    for _ in range(2):
        assert worlds.step(event, world)[0] is first[0]
        assert worlds.step(other, first[1])[0] is second[0]
    assert taken == [event, other]


def test_a_hash_stands_for_the_content_whatever_holds_it() -> None:
    one = ShelfFacts(id="s", places={"a": 1, "b": 2})
    other = ShelfFacts(id="s", places={"b": 2, "a": 1})
    assert hashable(one) == hashable(other)
    assert hash(hashable(one)) == hash(hashable(other))
    assert hashable(one) != hashable(one.after({"last": "a"}))
    assert hashable({"a": [1, {2}]}) == hashable({"a": (1, frozenset({2}))})
