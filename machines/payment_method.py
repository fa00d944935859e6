"""The payment method: can it be charged, and does the customer still authorize that?

One machine for each payment method (``pm_…``) or external account (``ba_…``), by its own id,
whether relink built it or the service did. What one of them reports never changes another (C3).

States
    ``ready``           Nothing speaks against it. Machines begin here.
    ``mandate_needed``  The customer has to authorize debits again (N3).
    ``blocked``         Stripe blocks it (C3).
    ``gone``            It was detached or deleted, for good (N4).

A block for a deactivated account number is the one that a relink mends: the account number learns
of it, and of its being lifted.

Rules kept here: K4, K6, C3, N3 and N4.
"""

from typing import Any

from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, ignored, stays

from . import anomalies, reasons, stories
from .asking import look, read
from .commands import PaymentMethodGone
from .compiled.payment_method import TABLE
from .events import DomainEvent
from .freshness import READ_WINDOW
from .messages import (
    Built,
    MandateEnded,
    MandateGiven,
    NumberBlocked,
    NumberUnblocked,
    PaymentMethodBlocked,
    PaymentMethodChanged,
    PaymentMethodDetached,
    PaymentMethodUnclear,
    PaymentMethodWorks,
    ReadFailed,
    ReadWanted,
)
from .reasons import Anomaly, ReadReason
from .vocabulary import NUMBER_DEACTIVATED, MandateReason, ObjectKind, PaymentMethodState

Effects = list[Command | Assign]
Checked = PaymentMethodWorks | PaymentMethodBlocked | PaymentMethodDetached

CHECKS = "payment_method_works payment_method_blocked payment_method_detached"


class PaymentMethodFacts(Facts):
    """A payment method's memory."""

    id: str
    account: str | None = None
    """The account that it was made from."""
    connected_account: str | None = None
    """For an external account: whose it is (``acct_…``)."""
    as_of: int = -1
    """The time of the latest report (Unix seconds)."""
    blocked: str | None = None
    """Why it is blocked, by that report."""
    is_contested: bool = False
    """Two reports of one second differ on whether its number was deactivated."""
    mandate_due: MandateReason | None = None
    """Why the customer has to authorize debits again (N3); None while nobody has to."""
    mandate_as_of: int = -1
    """When that was known last (Unix seconds)."""

    @property
    def kind(self) -> ObjectKind:
        """What it is at Stripe."""
        is_external = self.connected_account or self.id.startswith("ba_")
        return "external_account" if is_external else "payment_method"

    @property
    def is_readable(self) -> bool:
        """An external account is read through its connected account, where that is known."""
        return self.kind == "payment_method" or self.connected_account is not None


