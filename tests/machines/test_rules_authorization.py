"""S1 to S5, S7 and K3 to K6 for authorizations, which have the states of an account.

No webhook says that an authorization became inactive or active. Reads do, which R5 asks for.
"""

import pytest

from relink.machines.commands import ReportAnomaly, RetrieveAccount, RetrieveAuthorization
from relink.machines.events import CommandFailed
from relink.machines.report import StatusReport

from .reports import active, relinkable
from .scenario import Scenario, expired

WORKS = StatusReport(status="active")
RELINKABLE = StatusReport(status="inactive", action="relink_required")
UNREPAIRABLE = StatusReport(status="inactive", action="none")
INACTIVE = StatusReport(status="inactive")
GONE = StatusReport(status="disconnected")


def read(s: Scenario, report: StatusReport) -> str:
    """A read answers with this report. Returns the state after it."""
    s.stripe["fcauth_1"] = report
    s.read("fcauth_1")
    return s.authorization("fcauth_1").state


def reads(s: Scenario) -> list[str]:
    """The reasons for which the last event reads the authorization."""
    return [c.reason for c in s.commands if isinstance(c, RetrieveAuthorization)]


# ── S1, S2 ───────────────────────────────────────────────────────────────────


def test_S1_an_authorization_counts_as_active_until_a_report_says_otherwise() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    assert s.authorization("fcauth_1").state == "active"


def test_S2_the_state_of_an_authorization_follows_its_latest_read() -> None:
    s = Scenario()
    reports = [RELINKABLE, UNREPAIRABLE, RELINKABLE, WORKS, UNREPAIRABLE, WORKS]
    assert [read(s, report) for report in reports] == [
        "inactive_relinkable",
        "inactive_unrepairable",
        "inactive_relinkable",
        "active",
        "inactive_unrepairable",
        "active",
    ]
    assert s.authorization("fcauth_1").facts.as_of == s.now


# ── S3, S4 ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("report", "after"), [(None, "active"), (WORKS, "active"), (RELINKABLE, "inactive_relinkable")]
)
def test_S4_an_authorization_is_relinking_with_its_account_and_returns_to_its_latest_report(
    report: StatusReport | None, after: str
) -> None:
    s = expired()
    if report:
        read(s, report)
    session = s.open_session("fca_1")
    assert s.authorization("fcauth_1").state == "relinking"
    s.result(session, failure_reason="other")
    assert s.authorization("fcauth_1").state == after
    assert s.authorization("fcauth_1").facts.sessions == frozenset()


def test_S4_an_authorization_is_relinking_as_long_as_any_account_is() -> None:
    s = expired()
    s.webhook("fca_2", relinkable())
    first, second = s.open_session("fca_1"), s.open_session("fca_2")
    s.result(first, status="cancelled")
    assert s.authorization("fcauth_1").state == "relinking"
    s.result(second, status="cancelled")
    assert s.authorization("fcauth_1").state == "active"


def test_S4_an_authorization_does_not_count_a_superseded_session() -> None:
    s = expired()
    s.open_session("fca_1")
    second = s.open_session("fca_1", mode="any_eligible")
    assert s.authorization("fcauth_1").facts.sessions == {second}


@pytest.mark.parametrize(
    ("report", "after"),
    [
        (WORKS, "active"),
        (RELINKABLE, "relinking"),
        (UNREPAIRABLE, "inactive_unrepairable"),
        (GONE, "disconnected"),
    ],
)
def test_S4_a_report_of_an_authorization_while_a_session_is_open_moves_it_or_keeps_it_relinking(
    report: StatusReport, after: str
) -> None:
    s = expired()
    read(s, RELINKABLE)
    s.open_session("fca_1")
    assert read(s, report) == after


def test_S4_a_report_that_leaves_repair_open_keeps_an_authorization_relinking() -> None:
    s = expired()
    read(s, RELINKABLE)
    s.open_session("fca_1")
    s.authorization_webhook("fcauth_1", INACTIVE)
    assert s.authorization("fcauth_1").state == "relinking"


