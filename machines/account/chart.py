"""The account: may it be used, can it be repaired, and what became of it?

States
    ``active``                 The latest report says that it works (S1).
    ``inactive_relinkable``    It stopped working, and the customer can repair it (S2).
    ``inactive_unrepairable``  It stopped working, and nobody can repair it, or relink does not
                               know better yet (S2, K5). Machines begin here: before the first
                               clear report nothing is charged and nobody is prompted.
    ``relinking``              A relink session is open for it (S3).
    ``relinked``               The session says that it was repaired; the report that it is
                               active is still to come (S5).
    ``new_account_linked``     The customer linked a new account instead, or the service uses
                               another one instead (S6, P4).
    ``disconnected``           It is gone for good (S7). Only what is used instead, and whether the
                               service still has a use for it, can still be learned.

What moves it: reports from Stripe, by webhook or by read, the results of relink sessions, and
what only the service knows (P4). Whatever moves it is taken in first; what follows for others is
decided in the review at the end of the step (``review_due``, K9).
The first question about every report is whether it is stale or ambiguous
(:mod:`relink.machines.freshness`). The transitions stand below by theme; for one state and one
event, the first whose guard says yes is taken.

An expired account, from beginning to end
    ``reported_relinkable`` makes it ``inactive_relinkable``, and its outage prompts the customer.
    The service asks for a session (``relink_requested``) and opens it (``session_opened``):
    ``relinking``. The customer signs in and picks the wrong account: ``session_unsuccessful``
    returns it to ``inactive_relinkable``, and the next session is for any eligible account
    (``count_failure``). The customer picks the wrong account again, and now that is allowed. One
    that relink knows is offered (``known_account_linked``: back to ``inactive_relinkable``); a
    new one replaces it (``new_account_linked_instead``: ``new_account_linked``).

Read on in ``guards`` (what each question asks), ``facts`` and ``timeline`` (what is remembered),
``needs``, ``eligibility`` and ``session_request`` (what follows from it), ``effects``, ``review``
and ``outgoing`` (who is told).

Rules kept here: S1 to S7, K3 to K9, R1, R3, R4, R7 to R9, P4.
"""

from statemachine import State

from relink.engine import ignored, stays

from .. import reasons, stories
from ..compiled.account import TABLE
from ..events import AccountResumed, AccountRetired, RelinkRequested
from ..freshness import REPORTS
from ..messages import (
    AnnouncementChanged,
    BuildChanged,
    BuildRequested,
    KnownAccountLinked,
    MemberLeft,
    MemberReported,
    MembersReviewDue,
    NeedsChanged,
    NeedsMoved,
    NewAccountLinkedInstead,
    NumberChanged,
    OwnershipChecked,
    PaymentMethodChanged,
    PaymentMethodUnclear,
    ReadAwaited,
    ReadDueChanged,
    ReadFailed,
    ReadWanted,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
    ReturnedBySession,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionSuperseded,
    SessionUnsuccessful,
)
from ..reported import (
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnclear,
    ReportedUnrepairable,
)
from .effects import AccountEffects
from .facts import AccountFacts
from .guards import AccountGuards

STOPPED = "reported_relinkable reported_unrepairable reported_inactive"
"""The reports that say that it is inactive."""


