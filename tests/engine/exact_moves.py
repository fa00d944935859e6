"""Whether something that shows a table's moves shows all of them, and nothing else."""

from collections.abc import Callable
from itertools import product

from relink.engine import Leaf, Table

Answers = dict[str, bool]
"""By guard."""


def assert_exact(table: Table, shown: Callable[[str, str, Answers], list[str]]) -> None:
    """Compare it with the leaf of each state and event, for all answers of the guards.

    Args:
        table: the table.
        shown: where an event leads in a state with these answers, by what is judged.
    """
    for state, event in table.trees:
        guards = sorted({guard for leaf in table.leaves(state, event) for guard, _ in leaf.guards})
        for values in product([True, False], repeat=len(guards)):
            answers = dict(zip(guards, values, strict=True))
            leaf = _leaf_of(table, state, event, answers)
            if leaf.outcome != "impossible":
                expected = [leaf.target] if leaf.outcome == "moved" else []
                assert shown(state, event, answers) == expected, (state, event, answers)


def holds(condition: str | None, answers: Answers) -> bool:
    """Whether a condition holds that is written with guards; none always does."""
    return bool(eval(condition or "True", {}, answers))


def _leaf_of(table: Table, state: str, event: str, answers: Answers) -> Leaf:
    [leaf] = [
        leaf
        for leaf in table.leaves(state, event)
        if all(answers[guard] == answer for guard, answer in leaf.guards)
    ]
    return leaf
