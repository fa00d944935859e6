"""K9: everything that one report says is taken in before anybody is told."""

import pytest

from .starts import NEW_PERMISSIONS, down
from .story import Story, number


def test_K9_a_result_that_is_the_first_to_say_that_the_number_lapsed_prompts_once() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    session = s.open_session("fca_1", **NEW_PERMISSIONS)
    s.renumber("fca_1", number("expired"), webhook="lost")
    s.end(session, "succeeded", accounts=["fca_1"], relinked="fca_1")
    assert s.messages == ["day 0: prompt fca_1"]


def test_K9_a_result_that_is_the_first_to_say_that_the_account_stopped_prompts_once() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    session = s.open_session("fca_1", **NEW_PERMISSIONS)
    s.renumber("fca_1", number("expired"), webhook="lost")
    s.deactivate("fca_1", webhook="lost")
    s.cancel(session)
    s.on_day(1)
    assert s.messages == ["day 0: prompt fca_1"]


@pytest.mark.parametrize("lapsed_before", [True, False])
def test_K9_a_session_that_still_shows_the_old_number_makes_no_message(lapsed_before: bool) -> None:
    s = Story(pause=0)
    s.link("fca_1", numbers=(number("expired" if lapsed_before else "transactable"),))
    s.deactivate("fca_1")
    s.wait(60)
    session = s.open_session("fca_1")
    s.wait(3600)
    s.renumber("fca_1", number("expired"), webhook="lost")
    s.reactivate("fca_1")
    old = s.stripe.show("fca_1") | {"status_details": {}}
    s.renumber("fca_1", number("transactable"), webhook="lost")
    s.end(session, "succeeded", accounts=[old], relinked="fca_1")
    s.wait(2)
    s.on_day(30)
    assert s.messages == ["day 0: prompt fca_1"]
    assert s.state("fca_1") == "active"
    assert s.charge("fca_1")


def test_K9_an_account_that_stops_with_a_lapsed_number_is_prompted_for_once() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    s.renumber("fca_1", number("expired"), webhook="lost")
    s.deactivate("fca_1")
    s.on_day(1)
    assert s.messages == ["day 0: prompt fca_1"]


def test_K9_a_report_that_is_active_with_a_fresh_number_prompts_nobody() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    s.renumber("fca_1", number("expired"), webhook="late")
    s.renumber("fca_1", number("transactable"), webhook="lost")
    s.report("fca_1")
    s.arrive_late()
    s.on_day(1)
    assert s.sent == []


def test_K9_an_announcement_that_ends_in_the_report_that_tells_of_a_lapsed_number() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    s.announce("fca_1", on=5)
    s.on_day(1)
    s.renumber("fca_1", number("expired"), webhook="lost")
    s.withdraw("fca_1")
    s.on_day(5)
    assert s.messages == ["day 0: prompt fca_1", "day 2: reminder 1 fca_1"]


# ── reads that are due ───────────────────────────────────────────────────────


def test_K9_nobody_is_prompted_while_a_read_of_the_account_is_due() -> None:
    s = Story()
    s.link("fca_1")
    s.held = True
    s.refresh("fca_1")
    s.deactivate("fca_1")
    s.reactivate("fca_1", webhook="lost")
    assert s.messages == []
    s.release()
    s.on_day(20)
    assert s.messages == []


def test_K9_nobody_is_asked_for_another_payment_method_while_a_read_is_due() -> None:
    s = Story()
    s.link("fca_1")
    s.held = True
    s.refresh("fca_1")
    s.close("fca_1")
    s.reactivate("fca_1", webhook="lost")
    s.release()
    s.on_day(20)
    assert s.sent == []


def test_K9_what_is_known_decides_after_ten_minutes() -> None:
    s = Story()
    s.link("fca_1")
    s.held = True
    s.refresh("fca_1")
    s.deactivate("fca_1")
    s.wait(400)
    assert s.messages == []
    s.wait(400)
    assert s.messages == ["day 0: prompt fca_1"]


