"""P1 to P3: when the customer is prompted, and how often."""

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import NotifyCustomer, RequestNewPaymentMethod
from relink.machines.report import AccountNumber, StatusReport

from .reports import DAY, active, disconnected, number, relinkable, unrepairable
from .scenario import Scenario

START = 1_000_000
FIVE = [f"fca_{n}" for n in range(1, 6)]


def prompts(s: Scenario) -> list[int]:
    """The messages so far: 0 for a first prompt, then the numbers of the reminders."""
    return [message.reminder for message in s.asked_for(NotifyCustomer)]


def days(s: Scenario) -> list[int]:
    """After how many days each of the messages of the next sixty days is sent."""
    begun, found = s.now, []
    for _ in range(60):
        before = len(prompts(s))
        s.wait(DAY)
        found += [(s.now - begun) // DAY] * (len(prompts(s)) - before)
    return found


def in_days(count: int) -> int:
    return START + count * DAY


# ── P1 ───────────────────────────────────────────────────────────────────────


def test_P1_five_accounts_of_one_authorization_are_one_message() -> None:
    s = Scenario()
    for account in FIVE:
        s.webhook(account, relinkable())
    assert prompts(s) == [0]
    [message] = s.asked_for(NotifyCustomer)
    assert (message.outage, message.ask, message.reasons) == (
        "fcauth_1",
        "relink",
        ("access_expired",),
    )


def test_P1_reminders_follow_the_policy_and_name_all_accounts() -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY, 7 * DAY)))
    for account in FIVE:
        s.webhook(account, relinkable())
    assert days(s) == [2, 7]
    assert prompts(s) == [0, 1, 2]
    assert s.outage("fcauth_1").state == "quiet"
    assert s.asked_for(NotifyCustomer)[-1].accounts == tuple(FIVE)


def test_P1_a_policy_without_reminders_sends_none() -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    s.webhook("fca_1", relinkable())
    assert s.outage("fcauth_1").state == "quiet"
    assert days(s) == []


def test_P1_the_customer_of_an_account_without_an_authorization_gets_no_message() -> None:
    """Stripe would refuse the relink (R9), so the service is asked for another way to pay."""
    s = Scenario()
    s.stripe["fca_1"] = relinkable(authorization=None)
    s.read("fca_1")
    s.wait(60 * DAY)
    assert s.messages == []
    [request] = s.asked_for(RequestNewPaymentMethod)
    assert (request.account, request.reason) == ("fca_1", "no_authorization")


def test_P1_an_outage_runs_until_no_account_of_it_needs_a_relink() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.webhook("fca_2", relinkable())
    s.webhook("fca_1", active())
    s.webhook("fca_1", relinkable())  # fca_2 still needs one: the same outage
    assert prompts(s) == [0]
    s.webhook("fca_1", active())
    s.webhook("fca_2", active())
    assert s.outage("fcauth_1").state == "none"
    assert days(s) == []


def test_P1_a_successful_relink_ends_the_outage_before_stripe_confirms() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.account("fca_1").state == "relinked"
    assert s.outage("fcauth_1").state == "none"
    assert days(s) == []


def test_P1_a_new_account_ends_the_outage() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.outage("fcauth_1").state == "none"
    assert days(s) == []


@pytest.mark.parametrize("cause", ["access_expired", "access_denied"])
def test_P1_the_next_outage_gets_a_prompt_of_its_own(cause: str) -> None:
    s = Scenario(RelinkPolicy(prompt_gap=0))
    s.webhook("fca_1", relinkable(cause=cause))
    s.webhook("fca_1", active())
    s.perform_reads()
    s.webhook("fca_2", relinkable(cause=cause))
    first, second = s.asked_for(NotifyCustomer)
    assert (first.outage_number, first.accounts) == (1, ("fca_1",))
    assert (second.outage_number, second.accounts) == (2, ("fca_2",))
    assert second.since == s.now
    assert first.id != second.id


