"""Decisions in sentences: what arrived, what each machine decided and why, and what follows.

Most sentences are not written here. Events, guards and reasons say what they mean where they are
declared, in the first paragraph of their docstrings, so an explanation and the code cannot drift
apart.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from relink.adapters.store import JournalEntry
from relink.engine import Command, Delivery, Event
from relink.machines import CHARTS
from relink.machines.commands import (
    BY_NAME,
    AttachExternalAccount,
    CollectMandate,
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    PaymentMethodBuilt,
    PaymentMethodGone,
    Read,
    ReportAnomaly,
    RequestBillingName,
    RequestNewPaymentMethod,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
    Wake,
)
from relink.machines.reasons import sentence

READS = (Read, RetrieveAccountForCaller, RetrieveSessionForCaller)
"""Commands that read at Stripe. Most decisions ask for one."""

_ADDRESSEE = re.compile(r"^To [a-z, ]+: ")
_RULES = re.compile(r" \([A-Z]\d+(?:(?:,| to| and) [A-Z]\d+)*\)")
"""What only readers of the code need: ``To the account: …`` and ``… (K7, R10)``."""


@dataclass(frozen=True, slots=True)
class ExplainedDecision:
    """One decision of one machine, with everything that its explanation needs."""

    machine: str
    key: str
    event: type[Event]
    before: str
    """The state before; empty for the machine's first decision."""
    after: str
    guards: Sequence[tuple[str, bool]]
    ignored: str | None
    """Why the event was ignored, in a sentence; None when it was not."""
    anomaly: bool

    @property
    def path(self) -> str:
        """From which state to which: ``active → relinking``, ``new → active``, ``stays active``."""
        if not self.before:
            return f"new → {self.after}"
        if self.before == self.after:
            return f"stays {self.after}"
        return f"{self.before} → {self.after}"

    @property
    def meaning(self) -> str:
        """What happened, or why it was ignored, in a sentence."""
        return self.ignored or meaning_of(self.event)

    @property
    def grounds(self) -> list[str]:
        """What made the difference, a sentence for each guard that answered yes."""
        if self.ignored:
            return []
        chart = CHARTS[self.machine]
        return [meaning_of(getattr(chart, guard)) for guard, answer in self.guards if answer]

    def lines(self) -> list[str]:
        """The decision in one line, and its grounds in one line each, indented."""
        mark = " [anomaly]" if self.anomaly else ""
        subject = f"{self.machine.replace('_', ' ')} {self.key}"
        first = f"{subject}: {self.path}{mark}. {self.meaning}"
        return [first, *(f"    {ground}" for ground in self.grounds)]


def explain_delivery(delivery: Delivery) -> ExplainedDecision:
    """Explain a decision of a step."""
    address, decision = delivery.address, delivery.decision
    return ExplainedDecision(
        address.machine,
        address.key,
        type(decision.trigger),
        decision.before.state if decision.before.version else "",
        decision.state,
        decision.guards,
        decision.reason.sentence if decision.reason else None,
        decision.anomaly,
    )


def explain_entry(entry: JournalEntry) -> ExplainedDecision:
    """Explain a decision of the journal."""
    return ExplainedDecision(
        entry.address.machine,
        entry.address.key,
        type(entry.event),
        entry.from_state if entry.version > 1 else "",
        entry.to_state,
        entry.guards,
        sentence(entry.reason) if entry.reason else None,
        entry.anomaly,
    )


def explain_journal(entries: Iterable[JournalEntry]) -> Iterator[str]:
    """Explain a machine's journal in lines: for each cause its time and id, then the decisions."""
    for causation_id, group in groupby(entries, key=lambda entry: entry.causation_id):
        decided = list(group)
        yield f"{utc(decided[0].at)}  {causation_id}"
        for entry in decided:
            yield from (f"    {line}" for line in explain_entry(entry).lines())
            if entry.changes:
                yield f"    facts changed: {', '.join(sorted(entry.changes))}"
            for command in entry.commands:
                yield f"    ▸ {command_name(command)}"


def command_name(command_id: str) -> str:
    """The name in a command's id, in words: ``retrieve account``."""
    names = [name for name in BY_NAME if command_id.startswith(f"{name}_")]
    return max(names, key=len, default=command_id.rpartition("_")[0]).replace("_", " ")


def utc(time: float) -> str:
    """A time for people, in UTC.

    Args:
        time: Unix seconds.
    """
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")


def describe(command: Command) -> str:
    """What a command asks for, in a line."""
    match command:
        case NotifyCustomer():
            return _prompt(command)
        case RequestNewPaymentMethod():
            return f"ask for a new payment method ({command.reason})"
        case RequestBillingName():
            return f"ask for the billing name of {command.account}"
        case PaymentMethodBuilt():
            return (
                f"notify the service that {command.payment_method} was made from {command.account}"
            )
        case CollectMandate():
            return f"ask for a mandate for {command.payment_method} ({command.reason})"
        case CreatePaymentMethod():
            return f"create a payment method from {command.account}, and attach it"
        case AttachExternalAccount():
            return f"attach {command.account} to the connected account"
        case CreateRelinkSession():
            which = "this account" if command.mode == "specific" else "any eligible account"
            return f"open a relink session for {which} ({command.reason})"
        case Read():
            what = command.name.removeprefix("retrieve_").replace("_", " ")
            return f"read {what} {command.subject} at Stripe. {command.reason.sentence}"
        case RetrieveAccountForCaller() | RetrieveSessionForCaller():
            return f"read {command.subject} at Stripe while the caller waits"
        case PaymentMethodGone():
            return f"say that {command.payment_method} of {command.account} is gone"
        case ReportAnomaly():
            return f"alert the operators. {command.anomaly.sentence}"
        case Wake():
            return f"wake the {command.machine.replace('_', ' ')} at {utc(command.due)}"
    return command.name.replace("_", " ")


def _prompt(command: NotifyCustomer) -> str:
    accounts = len(command.accounts)
    which = "the account" if accounts == 1 else f"{accounts} accounts"
    kind = f"send reminder {command.reminder}: ask" if command.reminder else "ask"
    by = f" by {utc(command.relink_by)[:10]}" if command.relink_by else ""
    return f"{kind} the customer to relink {which}{by} ({', '.join(command.reasons)})"


def meaning_of(what: object) -> str:
    """The first paragraph of a docstring as a sentence, without addressee and rule numbers."""
    doc = inspect.getdoc(what) or str(getattr(what, "__name__", ""))
    text = _RULES.sub("", _ADDRESSEE.sub("", " ".join(doc.split("\n\n")[0].split())))
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
