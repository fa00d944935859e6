"""S1 to S5, S7 and K3 to K6 once more: authorizations have an account's states, and are only read.

No webhook tells that an authorization became inactive or active; what asks for the reads is R5.
"""

import pytest

from relink.machines.commands import (
    NotifyCustomer,
    ReportAnomaly,
    RetrieveAccount,
    RetrieveAuthorization,
)
from relink.machines.events import CommandFailed
from relink.machines.report import StatusReport

from .scenario import DAY, Scenario, active, expired, relinkable

WORKS = StatusReport(status="active")
RELINKABLE = StatusReport(status="inactive", action="relink_required")
UNREPAIRABLE = StatusReport(status="inactive", action="none")
INACTIVE = StatusReport(status="inactive")
GONE = StatusReport(status="disconnected")


def hear(s: Scenario, said: StatusReport) -> str:
    """A read answers with this; returns the state after it."""
    s.stripe["fcauth_1"] = said
    s.read("fcauth_1")
    return s.authorization("fcauth_1").state


def reads(s: Scenario) -> list[str]:
    """What the authorization is read for, by the last event."""
    return [c.reason for c in s.commands if isinstance(c, RetrieveAuthorization)]


# ── S1, S2 ───────────────────────────────────────────────────────────────────


def test_S1_an_authorization_is_taken_to_work_until_stripe_says_otherwise() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    assert s.authorization("fcauth_1").state == "active"


def test_S2_an_authorization_is_what_it_was_last_read_to_be() -> None:
    s = Scenario()
    told = [RELINKABLE, UNREPAIRABLE, RELINKABLE, WORKS, UNREPAIRABLE, WORKS]
    assert [hear(s, said) for said in told] == [
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
    ("said", "after"), [(None, "active"), (WORKS, "active"), (RELINKABLE, "inactive_relinkable")]
)
def test_S4_an_authorization_is_relinking_with_its_account_and_then_as_stripe_says(
    said: StatusReport | None, after: str
) -> None:
    s = expired()
    if said:
        hear(s, said)
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


def test_S4_a_superseded_session_is_no_session_any_more() -> None:
    s = expired()
    s.open_session("fca_1")
    second = s.open_session("fca_1", mode="any_eligible")
    assert s.authorization("fcauth_1").facts.sessions == {second}


@pytest.mark.parametrize(
    ("said", "after"),
    [
        (WORKS, "active"),
        (RELINKABLE, "relinking"),
        (INACTIVE, "relinking"),
        (UNREPAIRABLE, "inactive_unrepairable"),
        (GONE, "disconnected"),
    ],
)
def test_S4_what_stripe_says_of_an_authorization_while_a_session_is_open(
    said: StatusReport, after: str
) -> None:
    s = expired()
    hear(s, RELINKABLE)
    s.open_session("fca_1")
    assert hear(s, said) == after


def test_S4_an_authorization_that_worked_all_along_is_relinking_until_the_session_ends() -> None:
    s = expired()
    hear(s, WORKS)
    session = s.open_session("fca_1")
    assert hear(s, WORKS) == "relinking"
    s.result(session, failure_reason="other")
    assert s.authorization("fcauth_1").state == "active"


@pytest.mark.parametrize("before", [WORKS, UNREPAIRABLE])
def test_S4_an_authorization_that_can_be_repaired_again_is_relinking_again(
    before: StatusReport,
) -> None:
    s = expired()
    s.open_session("fca_1")
    hear(s, before)
    assert hear(s, RELINKABLE) == "relinking"


# ── S5 ───────────────────────────────────────────────────────────────────────


def test_S5_an_authorization_is_relinked_by_a_session_and_active_by_a_read() -> None:
    s = expired()
    hear(s, RELINKABLE)
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.authorization("fcauth_1").state == "relinked"
    assert hear(s, WORKS) == "active"


@pytest.mark.parametrize(
    ("said", "after"),
    [
        (RELINKABLE, "inactive_relinkable"),
        (UNREPAIRABLE, "inactive_unrepairable"),
        (INACTIVE, "inactive_unrepairable"),
    ],
)
def test_S5_or_it_did_not_last(said: StatusReport, after: str) -> None:
    s = expired()
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert hear(s, said) == after


# ── S7 ───────────────────────────────────────────────────────────────────────


def test_S7_a_disconnected_authorization_is_gone_and_a_later_active_word_an_anomaly() -> None:
    s = expired()
    assert hear(s, GONE) == "disconnected"
    assert hear(s, WORKS) == "disconnected"
    assert s.decided("authorization", "fcauth_1").anomaly


STATES = ["active", "inactive_relinkable", "inactive_unrepairable", "relinking", "relinked"]


def authorization_in(state: str) -> Scenario:
    """The authorization of an expired account, come into this state."""
    s = expired()
    match state:
        case "inactive_relinkable":
            hear(s, RELINKABLE)
        case "inactive_unrepairable":
            hear(s, UNREPAIRABLE)
        case "relinking":
            s.open_session("fca_1")
        case "relinked":
            s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.authorization("fcauth_1").state == state
    return s


