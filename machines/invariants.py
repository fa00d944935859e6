"""Safety: what must hold whatever happens, in whatever order.

Each invariant is a predicate over one step: the world before it, the step, and the world
after it; it returns what is wrong, or None. A world maps addresses to snapshots. Only the
machines that a step concerns are looked at, and those that they name, so that a check costs
the same in a large world. An invariant's docstring begins with the rule that it holds.

The property tests, the checker and the simulation all ask :data:`ALL`.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TypeVar, cast

from relink.engine import Address, Command, Decision, Facts, Snapshot, Step

from .account_facts import (
    DETAILS,
    ELIGIBLE,
    AccountFacts,
    is_incomplete,
    outage_of,
    relink_reasons,
)
from .authorization import AuthorizationFacts
from .charge import assess
from .commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    ReportAnomaly,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
)
from .events import RelinkRequested
from .hearing import HearingFacts, is_in_doubt
from .messages import Heard, HeardDisconnected, HeardInactive, HeardUnclear
from .outage import OutageFacts
from .payment_method import PaymentMethodFacts
from .session import SessionFacts

World = Mapping[Address, Snapshot[Facts]]
"""All machines, by address."""

Invariant = Callable[[World, Step, World], str | None]
"""Asked with the world before a step, the step, and the world after it."""

F = TypeVar("F", bound=Facts)
C = TypeVar("C", bound=Command)

READS = (RetrieveAccount, RetrieveAuthorization, RetrieveSession)


def violations(before: World, step: Step, after: World) -> list[str]:
    """What is wrong with a step, each with the name of the invariant that says so."""
    found = ((each.__name__, each(before, step, after)) for each in ALL)
    return [f"{name}: {wrong}" for name, wrong in found if wrong is not None]


def _invariant(check: Callable[[World, Step, World], Iterator[str]]) -> Invariant:
    """Of the complaints of a check the first, or None."""

    @wraps(check)
    def predicate(before: World, step: Step, after: World) -> str | None:
        return next(check(before, step, after), None)

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
def state_agrees_with_word(before: World, step: Step, after: World) -> Iterator[str]:
    """S1, S2: a state says no more and no less than Stripe's latest word."""
    for machine, states in SAYS.items():
        for key, now in _touched(step, machine, HearingFacts):
            if now.state in states and now.facts.says not in states[now.state]:
                yield f"{machine} {key} is {now.state}, and the word is {now.facts.says}"


@_invariant
def missing_authorization_is_not_relinkable(
    before: World, step: Step, after: World
) -> Iterator[str]:
    """K5: relinkable without an authorization waits as unrepairable; with one it never does."""
    for key, now in _touched(step, "account", AccountFacts):
        facts = now.facts
        waits = now.state == "inactive_unrepairable" and facts.says == "relinkable"
        if waits and facts.authorization is not None:
            yield f"account {key} can be relinked, by {facts.authorization}"


@_invariant
def relinking_has_an_open_session(before: World, step: Step, after: World) -> Iterator[str]:
    """S3: an account is relinking while a session for it is open, and it knows which."""
    for key, now in _touched(step, "account", AccountFacts):
        session, request = now.facts.session, now.facts.request
        if now.state == "relinking" and not (session and request):
            yield f"account {key} is relinking, by no session"
        if now.state == "inactive_relinkable" and session:
            yield f"account {key} waits for a relink while {session} is open"
        if now.state == "active" and session and now.facts.opened_while_active:
            yield f"account {key} is active while {session}, opened from active, is open"
    for key, authorization in _touched(step, "authorization", AuthorizationFacts):
        if authorization.state == "relinking" and not authorization.facts.sessions:
            yield f"authorization {key} is relinking, by no session"
    for key, number in _touched(step, "account_number", HearingFacts):
        account = _find(after, "account", key, AccountFacts)
        if account is None or account.state == "disconnected":
            continue
        if (number.state == "refreshing") > (account.facts.session is not None):
            yield f"the number of {key} is refreshing, by no session"
        if account.facts.session and number.state in ("pending", "expiring", "lapsed"):
            yield f"the number of {key} is {number.state}, and a session is open"


@_invariant
def opened_from_active_for_a_reason(before: World, step: Step, after: World) -> Iterator[str]:
    """S3: a session for an account that works is for a reason, and says which."""
    for command, account in _session_requests(step, after):
        if account.state == "active" and command.reason == "inactive":
            yield f"a session for {command.account}, which is active, is for no reason"