def test_S4_an_authorization_that_stayed_active_is_relinking_until_the_session_ends() -> None:
    s = expired()
    read(s, WORKS)
    session = s.open_session("fca_1")
    assert read(s, WORKS) == "relinking"
    s.result(session, failure_reason="other")
    assert s.authorization("fcauth_1").state == "active"


@pytest.mark.parametrize("before", [WORKS, UNREPAIRABLE])
def test_S4_an_authorization_that_becomes_relinkable_while_a_session_is_open_is_relinking(
    before: StatusReport,
) -> None:
    s = expired()
    s.open_session("fca_1")
    read(s, before)
    assert read(s, RELINKABLE) == "relinking"


# ── S5 ───────────────────────────────────────────────────────────────────────


def test_S5_an_authorization_is_relinked_by_a_session_and_active_by_a_read() -> None:
    s = expired()
    read(s, RELINKABLE)
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.authorization("fcauth_1").state == "relinked"
    assert read(s, WORKS) == "active"


@pytest.mark.parametrize(
    ("report", "after"),
    [
        (RELINKABLE, "inactive_relinkable"),
        (UNREPAIRABLE, "inactive_unrepairable"),
        (INACTIVE, "inactive_unrepairable"),
    ],
)
def test_S5_a_relinked_authorization_that_stops_again_is_inactive(
    report: StatusReport, after: str
) -> None:
    s = expired()
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert read(s, report) == after


# ── S7 ───────────────────────────────────────────────────────────────────────


def test_S7_a_disconnected_authorization_stays_so_and_a_later_active_report_is_an_anomaly() -> None:
    s = expired()
    assert read(s, GONE) == "disconnected"
    assert read(s, WORKS) == "disconnected"
    assert s.decided("authorization", "fcauth_1").anomaly


STATES = ["active", "inactive_relinkable", "inactive_unrepairable", "relinking", "relinked"]


def authorization_in(state: str) -> Scenario:
    """The authorization of an expired account, in this state."""
    s = expired()
    match state:
        case "inactive_relinkable":
            read(s, RELINKABLE)
        case "inactive_unrepairable":
            read(s, UNREPAIRABLE)
        case "relinking":
            s.open_session("fca_1")
        case "relinked":
            s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.authorization("fcauth_1").state == state
    return s


# ── K3 to K6 ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("report", "reported_status"),
    [
        (WORKS, "active"),
        (RELINKABLE, "relinkable"),
        (UNREPAIRABLE, "unrepairable"),
        (INACTIVE, "unrepairable"),  # the answer to a read is complete: there is no action (K5)
        (GONE, "disconnected"),
    ],
)
def test_K3_a_newer_read_of_an_authorization_is_remembered_in_every_state(
    state: str, report: StatusReport, reported_status: str
) -> None:
    s = authorization_in(state)
    read(s, report)
    facts = s.authorization("fcauth_1").facts
    assert (facts.reported_status, facts.as_of, facts.by_read) == (reported_status, s.now, True)


def test_K3_a_stale_read_of_an_authorization_changes_nothing() -> None:
    s = expired()
    read(s, WORKS)
    s.stripe["fcauth_1"] = RELINKABLE
    s.read("fcauth_1", date=s.now - 60)
    assert s.authorization("fcauth_1").state == "active"
    assert s.authorization("fcauth_1").facts.reported_status == "active"


@pytest.mark.parametrize(
    ("known", "meanwhile"),
    [
        (WORKS, "inactive_unrepairable"),
        (RELINKABLE, "inactive_relinkable"),
        (UNREPAIRABLE, "inactive_unrepairable"),
    ],
)
def test_K5_an_authorization_that_is_inactive_without_an_action_is_read(
    known: StatusReport, meanwhile: str
) -> None:
    s = expired()
    read(s, known)
    s.perform_reads()
    s.authorization_webhook("fcauth_1", INACTIVE)
    assert s.authorization("fcauth_1").state == meanwhile
    assert reads(s) == ["incomplete"]


def test_K5_a_read_of_an_authorization_without_an_action_says_that_there_is_none() -> None:
    s = expired()
    read(s, RELINKABLE)
    assert read(s, INACTIVE) == "inactive_unrepairable"


