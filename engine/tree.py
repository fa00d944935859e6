"""Decision trees: what one event does in one state, as data.

A :class:`Branch` asks a guard, a :class:`Leaf` says what follows from the answers. Every path
from the root asks each guard at most once, in the order in which python-statemachine asks them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .reason import Reason

Answers = tuple[tuple[str, bool], ...]
"""Guards by name, with their answers, in the order asked."""

Outcome = Literal["moved", "stayed", "ignored", "impossible"]
"""A transition changes the state, or keeps it; none is taken; or the answers are impossible."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What follows from an event in a state, under these guard answers."""

    index: int
    """Position among all leaves of the table."""
    source: str
    """The leaf state before; empty for the entry into the chart."""
    event: str
    """The event's name."""
    guards: Answers
    outcome: Outcome
    target: str
    """The leaf state after."""
    effects: tuple[str, ...] = ()
    """Names of the effects, in the order in which they run."""
    transition: str | None = None
    """The transition as the chart declares it; None when none is taken."""
    label: str = ""
    """Event and condition of that transition: ``coin_inserted[is_enough]``."""
    reason: Reason | None = None
    """Why the event is ignored, or the answers are impossible."""
    anomaly: bool = False
    """Whether the event is worth reporting."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A guard, and what follows from each answer."""

    guard: str
    yes: "Tree"
    no: "Tree"


Tree = Branch | Leaf


def leaves_of(tree: Tree) -> Iterator[Leaf]:
    """The leaves in order: the answer yes before the answer no."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        yield from leaves_of(tree.yes)
        yield from leaves_of(tree.no)
