"""The store without a database: for simulations, and for tests that have to be fast."""

import threading
from bisect import bisect_left, insort
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Any, Literal, Never, cast

from relink.engine import Address, Delivery, Event, Facts, Snapshot, System
from relink.machines.account.facts import AccountFacts
from relink.machines.commands import Wake

from . import journal as journal_rows
from .codec import Codec, domain_codec
from .journal import JournalEntry
from .limits import require_address
from .outbox import DeadLetter, DueCommand, Overdue, Party, StuckCommand, replaces
from .protocol import History
from .rebuild import Written
from .unit_of_work import Applied, Completion, Decided, InboxMessage, Machine, UnitOfWork

Status = Literal["due", "done", "failed"]


@dataclass(slots=True)
class _Command:
    """A row of the outbox."""

    due: DueCommand
    status: Status = "due"
    finished_at: float = 0.0
    error: str | None = None
    stuck_on: str | None = None


@dataclass(slots=True)
class _Decision:
    """A row of the journal."""

    delivery: Delivery
    causation_id: str
    at: float
    entry: JournalEntry | None = None
    """Made when somebody reads it for the first time."""

    @property
    def version(self) -> int:
        return self.delivery.decision.before.version + 1


class MemoryStore:
    """A :class:`~relink.adapters.store.Store` in dictionaries, for as long as the process lives.

    Args:
        system: the machines whose snapshots it holds.
        codec: their events and commands; by default relink's own.
    """

    def __init__(self, system: System, codec: Codec | None = None) -> None:
        self.machines: dict[Address, Snapshot[Facts]] = {}
        """Every machine as it is now."""
        self._system = system
        self._codec = codec or domain_codec()
        self._connected: dict[Address, str] = {}
        self._inbox: dict[str, float] = {}
        self._journal: defaultdict[Address, deque[_Decision]] = defaultdict(deque)
        self._order: deque[Address] = deque()
        """Whose entry each one of the journal is, in the order of the decisions."""
        self._checkpoints: dict[Address, Snapshot[Facts]] = {}
        self._commands: dict[str, _Command] = {}
        self._waiting: list[tuple[float, str]] = []
        """Due times and ids of the commands that are due, in order."""
        self._cursors: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()

    @property
    def system(self) -> System:
        """The machines whose snapshots it holds."""
        return self._system

    @property
    def status(self) -> dict[str, Status]:
        """How far each command is, by its id."""
        return {id: command.status for id, command in self._commands.items()}

    def check(self) -> None:
        """Nothing to do: memory is always ready."""

    def close(self) -> None:
        """Nothing to do: there are no connections."""

    # ── messages and answers ─────────────────────────────────────────────────

    def apply(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Decide what a message says and keep everything that follows, once."""
        return self._write(UnitOfWork(self._system, self._codec, message, events))

    async def apply_async(self, message: InboxMessage, events: Sequence[Event]) -> Applied:
        """Do the same as :meth:`apply`; that takes too little time to block an event loop."""
        return self.apply(message, events)

    def answer(
        self,
        due: DueCommand,
        events: Sequence[Event],
        at: float,
        *,
        failed: bool = False,
        error: str | None = None,
    ) -> Applied:
        """Apply the answer to a command, and complete the command, together."""
        completion = Completion.of(due, at, failed, error)
        message = InboxMessage.answer_to(due, at)
        return self._write(UnitOfWork(self._system, self._codec, message, events, completion))

    def _write(self, unit: UnitOfWork) -> Applied:
        """Carry out a unit of work; if it can't be decided, nothing changes."""
        with self._lock:
            end = unit.completion
            if end and self._waiting_command(end.command_id, end.generation) is None:
                return Applied("duplicate")
            applied = Applied("applied")
            if unit.enters_inbox and unit.message.id in self._inbox:
                applied = Applied("duplicate")
            elif unit.enters_inbox:
                decided = unit.decide(self._load)
                self._keep(unit.message, decided)
                applied = Applied("applied", decided.steps)
            if end:
                self._complete(end)
            return applied

    def _load(self, address: Address) -> Machine | None:
        snapshot = self.machines.get(address)
        return Machine(snapshot, self._connected.get(address)) if snapshot else None

    def _keep(self, message: InboxMessage, decided: Decided) -> None:
        self._inbox[message.id] = message.received_at
        self.machines.update(decided.after)
        if decided.on_behalf_of:
            self._connected.update(dict.fromkeys(decided.after, decided.on_behalf_of))
        for step in decided.steps:
            for delivery in step.deliveries:
                decision = _Decision(delivery, message.id, message.received_at)
                self._journal[delivery.address].append(decision)
                self._order.append(delivery.address)
        for due in decided.commands:
            self._ask(due)

    def _ask(self, due: DueCommand) -> None:
        command = self._commands.get(due.id)
        if command is None:
            self._commands[due.id] = _Command(due)
        elif command.status == "due" and not command.due.attempts and replaces(due, command.due):
            self._stop_waiting(command.due)
            command.due = replace(
                command.due,
                command=due.command,
                due_at=due.due_at,
                connected_account=due.connected_account or command.due.connected_account,
            )
        else:
            return
        insort(self._waiting, (due.due_at, due.id))

    def _complete(self, end: Completion) -> None:
        command = self._commands[end.command_id]
        self._stop_waiting(command.due)
        command.due = replace(command.due, attempts=command.due.attempts + 1)
        command.status, command.finished_at, command.error = end.status, end.at, end.error
        command.stuck_on = None

    # ── commands ─────────────────────────────────────────────────────────────

    def postpone(
        self,
        due: DueCommand,
        due_at: float,
        error: str | None = None,
        *,
        pause: float = 0.0,
        stuck_on: str | None = None,
    ) -> None:
        """Count a failed attempt, and make the command due later, if it is still due."""
        with self._lock:
            command = self._waiting_command(due.id, due.generation)
            if command is None:
                return
            self._stop_waiting(command.due)
            command.due = replace(
                command.due,
                attempts=command.due.attempts + 1,
                # It may wait for longer already: the machines asked for the read again (K10).
                due_at=max(due_at, command.due.due_at),
                retried_for=command.due.retried_for + pause,
            )
            command.error, command.stuck_on = error, stuck_on
            insort(self._waiting, (command.due.due_at, due.id))

    def put_off(self, due: DueCommand, due_at: float) -> None:
        """Make a command due later that was not tried."""
        with self._lock:
            command = self._waiting_command(due.id, due.generation)
            if command is None or command.due.due_at >= due_at:
                return
            self._stop_waiting(command.due)
            command.due = replace(command.due, due_at=due_at)
            insort(self._waiting, (due_at, due.id))

    def retry(self, command_id: str, at: float) -> bool:
        """Make a dead letter due again, in a new generation, as if it had not been retried."""
        with self._lock:
            command = self._commands.get(command_id)
            if command is None or command.status != "failed":
                return False
            generation = command.due.generation + 1
            command.due = replace(command.due, due_at=at, retried_for=0.0, generation=generation)
            command.status = "due"
            insort(self._waiting, (at, command_id))
            return True

    def defer_again(self, command_id: str) -> None:
        """Nothing to do: there are no jobs."""

    def defer_due(self, now: float, limit: int = 1000) -> int:
        """Nothing to do: there are no jobs."""
        return 0

    def due_command(self, command_id: str) -> DueCommand | None:
        """A command, if it waits to be carried out."""
        command = self._commands.get(command_id)
        return command.due if command and command.status == "due" else None

    def due_commands(self, now: float, limit: int, party: Party | None = None) -> list[DueCommand]:
        """Commands that are due, the longest due first, then by their ids."""
        with self._lock:
            waiting = (self._commands[id].due for _, id in self._waiting)
            due = takewhile(lambda due: due.due_at <= now, waiting)
            found = (each for each in due if party in (None, Party.of(each.command)))
            return list(islice(found, limit))

    def timers(self, limit: int = 100) -> list[DueCommand]:
        """Timers that have not fired, the next one first."""
        with self._lock:
            waiting = (self._commands[command_id].due for _, command_id in self._waiting)
            timers = (due for due in waiting if isinstance(due.command, Wake))
            return list(islice(timers, limit))

    def next_due_at(self) -> float | None:
        """When the next command is due (Unix seconds); None when none waits."""
        with self._lock:
            return self._waiting[0][0] if self._waiting else None

    def overdue(self, now: float) -> Overdue:
        """The commands that should be done by now."""
        with self._lock:
            due = [each for each in self._commands.values() if each.status == "due"]
        failing = [each.due for each in due if each.error is not None]
        waiting = [each.due for each in due if each.error is None and each.due.due_at <= now]
        since = [each.created_at for each in failing] + [each.due_at for each in waiting]
        names = Counter(
            each.due.command.name
            for each in due
            if each.error is not None and each.stuck_on is None
        )
        return Overdue(len(waiting), dict(names), min(since, default=None))

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Commands that failed for good, the latest first."""
        with self._lock:
            letters = [
                DeadLetter(
                    due.id, due.command.name, due.attempts, command.finished_at, command.error
                )
                for command in self._commands.values()
                if command.status == "failed"
                for due in [command.due]
            ]
        return sorted(letters, key=lambda letter: (-letter.failed_at, letter.id))[:limit]

    def count_dead_letters(self) -> int:
        """The number of commands that failed for good."""
        with self._lock:
            return sum(command.status == "failed" for command in self._commands.values())

    def stuck_commands(self, limit: int = 100) -> list[StuckCommand]:
        """Due commands that an operator has to look at, by what they are stuck on, then by id."""
        with self._lock:
            found = [
                StuckCommand(
                    due.id, due.command.name, due.attempts, due.due_at, stuck_on, command.error
                )
                for command in self._commands.values()
                if (stuck_on := command.stuck_on) is not None
                for due in [command.due]
            ]
        return sorted(found, key=lambda each: (each.stuck_on, each.id))[:limit]

    def count_stuck(self) -> dict[str, int]:
        """The number of due commands that an operator has to look at, by what they are stuck on."""
        with self._lock:
            codes = (command.stuck_on for command in self._commands.values())
            return dict(Counter(code for code in codes if code is not None))

    def _waiting_command(self, command_id: str, generation: int) -> _Command | None:
        command = self._commands.get(command_id)
        if command is None or command.status != "due" or command.due.generation != generation:
            return None
        return command

    def _stop_waiting(self, due: DueCommand) -> None:
        del self._waiting[bisect_left(self._waiting, (due.due_at, due.id))]

    # ── machines ─────────────────────────────────────────────────────────────

    def snapshot(self, address: Address, *more: Never) -> Snapshot[Facts] | None:
        """A machine as it is now, or None when there is none."""
        require_address(address, more)
        return self.machines.get(address)

    def connected_account(self, address: Address) -> str | None:
        """The connected account on whose behalf the last message about a machine came, if any."""
        return self._connected.get(address)

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
        """Accounts in the order of their ids: all, or those that match every given filter."""
        with self._lock:
            ids = sorted(
                key
                for machine, key in self.machines
                if machine == "account" and (after is None or key > after)
            )
            matching = (
                account
                for account in self._accounts(ids)
                if state in (None, account.state)
                and holder in (None, account.facts.holder and account.facts.holder.id)
                and authorization in (None, account.facts.authorization)
                and institution in (None, account.facts.institution_name)
            )
            return list(islice(matching, limit))

    def count_by_state(self) -> dict[str, int]:
        """The number of accounts in each state that has any."""
        with self._lock:
            return dict(
                Counter(
                    snapshot.state
                    for address, snapshot in self.machines.items()
                    if address.machine == "account"
                )
            )

    def journal(
        self, address: Address, *, after: int = 0, limit: int | None = None
    ) -> list[JournalEntry]:
        """The decisions of a machine, in order, as far as they are kept."""
        with self._lock:
            kept = [each for each in self._journal.get(address, ()) if each.version > after]
        return [self._entry(each) for each in kept[:limit]]

    def count_machines(self, name: str | None = None) -> int:
        """The number of machines: all, or those of one name."""
        return sum(name in (None, address.machine) for address in self.machines)

    def machines_named(
        self, name: str, *, after: str = "", limit: int = 100
    ) -> list[tuple[str, Machine]]:
        """Machines of one name with their keys, in the order of the keys."""
        with self._lock:
            keys = sorted(key for machine, key in self.machines if machine == name and key > after)
            found = [(key, self._load(Address(name, key))) for key in keys[:limit]]
            return [(key, machine) for key, machine in found if machine]

    def histories(self, after: Address | None, limit: int) -> list[History]:
        """Machines with their journals, in the order of their addresses, from one view."""
        with self._lock:
            page = sorted(each for each in self.machines if after is None or each > after)[:limit]
            return [self._history(address) for address in page]

    def history(self, address: Address) -> History | None:
        """One machine with its journal, or None when there is none."""
        with self._lock:
            return self._history(address) if address in self.machines else None

    def _history(self, address: Address) -> History:
        begun = self._checkpoints.get(address)
        return History(
            address,
            self.machines[address],
            Written.of(begun) if begun else None,
            self.journal(address),
        )

    def _accounts(self, ids: list[str]) -> Iterator[Snapshot[AccountFacts]]:
        for id in ids:
            yield cast("Snapshot[AccountFacts]", self.machines[Address("account", id)])

    def _entry(self, decision: _Decision) -> JournalEntry:
        """A decision as a database gives it back."""
        if decision.entry is None:
            chart = self._system.tables[decision.delivery.address.machine].digest
            row = journal_rows.to_row(
                decision.delivery, decision.causation_id, decision.at, chart, self._codec
            )
            decision.entry = journal_rows.from_row(journal_rows.parsed(row), self._codec)
        return decision.entry

    # ── sweeps and retention ─────────────────────────────────────────────────

    def cursor(self, name: str) -> dict[str, Any] | None:
        """How far a sweep has got; None before its first step."""
        return self._cursors.get(name)

    def set_cursor(self, name: str, value: dict[str, Any]) -> None:
        """Keep how far a sweep has got."""
        self._cursors[name] = dict(value)

    def delete_before(self, before: float, limit: int) -> dict[str, int]:
        """Delete what is older and no longer needed; returns the number of rows by table."""
        with self._lock:
            messages = [id for id, received_at in self._inbox.items() if received_at < before]
            done = [
                id
                for id, command in self._commands.items()
                if command.status == "done" and command.finished_at < before
            ]
            for id in messages[:limit]:
                del self._inbox[id]
            for id in done[:limit]:
                del self._commands[id]
            return {
                "inbox": len(messages[:limit]),
                "outbox": len(done[:limit]),
                "journal": self._delete_journal(before, limit),
            }

    def _delete_journal(self, before: float, limit: int) -> int:
        deleted = 0
        while self._order and deleted < limit:
            entries = self._journal[self._order[0]]
            if entries[0].at >= before:
                break
            address = self._order.popleft()
            self._checkpoints[address] = entries.popleft().delivery.decision.snapshot
            deleted += 1
        return deleted