class PaymentMethodChart(Chart):
    """One payment method or external account."""

    facts_type = PaymentMethodFacts
    table_text = TABLE
    story = stories.PAYMENT_METHOD
    alphabet = (
        Built,
        PaymentMethodWorks,
        PaymentMethodBlocked,
        PaymentMethodDetached,
        PaymentMethodUnclear,
        MandateEnded,
        MandateGiven,
        ReadFailed,
    )
    sends = {
        "account": (PaymentMethodChanged,),
        "account_number": (NumberBlocked, NumberUnblocked),
        "read": (ReadWanted,),
    }

    ready = State(initial=True)
    mandate_needed = State()
    blocked = State()
    gone = State(final=True)

    usable = (ready, mandate_needed)
    there = (*usable, blocked)

    # ── relink built it; attaching gives no mandate (N3) ─────────────────────
    stays(ready, event="built", cond="is_external_account", on="note_built")
    mandate_needed.from_(ready, event="built", on="note_built_without_mandate")
    stays(mandate_needed, blocked, event="built", on="note_origin")

    # ── Stripe reports on it (C3, N4) ────────────────────────────────────────
    stays(*there, event=CHECKS, cond="is_stale", on="tell_late_lift")
    stays(*there, event=CHECKS, cond="is_ambiguous", on="settle_contradiction")
    stays(*usable, event="payment_method_works", on="note_works")
    mandate_needed.from_(
        blocked, event="payment_method_works", cond="lacks_mandate", on="note_works"
    )
    ready.from_(blocked, event="payment_method_works", on="note_works")
    stays(blocked, event="payment_method_blocked", on=["note_blocked", "report_unknown"])
    blocked.from_(*usable, event="payment_method_blocked", on=["note_blocked", "report_unknown"])
    gone.from_(*usable, blocked, event="payment_method_detached", on=["note_gone", "tell_service"])
    stays(*there, event="payment_method_unclear", on="look")
    gone.from_(
        *usable,
        blocked,
        event="read_failed",
        cond="is_missing",
        on=["note_missing", "tell_service"],
    )

    # ── the mandate (N3) ─────────────────────────────────────────────────────
    stays(*there, event="mandate_ended", cond="is_outdated_mandate")
    mandate_needed.from_(ready, event="mandate_ended", on="note_mandate_ended")
    stays(mandate_needed, blocked, event="mandate_ended", on="note_mandate_ended")
    ready.from_(mandate_needed, event="mandate_given", on="note_mandate_given")
    stays(ready, blocked, event="mandate_given", on="note_mandate_given")

    decided = (
        ignored(there, ReadFailed, because=reasons.READ_REFUSED, anomaly=True),
        ignored(gone, alphabet, because=reasons.ALREADY_GONE),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def is_external_account(self, facts: PaymentMethodFacts, trigger: Built) -> bool:
        """Payouts need no mandate."""
        return trigger.connected_account is not None

    def is_stale(self, facts: PaymentMethodFacts, trigger: Checked) -> bool:
        """There is a newer report."""
        return trigger.as_of < facts.as_of

    def is_ambiguous(self, facts: PaymentMethodFacts, trigger: Checked) -> bool:
        """A report of the same second says something else, and Stripe was not asked (K4)."""
        is_same_time = trigger.as_of == facts.as_of and not trigger.read
        return is_same_time and _reason(trigger) != facts.blocked

    def lacks_mandate(self, facts: PaymentMethodFacts, trigger: PaymentMethodWorks) -> bool:
        """The customer has to authorize debits again (N3)."""
        return facts.mandate_due is not None

    def is_missing(self, facts: PaymentMethodFacts, trigger: ReadFailed) -> bool:
        """Stripe has no such object any more."""
        return trigger.error == "resource_missing"

    def is_outdated_mandate(self, facts: PaymentMethodFacts, trigger: MandateEnded) -> bool:
        """The service has collected another mandate since."""
        return trigger.as_of < facts.mandate_as_of

    # ── effects ──────────────────────────────────────────────────────────────

    def note_built(self, facts: PaymentMethodFacts, trigger: Built) -> Effects:
        """Remember what it was made from, and tell the account."""
        return _changed(facts, trigger, PaymentMethodState.READY, _origin(trigger))

    def note_built_without_mandate(self, facts: PaymentMethodFacts, trigger: Built) -> Effects:
        """The same, and debits need the customer's authorization (N3)."""
        changes = {**_origin(trigger), "mandate_due": "new_account"}
        return _changed(facts, trigger, PaymentMethodState.MANDATE_NEEDED, changes)

    def note_origin(self, facts: PaymentMethodFacts, trigger: Built) -> Effects:
        """Stripe reported on it before relink knew that it is its own: tell the account now."""
        due = None if trigger.connected_account else "new_account"
        changes = {**_origin(trigger), "mandate_due": due}
        return _changed(facts, trigger, PaymentMethodState.MANDATE_NEEDED, changes)

    def note_works(self, facts: PaymentMethodFacts, trigger: PaymentMethodWorks) -> Effects:
        """Nothing speaks against it."""
        is_due = facts.mandate_due is not None
        state = PaymentMethodState.MANDATE_NEEDED if is_due else PaymentMethodState.READY
        return [*_changed(facts, trigger, state, _checked(trigger)), *_lifted(facts, trigger)]

    def tell_late_lift(self, facts: PaymentMethodFacts, trigger: Checked) -> Command | None:
        """The number was deactivated once, and a newer report, which is known, took that back."""
        if _reason(trigger) != NUMBER_DEACTIVATED or facts.blocked == NUMBER_DEACTIVATED:
            return None
        return _unblocked(trigger, facts.as_of)

    def note_blocked(self, facts: PaymentMethodFacts, trigger: PaymentMethodBlocked) -> Effects:
        """It cannot be charged; for a deactivated number, the account number learns of it."""
        told = _changed(facts, trigger, PaymentMethodState.BLOCKED, _checked(trigger))
        if trigger.reason != NUMBER_DEACTIVATED:
            return [*told, *_lifted(facts, trigger)]
        lapsed = trigger.follow(NumberBlocked, as_of=trigger.as_of)
        return [*told, Send(machine="account_number", key=trigger.account, event=lapsed)]

    def report_unknown(
        self, facts: PaymentMethodFacts, trigger: PaymentMethodBlocked
    ) -> Command | None:
        """Report a status that relink does not know: it never counts as good (K12)."""
        if not trigger.is_unknown or facts.blocked == trigger.reason:
            return None
        return anomalies.report(facts.id, Anomaly.UNKNOWN_STATUS, trigger.reason, trigger)

    def note_gone(self, facts: PaymentMethodFacts, trigger: PaymentMethodDetached) -> Effects:
        """It cannot be charged any more (N4)."""
        return _changed(facts, trigger, PaymentMethodState.GONE, _checked(trigger))

    def note_missing(self, facts: PaymentMethodFacts, trigger: ReadFailed) -> Effects:
        """Stripe has deleted it (N4)."""
        return _changed(facts, trigger, PaymentMethodState.GONE, {"blocked": _GONE})

    def tell_service(
        self, facts: PaymentMethodFacts, trigger: PaymentMethodDetached | ReadFailed
    ) -> Command | None:
        """Tell the service that it has lost a payment method (N4)."""
        account = trigger.account if isinstance(trigger, PaymentMethodDetached) else facts.account
        return PaymentMethodGone(account=account, payment_method=facts.id) if account else None

    def settle_contradiction(self, facts: PaymentMethodFacts, trigger: Checked) -> Effects:
        """Read it: nothing tells which report came last (K4)."""
        contested = NUMBER_DEACTIVATED in (facts.blocked, _reason(trigger))
        note = Assign(is_contested=facts.is_contested or contested)
        if not facts.is_readable:
            return [note]
        question = read(
            facts.id,
            facts.kind,
            ReadReason.CONTRADICTION,
            trigger,
            after=trigger.as_of + READ_WINDOW,
            connected_account=facts.connected_account,
        )
        return [note, question]

    def look(self, facts: PaymentMethodFacts, trigger: PaymentMethodUnclear) -> list[Command]:
        """Read it, since the report says only that something changed (K2, K6)."""
        told: list[Command] = []
        if trigger.in_future:
            told.append(anomalies.report(facts.id, Anomaly.FUTURE_TIME, None, trigger))
        if not facts.is_readable:
            return told
        whose = facts.connected_account
        return [*told, *look(facts.id, facts.kind, trigger, connected_account=whose)]

    def note_mandate_ended(self, facts: PaymentMethodFacts, trigger: MandateEnded) -> Effects:
        """Debits need the customer's authorization again (N3)."""
        changes = {"mandate_due": "mandate_inactive", "mandate_as_of": trigger.as_of}
        return _changed(facts, trigger, PaymentMethodState.MANDATE_NEEDED, changes)

    def note_mandate_given(self, facts: PaymentMethodFacts, trigger: MandateGiven) -> Effects:
        """The service may debit it, unless something else speaks against it."""
        changes = {"mandate_due": None, "mandate_as_of": int(trigger.at)}
        return _changed(facts, trigger, PaymentMethodState.READY, changes)


_GONE = "gone"
"""What ``blocked`` says of one that is gone."""


def _origin(trigger: Built) -> dict[str, Any]:
    return {"account": trigger.account, "connected_account": trigger.connected_account}


def _reason(trigger: Checked) -> str | None:
    match trigger:
        case PaymentMethodWorks():
            return None
        case PaymentMethodBlocked(reason=reason):
            return reason
        case PaymentMethodDetached():
            return _GONE


def _checked(trigger: Checked) -> dict[str, Any]:
    return {
        "account": trigger.account,
        "as_of": trigger.as_of,
        "blocked": _reason(trigger),
        "is_contested": False,
    }


def _changed(
    facts: PaymentMethodFacts,
    trigger: DomainEvent,
    state: PaymentMethodState,
    changes: dict[str, Any],
) -> Effects:
    """Remember, and tell the account. A block stays, whatever happens to the mandate."""
    now = facts.after(changes)
    if now.blocked is not None and state.can_pay:
        state = PaymentMethodState.BLOCKED
    if now.account is None:
        return [Assign(**changes)]
    event = trigger.follow(
        PaymentMethodChanged,
        payment_method=facts.id,
        state=state,
        reason=now.blocked or now.mandate_due,
        mandate_due=now.mandate_due,
        lost_number=now.blocked == NUMBER_DEACTIVATED,
        is_external=now.connected_account is not None,
    )
    return [Assign(**changes), Send(machine="account", key=now.account, event=event)]


def _lifted(facts: PaymentMethodFacts, trigger: Checked) -> list[Command]:
    """Tell the account number that its block was lifted, if it was (C3)."""
    if facts.blocked != NUMBER_DEACTIVATED and not facts.is_contested:
        return []
    return [_unblocked(trigger, trigger.as_of)]


def _unblocked(trigger: Checked, as_of: int) -> Send:
    lifted = trigger.follow(NumberUnblocked, as_of=as_of)
    return Send(machine="account_number", key=trigger.account, event=lifted)
