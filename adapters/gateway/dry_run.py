"""A gateway that does nothing, and remembers what it would have done."""

from dataclasses import dataclass

from relink.machines.commands import AnyStripeCommand, Build, CreateRelinkSession

from .protocol import FIRST, Answer, Attempt


@dataclass(frozen=True, slots=True)
class Recorded:
    """A command that was not carried out."""

    command: AnyStripeCommand
    at: float
    attempt: Attempt

    @property
    def changes(self) -> bool:
        """Whether it would have changed something at Stripe, and not only have read."""
        return isinstance(self.command, CreateRelinkSession | Build)


class DryRunGateway:
    """Records commands in order, and answers with no events."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []

    def perform(self, command: AnyStripeCommand, at: float, attempt: Attempt = FIRST) -> Answer:
        """Remember the command."""
        self.recorded.append(Recorded(command, at, attempt))
        return Answer()
