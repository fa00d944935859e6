"""What an account remembers, asks for and tells others when it takes a transition.

Which transition takes which effect, and why, is told in :mod:`relink.machines.account`.
Each effect returns data and does nothing.
"""

from typing import Any

from relink.engine import Assign, Command, Send

from . import account_facts as facts_of
from . import account_news as news
from .account_facts import AccountFacts, Question
from .commands import (
    ReportAnomaly,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveSession,
)
from .events import Happening, RelinkRequested
from .hearing import Hearing, when_doubt_is_over
from .messages import (
    Heard,
    HeardUnclear,
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


class AccountEffects(Hearing):
    """The effects of the account chart."""

    # ── Stripe's words ───────────────────────────────────────────────────────

    def learn(self, facts: AccountFacts, happened: Heard) -> Effects | Assign:
        """Believe it, and tell whoever depends on it: outage, authorization, a waiting build."""
        changes = facts_of.believed(facts, happened)
        if facts_of.is_nothing_new(facts, changes):
            return Assign(**changes)
        now = facts.after(changes)
        if facts_of.is_mended(facts, now):
            changes |= facts_of.ANEW
        told, sends = _tell_outage(now, happened)
        sends += news.tell_authorization(facts, now, happened)
        done: list[Command] = [*sends]
        if now.build_for and (happened.read or news.can_be_judged(now)):
            done.append(news.build(now, now.build_for, happened))
            changes["build_for"] = None
        if now.asked_by and (happened.read or news.whose_is_known(now, now.asked_by)):
            answered, answer = news.answer(now, now.asked_by, happened)
            changes |= answered
            done += answer
        return [Assign(**changes, **told), *done]

    def learn_quietly(self, facts: AccountFacts, happened: Heard) -> Effects:
        """Believe it and prompt nobody, since a new account stands in (S6)."""
        changes = facts_of.believed(facts, happened)
        return [Assign(**changes), *news.tell_move(facts, facts.after(changes), happened)]

    def fill_gaps(self, facts: AccountFacts, happened: Heard) -> Effects:
        """Keep only the details that nothing newer has told (K3, K5), and tell of those."""
        changes = facts_of.gaps_filled(facts, happened)
        if not changes:
            return []
        now = facts.after(changes)
        told, sends = _tell_outage(now, happened)
        sends += news.tell_authorization(facts, now, happened)
        return [Assign(**changes, **told), *sends]

    def fill_gaps_quietly(self, facts: AccountFacts, happened: Heard) -> Effects:
        """The same, and prompt nobody: it was repaired or replaced (S5, S6).

        An account that has worked since it was replaced is as Stripe says now (K1): that is read.
        """
        changes = facts_of.gaps_filled(facts, happened)
        now = facts.after(changes)
        done: Effects = [Assign(**changes), *news.tell_move(facts, now, happened)]
        if facts_of.is_replaced(facts) and not facts_of.is_replaced(now):
            read = RetrieveAccount(account=facts.id, because="replaced", occasion=happened.cause)
            done.append(read)
        return done

    def settle_contradiction(self, facts: AccountFacts, happened: Heard) -> Command:
        """Read the account as soon as the answer can't be in doubt itself (K4)."""
        return RetrieveAccount(
            account=facts.id,
            because="contradiction",
            occasion=happened.cause,
            after=when_doubt_is_over(facts, happened.as_of),
        )

    def ask_what_is_missing(self, facts: AccountFacts, happened: Heard) -> Command:
        """Read the account; if a read left it out, only people can tell (K5)."""
        if happened.read:
            return ReportAnomaly(
                subject=facts.id,
                what="Stripe's own answer does not say whether it can be repaired",
                occasion=happened.cause,
            )
        return RetrieveAccount(account=facts.id, because="incomplete", occasion=happened.cause)

    def look(self, facts: AccountFacts, happened: HeardUnclear) -> Effects:
        """Read the account, when all that we know is that there is something to see (K6)."""
        held = Assign(held_since=happened.at if facts.held_since is None else facts.held_since)
        if happened.read:
            what = f"Stripe answers with a status that is not known: {happened.status}"
            return [held, ReportAnomaly(subject=facts.id, what=what, occasion=happened.cause)]
        return [
            held,
            RetrieveAccount(account=facts.id, because="look", occasion=happened.cause),
        ]

    def report_unknown_action(self, facts: AccountFacts, happened: Heard) -> Command | None:
        """Count an action that we don't know as none, and say so (S2)."""
        if happened.word.action in (None, "none", facts.action):
            return None
        what = f"an action that is not known: {happened.word.action}"
        return ReportAnomaly(subject=facts.id, what=what, occasion=happened.cause)

    def ask_for_another_way(self, facts: AccountFacts, happened: Heard) -> Command:
        """Nobody can repair it: the service needs another payment method."""
        return RequestNewPaymentMethod(
            account=facts.id,
            because=happened.word.cause or happened.says,
            occasion=f"{happened.says} as of {happened.as_of}",
        )

    # ── what others tell ─────────────────────────────────────────────────────

    def note_number(self, facts: AccountFacts, happened: NumberChanged) -> Effects:
        """Trouble with its number is a reason to relink (S3, P3)."""
        changes: dict[str, Any] = {
            "number": happened.state,
            "number_expires_on": happened.expires_on,
        }
        now = facts.after(changes)
        if facts_of.is_mended(facts, now):
            changes |= facts_of.ANEW
        told, sends = news.tell_outage(now, happened)
        return [Assign(**changes, **told), *sends]

    def note_number_quietly(self, facts: AccountFacts, happened: NumberChanged) -> Assign:
        """The same, and prompt nobody: it was repaired or replaced (S5, S6)."""
        return Assign(number=happened.state, number_expires_on=happened.expires_on)

    def end_refresh(self, facts: AccountFacts, happened: Heard) -> Effects:
        """No session brings a new number to an account that is gone."""
        return [_to_number(facts, happened.follow(RefreshEnded))] if facts.session else []

    def review_needs(self, facts: AccountFacts, happened: ReviewDue) -> Effects:
        """Tell the outage what it needs, unless it has noted just that (P1)."""
        told, sends = news.tell_outage(facts, happened)
        return [Assign(**told), *sends]

    def need_nothing(self, facts: AccountFacts, happened: ReviewDue) -> Effects:
        """It was repaired or replaced: nobody is to be prompted (S5, S6)."""
        return _needs_nothing(facts, happened)

    def note_payment_method(self, facts: AccountFacts, happened: PaymentMethodChanged) -> Assign:
        """Remember how what was built on it fares (C1, C3)."""
        return Assign(payment_method=happened.state, payment_method_reason=happened.reason)

    # ── requests of the service ──────────────────────────────────────────────

    def create_session(self, facts: AccountFacts, happened: RelinkRequested) -> Command:
        """Open the session that the service asks for, within its request."""
        return facts_of.session_request(facts, happened)

    def return_session(self, facts: AccountFacts, happened: RelinkRequested) -> Command:
        """The same session again, read so that the caller gets its secret (R1)."""
        return RetrieveSession(
            session=facts.session or "",
            because="asked again",
            occasion=happened.cause,
            for_caller=True,
        )

    def read_before_refusing(self, facts: AccountFacts, happened: RelinkRequested) -> Command:
        """Perhaps Stripe knows better than we do (R9)."""
        return RetrieveAccount(
            account=facts.id,
            because="before refusing",
            occasion=happened.cause,
            for_caller=True,
        )

    # ── sessions and their results ───────────────────────────────────────────

    def open_session(self, facts: AccountFacts, happened: SessionOpened) -> Effects:
        """This is the open session now; one that was open before is superseded (R1)."""
        done: Effects = [
            Assign(
                session=happened.session,
                request=happened.request,
                attempt=happened.request.attempt,
                opened_while_active=facts.says == "active",
                known_linked=None,
            ),
            _to_number(facts, happened.follow(RefreshStarted)),
        ]
        if facts.session:
            event = happened.follow(SessionSuperseded, by=happened.session)
            done.append(Send(machine="session", key=facts.session, event=event))
        if happened.request.delivery == "email":
            writes = happened.follow(StripeWrites)
            done.append(Send(machine="outage", key=facts_of.outage_of(facts), event=writes))
        return done

    def supersede_newcomer(self, facts: AccountFacts, happened: SessionOpened) -> Command:
        """Two sessions raced: the later attempt stands."""
        event = happened.follow(SessionSuperseded, by=facts.session or "a later attempt")
        return Send(machine="session", key=happened.session, event=event)

    def record_repair(self, facts: AccountFacts, happened: SessionRelinked) -> Effects:
        """The customer repaired it: no relink is needed until Stripe says otherwise (S5)."""
        changes: dict[str, Any] = {
            "session": None if facts.session == happened.session else facts.session,
            "opened_while_active": False,
            "worked_as_of": max(facts.worked_as_of, happened.as_of),
            **facts_of.ANEW,
        }
        if facts_of.told_at(facts, "deactivates_on") < happened.as_of:
            changes["deactivates_on"] = None
        if facts.number not in (None, "transactable"):
            # What has become of it is told within this step.
            changes |= {"number": None, "number_expires_on": None}
        if happened.as_of >= facts.repaired_as_of:
            changes |= {"repaired_as_of": happened.as_of, "repaired_by_read": happened.read}
        done: Effects = [Assign(**changes), *_review(facts, happened)]
        done.append(_to_number(facts, happened.follow(RefreshSucceeded, as_of=happened.as_of)))
        if changes["session"]:
            done.append(_to_number(facts, happened.follow(RefreshStarted)))
        return done

    def count_failure(self, facts: AccountFacts, happened: SessionUnsuccessful) -> Effects:
        """One attempt less; a customer who could not find the account may pick another (R4)."""
        wrong_account = happened.failure_reason == "no_account"
        return [
            Assign(
                session=None,
                failure_reason=happened.failure_reason or happened.outcome,
                next_mode="any_eligible" if wrong_account else facts_of.mode_again(facts),
            ),
            *_one_attempt_less(facts, happened.session, happened),
        ]

    def offer_known(self, facts: AccountFacts, happened: KnownAccountLinked) -> Effects:
        """Ours stays as Stripe's word has it, and the one that the customer picked is
        offered (R3)."""
        return [
            Assign(
                session=None,
                known_linked=happened.other,
                next_mode=facts_of.mode_again(facts),
            ),
            *_one_attempt_less(facts, happened.session, happened),
        ]

    def note_known(self, facts: AccountFacts, happened: KnownAccountLinked) -> Assign:
        """A session that was given up brought another known account (R2)."""
        return Assign(known_linked=happened.other)

    def record_replacement(self, facts: AccountFacts, happened: NewAccountLinkedInstead) -> Effects:
        """A new account stands in for it, and nobody needs to repair it (S6)."""
        changes: dict[str, Any] = {
            "session": None if facts.session == happened.session else facts.session,
            "opened_while_active": False,
            **facts_of.ANEW,
        }
        # The latest one counts, and of two in one second always the same (K1).
        if (happened.as_of, happened.new) >= (facts.replaced_as_of, facts.replaced_by or ""):
            changes |= {
                "replaced_by": happened.new,
                "replaced_as_of": happened.as_of,
                "replaced_by_read": happened.read,
            }
        done: Effects = [Assign(**changes), *_review(facts, happened)]
        if facts.session == happened.session:
            done.append(_to_number(facts, happened.follow(RefreshEnded)))
        return done

    def forget_session(
        self, facts: AccountFacts, happened: SessionUnsuccessful | SessionRelinked
    ) -> Effects:
        """The open session is over, and there is nothing to count."""
        if facts.session != happened.session:
            return []
        return [Assign(session=None), _to_number(facts, happened.follow(RefreshEnded))]

    def answer_session(self, facts: AccountFacts, happened: ReturnedBySession) -> Effects:
        """Known, new, or somebody else's? First ask Stripe whose it is, if need be (K7, R6)."""
        asked = Question(
            session=happened.session,
            holder=happened.holder,
            opened_at=happened.opened_at,
            as_of=happened.as_of,
            read=happened.read,
        )
        if news.whose_is_known(facts, asked):
            changes, done = news.answer(facts, asked, happened)
            return [Assign(**changes), *done]
        held_since = happened.at if facts.held_since is None else facts.held_since
        read = RetrieveAccount(account=facts.id, because="new", occasion=happened.session)
        return [Assign(asked_by=asked, held_since=held_since), read]


def _tell_outage(now: AccountFacts, happened: Heard) -> tuple[dict[str, Any], list[Send]]:
    """Tell the outage what it needs; once its numbers are heard too, where they came along.

    Nobody is prompted, or left alone, on the strength of what its numbers were before.
    """
    told, sends = news.tell_outage(now, happened)
    if sends and now.says == "active" and happened.word.said("numbers"):
        return {}, [Send(machine="account", key=now.id, event=happened.follow(ReviewDue))]
    return told, sends


def _review(facts: AccountFacts, happened: Happening) -> list[Send]:
    """Tell the outage of a result, after all that the report told beside it."""
    if facts.noted is None and not facts.given_up:
        return []
    return [Send(machine="account", key=facts.id, event=happened.follow(ReviewDue))]


def _needs_nothing(facts: AccountFacts, happened: Happening) -> Effects:
    told, sends = news.tell_outage(facts.after({"says": None}), happened)
    return [Assign(**told), *sends]


def _one_attempt_less(facts: AccountFacts, session: str, happened: Happening) -> Effects:
    """Count; after the policy's last attempt no more prompts, but another way to pay (R4)."""
    failures = facts.failures + 1
    ended = _to_number(facts, happened.follow(RefreshEnded))
    if failures < happened.policy.attempts or facts.given_up:
        return [Assign(failures=failures), ended]
    return [
        Assign(failures=failures, given_up=True),
        *_needs_nothing(facts, happened),
        RequestNewPaymentMethod(account=facts.id, because="attempts used up", occasion=session),
        ended,
    ]


def _to_number(facts: AccountFacts, event: Happening) -> Send:
    """Its number knows when a session is open that may bring a new one."""
    return Send(machine="account_number", key=facts.id, event=event)
