"""The relink session: what the customer made of it.

States
    ``open``        The customer may be at it.
    ``succeeded``   The customer linked an account: the expected one, another one that we
                    know, or a new one. Nothing changes that any more.
    ``failed``      Stripe said why not, or the account belongs to somebody else (R6).
    ``cancelled``   The customer closed it.
    ``abandoned``   It was open for longer than the policy lets it. It was read before (R2).
    ``superseded``  Another session was opened for the account (R1).

Stripe can't be told to end a session, so all but ``succeeded`` can still succeed late (R2).
An account that came back in place of the expected one is asked whether it is known or new
(``returned_by_session``): it knows since when we hold it (K7). Its answer ends the session.

Rules kept here: R2, R3, R5, R6.
"""

from typing import Literal

from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, ignored, stays

from .commands import (
    CreateRelinkSession,
    ReportAnomaly,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
    Wake,
)
from .events import DomainEvent
from .messages import (
    KnownAccountLinked,
    MemberSessionEnded,
    NewAccountLinkedInstead,
    ReadFailed,
    ReturnedAccountJudged,
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

Effects = list[Command | Assign]

Outcome = Literal[
    "relinked", "known_account_linked", "new_account_linked", "failed", "cancelled", "abandoned"
]


class SessionFacts(Facts):
    """A session's memory."""

    id: str
    request: CreateRelinkSession | None = None
    """What it was opened with."""
    opened_at: float = 0.0
    """When we learned that it is open (our clock): the line between known and new (K7)."""
    overdue: bool = False
    """It was open for as long as the policy lets it."""
    asked: str | None = None
    """The account that was returned in place of the expected one, while it is asked."""
    outcome: Outcome | None = None
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
        ReturnedAccountJudged,
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
    stays(open, *ended, event="session_succeeded", cond="names_another_account", on="ask_account")
    stays(
        open,
        *ended,
        event="session_succeeded",
        cond="leaves_out_accounts",
        on="read_again",
    )
    failed.from_(open, event="session_succeeded", on=["report_no_account", "read_both"])
    succeeded.from_(
        open,
        *ended,
        event="returned_account_judged",
        cond="is_known",
        on=["report_known", "read_both"],
    )
    succeeded.from_(
        open,
        *ended,
        event="returned_account_judged",
        cond="is_new_account",
        on=["report_new", "read_both"],
    )
    failed.from_(open, event="returned_account_judged", on=["report_other_holder", "read_both"])
    stays(*ended, event="returned_account_judged", on="note_other_holder")

    # ── it ended without ─────────────────────────────────────────────────────
    failed.from_(open, event="session_failed", on=["report_failed", "read_both"])
    cancelled.from_(open, event="session_cancelled", on=["report_cancelled", "read_both"])
    superseded.from_(open, event="session_superseded", on="leave_to_successor")

    # ── the customer walked away (R2) ────────────────────────────────────────
    stays(open, event="session_deadline", on="read_before_giving_up")
    abandoned.from_(
        open, event="session_pending", cond="is_overdue", on=["report_abandoned", "read_both"]
    )
    abandoned.from_(
        open, event="read_failed", cond="is_overdue", on=["report_abandoned", "read_both"]
    )
    stays(open, *ended, event="session_unclear", on="look")

    decided = (
        ignored(open, SessionOpened, because="it is open already"),
        ignored((succeeded, *ended), SessionOpened, because="it was opened before, and has ended"),
        ignored(open, SessionPending, because="the customer is not through yet"),
        ignored(
            open,
            ReadFailed,
            because="Stripe refused the read for good; it ends by its deadline",
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
                ReturnedAccountJudged,
                ReadFailed,
            ),
            because="its outcome is settled, and nothing is built twice",
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
            because="it has ended already, and only a late success could change that",
        ),
        ignored(
            ended,
            SessionSucceeded,
            because="nothing was linked after all",
        ),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def is_new(self, facts: SessionFacts, trigger: SessionOpened) -> bool:
        """It is the first that is heard of it."""
        return facts.request is None

    def names_expected_account(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """Judged by the ids, since any-eligible sessions name no relinked account."""
        return facts.request is not None and facts.request.account in _returned(trigger)

    def names_another_account(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """Something else came back."""
        return bool(_returned(trigger))

    def asked_in_vain(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The account that came back does not answer, and time is up."""
        return facts.overdue and facts.asked is not None

    def leaves_out_accounts(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The payload had no list of accounts, which is not an empty one (K5)."""
        return trigger.accounts is None and not trigger.read

    def is_known(self, facts: SessionFacts, trigger: ReturnedAccountJudged) -> bool:
        """The account that came back was held before this session."""
        return trigger.verdict == "known"

    def is_new_account(self, facts: SessionFacts, trigger: ReturnedAccountJudged) -> bool:
        """The account that came back was not held before this session."""
        return trigger.verdict == "new"

    def is_overdue(self, facts: SessionFacts, trigger: SessionPending | ReadFailed) -> bool:
        """It was open for as long as the policy lets it, and a read says that it still is."""
        return facts.overdue and (isinstance(trigger, ReadFailed) or trigger.read)

    # ── effects ──────────────────────────────────────────────────────────────

    def begin(self, facts: SessionFacts, trigger: SessionOpened) -> Effects:
        """Remember what it is for, and set its deadline."""
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
        """The expected account came back."""
        account = _account(facts)
        event = trigger.follow(
            SessionRelinked,
            session=facts.id,
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
        """Ask the account that came back whether we know it (K7)."""
        returned = _returned(trigger)[0]
        event = trigger.follow(
            ReturnedBySession,
            session=facts.id,
            expected=_account(facts),
            holder=facts.request.holder if facts.request else None,
            opened_at=facts.opened_at,
            as_of=trigger.as_of,
            read=trigger.read,
        )
        return [Assign(asked=returned), Send(machine="account", key=returned, event=event)]

    def report_known(self, facts: SessionFacts, trigger: ReturnedAccountJudged) -> Effects:
        """Another account that we hold came back."""
        event = trigger.follow(
            KnownAccountLinked, session=facts.id, other=trigger.account, as_of=trigger.as_of
        )
        return [
            Assign(outcome="known_account_linked", failure_reason=None, linked=trigger.account),
            Send(machine="account", key=_account(facts), event=event),
            _authorization_told(facts, trigger),
        ]

    def report_new(self, facts: SessionFacts, trigger: ReturnedAccountJudged) -> Effects:
        """A new account stands in for the expected one."""
        event = trigger.follow(
            NewAccountLinkedInstead,
            session=facts.id,
            new=trigger.account,
            as_of=trigger.as_of,
            read=trigger.read,
        )
        return [
            Assign(outcome="new_account_linked", failure_reason=None, linked=trigger.account),
            Send(machine="account", key=_account(facts), event=event),
            _authorization_told(facts, trigger),
        ]

    def report_other_holder(self, facts: SessionFacts, trigger: ReturnedAccountJudged) -> Effects:
        """The account that came back is somebody else's: nothing is built on it (R6)."""
        return [
            Assign(outcome="failed", failure_reason="other_holder", linked=trigger.account),
            *_unsuccessful(facts, trigger, "failed", "other_holder"),
        ]

    def note_other_holder(self, facts: SessionFacts, trigger: ReturnedAccountJudged) -> Assign:
        """The same, of a session that had ended already."""
        return Assign(failure_reason="other_holder", linked=trigger.account)

    def report_no_account(self, facts: SessionFacts, trigger: SessionSucceeded) -> Effects:
        """It succeeded, and nothing was linked: Stripe could not match the account."""
        return [
            Assign(outcome="failed", failure_reason="no_account"),
            *_unsuccessful(facts, trigger, "failed", "no_account"),
        ]

    def report_failed(self, facts: SessionFacts, trigger: SessionFailed) -> Effects:
        """Stripe said why not."""
        return [
            Assign(outcome="failed", failure_reason=trigger.failure_reason),
            *_unsuccessful(facts, trigger, "failed", trigger.failure_reason),
        ]

    def report_cancelled(self, facts: SessionFacts, trigger: SessionCancelled) -> Effects:
        """The customer closed it."""
        return [
            Assign(outcome="cancelled"),
            *_unsuccessful(facts, trigger, "cancelled", None),
        ]

    def report_abandoned(
        self, facts: SessionFacts, trigger: SessionPending | SessionSucceeded | ReadFailed
    ) -> Effects:
        """The customer walked away."""
        return [
            Assign(outcome="abandoned"),
            *_unsuccessful(facts, trigger, "abandoned", None),
        ]

    def leave_to_successor(self, facts: SessionFacts, trigger: SessionSuperseded) -> Effects:
        """The account has another session now; it was told by that one."""
        return [_authorization_told(facts, trigger)]

    def read_both(self, facts: SessionFacts, trigger: DomainEvent) -> list[Command]:
        """However it ended, Stripe tells how account and authorization fare (R5)."""
        account, authorization = _account(facts), _authorization(facts)
        return [
            RetrieveAccount(
                account=account, reason="its session ended", dedup_key=trigger.causation_id
            ),
            RetrieveAuthorization(
                authorization=authorization,
                reason="a session ended",
                dedup_key=trigger.causation_id,
            ),
        ]

    def read_again(self, facts: SessionFacts, trigger: SessionSucceeded) -> Command:
        """A read has what the webhook left out."""
        return RetrieveSession(
            session=facts.id, reason="incomplete", dedup_key=trigger.causation_id
        )

    def read_before_giving_up(self, facts: SessionFacts, trigger: SessionDeadline) -> Effects:
        """The customer may have finished without our hearing of it (R2)."""
        return [
            Assign(overdue=True),
            RetrieveSession(session=facts.id, reason="deadline", dedup_key=facts.id),
        ]

    def look(self, facts: SessionFacts, trigger: SessionUnclear) -> Command:
        """Read it, when all that we know is that there is something to see (K6)."""
        if trigger.read:
            what = f"Stripe answers with a status that is not known: {trigger.status}"
            return ReportAnomaly(subject=facts.id, what=what, dedup_key=trigger.causation_id)
        return RetrieveSession(session=facts.id, reason="look", dedup_key=trigger.causation_id)


def _returned(trigger: SessionSucceeded) -> tuple[str, ...]:
    """The accounts that came back, the relinked one first."""
    relinked = (trigger.relinked_account,) if trigger.relinked_account else ()
    return relinked + (trigger.accounts or ())


def _account(facts: SessionFacts) -> str:
    return facts.request.account if facts.request else ""


def _authorization(facts: SessionFacts) -> str:
    return facts.request.authorization if facts.request else ""


def _authorization_told(facts: SessionFacts, trigger: DomainEvent) -> Send:
    ended = trigger.follow(MemberSessionEnded, session=facts.id)
    return Send(machine="authorization", key=_authorization(facts), event=ended)


def _unsuccessful(
    facts: SessionFacts,
    trigger: DomainEvent,
    outcome: Literal["failed", "cancelled", "abandoned"],
    failure_reason: str | None,
) -> list[Command]:
    """Tell the account that this attempt is over, and the authorization."""
    event = trigger.follow(
        SessionUnsuccessful, session=facts.id, outcome=outcome, failure_reason=failure_reason
    )
    return [
        Send(machine="account", key=_account(facts), event=event),
        _authorization_told(facts, trigger),
    ]
