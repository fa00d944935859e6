"""Safety: what must hold whatever happens, in whatever order.

Each invariant is a predicate over one step: the world before it, the step, and the world
after it; it returns what is wrong, or None. Only the machines that a step concerns are looked
at, and those that they name, so that a check costs the same in a large world. An invariant's
docstring begins with the rule that it holds.

The property tests, the checker and the simulation all ask :data:`ALL`.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import cast

from relink.engine import Step

from .account.facts import DETAILS, AccountFacts, outage_of
from .account.needs import is_incomplete, relink_reasons
from .assessment import assess
from .authorization import AuthorizationFacts
from .commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    NotifyCustomer,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSessionForCaller,
)
from .events import DomainEvent, RelinkRequested
from .freshness import ReportFacts, ambiguous
from .messages import ReportedDisconnected, ReportedInactive, ReportedUnclear
from .outage import OutageFacts
from .payment_method import PaymentMethodFacts
from .session import SessionFacts
from .step_view import StepView, World, asks
from .vocabulary import ELIGIBLE_SUBCATEGORIES

Invariant = Callable[[World, Step, World], str | None]
"""Asked with the world before a step, the step, and the world after it."""

_all: list[Invariant] = []


def violations(before: World, step: Step, after: World) -> list[str]:
    """What is wrong with a step, each with the name of the invariant that says so."""
    found = ((each.__name__, each(before, step, after)) for each in ALL)
    return [f"{name}: {wrong}" for name, wrong in found if wrong is not None]


def _invariant(check: Callable[[StepView], Iterator[str]]) -> Invariant:
    """Of the complaints of a check the first, or None."""

    @wraps(check)
    def predicate(before: World, step: Step, after: World) -> str | None:
        return next(check(StepView(before, step, after)), None)

    _all.append(predicate)
    return predicate


# ── states and Stripe's word ─────────────────────────────────────────────────

SAYS: dict[str, dict[str, set[str | None]]] = {
    "account": {
        "active": {"active"},
        "inactive_relinkable": {"relinkable", "inactive"},
        "inactive_unrepairable": {"unrepairable", "relinkable", "inactive", None},
        "relinking": {"active", "relinkable", "inactive"},
        "disconnected": {"disconnected"},
    },
    "authorization": {
        "active": {"active", None},
        "inactive_relinkable": {"relinkable", "inactive"},
        "inactive_unrepairable": {"unrepairable", "inactive"},
        "disconnected": {"disconnected"},
    },
    "account_number": {
        "transactable": {"transactable", None},
        "pending": {"pending"},
        "expiring": {"expiring"},
        "lapsed": {"lapsed"},
        "refreshing": {"pending", "expiring", "lapsed"},
    },
}
"""The latest words that go with each state; states that are not listed go with any."""


@_invariant
def state_agrees_with_word(seen: StepView) -> Iterator[str]:
    """S1, S2: a state says no more and no less than Stripe's latest word; only relinkable
    without an authorization waits as unrepairable (K5)."""
    for machine, states in SAYS.items():
        for key, now in seen.touched(machine, ReportFacts):
            if now.state in states and now.facts.reported_status not in states[now.state]:
                yield f"{machine} {key} is {now.state}, and the word is {now.facts.reported_status}"
    for key, account in seen.touched("account", AccountFacts):
        waits = (
            account.state == "inactive_unrepairable"
            and account.facts.reported_status == "relinkable"
        )
        if waits and account.facts.authorization is not None:
            yield f"account {key} can be relinked, by {account.facts.authorization}"


@_invariant
def relinking_has_an_open_session(seen: StepView) -> Iterator[str]:
    """S3: an account is relinking while a session for it is open, and it knows which."""
    for key, now in seen.touched("account", AccountFacts):
        session, request = now.facts.session, now.facts.request
        if now.state == "relinking" and not (session and request):
            yield f"account {key} is relinking, by no session"
        if now.state == "inactive_relinkable" and session:
            yield f"account {key} waits for a relink while {session} is open"
        if now.state == "active" and session and now.facts.opened_while_active:
            yield f"account {key} is active while {session}, opened from active, is open"
    for key, authorization in seen.touched("authorization", AuthorizationFacts):
        if authorization.state == "relinking" and not authorization.facts.sessions:
            yield f"authorization {key} is relinking, by no session"
    for key, number in seen.touched("account_number", ReportFacts):
        account = seen.after("account", key, AccountFacts)
        if account is None or account.state == "disconnected":
            continue
        if (number.state == "refreshing") > (account.facts.session is not None):
            yield f"the number of {key} is refreshing, by no session"
        if account.facts.session and number.state in ("pending", "expiring", "lapsed"):
            yield f"the number of {key} is {number.state}, and a session is open"


@_invariant
def replacement_is_named(seen: StepView) -> Iterator[str]:
    """S6: an account that was replaced names its replacement, and keeps doing so."""
    for key, now in seen.touched("account", AccountFacts):
        if now.state == "new_account_linked" and now.facts.replaced_by is None:
            yield f"account {key} was replaced, by nobody knows what"
        earlier = seen.before("account", key, AccountFacts)
        if earlier and earlier.facts.replaced_by and not now.facts.replaced_by:
            yield f"account {key} has forgotten {earlier.facts.replaced_by}"


@_invariant
def disconnected_is_certain_and_final(seen: StepView) -> Iterator[str]:
    """S7: disconnected is entered on a word that is not in doubt, and never left."""
    for address, decision in seen.decisions():
        was, now = decision.before.state, decision.state
        if was == "disconnected" and (now != was or decision.facts != decision.before.facts):
            yield f"{address.machine} {address.key} came back from disconnected"
        if now == "disconnected" != was:
            trigger = decision.trigger
            if not isinstance(trigger, ReportedDisconnected):
                yield f"{address.machine} {address.key} is disconnected by {trigger.name}"
            elif ambiguous(cast(ReportFacts, decision.before.facts), trigger):
                yield f"{address.machine} {address.key} is disconnected by a word in doubt"


# ── knowledge ────────────────────────────────────────────────────────────────


@_invariant
def older_words_change_no_state(seen: StepView) -> Iterator[str]:
    """K3: what was said before the latest word is journaled, and no more."""
    for address, decision, trigger in seen.words():
        known: ReportFacts = decision.before.facts
        if trigger.as_of < known.as_of:
            if decision.state != decision.before.state:
                yield f"{address.machine} {address.key} believed an older {trigger.name}"
            if (decision.facts.reported_status, decision.facts.as_of) != (
                known.reported_status,
                known.as_of,
            ):
                yield f"{address.machine} {address.key} took {trigger.name} for the latest word"


@_invariant
def doubt_asks_and_waits(seen: StepView) -> Iterator[str]:
    """K4: a contradiction that is too close in time to tell asks Stripe, and leaves the state."""
    for address, decision, trigger in seen.words():
        known: ReportFacts = decision.before.facts
        if decision.before.state == "disconnected" or not ambiguous(known, trigger):
            continue
        if (
            decision.state != decision.before.state
            or decision.facts.reported_status != known.reported_status
        ):
            yield f"{address.machine} {address.key} believed {trigger.name}, which is in doubt"
        if not asks(decision):
            yield f"{address.machine} {address.key} did not ask about {trigger.name}"


@_invariant
def missing_overwrites_nothing(seen: StepView) -> Iterator[str]:
    """K5: a field that a word lacks stays as it was."""
    for address, decision, trigger in seen.words():
        if address.machine == "account":
            for field in set(DETAILS) - trigger.report.model_fields_set:
                if getattr(decision.facts, field) != getattr(decision.before.facts, field):
                    yield f"{trigger.name} without {field} changed it for {address.key}"


@_invariant
def missing_words_are_asked_for(seen: StepView) -> Iterator[str]:
    """K5, K6: what a word leaves open is read, and an unclear one changes no state."""
    for address, decision in seen.decisions():
        trigger = decision.trigger
        if decision.before.state == "disconnected":
            continue
        if isinstance(trigger, ReportedUnclear):
            if decision.state != decision.before.state:
                yield f"{address.machine} {address.key} changed state on an unclear word"
            if not asks(decision):
                yield f"{address.machine} {address.key} did not ask what there is to see"
        elif isinstance(trigger, ReportedInactive) and not asks(decision):
            known: ReportFacts = decision.before.facts
            if trigger.as_of >= known.as_of:
                yield f"{address.machine} {address.key} did not ask whether it can be repaired"


# ── sessions ─────────────────────────────────────────────────────────────────


@_invariant
def one_open_session_per_account(seen: StepView) -> Iterator[str]:
    """R1: the open session of an account is the one that it names, and that a caller gets who
    asks again."""
    for key, now in seen.touched("account", AccountFacts):
        earlier = seen.before("account", key, AccountFacts)
        left = earlier.facts.session if earlier else None
        session = seen.after("session", left, SessionFacts) if left else None
        if session and session.state == "open" and now.facts.session != left:
            yield f"account {key} has left {left}, which is still open"
    for key, session in seen.touched("session", SessionFacts):
        if session.state != "open" or session.facts.request is None:
            continue
        account = seen.after("account", session.facts.request.account, AccountFacts)
        if account and account.state != "disconnected" and account.facts.session != key:
            yield f"{key} is open, and its account names {account.facts.session}"
    for command in seen.commands(RetrieveSessionForCaller):
        returned = seen.after("session", command.session, SessionFacts)
        if returned is None or returned.state != "open":
            yield f"{command.session} is returned, and it is not open"


@_invariant
def given_up_only_after_a_look(seen: StepView) -> Iterator[str]:
    """R2: a session is abandoned only when its time is up and it was read."""
    for address, decision in seen.decisions():
        moved = address.machine == "session" and decision.state == "abandoned"
        if moved and decision.before.state == "open" and not decision.before.facts.overdue:
            yield f"{address.key} is abandoned before its time"


@_invariant
def every_end_is_followed_by_reads(seen: StepView) -> Iterator[str]:
    """R5: when a session ends by its result, its account and authorization are read."""
    for address, decision in seen.decisions():
        ended = decision.before.state != decision.state not in ("open", "superseded")
        if address.machine == "session" and ended:
            request = cast(SessionFacts, decision.facts).request
            if request is None:
                yield f"{address.key} ended, and nobody asked for it"
            asked = {type(c) for c in decision.commands}
            if not {RetrieveAccount, RetrieveAuthorization} <= asked:
                yield f"{address.key} ended, and not all that it concerns is read"


@_invariant
def known_or_new_by_when_we_held_it(seen: StepView) -> Iterator[str]:
    """K7: a linked account is known when we held it before the session, else it is new."""
    for key, session in seen.touched("session", SessionFacts):
        facts = session.facts
        if session.state != "succeeded" or facts.outcome == "relinked" or not facts.linked:
            continue
        linked = seen.after("account", facts.linked, AccountFacts)
        if linked is None or linked.facts.first_seen_at is None:
            yield f"{key} linked {facts.linked}, of which nothing is known"
            continue
        was_held = linked.facts.first_seen_at < facts.opened_at
        if was_held != (facts.outcome == "known_account_linked"):
            yield f"{key} takes {facts.linked} for {facts.outcome}"


@_invariant
def permissions_are_kept(seen: StepView) -> Iterator[str]:
    """R7: a relink asks for the account's own permissions with ``payment_method``; only an
    explicit request changes them."""
    for command, account in seen.session_requests():
        if "payment_method" not in command.permissions:
            yield f"a session for {command.account} lacks payment_method"
        asked = cast(RelinkRequested, seen.step.trigger).permissions
        wanted: set[str] = set(asked or account.facts.permissions or ())
        carries_on = asked is None and account.facts.session is not None
        is_known = asked is not None or account.facts.permissions is not None
        is_other = set(command.permissions) != wanted | {"payment_method"}
        if is_known and is_other and not carries_on:
            yield f"a session for {command.account} asks for {command.permissions}"


@_invariant
def holder_is_the_accounts(seen: StepView) -> Iterator[str]:
    """R8: a session is for the account's own holder."""
    for command, account in seen.session_requests():
        if command.holder != account.facts.holder:
            yield f"a session for {command.account} is for {command.holder}"


