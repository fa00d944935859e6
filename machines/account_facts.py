"""What is remembered of an account, and what follows from it.

Details are kept field by field with the time of their source, so that late webhooks
fill gaps and never undo anything newer. The functions are pure: facts in, facts or
an answer out; the chart in :mod:`relink.machines.account` says when each applies.
"""

from operator import itemgetter
from typing import Any, Literal

from relink.engine import Command, Facts, Send

from .commands import CreateRelinkSession, Mode, RelinkReason, RetrieveAccount
from .events import Happening, RelinkRequested
from .hearing import HearingFacts, window
from .messages import (
    BuildRequested,
    Heard,
    MemberLeft,
    MemberReported,
    NeedsChanged,
    NeedsMoved,
    ReturnedAccountJudged,
)
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

EVERY_DETAIL = frozenset(DETAILS)

_details = itemgetter(*DETAILS)

ANEW = {"failures": 0, "given_up": False, "next_mode": "specific", "failure_reason": None}
"""What is forgotten when an outage is over: the next one has all its attempts (R4)."""

ELIGIBLE = ("checking", "savings")
"""The subcategories that can pay or be paid."""


class Noted(Facts):
    """What an outage was told that an account needs."""

    outage: str
    needs: tuple[RelinkReason, ...]
    cause_of_it: str | None
    ask: Literal["relink", "new_payment_method"]
    relink_by: int | None


class Question(Facts):
    """What a session that returned an account wants to know: is it known, and whose (K7, R6)?"""

    session: str
    holder: Holder | None
    """Whom the session was for."""
    opened_at: float
    as_of: int
    read: bool


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
    asked_by: Question | None = None
    """The session that returned it, while Stripe is asked whose account it is (R6)."""
    build_for: str | None = None
    """The session that linked it as new, while too little is known to build on it."""

    noted: Noted | None = None
    """What an outage has noted of it; None while it needs no relink."""

    @property
    def needs(self) -> tuple[RelinkReason, ...]:
        """What the customer is to be prompted for."""
        return self.noted.needs if self.noted else ()


def told_at(facts: AccountFacts, field: str) -> int:
    """The time of a detail's source (Unix seconds); negative for one that was never told."""
    return facts.told_at.get(field, facts.as_of)


def has_detail_in_doubt(facts: AccountFacts, happened: Heard) -> bool:
    """Whether a detail is told differently too close in time to tell which came last (K4)."""
    apart = window(facts.by_read or happened.read)
    since = happened.as_of - facts.as_of
    if since > apart:
        return False
    word = happened.word
    # Well before the latest word, only what that left out can be as old.
    return any(
        word.said(field)
        and getattr(word, field) != getattr(facts, field)
        and abs(happened.as_of - told_at(facts, field)) <= apart
        for field in (DETAILS if since >= -apart else facts.told_at)
    )


def believed(facts: AccountFacts, happened: Heard) -> dict[str, Any]:
    """What changes when a word is believed: it is the latest, and all that it tells counts."""
    word, says = happened.word, happened.says
    said, told, known = word.model_fields_set, word.__dict__, facts.__dict__
    changes: dict[str, Any] = {}
    if _details(told) != _details(known):
        changes = {f: told[f] for f in DETAILS if f in said and told[f] != known[f]}
    left_out = EVERY_DETAIL - said
    if left_out or facts.told_at:
        changes["told_at"] = {f: facts.told_at.get(f, facts.as_of) for f in sorted(left_out)}
    if says != facts.says:
        changes["says"] = says
        if says != "inactive":
            changes["repairable"] = None if says == "active" else says == "relinkable"
    changes["as_of"] = happened.as_of
    changes["by_read"] = happened.read
    if says == "active":
        changes["worked_as_of"] = max(facts.worked_as_of, happened.as_of)
    if facts.held_since is None:
        changes["held_since"] = happened.at
    return changes


