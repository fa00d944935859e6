"""P1 to P3: whose need a message is for, and who is named in it."""

import pytest

from relink.machines import RelinkPolicy

from .story import DAY, Story, number

# ── announcements ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("old_authorization", ["is gone", "still has its day"])
@pytest.mark.parametrize("first", ["fca_1", "fcauth_1"])
def test_P3_a_relink_that_moves_the_account_ends_both_announcements(
    old_authorization: str, first: str
) -> None:
    s = Story()
    s.link("fca_1")
    for name in sorted(["fca_1", "fcauth_1"], key=lambda name: name != first):
        s.announce(name, on=5)
    session = s.open_session("fca_1")
    if old_authorization == "is gone":
        s.vanish("fcauth_1")
    s.relink(session, to="fcauth_2")
    s.on_day(40)
    assert s.sent == ["day 0: prompt fca_1"]


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("how", ["closed", "disconnected", "retired"])
def test_P3_an_announcement_of_an_authorization_is_no_need_of_a_lost_account(
    how: str, order: str
) -> None:
    s = Story()
    s.link("fca_1")
    if order == "after":
        s.announce("fcauth_1", on=20)
    match how:
        case "closed":
            s.close("fca_1")
        case "disconnected":
            s.disconnect("fca_1")
        case "retired":
            s.retire("fca_1")
    if order == "before":
        s.announce("fcauth_1", on=5)
    s.on_day(40)
    assert s.messages == []


def test_P3_an_announcement_of_an_authorization_is_no_need_of_a_replaced_account() -> None:
    s = Story()
    s.link("fca_1")
    s.deactivate("fca_1")
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.announce("fcauth_1", on=5)
    s.on_day(40)
    assert s.messages == ["day 0: prompt fca_1"]


def test_P3_an_announcement_of_an_authorization_names_only_the_accounts_it_is_a_need_of() -> None:
    s = Story()
    s.link("fca_1", "fca_2", "fca_3")
    s.close("fca_1")
    s.deactivate("fca_3")
    s.on_day(3)
    s.announce("fcauth_1", on=30)
    s.on_day(24)
    assert s.days_naming("fca_1") == []
    assert s.days_naming("fca_2") == [23]


@pytest.mark.parametrize("announced", ["fcauth_1", "fca_1 and fca_2"])
def test_P1_accounts_whose_day_comes_together_are_named_in_one_prompt(announced: str) -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    for name in announced.split(" and "):
        s.announce(name, on=20)
    s.on_day(14)
    assert s.messages == ["day 13: prompt fca_1, fca_2"]


@pytest.mark.parametrize("how", ["linked", "moved"])
def test_P3_an_account_that_comes_under_an_announced_authorization_is_named_too(how: str) -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fcauth_1", on=20)
    s.on_day(5)
    s.link("fca_2", authorization="fcauth_1" if how == "linked" else "fcauth_2")
    s.move("fca_2", to="fcauth_1")
    s.on_day(14)
    assert s.messages == ["day 13: prompt fca_1, fca_2"]


def test_P3_an_account_that_comes_under_a_prompted_announcement_is_named_in_the_reminder() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fcauth_1", on=20)
    s.on_day(14)
    s.link("fca_2")
    s.on_day(19)
    assert s.days_naming("fca_2") == [15]


def test_P3_an_account_that_leaves_an_announced_authorization_has_no_need_of_it() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fcauth_1", on=20)
    s.move("fca_1", to="fcauth_2")
    s.on_day(40)
    assert s.sent == []


def test_P3_an_authorizations_announcement_waits_for_its_account() -> None:
    s = Story()
    s.link("fca_1")
    s.close("fca_1")
    s.announce("fcauth_1", on=20)
    s.on_day(15)
    s.reactivate("fca_1")  # within the lead of the announcement
    assert s.messages == ["day 15: prompt fca_1"]


