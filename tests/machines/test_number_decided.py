"""What becomes of an account number on each event in each state, with each bound met exactly."""

from itertools import product
from typing import Any

import pytest

from relink.engine import Decision, Send, Snapshot
from relink.machines import relink_system
from relink.machines.account_number import AccountNumberFacts
from relink.machines.messages import (
    NumberBlocked,
    NumberChanged,
    NumberUnblocked,
    RefreshEnded,
    RefreshStarted,
    RefreshSucceeded,
)
from relink.machines.report import StatusReport
from relink.machines.reported import (
    NumbersReported,
    ReportedExpiring,
    ReportedLapsed,
    ReportedPending,
    ReportedTransactable,
)
from relink.machines.vocabulary import NumberStatus

from .reports import number

AT = 1_000_000
KNOWN_AT = AT - 1_000
DAY = AT + 86_400
YES_OR_NO = (False, True)
SENT: dict[str, Any] = {"causation_id": "evt_1", "at": AT}

KINDS: dict[str, type[NumbersReported]] = {
    "transactable": ReportedTransactable,
    "pending": ReportedPending,
    "expiring": ReportedExpiring,
    "lapsed": ReportedLapsed,
}
LISTED = {
    "transactable": number("transactable"),
    "pending": number("pending"),
    "expiring": number("transactable", DAY),
    "lapsed": number("expired"),
}
KNOWN = {
    **{kind: (kind, kind, False) for kind in KINDS},
    **{f"refreshing, {kind}": ("refreshing", kind, True) for kind in KINDS if kind[0] != "t"},
    "transactable, with a session": ("transactable", "transactable", True),
}
"""The state, the latest report, and whether a session is open."""


def known(name: str, **facts: Any) -> Snapshot[AccountNumberFacts]:
    state, status, is_open = KNOWN[name]
    remembered = {
        "reported_status": NumberStatus(status),
        "as_of": KNOWN_AT,
        "listed_as_of": KNOWN_AT,
        "session_is_open": is_open,
        "expires_on": DAY if status == "expiring" else None,
    }
    return Snapshot(state, AccountNumberFacts(id="fca_1").after(remembered | facts), 1)


def decide(snapshot: Snapshot[AccountNumberFacts], trigger: Any) -> Decision:
    return relink_system().tables["account_number"].decide(snapshot, trigger)


def report(kind: str, later: int = 10, **fields: Any) -> NumbersReported:
    said = {"read": False, "report": StatusReport(numbers=(LISTED[kind],)), **fields}
    return KINDS[kind](as_of=KNOWN_AT + later, **SENT, **said)


def told(decision: Decision) -> list[tuple[str, int | None]]:
    """What the account is told about its number."""
    events = [c.event for c in decision.commands if isinstance(c, Send) and c.machine == "account"]
    assert all(isinstance(event, NumberChanged) for event in events)
    return [(event.status, event.expires_on) for event in events]  # type: ignore[attr-defined]


