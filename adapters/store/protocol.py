"""What every store promises. One suite of tests holds all implementations to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from relink.engine import Address, Event, Facts, Snapshot, System
from relink.machines.account.facts import AccountFacts

from .journal import JournalEntry
from .outbox import DeadLetter, DueCommand, Overdue, Party, StuckCommand
from .rebuild import Written
from .unit_of_work import Applied, InboxMessage, Machine


@dataclass(frozen=True, slots=True)
class History:
    """A machine, and the journal that leads to it."""

    address: Address
    snapshot: Snapshot[Facts]
    """As it is now."""
    checkpoint: Written | None
    """As the deleted part of its journal left it; None where nothing was deleted."""
    entries: list[JournalEntry]
    """Its journal, in order."""


class Store(Protocol):
    """Snapshots, journal, inbox and outbox of one system.

    Everything that follows from one message changes together: the message enters the inbox, new
    snapshots replace the old ones, decisions are added to the journal and commands to the outbox.
    A failure leaves all of it or nothing. A message that is delivered again is found in the inbox
    and changes nothing.

    A store can be used from several threads. Any method may raise
    :class:`~relink.adapters.store.StoreUnavailableError` when the database is down, busy for too
    long, or full. Nothing was changed then, unless only the answer to a commit was lost; repeating
    the call is safe.
    """

    @property
    def system(self) -> System:
        """The machines whose snapshots it holds."""
        ...

    def check(self) -> None:
        """Check that the store is ready.

        Raises:
            StoreUnavailableError: the database does not answer.
            SchemaError: its schema does not fit this release.
        """
        ...

    def close(self) -> None:
        """Close all connections."""
        ...

    # ── changes ──────────────────────────────────────────────────────────────

    def apply(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Decide what a message says and store everything that follows, once.

        Args:
            message: what arrived. If its id is in the inbox, nothing changes.
            events: what it tells the system, in order.

        Raises:
            ConcurrentChangeError: other writers kept changing the same machines.
            UnreadableRecordError: a stored snapshot can't be read.
            EngineError: the system could not decide.
        """
        ...

    async def apply_async(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Do the same as :meth:`apply` without blocking the event loop."""
        ...

    def answer(
        self,
        due: DueCommand,
        events: Sequence[Event],
        at: float,
        *,
        failed: bool = False,
        error: str | None = None,
    ) -> Applied:
        """Apply the answer to a command, and complete the command, together.

        A command that is done loses its private field; a dead letter keeps it for a retry.

        Args:
            due: the command.
            events: what the answer tells the system.
            at: now (Unix seconds).
            failed: whether the command failed for good and becomes a dead letter.
            error: why. It must hold no secret.

        Returns:
            A duplicate when the command was completed before, or retried by an operator since.

        Raises:
            ConcurrentChangeError, UnreadableRecordError, EngineError: as in :meth:`apply`; the
                command is still due.
        """
        ...

    def postpone(
        self,
        due: DueCommand,
        due_at: float,
        error: str | None = None,
        *,
        pause: float = 0.0,
        stuck_on: str | None = None,
    ) -> None:
        """Count a failed attempt, and make the command due later, if it is still due.

        Args:
            due: the command.
            due_at: when to try again (Unix seconds). If the machines asked for it again meanwhile,
                for a later time, that one counts.
            error: why the attempt failed. It must hold no secret.
            pause: the seconds from the failure to ``due_at``, which count as retried.
            stuck_on: what an operator has to look at, as a code; None where nobody has to.
        """
        ...

    def put_off(self, due: DueCommand, due_at: float) -> None:
        """Make a command due later that was not tried, if it is still due.

        Nothing is counted: no attempt, and no time towards its retry budget.

        Args:
            due: the command.
            due_at: when to try it (Unix seconds). If it waits for longer already, that counts.
        """
        ...

    def retry(self, command_id: str, at: float) -> bool:
        """Make a dead letter due again, in a new generation, as if it had not been retried before.

        Args:
            command_id: its id in the outbox.
            at: now (Unix seconds).

        Returns:
            False when no dead letter has this id.
        """
        ...

    def defer_again(self, command_id: str) -> None:
        """Defer a job for a command that is not due yet, and whose job came too early.

        Nothing happens for a store without jobs.
        """
        ...

    def defer_due(self, now: float, limit: int = 1000) -> int:
        """Defer jobs for commands that come due soon and have none.

        Args:
            now: Unix seconds.
            limit: the largest number of commands.

        Returns:
            The number of jobs; 0 for a store without jobs.
        """
        ...

    def set_cursor(self, name: str, value: dict[str, Any]) -> None:
        """Store how far a sweep has got."""
        ...

    def delete_before(self, before: float, limit: int) -> dict[str, int]:
        """Delete what is older and no longer needed; :func:`.retention.prune` sets the times.

        The inbox loses messages, the outbox commands that are done. The journal loses its oldest
        entries, up to the first that is not older; each machine keeps a checkpoint in their place.

        Args:
            before: Unix seconds.
            limit: the largest number of rows of each table.

        Returns:
            The number of deleted rows of ``inbox``, ``outbox`` and ``journal``.

        Raises:
            UnreadableRecordError: this release does not know a journal entry. The journal then
                stays as it is.
        """
        ...

    # ── machines ─────────────────────────────────────────────────────────────

    def snapshot(self, address: Address) -> Snapshot[Facts] | None:
        """A machine as it is now, or None when there is none.

        Raises:
            UnreadableRecordError: its facts don't fit this release.
        """
        ...

    def connected_account(self, address: Address) -> str | None:
        """The connected account on whose behalf the last message about a machine came, if any.

        Requests of the embedding service name none, and Stripe must be called on its behalf.
        """
        ...

    def accounts(
        self,
        *,
        state: str | None = None,
        holder: str | None = None,
        authorization: str | None = None,
        institution: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Snapshot[AccountFacts]]:
        """Accounts in the order of their ids: all, or those that match every given filter.

        An account that this release can't read is left out, and logged.

        Args:
            state: of the account's machine.
            holder: ``cus_…``, or ``acct_…``.
            authorization: ``fcauth_…``.
            institution: its name.
            after: the last id of the page before.
            limit: the largest number of accounts.
        """
        ...

    def count_by_state(self) -> dict[str, int]:
        """The number of accounts in each state that has any."""
        ...

    def journal(
        self, address: Address, *, after: int = 0, limit: int | None = None
    ) -> list[JournalEntry]:
        """The decisions of a machine, in order, as far as they are kept.

        Args:
            address: which machine.
            after: leave out entries up to this version.
            limit: the largest number of entries.

        Raises:
            UnreadableRecordError: this release does not know an event.
        """
        ...

    def count_machines(self, name: str | None = None) -> int:
        """The number of machines: all, or those of one name."""
        ...

    def machines_named(
        self, name: str, *, after: str = "", limit: int = 100
    ) -> list[tuple[str, Machine]]:
        """Machines of one name with their keys, in the order of the keys.

        A machine that this release can't read is left out, and logged.

        Args:
            name: such as ``account``.
            after: the last key of the page before.
            limit: the largest number of machines.
        """
        ...

    def histories(self, after: Address | None, limit: int) -> list[History]:
        """Machines with their journals, in the order of their addresses, from one view of the data.

        Args:
            after: the last address of the page before.
            limit: the largest number of machines.

        Raises:
            UnreadableRecordError: this release can't read a record.
        """
        ...

    def history(self, address: Address) -> History | None:
        """One machine with its journal, from one view of the data; None when there is none.

        Raises:
            UnreadableRecordError: this release can't read a record.
        """
        ...

    # ── commands ─────────────────────────────────────────────────────────────

    def due_command(self, command_id: str) -> DueCommand | None:
        """A command, if it waits to be carried out.

        If this release can't read it, it becomes a dead letter.
        """
        ...

    def due_commands(self, now: float, limit: int, party: Party | None = None) -> list[DueCommand]:
        """Commands that are due, the longest due first, then by their ids.

        Reading changes nothing: they stay due until they are answered or postponed. A command
        that this release can't read becomes a dead letter.

        Args:
            now: Unix seconds.
            limit: the largest number of commands.
            party: only those that it carries out; None for all.
        """
        ...

    def timers(self, limit: int = 100) -> list[DueCommand]:
        """Timers that have not fired, the next one first."""
        ...

    def next_due_at(self) -> float | None:
        """When the next command is due (Unix seconds); None when none waits."""
        ...

    def overdue(self, now: float) -> Overdue:
        """The commands that should be done by now (Unix seconds)."""
        ...

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Commands that failed for good, the latest first."""
        ...

    def count_dead_letters(self) -> int:
        """The number of commands that failed for good."""
        ...

    def stuck_commands(self, limit: int = 100) -> list[StuckCommand]:
        """Due commands that an operator has to look at, by what they are stuck on, then by id."""
        ...

    def count_stuck(self) -> dict[str, int]:
        """The number of due commands that an operator has to look at, by what they are stuck on."""
        ...

    # ── sweeps ───────────────────────────────────────────────────────────────

    def cursor(self, name: str) -> dict[str, Any] | None:
        """How far a sweep has got; None before its first step."""
        ...
