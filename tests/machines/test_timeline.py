"""S6: when an account was reported to work, in whatever order the reports arrive."""

from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.machines.account.timeline import (
    LONGEST,
    Timeline,
    came_back,
    has_worked_between,
    turned_at,
    with_report,
)
from relink.machines.commands import ReportAnomaly

from ..profile import examples
from .reports import active, disconnected, relinkable, unrepairable
from .scenario import Scenario, expired

Told = tuple[int, bool]
"""The time of a report, and whether it says that the account works."""

TOLD = st.tuples(st.integers(0, 12), st.booleans())
FEW = st.lists(TOLD, max_size=8, unique_by=lambda told: told[0])
"""So few that no report is dropped, and none within one second."""


def naive(told: list[Told], since: int) -> bool:
    """The rule as it is written (S6)."""
    stopped = [at for at, works in told if not works]
    before = [at for at, _ in told if at <= since]
    latest = max(before, default=None)
    return any(
        works and any(at > stop and (stop > since or stop == latest) for stop in stopped)
        for at, works in told
    )


def timeline_of(told: list[Told]) -> Timeline:
    timeline: Timeline = ()
    for at, works in told:
        timeline = with_report(timeline, at, works)
    return timeline


# ── the timeline ─────────────────────────────────────────────────────────────


@settings(max_examples=examples(500))
@given(told=FEW, since=st.integers(-1, 13), data=st.data())
def test_S6_a_timeline_says_whether_an_account_came_back_in_any_order_of_arrival(
    told: list[Told], since: int, data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(told), max_size=3)) if told else []
    arrived = data.draw(st.permutations([*told, *repeated]))
    assert came_back(timeline_of(arrived), since) == naive(told, since)


def test_S6_a_late_stop_does_not_hide_the_reports_after_it() -> None:
    """At the time 2 it had been reported to work again, so it did not come back after that."""
    told = [(0, True), (2, True), (3, True), (1, False)]
    assert naive(told, 2) is False
    assert came_back(timeline_of(told), 2) is False


def test_S6_a_late_stop_from_before_a_replacement_brings_no_account_back() -> None:
    """It was reported to work after that stop, and before it was replaced."""
    s = Scenario()
    s.link("fca_1")
    session = s.open_session("fca_1", mode="any_eligible", reason="number_lapsed")
    begin = s.now
    s.finish(session, {"fca_2": active()})
    s.now += 500
    for after, report in ((20, active()), (60, active()), (10, relinkable())):
        s.webhook("fca_1", report, created=begin + after)
        s.result(session, created=begin + 40)
    assert s.account("fca_1").state == "new_account_linked"


@settings(max_examples=examples(500))
@given(told=st.lists(TOLD, max_size=6), data=st.data())
def test_S6_reports_of_one_second_end_alike_in_any_order_of_arrival(
    told: list[Told], data: st.DataObject
) -> None:
    arrived = data.draw(st.permutations(told))
    for since in range(-1, 14):
        one, other = timeline_of(sorted(told)), timeline_of(arrived)
        assert came_back(one, since) == came_back(other, since)


@settings(max_examples=examples(500))
@given(told=st.lists(TOLD, max_size=40))
def test_S6_a_timeline_is_in_order_and_stays_short(told: list[Told]) -> None:
    timeline = timeline_of(told)
    assert len(timeline) <= LONGEST
    for earlier, later in pairwise(timeline):
        assert earlier != later
        assert earlier.as_of <= later.as_of


@settings(max_examples=examples(500))
@given(told=FEW, after=st.integers(-1, 13), before=st.integers(-1, 13))
def test_S6_a_timeline_says_whether_an_account_worked_between_two_reports(
    told: list[Told], after: int, before: int
) -> None:
    reported = any(works and after < at < before for at, works in told)
    assert has_worked_between(timeline_of(told), after, before) == reported


CAUSED = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["works", "expired", "denied", "stopped"])),
    max_size=8,
    unique_by=lambda told: told[0],
)
"""Reports with their cause; "stopped" leaves it out."""


