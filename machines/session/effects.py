"""What a relink session remembers, whom it tells, and what it has read.

:mod:`relink.machines.session.chart` says which transition has which effect, and why.
"""

from typing import Literal

from relink.engine import Assign, Chart, Command, Send

from .. import anomalies
from ..asking import look, read
from ..commands import Wake
from ..events import DomainEvent
from ..messages import (
    KnownAccountLinked,
    MemberSessionEnded,
    NewAccountLinkedInstead,
    OwnershipChecked,
    ReadFailed,
    ReturnedBySession,
    SessionCancelled,
    SessionDeadline,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionRelinked,
    SessionSucceeded,
    SessionSuperseded,
    SessionUnclear,
    SessionUnsuccessful,
)
from ..reasons import ReadReason
from .facts import SessionFacts, returned

Effects = list[Command | Assign]

SessionEnd = (
    SessionPending
    | SessionSucceeded
    | SessionFailed
    | SessionCancelled
    | SessionUnclear
    | OwnershipChecked
    | ReadFailed
)
"""The messages that can end a session without a repair."""

SHORTEST_INTERVAL = 60
"""Seconds between two reads of a session that leave out what it linked."""


class SessionEffects(Chart):
    """The effects of the session chart."""

    def begin(self, facts: SessionFacts, trigger: SessionOpened) -> Effects:
        """Remember what the session is for, and set its deadline."""
        due = int(trigger.at) + trigger.policy.session_open_for
        return [
            Assign(request=trigger.request, opened_at=trigger.at),
            Wake(
                machine="session",
                key=facts.id,
                due=due,
                event=trigger.follow(SessionDeadline),
            ),
        ]

    def report_relinked(self, facts: SessionFacts, trigger: SessionSucceeded) -> Effects:
        """The customer relinked the expected account."""
        account = _account(facts)
        event = trigger.follow(
            SessionRelinked,
            session=facts.id,
            attempt=_attempt(facts),
            account=account,
            as_of=trigger.as_of,
            read=trigger.read,
        )
        return [
            Assign(outcome="relinked", failure_reason=None, linked=account),
            Send(machine="account", key=account, event=event),
            Send(machine="authorization", key=_authorization(facts), event=event),
        ]

    def ask_account(self, facts: SessionFacts, trigger: SessionSucceeded) -> Effects:
        """Ask the returned account whether it is known (K7)."""
        other = returned(trigger)[0]
        event = trigger.follow(
            ReturnedBySession,
            session=facts.id,
            expected=_account(facts),
            holder=facts.request.holder if facts.request else None,
            old_holder=trigger.old_holder,
            opened_at=facts.opened_at,
            as_of=trigger.as_of,
            read=trigger.read,
        )
        return [Assign(asked=other), Send(machine="account", key=other, event=event)]

    def report_known(self, facts: SessionFacts, trigger: OwnershipChecked) -> Effects:
        """The customer linked another account that relink knows."""
        event = trigger.follow(
            KnownAccountLinked, session=facts.id, other=trigger.account, as_of=trigger.as_of
        )
        return [
            Assign(outcome="known_account_linked", failure_reason=None, linked=trigger.account),
            Send(machine="account", key=_account(facts), event=event),
            _tell_authorization(facts, trigger),
        ]

    def report_new(self, facts: SessionFacts, trigger: OwnershipChecked) -> Effects:
        """The customer linked a new account instead of the expected one."""
        event = trigger.follow(
            NewAccountLinkedInstead,
            session=facts.id,
            attempt=_attempt(facts),
            new=trigger.account,
            as_of=trigger.as_of,
        )
        return [
            Assign(outcome="new_account_linked", failure_reason=None, linked=trigger.account),
            Send(machine="account", key=_account(facts), event=event),
            _tell_authorization(facts, trigger),
        ]

    def report_account_gone(self, facts: SessionFacts, trigger: SessionSucceeded) -> Effects:
        """The returned account is disconnected by now: nobody waits for it (R6)."""
        return [
            Assign(
                outcome="failed",
                failure_reason="account_disconnected",
                linked=returned(trigger)[0],
            ),
            *_unsuccessful(facts, trigger, "failed", "account_disconnected"),
        ]

    def report_nothing_usable(self, facts: SessionFacts, trigger: OwnershipChecked) -> Effects:
        """The returned account is another holder's, or is gone: nothing is built on it (R6)."""
        reason = _why_unusable(trigger)
        return [
            Assign(outcome="failed", failure_reason=reason, linked=trigger.account),
            *_unsuccessful(facts, trigger, "failed", reason),
        ]

    def note_nothing_usable(self, facts: SessionFacts, trigger: OwnershipChecked) -> Assign:
        """The same, of a session that had ended already."""
        return Assign(failure_reason=_why_unusable(trigger), linked=trigger.account)

    def report_no_account(self, facts: SessionFacts, trigger: SessionSucceeded) -> Effects:
        """It succeeded, and nothing was linked: Stripe could not match the account."""
        return [
            Assign(outcome="failed", failure_reason="no_account"),
            *_unsuccessful(facts, trigger, "failed", "no_account"),
        ]

    def report_failed(self, facts: SessionFacts, trigger: SessionFailed) -> Effects:
        """The session failed, for the reason that Stripe gives."""
        return [
            Assign(outcome="failed", failure_reason=trigger.failure_reason),
            *_unsuccessful(facts, trigger, "failed", trigger.failure_reason),
        ]

    def note_end(self, facts: SessionFacts, trigger: SessionFailed | SessionCancelled) -> Assign:
        """The session that was given up has ended at Stripe."""
        return Assign(has_ended=True)

    def report_cancelled(self, facts: SessionFacts, trigger: SessionCancelled) -> Effects:
        """The customer closed it."""
        return [
            Assign(outcome="cancelled"),
            *_unsuccessful(facts, trigger, "cancelled", None),
        ]

    def report_abandoned(
        self,
        facts: SessionFacts,
        trigger: SessionPending | SessionSucceeded | SessionUnclear | ReadFailed,
    ) -> Effects:
        """The customer did not finish in time."""
        return [
            Assign(outcome="abandoned"),
            *_unsuccessful(facts, trigger, "abandoned", None),
        ]

    def report_abandoned_unseen(self, facts: SessionFacts, trigger: SessionSucceeded) -> Effects:
        """It succeeded, and Stripe does not say with which account: no attempt of the customer's
        is counted (R3)."""
        return [
            Assign(outcome="abandoned"),
            *_unsuccessful(facts, trigger, "abandoned", None, counts=False),
        ]

    def leave_to_successor(self, facts: SessionFacts, trigger: SessionSuperseded) -> Effects:
        """The account already follows the session that replaced this one."""
        return [_tell_authorization(facts, trigger)]

    def read_both(self, facts: SessionFacts, trigger: DomainEvent) -> list[Command]:
        """Read the account and the authorization: the session may have changed them (R5)."""
        account, authorization = _account(facts), _authorization(facts)
        return [
            read(account, "account", ReadReason.SESSION_ENDED, trigger),
            read(authorization, "authorization", ReadReason.SESSION_ENDED, trigger),
        ]

    def read_again(self, facts: SessionFacts, trigger: SessionSucceeded) -> Command:
        """Read what the report left out; after a read did, in ever longer intervals."""
        send = read(facts.id, "session", ReadReason.INCOMPLETE, trigger)
        if not trigger.read:
            return send
        elapsed = int(trigger.at - facts.opened_at)
        due = int(trigger.at) + max(SHORTEST_INTERVAL, elapsed)
        return Wake(machine=send.machine, key=send.key, due=due, event=send.event)

    def read_before_giving_up(self, facts: SessionFacts, trigger: SessionDeadline) -> Effects:
        """Read the session: the customer may have finished unnoticed (R2)."""
        return [
            Assign(overdue=True),
            read(facts.id, "session", ReadReason.SESSION_DEADLINE, trigger),
        ]

    def report_unclear(self, facts: SessionFacts, trigger: SessionUnclear) -> Command | None:
        """Tell the operators of a time that lies ahead, or of an unknown status (K2, K12)."""
        return anomalies.unclear(facts.id, trigger)

    def look(self, facts: SessionFacts, trigger: SessionUnclear) -> list[Command]:
        """Read the session, since the report says only that something changed (K2, K6)."""
        return look(facts.id, "session", trigger)


