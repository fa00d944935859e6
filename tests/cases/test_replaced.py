"""S6: an account that the customer replaced by a new one."""

from itertools import permutations

import pytest

from .starts import down, replaced_while_down
from .story import Story, Webhook, number

# ── replaced while it worked ─────────────────────────────────────────────────


def test_S6_an_account_with_a_lapsed_number_stays_replaced_when_it_is_read_as_active() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("expired"),))
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.refresh("fca_1")
    s.on_day(30)
    assert s.state("fca_1") == "new_account_linked"
    assert s.facts("fca_1").replaced_by == "fca_2"
    assert s.messages == ["day 0: prompt fca_1"]


@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
def test_S6_an_account_whose_end_was_announced_stays_replaced_when_its_end_comes(name: str) -> None:
    s = Story()
    s.link("fca_1")
    s.announce(name, on=5)
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.report("fca_1")
    assert s.state("fca_1") == "new_account_linked"
    assert s.charge("fca_1")
    s.on_day(5)
    s.deactivate("fca_1")
    s.on_day(40)
    assert s.state("fca_1") == "new_account_linked"
    assert s.messages == ["day 0: prompt fca_1"]
    assert not s.charge("fca_1")


def test_S6_an_account_replaced_while_it_worked_comes_back_once_it_stopped_and_works() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=5)
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.on_day(5)
    s.deactivate("fca_1")
    s.on_day(6)
    s.reactivate("fca_1")
    assert s.state("fca_1") == "active"


def test_S6_a_replaced_account_is_not_relinked() -> None:
    s = replaced_while_down()
    assert s.ask("fca_1") is None
    assert s.ask("fca_1", mode="any_eligible") is None
    assert s.next("fca_1") == []


def test_S6_a_closed_replaced_account_asks_for_nothing() -> None:
    s = replaced_while_down()
    s.on_day(1)
    s.close("fca_1")
    s.on_day(30)
    assert s.state("fca_1") == "new_account_linked"
    assert s.sent == ["day 0: prompt fca_1"]


# ── sessions from before ─────────────────────────────────────────────────────


def replaced_by_a_second_session() -> tuple[Story, str]:
    """An account that was replaced while it was down; and an earlier session, still pending."""
    s = down()
    first = s.open_session("fca_1")
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    return s, first


def test_S6_the_late_success_of_an_earlier_session_does_not_undo_the_replacement() -> None:
    s, first = replaced_by_a_second_session()
    s.on_day(1)
    s.end(first, "succeeded", accounts=["fca_1"], relinked="fca_1", webhook="lost")
    s.read_result(first)  # and the account is still down at Stripe
    assert s.state("fca_1") == "new_account_linked"
    s.on_day(30)
    assert s.messages == ["day 0: prompt fca_1"]


def test_S6_the_late_result_of_an_earlier_session_and_an_active_account_bring_it_back() -> None:
    s, first = replaced_by_a_second_session()
    s.on_day(0.5)
    s.relink(first)
    assert s.state("fca_1") == "active"


@pytest.mark.parametrize("webhook", ["preview", "thin"])
def test_S6_a_late_replacement_by_an_abandoned_session_applies(webhook: Webhook) -> None:
    s = down()
    session = s.open_session("fca_1", mode="any_eligible")
    s.on_day(1.5)
    assert s.state(session) == "abandoned"
    s.link_instead(session, "fca_2", "fcauth_2", webhook=webhook)
    assert s.state("fca_1") == "new_account_linked"
    s.on_day(30)
    assert s.messages == ["day 0: prompt fca_1"]


# ── it comes back ────────────────────────────────────────────────────────────


def test_S6_an_account_replaced_while_down_comes_back_with_an_active_report() -> None:
    s = replaced_while_down()
    s.on_day(1)
    s.reactivate("fca_1")
    assert s.state("fca_1") == "active"
    s.on_day(3)
    s.deactivate("fca_1")
    assert s.messages == ["day 0: prompt fca_1", "day 3: prompt fca_1"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_S6_late_reports_bring_it_back_in_either_order(order: tuple[int, int]) -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=5)
    session = s.open_session("fca_1", mode="any_eligible")
    s.deactivate("fca_1", webhook="late")  # before it was replaced
    s.link_instead(session, "fca_2", "fcauth_2")
    s.held = True
    s.reactivate("fca_1", webhook="late")  # and after it
    s.arrive_late(order)
    s.release()
    assert s.state("fca_1") == "active"


def test_S6_an_active_report_from_before_the_outage_brings_nothing_back() -> None:
    s = Story()
    s.link("fca_1")
    s.report("fca_1", webhook="late")
    s.deactivate("fca_1")
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.arrive_late()
    assert s.state("fca_1") == "new_account_linked"


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_S6_outage_replacement_and_return_end_alike_in_any_order(order: tuple[int, ...]) -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=5)
    session = s.open_session("fca_1", mode="any_eligible")
    s.link("fca_2", authorization="fcauth_2")
    s.held = True
    s.deactivate("fca_1", webhook="late")
    s.end(session, "succeeded", accounts=["fca_2"], webhook="late")
    s.reactivate("fca_1", webhook="late")
    s.arrive_late(order)
    s.release()
    assert s.state("fca_1") == "active"


@pytest.mark.parametrize("order", [*permutations(range(2))])
def test_S6_a_stop_and_a_return_after_the_replacement_end_alike(order: tuple[int, ...]) -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=5)
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    s.on_day(5)
    s.deactivate("fca_1", webhook="late")
    s.reactivate("fca_1", webhook="late")
    s.arrive_late(order)
    assert s.state("fca_1") == "active"


def test_S6_the_same_result_read_again_does_not_replace_an_account_that_came_back() -> None:
    s = down()
    session = s.open_session("fca_1", mode="any_eligible")
    s.link_instead(session, "fca_2", "fcauth_2")
    s.on_day(1)
    s.reactivate("fca_1")
    s.on_day(2)
    s.read_result(session)
    assert s.state("fca_1") == "active"
    assert [name for name in s.stripe.objects if name.startswith("pm_")] == ["pm_2"]


def test_S6_the_new_account_has_outages_of_its_own() -> None:
    s = replaced_while_down()
    s.on_day(3)
    s.deactivate("fca_2")
    assert s.messages == ["day 0: prompt fca_1", "day 3: prompt fca_2"]
    s.relink(s.open_session("fca_2"))
    s.on_day(30)
    assert s.state("fca_1") == "new_account_linked"
    assert len(s.messages) == 2