@settings(max_examples=examples(500))
@given(told=CAUSED, data=st.data())
def test_K1_a_timeline_says_when_an_account_last_stopped_or_came_back(
    told: list[tuple[int, str]], data: st.DataObject
) -> None:
    """A stop without a cause is the one before it, or else the first of the one after it."""
    timeline: Timeline = ()
    for at, what in data.draw(st.permutations(told)):
        cause = what if what in ("expired", "denied") else None
        timeline = with_report(timeline, at, what == "works", cause)
    stops: list[tuple[int, set[str]]] = []
    for at, what in sorted(told):
        said = {what} - {"stopped"}
        is_same = stops and (
            ("works" in stops[-1][1]) == (what == "works") and len(stops[-1][1] | said) < 2
        )
        if is_same:
            stops[-1][1].update(said)
        else:
            stops.append((at, said))
    assert turned_at(timeline) == (stops[-1][0] if len(stops) > 1 else None)


@pytest.mark.parametrize("repeats", [0, LONGEST - 2, LONGEST - 1, LONGEST, 3 * LONGEST])
def test_K1_a_late_return_has_its_place_before_any_number_of_repeats(repeats: int) -> None:
    timeline = timeline_of([(0, True), (10, False), *((30 + n, False) for n in range(repeats + 1))])
    assert len(timeline) <= LONGEST
    assert turned_at(timeline) == 10
    turned = turned_at(with_report(timeline, 20, works=True))
    assert turned is not None
    assert turned > 20


def test_S6_of_many_turns_the_latest_24_are_kept() -> None:
    turns = [(at, at % 2 == 0) for at in range(40)]
    for count in (23, 24, 25, 26, 40):
        kept = [(told.as_of, told.works) for told in timeline_of(turns[:count])]
        assert kept == turns[:count][-24:]
    late = timeline_of([*turns[:24], (-1, False)])
    assert [(told.as_of, told.works) for told in late] == turns[:24]


@pytest.mark.parametrize("place", range(1, 24))
def test_K1_of_a_full_timeline_the_first_report_that_only_repeats_goes(place: int) -> None:
    """Reports turn each time, but for one that says the same as those beside it, and later ones."""
    works, told = False, []
    repeats = {place, place + 1, 23, 24} if place < 22 else {place, place + 1}
    for at in range(25):
        works = works if at in repeats else not works
        told.append((at, works))
    kept = [(each.as_of, each.works) for each in timeline_of(told)]
    assert kept == told[:place] + told[place + 1 :]


# ── the account ──────────────────────────────────────────────────────────────

REPORTS = {"active": active(), "relinkable": relinkable(), "unrepairable": unrepairable()}
ARRIVAL = st.tuples(st.integers(1, 12), st.sampled_from(sorted(REPORTS)))


@given(
    reports=st.lists(ARRIVAL, max_size=4, unique_by=lambda each: each[0]),
    results=st.lists(st.integers(1, 12), min_size=1, max_size=2),
    data=st.data(),
)
def test_S6_a_replaced_account_ends_alike_in_any_order_of_reports_and_results(
    reports: list[tuple[int, str]], results: list[int], data: st.DataObject
) -> None:
    """Ten seconds apart, so that nothing is ambiguous; no read helps."""
    s = expired()
    linked, stopped = 1_000_010, s.as_of("fca_1")
    session = s.open_session("fca_1", mode="any_eligible")
    begin = s.now
    s.finish(session, {"fca_2": active()})
    s.now += 1_000
    arrivals: list[tuple[str, int]] = [
        *((name, begin + 20 * offset) for offset, name in reports),
        *(("result", begin + 20 * offset + 10) for offset in results),
    ]
    order = data.draw(st.permutations(arrivals))
    for what, created in order:
        if what == "result":
            s.result(session, created=created)
        else:
            s.webhook("fca_1", REPORTS[what], created=created)
    told = [(linked, True), (stopped, False)]
    told += [(begin + 20 * offset, name == "active") for offset, name in reports]
    replaced = min(begin + 20 * offset + 10 for offset in results)
    last = max(reports, default=(0, "relinkable"))[1]
    by_report = {"active": "active", "relinkable": "inactive_relinkable"}
    expected = by_report.get(last, "inactive_unrepairable")
    state = expected if naive(told, replaced) else "new_account_linked"
    # A late report that it had worked before it was replaced takes no return back.
    had_returned = not naive(told, replaced) and has_returned_on_the_way(order, linked, stopped)
    assert s.account("fca_1").state == state or had_returned
    assert s.account("fca_1").facts.replaced_by == "fca_2"


