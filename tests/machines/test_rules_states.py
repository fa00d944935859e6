"""S1 to S5: the states of an account, and how sessions change them."""

from collections.abc import Callable
from typing import Any

import pytest

from relink.engine import Address
from relink.machines.commands import (
    CreateRelinkSession,
    ReportAnomaly,
)
from relink.machines.report import AccountNumber, StatusReport

from .reports import DAY, active, disconnected, inactive, number, relinkable, unrepairable
from .scenario import Scenario, expired, lapsed

UNSUCCESSFUL = [
    pytest.param({"failure_reason": "no_authorization"}, id="failed"),
    pytest.param({"status": "cancelled"}, id="cancelled"),
    pytest.param(None, id="abandoned"),
]


def end_unsuccessfully(s: Scenario, session: str, result: dict[str, str] | None) -> None:
    """End the session with this result; without one it is abandoned."""
    if result is not None:
        s.result(session, **result)
    else:
        s.wait(s.policy.session_open_for)
        s.result(session)  # the read before giving up: still pending


# ── S1 ───────────────────────────────────────────────────────────────────────


def test_S1_an_account_is_active_by_its_latest_report() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.reported_status == "active"


def test_S1_an_account_with_an_open_session_is_not_active() -> None:
    s = lapsed()
    s.open_session("fca_1")
    assert s.account("fca_1").facts.reported_status == "active"
    assert s.account("fca_1").state == "relinking"


# ── S2 ───────────────────────────────────────────────────────────────────────


def test_S2_inactive_accounts_are_told_apart_by_their_action() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.webhook("fca_2", unrepairable())
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.account("fca_2").state == "inactive_unrepairable"


def test_S2_the_action_decides_whether_an_account_is_relinkable_whatever_the_cause() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable(cause="account_closed"))
    s.webhook("fca_2", unrepairable(cause="access_expired"))
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.account("fca_2").state == "inactive_unrepairable"


def test_S2_an_inactive_account_follows_the_action_of_its_latest_report() -> None:
    s = expired()
    s.webhook("fca_1", unrepairable())
    assert s.account("fca_1").state == "inactive_unrepairable"
    s.webhook("fca_1", relinkable())  # the customer reopened a closed account
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize("before", [active(), relinkable(), unrepairable()])
def test_S2_an_unknown_action_counts_as_none_and_is_reported(
    before: StatusReport,
) -> None:
    s = Scenario()
    s.webhook("fca_1", before)
    s.webhook("fca_1", unrepairable(action="call_the_bank"))
    assert s.account("fca_1").state == "inactive_unrepairable"
    [report] = s.asked_for(ReportAnomaly)
    assert report.subject == "fca_1"
    assert (report.anomaly, report.value) == ("unknown_action", "call_the_bank")


def test_S2_an_unknown_action_that_a_late_report_names_is_reported() -> None:
    s = Scenario()
    s.webhook("fca_1", active())
    s.wait(100)
    s.webhook("fca_1", inactive())
    s.webhook("fca_1", unrepairable(action="call_the_bank"), created=s.now - 50)
    [report] = s.asked_for(ReportAnomaly)
    assert (report.anomaly, report.value) == ("unknown_action", "call_the_bank")


def test_S2_an_unknown_action_is_reported_once() -> None:
    s = Scenario()
    for _ in range(3):
        s.webhook("fca_1", unrepairable(action="call_the_bank"))
    assert len(s.asked_for(ReportAnomaly)) == 1


# ── S3 ───────────────────────────────────────────────────────────────────────


def test_S3_an_account_is_relinking_while_a_session_for_it_is_open() -> None:
    s = expired()
    session = s.open_session("fca_1")
    assert s.account("fca_1").state == "relinking"
    assert s.account("fca_1").facts.session == session


def test_S3_a_request_for_a_session_alone_changes_nothing() -> None:
    """Stripe may refuse to create it."""
    s = expired()
    assert isinstance(s.request_relink("fca_1"), CreateRelinkSession)
    assert s.account("fca_1").state == "inactive_relinkable"


