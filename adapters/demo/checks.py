"""Checks every step of the demo against the properties that ship with relink."""

from importlib import import_module
from importlib.util import find_spec

from relink.engine import Address, Facts, Snapshot, Step

_NAMES = ("relink.machines.properties", "relink.machines.invariants")


class StepChecks:
    """What was checked so far.

    Attributes:
        steps: how many steps.
        violations: every violation, in order.
    """

    def __init__(self) -> None:
        found = import_module(next(name for name in _NAMES if find_spec(name)))
        self._violations = found.violations
        self.properties = len(found.ALL)
        self.steps = 0
        self.violations: list[str] = []
        self._world: dict[Address, Snapshot[Facts]] = {}

    def check(self, step: Step) -> None:
        """Check one step, against the world that the steps before it led to."""
        after = {**self._world, **step.snapshots}
        self.violations += self._violations(self._world, step, after)
        self.steps += 1
        self._world = after
