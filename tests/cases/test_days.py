"""P3: the day on which something stops working, and what moves it."""

from itertools import permutations

import pytest

from .story import Story, number

UPCOMING = "upcoming_account_number_expiry"

# ── account numbers ──────────────────────────────────────────────────────────


def test_P3_a_number_whose_day_moves_close_prompts_now() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable", until=25),))
    s.renumber("fca_1", number("transactable", until=6), event=UPCOMING)
    assert s.messages == ["day 0: prompt fca_1"]
    assert s.next("fca_1") == ["relink"]


def test_P3_a_number_whose_day_moves_away_prompts_later() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable", until=8),))
    s.renumber("fca_1", number("transactable", until=28), event=UPCOMING)
    s.on_day(20.9)
    assert s.messages == []
    s.on_day(22)
    assert s.messages == ["day 21: prompt fca_1"]


def test_P3_a_prompted_number_whose_day_moves_away_is_a_new_need_later() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable", until=6),))
    s.on_day(1)
    s.renumber("fca_1", number("transactable", until=28), event=UPCOMING)
    s.on_day(22)
    assert s.messages == ["day 0: prompt fca_1", "day 21: prompt fca_1"]


def test_P3_a_number_that_expired_long_ago_does_not_count_beside_one_that_pays() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("expired", until=-100), number("transactable", until=25)))
    s.on_day(17.9)
    assert s.messages == []
    s.on_day(19)
    assert s.messages == ["day 18: prompt fca_1"]


def test_P3_the_day_of_two_numbers_that_pay_is_the_later_one() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable", until=2), number("transactable", until=28)))
    s.on_day(20.9)
    assert s.messages == []
    s.on_day(22)
    assert s.messages == ["day 21: prompt fca_1"]


def test_P3_a_number_without_a_day_beside_one_with_a_day_never_prompts() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable", until=2), number("transactable")))
    s.on_day(40)
    assert s.messages == []


def test_P3_the_day_of_a_number_that_cannot_pay_by_ach_does_not_count() -> None:
    s = Story()
    wire = number("transactable", until=28, networks=("us_domestic_wire",))
    s.link("fca_1", numbers=(number("transactable", until=5), wire))
    assert s.messages == ["day 0: prompt fca_1"]


def test_P3_a_new_number_ends_the_need_of_an_expiring_one() -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable", until=25),))
    s.on_day(10)
    s.renumber("fca_1", number("transactable"))
    s.on_day(40)
    assert s.messages == []


# ── announcements ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
def test_P3_an_announcement_without_a_day_is_a_reason_to_relink_and_prompts(name: str) -> None:
    s = Story()
    s.link("fca_1")
    s.announce(name)
    assert s.messages == ["day 0: prompt fca_1"]
    assert s.next("fca_1") == ["relink"]
    assert s.ask("fca_1") is not None


@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
@pytest.mark.parametrize(
    ("before", "after", "prompted"),
    [
        pytest.param(20, 10, 3, id="sooner"),
        pytest.param(20, 5, 1, id="so soon that it is time now"),
        pytest.param(8.5, 28, 21, id="later"),
        pytest.param(20, None, 1, id="at any time"),
    ],
)
def test_P3_every_change_of_an_announced_day_plans_again(
    name: str, before: float, after: float | None, prompted: int
) -> None:
    s = Story()
    s.link("fca_1")
    s.announce(name, on=before)
    s.on_day(1)
    s.announce(name, on=after)
    s.on_day(prompted + 0.5)
    assert s.messages == [f"day {prompted}: prompt fca_1"]


@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
def test_P3_an_announcement_that_is_taken_back_prompts_nobody(name: str) -> None:
    s = Story()
    s.link("fca_1")
    s.announce(name, on=20)
    s.on_day(1)
    s.withdraw(name)
    s.on_day(40)
    assert s.sent == []


@pytest.mark.parametrize("withdrawn", ["fca_1", "fcauth_1"])
def test_P3_the_announcement_of_one_does_not_withdraw_that_of_the_other(withdrawn: str) -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=20)
    s.announce("fcauth_1", on=20)
    s.on_day(1)
    s.withdraw(withdrawn)
    s.on_day(14)
    assert s.messages == ["day 13: prompt fca_1"]


def test_P3_the_announcements_of_account_and_authorization_are_one_need_with_the_earlier_day() -> (
    None
):
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=30)
    s.announce("fcauth_1", on=20)
    s.on_day(29)
    assert s.messages == [
        "day 13: prompt fca_1",
        "day 15: reminder 1 fca_1",
        "day 20: reminder 2 fca_1",
    ]


@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
def test_P3_an_announcement_whose_day_has_passed_lapses_with_the_next_active_report(
    name: str,
) -> None:
    s = Story(shape="ga")
    s.link("fca_1")
    s.refresh("fca_1")  # so that the authorization is known
    s.announce(name, on=5, webhook="preview")
    s.on_day(6)
    s.stripe.objects[name]["status_details"] = {}
    s.report("fca_1")
    s.refresh(name)
    assert s.next("fca_1") == []
    s.on_day(40)
    assert s.messages == ["day 0: prompt fca_1", "day 2: reminder 1 fca_1"]


# ── in any order ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("order", [*permutations(range(3))])
@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
def test_K1_the_latest_of_several_announced_days_counts_in_any_order(
    name: str, order: tuple[int, ...]
) -> None:
    s = Story()
    s.link("fca_1")
    for on in (20, 10, 28):
        s.announce(name, on=on, webhook="late")
    s.arrive_late(order)
    s.on_day(22)
    assert s.messages == ["day 21: prompt fca_1"]


@pytest.mark.parametrize("name", ["fca_1", "fcauth_1"])
def test_K1_an_announcement_that_arrives_after_it_was_taken_back_prompts_nobody(name: str) -> None:
    s = Story()
    s.link("fca_1")
    s.announce(name, on=20, webhook="late")
    s.withdraw(name, webhook="late")
    s.arrive_late((1, 0))
    s.on_day(40)
    assert s.sent == []


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_K1_the_latest_numbers_count_in_any_order(order: tuple[int, ...]) -> None:
    s = Story()
    s.link("fca_1", numbers=(number("transactable"),))
    s.renumber("fca_1", number("expired"), webhook="late")
    s.renumber("fca_1", number("pending"), webhook="late")
    s.renumber("fca_1", number("transactable", until=28), webhook="late")
    s.arrive_late(order)
    assert s.charge("fca_1")
    s.on_day(22)
    assert s.messages[-1] == "day 21: prompt fca_1"
