"""What is remembered of an account, and what follows from it.

Details are kept field by field with the time of their source, so that late reports fill gaps and
never undo anything newer. The functions are pure: facts in, facts or an answer out; the chart in
:mod:`relink.machines.account.chart` says when each applies.
"""

from operator import itemgetter
from typing import Any

from relink.engine import Facts

from ..commands import CreateRelinkSession
from ..freshness import ReportFacts, by_read, window
from ..report import Holder
from ..reported import LinkReported
from ..vocabulary import (
    BuildState,
    MandateReason,
    Mode,
    NeedStanding,
    NumberStatus,
    PaymentMethodState,
    RelinkReason,
    ReportedStatus,
)
from .timeline import LONGEST, Timeline, came_back, has_worked_between, with_report

DETAILS = (
    "action",
    "cause",
    "deactivates_on",
    "deactivation_action",
    "authorization",
    "holder",
    "permissions",
    "subcategory",
    "payment_method_types",
    "institution_name",
    "last4",
)
"""The fields of a report that an account keeps."""

EVERY_DETAIL = frozenset(DETAILS)

STATUS_DETAILS = frozenset(("action", "cause", "deactivates_on", "deactivation_action"))
"""What Stripe's ``status_details`` says."""
INACTIVE_DETAILS = frozenset(("action", "cause"))
"""The part of them that only an inactive account has."""
_details = itemgetter(*DETAILS)

NO_LOGIN = {"login_announced": False, "login_deactivates_on": None, "login_as_of": -1}
"""What is forgotten of the authorization when the account moves to another one (K8)."""

MOST_PAYMENT_METHODS = 20
"""Of how many payment methods an account remembers the state: the latest (C3)."""


class AccountOutage(Facts):
    """One outage of the account: everything that lives and dies with it (R4)."""

    number: int
    """Which one of the account, from 1."""
    since: float
    """When the account began to need a relink (Unix seconds, our clock)."""
    failures: int = 0
    """Unsuccessful sessions that were asked for in it."""
    next_mode: Mode = "specific"
    failure_reason: str | None = None
    """Of the last of them."""
    given_up: bool = False
    """The policy's attempts are used up: no more prompts."""
    mailed_at: float | None = None
    """When Stripe itself wrote to the customer, by a session of this outage or by one that was
    open when it began: that mail is the prompt (Unix seconds, P2)."""


class ReportedNeeds(Facts):
    """What the account last reported to an outage that it needs."""

    outage: str
    number: int
    needs: tuple[RelinkReason, ...]
    standing: NeedStanding
    cause: str | None
    """Stripe's ``cause`` of the inactivity."""
    relink_by: int | None
    """When it stops working (Unix seconds)."""
    holder: str
    mailed_at: float | None
    stripe_writes_since: float | None
    read_due_since: float | None
    """Since when a read of it is due, which holds up messages that name it (K9)."""


class AwaitedRead(Facts):
    """What the account last told its holder: a read is due (K9)."""

    holder: str
    authorization: str | None


class KnownPaymentMethod(Facts):
    """The state of a payment method or external account (C1, C3)."""

    state: PaymentMethodState
    reason: str | None = None
    """Why it is blocked, or why it needs a mandate (a code)."""
    mandate_due: MandateReason | None = None
    """Why it needs a mandate, blocked or not."""
    lost_number: bool = False
    """It is blocked because the account number was deactivated, which a relink repairs."""
    is_external: bool = False
    """It is an external account, which has a status of its own (C3)."""
    was_looked_at: bool = False
    """It was read since, because the account number paid again."""

    @property
    def can_pay(self) -> bool:
        """Nothing but the account number speaks against charging it (C3)."""
        return self.state.can_pay or (self.lost_number and not self.is_external)


class OwnershipCheck(Facts):
    """What a session that returned an account asks: is it known, and whose is it (K7, R6)?"""

    session: str
    holder: Holder | None
    """Whom the session was for."""
    old_holder: Holder | None
    """Whose the expected account is, where the session has no holder."""
    opened_at: float
    as_of: int
    read: bool


