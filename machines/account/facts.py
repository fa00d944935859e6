"""What is remembered of an account, and what follows from it.

Details are kept field by field with the time of their source, so that late webhooks
fill gaps and never undo anything newer. The functions are pure: facts in, facts or
an answer out; the chart in :mod:`relink.machines.account` says when each applies.
"""

from operator import itemgetter
from typing import Any, Literal

from relink.engine import Facts

from ..commands import CreateRelinkSession, Mode, RelinkReason
from ..events import RelinkRequested
from ..freshness import ReportFacts, window
from ..messages import Reported
from ..report import Holder

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
"""The fields of a word that an account keeps."""

EVERY_DETAIL = frozenset(DETAILS)

_details = itemgetter(*DETAILS)

RESET = {"failures": 0, "given_up": False, "next_mode": "specific", "failure_reason": None}
"""What is forgotten when an outage is over: the next one has all its attempts (R4)."""

ELIGIBLE = ("checking", "savings")
"""The subcategories that can pay or be paid."""


class ReportedNeeds(Facts):
    """What an outage was told that an account needs."""

    outage: str
    needs: tuple[RelinkReason, ...]
    cause: str | None
    ask: Literal["relink", "new_payment_method"]
    relink_by: int | None


class OwnershipCheck(Facts):
    """What a session that returned an account wants to know: is it known, and whose (K7, R6)?"""

    session: str
    holder: Holder | None
    """Whom the session was for."""
    opened_at: float
    as_of: int
    read: bool


class AccountFacts(ReportFacts):
    """An account's memory."""

    first_seen_at: float | None = None
    """When we first heard of it (our clock): known or new is judged by this (K7)."""
    repairable: bool | None = None
    """Whether it can be repaired, by the latest word that told (K5); None while it works."""
    worked_as_of: int = -1
    """The latest time that any word or result said that it works, late ones too (Unix seconds)."""

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
    told_at: dict[str, int] = {}
    """The time of the source of each detail that the latest word left out (Unix seconds)."""

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
    """The new account that the customer linked in its stead (S6)."""
    replaced_as_of: int = -1
    replaced_by_read: bool = False
    known_linked: str | None = None
    """Another known account that the customer picked in its stead (R3)."""

    number: str | None = None
    """How its tokenized number fares; None: nothing heard of numbers."""
    number_expires_on: int | None = None
    payment_method: str | None = None
    """How the payment method that was built on it fares."""
    payment_method_reason: str | None = None
    pending_check: OwnershipCheck | None = None
    """The session that returned it, while Stripe is asked whose account it is (R6)."""
    build_for: str | None = None
    """The session that linked it as new, while too little is known to build on it."""

    last_reported: ReportedNeeds | None = None
    """What an outage has noted of it; None while it needs no relink."""

    @property
    def needs(self) -> tuple[RelinkReason, ...]:
        """What the customer is to be prompted for."""
        return self.last_reported.needs if self.last_reported else ()


def told_at(facts: AccountFacts, field: str) -> int:
    """The time of a detail's source (Unix seconds); negative for one that was never told."""
    return facts.told_at.get(field, facts.as_of)


def was_told(facts: AccountFacts, field: str) -> bool:
    """Whether any word had this detail, if only to say that there is none."""
    return told_at(facts, field) >= 0


def has_ambiguous_detail(facts: AccountFacts, trigger: Reported) -> bool:
    """Whether a detail is told differently too close in time to tell which came last (K4)."""
    apart = window(facts.by_read or trigger.read)
    since = trigger.as_of - facts.as_of
    if since > apart:
        return False
    report = trigger.report
    # Well before the latest word, only what that left out can be as old.
    return any(
        report.includes(field)
        and getattr(report, field) != getattr(facts, field)
        and abs(trigger.as_of - told_at(facts, field)) <= apart
        for field in (DETAILS if since >= -apart else facts.told_at)
    )


def believed(facts: AccountFacts, trigger: Reported) -> dict[str, Any]:
    """What changes when a word is believed: it is the latest, and all that it tells counts."""
    report, reported_status = trigger.report, trigger.reported_status
    said, told, known = report.model_fields_set, report.__dict__, facts.__dict__
    changes: dict[str, Any] = {}
    if _details(told) != _details(known):
        changes = {f: told[f] for f in DETAILS if f in said and told[f] != known[f]}
    left_out = EVERY_DETAIL - said
    if left_out or facts.told_at:
        changes["told_at"] = {f: facts.told_at.get(f, facts.as_of) for f in sorted(left_out)}
    if reported_status != facts.reported_status:
        changes["reported_status"] = reported_status
        if reported_status != "inactive":
            changes["repairable"] = (
                None if reported_status == "active" else reported_status == "relinkable"
            )
    changes["as_of"] = trigger.as_of
    changes["by_read"] = trigger.read
    if reported_status == "active":
        changes["worked_as_of"] = max(facts.worked_as_of, trigger.as_of)
    if facts.first_seen_at is None:
        changes["first_seen_at"] = trigger.at
    return changes


