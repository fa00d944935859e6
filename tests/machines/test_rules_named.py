"""P1: every account is named in a message, and the customer gets no more of them than it takes."""

import pytest

from relink.machines import RelinkPolicy

from .reports import DAY, active, number, relinkable
from .scenario import Scenario

HOUR = 3600


def down(policy: RelinkPolicy) -> Scenario:
    """Two accounts of one authorization, of which the first is down and prompted for."""
    s = Scenario(policy)
    s.link("fca_1")
    s.link("fca_2")
    s.webhook("fca_1", relinkable())
    s.perform_reads()
    assert sent(s) == [(0, ("fca_1",))]
    return s


def sent(s: Scenario) -> list[tuple[int, tuple[str, ...]]]:
    """The messages so far: which reminder, and whom it names."""
    return [(message.reminder, message.accounts) for message in s.messages]


def stops(s: Scenario, account: str, **details: str) -> None:
    """An account stops working, and what this asks for is read."""
    s.webhook(account, relinkable(**details))
    s.perform_reads()


def hours(s: Scenario, count: int) -> list[int]:
    """After how many hours each message of the next ones is sent."""
    found: list[int] = []
    for hour in range(1, count + 1):
        before = len(s.messages)
        s.wait(HOUR)
        found += [hour] * (len(s.messages) - before)
    return found


# ── an account that was not named yet ────────────────────────────────────────


def test_P1_an_account_that_stops_after_the_prompt_is_named_in_the_next_reminder() -> None:
    s = down(RelinkPolicy(reminders=(2 * DAY, 7 * DAY)))
    stops(s, "fca_2")
    s.wait(30 * DAY)
    both = ("fca_1", "fca_2")
    assert sent(s) == [(0, ("fca_1",)), (1, both), (2, both)]


def test_P1_an_account_gets_a_new_prompt_where_no_reminder_comes() -> None:
    s = down(RelinkPolicy(reminders=(), prompt_gap=DAY))
    stops(s, "fca_2")
    assert hours(s, 48) == [24]
    assert sent(s) == [(0, ("fca_1",)), (0, ("fca_2",))]


def test_P1_a_policy_without_a_gap_prompts_at_once() -> None:
    s = down(RelinkPolicy(reminders=(), prompt_gap=0))
    stops(s, "fca_2")
    assert sent(s) == [(0, ("fca_1",)), (0, ("fca_2",))]


def test_P1_an_account_whose_day_comes_before_the_next_reminder_gets_a_new_prompt() -> None:
    s = down(RelinkPolicy(reminders=(5 * DAY,), prompt_gap=DAY))
    s.webhook("fca_2", active(deactivates_on=s.now + 3 * DAY))
    s.perform_reads()
    assert hours(s, 100) == [24]
    assert sent(s)[1:] == [(0, ("fca_2",))]


def test_P1_an_account_whose_day_comes_after_the_next_reminder_joins_it() -> None:
    s = down(RelinkPolicy(reminders=(2 * DAY,), prompt_gap=DAY))
    s.webhook("fca_2", active(deactivates_on=s.now + 3 * DAY))
    s.perform_reads()
    s.wait(30 * DAY)
    assert sent(s)[1:] == [(1, ("fca_1", "fca_2"))]


def test_P1_the_gap_never_passes_the_day_of_an_account_that_is_not_named_yet() -> None:
    s = down(RelinkPolicy(reminders=(), prompt_gap=10 * DAY))
    s.webhook("fca_2", active(deactivates_on=s.now + 12 * HOUR))
    s.perform_reads()
    assert hours(s, 48) == [12]
    assert sent(s)[1:] == [(0, ("fca_2",))]


def test_P1_a_prompt_that_waits_is_dropped_if_the_need_is_over_by_then() -> None:
    s = down(RelinkPolicy(reminders=(), prompt_gap=DAY))
    stops(s, "fca_2")
    s.wait(HOUR)
    s.webhook("fca_2", active())
    s.perform_reads()
    s.wait(30 * DAY)
    assert sent(s) == [(0, ("fca_1",))]


