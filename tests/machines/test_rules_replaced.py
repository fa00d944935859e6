"""S6 and S7: accounts that were replaced or disconnected."""

from collections.abc import Callable
from itertools import permutations

import pytest

from relink.machines import CHARTS, RelinkPolicy
from relink.machines.commands import (
    NotifyCustomer,
    RequestNewPaymentMethod,
    RetrieveAccount,
)
from relink.machines.events import AccountReplaced
from relink.machines.report import StatusReport

from .reports import DAY, active, disconnected, relinkable, unrepairable
from .scenario import Scenario, expired, lapsed, replaced

# ── S6 ───────────────────────────────────────────────────────────────────────


def test_S6_a_replaced_account_names_the_new_one() -> None:
    s = replaced()
    assert s.account("fca_1").state == "new_account_linked"
    assert s.account("fca_1").facts.replaced_by == "fca_2"


@pytest.mark.parametrize("report", [relinkable(cause="access_denied"), unrepairable()])
def test_S6_inactive_reports_of_a_replaced_account_change_facts_only(
    report: StatusReport | None,
) -> None:
    s = replaced()
    prompts = s.asked_for(NotifyCustomer)
    s.webhook("fca_1", report)
    account = s.account("fca_1")
    assert account.state == "new_account_linked"
    assert account.facts.cause == report.cause
    assert s.commands == ()
    s.wait(60 * DAY)
    assert s.asked_for(NotifyCustomer) == prompts
    assert s.asked_for(RequestNewPaymentMethod) == []


def test_S6_a_relink_of_a_replaced_account_is_refused() -> None:
    s = replaced()
    assert s.request_relink("fca_1") is None
    assert s.decided("account", "fca_1").reason.code == "replaced"


def test_S6_a_newer_active_report_makes_a_replaced_account_active_and_keeps_what_was_built() -> (
    None
):
    s = replaced()
    built = s.build("fca_2")
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.replaced_by == "fca_2"
    assert s.build("fca_2") == built
    assert s.account("fca_2").state == "active"


def test_S6_an_active_report_from_before_the_replacement_does_not_bring_the_account_back() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    before = s.now + 5
    s.result(session, {"fca_2": active()})
    s.webhook("fca_1", active(last4="6789"), created=before)
    assert s.account("fca_1").state == "new_account_linked"
    assert s.account("fca_1").facts.last4 == "6789"


def test_S6_a_late_report_that_it_had_worked_again_takes_the_return_back() -> None:
    s = Scenario()
    s.webhook("fca_1", active())
    time = s.as_of("fca_1")
    s.wait(100)
    s.happens(AccountReplaced, account="fca_1", by="fca_2")
    s.webhook("fca_1", relinkable(), created=time + 10)
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"
    s.webhook("fca_1", active(), created=time + 20)
    assert s.account("fca_1").state == "new_account_linked"


def test_S6_an_account_that_came_back_and_stopped_again_belongs_to_its_open_session() -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.happens(AccountReplaced, account="fca_1", by="fca_2")
    s.webhook("fca_1", relinkable(), created=s.now + 40)
    assert s.account("fca_1").state == "new_account_linked"
    s.webhook("fca_1", active(), created=s.now + 20)
    assert s.account("fca_1").state == "relinking"
    s.result(session, status="cancelled")
    assert s.account("fca_1").state == "inactive_relinkable"


def test_S6_a_return_outlasts_what_the_timeline_remembers() -> None:
    s = replaced()
    s.webhook("fca_1", active())
    for _ in range(30):
        s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"


def came_back_before_the_result_was_told() -> tuple[Scenario, str, int]:
    """Another account was linked instead of ``fca_1``, and it worked again since.

    Returns the session, whose result nobody has told yet, and the time of that.
    """
    s = expired(RelinkPolicy(reminders=(), prompt_gap=DAY))
    session = s.open_session("fca_1", mode="any_eligible")
    told = s.now
    s.webhook("fca_1", active())
    s.perform_reads()
    return s, session, told


def test_R4_a_late_replacement_ends_no_outage_that_began_after_it() -> None:
    s, session, told = came_back_before_the_result_was_told()
    s.webhook("fca_1", relinkable())
    s.perform_reads()
    s.wait(2 * DAY)
    prompts = s.asked_for(NotifyCustomer)
    assert len(prompts) == 2
    s.result(session, {"fca_2": active()}, created=told)
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    s.wait(5 * DAY)
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.asked_for(NotifyCustomer) == prompts


def test_S6_an_older_result_does_not_undo_what_the_service_says_is_used_instead() -> None:
    s, session, told = came_back_before_the_result_was_told()
    s.happens(AccountReplaced, account="fca_1", by="fca_2")
    s.result(session, {"fca_2": active()}, created=told)
    s.stripe["fca_1"] = active()
    s.perform_reads()
    assert s.account("fca_1").state == "new_account_linked"


