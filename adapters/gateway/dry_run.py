"""A gateway that does nothing, and remembers what it would have done."""

from dataclasses import dataclass

from relink.engine import Command
from relink.machines.commands import AttachExternalAccount, CreatePaymentMethod, CreateRelinkSession

from .protocol import FIRST, FOR_STRIPE, Answer, Attempt, refuse


@dataclass(frozen=True, slots=True)
class Recorded:
    """A command that was not carried out."""

    command: Command
    at: float
    attempt: Attempt

    @property
    def changes(self) -> bool:
        """Whether it would have changed something at Stripe, and not only have read."""
        return isinstance(
            self.command, CreateRelinkSession | CreatePaymentMethod | AttachExternalAccount
        )


class DryRunGateway:
    """Records commands in order, and answers with no events."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        """Remember the command.

        Raises:
            UnsupportedCommandError: it is not a command for Stripe.
        """
        if not isinstance(command, FOR_STRIPE):
            raise refuse(command)
        self.recorded.append(Recorded(command, at, attempt))
        return Answer()
