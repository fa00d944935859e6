"""R3 and R5: what sessions result in, and what is read after them."""

from typing import Any

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import (
    CreatePaymentMethod,
)
from relink.machines.report import Holder, StatusReport

from .reports import DAY, active, number, relinkable
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
    assert facts.failure_reason == s.account("fca_1").facts.outage.failure_reason == reason


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


def test_R3_a_succeeded_session_without_its_accounts_is_read_again_and_no_failure() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, status="succeeded")
    assert s.session(session).state == "open"
    s.finish(session, {"fca_2": active()})
    s.wait(DAY)
    s.perform_reads()
    assert s.session(session).facts.outcome == "new_account_linked"


def test_R3_a_succeeded_session_that_never_lists_its_accounts_is_abandoned_and_no_attempt() -> None:
    s = expired(RelinkPolicy(attempts=1))
    session = s.open_session("fca_1", mode="any_eligible")
    s.finish(session)
    s.result(session)
    for _ in range(26):
        s.wait(3600)
        s.perform_reads()
    assert s.session(session).facts.outcome == "abandoned"
    assert s.account("fca_1").facts.outage.failures == 0
    assert not s.account("fca_1").facts.given_up


def test_R3_a_succeeded_session_that_names_the_relinked_account_needs_no_accounts() -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.result(session, relinked="fca_1")
    assert s.session(session).facts.outcome == "relinked"


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


@pytest.mark.parametrize("ended", [{"failure_reason": "other"}, {"status": "cancelled"}])
def test_R5_account_and_authorization_are_read_after_the_late_end_of_an_abandoned_session(
    ended: dict[str, Any],
) -> None:
    s = expired()
    session = s.open_session("fca_1")
    s.wait(DAY)
    s.perform_reads()
    assert s.session(session).state == "abandoned"
    s.result(session, **ended)
    assert read_after(s) == ({"fca_1"}, {"fcauth_1"})
