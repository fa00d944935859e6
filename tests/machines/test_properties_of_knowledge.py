"""Which steps break the properties of reports and of knowledge, and which only nearly do.

Each test tries every combination of a few values, and lists those that break the rule. All others
keep it.
"""

from typing import Any

import pytest

from relink.engine import Command, Facts, Send
from relink.machines.account import AccountFacts
from relink.machines.account_number import AccountNumberFacts
from relink.machines.authorization import AuthorizationFacts
from relink.machines.commands import (
    NotifyCustomer,
    ReportAnomaly,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveSessionForCaller,
)
from relink.machines.messages import ReviewDue
from relink.machines.payment_method import PaymentMethodFacts
from relink.machines.reasons import Anomaly, ReadReason
from relink.machines.report import AccountNumber, Holder, StatusReport
from relink.machines.reported import (
    LinkReported,
    Reported,
    ReportedActive,
    ReportedInactive,
    ReportedRelinkable,
    ReportedTransactable,
    ReportedUnclear,
    ReportedUnrepairable,
)
from relink.machines.session import SessionFacts
from relink.machines.vocabulary import NumberStatus, ReportedStatus

from .made_step import AT, MadeStep, broken
from .reports import number

KNOWN_AT = AT - 1_000
YES_OR_NO = (False, True)
CLOSE = range(-4, 3)
"""Seconds from the known report to the one that arrives."""


def account(**facts: Any) -> AccountFacts:
    known = {"reported_status": ReportedStatus.ACTIVE, "as_of": KNOWN_AT}
    return AccountFacts(id="fca_1").after(known | facts)


def numbers(**facts: Any) -> AccountNumberFacts:
    known = {"reported_status": NumberStatus.LAPSED, "as_of": KNOWN_AT}
    return AccountNumberFacts(id="fca_1").after(known | facts)


def report(kind: type[Reported], later: int = 0, **fields: Any) -> Any:
    said = {"read": False, "report": StatusReport(), **fields}
    return kind(causation_id="evt_1", at=AT, as_of=KNOWN_AT + later, **said)


def to(machine: str, key: str = "fca_1") -> Send:
    return Send(machine=machine, key=key, event=ReviewDue(causation_id="evt_1", at=AT))


# ── which reports count ──────────────────────────────────────────────────────


def test_K2_no_report_counts_as_of_more_than_five_minutes_ahead() -> None:
    def make(kind: type[Any], was_ahead: int, ahead: int) -> MadeStep:
        trigger = report(ReportedActive)
        was, now = (kind(id="fca_1").after({"as_of": AT + each}) for each in (was_ahead, ahead))
        return MadeStep().decision("account", trigger, ("active", was), ("active", now))

    kinds = [AccountFacts, AuthorizationFacts, AccountNumberFacts, PaymentMethodFacts]
    found = broken(
        "report_dated_ahead_is_not_the_latest", make, kinds, [0, 301], [0, 299, 300, 301]
    )
    assert found == {(kind, 0, 301) for kind in kinds}


def late(later: int, read: bool, decides: bool, now: tuple[str, Facts]) -> MadeStep:
    trigger = report(ReportedRelinkable, later, read=read, decides=decides)
    was = account(reported_status=ReportedStatus.INACTIVE)
    return MadeStep().decision("account", trigger, ("inactive_unrepairable", was), now)


def test_K3_a_stale_report_changes_no_state_unless_it_fills_in_or_decides() -> None:
    def make(later: int, read: bool, decides: bool, state: str) -> MadeStep:
        return late(later, read, decides, (state, account()))

    states = ["inactive_unrepairable", "inactive_relinkable"]
    found = broken("stale_report_changes_no_state", make, CLOSE, YES_OR_NO, YES_OR_NO, states)
    assert found == {
        (later, read, False, "inactive_relinkable")
        for later in range(-4, 0)
        for read in YES_OR_NO
        if not read or later < -2
    }


def test_K3_a_stale_report_is_not_the_latest_unless_it_fills_in_or_decides() -> None:
    def make(later: int, read: bool, decides: bool, status: Any, as_of: int) -> MadeStep:
        now = account(reported_status=status, as_of=as_of)
        return late(later, read, decides, ("inactive_unrepairable", now))

    found = broken(
        "stale_report_is_not_the_latest",
        make,
        CLOSE,
        YES_OR_NO,
        YES_OR_NO,
        [ReportedStatus.INACTIVE, ReportedStatus.RELINKABLE],
        [KNOWN_AT, KNOWN_AT + 1],
    )
    assert found == {
        (later, read, False, status, as_of)
        for later in range(-4, 0)
        for read in YES_OR_NO
        for status in ("inactive", "relinkable")
        for as_of in (KNOWN_AT, KNOWN_AT + 1)
        if (not read or later < -2) and (status, as_of) != ("inactive", KNOWN_AT)
    }


