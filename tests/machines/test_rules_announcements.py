"""P3 and K11 for authorizations: announcements are needs of their accounts, and of nobody else."""

from collections.abc import Callable
from typing import Any

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import RetrieveAuthorization
from relink.machines.events import ReadRequested
from relink.machines.report import StatusReport

from .reports import DAY, active, disconnected, relinkable, unrepairable
from .scenario import Scenario, knowing

WORKS = StatusReport(status="active")
RELINKABLE = StatusReport(status="inactive", action="relink_required")
UNREPAIRABLE = StatusReport(status="inactive", action="none")


def read(s: Scenario, report: StatusReport) -> None:
    """A read answers with this report."""
    s.stripe["fcauth_1"] = report
    s.read("fcauth_1")


def reads(s: Scenario) -> list[str]:
    """The reasons for which the last event reads the authorization."""
    return [c.reason for c in s.commands if isinstance(c, RetrieveAuthorization)]


def announced(**details: Any) -> StatusReport:
    """The authorization works, and its end is announced."""
    return StatusReport(status="active", **details)


def announcing(s: Scenario, **details: Any) -> None:
    """A webhook announces the end of the authorization."""
    s.authorization_webhook("fcauth_1", announced(**details))


@pytest.mark.parametrize(
    ("then", "prompts"),
    [
        (lambda s: s.authorization_webhook("fcauth_1", WORKS), 1),
        (lambda s: s.authorization_webhook("fcauth_1", WORKS, complete=True), 0),
        (lambda s: s.authorization_webhook("fcauth_1", announced(deactivates_on=None)), 0),
        (lambda s: read(s, WORKS), 0),
        (lambda s: read(s, UNREPAIRABLE), 0),
    ],
    ids=["left out", "left out by a complete object", "withdrawn", "read", "it stopped"],
)
def test_P3_an_announcement_of_an_authorization_stands_until_it_is_withdrawn(
    then: Callable[[Scenario], object], prompts: int
) -> None:
    """That it stopped is a need of its accounts, and not of its own."""
    s = Scenario()
    s.link("fca_1")
    announcing(s, deactivates_on=s.now + 30 * DAY)
    then(s)
    s.wait(24 * DAY)
    assert [m.reminder for m in s.messages] == [0] * prompts


@pytest.mark.parametrize(
    "report",
    [None, unrepairable(), disconnected()],
    ids=["no account", "unrepairable", "disconnected"],
)
def test_P3_an_announcement_of_an_authorization_is_no_need_of_anybody_else(
    report: StatusReport | None,
) -> None:
    s = Scenario()
    if report:
        s.link("fca_1")
        s.webhook("fca_1", report)
    announcing(s, deactivates_on=s.now + 5 * DAY)
    s.perform_reads()
    s.wait(60 * DAY)
    assert s.messages == []


def test_P3_an_announcement_of_an_authorization_is_a_need_of_each_account_that_works() -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    for account in ("fca_1", "fca_2"):
        s.link(account)
    day = s.now + 5 * DAY
    announcing(s, deactivates_on=day)
    [message] = s.messages
    assert (message.accounts, message.relink_by) == (("fca_1", "fca_2"), day)


def test_P3_an_account_that_joins_later_learns_of_the_announcement_that_stands() -> None:
    s = Scenario(RelinkPolicy(reminders=(), prompt_gap=0))
    s.link("fca_1")
    day = s.now + 5 * DAY
    announcing(s, deactivates_on=day)
    s.stripe["fcauth_1"] = announced(deactivates_on=day)
    s.link("fca_2")
    assert [m.accounts for m in s.messages] == [("fca_1",), ("fca_2",)]


def test_P3_an_announcement_of_an_authorization_stays_behind_when_its_account_moves() -> None:
    s = Scenario()
    s.link("fca_1")
    announcing(s, deactivates_on=s.now + 20 * DAY)
    s.webhook("fca_1", active(authorization="fcauth_2"))
    s.perform_reads()
    s.wait(60 * DAY)
    assert s.messages == []


def test_P3_an_announcement_of_an_authorization_with_the_action_none_is_no_need() -> None:
    s = Scenario()
    s.link("fca_1")
    announcing(s, deactivates_on=s.now + 5 * DAY, deactivation_action="none")
    s.wait(60 * DAY)
    assert s.messages == []


def test_P3_an_announcement_of_an_authorization_without_a_day_prompts_at_once() -> None:
    s = Scenario()
    s.link("fca_1")
    announcing(s, deactivates_on=None, deactivation_action="relink_required")
    assert [(m.accounts, m.relink_by) for m in s.messages] == [(("fca_1",), None)]


