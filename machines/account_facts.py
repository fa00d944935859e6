"""What is remembered of an account, and what follows from it.

Details are kept field by field with the time of their source, so that late webhooks
fill gaps and never undo anything newer. The functions are pure: facts in, facts or
an answer out; the chart in :mod:`relink.machines.account` says when each applies.
"""

from typing import Any

from relink.engine import Send

from .commands import CreateRelinkSession, Mode, RelinkReason
from .events import Happening, RelinkRequested
from .hearing import HearingFacts, window
from .messages import BuildRequested, Heard, MemberLeft, MemberReported, NeedsChanged, NeedsMoved
from .word import Holder

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

ANEW = {"failures": 0, "given_up": False, "next_mode": "specific", "failure_reason": None}
"""What is forgotten when an outage is over: the next one has all its attempts (R4)."""

ELIGIBLE = ("checking", "savings")
"""The subcategories that can pay or be paid."""


class AccountFacts(HearingFacts):
    """An account's memory."""

    held_since: float | None = None
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
    build_for: str | None = None
    """The session that linked it as new, while too little is known to build on it."""

    needs: tuple[RelinkReason, ...] = ()
    """What the outage was last told that a relink is needed for."""


def has_detail_in_doubt(facts: AccountFacts, happened: Heard) -> bool:
    """Whether a detail is told differently too close in time to tell which came last (K4)."""
    apart = window(facts.by_read or happened.read)
    if happened.as_of > facts.as_of + apart:
        return False
    word = happened.word
    return any(
        word.said(field)
        and getattr(word, field) != getattr(facts, field)
        and abs(happened.as_of - facts.told_at.get(field, facts.as_of)) <= apart
        for field in DETAILS
    )


def believed(facts: AccountFacts, happened: Heard) -> dict[str, Any]:
    """What changes when a word is believed: it is the latest, and all that it tells counts."""
    word = happened.word
    said = word.model_fields_set
    told = word.__dict__
    changes = {field: told[field] for field in DETAILS if field in said}
    if len(changes) < len(DETAILS):
        left_out = [field for field in DETAILS if field not in said]
        changes["told_at"] = {f: facts.told_at.get(f, facts.as_of) for f in left_out}
    elif facts.told_at:
        changes["told_at"] = {}
    says = changes["says"] = happened.says
    changes["as_of"] = happened.as_of
    changes["by_read"] = happened.read
    if says == "active":
        changes["repairable"] = None
        changes["worked_as_of"] = max(facts.worked_as_of, happened.as_of)
    elif says != "inactive":
        changes["repairable"] = says == "relinkable"
    if facts.held_since is None:
        changes["held_since"] = happened.at
    return changes


def gaps_filled(facts: AccountFacts, happened: Heard) -> dict[str, Any]:
    """What changes when a word is too old to be believed: details that nothing newer told."""
    word, as_of = happened.word, happened.as_of
    news = {
        field: getattr(word, field)
        for field in DETAILS
        if word.said(field) and as_of >= facts.told_at.get(field, facts.as_of)
    }
    if news:
        news["told_at"] = {**facts.told_at, **dict.fromkeys(news, as_of)}
    if happened.says == "active" and as_of > facts.worked_as_of:
        news["worked_as_of"] = as_of
    return news


def relink_reasons(facts: AccountFacts) -> tuple[RelinkReason, ...]:
    """What a relink of it would mend, most urgent first."""
    if facts.says == "relinkable":
        return ("inactive",)
    if facts.says != "active":
        return ()
    found: list[RelinkReason] = []
    if facts.number == "lapsed":
        found.append("number_lapsed")
    if facts.deactivates_on is not None and facts.deactivation_action != "none":
        found.append("announced_deactivation")
    if facts.number == "expiring":
        found.append("number_expiring")
    return tuple(found)


def needs_of(before: AccountFacts, now: AccountFacts) -> tuple[RelinkReason, ...]:
    """What the customer is to be prompted for; while a word is incomplete, as before it (K5)."""
    if now.given_up:
        return ()
    return before.needs if is_incomplete(now) else relink_reasons(now)


def is_incomplete(facts: AccountFacts) -> bool:
    """Whether Stripe was asked if it can be repaired, or by which authorization (K5)."""
    is_nameless = facts.says == "relinkable" and not (facts.authorization or facts.by_read)
    return facts.says == "inactive" or is_nameless


def is_replaced(facts: AccountFacts) -> bool:
    """Whether a new account stands in for it, and it has not worked since (S6)."""
    return facts.worked_as_of <= facts.replaced_as_of + window(facts.replaced_by_read)


def outage_of(facts: AccountFacts) -> str:
    """Whose outage its prompts belong to: the authorization's, or its own (P1)."""
    return facts.authorization or facts.id


