"""K5 and K6: what a report leaves out, and what has to be asked."""

import pytest

from relink.machines.commands import (
    NotifyCustomer,
    ReportAnomaly,
    RequestNewPaymentMethod,
    RetrieveAuthorization,
    RetrieveSession,
)
from relink.machines.events import CommandFailed
from relink.machines.report import StatusReport

from .reports import DAY, account_report, active, inactive, relinkable, unrepairable
from .scenario import NOT_BELIEVED, STATES, Scenario, account_in, believed, knowing

# ── K5 ───────────────────────────────────────────────────────────────────────


def test_K5_an_absent_field_never_overwrites_a_known_one() -> None:
    s = knowing(active(institution_name="StripeBank", last4="6789"))
    before = s.account("fca_1").facts
    s.webhook("fca_1", StatusReport(status="active"))
    after = s.account("fca_1").facts
    times = {"as_of", "included_at", "timeline"}
    assert after.model_dump(exclude=times) == before.model_dump(exclude=times)


def test_K5_null_overwrites_since_it_says_that_there_is_none() -> None:
    s = knowing(active(deactivates_on=1_000_000 + 90 * DAY))
    s.webhook("fca_1", active(deactivates_on=None, holder=None))
    assert s.account("fca_1").facts.deactivates_on is None
    assert s.account("fca_1").facts.holder is None


@pytest.mark.parametrize(
    ("known", "meanwhile"),
    [
        (active(), "inactive_unrepairable"),
        (relinkable(), "inactive_relinkable"),
        (unrepairable(), "inactive_unrepairable"),
    ],
)
def test_K5_inactive_without_an_action_asks_for_a_read(
    known: StatusReport | None, meanwhile: str
) -> None:
    """Until the answer it keeps its previous repairability, or is unrepairable without one."""
    s = knowing(known)
    s.webhook("fca_1", inactive())
    assert s.account("fca_1").state == meanwhile
    assert s.read_reasons == ["incomplete"]
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert s.account("fca_1").state == "inactive_relinkable"


def test_K5_an_unknown_account_reported_inactive_without_an_action_asks_for_a_read() -> None:
    s = knowing(inactive())
    assert s.account("fca_1").state == "inactive_unrepairable"
    assert s.read_reasons == ["incomplete"]


def test_K5_nobody_is_prompted_or_asked_for_another_payment_method_until_the_answer() -> None:
    s = knowing(inactive())
    assert s.asked_for(NotifyCustomer) == s.asked_for(RequestNewPaymentMethod) == []


def test_K5_a_report_that_leaves_something_out_does_not_end_an_outage() -> None:
    s = knowing(relinkable())
    s.webhook("fca_1", inactive())
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert len(s.asked_for(NotifyCustomer)) == 1


@pytest.mark.parametrize(
    "known", [None, active(without=("authorization",))], ids=["nothing", "active"]
)
def test_K5_relinkable_without_an_authorization_asks_for_a_read(known: StatusReport | None) -> None:
    s = Scenario()
    if known:
        s.webhook("fca_1", known)
    s.webhook("fca_1", relinkable(without=("authorization",)))
    assert s.account("fca_1").state == "inactive_unrepairable"
    assert s.read_reasons == ["incomplete"]
    assert s.asked_for(NotifyCustomer) == s.asked_for(RequestNewPaymentMethod) == []
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert s.account("fca_1").state == "inactive_relinkable"
    [prompt] = s.asked_for(NotifyCustomer)
    assert (prompt.outage, prompt.ask) == ("fcauth_1", "relink")


def test_K5_relinkable_without_an_authorization_asks_nothing_if_one_is_known() -> None:
    s = knowing(active())
    s.webhook("fca_1", relinkable(without=("authorization",)))
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.read_reasons == []


