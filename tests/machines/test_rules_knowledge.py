"""K1 to K4: what to believe, and from which time."""

from itertools import permutations

import pytest

from relink.machines.commands import (
    NotifyCustomer,
    RetrieveAccount,
    RetrieveAuthorization,
)
from relink.machines.report import StatusReport

from .reports import (
    DAY,
    active,
    disconnected,
    inactive,
    number,
    relinkable,
    unrepairable,
)
from .scenario import Scenario, knowing
from .states import NOT_BELIEVED, STATES, account_in, believed

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
        date = s.now - 10 + apart
        s.read("fca_1", date=date, begun_at=date - 1)
    assert ("contradiction" in s.read_reasons) is is_ambiguous
    believed = not is_ambiguous and apart > 0
    assert s.account("fca_1").state == ("inactive_relinkable" if believed else "active")


def test_K4_a_contradiction_in_one_detail_leaves_the_other_details_and_the_status() -> None:
    s = knowing(active(last4="1111", permissions=("payment_method",)))
    time = s.as_of("fca_1")
    s.webhook("fca_1", active(last4="2222", institution_name="Bank"), created=time)
    facts = s.account("fca_1").facts
    assert (facts.last4, facts.institution_name) == ("1111", "Bank")
    s.webhook("fca_1", relinkable(last4="2222"), created=time + 1)
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.account("fca_1").facts.last4 == "2222"


def test_K3_a_report_whose_status_is_ambiguous_still_tells_newer_details() -> None:
    s = knowing(active())
    time = s.as_of("fca_1") + 60
    s.webhook("fca_1", active(without=("authorization",)), created=time)
    s.webhook("fca_1", relinkable(authorization="fcauth_2"), created=time)
    account = s.account("fca_1")
    assert (account.state, account.facts.authorization) == ("active", "fcauth_2")
    assert account.facts.action is None
    assert "contradiction" in s.read_reasons


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