@_invariant
def replacement_is_named(before: World, step: Step, after: World) -> Iterator[str]:
    """S6: an account that was replaced names its replacement, and keeps doing so."""
    for key, now in _touched(step, "account", AccountFacts):
        if now.state == "new_account_linked" and now.facts.replaced_by is None:
            yield f"account {key} was replaced, by nobody knows what"
        earlier = _find(before, "account", key, AccountFacts)
        if earlier and earlier.facts.replaced_by and not now.facts.replaced_by:
            yield f"account {key} has forgotten {earlier.facts.replaced_by}"


@_invariant
def disconnected_is_certain_and_final(before: World, step: Step, after: World) -> Iterator[str]:
    """S7: disconnected is entered on a word that is not in doubt, and never left."""
    for address, decision in _decisions(step):
        was, now = decision.before.state, decision.state
        if was == "disconnected" and (now != was or decision.facts != decision.before.facts):
            yield f"{address.machine} {address.key} came back from disconnected"
        if now == "disconnected" != was:
            happened = decision.happened
            if not isinstance(happened, HeardDisconnected):
                yield f"{address.machine} {address.key} is disconnected by {happened.name}"
            elif is_in_doubt(cast(HearingFacts, decision.before.facts), happened):
                yield f"{address.machine} {address.key} is disconnected by a word in doubt"


# ── knowledge ────────────────────────────────────────────────────────────────


@_invariant
def older_words_change_no_state(before: World, step: Step, after: World) -> Iterator[str]:
    """K3: what was said before the latest word is journaled, and no more."""
    for address, decision, happened in _words(step):
        known: HearingFacts = decision.before.facts
        if happened.as_of < known.as_of:
            if decision.state != decision.before.state:
                yield f"{address.machine} {address.key} believed an older {happened.name}"
            if (decision.facts.says, decision.facts.as_of) != (known.says, known.as_of):
                yield f"{address.machine} {address.key} took {happened.name} for the latest word"


@_invariant
def doubt_asks_and_waits(before: World, step: Step, after: World) -> Iterator[str]:
    """K4: a contradiction that is too close in time to tell asks Stripe, and leaves the state."""
    for address, decision, happened in _words(step):
        known: HearingFacts = decision.before.facts
        if decision.before.state == "disconnected" or not is_in_doubt(known, happened):
            continue
        if decision.state != decision.before.state or decision.facts.says != known.says:
            yield f"{address.machine} {address.key} believed {happened.name}, which is in doubt"
        if not _asks(decision):
            yield f"{address.machine} {address.key} did not ask about {happened.name}"


@_invariant
def missing_overwrites_nothing(before: World, step: Step, after: World) -> Iterator[str]:
    """K5: a field that a word lacks stays as it was."""
    for address, decision, happened in _words(step):
        if address.machine == "account":
            for field in set(DETAILS) - happened.word.model_fields_set:
                if getattr(decision.facts, field) != getattr(decision.before.facts, field):
                    yield f"{happened.name} without {field} changed it for {address.key}"


@_invariant
def missing_words_are_asked_for(before: World, step: Step, after: World) -> Iterator[str]:
    """K5, K6: what a word leaves open is read, and an unclear one changes no state."""
    for address, decision in _decisions(step):
        happened = decision.happened
        if decision.before.state == "disconnected":
            continue
        if isinstance(happened, HeardUnclear):
            if decision.state != decision.before.state:
                yield f"{address.machine} {address.key} changed state on an unclear word"
            if not _asks(decision):
                yield f"{address.machine} {address.key} did not ask what there is to see"
        elif isinstance(happened, HeardInactive) and not _asks(decision):
            known: HearingFacts = decision.before.facts
            if happened.as_of >= known.as_of:
                yield f"{address.machine} {address.key} did not ask whether it can be repaired"


# ── sessions ─────────────────────────────────────────────────────────────────


@_invariant
def one_open_session_per_account(before: World, step: Step, after: World) -> Iterator[str]:
    """R1: the open session of an account is the one that the account names."""
    for key, now in _touched(step, "account", AccountFacts):
        earlier = _find(before, "account", key, AccountFacts)
        left = earlier.facts.session if earlier else None
        session = _find(after, "session", left, SessionFacts) if left else None
        if session and session.state == "open" and now.facts.session != left:
            yield f"account {key} has left {left}, which is still open"
    for key, session in _touched(step, "session", SessionFacts):
        if session.state != "open" or session.facts.request is None:
            continue
        account = _find(after, "account", session.facts.request.account, AccountFacts)
        if account and account.state != "disconnected" and account.facts.session != key:
            yield f"{key} is open, and its account names {account.facts.session}"