@pytest.mark.parametrize("told", ["null", "left out"])
@pytest.mark.parametrize("by", ["read", "complete webhook"])
def test_K5_a_complete_object_settles_that_there_is_no_authorization(told: str, by: str) -> None:
    """A relink would be refused (R9), so the service is asked for another way to pay."""
    s = Scenario()
    s.link("fca_1")
    report = relinkable(authorization=None)
    if told == "left out":
        report = relinkable(without=("authorization",))
    if by == "read":
        s.stripe["fca_1"] = report
        s.read("fca_1")
    else:
        s.webhook("fca_1", report, complete=True)
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.account("fca_1").facts.authorization is None
    assert s.asked_for(NotifyCustomer) == []
    assert [r.reason for r in s.asked_for(RequestNewPaymentMethod)] == ["no_authorization"]
    assert s.next("fca_1") == [("request_new_payment_method", "no_authorization")]


@pytest.mark.parametrize("known", [active(), relinkable(), unrepairable()])
@pytest.mark.parametrize("status", ["resting", None], ids=["unknown", "missing"])
def test_K5_an_unknown_status_changes_nothing_and_asks_for_a_read(
    known: StatusReport | None, status: str | None
) -> None:
    s = knowing(known)
    before = s.account("fca_1")
    s.webhook("fca_1", account_report(status, without=() if status else ("status",)))
    assert believed(s) == (before.state, before.facts.model_dump(exclude=NOT_BELIEVED))
    assert s.read_reasons == ["look"]


def test_K5_operators_are_told_of_an_answer_with_an_unknown_status() -> None:
    """Another read would give the same answer."""
    s = knowing(relinkable())
    s.stripe["fca_1"] = account_report("resting")
    s.read("fca_1")
    assert [type(c) for c in s.commands] == [ReportAnomaly]
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize("by", ["read", "complete webhook"])
def test_K5_inactive_without_an_action_in_a_complete_object_is_unrepairable(by: str) -> None:
    """Operators are told, since Stripe's own answer says less than expected."""
    s = knowing(active(deactivates_on=1_000_000 + 3 * DAY))
    prompts = s.messages
    s.stripe["fca_1"] = inactive()
    if by == "read":
        s.read("fca_1")
    else:
        s.webhook("fca_1", inactive(), complete=True)
    assert s.account("fca_1").state == "inactive_unrepairable"
    assert [c.anomaly for c in s.asked_for(ReportAnomaly)] == ["repair_left_open"]
    assert s.read_reasons == []
    s.perform_reads()
    s.wait(60 * DAY)
    assert s.messages == prompts


@pytest.mark.parametrize("state", STATES)
def test_K5_a_missing_action_asks_for_a_read_in_every_state(state: str) -> None:
    s = account_in(state)
    s.webhook("fca_1", inactive())
    assert s.read_of("fca_1").state == "due"
    assert s.read_of("fca_1").facts.asked_at == s.now


# ── K6 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("known", [None, active(), relinkable(), unrepairable()])
def test_K6_a_thin_notification_asks_for_a_read(known: StatusReport | None) -> None:
    s = Scenario()
    if known:
        s.webhook("fca_1", known)
    s.webhook("fca_1", None)
    assert s.read_reasons == ["look"]


def test_K6_thin_notifications_of_authorizations_and_sessions_ask_for_a_read() -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1")
    s.perform_reads()
    s.authorization_webhook("fcauth_1", None)
    assert s.asked_for(RetrieveAuthorization)[-1].reason == "look"
    s.results[session] = {}
    s.result(session, webhook=True)
    [read] = s.asked_for(RetrieveSession)
    assert (read.session, read.reason) == (session, "look")


def test_K5_operators_are_told_of_an_unknown_session_status() -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1")
    s.result(session, status="pondering")
    assert s.session(session).state == "open"
    assert [c.subject for c in s.commands if isinstance(c, ReportAnomaly)] == [session]


def test_K6_a_succeeded_session_without_its_accounts_is_read() -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1")
    s.result(session, status="succeeded", webhook=True)
    assert s.session(session).state == "open"
    assert [read.reason for read in s.asked_for(RetrieveSession)] == ["incomplete"]


def test_K6_a_read_that_fails_for_good_leaves_the_latest_report_in_force() -> None:
    s = knowing(active())
    s.webhook("fca_1", None)
    s.happens(CommandFailed, command="retrieve_account", subject="fca_1", error="not_found")
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.read_due_since is None