def gaps_filled(facts: AccountFacts, trigger: Reported) -> dict[str, Any]:
    """What changes when a word is too old to be believed: details that nothing newer told."""
    report, as_of = trigger.report, trigger.as_of
    news = {
        field: getattr(report, field)
        for field in (DETAILS if as_of >= facts.as_of else facts.told_at)
        if report.includes(field) and as_of >= told_at(facts, field)
    }
    if news:
        news["told_at"] = {**facts.told_at, **dict.fromkeys(news, as_of)}
    if trigger.reported_status == "active" and as_of > facts.worked_as_of:
        news["worked_as_of"] = as_of
    return news


def relink_reasons(facts: AccountFacts) -> tuple[RelinkReason, ...]:
    """What a relink of it would mend, most urgent first."""
    if facts.reported_status == "relinkable":
        return ("inactive",)
    if facts.reported_status != "active":
        return ()
    found: list[RelinkReason] = []
    if facts.number == "lapsed":
        found.append("number_lapsed")
    if facts.deactivates_on is not None and facts.deactivation_action != "none":
        found.append("announced_deactivation")
    if facts.number == "expiring":
        found.append("number_expiring")
    return tuple(found)


def is_incomplete(facts: AccountFacts) -> bool:
    """Whether Stripe was asked if it can be repaired, or by which authorization (K5)."""
    is_nameless = facts.reported_status == "relinkable" and not (
        facts.authorization or facts.by_read
    )
    return facts.reported_status == "inactive" or is_nameless


def is_replaced(facts: AccountFacts) -> bool:
    """Whether a new account stands in for it, and it has not worked since (S6)."""
    return facts.worked_as_of <= facts.replaced_as_of + window(facts.replaced_by_read)


def outage_of(facts: AccountFacts) -> str:
    """Whose outage its prompts belong to: the authorization's, or its own (P1)."""
    return facts.authorization or facts.id


TOLD_ON = frozenset(
    ("reported_status", "cause", "authorization", "deactivates_on", "deactivation_action")
)
"""What authorization and outage are told of."""


def is_nothing_new(facts: AccountFacts, changes: dict[str, Any]) -> bool:
    """Whether a clear word only says again what is known and was told: nobody has to be.

    Most words are like that, which makes it worth a shortcut.
    """
    is_waited_for = facts.build_for is not None or facts.pending_check is not None
    if facts.reported_status not in ("active", "relinkable") or is_waited_for:
        return False
    needs_relink = bool(relink_reasons(facts)) and not facts.given_up
    return needs_relink == (facts.last_reported is not None) and changes.keys().isdisjoint(TOLD_ON)


def is_mended(before: AccountFacts, now: AccountFacts) -> bool:
    """Whether it works again, or needs no relink any more while it does."""
    was_broken = before.reported_status != "active" or bool(relink_reasons(before))
    return was_broken and now.reported_status == "active" and not relink_reasons(now)


def reason_for(facts: AccountFacts, asked: RelinkRequested) -> RelinkReason | None:
    """Why a relink makes sense: as asked, else as the open session's, else inferred (S3)."""
    reasons = relink_reasons(facts)
    works = facts.reported_status == "active"
    if works and asked.reason not in (None, "inactive"):
        return asked.reason
    opened = facts.request if facts.session else None
    # One that was opened while it was inactive is no reason for another while it works.
    if opened and asked.reason is None and not (works and opened.reason == "inactive"):
        return opened.reason
    if reasons:
        return reasons[0]
    if asked.permissions and not set(asked.permissions) <= set(facts.permissions or ()):
        return "new_permissions"
    return None


def permissions_for(facts: AccountFacts, asked: RelinkRequested) -> tuple[str, ...]:
    """The account's own with ``payment_method``; only an explicit request changes them (R7)."""
    wanted: tuple[str, ...] | None = asked.permissions
    if wanted is None and facts.session and facts.request:
        wanted = facts.request.permissions
    if wanted is None:
        wanted = facts.permissions if facts.permissions is not None else asked.policy.permissions
    return tuple(sorted({*wanted, "payment_method"}))


def session_request(facts: AccountFacts, asked: RelinkRequested) -> CreateRelinkSession:
    """The session that this request wants; what it leaves open is as in the open session."""
    mode = asked.mode
    if mode is None:
        mode = facts.request.mode if facts.session and facts.request else facts.next_mode
    return CreateRelinkSession(
        account=facts.id,
        attempt=facts.attempt + 1,
        authorization=facts.authorization or "",
        mode=mode,
        reason=reason_for(facts, asked) or "inactive",
        holder=facts.holder,
        permissions=permissions_for(facts, asked),
        subcategories=asked.policy.subcategories,
        delivery=asked.delivery,
        return_url=asked.return_url,
    )


def asks_for_open_session(facts: AccountFacts, asked: RelinkRequested) -> bool:
    """Whether the request is for the session that is open: the same in all that it names (R1)."""
    if not (facts.session and facts.request):
        return False
    wanted, opened = session_request(facts, asked), facts.request
    same = ("mode", "permissions", "delivery", *(["reason"] if asked.reason else []))
    return all(getattr(wanted, field) == getattr(opened, field) for field in same)


def mode_again(facts: AccountFacts) -> Mode:
    """The mode of the open session: the default for the next one (R4)."""
    return facts.request.mode if facts.request else facts.next_mode
