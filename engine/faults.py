"""Faults: what is wrong with a chart, in one form, and all faults of a kind at once.

A message names the chart, the place, the rule and the cure:
``Door: transition shut --pushed--> opened: the chart has no guard 'is_strog'; did you mean …?``
Who corrects one fault of a kind sees the others too, instead of compiling again for each.
"""

from dataclasses import dataclass

from .errors import ChartError


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault."""

    kind: type[ChartError]
    place: str
    """Where in the chart; may be empty."""
    rule: str
    """What is wrong there."""
    cure: str
    """What to do about it."""

    @property
    def line(self) -> str:
        """Place and rule."""
        return f"{self.place}: {self.rule}" if self.place else self.rule


class Faults:
    """The faults of one chart, as they are found.

    Args:
        chart: The chart's class.
    """

    def __init__(self, chart: type) -> None:
        self._chart = chart
        self._found: dict[Fault, None] = {}

    def add(self, kind: type[ChartError], place: str, rule: str, cure: str) -> None:
        """Add a fault; one that is found twice counts once."""
        self._found[Fault(kind, place, rule, cure)] = None

    def take(self, fault: Fault) -> None:
        """Add a fault that somebody else found."""
        self._found[fault] = None

    def check(self) -> None:
        """Raise the error of the first fault's kind, with all faults of that kind.

        Raises:
            ChartError: there is a fault.
        """
        if not self._found:
            return
        first = next(iter(self._found))
        same = [fault for fault in self._found if fault.kind is first.kind]
        raise first.kind(self._chart, _text(same))


def _text(faults: list[Fault]) -> str:
    first, *others = faults
    if not others:
        return f"{first.line}; {first.cure}"
    if all(fault.cure == first.cure for fault in others):
        return "\n  ".join(["", *(fault.line for fault in faults), f"cure: {first.cure}"])
    return "".join(f"\n  {fault.line}; {fault.cure}" for fault in faults)
