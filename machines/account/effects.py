"""What an account remembers, asks for and tells others when it takes a transition.

Which transition takes which effect, and why, is told in :mod:`relink.machines.account`.
Each effect returns data and does nothing.
"""

from typing import Any

from relink.engine import Assign, Command, Send

from . import facts as facts_of
from . import outgoing
from .facts import AccountFacts, OwnershipCheck
from ..commands import (
    ReportAnomaly,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveSession,
)
from ..events import DomainEvent, RelinkRequested
from ..freshness import ReportChart, ambiguous_until
from ..messages import (
    Reported,
    ReportedUnclear,
    KnownAccountLinked,
    NewAccountLinkedInstead,
    NumberChanged,
    PaymentMethodChanged,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
    ReturnedBySession,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionSuperseded,
    SessionUnsuccessful,
    StripeWrites,
)

Effects = list[Command | Assign]


class AccountEffects(ReportChart):
    """The effects of the account chart."""

    # ── Stripe's words ───────────────────────────────────────────────────────

    def learn(self, facts: AccountFacts, trigger: Reported) -> Effects | Assign:
        """Believe it, and tell whoever depends on it: outage, authorization, a waiting build."""
        changes = facts_of.believed(facts, trigger)
        if facts_of.is_nothing_new(facts, changes):
            return Assign(**changes)
        now = facts.after(changes)
        if facts_of.is_mended(facts, now):
            changes |= facts_of.RESET
        told, sends = _tell_outage(now, trigger)
        sends += outgoing.tell_authorization(facts, now, trigger)
        done: list[Command] = [*sends]
        if now.build_for and (trigger.read or outgoing.can_be_judged(now)):
            done.append(outgoing.build(now, now.build_for, trigger))
            changes["build_for"] = None
        if now.pending_check and (trigger.read or outgoing.owner_is_known(now, now.pending_check)):
            answered, answer = outgoing.answer(now, now.pending_check, trigger)
            changes |= answered
            done += answer
        return [Assign(**changes, **told), *done]

    def learn_quietly(self, facts: AccountFacts, trigger: Reported) -> Effects:
        """Believe it and prompt nobody, since a new account stands in (S6)."""
        changes = facts_of.believed(facts, trigger)
        return [Assign(**changes), *outgoing.tell_move(facts, facts.after(changes), trigger)]

    def fill_gaps(self, facts: AccountFacts, trigger: Reported) -> Effects:
        """Keep only the details that nothing newer has told (K3, K5), and tell of those."""
        changes = facts_of.gaps_filled(facts, trigger)
        if not changes:
            return []
        now = facts.after(changes)
        told, sends = _tell_outage(now, trigger)
        sends += outgoing.tell_authorization(facts, now, trigger)
        return [Assign(**changes, **told), *sends]

    def fill_gaps_quietly(self, facts: AccountFacts, trigger: Reported) -> Effects:
        """The same, and prompt nobody: it was repaired or replaced (S5, S6).

        An account that has worked since it was replaced is as Stripe says now (K1): that is read.
        """
        changes = facts_of.gaps_filled(facts, trigger)
        now = facts.after(changes)
        done: Effects = [Assign(**changes), *outgoing.tell_move(facts, now, trigger)]
        if facts_of.is_replaced(facts) and not facts_of.is_replaced(now):
            read = RetrieveAccount(
                account=facts.id, reason="replaced", dedup_key=trigger.causation_id
            )
            done.append(read)
        return done

    def settle_contradiction(self, facts: AccountFacts, trigger: Reported) -> Command:
        """Read the account as soon as the answer can't be in doubt itself (K4)."""
        return RetrieveAccount(
            account=facts.id,
            reason="contradiction",
            dedup_key=trigger.causation_id,
            after=ambiguous_until(facts, trigger.as_of),
        )

    def ask_what_is_missing(self, facts: AccountFacts, trigger: Reported) -> Command:
        """Read the account; if a read left it out, only people can tell (K5)."""
        if trigger.read:
            return ReportAnomaly(
                subject=facts.id,
                what="Stripe's own answer does not say whether it can be repaired",
                dedup_key=trigger.causation_id,
            )
        return RetrieveAccount(
            account=facts.id, reason="incomplete", dedup_key=trigger.causation_id
        )

    def look(self, facts: AccountFacts, trigger: ReportedUnclear) -> Effects:
        """Read the account, when all that we know is that there is something to see (K6)."""
        held = Assign(
            first_seen_at=trigger.at if facts.first_seen_at is None else facts.first_seen_at
        )
        if trigger.read:
            what = f"Stripe answers with a status that is not known: {trigger.status}"
            return [
                held,
                ReportAnomaly(subject=facts.id, what=what, dedup_key=trigger.causation_id),
            ]
        return [
            held,
            RetrieveAccount(account=facts.id, reason="look", dedup_key=trigger.causation_id),
        ]

    def report_unknown_action(self, facts: AccountFacts, trigger: Reported) -> Command | None:
        """Count an action that we don't know as none, and say so (S2)."""
        if trigger.report.action in (None, "none", facts.action):
            return None
        what = f"an action that is not known: {trigger.report.action}"
        return ReportAnomaly(subject=facts.id, what=what, dedup_key=trigger.causation_id)

    def ask_for_another_way(self, facts: AccountFacts, trigger: Reported) -> Command:
        """Nobody can repair it: the service needs another payment method."""
        return RequestNewPaymentMethod(
            account=facts.id,
            reason=trigger.report.cause or trigger.reported_status,
            dedup_key=f"{trigger.reported_status} as of {trigger.as_of}",
        )

    # ── what others tell ─────────────────────────────────────────────────────

    def note_number(self, facts: AccountFacts, trigger: NumberChanged) -> Effects:
        """Trouble with its number is a reason to relink (S3, P3)."""
        changes: dict[str, Any] = {
            "number": trigger.state,
            "number_expires_on": trigger.expires_on,
        }
        now = facts.after(changes)
        if facts_of.is_mended(facts, now):
            changes |= facts_of.RESET
        told, sends = outgoing.tell_outage(now, trigger)
        return [Assign(**changes, **told), *sends]

    def note_number_quietly(self, facts: AccountFacts, trigger: NumberChanged) -> Assign:
        """The same, and prompt nobody: it was repaired or replaced (S5, S6)."""
        return Assign(number=trigger.state, number_expires_on=trigger.expires_on)

    def end_refresh(self, facts: AccountFacts, trigger: Reported) -> Effects:
        """No session brings a new number to an account that is gone."""
        return [_to_number(facts, trigger.follow(RefreshEnded))] if facts.session else []

    def review_needs(self, facts: AccountFacts, trigger: ReviewDue) -> Effects:
        """Tell the outage what it needs, unless it has noted just that (P1)."""
        told, sends = outgoing.tell_outage(facts, trigger)
        return [Assign(**told), *sends]

    def need_nothing(self, facts: AccountFacts, trigger: ReviewDue) -> Effects:
        """It was repaired or replaced: nobody is to be prompted (S5, S6)."""
        return _needs_nothing(facts, trigger)

    def note_payment_method(self, facts: AccountFacts, trigger: PaymentMethodChanged) -> Assign:
        """Remember how what was built on it fares (C1, C3)."""
        return Assign(payment_method=trigger.state, payment_method_reason=trigger.reason)

    # ── requests of the service ──────────────────────────────────────────────

    def create_session(self, facts: AccountFacts, trigger: RelinkRequested) -> Command:
        """Open the session that the service asks for, within its request."""
        return facts_of.session_request(facts, trigger)

    def return_session(self, facts: AccountFacts, trigger: RelinkRequested) -> Command:
        """The same session again, read so that the caller gets its secret (R1)."""
        return RetrieveSession(
            session=facts.session or "",
            reason="asked again",
            dedup_key=trigger.causation_id,
            for_caller=True,
        )

    def read_before_refusing(self, facts: AccountFacts, trigger: RelinkRequested) -> Command:
        """Perhaps Stripe knows better than we do (R9)."""
        return RetrieveAccount(
            account=facts.id,
            reason="before refusing",
            dedup_key=trigger.causation_id,
            for_caller=True,
        )

    # ── sessions and their results ───────────────────────────────────────────

    def open_session(self, facts: AccountFacts, trigger: SessionOpened) -> Effects:
        """This is the open session now; one that was open before is superseded (R1)."""
        done: Effects = [
            Assign(
                session=trigger.session,
                request=trigger.request,
                attempt=trigger.request.attempt,
                opened_while_active=facts.reported_status == "active",
                known_linked=None,
            ),
            _to_number(facts, trigger.follow(RefreshStarted)),
        ]
        if facts.session:
            event = trigger.follow(SessionSuperseded, by=trigger.session)
            done.append(Send(machine="session", key=facts.session, event=event))
        if trigger.request.delivery == "email":
            writes = trigger.follow(StripeWrites)
            done.append(Send(machine="outage", key=facts_of.outage_of(facts), event=writes))
        return done

    def supersede_newcomer(self, facts: AccountFacts, trigger: SessionOpened) -> Command:
        """Two sessions raced: the later attempt stands."""
        event = trigger.follow(SessionSuperseded, by=facts.session or "a later attempt")
        return Send(machine="session", key=trigger.session, event=event)

    def record_repair(self, facts: AccountFacts, trigger: SessionRelinked) -> Effects:
        """The customer repaired it: no relink is needed until Stripe says otherwise (S5)."""
        changes: dict[str, Any] = {
            "session": None if facts.session == trigger.session else facts.session,
            "opened_while_active": False,
            "worked_as_of": max(facts.worked_as_of, trigger.as_of),
            **facts_of.RESET,
        }
        if facts_of.told_at(facts, "deactivates_on") < trigger.as_of:
            changes["deactivates_on"] = None
        if facts.number not in (None, "transactable"):
            # What has become of it is told within this step.
            changes |= {"number": None, "number_expires_on": None}
        if trigger.as_of >= facts.repaired_as_of:
            changes |= {"repaired_as_of": trigger.as_of, "repaired_by_read": trigger.read}
        done: Effects = [Assign(**changes), *_review(facts, trigger)]
        done.append(_to_number(facts, trigger.follow(RefreshSucceeded, as_of=trigger.as_of)))
        if changes["session"]:
            done.append(_to_number(facts, trigger.follow(RefreshStarted)))
        return done

    def count_failure(self, facts: AccountFacts, trigger: SessionUnsuccessful) -> Effects:
        """One attempt less; a customer who could not find the account may pick another (R4)."""
        wrong_account = trigger.failure_reason == "no_account"
        return [
            Assign(
                session=None,
                failure_reason=trigger.failure_reason or trigger.outcome,
                next_mode="any_eligible" if wrong_account else facts_of.mode_again(facts),
            ),
            *_one_attempt_less(facts, trigger.session, trigger),
        ]

    def offer_known(self, facts: AccountFacts, trigger: KnownAccountLinked) -> Effects:
        """Ours stays as Stripe's word has it, and the one that the customer picked is
        offered (R3)."""
        return [
            Assign(
                session=None,
                known_linked=trigger.other,
                next_mode=facts_of.mode_again(facts),
            ),
            *_one_attempt_less(facts, trigger.session, trigger),
        ]

    def note_known(self, facts: AccountFacts, trigger: KnownAccountLinked) -> Assign:
        """A session that was given up brought another known account (R2)."""
        return Assign(known_linked=trigger.other)

    def record_replacement(self, facts: AccountFacts, trigger: NewAccountLinkedInstead) -> Effects:
        """A new account stands in for it, and nobody needs to repair it (S6)."""
        changes: dict[str, Any] = {
            "session": None if facts.session == trigger.session else facts.session,
            "opened_while_active": False,
            **facts_of.RESET,
        }
        # The latest one counts, and of two in one second always the same (K1).
        if (trigger.as_of, trigger.new) >= (facts.replaced_as_of, facts.replaced_by or ""):
            changes |= {
                "replaced_by": trigger.new,
                "replaced_as_of": trigger.as_of,
                "replaced_by_read": trigger.read,
            }
        done: Effects = [Assign(**changes), *_review(facts, trigger)]
        if facts.session == trigger.session:
            done.append(_to_number(facts, trigger.follow(RefreshEnded)))
        return done

    def forget_session(
        self, facts: AccountFacts, trigger: SessionUnsuccessful | SessionRelinked
    ) -> Effects:
        """The open session is over, and there is nothing to count."""
        if facts.session != trigger.session:
            return []
        return [Assign(session=None), _to_number(facts, trigger.follow(RefreshEnded))]

    def answer_session(self, facts: AccountFacts, trigger: ReturnedBySession) -> Effects:
        """Known, new, or somebody else's? First ask Stripe whose it is, if need be (K7, R6)."""
        asked = OwnershipCheck(
            session=trigger.session,
            holder=trigger.holder,
            opened_at=trigger.opened_at,
            as_of=trigger.as_of,
            read=trigger.read,
        )
        if outgoing.owner_is_known(facts, asked):
            changes, done = outgoing.answer(facts, asked, trigger)
            return [Assign(**changes), *done]
        first_seen_at = trigger.at if facts.first_seen_at is None else facts.first_seen_at
        read = RetrieveAccount(account=facts.id, reason="new", dedup_key=trigger.session)
        return [Assign(pending_check=asked, first_seen_at=first_seen_at), read]


