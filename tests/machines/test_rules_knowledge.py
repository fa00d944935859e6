"""K1 to K6: what to believe, from which time, and when to ask."""

from itertools import permutations
from typing import Any

import pytest

from relink.machines.commands import (
    NotifyCustomer,
    ReportAnomaly,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
)
from relink.machines.events import CommandFailed
from relink.machines.report import StatusReport

from .scenario import (
    DAY,
    Scenario,
    account_report,
    active,
    disconnected,
    inactive,
    knowing,
    number,
    relinkable,
    unrepairable,
)

# ── K1 ───────────────────────────────────────────────────────────────────────

HISTORY = [(100, active()), (200, relinkable()), (300, active()), (300, unrepairable())]
"""Reports with their times. Nothing in them tells which of the last two came last."""


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize("truth", [active(), unrepairable()], ids=["active", "unrepairable"])
def test_K1_any_order_and_repetition_ends_in_stripes_truth(
    truth: StatusReport, order: tuple[int, ...]
) -> None:
    s = Scenario()
    for index in (*order, order[0], order[2]):
        created, report = HISTORY[index]
        s.webhook("fca_1", report, created)
    s.stripe["fca_1"] = truth
    s.perform_reads()
    assert s.account("fca_1").facts.reported_status == (
        "active" if truth == active() else "unrepairable"
    )
    assert s.account("fca_1").state == ("active" if truth == active() else "inactive_unrepairable")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_K1_details_and_announcements_in_any_order_end_alike(order: tuple[int, ...]) -> None:
    """A late announcement is acted on, unless a newer report withdrew it."""
    reports = [
        (100, active(without=("deactivates_on",))),
        (200, active(deactivates_on=1_000_000 + 2 * DAY, last4="6789")),
        (300, active(without=("deactivates_on", "last4"))),
    ]
    s = Scenario()
    for index in order:
        s.webhook("fca_1", reports[index][1], created=reports[index][0])
    s.perform_reads()
    facts = s.account("fca_1").facts
    assert (facts.deactivates_on, facts.last4) == (1_000_000 + 2 * DAY, "6789")
    assert len(s.asked_for(NotifyCustomer)) == 1


# ── K2 ───────────────────────────────────────────────────────────────────────


def test_K2_a_webhook_is_as_old_as_its_event_not_as_its_delivery() -> None:
    s = knowing(active())
    hour_ago = s.now - 3600
    s.webhook("fca_1", relinkable(), created=hour_ago)
    assert s.account("fca_1").state == "active"


def test_K2_a_read_is_as_old_as_its_answer() -> None:
    s = knowing(active())
    s.stripe["fca_1"] = relinkable()
    s.read("fca_1", date=s.now + 5)
    assert s.account("fca_1").facts.as_of == s.now - 5
    s.webhook("fca_1", active(), created=s.now - 9)  # after the webhook, before the read
    assert s.account("fca_1").state == "inactive_relinkable"


def test_K2_accounts_inside_a_retrieved_session_are_reads() -> None:
    s = knowing(relinkable())
    s.result(s.open_session("fca_1"), {"fca_1": active()}, relinked="fca_1")
    facts = s.account("fca_1").facts
    assert facts.by_read
    assert facts.as_of == s.now
    s.perform_reads()
    s.webhook("fca_1", relinkable(), created=s.as_of("fca_1") + 2)  # within two seconds of a read
    assert s.account("fca_1").state == "active"
    assert s.read_reasons[-1] == "contradiction"


def test_K2_accounts_inside_a_sessions_webhook_are_not_reads() -> None:
    s = knowing(relinkable())
    s.result(s.open_session("fca_1"), {"fca_1": active()}, relinked="fca_1", webhook=True)
    assert not s.account("fca_1").facts.by_read


# ── K3 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("report", [relinkable(), unrepairable(), inactive(), disconnected()])
def test_K3_a_stale_report_changes_no_state_and_is_journaled(report: StatusReport | None) -> None:
    s = knowing(active())
    s.webhook("fca_1", report, created=s.as_of("fca_1") - 1)
    assert s.decided("account", "fca_1").outcome == "stayed"
    assert s.account("fca_1").state == "active"
    assert s.commands == ()


def test_K3_a_stale_report_fills_in_what_no_newer_report_included() -> None:
    s = knowing(active(without=("permissions",)))
    s.webhook("fca_1", relinkable(permissions=("balances",), last4="6789"), created=500)
    facts = s.account("fca_1").facts
    assert (facts.permissions, facts.last4) == (("balances",), "6789")
    s.webhook("fca_1", active(last4="0000"), created=400)
    assert s.account("fca_1").facts.last4 == "6789"


def test_K3_a_report_that_agrees_confirms_what_is_known() -> None:
    """A report that is older than the confirmation is stale."""
    s = knowing(active())
    between = s.now + 5
    s.webhook("fca_1", active())
    s.webhook("fca_1", relinkable(), created=between)
    assert s.account("fca_1").state == "active"


def test_K3_a_report_that_agrees_takes_its_transition() -> None:
    """In the same second, but no contradiction: relinkable is a kind of inactive."""
    s = knowing(inactive())
    assert s.account("fca_1").state == "inactive_unrepairable"
    s.webhook("fca_1", relinkable(), created=s.now)
    assert s.account("fca_1").state == "inactive_relinkable"


