"""K5 to K7, K9, R6, N1, C3, P3, P4: what an account does with what other machines tell it, what
Stripe refuses, and what only the service knows: a plain model beside the chart."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import pytest

from relink.engine import Command, Snapshot
from relink.machines.account.facts import AccountFacts, KnownPaymentMethod, OwnershipCheck
from relink.machines.commands import ReportAnomaly
from relink.machines.events import AccountResumed, AccountRetired
from relink.machines.messages import (
    AnnouncementChanged,
    BuildChanged,
    NumberChanged,
    OwnershipChecked,
    PaymentMethodChanged,
    PaymentMethodUnclear,
    ReadDueChanged,
    ReadFailed,
    ReturnedBySession,
    ReviewDue,
)
from relink.machines.reasons import Anomaly
from relink.machines.report import Holder
from relink.machines.reported import ReportedUnclear
from relink.machines.vocabulary import (
    AccountState,
    BuildState,
    NumberStatus,
    PaymentMethodState,
    ReportedStatus,
)

from .account_model import answered
from .decided import AT, KNOWN_AT, YES_OR_NO, account
from .modelled import SENT, Expected, compare, read, review, send

LINKED = tuple(state for state in AccountState if state != "disconnected")
REVIEW: Command = review("account", "fca_1", ReviewDue)
CUSTOMER = Holder(field="customer", id="cus_1")
OTHER = Holder(field="customer", id="cus_2")
CONNECT = Holder(field="account", id="acct_1")
HOLDERS = (None, CUSTOMER, OTHER, CONNECT)
NEVER_TOLD = {"authorization": None, "included_at": {"authorization": -1}}


def known(state: str = "active", **facts: Any) -> Snapshot[AccountFacts]:
    return account(state, **facts)


# ── what belongs to it ───────────────────────────────────────────────────────


@pytest.mark.parametrize("state", LINKED)
def test_P3_what_is_announced_for_its_own_authorization_is_remembered(state: str) -> None:
    for whose, announced, day in product(("fcauth_1", "fcauth_2"), YES_OR_NO, (None, AT + 9)):
        said: dict[str, Any] = {"announced": announced, "day": day, "as_of": KNOWN_AT}
        event = AnnouncementChanged(authorization=whose, **said, **SENT)
        changes = {f"login_{name}": value for name, value in said.items() if name != "day"}
        changes["login_deactivates_on"] = day
        ours = Expected(state, changes, [REVIEW])
        now = known(state, login_announced=not announced, login_deactivates_on=AT)
        compare("account", now, event, ours if whose == "fcauth_1" else Expected(state))


METHODS = {
    f"ba_{place}": KnownPaymentMethod(
        state=PaymentMethodState.BLOCKED,
        lost_number=lost,
        is_external=external,
        was_looked_at=looked,
    )
    for place, (lost, external, looked) in enumerate(product(YES_OR_NO, repeat=3))
}
LOOKED_AT = "ba_6"
"""The one external account that lost a number, and was not looked at since."""


@pytest.mark.parametrize("state", LINKED)
@pytest.mark.parametrize("status", NumberStatus)
def test_C3_K5_a_number_is_remembered_and_what_hangs_on_it_is_read(
    state: str, status: NumberStatus
) -> None:
    asked = read("fca_1", "account", "incomplete")
    looks = send("payment_method", LOOKED_AT, PaymentMethodUnclear, as_of=AT, read=False)
    looked_at = METHODS[LOOKED_AT].after({"was_looked_at": True})
    pays = status in ("transactable", "expiring")
    for expires_on, methods, is_told, reported in product(
        (None, AT + 9), ({}, METHODS), YES_OR_NO, ReportedStatus
    ):
        facts = {} if is_told else NEVER_TOLD
        now = known(state, payment_methods=methods, reported_status=reported, **facts)
        changes: dict[str, Any] = {"number": status, "number_expires_on": expires_on}
        told = [REVIEW]
        if methods and pays:
            changes["payment_methods"] = {**methods, LOOKED_AT: looked_at}
            told.append(looks)
        is_reason = reported == "active" and status in ("lapsed", "expiring")
        is_reason = is_reason or (reported in REPAIRED and bool(now.facts.repairable))
        if reported == "inactive" or (is_reason and not is_told):
            told.append(asked)
        event = NumberChanged(status=status, expires_on=expires_on, **SENT)
        compare("account", now, event, Expected(state, changes, told))


REPAIRED = ("relinkable", "unrepairable", "inactive")


@pytest.mark.parametrize("state", LINKED)
def test_C3_the_latest_twenty_payment_methods_are_remembered(state: str) -> None:
    reasons = (None, "other")
    for count, was, reason, looked in product((0, 1, 19, 20), reasons, reasons, YES_OR_NO):
        before = {
            f"pm_{place}": KnownPaymentMethod(
                state=PaymentMethodState.BLOCKED, reason=was, was_looked_at=looked
            )
            for place in range(count)
        }
        for key in ("pm_0", "pm_new"):
            said: dict[str, Any] = {
                "state": PaymentMethodState.MANDATE_NEEDED,
                "reason": reason,
                "mandate_due": "new_account",
                "lost_number": looked,
                "is_external": not looked,
            }
            is_same = key in before and was == reason
            kept = KnownPaymentMethod(**said, was_looked_at=looked and is_same)
            after = {name: method for name, method in before.items() if name != key}
            if len(after) == 20:
                del after["pm_0"]
            after[key] = kept
            now = known(state, payment_methods=before)
            event = PaymentMethodChanged(payment_method=key, **said, **SENT)
            expected = Expected(state, {"payment_methods": after}, [REVIEW])
            decision = compare("account", now, event, expected)
            assert list(decision.facts.payment_methods) == list(after)


@pytest.mark.parametrize("state", LINKED)
def test_what_is_built_and_read_and_what_the_service_says_is_remembered(state: str) -> None:
    asked_for = frozenset({"unrepairable"})
    now = known(state, requested_for=asked_for, retired=state == "active")
    for build, reason in product(BuildState, (None, "no_customer")):
        built = BuildChanged(state=build, reason=reason, **SENT)
        expected = Expected(state, {"build": build, "build_reason": reason}, [REVIEW])
        compare("account", now, built, expected)
    retired: dict[str, Any] = {"retired": True, "requested_for": frozenset()}
    compare(
        "account", now, AccountRetired(account="fca_1", **SENT), Expected(state, retired, [REVIEW])
    )
    again = [REVIEW, read("fca_1", "account", "look")]
    resumed = AccountResumed(account="fca_1", **SENT)
    compare("account", now, resumed, Expected(state, {"retired": False}, again))
    for before, since in product((None, AT - 9.5), (None, AT - 7.5)):
        due = ReadDueChanged(since=since, **SENT)
        changes = {"read_due_since": None if since is None else before or since}
        now = known(state, read_due_since=before)
        compare("account", now, due, Expected(state, changes, [REVIEW]))


@pytest.mark.parametrize("state", LINKED)
@pytest.mark.parametrize("ahead", YES_OR_NO)
def test_K2_K6_it_is_read_if_stripe_says_only_that_something_changed(
    state: str, ahead: bool
) -> None:
    for is_read, status, seen in product(YES_OR_NO, (None, "unheard_of"), (None, 7.5)):
        said: dict[str, Any] = {"read": is_read, "status": status, "in_future": ahead}
        event = ReportedUnclear(as_of=KNOWN_AT + 5, **said, **SENT)
        told: list[Command] = []
        if ahead:
            reported = {"anomaly": Anomaly.FUTURE_TIME, "value": None, "dedup_key": "evt_1"}
            told.append(ReportAnomaly(about="fca_1", **reported))  # type: ignore[arg-type]
        elif status:
            reported = {"anomaly": Anomaly.UNKNOWN_STATUS, "value": status, "dedup_key": status}
            told.append(ReportAnomaly(about="fca_1", **reported))  # type: ignore[arg-type]
        if not is_read:
            told.append(read("fca_1", "account", "future_time" if ahead else "look"))
        changes = {"first_seen_at": AT + 0.5 if seen is None else seen}
        compare("account", known(state, first_seen_at=seen), event, Expected(state, changes, told))


def test_S7_one_that_is_gone_learns_only_what_the_service_says() -> None:
    gone = known("disconnected", retired=True, requested_for=frozenset({"disconnected"}))
    resumed = AccountResumed(account="fca_1", **SENT)
    compare("account", gone, resumed, Expected("disconnected", {"retired": False}, [REVIEW]))
    retired = {"retired": True, "requested_for": frozenset()}
    event = AccountRetired(account="fca_1", **SENT)
    compare("account", gone, event, Expected("disconnected", retired, [REVIEW]))
    returned = ReturnedBySession(
        session="fcsess_1", as_of=AT, read=True, opened_at=AT - 9.0, **RETURNED, **SENT
    )
    odd = Expected("disconnected", is_ignored=True, is_anomaly=True)
    compare("account", gone, returned, odd)
    quiet: tuple[Any, ...] = (
        AnnouncementChanged(authorization="fcauth_1", announced=True, day=None, as_of=AT, **SENT),
        NumberChanged(status=NumberStatus.LAPSED, expires_on=None, **SENT),
        PaymentMethodChanged(
            payment_method="pm_1", state=PaymentMethodState.READY, reason=None, **SENT
        ),
        BuildChanged(state=BuildState.BUILT, reason=None, **SENT),
        ReadDueChanged(since=AT - 5.0, **SENT),
        ReadFailed(error="resource_missing", **SENT),
        ReportedUnclear(as_of=AT, read=False, status="unheard_of", **SENT),
        ReviewDue(**SENT),
    )
    for event in quiet:
        compare("account", gone, event, Expected("disconnected", is_ignored=True))


# ── a session returned it: is it known, new, or another holder's? (K7, R6, N1) ─

OPENED_AT = AT - 50.0
RETURNED: dict[str, Any] = {"expected": "fca_9", "holder": CUSTOMER, "old_holder": OTHER}


def check(session: str, **fields: Any) -> OwnershipCheck:
    usual = {"holder": CUSTOMER, "old_holder": None, "opened_at": OPENED_AT}
    return OwnershipCheck(**{"session": session, "as_of": AT - 5, "read": True, **usual, **fields})


def checks() -> Iterator[tuple[OwnershipCheck, ...]]:
    """None, one of each kind, and two at once."""
    yield ()
    for holder, old_holder in product((None, CUSTOMER, CONNECT), (None, CUSTOMER)):
        yield (check("fcsess_1", holder=holder, old_holder=old_holder),)
    yield check("fcsess_2", holder=OTHER, read=False), check("fcsess_1", as_of=AT - 4)


FIT: dict[str, Any] = {
    "subcategory": "savings",
    "permissions": ("payment_method",),
    "payment_method_types": ("us_bank_account",),
}
DETAILS: tuple[dict[str, Any], ...] = (
    FIT,
    {**FIT, "subcategory": "checking", "payment_method_types": None},
    {**FIT, "subcategory": "credit_card"},
    {**FIT, "permissions": ("balances",)},
    {**FIT, "included_at": {"subcategory": -1}},
    {**FIT, "included_at": {"permissions": -1}},
    {**FIT, "included_at": {"payment_method_types": -1}},
    {**FIT, "included_at": {"holder": 0}},
    {"included_at": {"holder": -1}},
)
SEEN = (None, OPENED_AT - 1, OPENED_AT, OPENED_AT + 1)


def returned_accounts() -> Iterable[AccountFacts]:
    """Accounts of any holder, seen before the session or since, of which more or less is known."""
    known = [(details, OPENED_AT) for details in DETAILS] + [(FIT, seen) for seen in SEEN]
    for (details, seen), holder in product(known, HOLDERS):
        for status in (None, "active", "inactive", "relinkable", "disconnected"):
            facts = {**details, "holder": holder, "first_seen_at": seen}
            facts |= {"reported_status": status and ReportedStatus(status), "as_of": KNOWN_AT}
            yield AccountFacts(id="fca_1").after(facts)


ACCOUNTS = list(returned_accounts())


@pytest.mark.parametrize("waiting", list(checks()))
@pytest.mark.parametrize("build_for", [None, "fcsess_9"])
def test_R6_K7_N1_when_stripe_refuses_to_tell_more_what_is_known_decides(
    waiting: tuple[OwnershipCheck, ...], build_for: str | None
) -> None:
    for each in ACCOUNTS:
        facts = each.after({"pending_checks": waiting, "build_for": build_for})
        now = Snapshot("active", facts, 1)
        changes, told = answered(facts, has_read=True)
        event = ReadFailed(error="account_invalid", **SENT)
        compare("account", now, event, Expected("active", changes, [*told, REVIEW]))


@pytest.mark.parametrize("waiting", [(), (check("fcsess_1"),), (check("fcsess_2"),)])
@pytest.mark.parametrize("build_for", [None, "fcsess_1", "fcsess_9"])
@pytest.mark.parametrize("holder", [None, CUSTOMER])
def test_R6_K7_N1_a_session_that_returned_it_is_answered_once_enough_is_known(
    waiting: tuple[OwnershipCheck, ...], build_for: str | None, holder: Holder | None
) -> None:
    said: dict[str, Any] = {"holder": holder, "old_holder": OTHER, "opened_at": OPENED_AT}
    said |= {"as_of": AT - 3, "read": False}
    event = ReturnedBySession(session="fcsess_1", expected="fca_9", **said, **SENT)
    for each in ACCOUNTS:
        before = each.after({"pending_checks": waiting, "build_for": build_for})
        others = tuple(c for c in waiting if c.session == "fcsess_2")
        changes: dict[str, Any] = {
            "first_seen_at": AT + 0.5 if each.first_seen_at is None else each.first_seen_at,
            "pending_checks": (*others, OwnershipCheck(session="fcsess_1", **said)),
        }
        more, told = answered(before.after(changes), has_read=False)
        changes |= more
        if changes["pending_checks"] and not told:
            told = [read("fca_1", "account", "new_account")]
        now = Snapshot("active", before, 1)
        compare("account", now, event, Expected("active", changes, told))


@pytest.mark.parametrize("state", LINKED)
def test_R6_an_account_answers_in_each_state(state: str) -> None:
    facts = {"first_seen_at": 7.0, "holder": CUSTOMER}
    said = {"as_of": AT - 3, "read": False, "opened_at": OPENED_AT}
    event = ReturnedBySession(session="fcsess_1", **said, **RETURNED, **SENT)
    whose = {"account": "fca_1", "ownership": "known", "as_of": AT - 3, "read": False}
    told = send("session", "fcsess_1", OwnershipChecked, **whose)
    now = known(state, **facts)
    compare("account", now, event, Expected(state, commands=[told]))
    refused = ReadFailed(error="account_invalid", **SENT)
    compare("account", now, refused, Expected(state, commands=[REVIEW]))
