"""What is remembered of an account, and what follows from it.

Details are kept field by field with the time of their source, so that late reports fill gaps and
never undo anything newer. The functions are pure: facts in, facts or an answer out; the chart in
:mod:`relink.machines.account.chart` says when each applies.
"""

from operator import itemgetter
from typing import Any

from relink.engine import Facts

from ..commands import CreateRelinkSession
from ..freshness import ReportFacts, window
from ..messages import LinkReported
from ..report import Holder
from ..vocabulary import (
    Ask,
    Mode,
    NumberStatus,
    PaymentMethodState,
    RelinkReason,
    ReportedStatus,
)

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

_details = itemgetter(*DETAILS)

RESET = {"failures": 0, "given_up": False, "next_mode": "specific", "failure_reason": None}
"""What is forgotten when an outage is over: the next one has all its attempts (R4)."""


class ReportedNeeds(Facts):
    """What the account last reported to an outage that it needs."""

    outage: str
    needs: tuple[RelinkReason, ...]
    cause: str | None
    """Stripe's ``cause`` of the inactivity."""
    ask: Ask
    relink_by: int | None
    """When it stops working (Unix seconds)."""


class OwnershipCheck(Facts):
    """What a session that returned an account asks: is it known, and whose is it (K7, R6)?"""

    session: str
    holder: Holder | None
    """Whom the session was for."""
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
    worked_as_of: int = -1
    """The latest time that any report or result said that it works, late ones too (Unix
    seconds)."""

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

    session: str | None = None
    """The relink session that is open for it."""
    request: CreateRelinkSession | None = None
    """What that session was opened with."""
    opened_while_active: bool = False
    attempt: int = 0
    """Sessions opened so far, ever."""
    failures: int = 0
    """Unsuccessful ones in this outage."""
    next_mode: Mode = "specific"
    failure_reason: str | None = None
    """Of the last unsuccessful session."""
    given_up: bool = False
    """The policy's attempts are used up in this outage: no more prompts (R4)."""
    repaired_as_of: int = -1
    """The time of the last session result that relinked it (Unix seconds)."""
    repaired_by_read: bool = False

    replaced_by: str | None = None
    """The new account that the customer linked instead (S6)."""
    replaced_as_of: int = -1
    replaced_by_read: bool = False
    known_linked: str | None = None
    """Another known account that the customer picked instead (R3)."""

    number: NumberStatus | None = None
    """The status of its numbers; None: no report of numbers yet."""
    number_expires_on: int | None = None
    payment_method: PaymentMethodState | None = None
    """The state of what was built on it."""
    payment_method_reason: str | None = None
    pending_check: OwnershipCheck | None = None
    """The session that returned it, while Stripe is asked whose account it is (R6)."""
    build_for: str | None = None
    """The session that linked it as new, while too little is known to build on it."""

    last_reported: ReportedNeeds | None = None
    """What it last reported to an outage; None while it needs no relink."""

    @property
    def works(self) -> bool:
        """Whether the latest report says that it works."""
        return self.reported_status is not None and self.reported_status.works

    @property
    def needs(self) -> tuple[RelinkReason, ...]:
        """What the customer is to be prompted for."""
        return self.last_reported.needs if self.last_reported else ()


def included_at(facts: AccountFacts, field: str) -> int:
    """The time of a detail's source (Unix seconds); negative where no report included it."""
    return facts.included_at.get(field, facts.as_of)


def was_included(facts: AccountFacts, field: str) -> bool:
    """Whether any report included this detail, if only to say that there is none."""
    return included_at(facts, field) >= 0


def has_ambiguous_detail(facts: AccountFacts, trigger: LinkReported) -> bool:
    """Whether a detail differs, too close in time to tell which report came last (K4)."""
    apart = window(facts.by_read or trigger.read)
    since = trigger.as_of - facts.as_of
    if since > apart:
        return False
    report = trigger.report
    # Well before the latest report, only what that one left out can be as old.
    return any(
        report.includes(field)
        and getattr(report, field) != getattr(facts, field)
        and abs(trigger.as_of - included_at(facts, field)) <= apart
        for field in (DETAILS if since >= -apart else facts.included_at)
    )


def after_report(facts: AccountFacts, trigger: LinkReported) -> dict[str, Any]:
    """What changes with a report that counts: it is the latest, and all that it includes."""
    report, status = trigger.report, trigger.reported_status
    included, new, known = report.model_fields_set, report.__dict__, facts.__dict__
    changes: dict[str, Any] = {}
    if _details(new) != _details(known):
        changes = {f: new[f] for f in DETAILS if f in included and new[f] != known[f]}
    left_out = EVERY_DETAIL - included
    if left_out or facts.included_at:
        changes["included_at"] = {
            f: facts.included_at.get(f, facts.as_of) for f in sorted(left_out)
        }
    if status is not facts.reported_status:
        changes["reported_status"] = status
        if not status.leaves_open:
            changes["repairable"] = status.repairable
    changes["as_of"] = trigger.as_of
    changes["by_read"] = trigger.read
    if status.works:
        changes["worked_as_of"] = max(facts.worked_as_of, trigger.as_of)
    if facts.first_seen_at is None:
        changes["first_seen_at"] = trigger.at
    return changes


def after_stale_report(facts: AccountFacts, trigger: LinkReported) -> dict[str, Any]:
    """What changes with a stale report: the details that no newer report included (K3, K5)."""
    report, as_of = trigger.report, trigger.as_of
    changes = {
        field: getattr(report, field)
        for field in (DETAILS if as_of >= facts.as_of else facts.included_at)
        if report.includes(field) and as_of >= included_at(facts, field)
    }
    if changes:
        changes["included_at"] = {**facts.included_at, **dict.fromkeys(changes, as_of)}
    if trigger.reported_status.works and as_of > facts.worked_as_of:
        changes["worked_as_of"] = as_of
    return changes


def is_replaced(facts: AccountFacts) -> bool:
    """Whether it was replaced by a new account, and has not worked since (S6)."""
    return facts.worked_as_of <= facts.replaced_as_of + window(facts.replaced_by_read)


def outage_of(facts: AccountFacts) -> str:
    """Whose outage its prompts belong to: the authorization's, or its own (P1)."""
    return facts.authorization or facts.id
