"""The graph of a table: its states, and between them its leaves.

This is what the table says by itself, for all facts: an arrow for each leaf that changes the state,
with the event and the guard answers that it takes. Whether facts can be such that the guards answer
so, the table does not know; a search through a :class:`~.machine.MachineModel` does.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from ..arguments import explained
from ..given import ChartOrTable, as_table
from ..tree import Leaf


@dataclass(frozen=True, slots=True)
class TableGraph:
    """What leads where in a table."""

    states: tuple[str, ...]
    moves: tuple[Leaf, ...]
    """The leaves that change the state, in the order of the table."""
    stays: tuple[Leaf, ...]
    """The leaves that keep the state, and change facts or return commands."""
    unreachable: tuple[str, ...]
    """The states to which no moves lead from the initial one."""
    dead_ends: tuple[str, ...]
    """The states that no move leaves: final and absorbing ones."""
    ways: Mapping[str, tuple[Leaf, ...]]
    """The shortest way to each state that can be reached: its moves, from the initial state on."""

    def way_over(self, leaf: Leaf) -> tuple[Leaf, ...] | None:
        """The shortest way that ends with this leaf; None if its state cannot be reached."""
        way = self.ways.get(leaf.source)
        return None if way is None else (*way, leaf)


@explained
def table_graph(chart: ChartOrTable) -> TableGraph:
    """The graph of a table.

    Args:
        chart: The chart, or its table.

    Raises:
        ArgumentError: it is neither.
    """
    table = as_table(chart, "table_graph")
    moves = tuple(leaf for leaf in table.leaves() if leaf.outcome == "moved")
    leaving: dict[str, list[Leaf]] = {state: [] for state in table.states}
    for leaf in moves:
        leaving[leaf.source].append(leaf)
    ways: dict[str, tuple[Leaf, ...]] = {table.initial: ()}
    waiting = deque([table.initial])
    while waiting:
        state = waiting.popleft()
        for leaf in leaving[state]:
            if leaf.target not in ways:
                ways[leaf.target] = (*ways[state], leaf)
                waiting.append(leaf.target)
    return TableGraph(
        states=table.states,
        moves=moves,
        stays=tuple(leaf for leaf in table.leaves() if leaf.outcome == "stayed"),
        unreachable=tuple(state for state in table.states if state not in ways),
        dead_ends=tuple(state for state in table.states if not leaving[state]),
        ways=ways,
    )
