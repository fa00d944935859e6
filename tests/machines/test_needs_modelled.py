"""S3, P3: which reasons of an account are needs by now, and when the next one becomes one.

The model looks at one day after the other, and asks of each whether the rules make it a need.
"""

from itertools import product
from typing import Any

import pytest

from relink.machines import RelinkPolicy
from relink.machines.account import needs
from relink.machines.account.facts import AccountFacts
from relink.machines.phases import ANSWER, MESSAGES, NEEDS
from relink.machines.vocabulary import NumberStatus, ReportedStatus

AT = 1_000_000
LEAD = 1_000
POLICY = RelinkPolicy(announcement_lead=LEAD)
DAYS = [None, *(AT + LEAD + d for d in (-1, 0, 1, 500))]
"""The days of announcements and numbers: none, and around the one for which the lead begins now."""


def working(own: Any, login: Any, number: Any) -> AccountFacts:
    """An account that works. What stops it has a day, ``None`` for some day, or is ``no``."""
    facts: dict[str, Any] = {"reported_status": ReportedStatus.ACTIVE, "as_of": AT - 5}
    if own != "no":
        facts |= {"deactivates_on": own, "deactivation_action": "relink_required"}
    if login != "no":
        facts |= {"login_deactivates_on": login, "login_announced": True}
    if number == "lapsed":
        facts |= {"number": NumberStatus.LAPSED}
    elif number != "no":
        facts |= {"number": NumberStatus.EXPIRING, "number_expires_on": number}
    return AccountFacts(id="fca_1").after(facts)


CASES = list(product([*DAYS, "no"], [*DAYS, "no"], [*DAYS, "no", "lapsed"]))


def reasons(own: Any, login: Any, number: Any) -> list[tuple[str, int | None]]:
    """Each reason, with the day that counts."""
    found: list[tuple[str, int | None]] = []
    if number == "lapsed":
        found.append(("number_lapsed", None))
    announced = [day for day in (own, login) if day != "no"]
    if announced:
        found.append(("announced_deactivation", None if None in announced else min(announced)))
    if number not in ("no", "lapsed"):
        found.append(("number_expiring", number))
    return found


def test_S3_P3_a_reason_is_a_need_from_the_lead_before_its_day_and_without_a_day_at_once() -> None:
    for case in CASES:
        facts, known = working(*case), reasons(*case)
        assert needs.relink_reasons(facts) == tuple(reason for reason, _ in known), case
        for at in (AT - 0.5, AT, AT + 1):
            by_now = tuple(r for r, day in known if day is None or day - at <= LEAD)
            assert needs.needs_at(facts, at, POLICY) == by_now, case
            ahead = [day - LEAD for _, day in known if day is not None and day - at > LEAD]
            assert needs.next_need(facts, at, POLICY) == (min(ahead) if ahead else None), case


def test_P3_a_message_names_the_first_day_of_what_is_needed() -> None:
    for case in CASES:
        facts, known = working(*case), reasons(*case)
        for count in range(len(known) + 1):
            named = known[:count]
            days = [day for _, day in named if day is not None]
            wanted: Any = tuple(reason for reason, _ in named)
            assert needs.relink_by(facts, wanted) == min(days, default=None), case


@pytest.mark.parametrize("status", [None, *ReportedStatus])
@pytest.mark.parametrize("repairable", [None, False, True])
def test_S3_of_an_account_that_is_down_only_that_is_a_need(
    status: ReportedStatus | None, repairable: bool | None
) -> None:
    down = {"reported_status": status, "repairable": repairable}
    facts = working(AT, AT, "lapsed").after(down)
    if status == "active":
        return
    is_down = status in ("relinkable", "unrepairable", "inactive")
    expected = ("inactive",) if is_down and repairable else ()
    assert needs.relink_reasons(facts) == expected
    assert needs.needs_at(facts, AT, POLICY) == expected
    assert needs.next_need(facts, AT, POLICY) is None
    assert needs.relink_by(facts, ("number_expiring",)) is None


@pytest.mark.parametrize("day", [-1, 0, 1])
@pytest.mark.parametrize("whose", ["account", "login, by its report", "login, by the account's"])
def test_P3_an_announcement_whose_day_has_passed_lapses_with_the_next_report(
    day: int, whose: str
) -> None:
    as_of = AT - 5
    if whose == "account":
        facts = working(as_of + day, "no", "no")
    else:
        later = whose == "login, by its report"
        facts = working("no", as_of + day, "no").after(
            {"as_of": as_of - 9 * later, "login_as_of": as_of - 9 * (not later)}
        )
    stands = day > 0
    assert needs.relink_reasons(facts) == (("announced_deactivation",) if stands else ())


@pytest.mark.parametrize("status", [None, *ReportedStatus])
@pytest.mark.parametrize("told", [-1, 0, None])
@pytest.mark.parametrize("authorization", [None, "fcauth_1"])
@pytest.mark.parametrize("repairable", [False, True])
def test_K5_needs_are_suspended_while_they_hang_on_what_no_report_told(
    status: ReportedStatus | None, told: int | None, authorization: str | None, repairable: bool
) -> None:
    facts = working("no", "no", "lapsed").after(
        {
            "reported_status": status,
            "repairable": repairable,
            "authorization": authorization,
            "included_at": {} if told is None else {"authorization": told},
        }
    )
    lacks = authorization is None and told == -1
    has_reason = status == "active" or (status in ("relinkable", "unrepairable") and repairable)
    assert needs.lacks_authorization(facts) == lacks
    assert needs.is_suspended(facts) == (status == "inactive" or (lacks and has_reason))


def test_K9_accounts_are_reviewed_before_outages_and_holders_answer_last() -> None:
    assert 0 < NEEDS < MESSAGES < ANSWER
