"""Walks through a table: events with the guards' answers, and what the table makes of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from relink.engine import Leaf, Table
from relink.engine.tree import leaves_of


@dataclass
class Walk:
    """A sequence of events from the start on."""

    events: list[tuple[str, dict[str, bool]]] = field(default_factory=list)
    """Events, with an answer for every guard of the chart, those that are not asked included."""
    leaves: list[Leaf] = field(default_factory=list)
    """What the table says of each."""


def walks(table: Table, *, number: int, length: int, seed: int = 0) -> Iterator[Walk]:
    """Walks that go where there have been fewest, so that together they see every leaf.

    A walk ends in a final state, where other tools end.
    """
    random, seen = Random(seed), Counter[int]()
    guards = sorted({guard for leaf in table.leaves() for guard, _ in leaf.guards})
    by_state = {state: list(table.leaves(state)) for state in table.states}
    for _ in range(number):
        walk, state = Walk(), table.initial
        while len(walk.events) < length and state not in table.final:
            choice = by_state[state]
            if random.random() < 0.3:
                choice = [leaf for leaf in choice if leaf.outcome == "moved"] or choice
            leaf = min(choice, key=lambda leaf: (seen[leaf.index], random.random()))
            seen[leaf.index] += 1
            noise = {guard: random.random() < 0.5 for guard in guards}
            walk.events.append((leaf.event, noise | dict(leaf.guards)))
            walk.leaves.append(leaf)
            state = leaf.target
        yield walk


def seen_by(walks: list[Walk]) -> set[int]:
    """The indexes of the leaves that walks went through."""
    return {leaf.index for walk in walks for leaf in walk.leaves}


def leaves_before_end(table: Table) -> set[int]:
    """The indexes of all leaves of states that are not final."""
    return {
        leaf.index
        for (state, _), tree in table.trees.items()
        if state not in table.final
        for leaf in leaves_of(tree)
    }