# ── K3 to K6 ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("said", "reported_status"),
    [
        (WORKS, "active"),
        (RELINKABLE, "relinkable"),
        (UNREPAIRABLE, "unrepairable"),
        (INACTIVE, "inactive"),
        (GONE, "disconnected"),
    ],
)
def test_K3_what_is_newly_read_of_an_authorization_is_remembered_in_every_state(
    state: str, said: StatusReport, reported_status: str
) -> None:
    s = authorization_in(state)
    hear(s, said)
    facts = s.authorization("fcauth_1").facts
    assert (facts.reported_status, facts.as_of, facts.by_read) == (reported_status, s.now, True)


def test_K3_an_older_read_of_an_authorization_changes_nothing() -> None:
    s = expired()
    hear(s, WORKS)
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
    hear(s, known)
    s.authorization_webhook("fcauth_1", INACTIVE)
    assert s.authorization("fcauth_1").state == meanwhile
    assert reads(s) == ["incomplete"]


@pytest.mark.parametrize("answer", [INACTIVE, StatusReport(status="resting")])
def test_K5_where_reading_an_authorization_does_not_help_people_are_told(
    answer: StatusReport,
) -> None:
    s = expired()
    hear(s, RELINKABLE)
    assert hear(s, answer) == "inactive_relinkable"
    assert [c.subject for c in s.commands if isinstance(c, ReportAnomaly)] == ["fcauth_1"]
    assert reads(s) == []


def test_K5_what_an_authorization_is_called_is_kept() -> None:
    s = expired()
    hear(s, StatusReport(status="active", institution_name="StripeBank"))
    hear(s, WORKS)
    assert s.authorization("fcauth_1").facts.institution_name == "StripeBank"


def test_K6_a_thin_notification_of_an_authorization_asks_for_a_read() -> None:
    s = expired()
    s.authorization_webhook("fcauth_1", None)
    assert reads(s) == ["look"]


def test_K6_a_read_of_an_authorization_that_fails_for_good_changes_nothing() -> None:
    s = expired()
    failed = {"command": "retrieve_authorization", "subject": "fcauth_1", "error": "gone"}
    s.happens(CommandFailed, **failed)
    assert s.authorization("fcauth_1").state == "active"
    assert s.decided("authorization", "fcauth_1").anomaly


# ── R5, from the authorization's side ────────────────────────────────────────


def test_R5_an_authorization_is_read_when_an_account_of_it_goes_down_or_comes_back() -> None:
    s = Scenario()
    for said, inactive in ((active(), set()), (relinkable(), {"fca_1"}), (active(), set())):
        s.webhook("fca_1", said)
        assert reads(s) == ["account_changed"]
        assert s.authorization("fcauth_1").facts.inactive_members == inactive
    s.webhook("fca_1", active())
    assert reads(s) == []


@pytest.mark.parametrize("before", [WORKS, RELINKABLE, UNREPAIRABLE])
def test_R5_an_authorization_that_is_read_to_work_has_its_inactive_accounts_read(
    before: StatusReport,
) -> None:
    s = expired()
    s.webhook("fca_2", active())
    hear(s, before)
    hear(s, WORKS)
    assert [c.account for c in s.commands if isinstance(c, RetrieveAccount)] == ["fca_1"]


def test_R5_also_after_a_success_that_a_read_of_the_authorization_came_before() -> None:
    s = expired()
    s.webhook("fca_2", relinkable())
    session = s.open_session("fca_1")
    hear(s, WORKS)
    s.result(session, relinked="fca_1")
    assert "fca_2" in {c.account for c in s.commands if isinstance(c, RetrieveAccount)}
    assert s.authorization("fcauth_1").facts.sessions == frozenset()


def test_R5_a_failure_after_that_ends_the_session_too() -> None:
    s = expired()
    session = s.open_session("fca_1")
    hear(s, WORKS)
    s.result(session, failure_reason="other")
    assert s.authorization("fcauth_1").facts.sessions == frozenset()
    assert hear(s, RELINKABLE) == "inactive_relinkable"


# ── P3, from the authorization's side ────────────────────────────────────────


@pytest.mark.parametrize(
    ("then", "prompts"),
    [(WORKS, 1), (StatusReport(status="active", deactivates_on=None), 0), (RELINKABLE, 0)],
    ids=["left out", "taken back", "it stopped"],
)
def test_P3_an_announcement_of_an_authorization_stands_until_it_is_taken_back(
    then: StatusReport, prompts: int
) -> None:
    """That it stopped is told by its accounts."""
    s = Scenario()
    s.authorization_webhook(
        "fcauth_1", StatusReport(status="active", deactivates_on=s.now + 30 * DAY)
    )
    hear(s, then)
    s.wait(29 * DAY)
    assert [m.reminder for m in s.asked_for(NotifyCustomer)][:1] == [0] * prompts