@pytest.mark.parametrize(
    "name", ["stale_report_changes_no_state", "stale_report_is_not_the_latest"]
)
def test_C3_of_numbers_a_list_counts_that_is_newer_than_all_lists(name: str) -> None:
    def make(later: int, listed: int, what: tuple[AccountNumber, ...]) -> MadeStep:
        trigger = report(ReportedTransactable, later, report=StatusReport(numbers=what))
        was = numbers(listed_as_of=KNOWN_AT + listed)
        now = numbers(reported_status=NumberStatus.TRANSACTABLE)
        decided = ("lapsed", was), ("transactable", now)
        return MadeStep().decision("account_number", trigger, *decided)

    one = (number("transactable"),)
    found = broken(name, make, [-9, -5, 0, 1], [-10, -9, -8], [(), one])
    assert found == {
        (later, listed, what)
        for later in (-9, -5)
        for listed in (-10, -9, -8)
        for what in ((), one)
        if not what or later <= listed
    }


def test_C3_a_list_of_an_account_is_none_of_numbers() -> None:
    def make(later: int) -> MadeStep:
        listed = StatusReport(numbers=(number("transactable"),))
        trigger = report(ReportedRelinkable, later, report=listed)
        now = ("inactive_relinkable", account())
        return MadeStep().decision("account", trigger, ("active", account()), now)

    assert broken("stale_report_changes_no_state", make, [-9, 0]) == {(-9,)}


# ── contradictions ───────────────────────────────────────────────────────────

APART = [-3, -2, -1, 0, 1, 2, 3]


def contradicts(later: int, by_read: bool, read: bool) -> bool:
    """By K4: within the same second, or within two seconds of a read."""
    return abs(later) <= (2 if by_read or read else 0)


def test_K4_a_report_that_contradicts_within_the_second_or_two_of_a_read_changes_nothing() -> None:
    def make(
        was: str, later: int, by_read: bool, read: bool, decides: bool, state: str, status: Any
    ) -> MadeStep:
        trigger = report(ReportedRelinkable, later, read=read, decides=decides)
        now = account(by_read=by_read, reported_status=status)
        before = (was, account(by_read=by_read))
        return MadeStep().decision("account", trigger, before, (state or was, now))

    states, statuses = ["active", "disconnected"], [ReportedStatus.ACTIVE, ReportedStatus.INACTIVE]
    found = broken(
        "ambiguous_report_changes_nothing",
        make,
        states,
        APART,
        *([YES_OR_NO] * 3),
        ["", "relinking"],
        statuses,
    )
    assert found == {
        ("active", later, by_read, read, False, state, status)
        for later in APART
        for by_read in YES_OR_NO
        for read in YES_OR_NO
        for state in ("", "relinking")
        for status in statuses
        if contradicts(later, by_read, read) and (state, status) != ("", "active")
    }


def test_K4_a_report_that_contradicts_so_closely_asks_for_a_read() -> None:
    def make(was: str, later: int, by_read: bool, read: bool, asks: tuple[Any, ...]) -> MadeStep:
        trigger = report(ReportedRelinkable, later, read=read)
        facts = (was, account(by_read=by_read))
        return MadeStep().decision("account", trigger, facts, facts, *asks)

    asks: list[tuple[Command, ...]] = [(), (to("account"),), (to("account"), to("read"))]
    found = broken(
        "ambiguous_report_is_settled_by_a_read",
        make,
        ["active", "disconnected"],
        APART,
        YES_OR_NO,
        YES_OR_NO,
        asks,
    )
    assert found == {
        ("active", later, by_read, read, each)
        for later in APART
        for by_read in YES_OR_NO
        for read in YES_OR_NO
        for each in asks[:2]
        if contradicts(later, by_read, read)
    }


# ── what is not known ────────────────────────────────────────────────────────

DETAILS = {
    "action": "none",
    "cause": "account_closed",
    "deactivates_on": AT,
    "deactivation_action": "none",
    "authorization": "fcauth_1",
    "holder": Holder(field="customer", id="cus_1"),
    "permissions": ("balances",),
    "subcategory": "savings",
    "payment_method_types": ("link",),
    "institution_name": "A bank",
    "last4": "6789",
}


def test_K5_what_a_report_of_an_account_leaves_out_stays_as_it_was() -> None:
    def make(machine: str, included: bool, field: str, changed: str) -> MadeStep:
        said = StatusReport(status="active", **({field: DETAILS[field]} if included else {}))
        now = account(**{changed: DETAILS.get(changed, KNOWN_AT + 1)})
        trigger = report(ReportedActive, report=said)
        return MadeStep().decision(machine, trigger, ("active", account()), ("active", now))

    found = broken(
        "absent_field_overwrites_nothing",
        make,
        ["account", "authorization"],
        YES_OR_NO,
        DETAILS,
        [*DETAILS, "as_of"],
    )
    assert found == {
        ("account", included, field, changed)
        for included in YES_OR_NO
        for field in DETAILS
        for changed in DETAILS
        if not included or field != changed
    }


