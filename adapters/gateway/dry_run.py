"""A gateway that calls nothing, and records the commands."""

from dataclasses import dataclass

from relink.machines.commands import AnyStripeCommand, Build, CreateRelinkSession

from .protocol import FIRST, Answer, Attempt


@dataclass(frozen=True, slots=True)
class Recorded:
    """A command that was recorded instead of carried out."""

    command: AnyStripeCommand
    at: float
    """When (Unix seconds)."""
    attempt: Attempt

    @property
    def changes(self) -> bool:
        """Whether the command would have changed something at Stripe."""
        return isinstance(self.command, CreateRelinkSession | Build)


class DryRunGateway:
    """Records the commands in order, and answers with no events."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []

    def perform(self, command: AnyStripeCommand, at: float, attempt: Attempt = FIRST) -> Answer:
        """Record the command."""
        self.recorded.append(Recorded(command, at, attempt))
        return Answer()
