"""The numbers of an account: what is listed, what follows, and what the account knows of it."""

from collections.abc import Callable
from itertools import permutations

import pytest

from relink.machines.report import AccountNumber

from .reports import DAY, active, number
from .scenario import Scenario

LISTED = {
    "transactable": number("transactable"),
    "pending": number("pending"),
    "expiring": number("transactable", 1_000_000 + DAY),
    "lapsed": number("expired"),
}


def listing(*numbers: AccountNumber) -> Scenario:
    """An active account with these numbers."""
    s = Scenario()
    s.webhook("fca_1", active(numbers=numbers))
    return s


def refreshing(state: str = "lapsed") -> tuple[Scenario, str]:
    """An account whose number was in this state, with an open session."""
    s = listing(LISTED[state])
    return s, s.open_session("fca_1")


def block(s: Scenario, as_of: int) -> None:
    """A webhook reports that the tokenized number of a payment method was deactivated."""
    s.checks("pm_1", "tokenized_account_number_deactivated", created=as_of)


@pytest.mark.parametrize("before", LISTED)
@pytest.mark.parametrize("after", LISTED)
def test_a_number_is_what_stripe_lists_and_the_account_knows_it(before: str, after: str) -> None:
    s = listing(LISTED[before])
    s.webhook("fca_1", active(numbers=(LISTED[after],)))
    facts = s.number("fca_1").facts
    assert s.number("fca_1").state == after
    assert (facts.reported_status, facts.as_of, facts.expires_on) == (
        after,
        s.now,
        1_000_000 + DAY if after == "expiring" else None,
    )
    if (before, after) != ("transactable", "transactable"):
        assert s.account("fca_1").facts.number == after
        assert s.account("fca_1").facts.number_expires_on == facts.expires_on


def test_an_expired_number_has_no_expiry_date() -> None:
    s = listing(number("expired", 1_000_000 - DAY))
    assert s.number("fca_1").facts.expires_on is None


@pytest.mark.parametrize("after", ["pending", "expiring", "lapsed"])
def test_a_number_in_trouble_is_refreshing_while_a_session_is_open(
    after: str,
) -> None:
    s, _ = refreshing()
    s.webhook("fca_1", active(numbers=(LISTED[after],)))
    assert (s.number("fca_1").state, s.number("fca_1").facts.reported_status) == (
        "refreshing",
        after,
    )
    assert s.account("fca_1").facts.number == after


def test_a_number_that_can_pay_ends_refreshing_while_the_session_is_still_open() -> None:
    s, _ = refreshing()
    s.webhook("fca_1", active(numbers=(LISTED["transactable"],)))
    assert s.number("fca_1").state == "transactable"
    assert s.account("fca_1").facts.number == "transactable"


@pytest.mark.parametrize("after", ["expiring", "lapsed"])
def test_a_session_without_success_returns_the_number_to_its_latest_report(after: str) -> None:
    s, session = refreshing()
    s.webhook("fca_1", active(numbers=(LISTED[after],)))
    s.result(session, status="cancelled")
    assert s.number("fca_1").state == after


@pytest.mark.parametrize(("before", "after"), [("lapsed", "pending"), ("expiring", "transactable")])
def test_a_late_success_repairs_the_number_too(before: str, after: str) -> None:
    s, session = refreshing(before)
    s.result(session, status="cancelled")
    assert s.number("fca_1").state == before
    s.result(session, relinked="fca_1")
    assert (s.number("fca_1").state, s.number("fca_1").facts.as_of) == (after, s.now)
    assert s.account("fca_1").facts.number == after


# ── a payment method reports a deactivated number (C3) ───────────────────────


@pytest.mark.parametrize("before", LISTED)
def test_C3_a_deactivated_number_has_lapsed_whatever_was_listed_before(before: str) -> None:
    s = listing(LISTED[before])
    block(s, as_of=s.now + 5)
    facts = s.number("fca_1").facts
    assert s.number("fca_1").state == "lapsed"
    assert (facts.reported_status, facts.as_of) == ("lapsed", s.now - 5)
    assert s.account("fca_1").facts.number == "lapsed"
    assert s.account("fca_1").facts.number_expires_on is None


@pytest.mark.parametrize("order", list(permutations(["earlier list", "list", "block", "lift"])))
def test_C3_a_number_that_pays_again_has_its_day_in_whatever_order_that_is_told(
    order: tuple[str, ...],
) -> None:
    s = listing(LISTED["transactable"])
    began, day = s.now, 1_000_000 + 5 * DAY
    s.wait(1000)
    happens: dict[str, Callable[[], object]] = {
        "earlier list": lambda: s.webhook(
            "fca_1", active(numbers=(LISTED["expiring"],)), created=began + 100
        ),
        "list": lambda: s.webhook(
            "fca_1", active(numbers=(number("transactable", day),)), created=began + 200
        ),
        "block": lambda: block(s, as_of=began + 300),
        "lift": lambda: s.checks("pm_1", None, created=began + 400),
    }
    for each in order:
        happens[each]()
    assert (s.number("fca_1").state, s.number("fca_1").facts.expires_on) == ("expiring", day)
    assert s.account("fca_1").facts.number_expires_on == day
    assert ("relink", "number_expiring") in s.next("fca_1")


def test_C3_a_block_in_the_same_second_as_a_list_of_numbers_is_ambiguous() -> None:
    s = listing(LISTED["transactable"])
    block(s, as_of=s.now)
    assert s.number("fca_1").state == "transactable"
    assert s.read_reasons == ["contradiction"]


def test_C3_a_block_older_than_the_list_of_numbers_lapses_nothing() -> None:
    s = listing(LISTED["transactable"])
    block(s, as_of=s.now - 1)
    assert s.number("fca_1").state == "transactable"


def test_C3_a_block_while_a_session_is_open_shows_when_the_session_ends() -> None:
    s, session = refreshing("expiring")
    block(s, as_of=s.now + 5)
    assert (s.number("fca_1").state, s.number("fca_1").facts.reported_status) == (
        "refreshing",
        "lapsed",
    )
    assert s.account("fca_1").facts.number == "lapsed"
    s.result(session, status="cancelled")
    assert s.number("fca_1").state == "lapsed"


def test_C3_a_list_of_numbers_in_the_same_second_as_a_block_asks_for_a_read() -> None:
    s = listing(LISTED["transactable"])
    block(s, as_of=s.now + 5)
    s.webhook("fca_1", active(numbers=(LISTED["transactable"],)), created=s.now - 5)
    assert s.number("fca_1").state == "lapsed"
    assert s.read_reasons == ["contradiction"]
