"""What is said of events, commands, accounts and whole lives, word by word, as somebody read it.

``python -m tests.machines.test_words_read`` writes ``words.txt`` anew. Read the difference: these
are the sentences by which people understand what became of an account.
"""

import re
from pathlib import Path
from typing import Any

from relink.engine import Command, Event, Snapshot, Step
from relink.machines import CHARTS
from relink.machines.account.facts import AccountFacts, AccountOutage, KnownPaymentMethod
from relink.machines.commands import (
    BY_NAME,
    AttachExternalAccount,
    CollectMandate,
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    PaymentMethodBuilt,
    PaymentMethodGone,
    ReportAnomaly,
    RequestBillingName,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
    Wake,
)
from relink.machines.events import (
    AccountResumed,
    AccountRetired,
    BillingNameAbsent,
    DomainEvent,
    ExternalAccountMade,
    MandateCollected,
    MandateReported,
    PaymentMethodMade,
    RelinkRequested,
)
from relink.machines.messages import (
    AnnouncementChanged,
    BuildChanged,
    BuildFailed,
    BuildRequested,
    BuildResumed,
    Built,
    KnownAccountLinked,
    MandateEnded,
    MandateGiven,
    MayPrompt,
    MemberLeft,
    MemberReported,
    MemberSessionEnded,
    MembersReviewDue,
    NeedsChanged,
    NeedsMoved,
    NewAccountLinkedInstead,
    NumberBlocked,
    NumberChanged,
    NumberUnblocked,
    OwnershipChecked,
    PaymentMethodBlocked,
    PaymentMethodChanged,
    PaymentMethodDetached,
    PaymentMethodUnclear,
    PaymentMethodWorks,
    PromptAllowed,
    ReadAnswered,
    ReadAwaited,
    ReadDueChanged,
    ReadFailed,
    ReadWanted,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
    ReturnedBySession,
    ReviewDue,
    SessionCancelled,
    SessionDeadline,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionRelinked,
    SessionSucceeded,
    SessionSuperseded,
    SessionUnclear,
    SessionUnsuccessful,
)
from relink.machines.policy import RelinkPolicy
from relink.machines.reasons import Anomaly, ReadReason
from relink.machines.report import AccountNumber, Holder, StatusReport
from relink.machines.reported import (
    ReportedActive,
    ReportedDisconnected,
    ReportedExpiring,
    ReportedInactive,
    ReportedLapsed,
    ReportedPending,
    ReportedRelinkable,
    ReportedTransactable,
    ReportedUnclear,
    ReportedUnrepairable,
)
from relink.machines.vocabulary import (
    NUMBER_DEACTIVATED,
    BuildState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)
from relink.machines.words.asked import asked
from relink.machines.words.events import event_words
from relink.machines.words.names import Names
from relink.machines.words.outcome import outcome
from relink.machines.words.thoughts import Depth, Thought, grounds, thoughts

from .reports import DAY, active, disconnected, inactive, number, relinkable, unrepairable
from .scenario import Scenario

FILE = Path(__file__).with_name("words.txt")
JO = Names("Jo", {"fca_1": "A", "fca_2": "B"})
AT = 1_760_000_000
"""2025-10-09 08:53:20."""

CUSTOMER = Holder(field="customer", id="cus_1")
CONNECTED = Holder(field="account", id="acct_1")
REQUEST: dict[str, Any] = {
    "account": "fca_1",
    "attempt": 1,
    "authorization": "fcauth_1",
    "mode": "specific",
    "reason": "inactive",
    "holder": CUSTOMER,
    "permissions": ("payment_method",),
    "subcategories": ("checking",),
    "delivery": "modal",
    "return_url": None,
}
NEEDED = {"subject": "fca_1", "needs": ("inactive",)}
USUAL: dict[str, Any] = {
    **REQUEST,
    **NEEDED,
    "causation_id": "evt_1",
    "at": float(AT),
    "as_of": AT,
    "read": False,
    "begun_at": None,
    "session": "fcsess_1",
    "request": CreateRelinkSession(**REQUEST),
    "by": "fcsess_2",
    "other": "fca_2",
    "new": "fca_2",
    "to": "fcauth_2",
    "outage": "fcauth_1",
    "outage_number": 1,
    "number": 1,
    "since": float(AT),
    "accounts": ("fca_1",),
    "reasons": ("access_expired",),
    "payment_method": "pm_1",
    "external_account": "ba_1",
    "connected_account": "acct_1",
    "dedup_key": "1",
    "about": "fca_1",
    "anomaly": Anomaly.UNKNOWN_STATUS,
    "of": "account",
    "status": None,
    "error": "account_closed",
    "relinked_account": None,
    "failure_reason": "no_account",
    "expected": "fca_2",
    "old_holder": None,
    "opened_at": float(AT),
    "ownership": "new",
    "outcome": "failed",
    "inactive": False,
    "is_read": False,
    "is_late": False,
    "announced": False,
    "day": None,
    "expires_on": None,
    "obstacle": None,
    "successor": None,
    "machine": "account",
    "key": "fca_1",
    "due": AT,
    "event": BillingNameAbsent(causation_id="evt_1", at=AT, account="fca_1"),
}
"""What a field holds where an example does not say."""


