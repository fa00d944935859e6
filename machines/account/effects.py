"""What an account remembers, asks for and sends when it takes a transition.

:mod:`relink.machines.account.chart` says which transition has which effect, and why. Each effect
returns data and does nothing. What an account needs, and whom it tells, is not decided here but in
the review, which follows once everything is taken in (:mod:`relink.machines.account.review`).
"""

from typing import Any

from relink.engine import Assign, Command, Send

from .. import anomalies
from ..asking import look, read
from ..commands import RetrieveAccountForCaller, RetrieveSessionForCaller
from ..due_reads import due_since
from ..events import AccountResumed, AccountRetired, DomainEvent, RelinkRequested
from ..freshness import ReportChart, ambiguous_until
from ..messages import (
    AnnouncementChanged,
    BuildChanged,
    KnownAccountLinked,
    NewAccountLinkedInstead,
    NumberChanged,
    PaymentMethodChanged,
    PaymentMethodUnclear,
    ReadDueChanged,
    ReadFailed,
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
from ..reasons import ReadReason
from ..reported import (
    LinkReported,
    ReportedUnclear,
)
from ..vocabulary import RELINK_REQUIRED, NumberStatus, ReportedStatus
from . import facts as facts_of
from . import outgoing
from .facts import MOST_PAYMENT_METHODS, AccountFacts, KnownPaymentMethod, OwnershipCheck
from .needs import is_suspended
from .review import review, review_later
from .session_request import mode_again, session_request
from .shortcut import changes_nothing_for_others

Effects = list[Command | Assign]


class AccountEffects(ReportChart):
    """The effects of the account chart."""

    # ── reports ──────────────────────────────────────────────────────────────

    def learn(self, facts: AccountFacts, trigger: LinkReported) -> Effects | Assign:
        """Take the report in, and review what follows."""
        doubtful = facts_of.ambiguous_details(facts, trigger)
        changes = facts_of.after_report(facts, trigger, doubtful)
        if doubtful:
            return [*_taken_in(facts, changes, trigger), _settling_read(facts, trigger)]
        if changes_nothing_for_others(facts, changes):
            return Assign(**changes)
        return _taken_in(facts, changes, trigger)

    def fill_gaps(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """Keep only what no newer report said, and review what follows of that (K3, K5, S6)."""
        doubtful = facts_of.ambiguous_details(facts, trigger)
        changes = facts_of.after_details(facts, trigger, doubtful)
        taken_in = _late_details(facts, changes, trigger) if changes else []
        return [*taken_in, _settling_read(facts, trigger)] if doubtful else taken_in

    def settle_contradiction(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """Read the account as soon as the answer cannot be ambiguous itself (K4).

        What the report says beside its status counts at once (K3). So does, for a replaced account,
        that it was reported to work, or not to (S6).
        """
        doubtful = facts_of.ambiguous_details(facts, trigger)
        changes = facts_of.after_details(facts, trigger, doubtful)
        return [*_late_details(facts, changes, trigger), _settling_read(facts, trigger)]

    def look(self, facts: AccountFacts, trigger: ReportedUnclear) -> Effects:
        """Read the account, since the report says only that something changed (K2, K6)."""
        anomaly = anomalies.unclear(facts.id, trigger)
        told: list[Command] = [anomaly] if anomaly else []
        seen = Assign(first_seen_at=_first_seen(facts, trigger))
        return [seen, *told, *look(facts.id, "account", trigger)]

    def report_unknown_action(self, facts: AccountFacts, trigger: LinkReported) -> Command | None:
        """Count an unknown or missing action as none, and tell the operators (S2, K5)."""
        is_repeated = facts.reported_status is trigger.reported_status
        if is_repeated and trigger.report.action == facts.action:
            return None
        return anomalies.unknown_action(facts.id, trigger.report.action, trigger)

    def report_kept_action(self, facts: AccountFacts, trigger: ReviewDue) -> Command | None:
        """The same of an action that was learned while another account was used instead."""
        if facts.reported_status is not ReportedStatus.UNREPAIRABLE:
            return None
        return anomalies.unknown_action(facts.id, facts.action, trigger)

    def depart(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """It is gone for good: nothing is decided about it any more, so all is told now (S7)."""
        return _departed(facts, trigger, is_settled=False)

    def depart_quietly(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """The same of an account that was replaced: the service needs no other one (S6)."""
        return _departed(facts, trigger, is_settled=True)

    def note_late_return(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """If it had come back before it went, the service needs another account after all (S6)."""
        changes = facts_of.in_timeline(facts, trigger)
        now = facts.after(changes)
        told, commands = review(now, trigger, is_settled=facts_of.is_replaced(now))
        return [Assign(**{**changes, **told}), *commands]

    # ── messages of other machines ───────────────────────────────────────────

    def note_announcement(self, facts: AccountFacts, trigger: AnnouncementChanged) -> Effects:
        """Its authorization is known to stop working, or not any more (P3)."""
        changes = {
            "login_announced": trigger.announced,
            "login_deactivates_on": trigger.day,
            "login_as_of": trigger.as_of,
        }
        if facts.authorization != trigger.authorization:
            return []
        return [Assign(**changes), review_later(facts, trigger)]

    def note_number(self, facts: AccountFacts, trigger: NumberChanged) -> Effects:
        """Trouble with its number is a reason to relink the account (S3, P3)."""
        changes: dict[str, Any] = {
            "number": trigger.status,
            "number_expires_on": trigger.expires_on,
        }
        looks: list[Command] = []
        if trigger.status.can_pay:
            methods, looks = _looked_at(facts, trigger)
            changes |= methods
        now = facts.after(changes)
        return [Assign(**changes), review_later(facts, trigger), *looks, *_missing(now, trigger)]

    def note_read(self, facts: AccountFacts, trigger: ReadDueChanged) -> Effects:
        """A read of it is due, or not any more (K9)."""
        since = due_since(facts.read_due_since, trigger)
        return [Assign(read_due_since=since), review_later(facts, trigger)]

    def note_refusal(self, facts: AccountFacts, trigger: ReadFailed) -> Effects:
        """Stripe refuses to tell more, so what is known decides (K9)."""
        changes, commands = outgoing.answers(facts, trigger, has_read=True)
        return [Assign(**changes), *commands, review_later(facts, trigger)]

    def note_payment_method(self, facts: AccountFacts, trigger: PaymentMethodChanged) -> Effects:
        """Remember the state of one of its payment methods (C1, C3)."""
        known = {k: v for k, v in facts.payment_methods.items() if k != trigger.payment_method}
        before = facts.payment_methods.get(trigger.payment_method)
        is_same = before is not None and before.reason == trigger.reason
        known[trigger.payment_method] = KnownPaymentMethod(
            state=trigger.state,
            reason=trigger.reason,
            mandate_due=trigger.mandate_due,
            lost_number=trigger.lost_number,
            is_external=trigger.is_external,
            was_looked_at=before.was_looked_at if before and is_same else False,
        )
        latest = dict(list(known.items())[-MOST_PAYMENT_METHODS:])
        return [Assign(payment_methods=latest), review_later(facts, trigger)]

    def note_build(self, facts: AccountFacts, trigger: BuildChanged) -> Effects:
        """Remember how far the making of its payment method is (N1)."""
        changed = Assign(build=trigger.state, build_reason=trigger.reason)
        return [changed, review_later(facts, trigger)]

    def review_needs(self, facts: AccountFacts, trigger: ReviewDue) -> Effects:
        """Tell what follows from all that was taken in (K9)."""
        changes, commands = review(facts, trigger)
        return [Assign(**changes), *commands]

    def review_without_needs(self, facts: AccountFacts, trigger: ReviewDue) -> Effects:
        """The same of an account that was repaired or replaced: it needs nothing (S5, S6)."""
        changes, commands = review(facts, trigger, is_settled=True)
        return [Assign(**changes), *commands]

    # ── what only the service knows (P4) ─────────────────────────────────────

    def retire(self, facts: AccountFacts, trigger: AccountRetired) -> Effects:
        """Nobody has a use for it: no prompts and no requests."""
        return [Assign(retired=True, requested_for=frozenset()), review_later(facts, trigger)]

    def resume(self, facts: AccountFacts, trigger: AccountResumed) -> Effects:
        """It is used again."""
        return [Assign(retired=False), review_later(facts, trigger)]

    def read_again(self, facts: AccountFacts, trigger: AccountResumed) -> Command:
        """Read it, since what was reported meanwhile may be out of date."""
        return read(facts.id, "account", ReadReason.LOOK, trigger)

    # ── requests of the service ──────────────────────────────────────────────

    def create_session(self, facts: AccountFacts, trigger: RelinkRequested) -> Command:
        """Open the session that the service asks for, within its request."""
        return session_request(facts, trigger)

    def return_session(self, facts: AccountFacts, trigger: RelinkRequested) -> Command:
        """Return the open session, read again so that the caller gets its secret (R1)."""
        return RetrieveSessionForCaller(
            session=facts.session or "", reason="asked_again", dedup_key=trigger.causation_id
        )

    def read_before_refusing(self, facts: AccountFacts, trigger: RelinkRequested) -> Command:
        """Read the account before refusing: Stripe may know better (R9)."""
        return RetrieveAccountForCaller(account=facts.id, dedup_key=trigger.causation_id)

    # ── sessions and their results ───────────────────────────────────────────

    def open_session(self, facts: AccountFacts, trigger: SessionOpened) -> Effects:
        """Remember the open session; one that was open before is superseded (R1)."""
        effects: Effects = [
            Assign(
                session=trigger.session,
                request=trigger.request,
                attempt=max(facts.attempt, trigger.request.attempt),
                opened_at=trigger.at,
                opened_while_active=facts.works,
                known_linked=None,
                **_mailed(facts, trigger),
            ),
            _to_number(facts, trigger.follow(RefreshStarted)),
            review_later(facts, trigger),
        ]
        if facts.session:
            event = trigger.follow(SessionSuperseded, by=trigger.session)
            effects.append(Send(machine="session", key=facts.session, event=event))
        return effects

    def supersede_newcomer(self, facts: AccountFacts, trigger: SessionOpened) -> Effects:
        """Two sessions raced: the later attempt stays open. Stripe's mail is out all the same."""
        event = trigger.follow(SessionSuperseded, by=facts.session or "a later attempt")
        over = Send(machine="session", key=trigger.session, event=event)
        mailed = _mailed(facts, trigger)
        return [Assign(**mailed), over, review_later(facts, trigger)] if mailed else [over]

    def record_repair(self, facts: AccountFacts, trigger: SessionRelinked) -> Effects:
        """The customer repaired it: no relink is needed until Stripe reports otherwise (S5)."""
        changes: dict[str, Any] = {
            "session": None if facts.session == trigger.session else facts.session,
            "opened_while_active": False,
        }
        changes |= _ended_outage(facts, trigger.as_of)
        if facts_of.included_at(facts, "deactivates_on") < trigger.as_of:
            changes |= {"deactivates_on": None, "deactivation_action": None}
        if facts.number not in (None, NumberStatus.TRANSACTABLE):
            # The number's machine reports its new status within this step.
            changes |= {"number": None, "number_expires_on": None}
        if trigger.as_of >= facts.repaired_as_of:
            changes |= {"repaired_as_of": trigger.as_of, "repaired_by_read": trigger.read}
        effects: Effects = [Assign(**changes), review_later(facts, trigger)]
        effects.append(_to_number(facts, trigger.follow(RefreshSucceeded, as_of=trigger.as_of)))
        if changes["session"]:
            effects.append(_to_number(facts, trigger.follow(RefreshStarted)))
        return effects

    def count_failure(self, facts: AccountFacts, trigger: SessionUnsuccessful) -> Effects:
        """Count the attempt; a customer who could not find the account may pick another (R4)."""
        wrong_account = trigger.failure_reason == "no_account"
        counted = _counted(
            facts,
            trigger,
            counts=trigger.counts,
            next_mode="any_eligible" if wrong_account else mode_again(facts),
            failure_reason=trigger.failure_reason or trigger.outcome,
        )
        changes = {"session": None, **_without_mail_before(facts, trigger), **counted}
        return [Assign(**changes), *_session_over(facts, trigger)]

    def offer_known(self, facts: AccountFacts, trigger: KnownAccountLinked) -> Effects:
        """Keep the account as last reported, and offer the one that the customer picked (R3)."""
        counted = _counted(facts, trigger, counts=True, next_mode=mode_again(facts))
        changes = {"session": None, **_without_mail_before(facts, trigger), **counted}
        return [Assign(known_linked=trigger.other, **changes), *_session_over(facts, trigger)]

    def note_known(self, facts: AccountFacts, trigger: KnownAccountLinked) -> Assign:
        """A session that was given up brought another known account (R2)."""
        return Assign(known_linked=trigger.other)

    def record_replacement(self, facts: AccountFacts, trigger: NewAccountLinkedInstead) -> Effects:
        """Name the account that is used instead; nobody needs to repair this one (S6, P4)."""
        is_open = facts.session is not None and facts.session == trigger.session
        attempt = facts.attempt if trigger.attempt is None else trigger.attempt
        changes: dict[str, Any] = {
            "session": None if is_open else facts.session,
            "opened_while_active": False,
            "replaced_attempt": max(facts.replaced_attempt, attempt),
            # If it comes back, whatever then stands in the way is asked about again (C4).
            "requested_for": frozenset(),
        }
        changes |= _ended_outage(facts, trigger.as_of)
        if trigger.session is not None and trigger.session == facts.replaced_session:
            changes["replaced_as_of"] = min(facts.replaced_as_of, trigger.as_of)
        # The latest replacement counts; of two in one second, always the same (K1).
        elif (trigger.as_of, trigger.new) >= (facts.replaced_as_of, facts.replaced_by or ""):
            changes |= {
                "replaced_by": trigger.new,
                "replaced_as_of": trigger.as_of,
                "replaced_session": trigger.session,
                "has_returned": False,
            }
        over = _session_over(facts, trigger) if is_open else [review_later(facts, trigger)]
        return [Assign(**changes), *over]

    def forget_session(self, facts: AccountFacts, trigger: SessionRelinked) -> Effects:
        """The open session is over, and counts for nothing."""
        if facts.session != trigger.session:
            return []
        changes = {"session": None, **_without_mail_before(facts, trigger)}
        return [Assign(**changes), *_session_over(facts, trigger)]

    def answer_session(self, facts: AccountFacts, trigger: ReturnedBySession) -> Effects:
        """Tell the session whether the account is known, new or another holder's (K7, R6)."""
        check = OwnershipCheck(
            session=trigger.session,
            holder=trigger.holder,
            old_holder=trigger.old_holder,
            opened_at=trigger.opened_at,
            as_of=trigger.as_of,
            read=trigger.read,
        )
        others = tuple(c for c in facts.pending_checks if c.session != trigger.session)
        changes: dict[str, Any] = {
            "first_seen_at": _first_seen(facts, trigger),
            "pending_checks": (*others, check),
        }
        answered, commands = outgoing.answers(facts.after(changes), trigger, has_read=False)
        changes |= answered
        if changes["pending_checks"]:
            commands.append(read(facts.id, "account", ReadReason.NEW_ACCOUNT, trigger))
        return [Assign(**changes), *commands]


def _taken_in(facts: AccountFacts, changes: dict[str, Any], trigger: LinkReported) -> Effects:
    """What follows at once from a report; the rest follows from the review."""
    now = facts.after(changes)
    answered, answers = outgoing.answers(now, trigger, has_read=trigger.read)
    return [
        Assign(**changes, **answered),
        *answers,
        *outgoing.tell_authorization(facts, now, trigger),
        *_missing(now, trigger),
        review_later(facts, trigger),
    ]


def _late_details(facts: AccountFacts, changes: dict[str, Any], trigger: LinkReported) -> Effects:
    """The same of a report whose status does not count: an unknown action counts as none (S2)."""
    taken_in = _taken_in(facts, changes, trigger)
    action = changes.get("action", facts.action)
    if action in (facts.action, None, RELINK_REQUIRED):
        return taken_in
    anomaly = anomalies.unknown_action(facts.id, action, trigger)
    return [*taken_in, anomaly] if anomaly else taken_in


def _settling_read(facts: AccountFacts, trigger: LinkReported) -> Send:
    """Read the account once the answer cannot be ambiguous itself (K4)."""
    until = ambiguous_until(facts, trigger.as_of)
    return read(facts.id, "account", ReadReason.CONTRADICTION, trigger, after=until)


def _missing(now: AccountFacts, trigger: DomainEvent) -> list[Command]:
    """Read what no complete object has told yet, and what hangs on it (K5)."""
    is_answer = isinstance(trigger, LinkReported) and trigger.read
    if is_answer or not is_suspended(now):
        return []
    return [read(now.id, "account", ReadReason.INCOMPLETE, trigger)]


def _looked_at(facts: AccountFacts, trigger: DomainEvent) -> tuple[dict[str, Any], list[Command]]:
    """Its number pays again: an external account that had lost it may be well too (C3).

    It is read once. If Stripe says the same again, only a new report changes that.
    """
    unclear = trigger.follow(PaymentMethodUnclear, as_of=int(trigger.at), read=False)
    lost = {
        key: method.after({"was_looked_at": True})
        for key, method in facts.payment_methods.items()
        if method.lost_number and method.is_external and not method.was_looked_at
    }
    if not lost:
        return {}, []
    sends: list[Command] = [Send(machine="payment_method", key=k, event=unclear) for k in lost]
    return {"payment_methods": {**facts.payment_methods, **lost}}, sends


def _departed(facts: AccountFacts, trigger: LinkReported, is_settled: bool) -> Effects:
    # No read would settle a doubtful detail of an account that is gone.
    changes = facts_of.after_report(facts, trigger, frozenset())
    now = facts.after({**changes, "read_due_since": None})
    answered, answers = outgoing.answers(now, trigger, has_read=True)
    told, commands = review(now.after(answered), trigger, is_settled=is_settled)
    effects: Effects = [
        Assign(**{**changes, "read_due_since": None, **answered, **told}),
        *answers,
        *outgoing.tell_authorization(facts, now, trigger),
        *commands,
    ]
    if facts.session:
        # No session brings a new number to an account that is disconnected.
        effects.append(_to_number(facts, trigger.follow(RefreshEnded)))
    return effects


def _counted(
    facts: AccountFacts,
    trigger: SessionUnsuccessful | KnownAccountLinked,
    counts: bool,
    **said: Any,
) -> dict[str, Any]:
    """A session counts only in the outage in which it was asked for (R4)."""
    outage, asked = facts.outage, facts.request.outage if facts.request else None
    if outage is None or asked != outage.number or not counts:
        return {}
    failures = outage.failures + 1
    given_up = outage.given_up or failures >= trigger.policy.attempts
    return {"outage": outage.after({"failures": failures, "given_up": given_up, **said})}


def _ended_outage(facts: AccountFacts, as_of: int) -> dict[str, Any]:
    """A repair or replacement ends the outage, unless that began later: it is another one (R4)."""
    outage = facts.outage
    return {"outage": None} if outage is not None and as_of >= int(outage.since) else {}


def _mailed(facts: AccountFacts, trigger: SessionOpened) -> dict[str, Any]:
    """Stripe itself writes to the customer: in an outage that is its prompt (P2)."""
    outage = facts.outage
    if outage is None or outage.mailed_at is not None or trigger.request.delivery != "email":
        return {}
    return {"outage": outage.after({"mailed_at": trigger.at})}


def _without_mail_before(
    facts: AccountFacts, trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked
) -> dict[str, Any]:
    """The open session was over before the outage began, so its mail is not the prompt (P2)."""
    outage = facts.outage
    if outage is None or outage.mailed_at != facts.opened_at or trigger.as_of >= int(outage.since):
        return {}
    return {"outage": outage.after({"mailed_at": None})}


def _session_over(facts: AccountFacts, trigger: DomainEvent) -> list[Command]:
    return [_to_number(facts, trigger.follow(RefreshEnded)), review_later(facts, trigger)]


def _first_seen(facts: AccountFacts, trigger: DomainEvent) -> float:
    return trigger.at if facts.first_seen_at is None else facts.first_seen_at


def _to_number(facts: AccountFacts, event: DomainEvent) -> Send:
    """Its number knows when a session is open that may bring a new one."""
    return Send(machine="account_number", key=facts.id, event=event)
