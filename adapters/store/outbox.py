"""The outbox: commands that are to be carried out, and how far they are."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from relink.engine import Command
from relink.machines.commands import CallerCommand, Wake

from .codec import Codec

PATIENCE = 3 * 24 * 60 * 60.0
"""Seconds for which a command that only ever fails is tried again: as long as Stripe itself
goes on delivering a webhook."""


@dataclass(frozen=True, slots=True)
class DueCommand:
    """A command that is to be carried out."""

    command: Command
    id: str
    """Its id in the outbox, and at Stripe."""
    causation_id: str
    """Id of the arrival that led to it."""
    connected_account: str | None
    """The connected account in whose name Stripe is to be called, if any."""
    attempts: int
    """Made so far."""
    due_at: float
    created_at: float
    give_up_at: float
    """When patience with it ends (Unix seconds)."""
    round: int = 0
    """How often it was taken up again by hand."""

    @property
    def answer_id(self) -> str:
        """Under which its answer arrives; another one each time it is taken up again."""
        return f"{self.id}:{self.round}" if self.round else self.id


class DeadLetter(NamedTuple):
    """A command that failed for good, and waits for somebody to look."""

    id: str
    command: str
    """Its name; this release may not be able to read the rest."""
    attempts: int
    failed_at: float
    """Unix seconds."""
    error: str | None


def is_for_outbox(command: Command) -> bool:
    """Whether it is carried out later, and not in the request of its caller."""
    return not isinstance(command, CallerCommand)


def due_time(command: Command, at: float) -> float:
    """When it is to be carried out, having been asked for at ``at`` (Unix seconds)."""
    due: float = command.due if isinstance(command, Wake) else getattr(command, "after", 0)
    return max(at, due)


def to_row(
    command: Command, cause: str, connected_account: str | None, at: float, codec: Codec
) -> dict[str, Any]:
    """A command as a row of the outbox, to be done; JSON as text."""
    due_at = due_time(command, at)
    return {
        "id": command.id,
        "command": command.name,
        "fields": codec.text(command),
        "cause": cause,
        "connected_account": connected_account,
        "due_at": due_at,
        "created_at": at,
        "give_up_at": due_at + PATIENCE,
    }


def from_row(row: RowMapping, codec: Codec) -> DueCommand:
    """A row of the outbox as a command to carry out."""
    return DueCommand(
        command=codec.command(row["command"], row["fields"]),
        id=row["id"],
        causation_id=row["cause"],
        connected_account=row["connected_account"],
        attempts=row["attempts"],
        due_at=row["due_at"],
        created_at=row["created_at"],
        give_up_at=row["give_up_at"],
        round=row["round"],
    )