def test_P1_timers_of_an_earlier_outage_remind_nobody() -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.wait(DAY)
    s.webhook("fca_1", active())
    s.perform_reads()
    s.webhook("fca_1", relinkable())
    assert days(s) == [2]


def test_P1_an_outage_that_begins_with_an_announcement_is_prompted_for_once() -> None:
    """The announcement and the inactivity that follows are one outage."""
    s = Scenario()
    s.link("fca_1", deactivates_on=in_days(3))
    assert prompts(s) == [0]
    s.webhook("fca_1", relinkable())
    assert prompts(s) == [0]


def test_P1_an_account_that_stops_before_its_announced_day_is_prompted_for_once() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=(2 * DAY,)))
    s.link("fca_1", deactivates_on=in_days(30))
    s.webhook("fca_1", relinkable())
    assert prompts(s) == [0]
    assert s.asked_for(NotifyCustomer)[0].accounts == ("fca_1",)
    assert days(s) == [2]


@pytest.mark.parametrize("brings", ["the account", "the result alone"])
def test_P1_a_relink_that_repairs_a_number_ends_the_outage_and_prompts_nobody(brings: str) -> None:
    s = Scenario()
    s.link("fca_1", numbers=(number("expired"),))
    session = s.open_session("fca_1")
    repaired = active(numbers=(number("transactable"),))
    s.stripe["fca_1"] = repaired
    s.result(session, {"fca_1": repaired} if brings == "the account" else None, relinked="fca_1")
    assert s.outage("fcauth_1").state == "none"
    s.perform_reads()
    assert (s.account("fca_1").state, s.number("fca_1").state) == ("active", "transactable")
    assert prompts(s) == [0]


def test_P1_a_relink_that_did_not_repair_the_number_prompts_again() -> None:
    s = Scenario(RelinkPolicy(prompt_gap=0))
    s.link("fca_1", numbers=(number("expired"),))
    s.result(s.open_session("fca_1"), relinked="fca_1")
    s.perform_reads()
    assert s.number("fca_1").state == "lapsed"
    assert prompts(s) == [0, 0]


# ── P2 ───────────────────────────────────────────────────────────────────────


def test_P2_nobody_is_prompted_for_an_unrepairable_account() -> None:
    s = Scenario()
    s.webhook("fca_1", unrepairable())
    assert prompts(s) == []
    assert days(s) == []


@pytest.mark.parametrize("before", [None, active(), relinkable()])
@pytest.mark.parametrize(
    ("report", "reason"), [(unrepairable(), "account_closed"), (disconnected(), "disconnected")]
)
def test_P2_the_service_is_asked_once_for_another_payment_method_instead_of_a_prompt(
    before: StatusReport | None, report: StatusReport, reason: str
) -> None:
    s = Scenario()
    if before:
        s.webhook("fca_1", before)
    for _ in range(2):
        s.webhook("fca_1", report)
    [request] = s.asked_for(RequestNewPaymentMethod)
    assert (request.account, request.reason) == ("fca_1", reason)


def test_P2_nobody_is_prompted_for_the_lapsed_number_of_an_unrepairable_account() -> None:
    s = Scenario()
    s.webhook("fca_1", unrepairable())
    s.webhook("fca_1", unrepairable(numbers=(number("expired"),)))
    assert s.account("fca_1").facts.number == "lapsed"
    assert prompts(s) == []


def test_P2_nobody_is_reminded_of_an_account_that_became_unrepairable() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.webhook("fca_1", unrepairable())
    assert days(s) == []


def test_P2_a_customer_who_revoked_access_is_prompted_and_not_reminded() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable(cause="access_denied"))
    assert prompts(s) == [0]
    assert days(s) == []


def test_P2_a_customer_who_revoked_access_after_an_announcement_is_not_reminded() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY))
    s.link("fca_1", deactivates_on=in_days(30))
    s.webhook("fca_1", relinkable(cause="access_denied"))
    assert prompts(s) == [0]
    assert s.asked_for(NotifyCustomer)[0].reasons == ("access_denied",)
    assert days(s) == []