@_invariant
def only_the_open_session_is_returned(before: World, step: Step, after: World) -> Iterator[str]:
    """R1: a caller who asks again gets the session that is open."""
    for command in _commands(step, RetrieveSession):
        session = _find(after, "session", command.session, SessionFacts)
        if command.for_caller and (session is None or session.state != "open"):
            yield f"{command.session} is returned, and it is not open"


@_invariant
def given_up_only_after_a_look(before: World, step: Step, after: World) -> Iterator[str]:
    """R2: a session is abandoned only when its time is up and it was read."""
    for address, decision in _decisions(step):
        moved = address.machine == "session" and decision.state == "abandoned"
        if moved and decision.before.state == "open" and not decision.before.facts.overdue:
            yield f"{address.key} is abandoned before its time"


@_invariant
def every_end_is_followed_by_reads(before: World, step: Step, after: World) -> Iterator[str]:
    """R5: when a session ends by its result, its account and authorization are read."""
    for address, decision in _decisions(step):
        ended = decision.before.state != decision.state not in ("open", "superseded")
        if address.machine == "session" and ended:
            request = cast(SessionFacts, decision.facts).request
            if request is None:
                yield f"{address.key} ended, and nobody asked for it"
            asked = {type(c) for c in decision.commands}
            if not {RetrieveAccount, RetrieveAuthorization} <= asked:
                yield f"{address.key} ended, and not all that it concerns is read"


@_invariant
def known_or_new_by_when_we_held_it(before: World, step: Step, after: World) -> Iterator[str]:
    """K7: a linked account is known when we held it before the session, else it is new."""
    for key, session in _touched(step, "session", SessionFacts):
        facts = session.facts
        if session.state != "succeeded" or facts.outcome == "relinked" or not facts.linked:
            continue
        linked = _find(after, "account", facts.linked, AccountFacts)
        if linked is None or linked.facts.held_since is None:
            yield f"{key} linked {facts.linked}, of which nothing is known"
        elif (linked.facts.held_since < facts.opened_at) != (
            facts.outcome == "known_account_linked"
        ):
            yield f"{key} takes {facts.linked} for {facts.outcome}"


@_invariant
def permissions_are_kept(before: World, step: Step, after: World) -> Iterator[str]:
    """R7: a relink asks for the account's own permissions with ``payment_method``; only an
    explicit request changes them."""
    for command, account in _session_requests(step, after):
        if "payment_method" not in command.permissions:
            yield f"a session for {command.account} lacks payment_method"
        asked = cast(RelinkRequested, step.happened).permissions
        wanted: set[str] = set(asked or account.facts.permissions or ())
        carries_on = asked is None and account.facts.session is not None
        is_known = asked is not None or account.facts.permissions is not None
        is_other = set(command.permissions) != wanted | {"payment_method"}
        if is_known and is_other and not carries_on:
            yield f"a session for {command.account} asks for {command.permissions}"


@_invariant
def holder_is_the_accounts(before: World, step: Step, after: World) -> Iterator[str]:
    """R8: a session is for the account's own holder."""
    for command, account in _session_requests(step, after):
        if command.holder != account.facts.holder:
            yield f"a session for {command.account} is for {command.holder}"


@_invariant
def nothing_to_relink_is_refused(before: World, step: Step, after: World) -> Iterator[str]:
    """R9: a session names the account's authorization, and is for one that can be relinked."""
    for command, account in _session_requests(step, after):
        if not command.authorization or command.authorization != account.facts.authorization:
            yield f"a session for {command.account} relinks {command.authorization!r}"
        if account.state not in ("active", "inactive_relinkable", "relinking"):
            yield f"a session for {command.account}, which is {account.state}"


# ── after a new account ──────────────────────────────────────────────────────


@_invariant
def built_only_on_what_can_be_built_on(before: World, step: Step, after: World) -> Iterator[str]:
    """N1, N2: a payment method needs an active, eligible account of a customer; a connected
    account gets an external account instead."""
    for command in _builds(step):
        account = _find(after, "account", command.account, AccountFacts)
        facts = account.facts if account else AccountFacts(id=command.account)
        if facts.says != "active" or facts.subcategory not in ELIGIBLE:
            yield f"{command.name} on {command.account}, {facts.says} and {facts.subcategory}"
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
def built_once(before: World, step: Step, after: World) -> Iterator[str]:
    """K7: at most one thing is built on an account, however often its result is read."""
    builds = _builds(step)
    for command in builds:
        was = _find(before, "payment_method", command.account, PaymentMethodFacts)
        if was and (was.state not in ("none", "name_needed") or was.facts.made):
            yield f"{command.name} on {command.account}, where it is {was.state}"
    if len({command.account for command in builds}) < len(builds):
        yield "two things are built on one account"