def make(kind: type[Any], given: dict[str, Any]) -> Any:
    """One of a kind; what its fields do not have is what its report says."""
    own = {name: value for name, value in given.items() if name in kind.model_fields}
    if "report" in kind.model_fields:
        own["report"] = StatusReport(**{x: given[x] for x in given if x not in own})
    if kind is NeedsMoved:
        own["successor"] = make(NeedsChanged, {})
    needed = [name for name, field in kind.model_fields.items() if field.is_required()]
    return kind(**{name: USUAL[name] for name in needed if name not in own}, **own)


SHORT = RelinkPolicy(session_open_for=90 * 60)
LISTED = tuple(
    AccountNumber(status=status, expires_on=day)
    for status, day in (("transactable", AT), ("pending", None), ("expired", AT + 3 * DAY))
)

EVENTS: list[tuple[type[Event], dict[str, Any]]] = [
    (ReportedActive, {}),
    (ReportedActive, {"deactivates_on": AT}),
    (ReportedRelinkable, {}),
    (ReportedRelinkable, {"cause": "access_expired"}),
    (ReportedUnrepairable, {}),
    (ReportedUnrepairable, {"cause": "account_closed"}),
    (ReportedInactive, {}),
    (ReportedDisconnected, {}),
    (ReportedUnclear, {}),
    (ReportedUnclear, {"status": "odd"}),
    (ReportedUnclear, {"status": "odd", "in_future": True}),
    *((ReadWanted, {"reason": reason}) for reason in ReadReason),
    (ReadWanted, {"reason": ReadReason.LOOK, "after": AT}),
    (ReadAnswered, {}),
    (ReadDueChanged, {}),
    (ReadDueChanged, {"since": None}),
    (ReadFailed, {}),
    (MemberReported, {}),
    (MemberReported, {"inactive": True}),
    (MemberLeft, {}),
    (AnnouncementChanged, {}),
    (AnnouncementChanged, {"announced": True}),
    (AnnouncementChanged, {"announced": True, "day": AT}),
    (SessionOpened, {}),
    (SessionOpened, {"request": CreateRelinkSession(**{**REQUEST, "mode": "any_eligible"})}),
    (SessionOpened, {"request": CreateRelinkSession(**{**REQUEST, "delivery": "email"})}),
    (SessionOpened, {"request": CreateRelinkSession(**{**REQUEST, "delivery": "url"})}),
    (SessionSuperseded, {}),
    (SessionPending, {}),
    (SessionSucceeded, {"accounts": None}),
    (SessionSucceeded, {"accounts": ()}),
    (SessionSucceeded, {"accounts": ("fca_1", "fca_2")}),
    (SessionSucceeded, {"accounts": ("fca_2",), "relinked_account": "fca_1"}),
    (SessionFailed, {"failure_reason": "account_disconnected"}),
    (SessionFailed, {"failure_reason": "no_account"}),
    (SessionFailed, {"failure_reason": "no_authorization"}),
    (SessionFailed, {"failure_reason": "other"}),
    (SessionFailed, {"failure_reason": "other_holder"}),
    (SessionFailed, {"failure_reason": "access_denied"}),
    (SessionFailed, {"failure_reason": "of_the_future"}),
    (SessionCancelled, {}),
    (SessionUnclear, {}),
    (SessionUnclear, {"status": "odd"}),
    (SessionUnclear, {"status": "odd", "in_future": True}),
    (SessionDeadline, {}),
    (SessionDeadline, {"policy": SHORT}),
    (OwnershipChecked, {"ownership": "known"}),
    (OwnershipChecked, {"ownership": "new"}),
    (OwnershipChecked, {"ownership": "other_holder"}),
    (OwnershipChecked, {"ownership": "disconnected"}),
    (ReturnedBySession, {}),
    (SessionRelinked, {}),
    (SessionUnsuccessful, {"outcome": "cancelled"}),
    (SessionUnsuccessful, {"outcome": "abandoned"}),
    (SessionUnsuccessful, {"outcome": "abandoned", "policy": SHORT}),
    (SessionUnsuccessful, {"failure_reason": None}),
    (SessionUnsuccessful, {"failure_reason": "no_account"}),
    (SessionUnsuccessful, {"failure_reason": "of_the_future"}),
    (KnownAccountLinked, {}),
    (NewAccountLinkedInstead, {}),
    (NewAccountLinkedInstead, {"session": None}),
    (MemberSessionEnded, {}),
    (ReportedTransactable, {}),
    (ReportedTransactable, {"numbers": ()}),
    (ReportedTransactable, {"numbers": LISTED[:1]}),
    (ReportedPending, {}),
    (ReportedExpiring, {}),
    (ReportedExpiring, {"numbers": LISTED[1:2]}),
    (ReportedExpiring, {"numbers": LISTED}),
    (ReportedLapsed, {}),
    (ReportedLapsed, {"numbers": LISTED}),
    *((NumberChanged, {"status": status}) for status in NumberStatus),
    (NumberChanged, {"status": NumberStatus.EXPIRING, "expires_on": AT}),
    (NumberBlocked, {}),
    (NumberUnblocked, {}),
    (RefreshStarted, {}),
    (RefreshEnded, {}),
    (RefreshSucceeded, {}),
    (BuildRequested, {}),
    (BuildRequested, {"obstacle": "other_holder"}),
    (BuildResumed, {}),
    (BillingNameAbsent, {}),
    (PaymentMethodMade, {}),
    (ExternalAccountMade, {}),
    (BuildFailed, {}),
    (BuildFailed, {"error": "of_the_future"}),
    *((BuildChanged, {"state": state, "reason": None}) for state in BuildState),
    (BuildChanged, {"state": BuildState.REFUSED, "reason": "account_closed"}),
    (Built, {}),
    (PaymentMethodWorks, {}),
    (PaymentMethodBlocked, {"reason": "bank_account_frozen"}),
    (PaymentMethodDetached, {}),
    (PaymentMethodUnclear, {}),
    (PaymentMethodUnclear, {"in_future": True}),
    (MandateEnded, {}),
    (MandateGiven, {}),
    *((PaymentMethodChanged, {"state": state, "reason": None}) for state in PaymentMethodState),
    (PaymentMethodChanged, {"state": PaymentMethodState.BLOCKED, "reason": NUMBER_DEACTIVATED}),
    (NeedsChanged, {}),
    (NeedsChanged, {"needs": ()}),
    (NeedsChanged, {"needs": (), "standing": "given_up"}),
    (NeedsChanged, {"standing": "suspended"}),
    (NeedsChanged, {"standing": "given_up"}),
    (NeedsChanged, {"needs": ("number_lapsed", "inactive")}),
    (NeedsChanged, {"needs": ("number_lapsed", "inactive"), "cause": "access_denied"}),
    (NeedsMoved, {}),
    (PromptAllowed, {}),
    (ReadAwaited, {"authorization": None}),
    (ReadAwaited, {"since": None}),
    (MayPrompt, {"outage": "fcauth_1"}),
    (MayPrompt, {"outage": "fca_1"}),
    (MembersReviewDue, {}),
    (ReviewDue, {}),
    (RelinkRequested, {}),
    (RelinkRequested, {"mode": "specific"}),
    (RelinkRequested, {"mode": "any_eligible"}),
    (AccountRetired, {}),
    (AccountResumed, {}),
]

