"""P4: what only the service knows, and says."""

import pytest

from relink.machines.commands import CreateRelinkSession, RequestNewPaymentMethod, RetrieveAccount
from relink.machines.events import (
    AccountReplaced,
    AccountResumed,
    AccountRetired,
    ReadRequested,
)
from relink.machines.report import StatusReport

from .reports import DAY, active, disconnected, inactive, number, relinkable, unrepairable
from .scenario import Scenario, expired

# ── retired ──────────────────────────────────────────────────────────────────


def retired() -> Scenario:
    """An active account that nobody has a use for."""
    s = Scenario()
    s.link("fca_1")
    s.happens(AccountRetired, account="fca_1")
    return s


@pytest.mark.parametrize(
    "report",
    [
        relinkable(),
        unrepairable(),
        disconnected(),
        inactive(),
        active(numbers=(number("expired"),)),
        active(deactivates_on=1_000_000 + 3 * DAY),
    ],
)
def test_P4_a_retired_account_causes_no_prompt_and_no_request(report: StatusReport) -> None:
    s = retired()
    s.webhook("fca_1", report)
    s.perform_reads()
    s.wait(60 * DAY)
    assert s.messages == []
    assert s.asked_for(RequestNewPaymentMethod) == []
    assert s.next("fca_1") == []


def test_P4_a_retired_account_that_is_blocked_causes_no_request() -> None:
    s = retired()
    s.checks("pm_1", "bank_account_closed")
    assert s.asked_for(RequestNewPaymentMethod) == []


def test_P4_retiring_an_account_ends_its_reminders() -> None:
    s = expired()
    assert len(s.messages) == 1
    s.happens(AccountRetired, account="fca_1")
    s.wait(60 * DAY)
    assert len(s.messages) == 1
    assert s.outage("fcauth_1").state == "none"


def test_P4_a_retired_account_is_not_named_for_its_siblings() -> None:
    s = expired()
    s.webhook("fca_2", relinkable())
    s.happens(AccountRetired, account="fca_1")
    s.wait(60 * DAY)
    assert {account for m in s.messages[1:] for account in m.accounts} == {"fca_2"}


def test_P4_a_retired_account_that_is_taken_up_again_is_read_and_prompted_for() -> None:
    s = retired()
    s.webhook("fca_1", relinkable())
    s.perform_reads()
    s.happens(AccountResumed, account="fca_1")
    assert s.messages == []
    assert s.read_of("fca_1").state == "due"
    s.perform_reads()
    assert [message.accounts for message in s.messages] == [("fca_1",)]


def test_P4_a_retired_account_that_has_come_back_by_the_time_it_is_taken_up_is_not_prompted() -> (
    None
):
    s = retired()
    s.webhook("fca_1", relinkable())
    s.perform_reads()
    s.stripe["fca_1"] = active()
    s.happens(AccountResumed, account="fca_1")
    s.perform_reads()
    s.wait(60 * DAY)
    assert s.messages == []


# ── linked elsewhere ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("start", ["down", "active"])
def test_P4_an_account_that_the_service_replaced_needs_nothing(start: str) -> None:
    s = Scenario()
    s.link("fca_1", deactivates_on=s.now + 20 * DAY)
    if start == "down":
        s.webhook("fca_1", relinkable())
    before = len(s.messages)
    s.happens(AccountReplaced, account="fca_1", by="fca_2")
    assert s.account("fca_1").state == "new_account_linked"
    assert s.account("fca_1").facts.replaced_by == "fca_2"
    s.webhook("fca_1", relinkable(cause="access_denied"))
    s.webhook("fca_1", unrepairable())
    s.wait(60 * DAY)
    assert len(s.messages) == before
    assert s.asked_for(RequestNewPaymentMethod) == []
    assert s.next("fca_1") == []
    assert s.request_relink("fca_1") is None
    assert s.decided("account", "fca_1").reason.code == "replaced"


def test_P4_an_account_that_the_service_replaced_comes_back_as_any_other() -> None:
    s = expired()
    s.happens(AccountReplaced, account="fca_1", by="fca_2")
    s.webhook("fca_1", active())
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").facts.replaced_by == "fca_2"


@pytest.mark.parametrize("said", [AccountRetired, AccountResumed])
def test_P4_nothing_is_known_of_an_account_that_relink_never_heard_of(said: type) -> None:
    s = Scenario()
    s.happens(said, account="fca_9")
    s.happens(AccountReplaced, account="fca_9", by="fca_2")
    assert s.world == {}


# ── read now ─────────────────────────────────────────────────────────────────


def test_P4_a_read_makes_an_account_known_that_relink_never_heard_of() -> None:
    s = Scenario()
    s.stripe["fca_9"] = relinkable()
    s.happens(ReadRequested, kind="account", id="fca_9")
    assert [c.reason for c in s.asked_for(RetrieveAccount)] == ["reconciliation"]
    s.perform_reads()
    assert s.account("fca_9").state == "inactive_relinkable"
    assert isinstance(s.request_relink("fca_9"), CreateRelinkSession)


def test_P4_an_account_that_was_read_before_a_session_is_known_to_it() -> None:
    s = expired()
    s.stripe["fca_2"] = active()
    s.happens(ReadRequested, kind="account", id="fca_2")
    s.perform_reads()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active()})
    assert s.session(session).facts.outcome == "known_account_linked"


def test_K11_a_sweep_learns_what_lost_webhooks_said_of_an_account_and_a_session() -> None:
    s = Scenario()
    s.link("fca_1", numbers=(number("expired"),))
    session = s.open_session("fca_1")
    s.finish(session, {"fca_1": active(numbers=(number("transactable"),))}, relinked="fca_1")
    s.happens(ReadRequested, kind="session", id=session)
    s.perform_reads()
    assert s.session(session).facts.outcome == "relinked"
    s.stripe["fca_1"] = unrepairable()
    s.happens(ReadRequested, kind="account", id="fca_1")
    s.perform_reads()
    assert s.account("fca_1").state == "inactive_unrepairable"
