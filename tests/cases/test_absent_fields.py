"""K5: what a field says that Stripe leaves out, in complete objects and in others."""

import pytest

from .starts import down, replaced_while_down
from .story import Shape, Story, number

# ── endpoints of a GA version ────────────────────────────────────────────────


def test_K5_two_lapsed_numbers_without_an_authorization_are_read_and_become_one_message() -> None:
    s = Story(shape="ga")
    s.link("fca_1", "fca_2")
    s.held = True
    s.renumber("fca_1", number("expired"))
    s.renumber("fca_2", number("expired"))
    assert s.sent == []
    s.release()
    assert s.sent == ["day 0: prompt fca_1, fca_2"]
    assert s.next("fca_1") == s.next("fca_2") == ["relink"]
    s.on_day(30)
    assert s.requests == []


def test_K5_lapsed_numbers_one_after_the_other_ask_for_a_relink_and_for_nothing_else() -> None:
    s = Story(shape="ga")
    s.link("fca_1", "fca_2")
    s.renumber("fca_1", number("expired"))
    s.renumber("fca_2", number("expired"))
    s.on_day(30)
    assert s.requests == []
    assert s.days_naming("fca_1") == [0, 2, 7]
    assert s.days_naming("fca_2") == [2, 7]


@pytest.mark.parametrize("shape", ["ga", "thin"])
def test_C4_three_webhooks_about_a_closed_account_ask_once_for_another_payment_method(
    shape: Shape,
) -> None:
    s = Story(shape=shape)
    s.link("fca_1")
    s.close("fca_1")
    s.report("fca_1", "fca_1")
    s.on_day(1)
    s.report("fca_1")
    assert s.sent == ["day 0: request fca_1 (account_closed)"]


def test_C4_provisional_reports_in_a_row_ask_once_for_another_payment_method() -> None:
    s = Story(shape="ga")
    s.link("fca_1")
    s.held = True
    s.close("fca_1")
    s.report("fca_1", "fca_1")
    s.on_day(2)
    assert s.sent == []  # suspended, however long the answer takes
    s.release()
    assert s.sent == ["day 2: request fca_1 (account_closed)"]


def test_C4_an_account_that_is_closed_twice_is_asked_about_twice() -> None:
    s = Story()
    s.link("fca_1")
    for _ in range(2):
        s.close("fca_1")
        s.on_day(s.today + 1)
        s.reactivate("fca_1")
    assert len(s.requests) == 2


def test_K5_an_inactive_ga_account_waits_for_the_answer_before_anybody_is_told() -> None:
    s = Story(shape="ga")
    s.link("fca_1")
    s.held = True
    s.deactivate("fca_1")
    assert s.state("fca_1") == "inactive_unrepairable"
    assert s.sent == []
    s.on_day(1)
    assert s.sent == []
    s.release()
    assert s.state("fca_1") == "inactive_relinkable"
    assert s.sent == ["day 1: prompt fca_1"]


def test_K5_a_message_that_comes_due_during_the_suspension_follows_the_answer() -> None:
    s = down()
    s.on_day(1)
    s.held = True
    s.deactivate("fca_1", webhook="ga")
    s.on_day(3)
    assert s.messages == ["day 0: prompt fca_1"]
    s.release()
    assert s.messages == ["day 0: prompt fca_1", "day 3: reminder 1 fca_1"]


def test_K5_a_ga_report_takes_no_announcement_back() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=20)
    s.on_day(1)
    s.stripe.objects["fca_1"]["status_details"] = {}
    s.report("fca_1", webhook="ga")
    s.on_day(14)
    assert s.messages == ["day 13: prompt fca_1"]


def test_K3_a_late_complete_report_still_tells_what_a_newer_ga_report_left_out() -> None:
    s = Story()
    s.link("fca_1", webhook="ga")
    s.report("fca_1", webhook="late")
    s.on_day(1)
    s.report("fca_1", webhook="ga")
    s.arrive_late()
    s.held = True
    s.renumber("fca_1", number("expired"), webhook="ga")
    assert s.messages == ["day 1: prompt fca_1"]  # the authorization is known, so nothing is read


# ── complete objects ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("empty_details", [False, True])
@pytest.mark.parametrize("how", ["read", "webhook"])
def test_K5_a_complete_object_without_status_details_takes_an_announcement_back(
    how: str, empty_details: bool
) -> None:
    s = Story()
    s.stripe.empty_details = empty_details
    s.link("fca_1", "fca_2")
    for name in ("fcauth_1", "fca_1", "fca_2"):
        s.announce(name, on=20)
    s.on_day(1)
    s.relink(s.open_session("fca_1"))
    s.stripe.objects["fca_2"]["status_details"] = {}
    if how == "read":
        s.refresh("fca_2")
    else:
        s.report("fca_2")
    s.on_day(40)
    assert s.sent == []