COMMANDS: list[tuple[type[Command], dict[str, Any]]] = [
    (NotifyCustomer, {}),
    (NotifyCustomer, {"accounts": ("fca_1", "fca_2"), "relink_by": AT}),
    (NotifyCustomer, {"accounts": ("fca_1", "fca_2", "fca_3"), "reminder": 1}),
    (NotifyCustomer, {"reminder": 2, "relink_by": AT}),
    (RequestNewPaymentMethod, {"reason": "account_closed"}),
    (RequestNewPaymentMethod, {"reason": "of_the_future"}),
    (RequestBillingName, {}),
    (PaymentMethodBuilt, {}),
    (PaymentMethodGone, {}),
    (CollectMandate, {"reason": "new_account"}),
    (CollectMandate, {"reason": "mandate_inactive"}),
    *((ReportAnomaly, {"anomaly": anomaly}) for anomaly in Anomaly),
    (ReportAnomaly, {"value": "odd"}),
    (ReportAnomaly, {"about": "fcsess_1", "value": "odd"}),
    (CreatePaymentMethod, {}),
    (AttachExternalAccount, {"holder": CONNECTED}),
    (CreateRelinkSession, {}),
    (CreateRelinkSession, {"mode": "any_eligible", "reason": "number_lapsed"}),
    *((RetrieveAccount, {"reason": reason}) for reason in ReadReason),
    (RetrieveAuthorization, {"reason": ReadReason.ACCOUNT_CHANGED}),
    (RetrieveSession, {"reason": ReadReason.SESSION_DEADLINE}),
    (RetrievePaymentMethod, {"reason": ReadReason.LOOK}),
    (RetrieveExternalAccount, {"reason": ReadReason.LOOK}),
    (RetrieveAccountForCaller, {}),
    (RetrieveSessionForCaller, {"reason": "asked_again"}),
    (RetrieveSessionForCaller, {"reason": "result"}),
    *((Wake, {"machine": machine}) for machine in CHARTS),
    (Wake, {"machine": "old_machine"}),
]

