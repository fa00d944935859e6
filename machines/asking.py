"""Asking for reads: what a machine or a route sends to the read of an object (:mod:`.read`)."""

from relink.engine import Command, Send

from .events import DomainEvent
from .messages import PaymentMethodUnclear, ReadWanted, SessionUnclear
from .reasons import ReadReason
from .reported import ReportedUnclear
from .vocabulary import ObjectKind


def read(
    key: str,
    kind: ObjectKind,
    reason: ReadReason,
    trigger: DomainEvent,
    *,
    after: int = 0,
    connected_account: str | None = None,
) -> Send:
    """Ask for a read of an object.

    Args:
        key: the object's id.
        kind: what it is.
        reason: why it is to be read.
        trigger: what raised the question.
        after: the earliest time to begin (Unix seconds).
        connected_account: for an external account, whose it is.
    """
    wanted = trigger.follow(
        ReadWanted, of=kind, reason=reason, after=after, connected_account=connected_account
    )
    return Send(machine="read", key=key, event=wanted)


def look(
    key: str,
    kind: ObjectKind,
    trigger: ReportedUnclear | PaymentMethodUnclear | SessionUnclear,
    *,
    connected_account: str | None = None,
) -> list[Command]:
    """Ask for a read of an object of which a report says only that something changed (K2, K6).

    Args:
        key: the object's id.
        kind: what it is.
        trigger: the report; if Stripe's own answer says no more, there is nothing to ask.
        connected_account: for an external account, whose it is.
    """
    if trigger.read:
        return []
    reason = ReadReason.FUTURE_TIME if trigger.in_future else ReadReason.LOOK
    return [read(key, kind, reason, trigger, connected_account=connected_account)]
