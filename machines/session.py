"""The relink session: what the customer did in it.

States
    ``open``        The customer has not finished.
    ``succeeded``   The customer linked an account: the expected one, another one that relink
                    knows, or a new one. Nothing changes that.
    ``failed``      Stripe says why, or the account belongs to another holder (R6).
    ``cancelled``   The customer closed it.
    ``abandoned``   It was open for longer than the policy allows, was read, and is still pending,
                    or Stripe does not say what it is (R2).
    ``superseded``  Another session was opened for the account (R1).

Stripe has no way to end a session, so all but ``succeeded`` can still succeed late (R2). An
account that was returned instead of the expected one is asked whether it is known or new
(``returned_by_session``), since it remembers when it was first seen (K7). Its answer ends the
session.

Rules kept here: R2, R3, R5, R6.
"""

from typing import Literal

from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, ignored, stays

from . import anomalies, reasons
from .commands import CreateRelinkSession, Wake
from .events import DomainEvent
from .messages import (
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
from .read import read
from .reasons import Anomaly, ReadReason
from .vocabulary import SessionOutcome

Effects = list[Command | Assign]


SHORTEST_INTERVAL = 60
"""Seconds between two reads of a session that leave out what it linked."""


class SessionFacts(Facts):
    """A session's memory."""

    id: str
    request: CreateRelinkSession | None = None
    """What it was opened with."""
    opened_at: float = 0.0
    """When we learned that it is open (our clock): the line between known and new (K7)."""
    overdue: bool = False
    """It has been open for as long as the policy allows."""
    asked: str | None = None
    """The account that was returned instead of the expected one, while it is asked."""
    has_ended: bool = False
    """It was given up, and has ended at Stripe since."""
    outcome: SessionOutcome | None = None
    failure_reason: str | None = None
    linked: str | None = None
    """The account that the customer linked."""


class SessionChart(Chart):
    """One relink session that we created (``fcsess_…``)."""

    facts_type = SessionFacts
    alphabet = (
        SessionOpened,
        SessionSuperseded,
        SessionPending,
        SessionSucceeded,
        SessionFailed,
        SessionCancelled,
        SessionUnclear,
        SessionDeadline,
        OwnershipChecked,
        ReadFailed,
    )

    open = State(initial=True)
    succeeded = State(final=True)
    failed = State()
    cancelled = State()
    abandoned = State()
    superseded = State()

    given_up = (abandoned, superseded)
    ended = (failed, cancelled, *given_up)

    # ── it opens ─────────────────────────────────────────────────────────────
    stays(open, event="session_opened", cond="is_new", on="begin")

    # ── the customer linked something (R2, R3) ───────────────────────────────
    succeeded.from_(
        open,
        *ended,
        event="session_succeeded",
        cond="names_expected_account",
        on=["report_relinked", "read_both"],
    )
    abandoned.from_(
        open,
        event="session_succeeded",
        cond="asked_in_vain",
        on=["report_abandoned", "read_both"],
    )
    failed.from_(
        open,
        event="session_succeeded",
        cond="names_account_that_is_gone",
        on=["report_account_gone", "read_both"],
    )
    stays(open, *ended, event="session_succeeded", cond="names_another_account", on="ask_account")
    abandoned.from_(
        open,
        event="session_succeeded",
        cond="leaves_out_accounts and is_overdue",
        on=["report_abandoned_unseen", "read_both"],
    )
    stays(open, event="session_succeeded", cond="leaves_out_accounts", on="read_again")
    stays(
        *ended,
        event="session_succeeded",
        cond="leaves_out_accounts and not was_read",
        on="read_again",
    )
    failed.from_(open, event="session_succeeded", on=["report_no_account", "read_both"])
    succeeded.from_(
        open,
        *ended,
        event="ownership_checked",
        cond="is_known",
        on=["report_known", "read_both"],
    )
    succeeded.from_(
        open,
        *ended,
        event="ownership_checked",
        cond="is_new_account",
        on=["report_new", "read_both"],
    )
    failed.from_(open, event="ownership_checked", on=["report_nothing_usable", "read_both"])
    stays(*ended, event="ownership_checked", on="note_nothing_usable")

    # ── it ended without ─────────────────────────────────────────────────────
    failed.from_(open, event="session_failed", on=["report_failed", "read_both"])
    cancelled.from_(open, event="session_cancelled", on=["report_cancelled", "read_both"])
    superseded.from_(open, event="session_superseded", on="leave_to_successor")
    # Nobody waits for the end of one that was given up, but it may have changed the account (R5):
    stays(
        *given_up,
        event="session_failed session_cancelled",
        cond="has_not_ended_yet",
        on=["note_end", "read_both"],
    )

    # ── the customer walked away (R2) ────────────────────────────────────────
    stays(open, event="session_deadline", on="read_before_giving_up")
    abandoned.from_(
        open, event="session_pending", cond="is_overdue", on=["report_abandoned", "read_both"]
    )
    abandoned.from_(
        open, event="read_failed", cond="is_overdue", on=["report_abandoned", "read_both"]
    )
    abandoned.from_(
        open, event="session_unclear", cond="is_overdue", on=["report_abandoned", "read_both"]
    )
    stays(open, *ended, event="session_unclear", on="look")

    decided = (
        ignored(open, SessionOpened, because=reasons.SESSION_ALREADY_OPEN),
        ignored((succeeded, *ended), SessionOpened, because=reasons.SESSION_OVER),
        ignored(open, SessionPending, because=reasons.SESSION_NOT_FINISHED),
        ignored(
            open,
            ReadFailed,
            because=reasons.SESSION_READ_REFUSED,
            anomaly=True,
        ),
        ignored(
            succeeded,
            (
                SessionSucceeded,
                SessionPending,
                SessionFailed,
                SessionCancelled,
                SessionUnclear,
                SessionDeadline,
                SessionSuperseded,
                OwnershipChecked,
                ReadFailed,
            ),
            because=reasons.OUTCOME_SETTLED,
        ),
        ignored(
            ended,
            (
                SessionPending,
                SessionFailed,
                SessionCancelled,
                SessionDeadline,
                SessionSuperseded,
                ReadFailed,
            ),
            because=reasons.SESSION_ENDED,
        ),
        ignored(
            ended,
            SessionSucceeded,
            because=reasons.NOTHING_LINKED,
        ),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def is_new(self, facts: SessionFacts, trigger: SessionOpened) -> bool:
        """The session is new."""
        return facts.request is None

    def names_expected_account(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The session returned the expected account."""
        return facts.request is not None and facts.request.account in _returned(trigger)

    def names_another_account(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The session returned another account."""
        return bool(_returned(trigger))

    def asked_in_vain(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The deadline has passed, and it is still unknown whose the returned account is."""
        return facts.overdue and facts.asked is not None

    def names_account_that_is_gone(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The session returned another account, which is disconnected by now (R6)."""
        return _returned(trigger)[:1] != () and _returned(trigger)[0] in trigger.gone

    def leaves_out_accounts(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The report leaves out the accounts of the session (K5, R3)."""
        return trigger.accounts is None

    def was_read(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The report is Stripe's answer to a read."""
        return trigger.read

    def is_known(self, facts: SessionFacts, trigger: OwnershipChecked) -> bool:
        """The returned account was known before this session."""
        return trigger.ownership == "known"

    def is_new_account(self, facts: SessionFacts, trigger: OwnershipChecked) -> bool:
        """The returned account was unknown before this session."""
        return trigger.ownership == "new"

    def is_overdue(
        self,
        facts: SessionFacts,
        trigger: SessionPending | SessionSucceeded | SessionUnclear | ReadFailed,
    ) -> bool:
        """The deadline has passed, and Stripe's answer has no result either (R2)."""
        return facts.overdue and (isinstance(trigger, ReadFailed) or trigger.read)

    def has_not_ended_yet(
        self, facts: SessionFacts, trigger: SessionFailed | SessionCancelled
    ) -> bool:
        """It was given up, and this is the first report that it has ended at Stripe."""
        return not facts.has_ended

    # ── effects ──────────────────────────────────────────────────────────────

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
            attempt=facts.request.attempt if facts.request else 0,
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
        returned = _returned(trigger)[0]
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
        return [Assign(asked=returned), Send(machine="account", key=returned, event=event)]

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
            attempt=facts.request.attempt if facts.request else 0,
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
                linked=_returned(trigger)[0],
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

    def look(self, facts: SessionFacts, trigger: SessionUnclear) -> Command | None:
        """Read the session, since the report says only that something changed (K6)."""
        if trigger.read:
            if trigger.status is None:
                return None
            return anomalies.report(facts.id, Anomaly.UNKNOWN_STATUS, trigger.status, trigger)
        return read(facts.id, "session", ReadReason.LOOK, trigger)


def _returned(trigger: SessionSucceeded) -> tuple[str, ...]:
    """The returned accounts, the relinked one first."""
    relinked = (trigger.relinked_account,) if trigger.relinked_account else ()
    return relinked + (trigger.accounts or ())


def _why_unusable(trigger: OwnershipChecked) -> str:
    is_gone = trigger.ownership == "disconnected"
    return "account_disconnected" if is_gone else "other_holder"


def _account(facts: SessionFacts) -> str:
    return facts.request.account if facts.request else ""


def _authorization(facts: SessionFacts) -> str:
    return facts.request.authorization if facts.request else ""


def _tell_authorization(facts: SessionFacts, trigger: DomainEvent) -> Send:
    ended = trigger.follow(MemberSessionEnded, session=facts.id)
    return Send(machine="authorization", key=_authorization(facts), event=ended)


def _unsuccessful(
    facts: SessionFacts,
    trigger: DomainEvent,
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
        counts=counts,
    )
    return [
        Send(machine="account", key=_account(facts), event=event),
        _tell_authorization(facts, trigger),
    ]
