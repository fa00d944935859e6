"""R1, R2 and R6: which session is open, and when it is over."""

from typing import Any

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import (
    CreatePaymentMethod,
    CreateRelinkSession,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from relink.machines.events import CommandFailed, RelinkSessionCreated
from relink.machines.report import Holder, StatusReport

from .reports import DAY, active, disconnected, number, relinkable
from .scenario import Scenario, expired

FAILURES = ["no_account", "no_authorization", "other"]
OTHER = Holder(field="customer", id="cus_2")


def two_known_accounts() -> Scenario:
    """Two expired accounts of one authorization."""
    s = expired()
    s.webhook("fca_2", relinkable())
    return s


def read_after(s: Scenario) -> tuple[set[str], set[str]]:
    """The accounts and authorizations that the last event has read, now or by a due read."""
    asked = [
        read.facts
        for address, read in s.world.items()
        if address.machine == "read" and read.state == "due" and read.facts.asked_at == s.now
    ]
    return (
        {facts.id for facts in asked if facts.kind == "account"},
        {facts.id for facts in asked if facts.kind == "authorization"},
    )


# ── R1 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"mode": "any_eligible"},
        {"permissions": ("balances", "transactions")},
        {"delivery": "url", "return_url": "https://example.com/back"},
    ],
    ids=["default", "mode", "permissions", "delivery"],
)
def test_R1_the_same_request_again_gives_the_same_session_read_again(
    wanted: dict[str, Any],
) -> None:
    s = expired()
    session = s.open_session("fca_1", **wanted)
    answer = s.request_relink("fca_1", **wanted)
    assert isinstance(answer, RetrieveSessionForCaller)
    assert answer.session == session
    assert s.account("fca_1").facts.session == session


def test_R1_a_request_takes_what_it_leaves_open_from_the_open_session() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible", permissions=("balances",))
    answer = s.request_relink("fca_1")
    assert isinstance(answer, RetrieveSessionForCaller)
    assert answer.session == session


def test_R1_the_same_request_for_an_active_account_gives_the_same_session() -> None:
    s = Scenario()
    s.webhook("fca_1", active())
    session = s.open_session("fca_1", reason="new_permissions", permissions=("balances",))
    for wanted in ({"reason": "new_permissions", "permissions": ("balances",)}, {}):
        again = s.request_relink("fca_1", **wanted)
        assert isinstance(again, RetrieveSessionForCaller)
        assert again.session == session


def test_R1_the_same_request_gives_the_same_session_after_the_account_came_back() -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.webhook("fca_1", active())
    again = s.request_relink("fca_1")
    assert isinstance(again, RetrieveSessionForCaller)
    assert again.session == session


@pytest.mark.parametrize(
    "other",
    [{"mode": "any_eligible"}, {"permissions": ("balances",)}, {"delivery": "email"}],
    ids=["mode", "permissions", "delivery"],
)
def test_R1_other_parameters_supersede_the_open_session(other: dict[str, Any]) -> None:
    s = expired()
    first = s.open_session("fca_1")
    second = s.open_session("fca_1", **other)
    assert s.session(first).state == "superseded"
    assert s.session(second).state == "open"
    assert s.account("fca_1").state == "relinking"
    assert s.account("fca_1").facts.session == second


def test_R1_another_reason_supersedes_the_open_session() -> None:
    s = Scenario()
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    first = s.open_session("fca_1")
    second = s.open_session("fca_1", reason="announced_deactivation")
    assert s.session(first).state == "superseded"
    assert s.session(second).facts.request.reason == "announced_deactivation"


def test_R1_two_sessions_that_race_leave_one_open() -> None:
    """Both requests are decided before Stripe answers either."""
    s = expired()
    one = s.request_relink("fca_1", mode="specific")
    two = s.request_relink("fca_1", mode="any_eligible")
    assert isinstance(one, CreateRelinkSession)
    assert isinstance(two, CreateRelinkSession)
    first, second = s.create(one), s.create(two)
    assert s.account("fca_1").facts.session == first
    assert s.session(first).state == "open"
    assert s.session(second).state == "superseded"


def test_R1_a_session_that_is_reported_as_created_twice_changes_nothing() -> None:
    s = expired()
    request = s.request_relink("fca_1")
    session = s.create(request)
    before = s.account("fca_1").facts, s.session(session).facts
    s.happens(RelinkSessionCreated, session=session, request=request)
    assert (s.account("fca_1").facts, s.session(session).facts) == before
    assert s.commands == ()


# ── R2 ───────────────────────────────────────────────────────────────────────


def test_R2_a_superseded_session_can_still_succeed() -> None:
    s = expired()
    first = s.open_session("fca_1")
    second = s.open_session("fca_1", mode="any_eligible")
    s.result(first, relinked="fca_1")
    assert s.session(first).facts.outcome == "relinked"
    assert s.account("fca_1").state == "relinked"
    assert s.session(second).state == "open"