class AccountFacts(ReportFacts):
    """An account's memory."""

    reported_status: ReportedStatus | None = None
    """What the latest report said; None before the first one."""
    first_seen_at: float | None = None
    """When relink first learned of it (our clock): known or new is judged by this (K7)."""
    repairable: bool | None = None
    """Whether the customer can repair it, by the latest report that said so (K5); None while it
    works."""
    timeline: Timeline = ()
    """When it was reported to work and when not, late reports included (S6)."""
    has_returned: bool = False
    """It had come back when the timeline forgot its oldest report, so no late one undoes that."""

    action: str | None = None
    cause: str | None = None
    deactivates_on: int | None = None
    deactivation_action: str | None = None
    authorization: str | None = None
    holder: Holder | None = None
    permissions: tuple[str, ...] | None = None
    subcategory: str | None = None
    payment_method_types: tuple[str, ...] | None = None
    institution_name: str | None = None
    last4: str | None = None
    included_at: dict[str, int] = {}
    """The time of the source of each detail that the latest report left out (Unix seconds)."""

    login_announced: bool = False
    """Stripe announces that its authorization stops working, and a relink prevents it (P3)."""
    login_deactivates_on: int | None = None
    """The day that is announced for the authorization (Unix seconds)."""
    login_as_of: int = -1
    """When the authorization was last reported active (Unix seconds)."""

    outage: AccountOutage | None = None
    """The outage that it is in; None while it needs no relink (R4)."""
    outages: int = 0
    """Outages so far."""
    session: str | None = None
    """The relink session that is open for it."""
    request: CreateRelinkSession | None = None
    """What that session was opened with."""
    opened_at: float = 0.0
    """When that session was opened (Unix seconds, our clock)."""
    opened_while_active: bool = False
    attempt: int = 0
    """Sessions opened so far, ever."""
    repaired_as_of: int = -1
    """The time of the last session result that relinked it (Unix seconds)."""
    repaired_by_read: bool = False

    replaced_by: str | None = None
    """The new account that the customer linked instead (S6)."""
    replaced_as_of: int = -1
    """The earliest time at which that was reported (Unix seconds)."""
    replaced_attempt: int = 0
    """The latest session that replaced it: earlier ones never undo that."""
    replaced_session: str | None = None
    """The session whose result said so; None where the service did (P4)."""
    known_linked: str | None = None
    """Another known account that the customer picked instead (R3)."""
    retired: bool = False
    """The service has no use for it (P4)."""

    number: NumberStatus | None = None
    """The status of its numbers; None: no report of numbers yet."""
    number_expires_on: int | None = None
    payment_methods: dict[str, KnownPaymentMethod] = {}
    """What is built on it, as far as relink knows: the latest ones, by id."""
    build: BuildState | None = None
    """How far the making of its own payment method is (N1)."""
    build_reason: str | None = None
    """Why it was refused (a code)."""
    pending_checks: tuple[OwnershipCheck, ...] = ()
    """The sessions that returned it, while Stripe is asked whose account it is (R6)."""
    build_for: str | None = None
    """The session that linked it as new, while too little is known to build on it."""

    read_due_since: float | None = None
    """Since when a read of it is due (Unix seconds, our clock)."""
    planned_for: int | None = None
    """The time to which its last timer is set (Unix seconds)."""
    last_reported: ReportedNeeds | None = None
    """What it last reported to an outage; None while it needs no relink."""
    last_awaited: AwaitedRead | None = None
    """What it last told its holder; None while no read is due."""
    requested_for: frozenset[str] = frozenset()
    """The causes that stand for which the service was asked for another payment method (C4)."""
    requests: int = 0
    """How often it was asked."""
    mandates_requested: frozenset[str] = frozenset()
    """The payment methods whose missing mandate the service was asked for (N3)."""
    mandate_requests: int = 0
    """How often it was asked for one."""

    @property
    def works(self) -> bool:
        """Whether the latest report says that it works."""
        return self.reported_status is not None and self.reported_status.works

    @property
    def known_until(self) -> int:
        """A session's result is a report as well (S5)."""
        return max(self.as_of, self.repaired_as_of)

    @property
    def needs(self) -> tuple[RelinkReason, ...]:
        """What the customer is to be prompted for."""
        return self.last_reported.needs if self.last_reported else ()

    @property
    def next_mode(self) -> Mode:
        """The kind of session that is due (R4)."""
        return self.outage.next_mode if self.outage else "specific"

    @property
    def given_up(self) -> bool:
        """Whether the policy's attempts are used up in this outage (R4)."""
        return self.outage is not None and self.outage.given_up


def included_at(facts: AccountFacts, field: str) -> int:
    """The time of a detail's source (Unix seconds); negative where no report included it."""
    return facts.included_at.get(field, facts.as_of)


def was_included(facts: AccountFacts, field: str) -> bool:
    """Whether any report included this detail, if only to say that there is none."""
    return included_at(facts, field) >= 0


def ambiguous_details(facts: AccountFacts, trigger: LinkReported) -> frozenset[str]:
    """The details that differ, too close in time to tell which report came last (K4)."""
    apart = window(facts.by_read or trigger.read)
    since = trigger.as_of - facts.as_of
    if since > apart or trigger.decides:
        return frozenset()
    report = trigger.report
    # Well before the latest report, only what that one left out can be as old.
    fields = EVERY_DETAIL if since >= -apart else frozenset(facts.included_at)
    if trigger.reported_status is not facts.reported_status:
        # They belong to a status (K5), and are taken or left with it.
        fields -= STATUS_DETAILS
    return frozenset(
        field
        for field in fields
        if report.includes(field)
        and getattr(report, field) != getattr(facts, field)
        and abs(trigger.as_of - included_at(facts, field)) <= apart
    )