def test_S3_a_relinking_account_keeps_its_latest_report() -> None:
    s = expired()
    s.open_session("fca_1")
    s.webhook("fca_1", relinkable(cause="institution_requirement"))
    account = s.account("fca_1")
    assert account.state == "relinking"
    assert (account.facts.reported_status, account.facts.cause) == (
        "relinkable",
        "institution_requirement",
    )


@pytest.mark.parametrize(
    ("details", "wanted", "reason"),
    [
        ({"numbers": (number("deactivated"),)}, {}, "number_lapsed"),
        ({"numbers": (number("transactable", 1_000_000 + DAY),)}, {}, "number_expiring"),
        ({"deactivates_on": 1_000_000 + DAY}, {}, "announced_deactivation"),
        ({}, {"permissions": ("balances",)}, "new_permissions"),
        ({}, {"reason": "number_lapsed"}, "number_lapsed"),
    ],
    ids=["lapsed", "expiring", "announced", "permissions", "named by the service"],
)
def test_S3_an_active_account_can_be_relinked_for_a_reason_that_is_recorded(
    details: dict[str, Any], wanted: dict[str, Any], reason: str
) -> None:
    s = Scenario()
    s.webhook("fca_1", active(**details))
    session = s.open_session("fca_1", **wanted)
    assert s.account("fca_1").state == "relinking"
    assert s.account("fca_1").facts.request.reason == reason
    assert s.session(session).facts.request.reason == reason


TROUBLE = [
    pytest.param(number("expired"), "lapsed", id="lapsed"),
    pytest.param(number("transactable", 1_000_000 + DAY), "expiring", id="expiring"),
]


@pytest.mark.parametrize(("listed", "state"), TROUBLE)
@pytest.mark.parametrize("result", [*UNSUCCESSFUL, {"accounts": {"fca_2": active()}}])
def test_S3_a_number_in_trouble_is_refreshing_until_the_session_ends(
    listed: AccountNumber, state: str, result: dict[str, Any] | None
) -> None:
    s = Scenario()
    s.webhook("fca_1", active(numbers=(listed,)))
    assert s.number("fca_1").state == state
    session = s.open_session("fca_1", mode="any_eligible")
    assert s.number("fca_1").state == "refreshing"
    end_unsuccessfully(s, session, result)
    assert s.number("fca_1").state == state


def test_S3_a_transactable_number_is_not_refreshing() -> None:
    s = expired()
    s.open_session("fca_1")
    assert s.number("fca_1").state == "transactable"


@pytest.mark.parametrize(("listed", "state"), TROUBLE)
def test_S3_a_number_that_comes_into_trouble_while_a_session_is_open_is_refreshing(
    listed: AccountNumber, state: str
) -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.webhook("fca_1", relinkable(numbers=(listed,)))
    assert s.number("fca_1").state == "refreshing"
    s.result(session, status="cancelled")
    assert s.number("fca_1").state == state
    s.webhook("fca_1", relinkable(numbers=(number("transactable"),)))
    s.webhook("fca_1", relinkable(numbers=(listed,)))
    assert s.number("fca_1").state == state


@pytest.mark.parametrize("report", [unrepairable(), disconnected()])
def test_S3_an_account_that_became_unrepairable_before_its_session_opened_is_not_relinking(
    report: StatusReport,
) -> None:
    s = expired()
    request = s.request_relink("fca_1")
    s.webhook("fca_1", report)
    state = s.account("fca_1").state
    s.create(request)
    assert s.account("fca_1").state == state


def test_S3_what_an_open_session_was_for_is_no_reason_once_the_account_works() -> None:
    s = expired()
    s.open_session("fca_1")
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    request = s.ask("fca_1", mode="any_eligible")
    assert isinstance(request, CreateRelinkSession)
    assert request.reason == "number_lapsed"


