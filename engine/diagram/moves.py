"""Moves: what leads from one state to another, merged into as few arrows as possible.

All leaves that lead from one state to another by one event are one move with one condition. A
move that all states inside a compound state share becomes a move of the compound state. A move
that all states of the chart share becomes a move from any state.
"""

from collections.abc import Sequence

from statemachine import State

from ..condition import Condition, conditions
from ..table import Table
from ..tree import leaves_of

Moves = dict[tuple[str, str], Condition]
"""The conditions under which a machine leaves a state, by event and target."""


def drawn_moves(table: Table) -> list[tuple[State | None, Moves]]:
    """The moves to draw from each state, compound ones included, in document order.

    The last entry has None for its state: moves from every state but the target and final ones.
    """
    moves = {state: moves_of(table, state) for state in table.states}
    shared = _take_shared(moves, [state for state in table.states if state not in table.final])
    drawn: list[tuple[State | None, Moves]] = []
    for state in table.chart.states:
        _draw(state, moves, drawn)
    return [*drawn, (None, shared)]


def moves_of(table: Table, state: str) -> Moves:
    """The moves from one leaf state."""
    moves: Moves = {}
    for event in table.events:
        # Impossible leaves are on neither side: a condition may hold for them or not.
        ends = conditions(
            (leaf.target if leaf.outcome == "moved" else None, leaf.guards)
            for leaf in leaves_of(table.trees[state, event])
            if leaf.outcome != "impossible"
        )
        moves |= {(event, target): ends[target] for target in ends if target is not None}
    return moves


def _take_shared(moves: dict[str, Moves], states: Sequence[str]) -> Moves:
    """Remove from ``moves``, and return, what all these states but the target share."""
    shared: Moves = {}
    for move in {move: None for state in states for move in moves[state]}:
        sources = [state for state in states if state != move[1]]
        if len(sources) > 2 and _is_shared(move, [moves[state] for state in sources]):
            shared[move] = moves[sources[0]][move]
            for state in sources:
                del moves[state][move]
    return shared


def _draw(state: State, moves: dict[str, Moves], drawn: list[tuple[State | None, Moves]]) -> Moves:
    """Add a state's moves, and those of the states in it, to ``drawn``; return the state's own."""
    own = {} if state.states else moves[state.id]
    drawn.append((state, own))
    children = [_draw(child, moves, drawn) for child in state.states]
    for move in list(children[0]) if children else ():
        # A move to a state inside is never shared: its target does not move to itself.
        if _is_shared(move, children):
            own[move] = children[0][move]
            for child in children:
                del child[move]
    return own


def _is_shared(move: tuple[str, str], all_moves: Sequence[Moves]) -> bool:
    """Whether all have this move, under the same condition."""
    return all(move in moves for moves in all_moves) and (
        len({frozenset(moves[move]) for moves in all_moves}) == 1
    )
