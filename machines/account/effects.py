"""What an account remembers, asks for and sends when it takes a transition.

:mod:`relink.machines.account.chart` says which transition has which effect, and why. Each effect
returns data and does nothing.
"""

from typing import Any

from relink.engine import Assign, Command, Send

from ..commands import (
    ReportAnomaly,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
)
from ..events import DomainEvent, RelinkRequested
from ..freshness import ReportChart, ambiguous_until
from ..messages import (
    KnownAccountLinked,
    LinkReported,
    NewAccountLinkedInstead,
    NumberChanged,
    PaymentMethodChanged,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
    ReportedUnclear,
    ReturnedBySession,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionSuperseded,
    SessionUnsuccessful,
    StripeWrites,
)
from ..reasons import Anomaly, ReadReason
from ..vocabulary import NO_ACTION, NumberStatus
from . import facts as facts_of
from . import outgoing
from .eligibility import can_judge_build
from .facts import RESET, AccountFacts, OwnershipCheck
from .needs import changes_nothing_for_others, is_mended
from .session_request import mode_again, session_request

Effects = list[Command | Assign]


class AccountEffects(ReportChart):
    """The effects of the account chart."""

    # ── reports ──────────────────────────────────────────────────────────────

    def learn(self, facts: AccountFacts, trigger: LinkReported) -> Effects | Assign:
        """Take the report in, and tell the machines that depend on it."""
        changes = facts_of.after_report(facts, trigger)
        if changes_nothing_for_others(facts, changes):
            return Assign(**changes)
        now = facts.after(changes)
        if is_mended(facts, now):
            changes |= RESET
        reported, sends = _tell_outage(now, trigger)
        commands: list[Command] = [*sends, *outgoing.tell_authorization(facts, now, trigger)]
        if now.build_for and (trigger.read or can_judge_build(now)):
            commands.append(outgoing.build(now, now.build_for, trigger))
            changes["build_for"] = None
        check = now.pending_check
        if check and (trigger.read or outgoing.owner_is_known(now, check)):
            answered, answer = outgoing.answer(now, check, trigger)
            changes |= answered
            commands += answer
        return [Assign(**changes, **reported), *commands]

    def learn_quietly(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """Take the report in and prompt nobody: the account was replaced (S6)."""
        changes = facts_of.after_report(facts, trigger)
        return [Assign(**changes), *outgoing.tell_move(facts, facts.after(changes), trigger)]

    def fill_gaps(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """Keep only the details that no newer report included, and tell of those (K3, K5)."""
        changes = facts_of.after_stale_report(facts, trigger)
        if not changes:
            return []
        now = facts.after(changes)
        reported, sends = _tell_outage(now, trigger)
        sends += outgoing.tell_authorization(facts, now, trigger)
        return [Assign(**changes, **reported), *sends]

    def fill_gaps_quietly(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """The same, and prompt nobody: the account was repaired or replaced (S5, S6).

        An account that turns out to have worked since it was replaced is read (K1).
        """
        changes = facts_of.after_stale_report(facts, trigger)
        now = facts.after(changes)
        effects: Effects = [Assign(**changes), *outgoing.tell_move(facts, now, trigger)]
        if facts_of.is_replaced(facts) and not facts_of.is_replaced(now):
            effects.append(_read(facts, ReadReason.REPLACED, trigger))
        return effects

    def settle_contradiction(self, facts: AccountFacts, trigger: LinkReported) -> Command:
        """Read the account as soon as the answer cannot be ambiguous itself (K4)."""
        until = ambiguous_until(facts, trigger.as_of)
        return _read(facts, ReadReason.CONTRADICTION, trigger, after=until)

    def ask_what_is_missing(self, facts: AccountFacts, trigger: LinkReported) -> Command:
        """Read the account; if the read itself left it out, tell the operators (K5)."""
        if not trigger.read:
            return _read(facts, ReadReason.INCOMPLETE, trigger)
        return ReportAnomaly(
            about=facts.id, anomaly=Anomaly.REPAIR_LEFT_OPEN, dedup_key=trigger.causation_id
        )

    def look(self, facts: AccountFacts, trigger: ReportedUnclear) -> Effects:
        """Read the account, since the report says only that something changed (K6)."""
        first_seen_at = trigger.at if facts.first_seen_at is None else facts.first_seen_at
        seen = Assign(first_seen_at=first_seen_at)
        if not trigger.read:
            return [seen, _read(facts, ReadReason.LOOK, trigger)]
        anomaly = ReportAnomaly(
            about=facts.id,
            anomaly=Anomaly.UNKNOWN_STATUS,
            value=trigger.status,
            dedup_key=trigger.causation_id,
        )
        return [seen, anomaly]

    def report_unknown_action(self, facts: AccountFacts, trigger: LinkReported) -> Command | None:
        """Count an unknown action as none, and tell the operators (S2)."""
        if trigger.report.action in (None, NO_ACTION, facts.action):
            return None
        return ReportAnomaly(
            about=facts.id,
            anomaly=Anomaly.UNKNOWN_ACTION,
            value=trigger.report.action,
            dedup_key=trigger.causation_id,
        )

    def ask_for_another_way(self, facts: AccountFacts, trigger: LinkReported) -> Command:
        """Nobody can repair the account: ask the service for another payment method."""
        return RequestNewPaymentMethod(
            account=facts.id,
            reason=trigger.report.cause or trigger.reported_status,
            dedup_key=f"{trigger.reported_status}:{trigger.as_of}",
        )

    # ── messages of other machines ───────────────────────────────────────────

    def note_number(self, facts: AccountFacts, trigger: NumberChanged) -> Effects:
        """Trouble with its number is a reason to relink the account (S3, P3)."""
        changes: dict[str, Any] = {
            "number": trigger.status,
            "number_expires_on": trigger.expires_on,
        }
        now = facts.after(changes)
        if is_mended(facts, now):
            changes |= RESET
        reported, sends = outgoing.tell_outage(now, trigger)
        return [Assign(**changes, **reported), *sends]

    def note_number_quietly(self, facts: AccountFacts, trigger: NumberChanged) -> Assign:
        """The same, and prompt nobody: the account was repaired or replaced (S5, S6)."""
        return Assign(number=trigger.status, number_expires_on=trigger.expires_on)

    def end_refresh(self, facts: AccountFacts, trigger: LinkReported) -> Effects:
        """No session brings a new number to an account that is disconnected."""
        return [_to_number(facts, trigger.follow(RefreshEnded))] if facts.session else []

    def review_needs(self, facts: AccountFacts, trigger: ReviewDue) -> Effects:
        """Tell the outage what the account needs, unless it was last told just that (P1)."""
        reported, sends = outgoing.tell_outage(facts, trigger)
        return [Assign(**reported), *sends]

    def need_nothing(self, facts: AccountFacts, trigger: ReviewDue) -> Effects:
        """The account was repaired or replaced: nobody is prompted for it (S5, S6)."""
        return _needs_nothing(facts, trigger)

    def note_payment_method(self, facts: AccountFacts, trigger: PaymentMethodChanged) -> Assign:
        """Remember the state of what was built on the account (C1, C3)."""
        return Assign(payment_method=trigger.state, payment_method_reason=trigger.reason)

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
                attempt=trigger.request.attempt,
                opened_while_active=facts.works,
                known_linked=None,
            ),
            _to_number(facts, trigger.follow(RefreshStarted)),
        ]
        if facts.session:
            event = trigger.follow(SessionSuperseded, by=trigger.session)
            effects.append(Send(machine="session", key=facts.session, event=event))
        if trigger.request.delivery == "email":
            writes = trigger.follow(StripeWrites)
            outage = facts_of.outage_of(facts)
            effects.append(Send(machine="outage", key=outage, event=writes))
        return effects

    def supersede_newcomer(self, facts: AccountFacts, trigger: SessionOpened) -> Command:
        """Two sessions raced: the later attempt stays open."""
        event = trigger.follow(SessionSuperseded, by=facts.session or "a later attempt")
        return Send(machine="session", key=trigger.session, event=event)

    def record_repair(self, facts: AccountFacts, trigger: SessionRelinked) -> Effects:
        """The customer repaired it: no relink is needed until Stripe reports otherwise (S5)."""
        changes: dict[str, Any] = {
            "session": None if facts.session == trigger.session else facts.session,
            "opened_while_active": False,
            "worked_as_of": max(facts.worked_as_of, trigger.as_of),
            **RESET,
        }
        if facts_of.included_at(facts, "deactivates_on") < trigger.as_of:
            changes["deactivates_on"] = None
        if facts.number not in (None, NumberStatus.TRANSACTABLE):
            # The number's machine reports its new status within this step.
            changes |= {"number": None, "number_expires_on": None}
        if trigger.as_of >= facts.repaired_as_of:
            changes |= {"repaired_as_of": trigger.as_of, "repaired_by_read": trigger.read}
        effects: Effects = [Assign(**changes), *_review(facts, trigger)]
        effects.append(_to_number(facts, trigger.follow(RefreshSucceeded, as_of=trigger.as_of)))
        if changes["session"]:
            effects.append(_to_number(facts, trigger.follow(RefreshStarted)))
        return effects

    def count_failure(self, facts: AccountFacts, trigger: SessionUnsuccessful) -> Effects:
        """Count the attempt; a customer who could not find the account may pick another (R4)."""
        wrong_account = trigger.failure_reason == "no_account"
        return [
            Assign(
                session=None,
                failure_reason=trigger.failure_reason or trigger.outcome,
                next_mode="any_eligible" if wrong_account else mode_again(facts),
            ),
            *_count_attempt(facts, trigger.session, trigger),
        ]

    def offer_known(self, facts: AccountFacts, trigger: KnownAccountLinked) -> Effects:
        """Keep the account as last reported, and offer the one that the customer picked (R3)."""
        return [
            Assign(session=None, known_linked=trigger.other, next_mode=mode_again(facts)),
            *_count_attempt(facts, trigger.session, trigger),
        ]

    def note_known(self, facts: AccountFacts, trigger: KnownAccountLinked) -> Assign:
        """A session that was given up brought another known account (R2)."""
        return Assign(known_linked=trigger.other)

    def record_replacement(self, facts: AccountFacts, trigger: NewAccountLinkedInstead) -> Effects:
        """Name the new account; nobody needs to repair this one (S6)."""
        changes: dict[str, Any] = {
            "session": None if facts.session == trigger.session else facts.session,
            "opened_while_active": False,
            **RESET,
        }
        # The latest replacement counts; of two in one second, always the same (K1).
        if (trigger.as_of, trigger.new) >= (facts.replaced_as_of, facts.replaced_by or ""):
            changes |= {
                "replaced_by": trigger.new,
                "replaced_as_of": trigger.as_of,
                "replaced_by_read": trigger.read,
            }
        effects: Effects = [Assign(**changes), *_review(facts, trigger)]
        if facts.session == trigger.session:
            effects.append(_to_number(facts, trigger.follow(RefreshEnded)))
        return effects

    def forget_session(
        self, facts: AccountFacts, trigger: SessionUnsuccessful | SessionRelinked
    ) -> Effects:
        """The open session is over, and counts for nothing."""
        if facts.session != trigger.session:
            return []
        return [Assign(session=None), _to_number(facts, trigger.follow(RefreshEnded))]

    def answer_session(self, facts: AccountFacts, trigger: ReturnedBySession) -> Effects:
        """Tell the session whether the account is known, new or another holder's (K7, R6)."""
        check = OwnershipCheck(
            session=trigger.session,
            holder=trigger.holder,
            opened_at=trigger.opened_at,
            as_of=trigger.as_of,
            read=trigger.read,
        )
        if outgoing.owner_is_known(facts, check):
            changes, commands = outgoing.answer(facts, check, trigger)
            return [Assign(**changes), *commands]
        first_seen_at = trigger.at if facts.first_seen_at is None else facts.first_seen_at
        read = outgoing.read_new_account(facts, trigger.session)
        return [Assign(pending_check=check, first_seen_at=first_seen_at), read]


def _read(
    facts: AccountFacts, reason: ReadReason, trigger: DomainEvent, after: int = 0
) -> RetrieveAccount:
    return RetrieveAccount(
        account=facts.id, reason=reason, dedup_key=trigger.causation_id, after=after
    )


def _tell_outage(now: AccountFacts, trigger: LinkReported) -> tuple[dict[str, Any], list[Send]]:
    """Tell the outage what the account needs; after its numbers, where the report has them too.

    Otherwise the old numbers would decide whether the customer is prompted.
    """
    reported, sends = outgoing.tell_outage(now, trigger)
    if sends and now.works and trigger.report.includes("numbers"):
        return {}, [Send(machine="account", key=now.id, event=trigger.follow(ReviewDue))]
    return reported, sends


def _review(facts: AccountFacts, trigger: DomainEvent) -> list[Send]:
    """Tell the outage of a result, after everything else in the same report."""
    if facts.last_reported is None and not facts.given_up:
        return []
    return [Send(machine="account", key=facts.id, event=trigger.follow(ReviewDue))]


def _needs_nothing(facts: AccountFacts, trigger: DomainEvent) -> Effects:
    reported, sends = outgoing.tell_outage(facts.after({"reported_status": None}), trigger)
    return [Assign(**reported), *sends]


def _count_attempt(facts: AccountFacts, session: str, trigger: DomainEvent) -> Effects:
    """Count; after the policy's last attempt no more prompts, but another way to pay (R4)."""
    failures = facts.failures + 1
    ended = _to_number(facts, trigger.follow(RefreshEnded))
    if failures < trigger.policy.attempts or facts.given_up:
        return [Assign(failures=failures), ended]
    return [
        Assign(failures=failures, given_up=True),
        *_needs_nothing(facts, trigger),
        RequestNewPaymentMethod(account=facts.id, reason="attempts_used_up", dedup_key=session),
        ended,
    ]


def _to_number(facts: AccountFacts, event: DomainEvent) -> Send:
    """Its number knows when a session is open that may bring a new one."""
    return Send(machine="account_number", key=facts.id, event=event)
