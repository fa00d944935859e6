"""Reports about relink sessions: the accounts inside, and the result.

Rules kept here: R6.
"""

from typing import cast

from relink.engine import Address, Load, Send, Snapshot

from ..events import DomainEvent, RelinkSessionCreated, SessionReported
from ..freshness import ambiguous
from ..messages import (
    NewAccountLinkedInstead,
    SessionCancelled,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionSucceeded,
    SessionUnclear,
)
from ..reported import LinkReported
from ..session import SessionFacts
from ..vocabulary import ReportedStatus
from .known import account_facts
from .links import account_reports, link_report
from .times import answered, as_of_report, decides_contradiction, is_unusable


def session_reports(trigger: SessionReported, load: Load) -> list[Send]:
    """A result and the accounts inside it; nothing for a session that we did not create (R6)."""
    session = load(Address("session", trigger.session))
    if session is None:
        return []
    if is_unusable(trigger):
        unclear = trigger.follow(
            SessionUnclear, as_of=int(trigger.at), read=False, status=None, in_future=True
        )
        return [Send(machine="session", key=trigger.session, event=unclear)]
    facts = cast("Snapshot[SessionFacts]", session).facts
    sends = answered(trigger, trigger.session, load)
    for found in trigger.accounts or ():
        sends += answered(trigger, found.account, load)
        sends += account_reports(trigger, found.account, found.report, load)
    result = Send(machine="session", key=trigger.session, event=_result(trigger, facts, load))
    return [*sends, result, *_dated_earlier(trigger, facts, load)]


def _result(trigger: SessionReported, facts: SessionFacts, load: Load) -> DomainEvent:
    """Sort a session's report by its result (R3)."""
    as_of, read, accounts = as_of_report(trigger), trigger.read, trigger.accounts
    if trigger.failure_reason is not None:
        return trigger.follow(SessionFailed, as_of=as_of, failure_reason=trigger.failure_reason)
    if trigger.status == "succeeded" or trigger.relinked_account is not None:
        expected = account_facts(facts.request.account, load) if facts.request else None
        return trigger.follow(
            SessionSucceeded,
            as_of=as_of,
            read=read,
            relinked_account=trigger.relinked_account,
            accounts=None if accounts is None else tuple(found.account for found in accounts),
            gone=_gone(trigger, load),
            old_holder=expected.holder if expected else None,
        )
    match trigger.status:
        case "pending":
            return trigger.follow(SessionPending, as_of=as_of, read=read)
        case "failed":
            return trigger.follow(SessionFailed, as_of=as_of, failure_reason="other")
        case "cancelled":
            return trigger.follow(SessionCancelled, as_of=as_of)
        case unknown:
            return trigger.follow(SessionUnclear, as_of=as_of, read=read, status=unknown)


def _gone(trigger: SessionReported, load: Load) -> frozenset[str]:
    """The returned accounts that are disconnected by now: a final state answers nobody (R6)."""
    gone = set()
    reports = {found.account: found.report for found in trigger.accounts or ()}
    relinked = [trigger.relinked_account] if trigger.relinked_account else []
    for account in sorted({*reports, *relinked}):
        known = account_facts(account, load)
        if known is not None and known.reported_status is ReportedStatus.DISCONNECTED:
            gone.add(account)
        report = reports.get(account)
        if report is None or report.status != "disconnected":
            continue
        decides = decides_contradiction(trigger, "account", account, load)
        said = link_report(trigger, as_of_report(trigger), trigger.read, report, decides=decides)
        is_clear = isinstance(said, LinkReported) and (
            known is None or not (ambiguous(known, said) or said.as_of < known.as_of)
        )
        if is_clear:
            gone.add(account)
    return frozenset(gone)


def _dated_earlier(trigger: SessionReported, facts: SessionFacts, load: Load) -> list[Send]:
    """A late report of a known replacement: the time of its earliest report counts (S6).

    The session itself has succeeded and takes no more reports.
    """
    is_replaced = facts.outcome == "new_account_linked" and facts.linked is not None
    if not is_replaced or facts.request is None or trigger.status != "succeeded":
        return []
    account = facts.request.account
    known = account_facts(account, load)
    if known is None or known.replaced_by != facts.linked:
        return []
    if as_of_report(trigger) >= known.replaced_as_of:
        return []
    earlier = trigger.follow(
        NewAccountLinkedInstead,
        session=trigger.session,
        attempt=facts.request.attempt,
        new=facts.linked,
        as_of=as_of_report(trigger),
    )
    return [Send(machine="account", key=account, event=earlier)]


def session_created(trigger: RelinkSessionCreated, load: Load) -> list[Send]:
    """A session is open; one that is created again by the same key may be over by now (R1)."""
    request = trigger.request
    opened = trigger.follow(SessionOpened, session=trigger.session, request=request)
    known = load(Address("session", trigger.session))
    if known is not None and known.state != "open":
        return [Send(machine="session", key=trigger.session, event=opened)]
    return [
        Send(machine="session", key=trigger.session, event=opened),
        Send(machine="authorization", key=request.authorization, event=opened),
        Send(machine="account", key=request.account, event=opened),
    ]