def after_report(
    facts: AccountFacts, trigger: LinkReported, doubtful: frozenset[str]
) -> dict[str, Any]:
    """What changes with a report that counts: it is the latest, and all that it includes.

    Args:
        facts: before the report.
        trigger: the report.
        doubtful: the details that it may say too late, as in :func:`ambiguous_details`.
    """
    report, status = trigger.report, trigger.reported_status
    included = report.model_fields_set - doubtful
    said, known = _details(report.__dict__), _details(facts.__dict__)
    changes: dict[str, Any] = {}
    if said != known:
        pairs = zip(DETAILS, said, known, strict=True)
        changes = {f: new for f, new, old in pairs if new != old and f in included}
    left_out = EVERY_DETAIL - included
    if left_out or facts.included_at:
        changes["included_at"] = {
            f: facts.included_at.get(f, facts.as_of) for f in sorted(left_out)
        }
    if status is not facts.reported_status:
        changes["reported_status"] = status
        if not status.leaves_open:
            changes["repairable"] = status.repairable
    if trigger.as_of >= facts.as_of:
        changes["as_of"] = trigger.as_of
        changes["by_read"] = by_read(facts, trigger.as_of, trigger.read)
    changes |= in_timeline(facts, trigger)
    if "authorization" in changes:
        changes |= NO_LOGIN
    if facts.first_seen_at is None:
        changes["first_seen_at"] = trigger.at
    return changes


def after_details(
    facts: AccountFacts, trigger: LinkReported, doubtful: frozenset[str]
) -> dict[str, Any]:
    """What changes with a report whose status does not count, since it is stale or ambiguous: the
    details that no newer report included (K3, K5).

    Args: as for :func:`after_report`.
    """
    report, as_of = trigger.report, trigger.as_of
    fields = EVERY_DETAIL if as_of >= facts.as_of else frozenset(facts.included_at)
    status = facts.reported_status
    if status is None or not status.agrees_with(trigger.reported_status):
        # What was announced while it worked holds whenever it works again (K3, P3).
        fields -= INACTIVE_DETAILS
    changes = {
        field: getattr(report, field)
        for field in sorted(fields - doubtful)
        if report.includes(field) and as_of > included_at(facts, field)
    }
    if changes:
        changes["included_at"] = {**facts.included_at, **dict.fromkeys(changes, as_of)}
    changes |= in_timeline(facts, trigger)
    if changes.get("authorization", facts.authorization) != facts.authorization:
        changes |= NO_LOGIN
    return changes | _late_repairability(facts, trigger)


def cause_of(facts: AccountFacts) -> str | None:
    """Stripe's ``cause`` of this inactivity; None where only an earlier one has it (K5)."""
    is_over = has_worked_between(facts.timeline, included_at(facts, "cause"), facts.as_of)
    return None if is_over else facts.cause


def in_timeline(facts: AccountFacts, trigger: LinkReported) -> dict[str, Any]:
    """What changes in the timeline with a report, whether it counts otherwise or not (S6).

    Nobody comes back from a disconnection: it is final if it is true, and says nothing otherwise.
    """
    status = trigger.reported_status
    if status is ReportedStatus.DISCONNECTED:
        return {}
    cause = trigger.report.cause if status.is_inactive else None
    timeline = with_report(facts.timeline, trigger.as_of, status.works, cause)
    if timeline == facts.timeline:
        return {}
    forgets = len(facts.timeline) == LONGEST and facts.replaced_by is not None
    if forgets and has_come_back(facts):
        return {"timeline": timeline, "has_returned": True}
    return {"timeline": timeline}


def _late_repairability(facts: AccountFacts, trigger: LinkReported) -> dict[str, Any]:
    """Whether it can be repaired, as an older report says that the latest one left open (K3)."""
    status, late = facts.reported_status, trigger.reported_status
    if status is None or not status.leaves_open or facts.repairable is not None:
        return {}
    if not late.is_inactive or late.repairable is None:
        return {}
    if has_worked_between(facts.timeline, trigger.as_of, facts.as_of):
        return {}
    return {"repairable": late.repairable}


def has_come_back(facts: AccountFacts) -> bool:
    """Whether it was replaced, and has worked again after it had stopped (S6)."""
    return facts.has_returned or came_back(facts.timeline, facts.replaced_as_of)


def is_replaced(facts: AccountFacts) -> bool:
    """Whether another account is used instead: it was replaced, and neither repaired since nor has
    it come back (S6)."""
    if facts.replaced_by is None or facts.repaired_as_of >= facts.replaced_as_of:
        return False
    return not has_come_back(facts)


def outage_of(facts: AccountFacts) -> str:
    """Whose outage its prompts belong to: the authorization's, or its own (P1)."""
    return facts.authorization or facts.id


def holder_key(facts: AccountFacts) -> str:
    """Who is written to about it: the key of the machine that holds back prompts (K9)."""
    return facts.holder.id if facts.holder else outage_of(facts)