@pytest.mark.parametrize("ended", ["abandoned", "failed", "cancelled"])
@pytest.mark.parametrize("webhook", [True, False], ids=["webhook", "read"])
def test_R2_a_session_that_ended_without_success_can_still_succeed(
    ended: str, webhook: bool
) -> None:
    s = expired()
    session = s.open_session("fca_1")
    if ended == "abandoned":
        s.wait(DAY)
        s.result(session)
    else:
        s.result(session, status=ended)
    assert s.session(session).state == ended
    assert s.account("fca_1").state == "inactive_relinkable"
    s.result(session, {"fca_1": active()}, relinked="fca_1", webhook=webhook)
    assert s.session(session).state == "succeeded"
    assert s.account("fca_1").state == "active"


def test_R2_a_late_new_account_counts_like_any_other() -> None:
    s = expired()
    first = s.open_session("fca_1", mode="any_eligible")
    s.open_session("fca_1", mode="specific")
    s.result(first, {"fca_2": active()})
    assert s.account("fca_1").state == "new_account_linked"
    assert [c.account for c in s.asked_for(CreatePaymentMethod)] == ["fca_2"]


def test_R2_a_late_known_account_counts_like_any_other() -> None:
    s = two_known_accounts()
    first = s.open_session("fca_1", mode="any_eligible")
    second = s.open_session("fca_1", mode="specific")
    s.result(first, {"fca_2": active()})
    assert s.session(first).facts.outcome == "known_account_linked"
    assert s.account("fca_1").facts.known_linked == "fca_2"
    assert (s.account("fca_1").state, s.account("fca_1").facts.session) == ("relinking", second)


def test_R2_before_a_session_is_abandoned_it_is_read() -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.wait(DAY - 60)
    assert s.asked_for(RetrieveSession) == []
    s.wait(60)
    assert s.session(session).state == "open"
    [read] = s.asked_for(RetrieveSession)
    assert (read.session, read.reason) == (session, "session_deadline")


def test_R2_the_read_may_find_that_the_customer_had_finished() -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.finish(session, {"fca_1": active()}, relinked="fca_1")  # and the webhook was lost
    s.wait(DAY)
    s.perform_reads()
    assert s.session(session).facts.outcome == "relinked"
    assert s.account("fca_1").state == "active"


def test_R2_a_webhook_that_repeats_a_success_past_the_deadline_gives_nothing_up() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    told = s.now + 60
    # It leaves out the holder, so it is not known yet whose the account is.
    s.result(session, {"fca_2": StatusReport(status="active")}, created=told)
    s.wait(DAY)
    s.result(session, created=told)
    assert s.session(session).state == "open"
    s.finish(session, {"fca_2": active()})
    s.perform_reads()
    assert s.session(session).facts.outcome == "new_account_linked"


def test_R2_a_session_that_cannot_be_read_is_abandoned_after_its_deadline() -> None:
    s = expired()
    session = s.open_session("fca_1")
    failed = {"command": "retrieve_session", "subject": session, "error": "not_found"}
    s.happens(CommandFailed, **failed)
    assert s.session(session).state == "open"
    s.wait(DAY)
    s.happens(CommandFailed, **failed)
    assert s.session(session).facts.outcome == "abandoned"
    assert s.account("fca_1").state == "inactive_relinkable"
    assert read_after(s) == ({"fca_1"}, {"fcauth_1"})


@pytest.mark.parametrize("known", [None, active(), disconnected()])
@pytest.mark.parametrize("result", ["the account", "its id alone"])
def test_R6_a_session_that_returned_an_account_that_is_disconnected_by_now_has_failed(
    known: StatusReport | None, result: str
) -> None:
    """The account that it was for does not wait for the disconnected one."""
    s = expired()
    if known:
        s.webhook("fca_2", known)
    session = s.open_session("fca_1", mode="any_eligible")
    if result == "its id alone":
        s.webhook("fca_2", disconnected())
        s.result(session, relinked="fca_2")
    else:
        s.result(session, {"fca_2": disconnected()})
    assert s.session(session).facts.outcome == "failed"
    assert s.session(session).facts.failure_reason == "account_disconnected"
    assert s.session(session).facts.linked == "fca_2"
    assert s.account("fca_1").state == "inactive_relinkable"
    assert read_after(s) == ({"fca_1"}, {"fcauth_1"})


@pytest.mark.parametrize("status", ["expired", None], ids=["unknown", "missing"])
def test_R2_a_session_with_an_unknown_or_missing_status_is_abandoned_after_its_deadline(
    status: str | None,
) -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.results[session] = {"status": status}
    s.result(session)
    assert s.session(session).state == "open"
    s.wait(DAY)
    s.perform_reads()
    assert s.session(session).facts.outcome == "abandoned"
    assert s.account("fca_1").state == "inactive_relinkable"
    assert isinstance(s.request_relink("fca_1"), CreateRelinkSession)


def test_R2_the_policy_sets_how_long_a_session_stays_open() -> None:
    s = expired(RelinkPolicy(session_open_for=3600))
    session = s.open_session("fca_1")
    s.wait(3600)
    s.perform_reads()
    assert s.session(session).state == "abandoned"
