"""C4: the service is asked for another payment method once for one cause."""

from typing import Any

import pytest

from relink.machines.commands import RequestNewPaymentMethod
from relink.machines.policy import RelinkPolicy
from relink.machines.report import StatusReport

from .reports import DAY, active, disconnected, inactive, number, relinkable, unrepairable
from .scenario import Scenario, expired, knowing

LAPSED = (number("expired"),)


def requests(s: Scenario) -> list[str]:
    return [request.reason for request in s.asked_for(RequestNewPaymentMethod)]


@pytest.mark.parametrize(
    "report",
    [unrepairable(), inactive(cause="account_closed"), relinkable(authorization=None)],
    ids=["unrepairable", "left open", "no authorization"],
)
def test_C4_the_same_cause_told_again_and_read_again_is_one_request(report: StatusReport) -> None:
    s = Scenario()
    s.link("fca_1")
    for _ in range(3):
        s.webhook("fca_1", report)
        s.perform_reads()
    s.wait(60 * DAY)
    assert len(requests(s)) == 1


def test_K9_after_the_last_attempt_the_account_is_read_before_anybody_is_asked() -> None:
    s = expired(RelinkPolicy(attempts=1))
    s.result(s.open_session("fca_1"), status="failed")
    assert requests(s) == []
    s.perform_reads()
    assert requests(s) == ["attempts_used_up"]


def test_C4_a_provisional_report_in_between_is_no_new_cause() -> None:
    s = knowing(unrepairable())
    s.perform_reads()
    s.webhook("fca_1", inactive())
    s.stripe["fca_1"] = unrepairable()
    s.perform_reads()
    assert len(requests(s)) == 1


def test_C4_another_word_for_the_cause_is_no_new_cause() -> None:
    s = knowing(unrepairable(cause="account_closed"))
    s.webhook("fca_1", unrepairable(cause="unspecified"))
    s.webhook("fca_1", unrepairable(action="call_the_bank"))
    assert len(requests(s)) == 1


def test_C4_a_cause_that_ended_and_came_back_is_a_new_one() -> None:
    s = knowing(unrepairable())
    s.webhook("fca_1", active())
    s.perform_reads()
    s.webhook("fca_1", unrepairable())
    assert requests(s) == ["account_closed", "account_closed"]
    ids = [request.id for request in s.asked_for(RequestNewPaymentMethod)]
    assert len(set(ids)) == 2


def test_C4_an_account_that_is_blocked_and_then_closed_is_one_matter() -> None:
    """The service was asked for another one already, and hears about the second cause only once."""
    s = knowing(active())
    s.checks("pm_1", "bank_account_closed")
    s.webhook("fca_1", unrepairable())
    before = len(requests(s))
    for _ in range(3):
        s.checks("pm_1", "bank_account_closed")
        s.webhook("fca_1", unrepairable())
        s.perform_reads()
    assert len(requests(s)) == before


@pytest.mark.parametrize("shape", ["full", "left out"])
def test_C4_an_account_without_an_authorization_that_lapses_is_asked_for_once(shape: str) -> None:
    s = Scenario()
    without: tuple[str, ...] = ("authorization",) if shape == "left out" else ()
    details: dict[str, Any] = {} if shape == "left out" else {"authorization": None}
    s.webhook("fca_1", active(without=without, **details))
    s.perform_reads()
    for _ in range(3):
        s.webhook("fca_1", active(without=without, numbers=LAPSED, **details))
        s.perform_reads()
    assert requests(s) == ["no_authorization"]
    assert s.messages == []


def test_C4_a_cause_that_stands_through_a_relink_is_no_new_cause() -> None:
    s = Scenario()
    s.link("fca_1")
    s.checks("pm_1", "bank_account_closed")
    s.webhook("fca_1", relinkable())
    s.perform_reads()
    s.result(s.open_session("fca_1"), relinked="fca_1")
    s.stripe["fca_1"] = active()
    s.perform_reads()
    assert s.account("fca_1").state == "active"
    assert requests(s) == ["bank_account_closed"]


def test_C4_another_cause_is_another_request() -> None:
    s = knowing(active())
    s.checks("pm_1", "bank_account_closed")
    s.webhook("fca_1", disconnected())
    assert requests(s) == ["bank_account_closed", "disconnected"]