@_invariant
def nothing_to_relink_is_refused(seen: StepView) -> Iterator[str]:
    """R9, S3: a session names the account's authorization, is for one that can be relinked, and
    for one that works only with a reason."""
    for command, account in seen.session_requests():
        if not command.authorization or command.authorization != account.facts.authorization:
            yield f"a session for {command.account} relinks {command.authorization!r}"
        if account.state not in ("active", "inactive_relinkable", "relinking"):
            yield f"a session for {command.account}, which is {account.state}"
        if account.state == "active" and command.reason == "inactive":
            yield f"a session for {command.account}, which is active, is for no reason"


# ── after a new account ──────────────────────────────────────────────────────


@_invariant
def built_only_on_what_can_be_built_on(seen: StepView) -> Iterator[str]:
    """N1, N2: a payment method needs an active, eligible account of a customer; a connected
    account gets an external account instead."""
    for command in seen.builds():
        account = seen.after("account", command.account, AccountFacts)
        facts = account.facts if account else AccountFacts(id=command.account)
        if facts.reported_status != "active" or facts.subcategory not in ELIGIBLE_SUBCATEGORIES:
            yield f"{command.name} on {command.account}, {facts.reported_status} and {facts.subcategory}"
        if "payment_method" not in (facts.permissions or ()):
            yield f"{command.name} on {command.account} without the permission"
        if facts.holder != command.holder:
            yield f"{command.name} on {command.account} of {facts.holder} for {command.holder}"
        if isinstance(command, AttachExternalAccount) != command.holder.is_connect:
            yield f"{command.name} for {command.holder}"
        types = facts.payment_method_types or ()
        if isinstance(command, CreatePaymentMethod) and "us_bank_account" not in types:
            yield f"{command.name} on {command.account}, which supports {types}"


