"""A scenario that is told: each step adds what its decisions are, in words."""

from typing import Any

from relink.engine import Step
from relink.machines.events import DomainEvent
from relink.machines.words.names import Names
from relink.machines.words.thoughts import Depth, Thought, thoughts

from .scenario import Scenario

NAMES = Names("Jo", {"fca_1": "A", "fca_2": "B"})


class ToldScenario(Scenario):
    """The scenario, and its story."""

    def __init__(self) -> None:
        super().__init__()
        self.story: list[str] = []
        self.deep: list[str] = []
        """What is told to whoever looks deeper."""

    def happens(self, kind: type[DomainEvent], /, **fields: Any) -> Step:
        step = super().happens(kind, **fields)
        for delivery in step.deliveries:
            for thought in thoughts(delivery.address, delivery.decision, NAMES):
                told = self.story if thought.depth is Depth.STORY else self.deep
                told.append(line(thought))
        return step

    def tell(self) -> list[str]:
        """The story since it was told before."""
        found, self.story = self.story, []
        return found


def line(thought: Thought) -> str:
    """``Linked: A is linked, and works (and what follows)``."""
    name = f"{thought.name}: " if thought.name else ""
    note = f" ({thought.note})" if thought.note else ""
    told = thought.sentence(NAMES.thing(thought.about)).replace("{is}", "is").replace("{s}", "s")
    return f"{name}{told}{note}"