STATES = [
    "active",
    "inactive_relinkable",
    "inactive_unrepairable",
    "relinking",
    "relinked",
    "new_account_linked",
]
"""All states but the final one."""


def account_in(state: str) -> Scenario:
    """An account in this state."""
    s = Scenario()
    match state:
        case "active":
            s.webhook("fca_1", active())
        case "inactive_unrepairable":
            s.webhook("fca_1", unrepairable())
        case _:
            s.webhook("fca_1", relinkable())
    match state:
        case "relinking":
            s.open_session("fca_1")
        case "relinked":
            s.result(s.open_session("fca_1"), relinked="fca_1")
        case "new_account_linked":
            s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.account("fca_1").state == state
    return s


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("report", "reported_status"),
    [
        (active(last4="6789"), "active"),
        (relinkable(last4="6789"), "relinkable"),
        (relinkable(last4="6789", without=("authorization",)), "relinkable"),
        (unrepairable(last4="6789"), "unrepairable"),
        (inactive(last4="6789"), "inactive"),
        (disconnected(last4="6789"), "disconnected"),
    ],
)
def test_K3_a_newer_report_is_remembered_in_every_state(
    state: str, report: StatusReport, reported_status: str
) -> None:
    s = account_in(state)
    s.webhook("fca_1", report)
    facts = s.account("fca_1").facts
    assert (facts.reported_status, facts.as_of, facts.last4) == (reported_status, s.now, "6789")


@pytest.mark.parametrize("state", STATES)
def test_K3_stale_details_fill_gaps_in_every_state(state: str) -> None:
    s = account_in(state)
    prompts = s.asked_for(NotifyCustomer)
    s.webhook("fca_1", relinkable(last4="6789"), created=500)
    assert (s.account("fca_1").state, s.account("fca_1").facts.last4) == (state, "6789")
    assert s.asked_for(NotifyCustomer) == prompts


NOT_BELIEVED = {"read_due_since", "last_awaited", "planned_for"}
"""Facts about reads and timers, and not about the account."""


def believed(s: Scenario) -> tuple[str, dict[str, Any]]:
    """The state of the account, and what is believed of it."""
    account = s.account("fca_1")
    return account.state, account.facts.model_dump(exclude=NOT_BELIEVED)


# ── K4 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("known", "report"),
    [
        (active(), relinkable()),
        (active(), unrepairable()),
        (active(), inactive()),
        (relinkable(), active()),
        (relinkable(), unrepairable()),
        (active(), disconnected()),
    ],
)
def test_K4_a_contradiction_within_one_second_is_settled_by_a_read(
    known: StatusReport | None, report: StatusReport | None
) -> None:
    s = knowing(known)
    before = s.account("fca_1")
    s.webhook("fca_1", report, created=s.as_of("fca_1"))
    assert believed(s) == (before.state, before.facts.model_dump(exclude=NOT_BELIEVED))
    [read] = [c for c in s.commands if isinstance(c, RetrieveAccount)]
    assert read.reason == "contradiction"


def test_K4_webhooks_a_second_apart_are_not_ambiguous() -> None:
    s = knowing(active())
    s.webhook("fca_1", relinkable(), created=s.as_of("fca_1") + 1)
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize(
    ("apart", "is_ambiguous"), [(-3, False), (-2, True), (0, True), (2, True), (3, False)]
)
@pytest.mark.parametrize("which", ["the first is a read", "the second is a read"])
def test_K4_reports_within_two_seconds_of_a_read_are_ambiguous(
    apart: int, is_ambiguous: bool, which: str
) -> None:
    s = Scenario()
    s.stripe["fca_1"] = active() if which == "the first is a read" else relinkable()
    if which == "the first is a read":
        s.read("fca_1")
        s.webhook("fca_1", relinkable(), created=s.now + apart)
    else:
        s.webhook("fca_1", active(), created=s.now)
        s.read("fca_1", date=s.now - 10 + apart)
    assert ("contradiction" in s.read_reasons) is is_ambiguous
    believed = not is_ambiguous and apart > 0
    assert s.account("fca_1").state == ("inactive_relinkable" if believed else "active")


def test_K4_the_read_waits_until_its_answer_cannot_be_ambiguous() -> None:
    s = knowing(active())
    s.webhook("fca_1", disconnected(), created=s.as_of("fca_1"))
    [read] = s.asked_for(RetrieveAccount)
    assert read.after == s.account("fca_1").facts.as_of + 3


def test_K4_contradictions_about_authorizations_and_numbers_are_settled_by_a_read() -> None:
    s = knowing(active(numbers=(number("transactable"),)))
    s.webhook("fca_1", active(numbers=(number("expired"),)), created=s.as_of("fca_1"))
    assert s.number("fca_1").state == "transactable"
    assert s.read_reasons == ["contradiction"]
    s.perform_reads()

    s.read("fcauth_1")
    s.stripe["fcauth_1"] = relinkable()
    s.read("fcauth_1", date=s.now + 1)
    assert s.authorization("fcauth_1").state == "active"
    assert s.asked_for(RetrieveAuthorization)[-1].reason == "contradiction"


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
