"""The outbox: commands that are to be carried out, and how far they are."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from relink.engine import Command
from relink.machines.commands import IN_REQUEST, Wake

from .codec import Codec


@dataclass(frozen=True, slots=True)
class DueCommand:
    """A command whose time has come."""

    command: Command
    cause: str
    """Id of the arrival that led to it."""
    connected_account: str | None
    """The connected account in whose name Stripe is to be called, if any."""
    attempts: int
    """Made so far."""
    due_at: float
    created_at: float


def is_for_outbox(command: Command) -> bool:
    """Whether it is carried out later, and not in the request of its caller."""
    return not (isinstance(command, IN_REQUEST) or getattr(command, "for_caller", False))


def due_time(command: Command, at: float) -> float:
    """When it is to be carried out, having been asked for at ``at`` (Unix seconds)."""
    due: float = command.due if isinstance(command, Wake) else getattr(command, "after", 0)
    return max(at, due)


def to_row(
    command: Command, cause: str, connected_account: str | None, at: float, codec: Codec
) -> dict[str, Any]:
    """A command as a row of the outbox, to be done."""
    return {
        "id": command.id,
        "command": command.name,
        "fields": codec.fields(command),
        "cause": cause,
        "connected_account": connected_account,
        "status": "due",
        "attempts": 0,
        "due_at": due_time(command, at),
        "created_at": at,
    }


def from_row(row: RowMapping, codec: Codec) -> DueCommand:
    """A row of the outbox as a command to carry out."""
    return DueCommand(
        command=codec.command(row["command"], row["fields"]),
        cause=row["cause"],
        connected_account=row["connected_account"],
        attempts=row["attempts"],
        due_at=row["due_at"],
        created_at=row["created_at"],
    )