WORKS: dict[str, Any] = {
    "id": "fca_1",
    "reported_status": ReportedStatus.ACTIVE,
    "repairable": None,
    "authorization": "fcauth_1",
    "holder": CUSTOMER,
    "permissions": ("payment_method",),
    "subcategory": "checking",
    "payment_method_types": ("us_bank_account",),
    "number": NumberStatus.TRANSACTABLE,
}
DOWN = {**WORKS, "reported_status": ReportedStatus.RELINKABLE, "cause": "access_expired"}
OUTAGE = AccountOutage(number=1, since=float(AT))
READY = KnownPaymentMethod(state=PaymentMethodState.READY)

ACCOUNTS: dict[str, tuple[str, dict[str, Any]]] = {
    "works": ("active", WORKS),
    "works, for payouts": ("active", {**WORKS, "holder": CONNECTED}),
    "works, with a payment method": ("active", {**WORKS, "payment_methods": {"pm_1": READY}}),
    "works, with a payment method that needs a mandate": (
        "active",
        {
            **WORKS,
            "payment_methods": {
                "pm_1": KnownPaymentMethod(
                    state=PaymentMethodState.MANDATE_NEEDED, mandate_due="new_account"
                )
            },
        },
    ),
    "works, and its payment method is blocked": (
        "active",
        {
            **WORKS,
            "payment_methods": {
                "pm_1": KnownPaymentMethod(
                    state=PaymentMethodState.BLOCKED, reason="bank_account_frozen"
                )
            },
        },
    ),
    "works, and has no number that pays": ("active", {**WORKS, "number": NumberStatus.LAPSED}),
    "works, and its number is pending": ("active", {**WORKS, "number": NumberStatus.PENDING}),
    "works, and is no bank account for debits": ("active", {**WORKS, "subcategory": "mortgage"}),
    "works, and a name is needed": ("active", {**WORKS, "build": BuildState.NAME_NEEDED}),
    "works, and its payment method is being made": (
        "active",
        {**WORKS, "build": BuildState.CREATING},
    ),
    "works, and none could be made": (
        "active",
        {**WORKS, "build": BuildState.REFUSED, "build_reason": "account_closed"},
    ),
    "down": ("inactive_relinkable", {**DOWN, "outage": OUTAGE, "outages": 1}),
    "down, and any account will do": (
        "inactive_relinkable",
        {
            **DOWN,
            "outage": OUTAGE.model_copy(update={"next_mode": "any_eligible"}),
            "outages": 1,
        },
    ),
    "down, and given up": (
        "inactive_relinkable",
        {**DOWN, "outage": OUTAGE.model_copy(update={"given_up": True}), "outages": 1},
    ),
    "down, for payouts": ("inactive_relinkable", {**DOWN, "holder": CONNECTED}),
    "at the bank": ("relinking", {**DOWN, "outage": OUTAGE, "outages": 1}),
    "repaired": ("relinked", {**DOWN, "outage": OUTAGE, "outages": 1}),
    "never reported": ("inactive_unrepairable", {"id": "fca_1"}),
    "stopped, and not known whether for good": (
        "inactive_unrepairable",
        {**WORKS, "reported_status": ReportedStatus.INACTIVE},
    ),
    "stopped, and nobody can repair it": (
        "inactive_unrepairable",
        {**WORKS, "reported_status": ReportedStatus.UNREPAIRABLE, "cause": "account_closed"},
    ),
    "replaced, and works": ("new_account_linked", {**WORKS, "replaced_by": "fca_2"}),
    "replaced, and is down": ("new_account_linked", {**DOWN, "replaced_by": "fca_2"}),
    "replaced before, and works again": ("active", {**WORKS, "replaced_by": "fca_2"}),
    "disconnected": (
        "disconnected",
        {**WORKS, "reported_status": ReportedStatus.DISCONNECTED},
    ),
    "disconnected and replaced": (
        "disconnected",
        {
            **WORKS,
            "reported_status": ReportedStatus.DISCONNECTED,
            "replaced_by": "fca_2",
            "replaced_as_of": AT,
        },
    ),
    "retired": ("active", {**WORKS, "retired": True}),
}