def test_P1_a_prompt_that_waits_names_whoever_needs_it_by_then() -> None:
    s = down(RelinkPolicy(reminders=(), prompt_gap=DAY))
    s.link("fca_3")
    stops(s, "fca_2")
    s.wait(HOUR)
    stops(s, "fca_3")
    s.wait(30 * DAY)
    assert sent(s)[1:] == [(0, ("fca_2", "fca_3"))]


def test_P1_a_new_prompt_has_its_own_reminders() -> None:
    s = down(RelinkPolicy(reminders=(2 * DAY, 7 * DAY)))
    s.wait(20 * DAY)
    stops(s, "fca_2")
    s.wait(30 * DAY)
    late = ("fca_2",)
    assert sent(s)[3:] == [(0, late), (1, late), (2, late)]


def test_P1_the_gap_holds_between_two_outages_of_one_authorization() -> None:
    s = down(RelinkPolicy(reminders=(), prompt_gap=DAY))
    s.webhook("fca_1", active())
    s.perform_reads()
    stops(s, "fca_1")
    assert hours(s, 48) == [24]
    assert [message.outage_number for message in s.messages] == [1, 2]


def test_P1_accounts_whose_numbers_lapse_in_one_report_each_are_named_once_each() -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY,)))
    for account in ("fca_1", "fca_2"):
        s.link(account, numbers=(number("transactable"),))
    for account in ("fca_1", "fca_2"):
        s.webhook(account, active(numbers=(number("expired"),)))
    s.wait(30 * DAY)
    assert sent(s) == [(0, ("fca_1",)), (1, ("fca_1", "fca_2"))]


def test_P1_needs_that_begin_at_the_same_time_are_one_message() -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    day = s.now + 30 * DAY
    for account in ("fca_1", "fca_2", "fca_3"):
        s.link(account, deactivates_on=day)
    s.wait(60 * DAY)
    assert sent(s) == [(0, ("fca_1", "fca_2", "fca_3"))]


# ── an account moves to another authorization (K8) ───────────────────────────


def test_P1_an_account_that_moves_keeps_that_it_was_named_and_its_reminders() -> None:
    """At the authorization to which it moves, another account's end is announced for later."""
    s = down(RelinkPolicy(reminders=(2 * DAY, 7 * DAY), announcement_lead=7 * DAY))
    s.link("fca_3", authorization="fcauth_2", deactivates_on=s.now + 20 * DAY)
    s.wait(DAY)
    s.webhook("fca_1", relinkable(authorization="fcauth_2"))
    s.perform_reads()
    s.wait(60 * DAY)
    one, other = ("fca_1",), ("fca_3",)
    assert sent(s)[1:] == [(1, one), (2, one), (0, other), (1, other), (2, other)]
    assert {message.outage for message in s.messages[1:]} == {"fcauth_2"}


def test_P1_an_account_that_moves_before_it_was_named_is_named_at_its_new_authorization() -> None:
    s = down(RelinkPolicy(reminders=(2 * DAY,)))
    stops(s, "fca_2")
    s.webhook("fca_2", relinkable(authorization="fcauth_2"))
    s.perform_reads()
    assert [(m.outage, m.accounts) for m in s.messages[1:]] == [("fcauth_2", ("fca_2",))]


def test_P1_an_account_that_moves_there_and_back_is_prompted_for_once() -> None:
    s = down(RelinkPolicy(reminders=(2 * DAY,), prompt_gap=0))
    for authorization in ("fcauth_2", "fcauth_1"):
        s.webhook("fca_1", relinkable(authorization=authorization))
        s.perform_reads()
    s.wait(30 * DAY)
    assert sent(s) == [(0, ("fca_1",)), (1, ("fca_1",))]


@pytest.mark.parametrize("authorization", ["fcauth_1", "fcauth_2"])
def test_P1_an_account_that_comes_back_and_stops_again_is_named_again(authorization: str) -> None:
    s = down(RelinkPolicy(reminders=(), prompt_gap=0))
    s.webhook("fca_1", active(authorization=authorization))
    s.perform_reads()
    stops(s, "fca_1", authorization=authorization)
    assert [message.outage for message in s.messages] == ["fcauth_1", authorization]