def test_P3_neither_of_two_announcements_withdraws_the_other() -> None:
    """The earlier day of those that stand counts; while one stands it is one need."""
    s = Scenario(RelinkPolicy(reminders=()))
    near, far = s.now + 20 * DAY, s.now + 30 * DAY
    s.link("fca_1", deactivates_on=near)
    announcing(s, deactivates_on=far)
    s.webhook("fca_1", active(deactivates_on=None))
    s.wait(22 * DAY)
    assert s.messages == []
    s.wait(2 * DAY)
    [message] = s.messages
    assert message.relink_by == far
    announcing(s, deactivates_on=None)
    assert s.outage("fcauth_1").state == "none"


@pytest.mark.parametrize("first", ["account", "authorization"])
def test_P3_announcements_in_either_order_are_one_message_with_the_earlier_day(
    first: str,
) -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    s.link("fca_1")
    near, far = s.now + 20 * DAY, s.now + 30 * DAY
    if first == "authorization":
        announcing(s, deactivates_on=far)
    s.webhook("fca_1", active(deactivates_on=near))
    if first == "account":
        announcing(s, deactivates_on=far)
    s.wait(60 * DAY)
    [message] = s.messages
    assert message.relink_by == near


def test_P3_an_announcement_whose_day_has_passed_lapses_with_the_next_active_report() -> None:
    s = Scenario(RelinkPolicy(reminders=(9 * DAY, 12 * DAY)))
    s.link("fca_1")
    announcing(s, deactivates_on=s.now + 5 * DAY)
    assert len(s.messages) == 1
    s.wait(6 * DAY)
    assert s.outage("fcauth_1").state == "prompted"
    s.webhook("fca_1", active())
    assert s.outage("fcauth_1").state == "none"
    s.wait(60 * DAY)
    assert len(s.messages) == 1


def test_P3_a_relink_ends_the_announcement_of_the_authorization_that_it_repaired() -> None:
    s = Scenario()
    s.link("fca_1")
    announcing(s, deactivates_on=s.now + 5 * DAY)
    s.result(s.open_session("fca_1"), {"fca_1": active()}, relinked="fca_1")
    s.stripe["fcauth_1"] = WORKS
    s.perform_reads()
    s.wait(60 * DAY)
    assert len(s.messages) == 1


# ── the sweep (K11) ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lost", "state"), [(RELINKABLE, "inactive_relinkable"), (WORKS, "active")]
)
def test_K11_a_sweep_learns_what_a_lost_webhook_said_of_an_authorization(
    lost: StatusReport, state: str
) -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    s.link("fca_1")
    if lost is WORKS:
        announcing(s, deactivates_on=s.now + 20 * DAY)
    s.stripe["fcauth_1"] = lost
    s.happens(ReadRequested, kind="authorization", id="fcauth_1")
    assert reads(s) == ["reconciliation"]
    s.perform_reads()
    assert s.authorization("fcauth_1").state == state
    s.wait(60 * DAY)
    assert s.messages == []


def test_K11_a_sweep_learns_an_announcement_whose_webhook_was_lost() -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    s.link("fca_1")
    s.stripe["fcauth_1"] = announced(deactivates_on=s.now + 20 * DAY)
    s.happens(ReadRequested, kind="authorization", id="fcauth_1")
    s.perform_reads()
    s.wait(60 * DAY)
    assert [m.accounts for m in s.messages] == [("fca_1",)]


def test_K3_an_announcement_that_an_ambiguous_report_takes_back_does_not_return() -> None:
    s = knowing(active(deactivation_action="relink_required"))
    s.webhook("fca_1", relinkable())
    s.webhook("fca_1", active(), created=s.as_of("fca_1"), complete=True)
    assert s.account("fca_1").state == "inactive_relinkable"
    s.webhook("fca_1", active(without=("deactivates_on",)))
    assert s.next("fca_1") == []


def test_K1_an_announcement_that_a_relink_took_back_does_not_return_with_the_same_webhook() -> None:
    s = Scenario()
    s.link("fca_1")
    s.link("fca_2")
    announced = StatusReport(status="active", deactivates_on=s.now + 3 * DAY)
    s.authorization_webhook("fcauth_1", announced)
    told = s.now
    s.result(s.open_session("fca_1"), {"fca_1": active()}, relinked="fca_1", webhook=True)
    s.authorization_webhook("fcauth_1", announced, created=told)
    assert s.next("fca_2") == []
