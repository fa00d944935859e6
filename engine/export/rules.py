"""Rules: what an exported state does on an event, and under which guard answers.

All leaves of a state and event that have one outcome are one rule with one condition. The
conditions of a pair exclude each other, impossible answers included, so the order of its rules
makes no difference, and nor do the answers of guards that the table does not ask.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ..condition import Condition, conditions
from ..reason import Reason
from ..table import Table
from ..tree import Outcome, leaves_of


class End(NamedTuple):
    """What follows from an event."""

    outcome: Outcome
    target: str | None
    """The leaf state after; None for the state itself."""
    effects: tuple[str, ...]
    reason: Reason | None
    anomaly: bool

    @property
    def sentence(self) -> str:
        """Why nothing follows, for people; empty for a transition."""
        if self.reason is None:
            return ""
        return f"{self.outcome.capitalize()}: {' '.join(self.reason.sentence.split())}"


class Rule(NamedTuple):
    """What follows from an event, if a condition holds."""

    event: str
    condition: Condition
    end: End

    @property
    def is_unconditional(self) -> bool:
        """Whether no guard is asked."""
        return () in self.condition


def rules_of(table: Table, state: str) -> Iterator[Rule]:
    """The rules of a leaf state, by event in the order of the alphabet.

    A final state has none: other tools end there, and the table ignores every event.
    """
    for event in table.events if state not in table.final else ():
        found = conditions(
            (
                End(
                    leaf.outcome,
                    leaf.target if leaf.outcome == "moved" else None,
                    leaf.effects,
                    leaf.reason,
                    leaf.anomaly,
                ),
                leaf.guards,
            )
            for leaf in leaves_of(table.trees[state, event])
        )
        for end, condition in found.items():
            yield Rule(event, condition, end)
