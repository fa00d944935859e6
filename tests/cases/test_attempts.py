"""R4: which sessions count as attempts, and in which outage of an account."""

import pytest

from .starts import NEW_PERMISSIONS, down
from .story import Story, Webhook, number


def fail_times(s: Story, account: str, times: int) -> None:
    for _ in range(times):
        s.fail(s.open_session(account))


# ── what counts ──────────────────────────────────────────────────────────────


def test_R4_cancelled_sessions_of_a_healthy_account_use_up_no_attempts() -> None:
    s = Story()
    s.link("fca_1")
    for _ in range(3):
        s.cancel(s.open_session("fca_1", **NEW_PERMISSIONS))
    assert s.sent == []

    s.on_day(20)
    s.deactivate("fca_1")
    assert s.sent == ["day 20: prompt fca_1"]
    assert s.next("fca_1") == ["relink"]


def test_R4_failed_sessions_of_a_healthy_account_do_not_change_the_next_mode() -> None:
    s = Story()
    s.link("fca_1")
    for _ in range(3):
        s.fail(s.open_session("fca_1", **NEW_PERMISSIONS), "no_account")
    s.on_day(20)
    s.deactivate("fca_1")
    assert (s.next("fca_1"), s.mode("fca_1")) == (["relink"], "specific")
    assert s.requests == []


def test_R4_a_session_asked_for_while_healthy_counts_in_no_outage_however_late_it_fails() -> None:
    s = Story()
    s.link("fca_1")
    session = s.open_session("fca_1", **NEW_PERMISSIONS)
    s.deactivate("fca_1")
    s.fail(session)
    fail_times(s, "fca_1", 2)
    assert s.requests == []
    fail_times(s, "fca_1", 1)
    assert s.requests == ["day 0: request fca_1 (attempts_used_up)"]


def test_R4_a_session_counts_only_in_the_outage_in_which_it_was_asked_for() -> None:
    s = down()
    session = s.open_session("fca_1")
    s.reactivate("fca_1")
    s.on_day(0.5)
    s.deactivate("fca_1")
    s.fail(session)  # known in the second outage, and asked for in the first
    fail_times(s, "fca_1", 2)
    assert s.requests == []
    assert s.next("fca_1") == ["relink"]


def test_R4_an_attempt_that_is_known_late_counts_in_its_own_outage() -> None:
    s = down()
    fail_times(s, "fca_1", 2)
    s.fail(s.open_session("fca_1"), webhook="lost")
    s.on_day(1.5)  # the deadline has passed, so the session was read
    assert s.requests == ["day 1: request fca_1 (attempts_used_up)"]


def test_R4_three_failed_sessions_of_one_outage_are_asked_about_once() -> None:
    s = down()
    fail_times(s, "fca_1", 3)
    fail_times(s, "fca_1", 2)  # an explicit request is never refused for attempts
    s.report("fca_1")
    s.on_day(20)
    assert s.sent == ["day 0: prompt fca_1", "day 0: request fca_1 (attempts_used_up)"]
    assert s.next("fca_1") == ["request_new_payment_method"]


def test_R4_a_session_asked_for_before_an_announced_day_became_a_need_counts_in_no_outage() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=20)
    fail_times(s, "fca_1", 3)
    s.on_day(14)
    assert s.sent == ["day 13: prompt fca_1"]
    fail_times(s, "fca_1", 2)
    assert s.next("fca_1") == ["relink"]


def test_R4_a_need_that_changes_its_cause_is_one_outage() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("expired"),))
    fail_times(s, "fca_1", 2)
    s.deactivate("fca_1")
    fail_times(s, "fca_1", 1)
    assert s.requests == ["day 0: request fca_1 (attempts_used_up)"]
    assert s.messages == ["day 0: prompt fca_1"]


def test_R4_a_session_that_outlives_its_outage_counts_in_no_other() -> None:
    s = down()
    session = s.open_session("fca_1")
    s.close("fca_1")
    s.on_day(0.5)
    s.deactivate("fca_1")
    s.fail(session)
    fail_times(s, "fca_1", 2)
    assert s.next("fca_1") == ["relink"]