def tell_outage(
    before: AccountFacts, now: AccountFacts, happened: Happening
) -> tuple[dict[str, Any], list[Send]]:
    """Tell the outage what changed in this account's needs, if anything did.

    Returns:
        the changed facts, and what to send.
    """
    needs = needs_of(before, now)
    old, new = outage_of(before), outage_of(now)
    is_over = now.says == "active" and relink_reasons(before) and not relink_reasons(now)
    told: dict[str, Any] = dict(ANEW) if is_over else {}
    is_same = is_incomplete(now) or _terms(before, needs) == _terms(now, needs)
    if needs == before.needs and (not needs or (old == new and is_same)):
        return told, []
    told["needs"] = needs
    news = happened.follow(NeedsChanged, subject=now.id, needs=needs, **_terms(now, needs))
    if before.needs and old != new:
        moved = happened.follow(NeedsMoved, subject=now.id, to=new, successor=news)
        return told, [Send(machine="outage", key=old, event=moved)]
    return told, [Send(machine="outage", key=new, event=news)]


def turns(before: AccountFacts, now: AccountFacts, told: dict[str, Any]) -> bool:
    """Whether its needs begin or end by what the outage is about to be told of it."""
    begins_or_ends = "needs" in told and bool(told["needs"]) != bool(before.needs)
    return begins_or_ends and (not before.needs or outage_of(before) == outage_of(now))


def _terms(facts: AccountFacts, needs: tuple[RelinkReason, ...]) -> dict[str, Any]:
    """What the outage is told of these needs."""
    return {
        "cause_of_it": facts.cause if "inactive" in needs else None,
        "ask": "relink" if facts.authorization else "new_payment_method",
        "relink_by": _deadline(facts, needs),
    }


def _deadline(facts: AccountFacts, needs: tuple[RelinkReason, ...]) -> int | None:
    """When it stops working by announcement; None when it has already, or nothing is known."""
    if "inactive" in needs or "number_lapsed" in needs:
        return None
    dates = [facts.deactivates_on if "announced_deactivation" in needs else None]
    dates.append(facts.number_expires_on if "number_expiring" in needs else None)
    return min((date for date in dates if date is not None), default=None)


def tell_authorization(before: AccountFacts, now: AccountFacts, happened: Heard) -> list[Send]:
    """Tell its authorization that it went down or came back, or moved (K8)."""
    sends = []
    if before.authorization and before.authorization != now.authorization:
        left = happened.follow(MemberLeft, account=now.id, as_of=happened.as_of)
        sends.append(Send(machine="authorization", key=before.authorization, event=left))
    moved = before.authorization != now.authorization
    turned = (before.says == "active") != (now.says == "active")
    if now.authorization and (moved or turned):
        news = happened.follow(
            MemberReported,
            account=now.id,
            inactive=now.says != "active",
            as_of=happened.as_of,
        )
        sends.append(Send(machine="authorization", key=now.authorization, event=news))
    return sends


def obstacle(facts: AccountFacts) -> str | None:
    """Why nothing can be built on a new account; None when it can (N1, N2)."""
    if facts.says != "active":
        return "not_active"
    if facts.subcategory not in ELIGIBLE:
        return "not_checking_or_savings"
    if "payment_method" not in (facts.permissions or ()):
        return "no_payment_method_permission"
    if facts.holder is None:
        return "no_customer"
    if not facts.holder.is_connect and "us_bank_account" not in (facts.payment_method_types or ()):
        return "us_bank_account_not_supported"
    return None


def can_be_judged(facts: AccountFacts) -> bool:
    """Whether Stripe told enough to say if it can be built on."""
    told = ("subcategory", "permissions", "payment_method_types", "holder")
    return facts.says not in (None, "inactive") and all(_was_told(facts, f) for f in told)


def _was_told(facts: AccountFacts, field: str) -> bool:
    """Whether any word had this detail, if only to say that there is none."""
    return facts.told_at.get(field, facts.as_of) >= 0


def build(facts: AccountFacts, session: str, happened: Happening) -> Send:
    """Ask the payment method to be built on this new account."""
    event = happened.follow(
        BuildRequested, session=session, holder=facts.holder, obstacle=obstacle(facts)
    )
    return Send(machine="payment_method", key=facts.id, event=event)


def reason_for(facts: AccountFacts, asked: RelinkRequested) -> RelinkReason | None:
    """Why a relink makes sense: as asked, else as the open session's, else inferred (S3)."""
    reasons = relink_reasons(facts)
    if facts.says == "active" and asked.reason not in (None, "inactive"):
        return asked.reason
    if facts.session and facts.request and asked.reason is None:
        return facts.request.reason
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


SAME = ("mode", "reason", "permissions", "delivery")
"""Two requests that agree in these ask for the same session (R1)."""


def asks_for_open_session(facts: AccountFacts, asked: RelinkRequested) -> bool:
    """Whether the request is for the session that is open."""
    if not (facts.session and facts.request):
        return False
    wanted = session_request(facts, asked)
    return all(getattr(wanted, field) == getattr(facts.request, field) for field in SAME)


def mode_again(facts: AccountFacts) -> Mode:
    """The mode of the open session: the default for the next one (R4)."""
    return facts.request.mode if facts.request else facts.next_mode
