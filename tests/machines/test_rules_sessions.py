"""R1 to R3 and R5: relink sessions and their results."""

from typing import Any

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import (
    CreatePaymentMethod,
    CreateRelinkSession,
    RetrieveAccount,
    RetrieveAuthorization,
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
    """The accounts and authorizations that the last event reads."""
    return (
        {c.account for c in s.commands if isinstance(c, RetrieveAccount)},
        {c.authorization for c in s.commands if isinstance(c, RetrieveAuthorization)},
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


def test_R2_a_session_that_returned_a_disconnected_account_is_abandoned_after_its_deadline() -> (
    None
):
    """A disconnected account replaces nothing."""
    s = expired()
    s.webhook("fca_2", disconnected())
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": disconnected()})
    assert s.session(session).state == "open"
    s.wait(DAY)
    s.result(session)
    assert s.session(session).facts.outcome == "abandoned"
    assert s.account("fca_1").state == "inactive_relinkable"
    assert read_after(s) == ({"fca_1"}, {"fcauth_1"})


def test_R2_the_policy_sets_how_long_a_session_stays_open() -> None:
    s = expired(RelinkPolicy(session_open_for=3600))
    session = s.open_session("fca_1")
    s.wait(3600)
    s.perform_reads()
    assert s.session(session).state == "abandoned"


# ── R3 ───────────────────────────────────────────────────────────────────────


def test_R3_a_specific_session_can_relink_the_account() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="specific")
    s.result(session, {"fca_1": active()}, relinked="fca_1")
    assert s.session(session).facts.outcome == "relinked"
    assert s.session(session).facts.linked == "fca_1"


@pytest.mark.parametrize("reason", FAILURES)
def test_R3_a_specific_session_can_fail_with_a_reason(reason: str) -> None:
    s = expired()
    session = s.open_session("fca_1", mode="specific")
    s.result(session, failure_reason=reason)
    facts = s.session(session).facts
    assert (s.session(session).state, facts.outcome) == ("failed", "failed")
    assert facts.failure_reason == s.account("fca_1").facts.failure_reason == reason


def test_R3_a_specific_session_that_succeeds_without_an_account_counts_as_no_account() -> None:
    """Stripe says that it succeeded, and could not match the account."""
    s = expired()
    session = s.open_session("fca_1", mode="specific")
    s.result(session, {})
    assert s.session(session).facts.failure_reason == "no_account"


def test_R3_a_specific_session_can_be_cancelled() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="specific")
    s.result(session, status="cancelled")
    assert (s.session(session).state, s.session(session).facts.outcome) == (
        "cancelled",
        "cancelled",
    )


def test_R3_a_specific_session_can_be_abandoned() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="specific")
    s.wait(DAY)
    s.perform_reads()
    assert s.session(session).facts.outcome == "abandoned"


def test_R3_a_session_for_any_eligible_account_can_return_the_expected_one() -> None:
    """Such a session never names a relinked account, so the ids decide."""
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_1": active()})
    assert s.session(session).facts.outcome == "relinked"
    assert s.account("fca_1").state == "active"


def test_R3_a_session_for_any_eligible_account_can_return_another_known_one() -> None:
    """It is updated and offered, and ours stays as its latest report says."""
    s = two_known_accounts()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active(permissions=("payment_method", "balances"))})
    assert s.session(session).facts.outcome == "known_account_linked"
    assert s.account("fca_2").state == "active"
    assert s.account("fca_2").facts.permissions == ("payment_method", "balances")
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.account("fca_1").facts.known_linked == "fca_2"
    assert s.asked_for(CreatePaymentMethod) == []


def test_R3_another_known_account_leaves_an_active_account_active() -> None:
    s = Scenario()
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    s.webhook("fca_2", active())
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active()})
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.known_linked == "fca_2"


def test_R3_another_known_account_leaves_an_account_active_that_came_back() -> None:
    s = two_known_accounts()
    session = s.open_session("fca_1", mode="any_eligible")
    s.webhook("fca_1", active())
    s.result(session, {"fca_2": active()})
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.known_linked == "fca_2"
    assert s.account("fca_1").facts.session is None


def test_R3_a_session_for_any_eligible_account_can_return_a_new_one() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active()})
    assert s.session(session).facts.outcome == "new_account_linked"
    assert s.session(session).facts.linked == "fca_2"
    assert s.account("fca_1").state == "new_account_linked"


# ── R5 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "result",
    [
        *({"failure_reason": reason} for reason in FAILURES),
        {"status": "cancelled"},
        {"relinked": "fca_1"},
        {"accounts": {"fca_1": active()}},
        {"accounts": {"fca_2": active()}},
        {"accounts": {"fca_3": active()}},
        {"accounts": {"fca_3": active(holder=OTHER)}},
        {"accounts": {}},
    ],
    ids=[*FAILURES, "cancelled", "relinked", "expected", "known", "new", "other", "nothing"],
)
def test_R5_account_and_authorization_are_read_after_any_result(result: dict[str, Any]) -> None:
    s = two_known_accounts()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, **result)
    accounts, authorizations = read_after(s)
    assert "fca_1" in accounts
    assert "fcauth_1" in authorizations


def test_R5_account_and_authorization_are_read_after_an_abandoned_session() -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.wait(DAY)
    s.result(session)
    assert read_after(s) == ({"fca_1"}, {"fcauth_1"})


def test_R5_the_other_accounts_come_back_without_a_session_of_their_own() -> None:
    s = two_known_accounts()
    session = s.open_session("fca_1")
    s.finish(session, {"fca_1": active()}, relinked="fca_1")
    s.stripe["fca_2"] = active()  # the same login repaired it, and the webhook was lost
    s.result(session)
    assert "fca_2" in read_after(s)[0]
    s.perform_reads()
    assert s.account("fca_2").state == "active"
    assert s.outage("fcauth_1").state == "none"


def test_R5_the_other_accounts_are_read_when_only_a_read_shows_the_authorization_active() -> None:
    s = two_known_accounts()
    s.stripe["fcauth_1"] = relinkable()
    s.perform_reads()
    assert s.authorization("fcauth_1").state == "inactive_relinkable"
    s.stripe |= {"fcauth_1": StatusReport(status="active"), "fca_1": active(), "fca_2": active()}
    s.read("fcauth_1")
    assert read_after(s)[0] == {"fca_1", "fca_2"}
    s.perform_reads()
    assert s.account("fca_1").state == s.account("fca_2").state == "active"