def _why_unusable(trigger: OwnershipChecked) -> str:
    is_gone = trigger.ownership == "disconnected"
    return "account_disconnected" if is_gone else "other_holder"


def _account(facts: SessionFacts) -> str:
    return facts.request.account if facts.request else ""


def _attempt(facts: SessionFacts) -> int:
    return facts.request.attempt if facts.request else 0


def _authorization(facts: SessionFacts) -> str:
    return facts.request.authorization if facts.request else ""


def _tell_authorization(facts: SessionFacts, trigger: DomainEvent) -> Send:
    ended = trigger.follow(MemberSessionEnded, session=facts.id)
    return Send(machine="authorization", key=_authorization(facts), event=ended)


def _as_of(trigger: SessionEnd) -> int:
    """When the session was over; a refused read says nothing of that."""
    return int(trigger.at) if isinstance(trigger, ReadFailed) else trigger.as_of


def _unsuccessful(
    facts: SessionFacts,
    trigger: SessionEnd,
    outcome: Literal["failed", "cancelled", "abandoned"],
    failure_reason: str | None,
    *,
    counts: bool = True,
) -> list[Command]:
    """Tell the account that this attempt is over, and the authorization."""
    event = trigger.follow(
        SessionUnsuccessful,
        session=facts.id,
        outcome=outcome,
        failure_reason=failure_reason,
        as_of=_as_of(trigger),
        counts=counts,
    )
    return [
        Send(machine="account", key=_account(facts), event=event),
        _tell_authorization(facts, trigger),
    ]