def test_R4_a_given_up_account_gets_no_message_about_its_announcement() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fcauth_1", on=5)
    for _ in range(3):
        s.fail(s.open_session("fca_1"))
    s.on_day(5)
    s.expire("fcauth_1")
    s.on_day(40)
    assert s.sent == ["day 0: prompt fca_1", "day 0: request fca_1 (attempts_used_up)"]


@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
def test_P3_an_announcement_with_the_action_none_prompts_nobody(name: str) -> None:
    s = Story()
    s.link("fca_1")
    s.announce(name, on=5, action="none")
    s.on_day(20)
    assert s.sent == []


# ── who is named ─────────────────────────────────────────────────────────────


def test_P1_an_account_that_moves_keeps_its_reminders_and_both_are_named() -> None:
    s = Story()
    s.link("fca_1", authorization="fcauth_1")
    s.link("fca_2", authorization="fcauth_2")
    s.announce("fca_2", on=20)
    s.deactivate("fca_1")
    s.on_day(1)
    s.move("fca_1", to="fcauth_2")
    s.on_day(12)
    assert s.messages == [
        "day 0: prompt fca_1",
        "day 2: reminder 1 fca_1",
        "day 7: reminder 2 fca_1",
    ]
    s.on_day(14)
    assert s.days_naming("fca_2") == [13]


def test_P1_an_account_that_moves_to_an_outage_is_not_prompted_for_again() -> None:
    s = Story()
    s.link("fca_1", authorization="fcauth_1")
    s.link("fca_2", authorization="fcauth_2")
    s.deactivate("fca_1", "fca_2")
    s.on_day(1)
    s.move("fca_1", to="fcauth_2")
    s.on_day(20)
    assert s.days_naming("fca_1") == [0, 2, 7]
    assert s.days_naming("fca_2") == [0, 2, 7]


def test_P1_a_later_account_is_named_in_the_next_reminder() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1")
    s.on_day(1)
    s.deactivate("fca_2")
    s.on_day(20)
    assert s.messages == [
        "day 0: prompt fca_1",
        "day 2: reminder 1 fca_1, fca_2",
        "day 7: reminder 2 fca_1, fca_2",
    ]


def test_P1_an_account_after_the_last_reminder_gets_a_prompt_with_its_own_reminders() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1")
    s.on_day(10)
    s.deactivate("fca_2")
    s.on_day(30)
    assert s.days_naming("fca_2") == [10, 12, 17]


def test_P1_an_account_whose_day_comes_before_the_next_reminder_gets_a_prompt() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1")
    s.on_day(3)
    s.announce("fca_2", on=5)  # the next reminder would be sent on day 7
    s.on_day(4.9)
    assert s.days_naming("fca_2") == [3]


def test_P1_a_prompt_waits_for_the_gap_and_is_dropped_if_the_need_is_over_by_then() -> None:
    s = Story()
    s.link("fca_1")
    for _ in range(3):
        s.deactivate("fca_1")
        s.wait(3600)
        s.reactivate("fca_1")
    s.on_day(3)
    assert s.messages == ["day 0: prompt fca_1"]


def test_P1_a_prompt_waits_for_the_gap_and_is_sent_if_the_need_is_still_there() -> None:
    s = Story()
    s.link("fca_1")
    s.deactivate("fca_1")
    s.reactivate("fca_1")
    s.on_day(0.5)
    s.deactivate("fca_1")
    s.on_day(1.5)
    assert s.messages == ["day 0: prompt fca_1", "day 1: prompt fca_1"]


def test_P1_the_gap_never_passes_the_day_of_an_account_that_is_not_named_yet() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1")
    s.reactivate("fca_1")
    s.announce("fca_2", on=0.5)
    s.on_day(0.5)
    assert s.days_naming("fca_2") == [0]


def test_P1_a_policy_without_a_gap_prompts_for_each_outage_at_once() -> None:
    s = Story(RelinkPolicy(prompt_gap=0))
    s.link("fca_1")
    for _ in range(2):
        s.deactivate("fca_1")
        s.reactivate("fca_1")
    assert s.messages == ["day 0: prompt fca_1"] * 2


