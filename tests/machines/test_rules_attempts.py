"""R4: which mode is next, how often it is tried, and in which outage of the account."""

from typing import Any

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import CreateRelinkSession, RequestNewPaymentMethod
from relink.machines.events import AccountReplaced, AccountResumed, AccountRetired

from .reports import DAY, active, disconnected, inactive, number, relinkable, unrepairable
from .scenario import Scenario, expired


def fail(s: Scenario, reason: str = "other", **wanted: Any) -> None:
    """One more session that ends without success."""
    s.result(s.open_session("fca_1", **wanted), failure_reason=reason)


def next_mode(s: Scenario) -> str:
    """The mode of the next session by default."""
    request = s.request_relink("fca_1")
    assert isinstance(request, CreateRelinkSession)
    return request.mode


def test_R4_the_first_session_is_for_the_specific_account() -> None:
    assert next_mode(expired()) == "specific"


def test_R4_the_session_after_no_account_is_for_any_eligible_one() -> None:
    s = expired()
    fail(s, "no_account")
    assert next_mode(s) == "any_eligible"


@pytest.mark.parametrize("mode", ["specific", "any_eligible"])
@pytest.mark.parametrize("reason", ["no_authorization", "other"])
def test_R4_the_mode_stays_the_same_after_any_other_failure(mode: str | None, reason: str) -> None:
    s = expired()
    fail(s, reason, mode=mode)
    assert next_mode(s) == mode


@pytest.mark.parametrize("mode", ["specific", "any_eligible"])
def test_R4_the_mode_stays_the_same_after_a_cancelled_session(mode: str | None) -> None:
    s = expired()
    s.result(s.open_session("fca_1", mode=mode), status="cancelled")
    assert next_mode(s) == mode


@pytest.mark.parametrize("mode", ["specific", "any_eligible"])
def test_R4_the_mode_stays_the_same_after_an_abandoned_session(mode: str | None) -> None:
    s = expired()
    s.open_session("fca_1", mode=mode)
    s.wait(DAY)
    s.perform_reads()
    assert next_mode(s) == mode


def test_R4_the_reads_after_a_failure_keep_the_mode() -> None:
    s = expired()
    fail(s, "no_account")
    s.perform_reads()
    assert next_mode(s) == "any_eligible"


# ── the last attempt ─────────────────────────────────────────────────────────


def requests(s: Scenario) -> list[str]:
    """The reasons for which the service was asked for another payment method."""
    return [request.reason for request in s.asked_for(RequestNewPaymentMethod)]


def test_R4_the_last_attempt_ends_the_prompts_and_asks_for_another_payment_method() -> None:
    s = expired(RelinkPolicy(attempts=2))
    fail(s)
    s.perform_reads()
    assert requests(s) == []
    fail(s)
    s.perform_reads()
    assert requests(s) == ["attempts_used_up"]
    s.wait(60 * DAY)
    assert len(s.messages) == 1
    assert requests(s) == ["attempts_used_up"]


def test_R4_a_session_that_links_another_known_account_counts_as_an_attempt() -> None:
    s = expired(RelinkPolicy(attempts=1))
    s.webhook("fca_2", active())
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    s.perform_reads()
    assert requests(s) == ["attempts_used_up"]
    assert next_mode(s) == "any_eligible"


def test_R4_an_explicit_request_is_never_refused_for_attempts() -> None:
    s = expired(RelinkPolicy(attempts=1))
    for _ in range(3):
        fail(s)
        s.perform_reads()
    assert s.account("fca_1").facts.outage.failures == 3
    assert requests(s) == ["attempts_used_up"]


# ── they live and die with the outage of the account ─────────────────────────


def used_up(**policy: Any) -> Scenario:
    """An account whose one attempt is used up, and after which any eligible one is next."""
    s = expired(RelinkPolicy(attempts=1, prompt_gap=0, **policy))
    fail(s, "no_account")
    s.perform_reads()
    assert s.account("fca_1").facts.given_up
    return s


def is_a_new_outage(s: Scenario) -> None:
    """The account needs a relink again, and everything begins from the start."""
    facts = s.account("fca_1").facts
    assert (facts.outage.number, facts.outage.failures, facts.given_up) == (2, 0, False)
    assert facts.outage.failure_reason is None
    assert len(s.messages) == 2
    assert s.next("fca_1") == [("relink", "inactive")]
    assert next_mode(s) == "specific"


def test_R4_the_next_outage_has_all_its_attempts() -> None:
    s = used_up()
    s.webhook("fca_1", active())
    s.perform_reads()
    s.webhook("fca_1", relinkable())
    is_a_new_outage(s)
    fail(s)
    s.perform_reads()
    assert requests(s) == ["attempts_used_up", "attempts_used_up"]


def test_R4_an_outage_ends_when_the_account_becomes_unrepairable() -> None:
    s = used_up()
    s.webhook("fca_1", unrepairable())
    assert s.account("fca_1").facts.outage is None
    s.wait(DAY)
    s.webhook("fca_1", relinkable())
    is_a_new_outage(s)