@_invariant
def built_once(seen: StepView) -> Iterator[str]:
    """K7: at most one thing is built on an account, however often its result is read."""
    builds = seen.builds()
    for command in builds:
        was = seen.before("payment_method", command.account, PaymentMethodFacts)
        if was and (was.state not in ("none", "name_needed") or was.facts.made):
            yield f"{command.name} on {command.account}, where it is {was.state}"
    if len({command.account for command in builds}) < len(builds):
        yield "two things are built on one account"


@_invariant
def nothing_is_built_for_another_holder(seen: StepView) -> Iterator[str]:
    """R6: an account of another holder than the session's is recorded, and no more."""
    for command in seen.builds():
        session = seen.after("session", command.session, SessionFacts)
        request = session.facts.request if session else None
        if request is None:
            yield f"{command.name} by {command.session}, which we did not create"
        elif request.holder not in (None, command.holder):
            yield f"{command.name} for {command.holder} by a session for {request.holder}"


# ── prompts ──────────────────────────────────────────────────────────────────


@_invariant
def prompts_only_where_it_helps(seen: StepView) -> Iterator[str]:
    """P2, R4, S6: nobody is prompted for an account that no relink repairs, that needs none, or
    for which the attempts are used up."""
    for command in seen.commands(NotifyCustomer):
        for name in command.accounts:
            account = seen.after("account", name, AccountFacts)
            if account is None:
                yield f"a prompt for {name}, which is no account"
                continue
            facts = account.facts
            if facts.reported_status not in ("active", "relinkable", "inactive") or facts.given_up:
                yield f"a prompt for {name}: {facts.reported_status}, given up: {facts.given_up}"
            if account.state in ("relinked", "new_account_linked") or not facts.needs:
                yield f"a prompt for {name}, which is {account.state} and needs {facts.needs}"