def replaced_while_active(**details: Any) -> Scenario:
    """An account that worked when the customer linked a new one instead."""
    s = Scenario()
    s.link("fca_1", **details)
    s.result(
        s.open_session("fca_1", mode="any_eligible", reason="number_lapsed"), {"fca_2": active()}
    )
    assert s.account("fca_1").state == "new_account_linked"
    return s


def test_S6_an_account_that_was_replaced_while_it_worked_and_never_stopped_stays() -> None:
    s = replaced_while_active()
    before = len(s.messages)
    s.perform_reads()
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "new_account_linked"
    s.wait(30 * 24 * 60 * 60)
    assert len(s.messages) == before


def test_S6_an_account_that_was_replaced_while_it_worked_comes_back_after_it_stopped() -> None:
    s = replaced_while_active()
    s.webhook("fca_1", relinkable())
    assert s.account("fca_1").state == "new_account_linked"
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"
    s.webhook("fca_1", relinkable())
    assert s.account("fca_1").state == "inactive_relinkable"


def test_S6_a_stale_disconnection_is_no_outage_to_come_back_from() -> None:
    s = replaced_while_active()
    s.wait(60)
    s.webhook("fca_1", active())
    s.webhook("fca_1", disconnected(), created=s.now - 10)
    assert s.account("fca_1").state == "new_account_linked"


def test_S6_an_unknown_action_that_was_learned_meanwhile_is_reported_when_it_comes_back() -> None:
    s = replaced_while_active()
    s.wait(60)
    s.webhook("fca_1", active())
    s.webhook("fca_1", unrepairable(action="call_the_bank"))
    assert s.asked_for(ReportAnomaly) == []
    s.webhook("fca_1", relinkable(), created=s.now - 30)
    assert s.account("fca_1").state == "inactive_unrepairable"
    assert [each.value for each in s.asked_for(ReportAnomaly)] == ["call_the_bank"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_S6_stale_reports_count_for_coming_back(order: tuple[int, ...]) -> None:
    s = replaced_while_active()
    at = s.now + 100
    s.now += 500
    reports = [(at, relinkable()), (at + 20, active()), (at + 40, unrepairable())]
    for index in order:
        created, report = reports[index]
        s.webhook("fca_1", report, created=created)
    assert s.account("fca_1").state == "inactive_unrepairable"


@pytest.mark.parametrize("webhook", [True, False], ids=["webhook", "read"])
def test_S6_a_session_created_before_the_one_that_replaced_the_account_never_undoes_it(
    webhook: bool,
) -> None:
    s = expired()
    first = s.open_session("fca_1")
    second = s.open_session("fca_1", mode="any_eligible")
    s.result(second, {"fca_2": active()})
    s.result(first, relinked="fca_1", webhook=webhook)
    assert s.account("fca_1").state == "new_account_linked"


def test_S6_the_result_of_a_session_created_after_the_replacement_counts() -> None:
    """The account had come back, and stopped again, before that session was created."""
    s = expired()
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    s.webhook("fca_1", active())
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.account("fca_1").state == "relinked"


def has_returned_on_the_way(order: list[tuple[str, int]], linked: int, stopped: int) -> bool:
    """Whether what had arrived at some time said that the account had come back."""
    told, replaced = [(linked, True), (stopped, False)], None
    for what, created in order:
        if what == "result":
            replaced = created if replaced is None else min(replaced, created)
        else:
            told.append((created, what == "active"))
        if replaced is not None and naive(told, replaced):
            return True
    return False