def _tell_outage(now: AccountFacts, trigger: Reported) -> tuple[dict[str, Any], list[Send]]:
    """Tell the outage what it needs; once its numbers are heard too, where they came along.

    Nobody is prompted, or left alone, on the strength of what its numbers were before.
    """
    told, sends = outgoing.tell_outage(now, trigger)
    if sends and now.reported_status == "active" and trigger.report.includes("numbers"):
        return {}, [Send(machine="account", key=now.id, event=trigger.follow(ReviewDue))]
    return told, sends


def _review(facts: AccountFacts, trigger: DomainEvent) -> list[Send]:
    """Tell the outage of a result, after all that the report told beside it."""
    if facts.last_reported is None and not facts.given_up:
        return []
    return [Send(machine="account", key=facts.id, event=trigger.follow(ReviewDue))]


def _needs_nothing(facts: AccountFacts, trigger: DomainEvent) -> Effects:
    told, sends = outgoing.tell_outage(facts.after({"reported_status": None}), trigger)
    return [Assign(**told), *sends]


def _one_attempt_less(facts: AccountFacts, session: str, trigger: DomainEvent) -> Effects:
    """Count; after the policy's last attempt no more prompts, but another way to pay (R4)."""
    failures = facts.failures + 1
    ended = _to_number(facts, trigger.follow(RefreshEnded))
    if failures < trigger.policy.attempts or facts.given_up:
        return [Assign(failures=failures), ended]
    return [
        Assign(failures=failures, given_up=True),
        *_needs_nothing(facts, trigger),
        RequestNewPaymentMethod(account=facts.id, reason="attempts used up", dedup_key=session),
        ended,
    ]


def _to_number(facts: AccountFacts, event: DomainEvent) -> Send:
    """Its number knows when a session is open that may bring a new one."""
    return Send(machine="account_number", key=facts.id, event=event)
