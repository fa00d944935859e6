"""P2: messages that are not sent, and those of Stripe's own that count as sent."""

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import CreateRelinkSession, RequestNewPaymentMethod

from .reports import DAY, active, inactive, number, relinkable
from .scenario import Scenario

POLICY = RelinkPolicy(reminders=(2 * DAY, 7 * DAY), session_open_for=60 * DAY)


def sent(s: Scenario) -> list[tuple[int, tuple[str, ...]]]:
    """The messages so far: which reminder, and whom it names."""
    return [(message.reminder, message.accounts) for message in s.messages]


def days(s: Scenario, count: int = 40) -> list[int]:
    """After how many days each message of the next ones is sent."""
    found: list[int] = []
    for day in range(1, count + 1):
        before = len(s.messages)
        s.wait(DAY)
        found += [day] * (len(s.messages) - before)
    return found


def stops(s: Scenario, account: str, **details: str) -> None:
    """An account stops working, and what this asks for is read."""
    s.webhook(account, relinkable(**details))
    s.perform_reads()


def mailed() -> tuple[Scenario, str]:
    """An active account, to whose customer Stripe writes before it stops."""
    s = Scenario(POLICY)
    s.link("fca_1", deactivates_on=s.now + 50 * DAY)
    session = s.open_session("fca_1", delivery="email")
    stops(s, "fca_1")
    return s, session


# ── Stripe writes to the customer ────────────────────────────────────────────


def test_P2_the_mail_of_an_open_session_is_the_prompt_even_if_it_came_before_the_outage() -> None:
    s, _ = mailed()
    assert s.outage("fcauth_1").state != "none"
    assert days(s) == []


def test_P2_reminders_go_on_after_a_mail_whose_session_ended_without_a_repair() -> None:
    """As if the mail had been the prompt."""
    s, session = mailed()
    s.wait(DAY)
    s.result(session, status="cancelled")
    s.perform_reads()
    assert sent(s) == []
    assert days(s) == [1, 6]
    assert sent(s) == [(1, ("fca_1",)), (2, ("fca_1",))]


def test_P2_a_mail_that_was_answered_before_the_outage_is_not_its_prompt() -> None:
    """The result is told late: the session was over for days when the account stopped."""
    s = Scenario(POLICY)
    s.link("fca_1", deactivates_on=s.now + 50 * DAY)
    session = s.open_session("fca_1", delivery="email")
    answered = s.now
    s.wait(8 * DAY)
    stops(s, "fca_1", cause="access_denied")
    assert sent(s) == []
    s.result(session, {"fca_1": active()}, relinked="fca_1", created=answered)
    s.stripe["fca_1"] = relinkable(cause="access_denied")
    s.perform_reads()
    assert sent(s) == [(0, ("fca_1",))]


def test_P2_a_mail_whose_session_is_past_its_deadline_is_not_the_prompt() -> None:
    s = Scenario(RelinkPolicy(session_open_for=DAY))
    s.link("fca_1", deactivates_on=s.now + 50 * DAY)
    session = s.open_session("fca_1", delivery="email")
    s.wait(2 * DAY)
    stops(s, "fca_1", cause="access_denied")
    s.result(session, status="cancelled")
    s.perform_reads()
    assert sent(s) == [(0, ("fca_1",))]


def test_P2_the_mail_of_a_session_that_came_too_late_is_the_prompt() -> None:
    s = Scenario(POLICY)
    s.link("fca_1", deactivates_on=s.now + 50 * DAY)
    first = s.request_relink("fca_1", delivery="email")
    s.open_session("fca_1", mode="any_eligible")
    s.webhook("fca_1", None)
    s.webhook("fca_1", relinkable())
    assert isinstance(first, CreateRelinkSession)
    s.create(first)
    s.perform_reads()
    assert sent(s) == []


def test_P2_of_the_reminders_that_a_mail_held_up_one_is_sent() -> None:
    s, session = mailed()
    s.wait(20 * DAY)
    s.result(session, status="cancelled")
    s.perform_reads()
    assert sent(s) == [(2, ("fca_1",))]
    assert days(s) == []


def test_P2_reminders_of_a_prompt_go_on_after_a_mail_in_between() -> None:
    s = Scenario(POLICY)
    stops(s, "fca_1")
    s.wait(DAY)
    session = s.open_session("fca_1", delivery="email")
    assert days(s, 3) == []
    s.result(session, failure_reason="other")
    s.perform_reads()
    assert sent(s) == [(0, ("fca_1",)), (1, ("fca_1",))]
    assert days(s) == [3]


def test_P2_no_message_follows_a_mail_whose_session_repaired_the_account() -> None:
    s, session = mailed()
    s.result(session, {"fca_1": active()}, relinked="fca_1")
    s.perform_reads()
    assert days(s) == []