def test_K5_the_repaired_authorization_alone_leaves_the_announcement_of_the_account() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    for name in ("fcauth_1", "fca_1", "fca_2"):
        s.announce(name, on=20)
    s.on_day(1)
    s.relink(s.open_session("fca_1"))
    s.on_day(14)
    assert s.messages == ["day 13: prompt fca_2"]


def test_K5_a_complete_object_without_an_authorization_offers_no_relink() -> None:
    s = Story()
    s.link("fca_1")
    s.move("fca_1", to=None)
    s.on_day(1)
    s.deactivate("fca_1")
    assert s.sent == ["day 1: request fca_1 (no_authorization)"]
    assert s.next("fca_1") == ["request_new_payment_method"]
    assert s.ask("fca_1") is None
    assert s.refusal == "no_authorization"


def test_K5_an_account_that_loses_its_authorization_while_it_is_down_gets_no_reminder() -> None:
    s = down()
    s.on_day(1)
    s.move("fca_1", to=None)
    s.on_day(20)
    assert s.messages == ["day 0: prompt fca_1"]
    assert s.requests == ["day 1: request fca_1 (no_authorization)"]


def test_K5_a_lapsed_number_without_an_authorization_asks_for_another_payment_method() -> None:
    s = Story()
    s.link("fca_1", authorization=None)
    s.renumber("fca_1", number("expired"))
    assert s.sent == ["day 0: request fca_1 (no_authorization)"]
    assert s.next("fca_1") == ["request_new_payment_method"]


@pytest.mark.parametrize("announced", [5, 20])
def test_K5_inactive_without_an_action_in_the_answer_too_is_unrepairable(announced: int) -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=announced)
    before = list(s.messages)
    s.on_day(1)
    s.deactivate("fca_1", action=None)
    assert s.state("fca_1") == "inactive_unrepairable"
    assert s.ask("fca_1") is None
    s.on_day(40)
    assert s.messages == before


def test_K5_inactive_without_details_in_the_answer_too_is_unrepairable() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fcauth_1", on=5)
    s.on_day(1)
    s.deactivate("fca_1", action=None, cause=None)
    s.on_day(40)
    assert s.state("fca_1") == "inactive_unrepairable"
    assert s.messages == ["day 0: prompt fca_1"]


def test_K5_an_open_answer_is_followed_by_one_that_says_more() -> None:
    s = Story()
    s.link("fca_1")
    s.deactivate("fca_1", action=None)
    s.on_day(1)
    s.deactivate("fca_1")
    assert s.state("fca_1") == "inactive_relinkable"
    assert s.messages == ["day 1: prompt fca_1"]


def test_K5_an_unknown_status_changes_nothing_and_is_reported_once() -> None:
    s = Story()
    s.link("fca_1")
    s.stripe.objects["fca_1"]["status"] = "dormant"
    s.report("fca_1", "fca_1")
    assert s.state("fca_1") == "active"
    assert s.charge("fca_1")
    assert s.anomalies == ["fca_1: unknown_status"]


# ── all shapes ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shape", ["preview", "ga", "thin"])
def test_K5_endpoints_of_every_shape_end_alike(shape: Shape) -> None:
    s = Story(shape=shape)
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1", "fca_2")
    s.relink(s.open_session("fca_1"))
    s.reactivate("fca_2")
    s.on_day(5)
    s.close("fca_2")
    s.announce("fca_1", on=20)
    s.on_day(14)
    assert (s.state("fca_1"), s.state("fca_2")) == ("active", "inactive_unrepairable")
    assert s.requests == ["day 5: request fca_2 (account_closed)"]
    assert s.messages[-1] == "day 13: prompt fca_1"


@pytest.mark.parametrize("shape", ["preview", "ga", "thin"])
def test_K5_a_new_account_is_built_on_with_endpoints_of_every_shape(shape: Shape) -> None:
    s = replaced_while_down(shape=shape)
    assert s.next("fca_2") == ["collect_mandate"]
    assert s.charge("fca_2")
    assert s.sent == ["day 0: prompt fca_1"]


def test_K5_an_account_that_comes_under_an_authorization_can_be_relinked() -> None:
    s = Story()
    s.link("fca_1", authorization=None)
    s.deactivate("fca_1")
    s.on_day(1)
    s.move("fca_1", to="fcauth_1")
    assert s.sent == ["day 0: request fca_1 (no_authorization)", "day 1: prompt fca_1"]
    assert s.next("fca_1") == ["relink"]


def test_K5_a_suspension_whose_read_fails_for_good_tells_nobody() -> None:
    s = Story(shape="ga")
    s.link("fca_1")
    s.held = True
    s.deactivate("fca_1")
    s.vanish("fca_1")
    s.release()
    s.on_day(20)
    assert s.sent == []