@_invariant
def one_first_prompt_per_outage(seen: StepView) -> Iterator[str]:
    """P1: an outage has one first prompt, and no message once it has ended."""
    prompts = list(seen.commands(NotifyCustomer))
    firsts = [command.outage for command in prompts if command.reminder == 0]
    if len(set(firsts)) < len(firsts):
        yield "two first prompts at once"
    for command in prompts:
        now = seen.after("outage", command.outage, OutageFacts)
        was = seen.before("outage", command.outage, OutageFacts)
        if now is None or now.state == "none" or now.facts.count != command.outage_number:
            yield f"a message for outage {command.outage_number} of {command.outage}, which is over"
        same = was is not None and was.facts.prompted and was.facts.count == command.outage_number
        if command.reminder == 0 and same:
            yield f"outage {command.outage_number} of {command.outage} is prompted again"


@_invariant
def nobody_is_prompted_too_early(seen: StepView) -> Iterator[str]:
    """P3: what still works is prompted for within the policy's lead, not before."""
    trigger = cast(DomainEvent, seen.step.trigger)
    for command in seen.commands(NotifyCustomer):
        day = command.relink_by
        if day is not None and trigger.at < day - trigger.policy.announcement_lead:
            yield f"a prompt for {command.outage} at {trigger.at}, which stops at {day}"