def test_R4_a_given_up_account_gets_no_reminder() -> None:
    s = down()
    s.on_day(1)
    fail_times(s, "fca_1", 3)
    s.on_day(30)
    assert s.sent == ["day 0: prompt fca_1", "day 1: request fca_1 (attempts_used_up)"]


def test_R4_attempts_of_one_account_are_not_those_of_its_sibling() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1", "fca_2")
    s.on_day(3)
    fail_times(s, "fca_1", 3)
    s.on_day(20)
    assert s.next("fca_2") == ["relink"]
    assert s.messages[-1] == "day 7: reminder 2 fca_2"


# ── what ends an outage ──────────────────────────────────────────────────────


def test_R4_an_unrepairable_time_ends_the_outage_and_its_attempts() -> None:
    s = down()
    fail_times(s, "fca_1", 2)
    s.close("fca_1")
    s.on_day(1.5)
    s.deactivate("fca_1")
    assert s.sent == [
        "day 0: prompt fca_1",
        "day 0: request fca_1 (account_closed)",
        "day 1: prompt fca_1",
    ]
    fail_times(s, "fca_1", 2)
    assert s.next("fca_1") == ["relink"]
    fail_times(s, "fca_1", 1)
    assert s.next("fca_1") == ["request_new_payment_method"]


def test_R4_a_repair_without_a_session_of_ours_ends_the_outage_and_its_attempts() -> None:
    s = down()
    fail_times(s, "fca_1", 3)
    s.on_day(3)
    s.reactivate("fca_1")
    s.on_day(6)
    s.deactivate("fca_1")
    assert s.messages == ["day 0: prompt fca_1", "day 6: prompt fca_1"]
    fail_times(s, "fca_1", 2)
    assert s.next("fca_1") == ["relink"]


def test_R4_the_next_outage_begins_with_the_specific_mode() -> None:
    s = down()
    s.fail(s.open_session("fca_1"), "no_account")
    assert s.mode("fca_1") == "any_eligible"
    s.close("fca_1")
    s.on_day(2)
    s.deactivate("fca_1")
    assert s.mode("fca_1") == "specific"


def test_R4_a_number_that_lapses_again_has_all_its_attempts() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("expired"),))
    fail_times(s, "fca_1", 2)
    s.renumber("fca_1", number("transactable"))
    s.on_day(3)
    s.renumber("fca_1", number("expired"))
    fail_times(s, "fca_1", 2)
    assert s.requests == []
    assert s.next("fca_1") == ["relink"]
    assert s.messages == ["day 0: prompt fca_1", "day 3: prompt fca_1"]


def test_R4_a_replaced_account_that_comes_back_and_stops_has_all_its_attempts() -> None:
    s = down()
    fail_times(s, "fca_1", 2)
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.on_day(3)
    s.reactivate("fca_1")
    s.on_day(6)
    s.deactivate("fca_1")
    fail_times(s, "fca_1", 2)
    assert s.next("fca_1") == ["relink"]
    assert s.messages == ["day 0: prompt fca_1", "day 6: prompt fca_1"]


def test_R4_retiring_ends_the_outage_and_its_attempts() -> None:
    s = down()
    fail_times(s, "fca_1", 2)
    s.retire("fca_1")
    s.on_day(3)
    s.resume("fca_1")
    fail_times(s, "fca_1", 2)
    assert s.requests == []
    assert s.next("fca_1") == ["relink"]


@pytest.mark.parametrize("webhook", ["ga", "thin"])
def test_R4_a_suspension_ends_no_outage(webhook: Webhook) -> None:
    s = down()
    fail_times(s, "fca_1", 2)
    s.held = True
    s.deactivate("fca_1", webhook=webhook)
    s.on_day(1)
    s.release()
    fail_times(s, "fca_1", 1)
    assert s.requests == ["day 1: request fca_1 (attempts_used_up)"]
    assert s.messages == ["day 0: prompt fca_1"]