class Told(Scenario):
    """A scenario, and its story.

    Args:
        depth: how deep.
    """

    def __init__(self, depth: Depth) -> None:
        super().__init__(RelinkPolicy(attempts=4))
        self.depth = depth
        self.lines: list[str] = []

    def happens(self, kind: type[DomainEvent], /, **fields: Any) -> Step:
        step = super().happens(kind, **fields)
        for delivery in step.deliveries:
            address, decision = delivery.address, delivery.decision
            for thought in thoughts(address, decision, JO):
                if thought.depth <= self.depth:
                    self.lines.append(line(address.machine, thought))
            if self.depth is Depth.EVERYTHING:
                found = grounds(decision, CHARTS[address.machine])
                self.lines += [f"    since {each}" for each in found]
        return step


def line(machine: str, thought: Thought) -> str:
    """Whose it is, how it feels, and what it says."""
    depth = "  " * thought.depth
    text = thought.sentence(JO.thing(thought.about))
    note = f" ({thought.note})" if thought.note else ""
    return f"{depth}{machine} {thought.tone.glyph} {thought.name or '-'}: {text}{note}"


def a_repair(s: Told) -> None:
    s.link("fca_1", numbers=(number("transactable"),))
    s.webhook("fca_1", relinkable())
    session = s.open_session("fca_1")
    s.result(session, relinked="fca_1")
    s.result(session, status="cancelled")
    s.webhook("fca_1", active())
    s.happens(AccountRetired, account="fca_1")
    s.happens(AccountResumed, account="fca_1")


def tries_that_fail(s: Told) -> None:
    s.link("fca_1")
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), status="cancelled")
    s.result(s.open_session("fca_1"), failure_reason="no_account")
    s.result(s.open_session("fca_1"), failure_reason="no_account")
    s.result(s.open_session("fca_1", mode="any_eligible"), failure_reason="of_the_future")
    s.happens(RelinkRequested, account="fca_1")
    s.webhook("fca_1", unrepairable())
    s.happens(RelinkRequested, account="fca_1")
    s.webhook("fca_1", active())


def another_account(s: Told) -> None:
    s.webhook("fca_2", relinkable())
    s.result(s.open_session("fca_2", mode="any_eligible"), {"fca_1": active()})
    s.happens(PaymentMethodMade, account="fca_1", payment_method="pm_1")
    s.perform_reads()
    s.happens(MandateCollected, account="fca_1")
    s.checks("pm_1", "bank_account_frozen")
    s.checks("pm_1")
    ends = {"payment_method": "pm_1", "status": "inactive", "as_of": s.now + 10, "read": False}
    s.happens(MandateReported, **ends)
    s.checks("pm_1", gone=True)


def a_known_account(s: Told) -> None:
    s.link("fca_1")
    s.webhook("fca_1", relinkable())
    session = s.open_session("fca_1", mode="any_eligible")
    s.link("fca_2")
    s.result(session, {"fca_2": active()})
    s.perform_reads()


def numbers_that_lapse(s: Told) -> None:
    s.link("fca_1", numbers=(number("transactable"),))
    s.webhook("fca_1", active(numbers=(number("transactable", s.now + 40 * DAY),)))
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    s.result(s.open_session("fca_1"), status="cancelled")
    s.webhook("fca_1", active(numbers=(number("pending"),)))
    s.webhook("fca_1", active(numbers=(number("transactable"),)))
    s.checks("pm_1", NUMBER_DEACTIVATED)


