"""Moves: what leads from one state to another, each drawn as few times as possible.

All leaves that lead from a state to another by one event are one move with one
condition. What the states inside a compound state do alike is a move of the
compound state; what all states do alike, of none in particular.
"""

from collections.abc import Sequence

from statemachine import State

from ..condition import Condition, conditions
from ..table import Table
from ..tree import leaves_of

Moves = dict[tuple[str, str], Condition]
"""The conditions under which a state is left, by event and target."""


def drawn_moves(table: Table) -> list[tuple[State | None, Moves]]:
    """The moves to draw from each state, compound ones included, in the order of the chart.

    Last come those to draw from None: from every state that is not final, but the target.
    """
    moves = {state: _moves(table, state) for state in table.states}
    common = _take_common(moves, [state for state in table.states if state not in table.final])
    drawn: list[tuple[State | None, Moves]] = []
    for state in table.chart.states:
        _draw(state, moves, drawn)
    return [*drawn, (None, common)]


def leaf_ids(state: State) -> list[str]:
    """The leaf states inside a state, in order; the state itself when it is one."""
    if not state.states:
        return [state.id]
    return [leaf for child in state.states for leaf in leaf_ids(child)]


def _moves(table: Table, state: str) -> Moves:
    moves: Moves = {}
    for event in table.events:
        # Impossible leaves are left out: a condition may hold for them or not.
        ends = conditions(
            (leaf.target if leaf.outcome == "moved" else None, leaf.guards)
            for leaf in leaves_of(table.trees[state, event])
            if leaf.outcome != "impossible"
        )
        moves |= {(event, target): ends[target] for target in ends if target is not None}
    return moves


def _take_common(moves: dict[str, Moves], states: Sequence[str]) -> Moves:
    """Take out of ``moves`` what all these states, save the target of it, do alike."""
    common: Moves = {}
    for move in {move: None for state in states for move in moves[state]}:
        sources = [state for state in states if state != move[1]]
        if len(sources) > 2 and _is_alike(move, [moves[state] for state in sources]):
            common[move] = moves[sources[0]][move]
            for state in sources:
                del moves[state][move]
    return common


def _draw(state: State, moves: dict[str, Moves], drawn: list[tuple[State | None, Moves]]) -> Moves:
    """Add the moves of a state, and of the states in it, to ``drawn``; return the state's own."""
    own = {} if state.states else moves[state.id]
    drawn.append((state, own))
    children = [_draw(child, moves, drawn) for child in state.states]
    for move in list(children[0]) if children else ():
        # Never one that ends inside the compound state: its target does not move to itself.
        if _is_alike(move, children):
            own[move] = children[0][move]
            for child in children:
                del child[move]
    return own


def _is_alike(move: tuple[str, str], all_moves: Sequence[Moves]) -> bool:
    """Whether each has this move, under the same condition."""
    return all(move in moves for moves in all_moves) and (
        len({frozenset(moves[move]) for moves in all_moves}) == 1
    )
