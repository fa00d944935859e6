"""Properties: what must hold of a model, whatever happens.

- :func:`always`: every state that can be reached is right.
- :func:`each_move`: every move is right, judged by the state before it, what was decided, and the
  state after it.
- :func:`sometimes`: a state like this can be reached. It tests the model, since a property of what
  never happens proves nothing.
- :func:`never_stuck`: from every state there is a way on, or a way to a goal.
- :func:`leads_to`: after every state with the cause comes one with the effect, unless something
  that is fair is put off for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal

from ..arguments import explained
from .model import Move, S

Fairness = Literal["weak", "strong"]
"""What is fair is not put off for ever: *weak*, while it is possible all the time; *strong*, while
it is possible again and again."""


@dataclass(frozen=True, slots=True)
class Always(Generic[S]):
    """Every state is right."""

    name: str
    wrong: Callable[[S], str | None]


@dataclass(frozen=True, slots=True)
class EachMove(Generic[S]):
    """Every move is right."""

    name: str
    wrong: Callable[[S, Move[S]], str | None]


@dataclass(frozen=True, slots=True)
class Sometimes(Generic[S]):
    """Some state is like this."""

    name: str
    holds: Callable[[S], bool]


@dataclass(frozen=True, slots=True)
class NeverStuck(Generic[S]):
    """From every state there is a way."""

    name: str
    goal: Callable[[S], bool] | None
    is_done: Callable[[S], bool]


@dataclass(frozen=True, slots=True)
class LeadsTo(Generic[S]):
    """After every cause comes the effect."""

    name: str
    cause: Callable[[S], bool]
    effect: Callable[[S], bool]
    fairness: Fairness


Property = Always[S] | EachMove[S] | Sometimes[S] | NeverStuck[S] | LeadsTo[S]


@explained
def always(wrong: Callable[[S], str | None], *, name: str = "") -> Always[S]:
    """Every state is right.

    Args:
        wrong: Gets a state; returns what is wrong with it, or None.
        name: By default that of the function.
    """
    return Always(name or _name(wrong), wrong)


@explained
def each_move(wrong: Callable[[S, Move[S]], str | None], *, name: str = "") -> EachMove[S]:
    """Every move is right.

    Args:
        wrong: Gets the state before and the move, which has the state after it and what was
            decided; returns what is wrong, or None.
        name: By default that of the function.
    """
    return EachMove(name or _name(wrong), wrong)


@explained
def sometimes(holds: Callable[[S], bool], *, name: str = "") -> Sometimes[S]:
    """Some state is like this.

    Args:
        holds: Gets a state.
        name: By default that of the function.
    """
    return Sometimes(name or _name(holds), holds)


@explained
def never_stuck(
    goal: Callable[[S], bool] | None = None,
    *,
    is_done: Callable[[S], bool] = lambda state: False,
    name: str = "",
) -> NeverStuck[S]:
    """From every state there is a way to the goal; without a goal, any move.

    That there is a way does not say that it is taken: see :func:`leads_to`.

    Args:
        goal: Gets a state.
        is_done: States in which it may end.
        name: By default ``never_stuck``, with the name of the goal.
    """
    default = "never_stuck" if goal is None else f"never_stuck:{_name(goal)}"
    return NeverStuck(name or default, goal, is_done)


@explained
def leads_to(
    cause: Callable[[S], bool],
    effect: Callable[[S], bool],
    *,
    fairness: Fairness = "weak",
    name: str = "",
) -> LeadsTo[S]:
    """After every state with the cause, or in it, comes one with the effect.

    Moves with the same :attr:`Move.fair` are not put off for ever. All others may never happen, so
    a state in which nothing is fair can be the last one. Names of what is fair hold no fresh ids:
    states with the same key give theirs the same names.

    Args:
        cause: Gets a state.
        effect: Gets a state.
        fairness: Weak or strong; see :data:`Fairness`.
        name: By default made of the names of the functions.
    """
    return LeadsTo(name or f"{_name(cause)} leads to {_name(effect)}", cause, effect, fairness)


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