def an_end_that_is_announced(s: Told) -> None:
    s.link("fca_1")
    for action, days in (("relink_required", 30), ("none", 31), (None, None)):
        day = None if days is None else s.now + days * DAY
        s.webhook("fca_1", active(deactivates_on=day, deactivation_action=action))
    s.webhook("fca_1", inactive())
    s.webhook("fca_1", relinkable(action="nonsense"))
    s.webhook("fca_1", disconnected())
    s.webhook("fca_1", active())
    s.webhook("fca_1", relinkable())
    s.happens(RelinkRequested, account="fca_1")


def an_end_that_the_bank_login_announces(s: Told) -> None:
    s.link("fca_1")
    for days in (None, 30):
        day = None if days is None else s.now + days * DAY
        said = active(deactivates_on=day, deactivation_action="relink_required")
        s.authorization_webhook("fcauth_1", said)
    said = active(deactivates_on=s.now + 20 * DAY, deactivation_action="relink_required")
    s.webhook("fca_1", said)
    s.authorization_webhook("fcauth_1", active(deactivates_on=None, deactivation_action=None))
    s.webhook("fca_1", active(deactivates_on=None, deactivation_action=None))


def a_session_that_is_replaced(s: Told) -> None:
    s.link("fca_1")
    s.webhook("fca_1", relinkable())
    first = s.open_session("fca_1")
    s.open_session("fca_1", mode="any_eligible")
    s.result(first, status="cancelled")


LIVES = (
    a_repair,
    tries_that_fail,
    another_account,
    a_known_account,
    numbers_that_lapse,
    an_end_that_is_announced,
    an_end_that_the_bank_login_announces,
    a_session_that_is_replaced,
)


def said() -> dict[str, str]:
    """Everything, by what it is about."""
    found: dict[str, str] = {}
    for kind, given in (*EVENTS, *COMMANDS):
        made = make(kind, given)
        words = asked(made, JO) if issubclass(kind, Command) else event_words(made, JO)
        found[" ".join([kind.__name__, *map(_shown, given.items())])] = str(words)
    for name, (state, facts) in ACCOUNTS.items():
        judged = outcome(Snapshot(state, AccountFacts(**facts), 1), JO)
        found[f"Account: {name}"] = "\n".join(
            [
                f"{judged.account}: {judged.state} ({judged.tone}), {judged.verdict}, "
                f"{'may' if judged.may_charge else 'may not'} be charged",
                *(f"- {todo}" for todo in judged.todo),
            ]
        )
    for life in LIVES:
        told = Told(Depth.EVERYTHING if life is a_repair else Depth.STORY)
        life(told)
        found[f"The life of {life.__name__.replace('_', ' ')}"] = "\n".join(told.lines)
    return found


def _shown(pair: tuple[str, Any]) -> str:
    name, value = pair
    match value:
        case CreateRelinkSession():
            return f"mode={value.mode} delivery={value.delivery}"
        case RelinkPolicy():
            return f"session_open_for={value.session_open_for}"
        case Holder():
            return f"{name}={value.id}"
        case (AccountNumber(), *_):
            return f"{name}={','.join(each.status for each in value)}"
    return f"{name}={value}"


def read() -> dict[str, str]:
    """What somebody read."""
    parts = re.split(r"^== (.+)\n", FILE.read_text(encoding="utf-8"), flags=re.M)[1:]
    return {name: text.rstrip("\n") for name, text in zip(parts[::2], parts[1::2], strict=True)}


def test_everything_is_said_as_somebody_read_it() -> None:
    found, approved = said(), read()
    how = "read the difference, and run: python -m tests.machines.test_words_read"
    assert list(found) == list(approved), how
    for name, text in found.items():
        assert text == approved[name], f"{name}: {how}"


def test_everything_that_has_words_is_read() -> None:
    taken = {event for chart in CHARTS.values() for event in chart.alphabet}
    assert {kind for kind, _ in EVENTS} == taken
    assert {kind for kind, _ in COMMANDS} == set(BY_NAME.values())


if __name__ == "__main__":
    parts = [f"== {name}\n{text}\n\n" for name, text in said().items()]
    FILE.write_text("".join(parts), encoding="utf-8")
