"""Overlays: what is laid over a picture: where a machine is, how it came there, and how often."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ..arguments import explained, wrong_argument
from ..decision import Decision
from ..errors import ArgumentError, UnknownEventError, UnknownStateError
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
        """Refuse what is no overlay of the table.

        Raises:
            ArgumentError: a value is not of its kind.
            UnknownEventError: the table has no such event.
            UnknownStateError: it has no such leaf state.
        """
        self._check_kinds()
        named = [*self.path, *self.counts, *(x for s, _, t in self.moves for x in (s, t))]
        for state in [*([] if self.here is None else [self.here]), *named]:
            if state not in table.states:
                raise UnknownStateError.of(table.name, state, table.states)
        for _, event, _ in self.moves:
            if event not in table.events:
                raise UnknownEventError.of(table.name, event, table.events)

    def _check_kinds(self) -> None:
        given: Any = self
        if not isinstance(given.here, str | None):
            raise _wrong("the id of a state as here", given.here)
        if isinstance(given.path, str) or not isinstance(given.path, Sequence):
            raise _wrong("a tuple of states as path", given.path)
        for state in given.path:
            if not isinstance(state, str):
                raise _wrong("ids of states in path", state)
        for name, what in (("counts", "a state"), ("moves", "a move")):
            numbers = getattr(given, name)
            if not isinstance(numbers, Mapping):
                raise _wrong(f"a dict of numbers by {what} as {name}", numbers)
            for number in numbers.values():
                if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                    raise _wrong(f"whole numbers of 0 or more in {name}", number)
        for state in given.counts:
            if not isinstance(state, str):
                raise _wrong("ids of states in counts", state)
        for move in given.moves:
            is_move = isinstance(move, tuple) and len(move) == 3
            if not (is_move and all(isinstance(part, str) for part in move)):
                raise _wrong("moves as (state before, event, state after)", move)

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


def _wrong(what: str, given: object) -> ArgumentError:
    return wrong_argument("Overlay", what, given, "correct it")


@explained
def walked(decisions: Iterable[Decision]) -> Overlay:
    """The overlay of what one machine did, or of all that a run of tests did.

    Args:
        decisions: What was decided, in order. Those that move nothing count for nothing.

    Raises:
        ArgumentError: something among them is no decision.
    """
    path: list[str] = []
    taken: Counter[MoveOf] = Counter()
    here: Any = None
    for decision in decisions:
        if not isinstance(decision, Decision):
            cure = "pass what decide() and start() return"
            raise wrong_argument("walked", "decisions", decision, cure)
        before, here = decision.before.state, decision.state
        if not path or path[-1] != (before or here):
            path.append(before or here)
        if before and before != here:
            taken[before, decision.trigger.name, here] += 1
            path.append(here)
    return Overlay(here=here, path=tuple(path), moves=taken)