def test_P2_a_policy_can_remind_customers_who_revoked_access() -> None:
    s = Scenario(RelinkPolicy(remind_after_denial=True, reminders=(3 * DAY,)))
    s.webhook("fca_1", relinkable(cause="access_denied"))
    assert days(s) == [3]


def test_P2_reminders_go_on_if_another_account_of_the_outage_failed_by_itself() -> None:
    s = Scenario(RelinkPolicy(reminders=(3 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.webhook("fca_2", relinkable(cause="access_denied"))
    assert days(s) == [3]


def test_P2_a_customer_who_revokes_access_after_the_prompt_is_not_reminded() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.wait(DAY)
    s.webhook("fca_1", relinkable(cause="access_denied"))
    s.wait(60 * DAY)
    assert prompts(s) == [0]


def test_P2_relink_sends_no_prompt_where_stripe_writes_to_the_customer() -> None:
    s = Scenario(RelinkPolicy(session_open_for=365 * DAY))
    s.link("fca_1", deactivates_on=in_days(30))
    s.open_session("fca_1", delivery="email")
    s.webhook("fca_1", active(deactivates_on=in_days(30), authorization="fcauth_2"))
    assert days(s) == []
    assert prompts(s) == []


def test_P2_relink_sends_no_reminder_while_the_session_that_stripe_wrote_about_is_open() -> None:
    s = Scenario(RelinkPolicy(session_open_for=365 * DAY))
    s.webhook("fca_1", relinkable())
    s.open_session("fca_1", delivery="email")
    assert days(s) == []
    assert prompts(s) == [0]


@pytest.mark.parametrize("delivery", ["modal", "url"])
def test_P2_a_session_that_stripe_does_not_email_leaves_the_reminders(delivery: str) -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.open_session("fca_1", delivery=delivery)
    assert days(s) == [2]


# ── P3 ───────────────────────────────────────────────────────────────────────


def test_P3_an_announced_deactivation_prompts_ahead_of_time() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    s.link("fca_1", deactivates_on=in_days(30))
    assert prompts(s) == []
    assert days(s) == [23]
    [message] = s.asked_for(NotifyCustomer)
    assert (message.relink_by, message.reasons) == (in_days(30), ("announced_deactivation",))


@pytest.mark.parametrize(("ahead", "prompted"), [(7 * DAY + 1, []), (7 * DAY, [0]), (5 * DAY, [0])])
def test_P3_an_announcement_within_the_lead_prompts_at_once(
    ahead: int, prompted: list[int]
) -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY))
    s.link("fca_1", deactivates_on=s.now + 10 + ahead)
    assert prompts(s) == prompted


def test_P3_reminders_follow_the_prompt_for_an_announcement() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=(2 * DAY, 7 * DAY)))
    s.link("fca_1", deactivates_on=in_days(30))
    assert days(s) == [23, 25, 30]
    assert prompts(s) == [0, 1, 2]


def test_P3_a_number_that_lapses_before_the_announced_day_prompts_at_once() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY))
    s.link("fca_1", deactivates_on=in_days(30))
    s.webhook("fca_1", active(deactivates_on=in_days(30), numbers=(number("expired"),)))
    [message] = s.asked_for(NotifyCustomer)
    assert (message.reasons, message.relink_by) == (("number_lapsed",), None)


def test_P3_the_earlier_of_two_days_counts() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    expiring = number("transactable", in_days(20))
    s.link("fca_1", deactivates_on=in_days(25), numbers=(expiring,))
    assert days(s) == [13]
    assert s.asked_for(NotifyCustomer)[0].relink_by == in_days(20)


def test_P3_an_announcement_with_the_action_none_prompts_nobody() -> None:
    s = Scenario()
    s.link("fca_1", deactivates_on=in_days(30), deactivation_action="none")
    assert days(s) == []


def test_P3_an_expiring_number_prompts_ahead_of_time() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    s.link("fca_1", numbers=(number("transactable", in_days(20)),))
    assert s.number("fca_1").state == "expiring"
    assert days(s) == [13]
    assert s.asked_for(NotifyCustomer)[0].reasons == ("number_expiring",)