ANSWERS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "tells": (to("account"),),
    "read": (to("account"), to("read")),
    "read for caller": (RetrieveAccountForCaller(account="fca_1", dedup_key="req_1"),),
    "session for caller": (
        RetrieveSessionForCaller(session="fcsess_1", reason="result", dedup_key="req_1"),
    ),
    "anomaly": (
        ReportAnomaly(about="fca_1", anomaly=Anomaly.UNKNOWN_STATUS, value="x", dedup_key="x"),
    ),
}
IN_VAIN = ("nothing", "tells")


def test_K5_what_a_report_leaves_open_is_asked_about() -> None:
    def make(was: str, kind: type[LinkReported], later: int, read: bool, asks: str) -> MadeStep:
        trigger, facts = report(kind, later, read=read), (was, account())
        return MadeStep().decision("account", trigger, facts, facts, *ANSWERS[asks])

    found = broken(
        "open_question_is_asked",
        make,
        ["active", "disconnected"],
        [ReportedInactive, ReportedUnrepairable],
        [-1, 0, 1],
        YES_OR_NO,
        ANSWERS,
    )
    assert found == {
        ("active", ReportedInactive, later, False, asks) for later in (0, 1) for asks in IN_VAIN
    }


def test_K6_an_unclear_report_changes_no_state_and_is_asked_about() -> None:
    def make(was: str, unclear: bool, state: str, asks: str) -> MadeStep:
        sent = {"causation_id": "evt_1", "at": AT, "as_of": AT, "read": False}
        trigger = ReportedUnclear(**sent) if unclear else report(ReportedActive)
        now = (state or was, account())
        return MadeStep().decision("account", trigger, (was, account()), now, *ANSWERS[asks])

    domains = ["active", "disconnected"], YES_OR_NO, ["", "relinking"], ANSWERS
    found = broken("unclear_report_changes_no_state", make, *domains)
    assert found == {(was, True, "relinking", asks) for was in domains[0] for asks in ANSWERS}

    found = broken("unclear_report_is_asked_about", make, *domains)
    assert found == {("active", True, state, a) for state in ("", "relinking") for a in IN_VAIN}


def test_K5_no_command_and_no_machine_is_about_something_without_an_id() -> None:
    def commands(name: str) -> list[Command]:
        read = {"number": 1, "reason": ReadReason.LOOK}
        message = {"outage_number": 1, "number": 1, "since": 0.0, "reasons": ("inactive",)}
        anomaly = {"anomaly": Anomaly.UNKNOWN_STATUS, "value": "", "dedup_key": ""}
        return [
            RetrieveAccount(account=name, **read),
            RetrieveAuthorization(authorization=name, **read),
            RetrieveSessionForCaller(session=name, reason="result", dedup_key="1"),
            ReportAnomaly(about=name, **anomaly),
            NotifyCustomer(outage=name, accounts=("fca_1",), **message),
            to("account", name),
        ]

    def make(key: str, index: int, name: str) -> MadeStep:
        step = MadeStep().after("account", "active", AccountFacts(id=key))
        return step.asks(commands(name)[index])

    indices = range(len(commands("x_1")))
    found = broken("unknown_id_is_not_used", make, ["fca_1", ""], indices, ["x_1", ""])
    assert found == {
        (key, index, name)
        for key in ("fca_1", "")
        for index in indices
        for name in ("x_1", "")
        if not key or not name
    }


def test_K7_a_linked_account_is_known_if_it_was_seen_before_the_session_opened() -> None:
    def make(state: str, outcome: str | None, linked: str | None, seen: float | None) -> MadeStep:
        facts = SessionFacts(id="fcsess_1").after(
            {"opened_at": float(AT), "outcome": outcome, "linked": linked}
        )
        found = None if seen is None else account(first_seen_at=None if seen < 0 else seen)
        step = MadeStep().after("session", state, facts)
        return step.after("account", None if found is None else "active", found or account())

    outcomes = [None, "relinked", "known_account_linked", "new_account_linked"]
    times = [None, -1.0, 0.0, AT - 1.0, float(AT), AT + 1.0]
    found = broken(
        "linked_account_is_known_or_new_by_when_it_was_first_seen",
        make,
        ["open", "succeeded", "failed"],
        outcomes,
        [None, "fca_1"],
        times,
    )
    right = {("known_account_linked", seen) for seen in (0.0, AT - 1.0)}
    right |= {(each, seen) for each in (None, "new_account_linked") for seen in (AT, AT + 1.0)}
    assert found == {
        ("succeeded", outcome, "fca_1", seen)
        for outcome in outcomes
        for seen in times
        if outcome != "relinked" and (outcome, seen) not in right
    }