def test_P1_an_account_that_was_repaired_is_named_no_more() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1", "fca_2")
    s.on_day(3)
    s.reactivate("fca_1")
    s.on_day(20)
    assert s.messages[1:] == ["day 2: reminder 1 fca_1, fca_2", "day 7: reminder 2 fca_2"]


def test_P1_an_account_beside_one_that_was_repaired_is_named_all_the_same() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1")
    s.deactivate("fca_2")  # after the prompt, so it waits for the reminder
    s.on_day(0.5)
    s.reactivate("fca_1")
    s.on_day(3)
    assert s.days_naming("fca_1") == [0]
    assert s.days_naming("fca_2") != []


def test_P1_the_gap_is_that_of_the_authorization_whichever_account_is_named() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1")
    s.reactivate("fca_1")
    s.on_day(0.3)
    s.deactivate("fca_2")
    s.on_day(0.9)
    assert s.messages == ["day 0: prompt fca_1"]
    s.on_day(1.5)
    assert s.messages == ["day 0: prompt fca_1", "day 1: prompt fca_2"]


def test_P1_accounts_of_two_authorizations_are_two_messages() -> None:
    s = Story()
    s.link("fca_1", authorization="fcauth_1")
    s.link("fca_2", authorization="fcauth_2")
    s.deactivate("fca_1", "fca_2")
    assert s.messages == ["day 0: prompt fca_1", "day 0: prompt fca_2"]


# ── revoked access ───────────────────────────────────────────────────────────


def test_P2_an_account_beside_one_whose_access_was_revoked_is_prompted_and_reminded() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1", cause="access_denied")
    s.on_day(1.5)
    s.deactivate("fca_2")
    s.on_day(30)
    assert s.days_naming("fca_2") == [1, 3, 8]
    assert s.days_naming("fca_1")[0] == 0


def test_P2_an_account_whose_sibling_loses_access_later_is_prompted_and_reminded() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_2")
    s.on_day(1)
    s.deactivate("fca_1", cause="access_denied")
    s.on_day(30)
    assert s.days_naming("fca_2") == [0, 2, 7]
    assert s.days_naming("fca_1") != []


def test_P2_a_customer_who_revoked_access_to_all_accounts_gets_no_reminders() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1", "fca_2", cause="access_denied")
    s.on_day(30)
    assert s.days_naming("fca_1") == [0]
    assert len(s.days_naming("fca_2")) == 1


def test_P2_a_revoked_account_alone_is_not_reminded_of_after_its_sibling_is_repaired() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1", cause="access_denied")
    s.on_day(1.5)
    s.deactivate("fca_2")
    s.on_day(2)
    s.reactivate("fca_2")
    s.on_day(30)
    assert s.days_naming("fca_2") == [1]


# ── nobody is named ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("then", ["close", "disconnect", "reactivate"])
def test_P2_a_need_that_ends_before_the_reminder_is_not_reminded_of(then: str) -> None:
    s = Story()
    s.link("fca_1")
    s.deactivate("fca_1")
    s.on_day(1)
    getattr(s, then)("fca_1")
    s.on_day(20)
    assert s.messages == ["day 0: prompt fca_1"]


def test_P2_stripes_mail_before_the_outage_is_its_prompt() -> None:
    s = Story(RelinkPolicy(session_open_for=30 * DAY))
    s.link("fca_1")
    s.announce("fca_1", on=20)
    s.on_day(12)
    session = s.open_session("fca_1", delivery="email")
    s.on_day(13.5)
    assert s.messages == []
    s.cancel(session)
    s.on_day(19.9)
    assert s.messages == ["day 14: reminder 1 fca_1", "day 19: reminder 2 fca_1"]


def test_P2_an_active_account_without_an_authorization_gets_no_message_for_its_number() -> None:
    s = Story()
    s.link("fca_1", authorization=None, numbers=(number("expired"),))
    s.on_day(20)
    assert s.messages == []
    assert s.requests == ["day 0: request fca_1 (no_authorization)"]
