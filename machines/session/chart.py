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

Read on in ``facts`` (what is remembered) and ``effects`` (who is told, and what is read).

Rules kept here: R2, R3, R5, R6.
"""

from statemachine import State

from relink.engine import ignored, stays

from .. import reasons, stories
from ..compiled.session import TABLE
from ..messages import (
    KnownAccountLinked,
    MemberSessionEnded,
    NewAccountLinkedInstead,
    OwnershipChecked,
    ReadFailed,
    ReadWanted,
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
from .effects import SessionEffects
from .facts import SessionFacts, returned


class SessionChart(SessionEffects):
    """One relink session that we created (``fcsess_…``)."""

    facts_type = SessionFacts
    table_text = TABLE
    story = stories.SESSION
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
    sends = {
        "account": (
            SessionRelinked,
            SessionUnsuccessful,
            KnownAccountLinked,
            NewAccountLinkedInstead,
            ReturnedBySession,
        ),
        "authorization": (SessionRelinked, MemberSessionEnded),
        "read": (ReadWanted,),
    }

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
        open,
        event="session_unclear",
        cond="is_overdue",
        on=["report_unclear", "report_abandoned", "read_both"],
    )
    stays(open, *ended, event="session_unclear", on=["report_unclear", "look"])

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
        return facts.request is not None and facts.request.account in returned(trigger)

    def names_another_account(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The session returned another account."""
        return bool(returned(trigger))

    def asked_in_vain(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """It was read after its deadline, and it is still unknown whose the returned account is."""
        return facts.overdue and trigger.read and facts.asked is not None

    def names_account_that_is_gone(self, facts: SessionFacts, trigger: SessionSucceeded) -> bool:
        """The session returned another account, which is disconnected by now (R6)."""
        return not trigger.gone.isdisjoint(returned(trigger)[:1])

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
