"""What becomes of an account, in words: each step tells what happened, and what follows from it."""

from relink.machines.events import (
    AccountResumed,
    AccountRetired,
    MandateCollected,
    MandateReported,
    PaymentMethodMade,
)
from relink.machines.vocabulary import NUMBER_DEACTIVATED

from .reports import DAY, active, disconnected, inactive, number, relinkable
from .told_scenario import ToldScenario

OPEN = "At the bank: a session for A is open"


def linked(*statuses: str) -> ToldScenario:
    """An account that works, whose numbers have these statuses."""
    s = ToldScenario()
    s.link("fca_1", numbers=tuple(map(number, statuses)))
    assert "Linked: A is linked, and works" in s.tell()
    return s


def down() -> ToldScenario:
    """An account that worked, and needs a relink."""
    s = linked()
    s.webhook("fca_1", relinkable())
    assert s.tell() == ["Needs the customer: A: Jo's consent expired", "asks Jo to relink A"]
    return s


def numbers(s: ToldScenario, status: str, expires_on: int | None = None) -> list[str]:
    """What a report that lists one number adds to the story."""
    s.webhook("fca_1", active(numbers=(number(status, expires_on),)))
    return s.tell()


def test_a_number_that_expires_and_is_replaced_by_a_relink_is_told() -> None:
    s = linked("transactable")
    assert numbers(s, "transactable", s.now + 40 * DAY) == [
        "Number expires: the number of A works only until 1970-02-21"
    ]
    assert numbers(s, "expired") == [
        "Number lapsed: no payment reaches A any more",
        "asks Jo to relink A",
    ]
    session = s.open_session("fca_1")
    s.result(session, {"fca_1": active(numbers=(number("transactable"),))}, relinked="fca_1")
    s.perform_reads()
    assert s.tell() == [
        OPEN,
        "Number works: payments reach A again",
        "Linked: Jo signed in and picked A",
    ]
    assert numbers(s, "pending") == ["Number pending: a new number of A is on its way"]
    assert numbers(s, "transactable") == ["Number works: payments reach A again"]


def test_a_new_number_that_is_still_to_come_is_told() -> None:
    s = linked("expired")
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.tell() == [
        OPEN,
        "Linked: Jo signed in and picked A",
        "Number pending: a new number of A is on its way",
    ]


def test_a_number_that_the_bank_deactivated_is_told_as_such() -> None:
    s = linked("transactable")
    s.checks("pm_1")
    s.checks("pm_1", NUMBER_DEACTIVATED)
    assert s.tell() == [
        "Blocked: Stripe reports that payment method pm_1 cannot be charged: the bank deactivated "
        "its account number",
        "Number lapsed: no payment reaches A: the bank deactivated its number",
        "asks Jo to relink A",
    ]
    s.result(s.open_session("fca_1"), status="cancelled")
    assert s.tell() == [
        OPEN,
        "Linked: Jo closed the bank's page, try 1 of 3",
        "Number lapsed: the relink session ended, and the number of A is as it was",
    ]


def test_a_payment_method_is_told_from_its_mandate_to_its_end() -> None:
    s = ToldScenario()
    s.webhook("fca_2", relinkable())
    s.result(s.open_session("fca_2", mode="any_eligible"), {"fca_1": active()})
    s.happens(PaymentMethodMade, account="fca_1", payment_method="pm_1")
    s.perform_reads()
    assert s.tell()[2:] == [
        "At the bank: a session for any account is open",
        "Linked: A is linked, and works",
        "Replaced: Jo linked A instead of B",
        "tells you that pm_1 was made from A",
        "asks you for a mandate for pm_1: no mandate covers the new account",
    ]
    s.checks("pm_1", "bank_account_frozen")
    assert s.tell() == [
        "Blocked: Stripe reports that payment method pm_1 cannot be charged: Stripe blocked it, "
        "because the account is frozen",
        "asks you for another payment method than A: Stripe blocked it, because the account is "
        "frozen",
    ]
    s.happens(MandateCollected, account="fca_1")
    assert s.tell() == []
    s.checks("pm_1")
    assert s.tell() == ["Ready to charge: payment method pm_1 can be charged again"]
    ends = {"payment_method": "pm_1", "status": "inactive", "as_of": s.now + 10, "read": False}
    s.happens(MandateReported, **ends)
    assert s.tell() == [
        "Mandate needed: Jo's authorization to debit payment method pm_1 has ended",
        "asks you for a mandate for pm_1: Jo's authorization of debits has ended",
    ]
    s.checks("pm_1", gone=True)
    assert s.tell() == [
        "Gone: payment method pm_1 was removed at Stripe",
        "tells you that pm_1 is gone",
        "asks you for another payment method than A: its payment method was removed at Stripe",
    ]