def test_P2_an_account_that_stops_after_the_mail_is_named_once_the_session_is_over() -> None:
    s, session = mailed()
    s.link("fca_2")
    stops(s, "fca_2")
    s.result(session, {"fca_1": active()}, relinked="fca_1")
    s.perform_reads()
    s.wait(2 * DAY)
    assert sent(s)[0] == (0, ("fca_2",))


def test_P1_an_account_whose_day_comes_while_stripe_writes_of_another_is_named_by_then() -> None:
    s = Scenario(POLICY)
    s.link("fca_2")
    stops(s, "fca_1")
    s.open_session("fca_1", delivery="email")
    s.webhook("fca_2", active(deactivates_on=s.now + 3 * DAY))
    s.perform_reads()
    assert days(s, 5) == [3]
    assert sent(s) == [(0, ("fca_1",)), (0, ("fca_2",))]


def test_P1_the_gap_ends_on_the_day_of_an_account_whose_number_has_lapsed_before() -> None:
    s = Scenario(RelinkPolicy(reminders=(), prompt_gap=5 * DAY))
    s.link("fca_2")
    stops(s, "fca_1")
    s.webhook("fca_2", active(numbers=(number("expired"),), deactivates_on=s.now + 2 * DAY))
    s.perform_reads()
    assert days(s, 6) == [2]


# ── needs that are suspended (K5) ────────────────────────────────────────────


def test_P2_a_reminder_that_comes_due_while_needs_are_suspended_follows_the_answer() -> None:
    s = Scenario(POLICY)
    stops(s, "fca_1")
    s.webhook("fca_1", inactive())
    assert days(s, 4) == []
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert sent(s) == [(0, ("fca_1",)), (1, ("fca_1",))]


def test_P2_no_reminder_follows_an_answer_that_nobody_can_repair_it() -> None:
    s = Scenario(POLICY)
    stops(s, "fca_1")
    s.webhook("fca_1", inactive())
    s.wait(4 * DAY)
    s.perform_reads()  # complete, and without an action
    assert days(s) == []
    assert sent(s) == [(0, ("fca_1",))]


def test_P2_a_lapsed_number_of_an_account_without_an_authorization_waits_for_the_answer() -> None:
    s = Scenario(POLICY)
    s.webhook("fca_1", active(without=("authorization",), numbers=(number("expired"),)))
    assert s.read_of("fca_1").state == "due"
    assert days(s, 2) == []
    assert s.asked_for(RequestNewPaymentMethod) == []
    s.stripe["fca_1"] = active(numbers=(number("expired"),))
    s.perform_reads()
    assert [message.outage for message in s.messages] == ["fcauth_1"]


# ── the customer revoked access ──────────────────────────────────────────────


def test_P2_an_account_that_fails_after_another_was_denied_is_treated_as_if_it_failed_alone() -> (
    None
):
    s = Scenario(POLICY)
    s.link("fca_2")
    stops(s, "fca_1", cause="access_denied")
    s.wait(DAY)
    stops(s, "fca_2")
    assert days(s) == [2, 7]
    alone = ("fca_2",)
    assert sent(s) == [(0, ("fca_1",)), (0, alone), (1, alone), (2, alone)]


def test_P2_an_account_that_fails_before_another_is_denied_keeps_its_reminders() -> None:
    s = Scenario(POLICY)
    s.link("fca_1")
    stops(s, "fca_2")
    s.wait(DAY)
    stops(s, "fca_1", cause="access_denied")
    assert days(s) == [1, 6]
    named = [accounts for _, accounts in sent(s)]
    assert named == [("fca_2",), ("fca_1", "fca_2"), ("fca_2",)]


@pytest.mark.parametrize("first", ["fca_1", "fca_2"])
def test_P2_a_denied_account_is_named_once_in_either_order(first: str) -> None:
    s = Scenario(POLICY)
    for account in ("fca_1", "fca_2"):
        s.link(account)
    causes = {"fca_1": "access_denied", "fca_2": "access_expired"}
    for account in (first, *({"fca_1", "fca_2"} - {first})):
        stops(s, account, cause=causes[account])
        s.wait(3600)
    s.wait(60 * DAY)
    assert sum("fca_1" in accounts for _, accounts in sent(s)) == 1


# ── attempts that are used up ────────────────────────────────────────────────


def test_P2_no_message_names_an_account_whose_attempts_are_used_up() -> None:
    """It gets no reminder that its sibling could join, so the sibling gets a prompt of its own."""
    s = Scenario(RelinkPolicy(attempts=1, reminders=(2 * DAY,)))
    for account in ("fca_1", "fca_2"):
        s.link(account)
    stops(s, "fca_1")
    stops(s, "fca_2")
    s.result(s.open_session("fca_1"), failure_reason="other")
    s.perform_reads()
    s.wait(30 * DAY)
    assert sent(s) == [(0, ("fca_1",)), (0, ("fca_2",)), (1, ("fca_2",))]