def test_S3_an_account_whose_authorization_becomes_known_belongs_to_its_open_session() -> None:
    s = expired()
    s.open_session("fca_1")
    # No history of today's rules opens a session without an authorization.
    account = Address("account", "fca_1")
    s.world[account] = s.account("fca_1")._replace(state="inactive_unrepairable")
    s.webhook("fca_1", relinkable(), created=s.as_of("fca_1") - 100)
    assert s.account("fca_1").state == "relinking"


def test_S3_an_account_that_becomes_relinkable_after_its_session_opened_is_relinking() -> None:
    s = expired()
    request = s.request_relink("fca_1")
    s.webhook("fca_1", unrepairable())
    s.create(request)
    s.webhook("fca_1", relinkable())
    assert s.account("fca_1").state == "relinking"


# ── S4 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("result", UNSUCCESSFUL)
def test_S4_a_session_without_success_returns_an_inactive_account_to_inactive(
    result: dict[str, Any] | None,
) -> None:
    s = expired()
    end_unsuccessfully(s, s.open_session("fca_1"), result)
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.account("fca_1").facts.session is None


@pytest.mark.parametrize("result", UNSUCCESSFUL)
def test_S4_a_session_without_success_returns_an_active_account_to_active(
    result: dict[str, Any] | None,
) -> None:
    s = lapsed()
    end_unsuccessfully(s, s.open_session("fca_1"), result)
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.session is None


@pytest.mark.parametrize("result", UNSUCCESSFUL)
def test_S4_a_session_without_success_returns_the_account_to_its_latest_report(
    result: dict[str, Any] | None,
) -> None:
    s = lapsed()
    session = s.open_session("fca_1")
    s.webhook("fca_1", relinkable())
    assert s.account("fca_1").state == "relinking"
    end_unsuccessfully(s, session, result)
    assert s.account("fca_1").state == "inactive_relinkable"


def test_S4_an_active_report_ends_relinking_if_the_session_was_opened_while_inactive() -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"
    assert s.session(session).state == "open"
    assert s.account("fca_1").facts.session == session


def test_S4_a_session_can_succeed_after_the_account_came_back() -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.webhook("fca_1", active())
    s.result(session, relinked="fca_1")
    assert s.session(session).facts.outcome == "relinked"
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.session is None


@pytest.mark.parametrize("result", UNSUCCESSFUL)
def test_S4_a_session_can_end_without_success_after_the_account_came_back(
    result: dict[str, Any] | None,
) -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.webhook("fca_1", active())
    end_unsuccessfully(s, session, result)
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.session is None
    assert s.account("fca_1").facts.outage is None


def test_S4_active_reports_only_update_facts_if_the_session_was_opened_while_active() -> None:
    s = lapsed()
    session = s.open_session("fca_1")
    s.webhook("fca_1", active(without=("numbers",), last4="6789"))
    account = s.account("fca_1")
    assert (account.state, account.facts.session) == ("relinking", session)
    assert account.facts.last4 == "6789"


@pytest.mark.parametrize("start", [expired, lapsed])
@pytest.mark.parametrize(
    ("report", "state"),
    [(unrepairable(), "inactive_unrepairable"), (disconnected(), "disconnected")],
    ids=["none", "disconnected"],
)
def test_S4_an_action_of_none_or_a_disconnection_ends_relinking_at_once(
    start: Callable[[], Scenario], report: StatusReport | None, state: str
) -> None:
    s = start()
    session = s.open_session("fca_1")
    s.webhook("fca_1", report)
    assert s.account("fca_1").state == state
    assert s.session(session).state == "open"
    s.result(session, failure_reason="other")
    assert s.account("fca_1").state == state


def test_S4_an_account_that_becomes_relinkable_while_the_session_is_open_is_relinking_again() -> (
    None
):
    s = expired()
    s.open_session("fca_1")
    s.webhook("fca_1", unrepairable())
    s.webhook("fca_1", relinkable())
    assert s.account("fca_1").state == "relinking"


# ── S5 ───────────────────────────────────────────────────────────────────────


def test_S5_a_result_makes_an_account_relinked_and_a_webhook_makes_it_active() -> None:
    s = expired()
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.account("fca_1").state == "relinked"
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"