def test_K5_a_complete_webhook_of_an_authorization_without_an_action_says_that_there_is_none() -> (
    None
):
    s = expired()
    s.perform_reads()
    s.authorization_webhook("fcauth_1", INACTIVE, complete=True)
    assert s.authorization("fcauth_1").state == "inactive_unrepairable"
    assert reads(s) == []


def test_S2_operators_are_told_of_an_action_of_an_authorization_that_is_not_known() -> None:
    s = expired()
    read(s, StatusReport(status="inactive", action="call_the_bank"))
    assert s.authorization("fcauth_1").state == "inactive_unrepairable"
    anomalies = [c for c in s.commands if isinstance(c, ReportAnomaly)]
    assert [(c.subject, c.anomaly, c.value) for c in anomalies] == [
        ("fcauth_1", "unknown_action", "call_the_bank")
    ]


def test_K5_operators_are_told_of_a_status_of_an_authorization_that_is_not_known() -> None:
    s = expired()
    read(s, RELINKABLE)
    assert read(s, StatusReport(status="resting")) == "inactive_relinkable"
    assert [c.subject for c in s.commands if isinstance(c, ReportAnomaly)] == ["fcauth_1"]
    assert reads(s) == []


def test_K5_a_report_without_the_institution_name_keeps_it() -> None:
    s = expired()
    read(s, StatusReport(status="active", institution_name="StripeBank"))
    read(s, WORKS)
    assert s.authorization("fcauth_1").facts.institution_name == "StripeBank"


def test_K6_a_thin_notification_of_an_authorization_asks_for_a_read() -> None:
    s = expired()
    s.perform_reads()
    s.authorization_webhook("fcauth_1", None)
    assert reads(s) == ["look"]


def test_K6_a_read_of_an_authorization_that_fails_for_good_changes_nothing() -> None:
    s = expired()
    failed = {"command": "retrieve_authorization", "subject": "fcauth_1", "error": "not_found"}
    s.happens(CommandFailed, **failed)
    assert s.authorization("fcauth_1").state == "active"
    assert s.decided("authorization", "fcauth_1").anomaly


# ── R5, for the authorization ────────────────────────────────────────


def test_R5_an_authorization_is_read_when_an_account_of_it_goes_down_or_comes_back() -> None:
    s = Scenario()
    for report, inactive, reason in (
        (active(), set(), "account_came_back"),
        (relinkable(), {"fca_1"}, "account_changed"),
        (active(), set(), "account_came_back"),
    ):
        s.webhook("fca_1", report)
        assert reads(s) == [reason]
        assert s.authorization("fcauth_1").facts.inactive_members == inactive
        s.perform_reads()
    s.webhook("fca_1", active())
    assert reads(s) == []


@pytest.mark.parametrize("before", [WORKS, RELINKABLE, UNREPAIRABLE])
def test_R5_a_read_that_finds_an_authorization_active_has_its_inactive_accounts_read(
    before: StatusReport,
) -> None:
    s = expired()
    s.webhook("fca_2", active())
    read(s, before)
    read(s, WORKS)
    assert {c.account for c in s.asked_for(RetrieveAccount)} == {"fca_1"}


def test_R5_siblings_are_read_even_if_the_authorization_was_read_before_the_success() -> None:
    s = expired()
    s.webhook("fca_2", relinkable())
    session = s.open_session("fca_1")
    read(s, WORKS)
    s.perform_reads()
    s.result(session, relinked="fca_1")
    assert "fca_2" in {c.account for c in s.commands if isinstance(c, RetrieveAccount)}
    assert s.authorization("fcauth_1").facts.sessions == frozenset()


def test_R5_a_failure_after_the_authorization_was_read_active_ends_the_session() -> None:
    s = expired()
    session = s.open_session("fca_1")
    read(s, WORKS)
    s.result(session, failure_reason="other")
    assert s.authorization("fcauth_1").facts.sessions == frozenset()
    assert read(s, RELINKABLE) == "inactive_relinkable"
