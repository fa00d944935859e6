"""The account: may it be used, can it be repaired, and what has become of it?

States
    ``active``                 Stripe's latest word is that it works (S1).
    ``inactive_relinkable``    It stopped, and the customer can repair it (S2).
    ``inactive_unrepairable``  It stopped and nobody can repair it, or we don't know better yet
                               (S2, K5). Machines begin here: before Stripe's first clear word
                               nothing is charged and nobody is prompted.
    ``relinking``              A relink session is open for it (S3).
    ``relinked``               The session says that it was repaired; Stripe's word that it is
                               active is still to come (S5).
    ``new_account_linked``     The customer linked a new account in its stead (S6).
    ``disconnected``           It is gone for good (S7).

What moves it: Stripe's words, by webhook or by read, and the results of relink sessions.
Of every word it is first asked whether it is older than what is known, or in doubt
(:mod:`relink.machines.freshness`). The transitions stand below by theme; for one state and
event, the first whose guard says yes is taken.

The story of an expired account
    ``reported_relinkable`` makes it ``inactive_relinkable``, and its outage prompts the customer.
    The service asks for a session (``relink_requested``) and opens it (``session_opened``):
    ``relinking``. The customer signs in and picks the wrong account: ``session_unsuccessful``
    brings it back to ``inactive_relinkable``, and the next session is for any eligible account
    (``count_failure``). The customer picks the wrong account again, and now that counts: one
    that we know is offered (``known_account_linked``: back to ``inactive_relinkable``); one
    that is new to us stands in for it (``new_account_linked_instead``: ``new_account_linked``).

Rules kept here: S1 to S7, K3 to K8, R1, R3, R4, R7 to R9. What each guard asks is in
:mod:`relink.machines.account.guards`; what each effect remembers, asks for and tells others in
:mod:`relink.machines.account.effects`.
"""

from statemachine import State

from relink.engine import ignored, stays

from .effects import AccountEffects
from .facts import AccountFacts
from .guards import AccountGuards
from ..events import RelinkRequested
from ..freshness import WORDS
from ..messages import (
    ReportedActive,
    ReportedDisconnected,
    ReportedInactive,
    ReportedRelinkable,
    ReportedUnclear,
    ReportedUnrepairable,
    KnownAccountLinked,
    NewAccountLinkedInstead,
    NumberChanged,
    PaymentMethodChanged,
    ReadFailed,
    ReturnedBySession,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionUnsuccessful,
)

STOPPED = "reported_relinkable reported_unrepairable reported_inactive"
"""The words that say that it does not work."""