def is_read(decision: Decision) -> list[int]:
    """After when the account is to be read."""
    return [c.event.after for c in decision.commands if getattr(c, "machine", "") == "read"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("kind", KINDS)
def test_C3_a_report_that_counts_is_known_and_told_if_it_is_news(name: str, kind: str) -> None:
    state, status, is_open = KNOWN[name]
    for read in YES_OR_NO:
        decision = decide(known(name), report(kind, read=read))
        waits = is_open and kind != "transactable"
        assert decision.state == ("refreshing" if waits else kind)
        day = DAY if kind == "expiring" else None
        facts = decision.facts
        assert facts == known(name).facts.after(
            {
                "reported_status": NumberStatus(kind),
                "as_of": KNOWN_AT + 10,
                "listed_as_of": KNOWN_AT + 10,
                "by_read": read,
                "expires_on": day,
            }
        )
        if kind != status:
            assert told(decision) == [(kind, day)]
        elif state != "refreshing":
            assert told(decision) == []


def test_P3_a_day_that_changes_is_told() -> None:
    for later_day in (DAY - 1, DAY, DAY + 1):
        said = StatusReport(numbers=(number("transactable", later_day),))
        decision = decide(known("expiring"), report("expiring", report=said))
        assert decision.facts.expires_on == later_day
        assert told(decision) == ([] if later_day == DAY else [("expiring", later_day)])


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("kind", KINDS)
def test_K3_K4_a_report_that_is_old_or_too_close_changes_nothing(name: str, kind: str) -> None:
    status = KNOWN[name][1]
    for by_read, read, later in product(YES_OR_NO, YES_OR_NO, (-9, -3, -2, -1, 0, 1, 2)):
        before = known(name, by_read=by_read)
        decision = decide(before, report(kind, later, read=read))
        is_close = kind != status and abs(later) <= (2 if by_read or read else 0)
        case = (name, kind, by_read, read, later)
        assert is_read(decision) == ([KNOWN_AT + max(later, 0) + 3] if is_close else []), case
        if later < 0 or is_close:
            assert (decision.state, decision.facts) == (before.state, before.facts), case
            assert told(decision) == [], case


def test_K3_a_relinked_number_that_a_read_shows_pays_at_about_the_time_of_the_result() -> None:
    for later, kind, read, by_result in product(
        (-4, -3, -2, -1, 0, 1), KINDS, YES_OR_NO, YES_OR_NO
    ):
        before = known("pending", by_result=by_result)
        decision = decide(before, report(kind, later, read=read))
        is_new = by_result and read and kind in ("transactable", "expiring") and later >= -2
        case = (later, kind, read, by_result)
        if is_new:
            assert (decision.state, is_read(decision)) == (kind, []), case
            assert decision.facts.as_of == KNOWN_AT + max(later, 0), case
        elif later <= 0:
            assert decision.state == "pending", case


# ── blocks and their end (C3) ────────────────────────────────────────────────

AROUND = (-3, -2, -1, 0, 1, 2, 3)


@pytest.mark.parametrize("name", KNOWN)
def test_C3_a_block_lapses_the_number_unless_it_is_old_or_too_close_to_a_list(name: str) -> None:
    state, status, is_open = KNOWN[name]
    for by_read, later in product(YES_OR_NO, AROUND):
        before = known(name, by_read=by_read)
        decision = decide(before, NumberBlocked(as_of=KNOWN_AT + later, **SENT))
        is_close = status != "lapsed" and abs(later) <= (2 if by_read else 0)
        case = (name, by_read, later)
        assert is_read(decision) == ([KNOWN_AT + max(later, 0) + 3] if is_close else []), case
        if is_close or later < 0:
            assert (decision.state, decision.facts) == (before.state, before.facts), case
            continue
        assert decision.state == ("refreshing" if is_open else "lapsed"), case
        assert decision.facts == before.facts.after(
            {
                "reported_status": NumberStatus.LAPSED,
                "as_of": KNOWN_AT + later,
                "by_read": False,
                "by_block": True,
                "by_result": False,
            }
        ), case
        tells = state != "lapsed"
        assert told(decision) == ([("lapsed", None)] if tells else []), case


@pytest.mark.parametrize("name", KNOWN)
def test_C3_a_block_that_is_lifted_lets_a_lapsed_number_pay_again(name: str) -> None:
    state, status, _ = KNOWN[name]
    for later, day, by_result in product((-1, 0, 1), (None, DAY), YES_OR_NO):
        before = known(name, by_block=True, expires_on=day, by_result=by_result)
        decision = decide(before, NumberUnblocked(as_of=KNOWN_AT + later, **SENT))
        case = (name, later, day, by_result)
        lapsed = status == "lapsed"
        pays = later >= 0 and (lapsed or (state == "pending" and by_result))
        if not pays:
            assert decision.state == state, case
            assert told(decision) == [], case
            is_newer = later >= 0 and state == "transactable"
            assert decision.facts.as_of == KNOWN_AT + (later if is_newer else 0), case
            continue
        kind = "expiring" if lapsed and day else "transactable"
        now = "refreshing" if state == "refreshing" and kind == "expiring" else kind
        expires_on = day if kind == "expiring" else None
        assert decision.state == now, case
        assert told(decision) == [(kind, expires_on)], case
        facts = decision.facts
        assert (facts.reported_status, facts.expires_on) == (kind, expires_on), case
        assert (facts.as_of, facts.by_block) == (KNOWN_AT + later, False), case


def test_C3_no_number_listed_says_nothing_about_a_blocked_one() -> None:
    for by_block, listed in product(YES_OR_NO, YES_OR_NO):
        said = StatusReport(numbers=(LISTED["transactable"],) if listed else ())
        decision = decide(known("lapsed", by_block=by_block), report("transactable", report=said))
        pays = listed or not by_block
        assert decision.state == ("transactable" if pays else "lapsed")
        assert told(decision) == ([("transactable", None)] if pays else [])


def test_C3_what_a_list_says_that_is_older_than_a_block_and_newer_than_all_lists_counts() -> None:
    for name, kind, later in product(KNOWN, KINDS, (-22, -21, -20, -19)):
        state, status, _ = KNOWN[name]
        before = known(name, listed_as_of=KNOWN_AT - 20)
        decision = decide(before, report(kind, later))
        case = (name, kind, later)
        if later <= -20:
            assert (decision.state, decision.facts) == (before.state, before.facts), case
            continue
        day = DAY if kind == "expiring" else None
        pays_differently = (
            (state == "transactable" or state == "expiring") and kind == "expiring"
        ) or (state == "expiring" and kind == "transactable")
        takes_day = pays_differently or status == "lapsed"
        assert decision.state == (kind if pays_differently else state), case
        assert decision.facts.expires_on == (day if takes_day else before.facts.expires_on), case
        assert told(decision) == ([(kind, day)] if pays_differently else []), case
        listed = KNOWN_AT + later if takes_day else KNOWN_AT - 20
        assert (decision.facts.as_of, decision.facts.listed_as_of) == (KNOWN_AT, listed), case


# ── sessions ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", KNOWN)
def test_S3_a_number_in_trouble_is_refreshing_while_a_session_is_open(name: str) -> None:
    status = KNOWN[name][1]
    began = decide(known(name), RefreshStarted(**SENT))
    assert began.state == ("transactable" if status == "transactable" else "refreshing")
    assert began.facts == known(name).facts.after({"session_is_open": True})
    over = decide(known(name), RefreshEnded(**SENT))
    assert over.state == status
    assert over.facts == known(name).facts.after({"session_is_open": False})
    assert began.commands == over.commands == ()


@pytest.mark.parametrize("name", KNOWN)
def test_S5_a_relink_brings_a_new_number_unless_a_newer_report_tells_of_it(name: str) -> None:
    status = KNOWN[name][1]
    for by_read, later in product(YES_OR_NO, (-1, 0, 1)):
        before = known(name, by_read=by_read)
        decision = decide(before, RefreshSucceeded(as_of=KNOWN_AT + later, **SENT))
        case = (name, by_read, later)
        assert not decision.facts.session_is_open, case
        was_told = later < 0 or (by_read and later == 0)
        if status == "transactable":
            assert decision.state == "transactable", case
            assert told(decision) == [], case
            continue
        if was_told or name == "pending":
            assert decision.state == status or name == "refreshing, pending", case
            if name != "refreshing, pending":
                assert decision.facts.reported_status == status, case
                day = DAY if status == "expiring" else None
                assert told(decision) == [(status, day)], case
            continue
        now = "transactable" if status == "expiring" else "pending"
        as_of = KNOWN_AT + max(later, 0)
        assert decision.state == now, case
        assert told(decision) == [(now, None)], case
        assert decision.facts == AccountNumberFacts(id="fca_1").after(
            {
                "reported_status": NumberStatus(now),
                "as_of": as_of,
                "listed_as_of": as_of,
                "by_result": True,
            }
        ), case