@_invariant
def nothing_is_built_for_another_holder(before: World, step: Step, after: World) -> Iterator[str]:
    """R6: an account of another holder than the session's is recorded, and no more."""
    for command in _builds(step):
        session = _find(after, "session", command.session, SessionFacts)
        request = session.facts.request if session else None
        if request is None:
            yield f"{command.name} by {command.session}, which we did not create"
        elif request.holder not in (None, command.holder):
            yield f"{command.name} for {command.holder} by a session for {request.holder}"


# ── prompts ──────────────────────────────────────────────────────────────────


@_invariant
def prompts_only_where_it_helps(before: World, step: Step, after: World) -> Iterator[str]:
    """P2, R4, S6: nobody is prompted for an account that no relink repairs, that needs none, or
    for which the attempts are used up."""
    for command in _commands(step, NotifyCustomer):
        for name in command.accounts:
            account = _find(after, "account", name, AccountFacts)
            if account is None:
                continue
            facts = account.facts
            if facts.says not in ("active", "relinkable", "inactive") or facts.given_up:
                yield f"a prompt for {name}: {facts.says}, given up: {facts.given_up}"
            if account.state in ("relinked", "new_account_linked") or not facts.needs:
                yield f"a prompt for {name}, which is {account.state} and needs {facts.needs}"


@_invariant
def one_first_prompt_per_outage(before: World, step: Step, after: World) -> Iterator[str]:
    """P1: an outage has one first prompt, and no message once it has ended."""
    prompts = list(_commands(step, NotifyCustomer))
    firsts = [command.outage for command in prompts if command.reminder == 0]
    if len(set(firsts)) < len(firsts):
        yield "two first prompts at once"
    for command in prompts:
        now = _find(after, "outage", command.outage, OutageFacts)
        was = _find(before, "outage", command.outage, OutageFacts)
        if now is None or now.state == "none" or now.facts.count != command.count:
            yield f"a message for outage {command.count} of {command.outage}, which is over"
        same = was is not None and was.facts.prompted and was.facts.count == command.count
        if command.reminder == 0 and same:
            yield f"outage {command.count} of {command.outage} is prompted again"


@_invariant
def nobody_is_prompted_too_early(before: World, step: Step, after: World) -> Iterator[str]:
    """P3: what still works is prompted for within the policy's lead, not before."""
    for command in _commands(step, NotifyCustomer):
        lead = step.happened.policy.announcement_lead  # type: ignore[attr-defined]
        at = step.happened.at  # type: ignore[attr-defined]
        if command.relink_by is not None and at < command.relink_by - lead:
            yield f"a prompt for {command.outage} at {at}, which stops at {command.relink_by}"


@_invariant
def outage_knows_who_needs_a_relink(before: World, step: Step, after: World) -> Iterator[str]:
    """P1, K8: an account's need is noted by its own outage, and by no other."""
    for key, now in _touched(step, "account", AccountFacts):
        outage = _find(after, "outage", outage_of(now.facts), OutageFacts)
        noted = outage.facts.needing.get(key) if outage else None
        if (noted.needs if noted else ()) != now.facts.needs:
            yield f"account {key} needs {now.facts.needs}, and its outage has noted {noted}"
        earlier = _find(before, "account", key, AccountFacts)
        if earlier and outage_of(earlier.facts) != outage_of(now.facts):
            left = _find(after, "outage", outage_of(earlier.facts), OutageFacts)
            if left and key in left.facts.needing:
                yield f"account {key} has moved, and its old outage still counts it"
        is_settled = now.state in ("active", "inactive_relinkable", "relinking")
        is_open = now.facts.given_up or is_incomplete(now.facts)
        if is_settled and not is_open and now.facts.needs != relink_reasons(now.facts):
            yield f"account {key} needs {relink_reasons(now.facts)}, not {now.facts.needs}"


# ── machines that mirror each other ──────────────────────────────────────────


