"""What was committed, written down beside the store, and what must hold of it at every moment.

The record is made of what transactions return, so it does not depend on the store. After each
transaction the properties of :mod:`relink.machines.properties` are asked about each of its steps.
Whenever a process starts, and at the end, :meth:`Record.audit` compares the store with the record:
every machine is as its last step left it, every command that was asked for is there, due or done,
and every journal leads to its machine.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from relink.adapters.store import Applied, InboxMessage, Store
from relink.adapters.store.outbox import stored_commands
from relink.adapters.store.replay import Difference, replay
from relink.engine import Address, Facts, Snapshot, Step
from relink.machines.commands import CreateRelinkSession, StoredCommand
from relink.machines.events import AccountReported, DomainEvent, FromStripe, SessionReported
from relink.machines.properties import violations

Machines = Mapping[Address, Snapshot[Facts]]

PAGE = 500
"""Machines that are read at a time."""

AMBIGUOUS = 2
"""Seconds within which two reports have no order (K4)."""

_STOPPED = ("inactive_relinkable", "inactive_unrepairable")
_STOPS_OR_WORKS = {
    *(("active", stopped) for stopped in _STOPPED),
    *((stopped, "active") for stopped in _STOPPED),
}


class Told(NamedTuple):
    """What reports have said of an account."""

    stops: Sequence[int]
    """Of which times they said that it does not work (Unix seconds)."""
    results: Mapping[str, int]
    """The earliest time of a report of each session's success (Unix seconds)."""


class WorldError(BaseException):
    """Something does not hold that must. It is no ``Exception``: no code of the product catches it.

    Args:
        rule: which rule, as a short name.
        what: what is wrong.
    """

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(rule, what)
        self.rule = rule
        self.what = what

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


class _After(Mapping[Address, Snapshot[Facts]]):
    """All machines after a step, without copying those that it did not change."""

    def __init__(self, before: Machines, changed: Machines) -> None:
        self._before = before
        self._changed = changed

    def __getitem__(self, address: Address) -> Snapshot[Facts]:
        found = self._changed.get(address)
        return self._before[address] if found is None else found

    def get(self, address: Address, default: object = None) -> Snapshot[Facts] | None:  # type: ignore[override]
        found = self._changed.get(address)
        return self._before.get(address) if found is None else found

    def __iter__(self) -> Iterator[Address]:
        yield from {**self._before, **self._changed}

    def __len__(self) -> int:
        return len({*self._before, *self._changed})