@_invariant
def outage_knows_who_needs_a_relink(seen: StepView) -> Iterator[str]:
    """P1, K8: an account's need is noted by its own outage, and by no other."""
    for key, now in seen.touched("account", AccountFacts):
        outage = seen.after("outage", outage_of(now.facts), OutageFacts)
        last_reported = outage.facts.needing.get(key) if outage else None
        if (last_reported.needs if last_reported else ()) != now.facts.needs:
            yield f"account {key} needs {now.facts.needs}, and its outage has noted {last_reported}"
        earlier = seen.before("account", key, AccountFacts)
        if earlier and outage_of(earlier.facts) != outage_of(now.facts):
            left = seen.after("outage", outage_of(earlier.facts), OutageFacts)
            if left and key in left.facts.needing:
                yield f"account {key} has moved, and its old outage still counts it"
        is_settled = now.state in ("active", "inactive_relinkable", "relinking")
        is_open = now.facts.given_up or is_incomplete(now.facts)
        if is_settled and not is_open and now.facts.needs != relink_reasons(now.facts):
            yield f"account {key} needs {relink_reasons(now.facts)}, not {now.facts.needs}"


# ── machines that mirror each other ──────────────────────────────────────────


@_invariant
def account_mirrors_number_and_payment_method(seen: StepView) -> Iterator[str]:
    """C1, C3: what an account knows of its number and payment method is how they fare."""
    for key, now in seen.touched("account", AccountFacts):
        if now.state == "disconnected":
            continue
        number = seen.after("account_number", key, ReportFacts)
        reported_status = number.facts.reported_status if number else None
        if (now.facts.number or "transactable") != (reported_status or "transactable"):
            yield f"account {key} takes its number for {now.facts.number}, and it is {reported_status}"
        payment_method = seen.after("payment_method", key, PaymentMethodFacts)
        state = payment_method.state if payment_method else "none"
        if (now.facts.payment_method or "none") != state:
            yield f"account {key} takes what is built for {now.facts.payment_method}: {state}"


@_invariant
def chargeable_only_while_active(seen: StepView) -> Iterator[str]:
    """C1: chargeable means that Stripe's latest word is active and nothing speaks against it."""
    for key, now in seen.touched("account", AccountFacts):
        facts = now.facts
        speaks_against = (
            facts.reported_status != "active",
            facts.subcategory not in ELIGIBLE_SUBCATEGORIES,
            "payment_method" not in (facts.permissions or ()),
            facts.number not in (None, "transactable", "expiring"),
            facts.payment_method == "blocked",
        )
        if assess(now).chargeable and any(speaks_against):
            yield f"account {key} is taken for chargeable: {facts.reported_status}, {facts.number}"


@_invariant
def everything_has_a_name(seen: StepView) -> Iterator[str]:
    """Nothing is sent or asked of a machine or object without an id."""
    for address in seen.step.snapshots:
        if not address.key:
            yield f"a {address.machine} without an id"
    for command in seen.step.commands:
        for field in ("account", "authorization", "session", "subject", "key", "outage"):
            if getattr(command, field, "named") == "":
                yield f"{command.name} without {field}"


ALL: tuple[Invariant, ...] = tuple(_all)
"""Every invariant."""