def test_K9_what_is_known_decides_when_the_read_fails_for_good() -> None:
    s = Story()
    s.link("fca_1")
    s.held = True
    s.refresh("fca_1")
    s.deactivate("fca_1")
    s.vanish("fca_1")
    s.release()
    assert s.messages == ["day 0: prompt fca_1"]


def test_K9_a_prompt_waits_for_the_read_of_another_account_of_the_same_authorization() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.held = True
    s.deactivate("fca_2", webhook="thin")
    s.deactivate("fca_1")
    assert s.messages == []
    s.release()
    assert s.messages == ["day 0: prompt fca_1, fca_2"]


def test_K9_a_prompt_does_not_wait_for_the_read_of_an_account_of_another_authorization() -> None:
    s = Story()
    s.link("fca_1", authorization="fcauth_1")
    s.link("fca_2", authorization="fcauth_2")
    s.held = True
    s.refresh("fca_2")
    s.deactivate("fca_1")
    assert s.messages == ["day 0: prompt fca_1"]


def test_K9_a_prompt_does_not_wait_for_the_read_of_an_account_of_another_holder() -> None:
    s = Story()
    s.link("fca_1")
    s.link("fca_2", authorization=None, holder="cus_2", webhook="ga")
    s.held = True
    s.refresh("fca_2")
    s.deactivate("fca_1")
    assert s.messages == ["day 0: prompt fca_1"]


def test_K4_two_reports_of_one_second_prompt_nobody_if_the_answer_is_active() -> None:
    s = Story(pause=0)
    s.link("fca_1")
    s.deactivate("fca_1")
    s.reactivate("fca_1", webhook="lost")
    s.on_day(20)
    assert s.messages == []
    assert s.state("fca_1") == "active"


def works_again_by_a_late_read(s: Story) -> None:
    """``fca_1`` works again. Only a read tells, which is due now and answered minutes later."""
    s.held = True
    s.refresh("fca_1")
    s.reactivate("fca_1", webhook="lost")
    s.wait(300)
    s.release()


def test_K9_a_reminder_waits_for_a_read_that_is_due() -> None:
    s = down()
    s.on_day(1.999)
    works_again_by_a_late_read(s)
    s.on_day(20)
    assert s.messages == ["day 0: prompt fca_1"]


def test_K9_a_prompt_that_waited_for_the_gap_waits_for_a_read_that_is_due() -> None:
    s = down()
    s.reactivate("fca_1")
    s.on_day(0.5)
    s.deactivate("fca_1")
    s.on_day(0.999)
    works_again_by_a_late_read(s)
    s.on_day(4)
    assert s.messages == ["day 0: prompt fca_1"]


def test_K9_a_prompt_for_an_announcement_waits_for_the_read_of_the_authorization() -> None:
    s = Story(shape="ga")
    s.link("fca_1", authorization=None)
    s.link("fca_2", authorization="fcauth_1", webhook="preview")
    s.close("fca_2", webhook="preview")
    s.announce("fcauth_1")  # a need of nobody yet
    s.move("fca_1", to="fcauth_1", webhook="lost")
    s.withdraw("fcauth_1", webhook="lost")
    s.on_day(1)
    s.held = True
    s.refresh("fca_1")
    s.refresh("fcauth_1")
    s.release()
    assert s.messages == []


def test_R5_siblings_that_come_back_with_a_relink_are_not_prompted_for() -> None:
    s = Story()
    s.link("fca_1", "fca_2", "fca_3")
    s.expire("fcauth_1")
    s.on_day(1)
    session = s.open_session("fca_1")
    s.reactivate("fca_2", "fca_3", webhook="lost")
    s.relink(session)
    assert [s.state(f"fca_{n}") for n in (1, 2, 3)] == ["active"] * 3
    s.on_day(20)
    assert s.messages == ["day 0: prompt fca_1"]


def test_R5_siblings_that_stay_down_are_reminded_of() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.expire("fcauth_1")
    s.on_day(3)
    s.relink(s.open_session("fca_1"))
    s.on_day(20)
    assert s.messages[-1] == "day 7: reminder 2 fca_2"