class Record:
    """Everything that was committed so far."""

    def __init__(self) -> None:
        self.machines: dict[Address, Snapshot[Facts]] = {}
        self.due: dict[str, StoredCommand] = {}
        """The commands that wait, by their ids in the outbox."""
        self.ended: dict[str, StoredCommand] = {}
        """Those that are done, or failed for good."""
        self.sessions_asked: dict[str, CreateRelinkSession] = {}
        """The sessions that were asked for at Stripe, by the ids of their commands."""
        self.messages: set[str] = set()
        """The messages that were taken in."""
        self.told: set[str] = set()
        """The messages whose events were decided, by what the events name as their cause."""
        self.newest: dict[str, int] = {}
        """The time of the newest report of each account, by Stripe's clock (Unix seconds)."""
        self.stops: dict[str, list[int]] = {}
        """The times of the reports that an account does not work, by Stripe's clock."""
        self.results: dict[str, int] = {}
        """The earliest time of a report that a session succeeded, by Stripe's clock."""
        self.steps = 0

    def applied(self, message: InboxMessage, has_events: bool, applied: Applied) -> list[Step]:
        """A transaction was committed.

        Returns:
            its steps.

        Raises:
            WorldError: something does not hold.
        """
        if applied.outcome == "duplicate":
            return []
        if has_events:
            if message.id in self.messages:
                raise WorldError("applied_once", f"{message.id} was applied twice")
            self.messages.add(message.id)
        for step in applied.steps:
            self._step(step)
            if isinstance(step.trigger, AccountReported):
                self._reported(step.trigger, message, step)
            if isinstance(step.trigger, SessionReported) and step.trigger.status == "succeeded":
                session, at = step.trigger.session, _time_of(step.trigger, message)
                self.results[session] = min(at, self.results.get(session, at))
        return list(applied.steps)

    def ended_with(self, command_id: str, applied: Applied) -> None:
        """A command ended with a transaction."""
        if applied.outcome == "duplicate" and command_id not in self.due:
            return
        command = self.due.pop(command_id, None)
        if command is not None:
            self.ended[command_id] = command

    def retried(self, command_id: str) -> None:
        """A dead letter is due again."""
        self.due[command_id] = self.ended.pop(command_id)

    def _step(self, step: Step) -> None:
        self.steps += 1
        if isinstance(step.trigger, DomainEvent):
            cause = step.trigger.causation_id
            if cause.startswith("evt_") and cause in self.told:
                raise WorldError("applied_once", f"{cause} was applied twice")
            self.told.add(cause)
        if found := violations(self.machines, step, _After(self.machines, step.snapshots)):
            name, _, what = found[0].partition(": ")
            raise WorldError(name, what)
        self.machines.update(step.snapshots)
        for command in stored_commands(step.commands):
            if command.id not in self.ended:
                self.due.setdefault(command.id, command)
        for asked in step.commands:
            if isinstance(asked, CreateRelinkSession):
                self.sessions_asked[asked.id] = asked

    def _reported(self, report: AccountReported, message: InboxMessage, step: Step) -> None:
        """A report that is older than another one neither stops nor repairs an account (K3)."""
        at = _time_of(report, message)
        if report.report is not None and report.report.status not in (None, "active"):
            self.stops.setdefault(report.account, []).append(at)
        newest = self.newest.get(report.account, at)
        self.newest[report.account] = max(newest, at)
        if at >= newest - AMBIGUOUS:
            return
        for address, decision in step.deliveries:
            moved = decision.before.state, decision.state
            if address == ("account", report.account) and moved in _STOPS_OR_WORKS:
                what = f"{report.account} went from {moved[0]} to {moved[1]} by an old report"
                raise WorldError("old_report_changes_nothing", what)

    def told_of(self, account: str) -> Told:
        """What reports have said of an account so far."""
        return Told(self.stops.get(account, []), self.results)

    # ── the store holds what was committed ───────────────────────────────────

    def audit(self, store: Store, *, journals: bool) -> None:
        """Compare the store with what was committed.

        Args:
            store: the store.
            journals: whether to follow every journal to its machine, too.

        Raises:
            WorldError: they differ.
        """
        stored = _stored(store)
        for address, snapshot in self.machines.items():
            found = stored.pop(address, None)
            if found is not snapshot and (
                found is None or not _is_same(store, address, found, snapshot)
            ):
                raise WorldError("nothing_is_lost", f"{address} is not as it was committed")
        if stored or store.count_machines() != len(self.machines):
            raise WorldError("one_transaction", f"no transaction made {sorted(stored)}")
        waiting = {due.id for due in store.due_commands(float("inf"), 10**9)}
        for lost in sorted(self.due.keys() - waiting):
            raise WorldError("nothing_is_lost", f"the outbox has lost {lost}")
        for made in sorted(waiting - self.due.keys()):
            raise WorldError("one_transaction", f"no transaction asked for {made}")
        if journals:
            for finding in replay(store, lambda done, total: None):
                if isinstance(finding, Difference):
                    raise WorldError("journals_lead_to_machines", f"{finding}")


def _time_of(report: FromStripe, message: InboxMessage) -> int:
    """Of what time a report is; a webhook's time is the message's, and not the event's."""
    return report.as_of if report.read else message.created


def _stored(store: Store) -> dict[Address, Snapshot[Facts]]:
    """Every machine in a store, read by its name: on disk, one query reads a page of them."""
    found: dict[Address, Snapshot[Facts]] = {}
    for name in store.system.tables:
        after: str | None = ""
        while after is not None:
            page = store.machines_named(name, after=after, limit=PAGE)
            found.update((Address(name, key), machine.snapshot) for key, machine in page)
            after = page[-1][0] if len(page) == PAGE else None
    return found


def _is_same(
    store: Store, address: Address, found: Snapshot[Facts], committed: Snapshot[Facts]
) -> bool:
    """Whether a machine is as it was committed; an upgrade may have renamed its state since."""
    state = store.system.tables[address.machine].current_state(committed.state, committed.facts)
    return (found.version, found.state) == (committed.version, state) and (
        found.facts == committed.facts
    )