def test_a_repair_that_stripe_confirms_later_is_told_in_two_lines() -> None:
    s = down()
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.tell() == [OPEN, "Repaired: Jo signed in and picked A"]
    s.webhook("fca_1", active())
    assert s.tell() == ["Linked: Stripe confirms that A works"]


def test_a_repair_that_a_newer_report_overtook_is_told_as_such() -> None:
    s = down()
    session = s.open_session("fca_1")
    s.webhook("fca_1", relinkable(cause="bank_error"))
    s.result(session, created=s.now - 5, relinked="fca_1")
    assert s.tell() == [
        OPEN,
        "Needs the customer: Jo picked A, and by a newer report it stopped working since",
    ]


def test_each_try_is_counted_until_none_is_left() -> None:
    s = down()
    for number_of_try in (1, 2, 3):
        s.result(s.open_session("fca_1"), failure_reason="authentication_failed")
        note = " (no try is left: no more prompts)" if number_of_try == 3 else ""
        assert s.tell() == [
            OPEN,
            "Needs the customer: the session failed: authentication failed, "
            f"try {number_of_try} of 3{note}",
        ]


def test_another_account_that_is_linked_instead_is_told() -> None:
    s = down()
    session = s.open_session("fca_1", mode="any_eligible")
    s.link("fca_2")
    s.result(session, {"fca_2": active()})
    assert s.tell() == [
        "At the bank: a session for any account is open",
        "Linked: B is linked, and works",
        "Replaced: Jo linked B instead of A",
    ]


def announced(s: ToldScenario, action: str | None, days: int | None) -> list[str]:
    """What a report of the day on which the account stops working adds to the story."""
    day = None if days is None else s.now + days * DAY
    s.webhook("fca_1", active(deactivates_on=day, deactivation_action=action))
    return s.tell()


def test_the_end_of_an_account_is_announced_and_taken_back() -> None:
    s = linked()
    assert announced(s, "relink_required", 30) == [
        "Ends soon: A will stop working on 1970-02-11, unless Jo relinks before"
    ]
    assert announced(s, "none", 31) == [
        "Ends soon: A will stop working on 1970-02-12, and no relink prevents it"
    ]
    assert announced(s, None, None) == ["Goes on: A will not stop working after all"]


def test_an_account_that_stops_for_good_is_told_with_what_is_asked() -> None:
    s = linked()
    s.webhook("fca_1", inactive())
    assert s.tell() == [
        "Stopped: A stopped working, and Stripe is asked whether a relink repairs it"
    ]
    s.webhook("fca_1", disconnected())
    assert s.tell() == [
        "Disconnected: Stripe reports A disconnected for good",
        "asks you for another payment method than A: the account was disconnected for good",
    ]


def test_what_operators_have_to_see_is_told() -> None:
    s = down()
    s.webhook("fca_1", relinkable(action="nonsense"))
    assert s.tell() == [
        "Can't be repaired: A: Jo's consent expired",
        "alerts the operators about A: Stripe names an action that relink does not know "
        "(nonsense). It counts as none",
        "asks you for another payment method than A: Jo's consent expired",
    ]


def test_an_account_that_the_service_puts_away_and_takes_back_is_told() -> None:
    s = down()
    s.happens(AccountRetired, account="fca_1")
    s.happens(AccountResumed, account="fca_1")
    assert s.tell()[:2] == [
        "Retired: the service has no use for A any more",
        "In use: the service uses A again",
    ]