def test_R4_two_failures_before_an_unrepairable_time_do_not_count_after_it() -> None:
    s = expired(RelinkPolicy(attempts=3))
    for _ in range(2):
        fail(s)
        s.perform_reads()
    s.webhook("fca_1", unrepairable())
    s.wait(2 * DAY)
    s.webhook("fca_1", relinkable())
    assert len(s.messages) == 2
    for _ in range(2):
        fail(s)
        s.perform_reads()
    assert "attempts_used_up" not in requests(s)
    fail(s)
    s.perform_reads()
    assert "attempts_used_up" in requests(s)


@pytest.mark.parametrize(
    "end",
    [
        lambda s: s.webhook("fca_1", disconnected()),
        lambda s: s.happens(AccountReplaced, account="fca_1", by="fca_2"),
        lambda s: s.happens(AccountRetired, account="fca_1"),
    ],
    ids=["disconnected", "replaced", "retired"],
)
def test_R4_an_outage_ends_when_the_account_needs_nothing_for_whatever_reason(end: Any) -> None:
    s = used_up()
    end(s)
    assert s.account("fca_1").facts.outage is None
    assert s.outage("fcauth_1").facts.needing == {}


def test_R4_an_account_that_is_taken_up_again_begins_a_new_outage() -> None:
    s = used_up()
    s.happens(AccountRetired, account="fca_1")
    s.happens(AccountResumed, account="fca_1")
    s.perform_reads()
    is_a_new_outage(s)


def test_R4_suspension_ends_no_outage() -> None:
    s = used_up()
    s.webhook("fca_1", inactive())
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    facts = s.account("fca_1").facts
    assert (facts.outage.number, facts.given_up) == (1, True)
    assert len(s.messages) == 1
    assert requests(s) == ["attempts_used_up"]


def test_R4_the_outage_of_an_account_that_stayed_active_ends_with_its_need() -> None:
    s = Scenario(RelinkPolicy(attempts=1, prompt_gap=0))
    s.link("fca_1")
    for count in (1, 2):
        s.webhook("fca_1", active(numbers=(number("expired"),)))
        assert len(s.messages) == count
        fail(s, "no_account")
        s.perform_reads()
        s.webhook("fca_1", active(numbers=(number("transactable"),)))
        assert s.account("fca_1").facts.outage is None


# ── a session counts only in the outage in which it was asked for ────────────


def test_R4_sessions_for_new_permissions_count_in_no_outage() -> None:
    s = Scenario()
    s.link("fca_1")
    for _ in range(3):
        session = s.open_session("fca_1", permissions=("balances",))
        s.result(session, status="cancelled")
        s.perform_reads()
    assert requests(s) == []
    assert s.next("fca_1") == []
    s.wait(20 * DAY)
    s.webhook("fca_1", relinkable())
    assert len(s.messages) == 1
    assert s.next("fca_1") == [("relink", "inactive")]


def test_R4_a_session_for_new_permissions_that_fails_in_a_later_outage_counts_in_none() -> None:
    s = Scenario(RelinkPolicy(attempts=1))
    s.link("fca_1")
    session = s.open_session("fca_1", permissions=("balances",))
    s.webhook("fca_1", relinkable())
    s.result(session, failure_reason="no_account")
    s.perform_reads()
    assert s.account("fca_1").facts.outage.failures == 0
    assert requests(s) == []
    assert next_mode(s) == "specific"


def test_R4_a_session_of_an_earlier_outage_counts_in_none() -> None:
    s = expired(RelinkPolicy(attempts=1, prompt_gap=0))
    session = s.open_session("fca_1")
    s.webhook("fca_1", active())
    s.perform_reads()
    s.webhook("fca_1", relinkable())
    s.result(session, failure_reason="no_account")
    s.perform_reads()
    facts = s.account("fca_1").facts
    assert (facts.outage.number, facts.outage.failures) == (2, 0)
    assert requests(s) == []


def test_R4_a_session_that_supersedes_one_counts_and_the_superseded_one_does_not() -> None:
    s = expired(RelinkPolicy(attempts=2))
    first = s.open_session("fca_1")
    second = s.open_session("fca_1", mode="any_eligible")
    s.result(first, failure_reason="other")
    s.result(second, failure_reason="other")
    assert s.account("fca_1").facts.outage.failures == 1


def test_R4_a_failure_while_needs_are_suspended_counts_in_the_outage_that_goes_on() -> None:
    s = expired(RelinkPolicy(attempts=1))
    session = s.open_session("fca_1")
    s.webhook("fca_1", inactive())
    s.result(session, failure_reason="other")
    assert requests(s) == []
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert requests(s) == ["attempts_used_up"]


def test_R4_a_failure_counts_in_an_outage_that_goes_on_although_the_account_came_back() -> None:
    """Its number still needs the relink."""
    s = expired(RelinkPolicy(attempts=1), numbers=(number("expired"),))
    session = s.open_session("fca_1")
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    assert s.account("fca_1").state == "active"
    s.result(session, failure_reason="other")
    s.perform_reads()
    assert [c.reason for c in s.asked_for(RequestNewPaymentMethod)] == ["attempts_used_up"]
