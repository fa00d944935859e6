"""The outbox: commands that are carried out later, and how far they are.

A command that is asked for again is stored once. The one exception is a read that has not begun:
when the machines ask for it again with a later time, the row takes that time, and what else
changed (K10). A row with an attempt behind it, and one that is done, stays as it is. An attempt
under way is not counted yet, so its row may still change. That is harmless: the machines know when
the read began, and ask for another one if that was too early.

Rules kept here: K10.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, assert_never

from relink.engine import Command, RemovedCommand
from relink.machines.commands import (
    CallerCommand,
    Notification,
    Read,
    StoredCommand,
    StripeCommand,
    Timer,
    Wake,
    require_family,
)

from .codec import Codec
from .errors import RemovedCommandError, UnreadableRecordError


class Party(StrEnum):
    """Who carries a command out. One that hangs must not delay the commands of the others, so each
    has workers, and on PostgreSQL a queue of jobs, of its own."""

    STRIPE = "stripe"
    SERVICE = "service"
    """The embedding service, which takes notifications."""
    CLOCK = "clock"

    @classmethod
    def of(cls, command: StoredCommand) -> "Party":
        """Who carries out a command, by its family."""
        match command:
            case StripeCommand():
                return cls.STRIPE
            case Notification():
                return cls.SERVICE
            case Timer():
                return cls.CLOCK
        assert_never(command)


PRIVATE_FIELD = "billing_name"
"""The field that is removed from a command's row as soon as the command is done."""


@dataclass(frozen=True, slots=True)
class DueCommand:
    """A command that waits to be carried out."""

    command: StoredCommand
    id: str
    """Its id in the outbox, and at Stripe."""
    causation_id: str
    """The id of the message that led to it."""
    connected_account: str | None
    """The connected account on whose behalf Stripe is called, if any."""
    attempts: int
    """The number of attempts so far."""
    due_at: float
    """When it is carried out (Unix seconds)."""
    created_at: float
    """When a machine asked for it (Unix seconds)."""
    retried_for: float = 0.0
    """How long it has been retried: the seconds from each failed attempt to the time at which the
    next one was due. Time during which nobody made an attempt that was due is left out (F1)."""
    generation: int = 0
    """How often an operator has retried it after it failed for good."""

    @property
    def answer_id(self) -> str:
        """The id of the message that brings its answer; each generation has its own."""
        return f"{self.id}:{self.generation}" if self.generation else self.id


class DeadLetter(NamedTuple):
    """A command that failed for good, and waits for an operator."""

    id: str
    command: str
    """Its name. This release may not be able to read the rest."""
    attempts: int
    failed_at: float
    """Unix seconds."""
    error: str | None


class Overdue(NamedTuple):
    """The commands that should be done by now."""

    waiting: int
    """The number of those that are due and were not tried yet."""
    failing: dict[str, int]
    """The number of those whose last attempt failed, whenever the next one is due, by name.
    Those that are stuck are left out."""
    since: float | None
    """Since when the oldest of them should be done (Unix seconds). An attempt that fails does not
    make it younger. None where there is none."""


class StuckCommand(NamedTuple):
    """A command that is still due, and whose last attempt failed in a way that an operator has to
    look at."""

    id: str
    command: str
    """Its name."""
    attempts: int
    due_at: float
    """When the next attempt is due (Unix seconds)."""
    stuck_on: str
    """What keeps it from succeeding, as a code."""
    error: str | None


def stored_commands(commands: Iterable[Command]) -> Iterator[StoredCommand]:
    """The commands that go to the outbox: all but those for the caller.

    Raises:
        TypeError: one is of no family, so nobody would carry it out.
    """
    for command in commands:
        if isinstance(command, StoredCommand):
            yield command
        elif not isinstance(command, CallerCommand):
            require_family(type(command))


def due_time(command: StoredCommand, at: float) -> float:
    """When a command is due that was asked for at ``at`` (both Unix seconds)."""
    match command:
        case Wake(due=due):
            return max(at, due)
        case Read(after=after):
            return max(at, after)
    return at


def is_delayed(due: DueCommand) -> bool:
    """Whether it is a read that begins later than it was asked for: the row may have to wait."""
    return isinstance(due.command, Read) and due.due_at > due.created_at


def replaces(due: DueCommand, known: DueCommand) -> bool:
    """Whether a command that is asked for again replaces its row, if the row has not begun (K10).

    Args:
        due: as it is asked for now.
        known: as it was asked for before.
    """
    return is_delayed(due) and due.due_at > known.due_at


def new_due_command(
    command: StoredCommand, causation_id: str, connected_account: str | None, at: float
) -> DueCommand:
    """A command as it enters the outbox.

    Args:
        command: what a machine asked for.
        causation_id: the id of the message that led to it.
        connected_account: on whose behalf Stripe is called, if anyone's.
        at: now (Unix seconds).
    """
    return DueCommand(
        command=command,
        id=command.id,
        causation_id=causation_id,
        connected_account=connected_account,
        attempts=0,
        due_at=due_time(command, at),
        created_at=at,
    )


_SAME = tuple(field for field in DueCommand.__slots__ if field != "command")
"""The fields that are columns by the same name."""


def to_row(due: DueCommand, codec: Codec) -> dict[str, Any]:
    """A new row of the outbox; JSON as text."""
    return {
        "command": due.command.name,
        "party": Party.of(due.command).value,
        "fields": codec.text(due.command),
        "status": "due",
        **{field: getattr(due, field) for field in _SAME},
    }


def from_row(row: Mapping[Any, Any], codec: Codec) -> DueCommand:
    """A row of the outbox as a command to carry out.

    Raises:
        RemovedCommandError: this release removed the command.
        UnreadableRecordError: this release does not know the command, its fields don't fit, or
            it is no command for the outbox.
    """
    command = codec.command(row["command"], row["fields"])
    if isinstance(command, RemovedCommand):
        raise RemovedCommandError(f"{row['command']} was removed, and is not performed any more")
    if not isinstance(command, StoredCommand):
        raise UnreadableRecordError(
            f"{row['command']} is carried out in the request of its caller, never from the outbox"
        )
    return DueCommand(command=command, **{field: row[field] for field in _SAME})
