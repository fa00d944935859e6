"""Worlds: all machines of a system at once, numbered by what they hold.

Most moves of a model change one machine of many, or only the environment, so a search meets the
same machines again and again beside other environments. A :class:`World` therefore knows a number
for its content: worlds are equal if and only if their numbers are. With it, a step is taken once
for a world and an event (:class:`Worlds.step`), and a model can use the number as a part of its
keys.

Versions do not count: no rule reads them.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from ..decision import Snapshot
from ..effect import Facts
from ..event import Event
from ..system import Address, Step, System
from .abstraction import Abstraction

MOST_STEPS = 5_000
"""How many steps are kept: a step holds all that was decided, about 20 kB for ten machines."""


class World(dict[Address, Snapshot[Facts]]):
    """All machines by address. It is never changed."""

    __slots__ = ("number", "parts")

    number: int
    """Of the content."""
    parts: Mapping[Address, int]
    """The number of each machine's content, its address included."""


class _Taken(NamedTuple):
    event: Event
    """Kept, so that no other event gets its id."""
    step: Step
    after: World


class Worlds:
    """Numbers the worlds of one system, and takes its steps.

    Args:
        system: The system.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._numbers: dict[tuple[int, ...], int] = {}
        self._machines: dict[Hashable, int] = {}
        self._contents: list[tuple[Address, Snapshot[Facts]]] = []
        self._steps: dict[tuple[int, int], _Taken] = {}

    def world(self, machines: Mapping[Address, Snapshot[Facts]]) -> World:
        """The machines as a world.

        Args:
            machines: By address; a world is returned as it is.
        """
        if isinstance(machines, World):
            return machines
        return self._after(None, machines)

    def machine(self, part: int) -> tuple[Address, Snapshot[Facts]]:
        """A machine by its number in :attr:`World.parts`."""
        return self._contents[part]

    def step(self, event: Event, before: World) -> tuple[Step, World]:
        """Let a system decide an event, once for each world and event object.

        Raises:
            what :meth:`System.step` raises.
        """
        key = (before.number, id(event))
        found = self._steps.get(key)
        if found is None:
            step = self._system.step(event, before.get)
            found = _Taken(event, step, self._after(before, step.snapshots))
            if len(self._steps) >= MOST_STEPS:
                self._steps.clear()
            self._steps[key] = found
        return found.step, found.after

    def _after(self, before: World | None, changed: Mapping[Address, Snapshot[Facts]]) -> World:
        world = World(before or {})
        parts = dict(before.parts) if before is not None else {}
        for address, snapshot in changed.items():
            known = world.get(address)
            world[address] = snapshot
            if known is None or snapshot.facts is not known.facts or snapshot.state != known.state:
                parts[address] = self._part(address, snapshot)
        number = self._numbers.setdefault(tuple(sorted(parts.values())), len(self._numbers))
        world.number, world.parts = number, parts
        return world

    def _part(self, address: Address, snapshot: Snapshot[Facts]) -> int:
        content: Hashable = (address, snapshot.state, hashable(snapshot.facts))
        number = self._machines.setdefault(content, len(self._contents))
        if number == len(self._contents):
            self._contents.append((address, snapshot))
        return number


def hashable(value: Any) -> Hashable:
    """Something that has a hash, and is equal for equal values.

    Args:
        value: Facts, or what stands in them.
    """
    if isinstance(value, Facts):
        return type(value), *_fields(value)
    if isinstance(value, dict):
        return frozenset((key, hashable(held)) for key, held in value.items())
    if isinstance(value, set):
        return frozenset(value)
    if isinstance(value, (list, tuple)):
        return tuple(map(hashable, value))
    try:
        hash(value)
    except TypeError:
        return Abstraction().text(value)
    return cast(Hashable, value)


def _fields(facts: Facts) -> Iterator[Hashable]:
    # The other fields hold nothing that could be changed, and so have a hash.
    containers = type(facts)._containers
    for name, value in facts.__dict__.items():
        yield hashable(value) if name in containers and value is not None else value
