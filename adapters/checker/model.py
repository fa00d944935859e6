"""The model: the machines in their surroundings, and which of their states count as one.

Two states count as one if they differ in nothing but which account is which: accounts under one
authorization are interchangeable, and each begins alike. Nothing else is left out. Times need no
abstraction, since the clock moves with changes and timers only, so that within bounds there are
finitely many.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from itertools import permutations

from pydantic import BaseModel

from relink.engine import System
from relink.engine.explore import Move, SystemModel, SystemState
from relink.engine.explore.worlds import World, hashable

from .around import Around
from .bounds import Bounds
from .environment import Surroundings

State = SystemState[Around]


class CheckedModel(SystemModel[Around]):
    """A system in its surroundings.

    Args:
        system: The machines.
        bounds: How much may happen.
    """

    def __init__(self, system: System, bounds: Bounds) -> None:
        super().__init__(system, Surroundings(bounds))
        self.bounds = bounds
        names = [f"fca_{number}" for number in range(1, bounds.accounts + 1)]
        self._orders = [_Order(dict(zip(names, each, strict=True))) for each in permutations(names)]
        self.is_symmetric = len(self._orders) > 1
        self._numbers: dict[Hashable, int] = {}

    def starts(self) -> Iterator[State]:
        """The accounts are known, and all that followed from it is done; or nobody knows them."""
        for state in super().starts():
            yield self._calmed(state) if self.bounds.is_known else state

    def key(self, state: State) -> Hashable:
        """The machines and what is around them, in the order of accounts with the least key."""
        if not self.is_symmetric:
            machines = state.machines
            assert isinstance(machines, World)
            return (machines.number, *map(self._number, state.environment))
        return min(self._key(state, order) for order in self._orders)

    def _key(self, state: State, order: "_Order") -> tuple[int, ...]:
        machines = state.machines
        assert isinstance(machines, World)
        key = []
        for part in machines.parts.values():
            number = order.machines.get(part)
            if number is None:
                address, snapshot = self.worlds.machine(part)
                content = (*address, snapshot.state, hashable(snapshot.facts))
                number = order.machines[part] = self._number(order.renamed(content))
            key.append(number)
        key.sort()
        for place in enumerate(state.environment):
            known = order.around.get(place)
            if known is None:
                known = self._number((place[0], order.component(place[1])))
                order.around[place] = known
            key.append(known)
        return tuple(key)

    def _number(self, part: Hashable) -> int:
        return self._numbers.setdefault(part, len(self._numbers))

    def _calmed(self, state: State) -> State:
        while not state.environment.is_calm:
            move: Move[State] = next(iter(self.moves(state)))
            if move.error is not None:
                raise move.error
            state = move.after
        return state


class _Order:
    """One order of the accounts: each goes by the name of the one whose place it takes."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        longest_first = sorted(names, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![a-zA-Z0-9])(?:{'|'.join(longest_first)})(?![a-zA-Z0-9])")
        self.machines: dict[int, int] = {}
        self.around: dict[tuple[int, Hashable], int] = {}

    def component(self, part: Hashable) -> Hashable:
        """A part of what is around, renamed. In its tuples of tuples the order means nothing, but
        for the groups that are under way."""
        if isinstance(part, tuple) and type(part) is tuple and part and type(part[0]) is tuple:
            if part[0] and isinstance(part[0][0], str):
                return frozenset(map(self.renamed, part))
            return tuple(self._several(group) for group in part)
        if type(part) is tuple:
            return self._several(part)
        return self.renamed(part)

    def _several(self, items: tuple[Hashable, ...]) -> Hashable:
        return frozenset(Counter(map(self.renamed, items)).items())

    def renamed(self, value: Hashable) -> Hashable:
        """A value with other names of accounts."""
        if isinstance(value, str):
            return self._pattern.sub(lambda found: self._names[found[0]], value)
        if isinstance(value, tuple):
            return tuple(map(self.renamed, value))
        if isinstance(value, frozenset):
            return frozenset(map(self.renamed, value))
        if isinstance(value, BaseModel):
            return (
                type(value).__name__,
                *map(self.renamed, map(hashable, value.__dict__.values())),
            )
        return value