def test_S5_a_read_makes_a_relinked_account_active() -> None:
    s = expired()
    s.result(s.open_session("fca_1"), relinked="fca_1")
    s.stripe["fca_1"] = active()
    s.perform_reads()
    assert s.account("fca_1").state == "active"


def test_S5_a_result_with_the_active_account_in_it_makes_it_active_at_once() -> None:
    s = expired()
    s.result(s.open_session("fca_1"), {"fca_1": active()}, relinked="fca_1")
    assert s.account("fca_1").state == "active"


@pytest.mark.parametrize("report", [relinkable(), unrepairable(), inactive()])
def test_S5_a_late_report_of_what_the_result_repaired_ends_alike(report: StatusReport) -> None:
    def end(report_first: bool) -> tuple[str, tuple[str, ...]]:
        s = Scenario()
        s.webhook("fca_1", active())
        session = s.open_session("fca_1", reason="new_permissions")
        created = s.now + 5
        s.wait(100)
        if report_first:
            s.webhook("fca_1", report, created=created)
        s.result(session, relinked="fca_1")
        if not report_first:
            s.webhook("fca_1", report, created=created)
        return s.account("fca_1").state, s.assess("fca_1").reasons

    assert end(True) == end(False)
    assert end(True)[0] == "relinked"


@pytest.mark.parametrize("start", [expired, lapsed])
def test_S5_report_and_result_end_alike_in_either_order(
    start: Callable[[], Scenario],
) -> None:
    def end(report_first: bool) -> tuple[str, dict]:
        s = start()
        session = s.open_session("fca_1")
        reactivated = active(without=("numbers",))
        created = s.now + 5
        if report_first:
            s.webhook("fca_1", reactivated, created)
            s.result(session, relinked="fca_1")
        else:
            s.result(session, relinked="fca_1")
            s.webhook("fca_1", reactivated, created)
        times = {"repaired_as_of", "read_due_since"}
        facts = s.account("fca_1").facts.model_dump(exclude=times)
        return s.account("fca_1").state, facts

    assert end(report_first=True) == end(report_first=False)
    assert end(report_first=True)[0] == "active"


def test_S5_a_report_from_before_the_repair_does_not_undo_it() -> None:
    s = expired()
    session = s.open_session("fca_1")
    before = s.now + 5
    s.result(session, relinked="fca_1")
    s.webhook("fca_1", relinkable(last4="6789"), created=before)
    assert s.account("fca_1").state == "relinked"
    s.webhook("fca_1", relinkable())  # it did not last
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize(
    ("later", "state"), [(0, "relinked"), (1, "inactive_relinkable")], ids=["ambiguous", "certain"]
)
def test_S5_a_repair_older_than_the_latest_inactive_report_does_not_count(
    later: int, state: str
) -> None:
    """The webhook of the success is late. Within the same second the repair counts."""
    s = expired()
    session = s.open_session("fca_1")
    s.result(session, status="cancelled")
    s.webhook("fca_1", relinkable())
    stopped = s.now
    s.result(session, relinked="fca_1", created=stopped - later)
    assert s.session(session).facts.outcome == "relinked"
    assert s.account("fca_1").state == state
    assert s.account("fca_1").facts.session is None


@pytest.mark.parametrize(
    ("listed", "meanwhile"),
    [(number("expired"), "pending"), (number("transactable", 1_000_000 + DAY), "transactable")],
    ids=["lapsed", "expiring"],
)
def test_S5_a_number_that_could_pay_is_trusted_until_the_new_number_is_reported(
    listed: AccountNumber, meanwhile: str
) -> None:
    s = Scenario()
    s.webhook("fca_1", active(numbers=(listed,)))
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.number("fca_1").state == meanwhile
    assert s.account("fca_1").facts.number == meanwhile
    s.webhook("fca_1", active(numbers=(listed,)), created=1_000_020)  # from before the repair
    assert s.number("fca_1").state == meanwhile
    s.webhook("fca_1", active(numbers=(number("transactable"),)))
    assert s.number("fca_1").state == "transactable"
