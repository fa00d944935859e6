"""Overlays: what is laid over a picture: where a machine is, how it came there, and how often."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ..arguments import explained
from ..decision import Decision
from ..errors import UnknownStateError
from ..table import Table

MoveOf = tuple[str, str, str]
"""A move: the state before, the event, and the state after."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What to lay over a picture. All of it is optional."""

    here: str | None = None
    """The state to mark, such as a machine's current one."""
    path: tuple[str, ...] = ()
    """The states that a machine went through, in order."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many machines are in each state."""
    moves: Mapping[MoveOf, int] = field(default_factory=dict)
    """How often each move was taken."""
    shows_missing: bool = False
    """Whether moves that were never taken stand out, as in a report of what tests cover."""

    def check(self, table: Table) -> None:
        """Refuse states that the table does not have.

        Raises:
            UnknownStateError: it has no such leaf state.
        """
        named = [*self.path, *self.counts, *(x for s, _, t in self.moves for x in (s, t))]
        for state in [*([] if self.here is None else [self.here]), *named]:
            if state not in table.states:
                raise UnknownStateError.of(table.name, state, table.states)

    def steps(self) -> set[tuple[str, str]]:
        """The moves of the path, as pairs of states."""
        return set(pairwise(self.path))

    def taken(self, sources: Iterable[str], events: Iterable[str] | None, target: str) -> int:
        """How often any of these moves was taken; by any event if none is named."""
        wanted = None if events is None else set(events)
        froms = set(sources)
        return sum(
            count
            for (source, event, to), count in self.moves.items()
            if to == target and source in froms and (wanted is None or event in wanted)
        )


@explained
def walked(decisions: Iterable[Decision]) -> Overlay:
    """The overlay of what one machine did, or of all that a run of tests did.

    Args:
        decisions: What was decided, in order. Those that move nothing count for nothing.
    """
    path: list[str] = []
    taken: Counter[MoveOf] = Counter()
    here: Any = None
    for decision in decisions:
        before, here = decision.before.state, decision.state
        if not path or path[-1] != (before or here):
            path.append(before or here)
        if before and before != here:
            taken[before, decision.trigger.name, here] += 1
            path.append(here)
    return Overlay(here=here, path=tuple(path), moves=taken)