def test_P3_a_number_that_expires_far_ahead_is_expiring_and_no_need_yet() -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    s.link("fca_1", numbers=(number("transactable", in_days(40)),))
    assert s.number("fca_1").state == "expiring"
    assert s.messages == []
    assert s.outage("fcauth_1").state == "none"
    assert days(s) == [33]


def test_P3_a_later_day_puts_off_the_prompt() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    s.link("fca_1", deactivates_on=in_days(10))
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    assert days(s) == [23]


def test_P3_a_later_day_after_the_prompt_ends_the_need_and_plans_anew() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=(2 * DAY, 3 * DAY)))
    s.link("fca_1", deactivates_on=in_days(5))
    assert prompts(s) == [0]
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    assert s.outage("fcauth_1").state == "none"
    assert days(s) == [23, 25, 26]


def test_P3_an_announcement_that_is_withdrawn_prompts_nobody() -> None:
    s = Scenario()
    s.link("fca_1", deactivates_on=in_days(30))
    s.webhook("fca_1", active(deactivates_on=None))
    assert days(s) == []


def test_P3_announcements_for_an_account_and_its_authorization_are_one_message() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    s.link("fca_1", deactivates_on=in_days(30))
    s.authorization_webhook("fcauth_1", StatusReport(status="active", deactivates_on=in_days(30)))
    assert days(s) == [23]


@pytest.mark.parametrize(("first", "then", "prompted"), [(25, 6, 0), (8, 28, 21)])
def test_P3_every_change_of_the_day_of_a_number_plans_anew(
    first: int, then: int, prompted: int
) -> None:
    s = Scenario(RelinkPolicy(reminders=(), prompt_gap=0))
    s.link("fca_1", numbers=(number("transactable", in_days(first)),))
    s.webhook("fca_1", active(numbers=(number("transactable", in_days(then)),)))
    assert prompts(s) == ([0] if prompted == 0 else [])
    assert days(s) == ([] if prompted == 0 else [prompted])


@pytest.mark.parametrize(
    ("numbers", "prompted"),
    [
        ((number("expired", START - 100 * DAY), number("transactable", START + 25 * DAY)), [18]),
        (tuple(number("transactable", START + d * DAY) for d in (2, 28)), [21]),
        ((number("transactable", START + 5 * DAY), number("transactable")), []),
        ((number("pending", START + 5 * DAY), number("transactable", START + 28 * DAY)), [21]),
    ],
    ids=["one expired", "the latest day", "one without a day", "one pending"],
)
def test_P3_the_day_of_the_numbers_is_the_latest_among_those_that_pay(
    numbers: tuple[AccountNumber, ...], prompted: list[int]
) -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    s.link("fca_1", numbers=numbers)
    assert days(s) == prompted


def test_P3_an_announcement_without_a_day_is_a_reason_and_prompts_at_once() -> None:
    s = Scenario()
    s.link("fca_1", deactivation_action="relink_required")
    assert prompts(s) == [0]
    assert s.next("fca_1") == [("relink", "announced_deactivation")]


def test_P3_an_announcement_whose_day_has_passed_lapses_with_the_next_active_report() -> None:
    s = Scenario(RelinkPolicy(reminders=(9 * DAY,)))
    s.link("fca_1", deactivates_on=in_days(5))
    s.wait(6 * DAY)
    assert s.next("fca_1") == [("relink", "announced_deactivation")]
    s.webhook("fca_1", active(without=("deactivates_on",)))
    assert s.next("fca_1") == []
    assert days(s) == []


def test_P3_a_reason_that_lies_ahead_can_be_relinked_before_it_is_a_need() -> None:
    s = Scenario()
    s.link("fca_1", deactivates_on=in_days(30))
    assert s.next("fca_1") == [("relink", "announced_deactivation")]
    assert s.account("fca_1").facts.outage is None
    assert prompts(s) == []