class AccountChart(AccountGuards, AccountEffects):
    """One linked bank account (``fca_…``)."""

    facts_type = AccountFacts
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
        NumberChanged,
        ReviewDue,
        PaymentMethodChanged,
        ReadFailed,
    )

    active = State()
    inactive_relinkable = State()
    inactive_unrepairable = State(initial=True)
    relinking = State()
    relinked = State()
    new_account_linked = State()
    disconnected = State(final=True)

    inactive = (inactive_relinkable, inactive_unrepairable)
    linked = (active, *inactive, relinking, relinked, new_account_linked)
    sound = (active, relinked, new_account_linked)

    # ── words that are not believed, or not yet (K3, K4, K6) ─────────────────
    stays(
        *linked,
        event=WORDS,
        cond="is_ambiguous or has_ambiguous_detail",
        on="settle_contradiction",
    )
    stays(active, *inactive, relinking, event=WORDS, cond="is_stale", on="fill_gaps")
    stays(relinked, new_account_linked, event=WORDS, cond="is_stale", on="fill_gaps_quietly")
    stays(*linked, event="reported_unclear", on="look")
    # What a session's result told is knowledge as well (S5, S6):
    stays(relinked, event=STOPPED, cond="is_ambiguous_with_repair", on="settle_contradiction")
    stays(relinked, event=STOPPED, cond="predates_repair", on="fill_gaps_quietly")
    stays(
        new_account_linked,
        event="reported_active",
        cond="is_ambiguous_with_replacement",
        on="settle_contradiction",
    )
    stays(
        new_account_linked, event="reported_active", cond="predates_replacement", on="learn_quietly"
    )

    # ── it works (S1) ────────────────────────────────────────────────────────
    stays(active, event="reported_active", on="learn")
    stays(relinking, event="reported_active", cond="opened_while_active", on="learn")
    relinking.from_(
        inactive_unrepairable,
        new_account_linked,
        event="reported_active",
        cond="opened_while_active",
        on="learn",
    )
    active.from_(
        *inactive,
        relinking,
        relinked,
        new_account_linked,
        event="reported_active",
        on="learn",
    )

    # ── it stopped, and the customer can repair it (S2) ──────────────────────
    stays(new_account_linked, event="reported_relinkable", cond="is_replaced", on="learn_quietly")
    stays(
        *inactive,
        relinking,
        event="reported_relinkable",
        cond="lacks_authorization",
        on=["learn", "ask_what_is_missing"],
    )
    inactive_unrepairable.from_(
        *sound,
        event="reported_relinkable",
        cond="lacks_authorization",
        on=["learn", "ask_what_is_missing"],
    )
    stays(inactive_relinkable, relinking, event="reported_relinkable", on="learn")
    relinking.from_(
        *sound,
        inactive_unrepairable,
        event="reported_relinkable",
        cond="has_open_session",
        on="learn",
    )
    inactive_relinkable.from_(
        *sound,
        inactive_unrepairable,
        event="reported_relinkable",
        on="learn",
    )

    # ── it stopped, and nobody can repair it now (S2) ────────────────────────
    stays(new_account_linked, event="reported_unrepairable", cond="is_replaced", on="learn_quietly")
    stays(
        inactive_unrepairable,
        event="reported_unrepairable",
        cond="is_known_so",
        on=["learn", "report_unknown_action"],
    )
    stays(
        inactive_unrepairable,
        event="reported_unrepairable",
        on=["learn", "report_unknown_action", "ask_for_another_way"],
    )
    inactive_unrepairable.from_(
        active,
        inactive_relinkable,
        relinking,
        relinked,
        new_account_linked,
        event="reported_unrepairable",
        on=["learn", "report_unknown_action", "ask_for_another_way"],
    )

    # ── it stopped, and Stripe left out whether it can be repaired (K5) ──────
    stays(
        new_account_linked,
        event="reported_inactive",
        cond="is_replaced",
        on=["learn_quietly", "ask_what_is_missing"],
    )
    stays(*inactive, relinking, event="reported_inactive", on=["learn", "ask_what_is_missing"])
    inactive_unrepairable.from_(
        *sound,
        event="reported_inactive",
        on=["learn", "ask_what_is_missing"],
    )

    # ── it is gone for good (S7) ─────────────────────────────────────────────
    disconnected.from_(
        new_account_linked, event="reported_disconnected", on=["learn_quietly", "end_refresh"]
    )
    disconnected.from_(
        active,
        *inactive,
        relinking,
        relinked,
        event="reported_disconnected",
        on=["learn", "ask_for_another_way", "end_refresh"],
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
    stays(*linked, event="session_opened", cond="is_outrun", on="supersede_newcomer")
    # It may have gone beyond repair, or been repaired or replaced, while Stripe created it:
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
        cond="predates_replacement",
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
        *sound,
        inactive_unrepairable,
        event="session_unsuccessful",
        cond="was_open_session",
        on="forget_session",
    )

    # ── the customer picked another account that we hold (R3) ────────────────
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
        *sound,
        inactive_unrepairable,
        event="known_account_linked",
        cond="was_open_session",
        on="offer_known",
    )
    stays(*linked, event="known_account_linked", on="note_known")

    # ── the customer linked a new account in its stead (S6) ──────────────────
    stays(active, event="new_account_linked_instead", cond="worked_since", on="record_replacement")
    active.from_(
        relinking,
        event="new_account_linked_instead",
        cond="worked_since",
        on="record_replacement",
    )
    stays(new_account_linked, event="new_account_linked_instead", on="record_replacement")
    new_account_linked.from_(
        active,
        *inactive,
        relinking,
        relinked,
        event="new_account_linked_instead",
        on="record_replacement",
    )

    # ── a session asks about it; its number and payment method tell ──────────
    stays(*linked, event="returned_by_session", on="answer_session")
    stays(active, *inactive, relinking, event="number_changed", on="note_number")
    stays(active, *inactive, relinking, event="review_due", on="review_needs")
    stays(relinked, new_account_linked, event="review_due", on="need_nothing")
    stays(relinked, new_account_linked, event="number_changed", on="note_number_quietly")
    stays(*linked, event="payment_method_changed", on="note_payment_method")

    decided = (
        ignored(
            active,
            RelinkRequested,
            when="not has_reason",
            because="refused: it is active, and nothing that a relink mends is named or known",
        ),
        ignored(
            (active, inactive_relinkable, relinking),
            RelinkRequested,
            when="not has_authorization and was_just_read",
            because="refused: Stripe names no authorization to relink; ask for a new payment "
            "method",
        ),
        ignored(
            inactive_unrepairable,
            RelinkRequested,
            because="refused: nobody can repair it now; ask for a new payment method",
        ),
        ignored(
            relinked,
            RelinkRequested,
            because="refused: it was just relinked; wait for Stripe's word that it is active",
        ),
        ignored(
            new_account_linked,
            RelinkRequested,
            because="refused: the customer linked a new account in its stead; use that one",
        ),
        ignored(
            disconnected,
            RelinkRequested,
            because="refused: it is disconnected for good; ask for a new payment method",
        ),
        ignored(
            linked,
            SessionUnsuccessful,
            because="that session is not the open one any more",
        ),
        ignored(
            linked,
            ReadFailed,
            because="Stripe refused the read for good; its latest word stands",
            anomaly=True,
        ),
        ignored(
            disconnected,
            ReportedActive,
            because="Stripe says active of an account that it had disconnected for good",
            anomaly=True,
        ),
        ignored(
            disconnected,
            (SessionRelinked, KnownAccountLinked, NewAccountLinkedInstead, ReturnedBySession),
            because="a session linked an account that Stripe had disconnected for good",
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
                NumberChanged,
                ReviewDue,
                PaymentMethodChanged,
                ReadFailed,
            ),
            because="it is disconnected for good",
        ),
    )
