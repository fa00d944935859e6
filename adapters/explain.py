"""Decisions told to people: what came in, what each machine made of it and why, what is to do.

The sentences are not written here: an event, a guard and a command tell what they mean in the
first line of their docstrings, so that a story can't say anything that the source doesn't.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from relink.adapters.store import JournalEntry
from relink.engine import Command, Delivery, Event, Step
from relink.machines import CHARTS
from relink.machines.commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    ReportAnomaly,
    RequestBillingName,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveSession,
    RetrieveSessionForCaller,
    Wake,
)
from relink.machines.reasons import sentence

READS = (
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
)
"""Questions to Stripe, which follow most decisions."""

_ASIDE = re.compile(r"^To [a-z, ]+: | \([A-Z]\d(, [A-Z]\d)*\)")
"""``To the account: …`` and ``… (K7, R6)``, which are for readers of the source."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One machine's decision, as far as a story tells it."""

    machine: str
    key: str
    event: type[Event]
    before: str
    """Empty when it was heard of for the first time."""
    after: str
    guards: Sequence[tuple[str, bool]]
    ignored: str | None
    anomaly: bool


def of_delivery(delivery: Delivery) -> Moment:
    """A decision that was just made."""
    address, decision = delivery.address, delivery.decision
    return Moment(
        address.machine,
        address.key,
        type(decision.trigger),
        decision.before.state if decision.before.version else "",
        decision.state,
        decision.guards,
        decision.reason and decision.reason.sentence,
        decision.anomaly,
    )


def of_entry(entry: JournalEntry) -> Moment:
    """A decision out of the journal."""
    return Moment(
        entry.address.machine,
        entry.address.key,
        type(entry.event),
        entry.from_state if entry.version > 1 else "",
        entry.to_state,
        entry.guards,
        entry.reason and sentence(entry.reason),
        entry.anomaly,
    )


def tell(moment: Moment) -> list[str]:
    """A decision in a line or two: from where to where, and why."""
    name = moment.machine.replace("_", " ")
    if moment.ignored:
        mark = " [anomaly]" if moment.anomaly else ""
        return [f"{name} {moment.key}: stays {moment.after}{mark}: {moment.ignored}"]
    if not moment.before:
        path = f"new, {moment.after}"
    elif moment.before != moment.after:
        path = f"{moment.before} → {moment.after}"
    else:
        path = f"stays {moment.after}"
    lines = [f"{name} {moment.key}: {path}: {_meaning(moment.event)}"]
    chart = CHARTS[moment.machine]
    lines += [f"    {_meaning(getattr(chart, guard))}" for guard, yes in moment.guards if yes]
    return lines


def tell_step(step: Step) -> Iterator[str]:
    """A step: the machines that moved, or let something pass, and what is to be done.

    Reads and timers are left out: they are how relink finds out, not what it decides.
    """
    for delivery in step.deliveries:
        moment = of_delivery(delivery)
        if moment.before != moment.after or moment.ignored:
            yield from tell(moment)
    for command in step.commands:
        if not isinstance(command, (*READS, Wake)):
            yield f"▸ {tell_command(command)}"


def chapters(entries: Iterable[JournalEntry]) -> Iterator[str]:
    """A machine's journal: for each thing that came in, the time, and what was decided."""
    for causation_id, group in groupby(entries, key=lambda entry: entry.causation_id):
        decided = list(group)
        yield f"{at(decided[0].at)}  {causation_id}"
        for entry in decided:
            yield from (f"    {line}" for line in tell(of_entry(entry)))
            if entry.changes:
                yield f"    remembers {', '.join(sorted(entry.changes))}"
            for command in entry.commands:
                yield f"    ▸ {command.rpartition('_')[0].replace('_', ' ')}"


def at(time: float) -> str:
    """A time for people, UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")


def tell_command(command: Command) -> str:
    """What is to be done, in a line."""
    match command:
        case NotifyCustomer():
            who = f"{len(command.accounts)} accounts" if len(command.accounts) > 1 else "account"
            kind = f"reminder {command.reminder}" if command.reminder else "prompt"
            by = f", by {at(command.relink_by)[:10]}" if command.relink_by else ""
            ask = command.ask.replace("_", " ")
            return f"{kind} to the customer: {ask}, {who}, because {', '.join(command.reasons)}{by}"
        case RequestNewPaymentMethod():
            return f"ask the service for another payment method: {command.reason}"
        case RequestBillingName():
            return "ask the service for the billing name"
        case CreatePaymentMethod():
            return f"create a payment method from {command.account}, and attach it"
        case AttachExternalAccount():
            return f"attach {command.account} to the connected account"
        case CreateRelinkSession():
            mode = command.mode.replace("_", " ")
            return f"open a relink session for {mode} account, because {command.reason}"
        case RetrieveAccount():
            return f"read account {command.account} at Stripe: {command.reason}"
        case RetrieveAuthorization():
            return f"read authorization {command.authorization} at Stripe: {command.reason}"
        case RetrieveSession():
            return f"read session {command.session} at Stripe: {command.reason}"
        case ReportAnomaly():
            return f"tell the operators: {command.anomaly.sentence}"
        case Wake():
            return f"wake the {command.machine} at {at(command.due)}"
    return command.name.replace("_", " ")


def _meaning(what: object) -> str:
    """What a docstring says at first, without whom it is for and which rule it keeps."""
    doc = inspect.getdoc(what) or str(getattr(what, "__name__", ""))
    said = " ".join(doc.split("\n\n")[0].split())
    said = _ASIDE.sub("", said).rstrip(".")
    return said[:1].upper() + said[1:]