class AccountChart(AccountGuards, AccountEffects):
    """One linked bank account (``fca_…``)."""

    facts_type = AccountFacts
    table_text = TABLE
    story = stories.ACCOUNT
    alphabet = (
        ReportedActive,
        ReportedRelinkable,
        ReportedUnrepairable,
        ReportedInactive,
        ReportedDisconnected,
        ReportedUnclear,
        RelinkRequested,
        SessionOpened,
        SessionRelinked,
        SessionUnsuccessful,
        KnownAccountLinked,
        NewAccountLinkedInstead,
        ReturnedBySession,
        AnnouncementChanged,
        NumberChanged,
        ReviewDue,
        PaymentMethodChanged,
        BuildChanged,
        ReadDueChanged,
        ReadFailed,
        AccountRetired,
        AccountResumed,
    )
    sends = {
        "account": (ReviewDue,),
        "authorization": (MemberReported, MemberLeft, MembersReviewDue),
        "session": (SessionSuperseded, OwnershipChecked),
        "account_number": (RefreshStarted, RefreshEnded, RefreshSucceeded),
        "build": (BuildRequested,),
        "payment_method": (PaymentMethodUnclear,),
        "outage": (NeedsChanged, NeedsMoved),
        "holder": (ReadAwaited,),
        "read": (ReadWanted,),
    }

    active = State()
    inactive_relinkable = State()
    inactive_unrepairable = State(initial=True)
    relinking = State()
    relinked = State()
    new_account_linked = State()
    disconnected = State()
    absorbing = (disconnected,)

    inactive = (inactive_relinkable, inactive_unrepairable)
    linked = (active, *inactive, relinking, relinked, new_account_linked)

    # ── reports that do not count, or not yet (K3, K4, K6) ────────────────
    stays(*linked, event=REPORTS, cond="is_ambiguous", on="settle_contradiction")
    # A session's result is a report as well (S5):
    stays(
        active,
        relinked,
        event=STOPPED,
        cond="is_ambiguous_with_repair",
        on="settle_contradiction",
    )
    stays(*linked, event=REPORTS, cond="is_stale", on="fill_gaps")
    stays(*linked, event="reported_unclear", on="look")
    # What a session has repaired since (S5):
    stays(relinked, event=STOPPED, cond="predates_repair", on="learn")
    relinked.from_(active, event=STOPPED, cond="predates_repair", on="learn")

    # ── it was replaced: reports change facts only, until it has come back (S6)
    stays(new_account_linked, event=f"reported_active {STOPPED}", on="learn")
    relinking.from_(
        new_account_linked,
        event="review_due",
        cond="has_come_back and belongs_to_open_session",
        on="review_needs",
    )
    active.from_(
        new_account_linked,
        event="review_due",
        cond="has_come_back and is_reported_active",
        on="review_needs",
    )
    inactive_relinkable.from_(
        new_account_linked,
        event="review_due",
        cond="has_come_back and is_repairable",
        on="review_needs",
    )
    inactive_unrepairable.from_(
        new_account_linked,
        event="review_due",
        cond="has_come_back",
        on=["report_kept_action", "review_needs"],
    )
    # A late report shows that it had never stopped:
    new_account_linked.from_(
        active,
        *inactive,
        relinking,
        relinked,
        event="review_due",
        cond="has_never_come_back",
        on="review_without_needs",
    )

    # ── it works (S1) ────────────────────────────────────────────────────────
    stays(active, event="reported_active", on="learn")
    stays(relinking, event="reported_active", cond="opened_while_active", on="learn")
    relinking.from_(
        inactive_unrepairable, event="reported_active", cond="opened_while_active", on="learn"
    )
    active.from_(*inactive, relinking, relinked, event="reported_active", on="learn")

    # ── it stopped working, and the customer can repair it (S2) ──────────────────────
    stays(*inactive, relinking, event="reported_relinkable", cond="lacks_authorization", on="learn")
    inactive_unrepairable.from_(
        active, relinked, event="reported_relinkable", cond="lacks_authorization", on="learn"
    )
    stays(inactive_relinkable, relinking, event="reported_relinkable", on="learn")
    relinking.from_(
        active,
        relinked,
        inactive_unrepairable,
        event="reported_relinkable",
        cond="has_open_session",
        on="learn",
    )
    inactive_relinkable.from_(
        active, relinked, inactive_unrepairable, event="reported_relinkable", on="learn"
    )
    # Its authorization became known by a late report:
    relinking.from_(
        inactive_unrepairable,
        event="review_due",
        cond="has_learned_authorization and belongs_to_open_session",
        on="review_needs",
    )
    inactive_relinkable.from_(
        inactive_unrepairable,
        event="review_due",
        cond="has_learned_authorization",
        on="review_needs",
    )

    # ── it stopped working, and nobody can repair it (S2) ────────────────────────
    stays(
        inactive_unrepairable,
        event="reported_unrepairable",
        on=["learn", "report_unknown_action"],
    )
    inactive_unrepairable.from_(
        active,
        inactive_relinkable,
        relinking,
        relinked,
        event="reported_unrepairable",
        on=["learn", "report_unknown_action"],
    )

    # ── it stopped working, and the report leaves repair open (K5) ──────
    stays(*inactive, relinking, event="reported_inactive", on="learn")
    inactive_unrepairable.from_(active, relinked, event="reported_inactive", on="learn")

    # ── it is gone for good (S7) ─────────────────────────────────────────────
    disconnected.from_(new_account_linked, event="reported_disconnected", on="depart_quietly")
    disconnected.from_(
        active, *inactive, relinking, relinked, event="reported_disconnected", on="depart"
    )
    # A late report shows that a replaced account had come back before (S6):
    stays(
        disconnected,
        event=f"reported_active {STOPPED}",
        cond="is_stale and was_replaced",
        on="note_late_return",
    )

    # ── the service asks for a session (R1, R9) ──────────────────────────────
    stays(
        active,
        relinking,
        relinked,
        event="relink_requested",
        cond="asks_for_open_session",
        on="return_session",
    )
    stays(
        active,
        event="relink_requested",
        cond="has_reason and has_authorization",
        on="create_session",
    )
    stays(
        inactive_relinkable,
        relinking,
        event="relink_requested",
        cond="has_authorization",
        on="create_session",
    )
    stays(
        active,
        event="relink_requested",
        cond="has_reason and not was_just_read",
        on="read_before_refusing",
    )
    stays(
        *inactive,
        relinking,
        event="relink_requested",
        cond="not was_just_read",
        on="read_before_refusing",
    )

    # ── a session is open (S3) ───────────────────────────────────────────────
    stays(*linked, event="session_opened", cond="is_already_open")
    stays(*linked, event="session_opened", cond="is_overtaken", on="supersede_newcomer")
    # While Stripe created the session, the account may have become unrepairable, repaired or
    # replaced:
    stays(
        inactive_unrepairable,
        relinking,
        relinked,
        new_account_linked,
        event="session_opened",
        on="open_session",
    )
    relinking.from_(active, inactive_relinkable, event="session_opened", on="open_session")

    # ── the session relinked it (S5) ─────────────────────────────────────────
    stays(active, relinked, event="session_relinked", on="record_repair")
    stays(
        new_account_linked,
        event="session_relinked",
        cond="precedes_replacement",
        on="forget_session",
    )
    active.from_(
        relinking,
        new_account_linked,
        event="session_relinked",
        cond="is_reported_active",
        on="record_repair",
    )
    stays(*inactive, event="session_relinked", cond="stopped_since", on="forget_session")
    stays(
        relinking,
        event="session_relinked",
        cond="stopped_since and not was_open_session",
        on="forget_session",
    )
    inactive_relinkable.from_(
        relinking,
        event="session_relinked",
        cond="stopped_since and is_repairable",
        on="forget_session",
    )
    inactive_unrepairable.from_(
        relinking, event="session_relinked", cond="stopped_since", on="forget_session"
    )
    relinked.from_(
        *inactive, relinking, new_account_linked, event="session_relinked", on="record_repair"
    )

    # ── the session ended without a repair (S4, R4) ──────────────────────────
    active.from_(
        relinking,
        event="session_unsuccessful",
        cond="was_open_session and is_reported_active",
        on="count_failure",
    )
    inactive_relinkable.from_(
        relinking,
        event="session_unsuccessful",
        cond="was_open_session and is_repairable",
        on="count_failure",
    )
    inactive_unrepairable.from_(
        relinking, event="session_unsuccessful", cond="was_open_session", on="count_failure"
    )
    stays(
        active,
        relinked,
        new_account_linked,
        inactive_unrepairable,
        event="session_unsuccessful",
        cond="was_open_session",
        on="count_failure",
    )

    # ── the customer picked another account that relink knows (R3) ────────────────
    active.from_(
        relinking,
        event="known_account_linked",
        cond="was_open_session and is_reported_active",
        on="offer_known",
    )
    inactive_relinkable.from_(
        relinking,
        event="known_account_linked",
        cond="was_open_session and is_repairable",
        on="offer_known",
    )
    inactive_unrepairable.from_(
        relinking, event="known_account_linked", cond="was_open_session", on="offer_known"
    )
    stays(
        active,
        relinked,
        new_account_linked,
        inactive_unrepairable,
        event="known_account_linked",
        cond="was_open_session",
        on="offer_known",
    )
    stays(*linked, event="known_account_linked", on="note_known")

    # ── another account is used instead (S6, P4) ────────────────────────
    stays(
        new_account_linked,
        disconnected,
        event="new_account_linked_instead",
        on="record_replacement",
    )
    new_account_linked.from_(
        active,
        *inactive,
        relinking,
        relinked,
        event="new_account_linked_instead",
        on="record_replacement",
    )

    # ── everything is taken in: who has to be told? (K9) ─────────────────────
    stays(active, *inactive, relinking, event="review_due", on="review_needs")
    stays(relinked, new_account_linked, event="review_due", on="review_without_needs")

    # ── messages from sessions, reads, and the rest of what belongs to it ────
    stays(*linked, event="returned_by_session", on="answer_session")
    stays(*linked, event="announcement_changed", on="note_announcement")
    stays(*linked, event="number_changed", on="note_number")
    stays(*linked, event="payment_method_changed", on="note_payment_method")
    stays(*linked, event="build_changed", on="note_build")
    stays(*linked, event="read_due_changed", on="note_read")
    stays(*linked, event="read_failed", on="note_refusal")
    stays(*linked, disconnected, event="account_retired", on="retire")
    stays(*linked, event="account_resumed", on=["resume", "read_again"])
    stays(disconnected, event="account_resumed", on="resume")

    decided = (
        ignored(
            active, RelinkRequested, when="not has_reason", because=reasons.NO_REASON_TO_RELINK
        ),
        ignored(
            (active, inactive_relinkable, relinking),
            RelinkRequested,
            when="not has_authorization and was_just_read",
            because=reasons.NO_AUTHORIZATION,
        ),
        ignored(inactive_unrepairable, RelinkRequested, because=reasons.UNREPAIRABLE),
        ignored(relinked, RelinkRequested, because=reasons.JUST_RELINKED),
        ignored(new_account_linked, RelinkRequested, because=reasons.REPLACED),
        ignored(disconnected, RelinkRequested, because=reasons.ACCOUNT_DISCONNECTED),
        ignored(linked, SessionUnsuccessful, because=reasons.NOT_THE_OPEN_SESSION),
        ignored(
            disconnected, ReportedActive, because=reasons.ACTIVE_AFTER_DISCONNECTED, anomaly=True
        ),
        ignored(
            disconnected,
            (SessionRelinked, KnownAccountLinked, ReturnedBySession),
            because=reasons.LINKED_AFTER_DISCONNECTED,
            anomaly=True,
        ),
        ignored(
            disconnected,
            (
                ReportedRelinkable,
                ReportedUnrepairable,
                ReportedInactive,
                ReportedDisconnected,
                ReportedUnclear,
                SessionOpened,
                SessionUnsuccessful,
                AnnouncementChanged,
                NumberChanged,
                ReviewDue,
                PaymentMethodChanged,
                BuildChanged,
                ReadDueChanged,
                ReadFailed,
            ),
            because=reasons.ACCOUNT_DISCONNECTED,
        ),
    )