def test_S6_a_replacement_that_is_told_late_lets_no_earlier_session_undo_a_later_one() -> None:
    s = expired()
    deliveries = ("modal", "url", "modal")
    sessions = [s.open_session("fca_1", mode="any_eligible", delivery=d) for d in deliveries]
    for number in (3, 1):
        s.result(sessions[number - 1], {f"fca_{number + 1}": active()}, webhook=True)
        s.perform_reads()
    s.stripe["fca_1"] = relinkable()
    s.result(sessions[1], relinked="fca_1", webhook=True)
    assert s.account("fca_1").state == "new_account_linked"


@pytest.mark.parametrize("by_session", [False, True])
def test_S7_a_disconnected_account_learns_what_is_used_instead(by_session: bool) -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    session = s.open_session("fca_1", mode="any_eligible")
    s.webhook("fca_1", disconnected())
    assert s.next("fca_1") == [("request_new_payment_method", "disconnected")]
    if by_session:
        s.result(session, {"fca_2": active()})
    else:
        s.happens(AccountReplaced, account="fca_1", by="fca_2")
    account = s.account("fca_1")
    assert (account.state, account.facts.replaced_by) == ("disconnected", "fca_2")
    assert s.next("fca_1") == []


@pytest.mark.parametrize(
    ("later", "state"), [(0, "new_account_linked"), (1, "active")], ids=["same second", "newer"]
)
def test_S6_an_active_report_before_a_late_replacement_decides_by_its_time(
    later: int, state: str
) -> None:
    """The active report arrives before the late webhook of the session."""
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    s.webhook("fca_1", active(without=("numbers",)))
    s.result(session, {"fca_2": active()}, created=s.now - later)
    assert s.account("fca_1").state == state
    assert s.account("fca_1").facts.replaced_by == "fca_2"
    assert s.account("fca_1").facts.session is None


# ── S7 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("order", list(permutations(["inactive", "active", "disconnected"])))
def test_S7_whether_an_account_came_back_before_it_was_disconnected_does_not_depend_on_the_order(
    order: tuple[str, ...],
) -> None:
    s = Scenario()
    s.webhook("fca_1", active())
    s.wait(100)
    s.happens(AccountReplaced, account="fca_1", by="fca_2")
    replaced_at = s.now
    s.wait(1000)
    reports = {
        "inactive": (relinkable(), replaced_at + 100),
        "active": (active(), replaced_at + 200),
        "disconnected": (disconnected(), replaced_at + 300),
    }
    for each in order:
        report, as_of = reports[each]
        s.webhook("fca_1", report, created=as_of)
    assert s.account("fca_1").state == "disconnected"
    assert s.next("fca_1") == [("request_new_payment_method", "disconnected")]
    [request] = s.asked_for(RequestNewPaymentMethod)
    assert request.reason == "disconnected"


def test_S7_an_ambiguous_report_disconnects_nothing() -> None:
    s = Scenario()
    s.webhook("fca_1", active())
    s.webhook("fca_1", disconnected(), created=s.now)
    assert s.account("fca_1").state == "active"
    [read] = s.asked_for(RetrieveAccount)
    assert read.reason == "contradiction"
    s.stripe["fca_1"] = disconnected()
    s.perform_reads()
    assert s.account("fca_1").state == "disconnected"


@pytest.mark.parametrize("start", [expired, lapsed, replaced])
def test_S7_an_unambiguous_report_disconnects(start: Callable[[], Scenario]) -> None:
    s = start()
    s.webhook("fca_1", disconnected())
    assert s.account("fca_1").state == "disconnected"


def test_S7_a_later_active_report_is_an_anomaly_and_changes_nothing() -> None:
    s = expired()
    s.webhook("fca_1", disconnected())
    before = s.account("fca_1")
    s.webhook("fca_1", active())
    decision = s.decided("account", "fca_1")
    assert decision.anomaly
    assert decision.outcome == "ignored"
    assert s.account("fca_1") == (before.state, before.facts, before.version + 1)


@pytest.mark.parametrize("name", CHARTS)
def test_S7_every_other_state_has_a_way_out(name: str) -> None:
    table = CHARTS[name].table()
    for state in set(table.states) - set(table.final):
        assert any(leaf.target != state for leaf in table.leaves(state)), state
    assert CHARTS["account"].table().final == ("disconnected",)


def test_S7_an_account_comes_back_even_after_the_last_attempt() -> None:
    s = Scenario(RelinkPolicy(attempts=1))
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), failure_reason="other")
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"