def gaps_filled(facts: AccountFacts, happened: Heard) -> dict[str, Any]:
    """What changes when a word is too old to be believed: details that nothing newer told."""
    word, as_of = happened.word, happened.as_of
    news = {
        field: getattr(word, field)
        for field in (DETAILS if as_of >= facts.as_of else facts.told_at)
        if word.said(field) and as_of >= told_at(facts, field)
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


def tell_outage(now: AccountFacts, happened: Happening) -> tuple[dict[str, Any], list[Send]]:
    """Tell the outage what this account needs, unless it has noted just that.

    Returns:
        the changed facts, and what to send.
    """
    noted, wanted = now.noted, _to_note(now)
    if wanted == noted:
        return {}, []
    event: Happening
    if wanted:
        event = happened.follow(
            NeedsChanged,
            subject=now.id,
            needs=wanted.needs,
            cause_of_it=wanted.cause_of_it,
            ask=wanted.ask,
            relink_by=wanted.relink_by,
        )
    else:
        event = happened.follow(NeedsChanged, subject=now.id, needs=())
    new = wanted.outage if wanted else outage_of(now)
    old = noted.outage if noted else new
    if wanted and old != new:
        event = happened.follow(NeedsMoved, subject=now.id, to=new, successor=event)
    return {"noted": wanted}, [Send(machine="outage", key=old, event=event)]


def _to_note(facts: AccountFacts) -> Noted | None:
    """What the outage is to know; while a word is incomplete, what it knew before it (K5)."""
    if facts.given_up:
        return None
    if is_incomplete(facts):
        return facts.noted and facts.noted.model_copy(update={"outage": outage_of(facts)})
    needs = relink_reasons(facts)
    if not needs:
        return None
    return Noted(
        outage=outage_of(facts),
        needs=needs,
        cause_of_it=facts.cause if "inactive" in needs else None,
        ask="relink" if facts.authorization else "new_payment_method",
        relink_by=_deadline(facts, needs),
    )


TOLD_ON = frozenset(("says", "cause", "authorization", "deactivates_on", "deactivation_action"))
"""What authorization and outage are told of."""


def is_nothing_new(facts: AccountFacts, changes: dict[str, Any]) -> bool:
    """Whether a clear word only says again what is known and was told: nobody has to be.

    Most words are like that, which makes it worth a shortcut.
    """
    is_waited_for = facts.build_for is not None or facts.asked_by is not None
    if facts.says not in ("active", "relinkable") or is_waited_for:
        return False
    needs_relink = bool(relink_reasons(facts)) and not facts.given_up
    return needs_relink == (facts.noted is not None) and changes.keys().isdisjoint(TOLD_ON)


def is_mended(before: AccountFacts, now: AccountFacts) -> bool:
    """Whether it works again, or needs no relink any more while it does."""
    was_broken = before.says != "active" or bool(relink_reasons(before))
    return was_broken and now.says == "active" and not relink_reasons(now)


def _deadline(facts: AccountFacts, needs: tuple[RelinkReason, ...]) -> int | None:
    """When it stops working by announcement; None when it has already, or nothing is known."""
    if "inactive" in needs or "number_lapsed" in needs:
        return None
    dates = [facts.deactivates_on if "announced_deactivation" in needs else None]
    dates.append(facts.number_expires_on if "number_expiring" in needs else None)
    return min((date for date in dates if date is not None), default=None)


def tell_authorization(before: AccountFacts, now: AccountFacts, happened: Heard) -> list[Send]:
    """Tell its authorization that it went down or came back, or moved (K8).

    Also that it is down anew, which another cause tells, or a late word that it had worked (K1).
    """
    had_come_back = now.says != "active" and now.worked_as_of > before.worked_as_of
    is_same = before.authorization == now.authorization and _fares(before) == _fares(now)
    stopped_anew = _fares(now) == "inactive" and now.cause != before.cause
    if is_same and not had_come_back and not stopped_anew:
        return []
    return [*_left(before, now, happened), *_joined(now, happened)]


def tell_move(before: AccountFacts, now: AccountFacts, happened: Heard) -> list[Send]:
    """Tell its authorizations that it moved, if it did (K8)."""
    if before.authorization == now.authorization:
        return []
    return [*_left(before, now, happened), *_joined(now, happened)]


def _left(before: AccountFacts, now: AccountFacts, happened: Heard) -> list[Send]:
    if before.authorization is None or before.authorization == now.authorization:
        return []
    left = happened.follow(MemberLeft, account=now.id, as_of=happened.as_of)
    return [Send(machine="authorization", key=before.authorization, event=left)]


def _joined(now: AccountFacts, happened: Heard) -> list[Send]:
    if now.authorization is None:
        return []
    inactive = _fares(now) == "inactive"
    news = happened.follow(MemberReported, account=now.id, inactive=inactive, as_of=happened.as_of)
    return [Send(machine="authorization", key=now.authorization, event=news)]


def _fares(facts: AccountFacts) -> str:
    """What its authorization wants to know of it."""
    return facts.says if facts.says in ("active", "disconnected") else "inactive"


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
    return told_at(facts, field) >= 0


def whose_is_known(facts: AccountFacts, asked: Question) -> bool:
    """Whether it can be said if the account is of the holder that the session was for (R6)."""
    return asked.holder is None or _was_told(facts, "holder")


def answer(
    facts: AccountFacts, asked: Question, happened: Happening
) -> tuple[dict[str, Any], list[Command]]:
    """Tell a session whether it returned a known account, a new one, or somebody else's; known is
    what we held before the session (K7, R6). A new one is built on, once enough is known of it.

    Returns:
        the changed facts, and what to send and ask for.
    """
    held_since = happened.at if facts.held_since is None else facts.held_since
    verdict = "known" if held_since < asked.opened_at else "new"
    if asked.holder and facts.holder and asked.holder != facts.holder:
        verdict = "other_holder"
    event = happened.follow(
        ReturnedAccountJudged,
        account=facts.id,
        verdict=verdict,
        as_of=asked.as_of,
        read=asked.read,
    )
    changes: dict[str, Any] = {"asked_by": None, "held_since": held_since}
    done: list[Command] = [Send(machine="session", key=asked.session, event=event)]
    if verdict == "new" and can_be_judged(facts):
        done.append(build(facts, asked.session, happened))
    elif verdict == "new":
        changes["build_for"] = asked.session
        done.append(RetrieveAccount(account=facts.id, because="new", occasion=asked.session))
    return changes, done


def build(facts: AccountFacts, session: str, happened: Happening) -> Send:
    """Ask the payment method to be built on this new account."""
    event = happened.follow(
        BuildRequested, session=session, holder=facts.holder, obstacle=obstacle(facts)
    )
    return Send(machine="payment_method", key=facts.id, event=event)


def reason_for(facts: AccountFacts, asked: RelinkRequested) -> RelinkReason | None:
    """Why a relink makes sense: as asked, else as the open session's, else inferred (S3)."""
    reasons = relink_reasons(facts)
    works = facts.says == "active"
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