@_invariant
def account_mirrors_number_and_payment_method(
    before: World, step: Step, after: World
) -> Iterator[str]:
    """C1, C3: what an account knows of its number and payment method is how they fare."""
    for key, now in _touched(step, "account", AccountFacts):
        if now.state == "disconnected":
            continue
        number = _find(after, "account_number", key, HearingFacts)
        says = number.facts.says if number else None
        if (now.facts.number or "transactable") != (says or "transactable"):
            yield f"account {key} takes its number for {now.facts.number}, and it is {says}"
        payment_method = _find(after, "payment_method", key, PaymentMethodFacts)
        state = payment_method.state if payment_method else "none"
        if (now.facts.payment_method or "none") != state:
            yield f"account {key} takes what is built for {now.facts.payment_method}: {state}"


@_invariant
def chargeable_only_while_active(before: World, step: Step, after: World) -> Iterator[str]:
    """C1: chargeable means that Stripe's latest word is active and nothing speaks against it."""
    for key, now in _touched(step, "account", AccountFacts):
        facts = now.facts
        speaks_against = (
            facts.says != "active",
            facts.subcategory not in ELIGIBLE,
            "payment_method" not in (facts.permissions or ()),
            facts.number not in (None, "transactable", "expiring"),
            facts.payment_method == "blocked",
        )
        if assess(now).chargeable and any(speaks_against):
            yield f"account {key} is taken for chargeable: {facts.says}, {facts.number}"


@_invariant
def everything_has_a_name(before: World, step: Step, after: World) -> Iterator[str]:
    """Nothing is sent or asked of a machine or object without an id."""
    for address in step.snapshots:
        if not address.key:
            yield f"a {address.machine} without an id"
    for command in step.commands:
        for field in ("account", "authorization", "session", "subject", "key", "outage"):
            if getattr(command, field, "named") == "":
                yield f"{command.name} without {field}"


ALL: tuple[Invariant, ...] = (
    state_agrees_with_word,
    missing_authorization_is_not_relinkable,
    relinking_has_an_open_session,
    opened_from_active_for_a_reason,
    replacement_is_named,
    disconnected_is_certain_and_final,
    older_words_change_no_state,
    doubt_asks_and_waits,
    missing_overwrites_nothing,
    missing_words_are_asked_for,
    one_open_session_per_account,
    only_the_open_session_is_returned,
    given_up_only_after_a_look,
    every_end_is_followed_by_reads,
    known_or_new_by_when_we_held_it,
    permissions_are_kept,
    holder_is_the_accounts,
    nothing_to_relink_is_refused,
    built_only_on_what_can_be_built_on,
    built_once,
    nothing_is_built_for_another_holder,
    prompts_only_where_it_helps,
    one_first_prompt_per_outage,
    nobody_is_prompted_too_early,
    outage_knows_who_needs_a_relink,
    account_mirrors_number_and_payment_method,
    chargeable_only_while_active,
    everything_has_a_name,
)
"""Every invariant."""


# ── looking at a step ────────────────────────────────────────────────────────


def _find(world: World, machine: str, key: str, kind: type[F]) -> Snapshot[F] | None:
    return cast("Snapshot[F] | None", world.get(Address(machine, key)))


def _touched(step: Step, machine: str, kind: type[F]) -> Iterator[tuple[str, Snapshot[F]]]:
    """The machines of this name that decided something, as they are after the step."""
    for address, snapshot in step.snapshots.items():
        if address.machine == machine:
            yield address.key, cast("Snapshot[F]", snapshot)


def _decisions(step: Step) -> Iterator[tuple[Address, Decision]]:
    return ((delivery.address, delivery.decision) for delivery in step.deliveries)


def _words(step: Step) -> Iterator[tuple[Address, Decision, Heard]]:
    """What was heard of an account, an authorization or a number."""
    for address, decision in _decisions(step):
        if isinstance(decision.happened, Heard):
            yield address, decision, decision.happened


def _asks(decision: Decision) -> bool:
    """Whether Stripe is asked, or people where Stripe has no answer."""
    return any(isinstance(command, (*READS, ReportAnomaly)) for command in decision.commands)


def _commands(step: Step, kind: type[C]) -> Iterator[C]:
    return (command for command in step.commands if isinstance(command, kind))


def _builds(step: Step) -> list[CreatePaymentMethod | AttachExternalAccount]:
    kinds = (CreatePaymentMethod, AttachExternalAccount)
    return [command for command in step.commands if isinstance(command, kinds)]


def _session_requests(
    step: Step, after: World
) -> Iterator[tuple[CreateRelinkSession, Snapshot[AccountFacts]]]:
    """The sessions that are asked for, each with its account."""
    for command in _commands(step, CreateRelinkSession):
        account = _find(after, "account", command.account, AccountFacts)
        if account:
            yield command, account
