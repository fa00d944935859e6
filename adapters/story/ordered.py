"""The order of the decisions of one message, and which machine told which.

A step delivers what machines send each other phase by phase, first in, first out. Playing that
again with what each decision sent gives the order in which it happened.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from relink.adapters.store import JournalEntry
from relink.engine import Address, Decision, Send

ROOTS = (
    "session",
    "account",
    "account_number",
    "build",
    "payment_method",
    "authorization",
    "outage",
    "holder",
    "read",
)
"""What is told first of what a message itself says: what the customer did, then what it means."""


class Told(NamedTuple):
    """A decision, and where its event came from."""

    entry: JournalEntry
    decision: Decision
    sender: Address | None
    """The machine that sent the event; None where the message itself did."""


def ordered(decisions: Iterable[tuple[JournalEntry, Decision]]) -> list[Told]:
    """The decisions of one message, in the order in which they were made.

    Args:
        decisions: those of each machine in the order of its versions.
    """
    waiting: dict[Address, deque[tuple[JournalEntry, Decision]]] = {}
    for entry, decision in decisions:
        waiting.setdefault(entry.address, deque()).append((entry, decision))
    sent = [
        (send.machine, send.key, send.event)
        for queue in waiting.values()
        for _, decision in queue
        for send in decision.commands
        if isinstance(send, Send)
    ]
    found: list[Told] = []
    phases: dict[int, deque[tuple[Address, Address | None]]] = {0: deque()}
    for address in sorted(waiting, key=_rank):
        for _, decision in waiting[address]:
            if (*address, decision.trigger) not in sent:
                phases[0].append((address, None))
    while any(phases.values()) or any(waiting.values()):
        phase = min((each for each, queue in phases.items() if queue), default=None)
        if phase is None:
            # What sent it is not part of the story.
            address = min((each for each, queue in waiting.items() if queue), key=_rank)
            phases[0].append((address, None))
            continue
        address, sender = phases[phase].popleft()
        if not waiting[address]:
            continue
        entry, decision = waiting[address].popleft()
        found.append(Told(entry, decision, sender))
        for send in decision.commands:
            if isinstance(send, Send):
                to = Address(send.machine, send.key)
                queue = waiting.get(to)
                if queue and any(each.trigger == send.event for _, each in queue):
                    phases.setdefault(send.phase, deque()).append((to, address))
    return found


def _rank(address: Address) -> tuple[int, str]:
    known = address.machine in ROOTS
    return ROOTS.index(address.machine) if known else len(ROOTS), address.key
