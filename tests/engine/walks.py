"""Walks through a table: events with the guards' answers, and what the table makes of them."""

from collections import Counter
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


def walks(table: Table, *, number: int, length: int, seed: int = 0) -> list[Walk]:
    """Walks that go where there have been fewest.

    A walk ends in a final state, where other tools end.
    """
    random, seen = Random(seed), Counter[int]()
    guards = sorted({guard for leaf in table.leaves() for guard, _ in leaf.guards})
    by_state = {state: list(table.leaves(state)) for state in table.states}

    def walk() -> Walk:
        made, state = Walk(), table.initial
        while len(made.events) < length and state not in table.final:
            choice = by_state[state]
            if random.random() < 0.3:
                choice = [leaf for leaf in choice if leaf.outcome == "moved"] or choice
            leaf = min(choice, key=lambda leaf: (seen[leaf.index], random.random()))
            seen[leaf.index] += 1
            noise = {guard: random.random() < 0.5 for guard in guards}
            made.events.append((leaf.event, noise | dict(leaf.guards)))
            made.leaves.append(leaf)
            state = leaf.target
        return made

    return [walk() for _ in range(number)]


def walks_through_all(table: Table, *, number: int) -> list[Walk]:
    """As many walks as are asked for, or more: together they see every leaf."""
    for enough in (number, 2 * number, 4 * number, 10 * number):
        found = walks(table, number=enough, length=25)
        seen = {leaf.index for walk in found for leaf in walk.leaves}
        if seen == _leaves_before_end(table):
            return found
    raise AssertionError(f"{table.name}: walks do not reach {_leaves_before_end(table) - seen}")


def _leaves_before_end(table: Table) -> set[int]:
    """The indexes of all leaves of states that are not final."""
    return {
        leaf.index
        for (state, _), tree in table.trees.items()
        if state not in table.final
        for leaf in leaves_of(tree)
    }
