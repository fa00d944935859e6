"""P1 to P3: when the customer is asked to act, and how often."""

import pytest

from relink.machines import RelinkPolicy
from relink.machines.commands import NotifyCustomer, RequestNewPaymentMethod
from relink.machines.report import StatusReport

from .scenario import DAY, Scenario, active, disconnected, number, relinkable, unrepairable

START = 1_000_000
FIVE = [f"fca_{n}" for n in range(1, 6)]


def prompts(s: Scenario) -> list[int]:
    """The messages to the customer so far: 0 for a first prompt, then the reminders' numbers."""
    return [message.reminder for message in s.asked_for(NotifyCustomer)]


def days(s: Scenario) -> list[int]:
    """How many days pass before each of the messages that are still to come."""
    begun, found = s.now, []
    for _ in range(60):
        before = len(prompts(s))
        s.wait(DAY)
        found += [(s.now - begun) // DAY] * (len(prompts(s)) - before)
    return found


def in_days(count: int) -> int:
    return START + count * DAY


# ── P1 ───────────────────────────────────────────────────────────────────────


def test_P1_five_accounts_of_one_bank_are_one_message() -> None:
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


def test_P1_reminders_are_the_policys_and_name_them_all() -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY, 7 * DAY)))
    for account in FIVE:
        s.webhook(account, relinkable())
    assert days(s) == [2, 7]
    assert prompts(s) == [0, 1, 2]
    assert s.outage("fcauth_1").state == "quiet"
    assert s.asked_for(NotifyCustomer)[-1].accounts == tuple(FIVE)


def test_P1_without_reminders_in_the_policy_there_are_none() -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    s.webhook("fca_1", relinkable())
    assert s.outage("fcauth_1").state == "quiet"
    assert days(s) == []


def test_P1_without_an_authorization_it_is_one_message_an_account() -> None:
    s = Scenario()
    for account in ("fca_1", "fca_2"):
        s.stripe[account] = relinkable(authorization=None)
        s.read(account)
    assert [m.outage for m in s.asked_for(NotifyCustomer)] == ["fca_1", "fca_2"]
    assert {m.ask for m in s.asked_for(NotifyCustomer)} == {"new_payment_method"}


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


def test_P1_a_successful_relink_ends_it_before_stripe_confirms() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1"), relinked="fca_1")
    assert s.account("fca_1").state == "relinked"
    assert s.outage("fcauth_1").state == "none"
    assert days(s) == []


def test_P1_so_does_a_new_account() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.outage("fcauth_1").state == "none"
    assert days(s) == []


@pytest.mark.parametrize("cause", ["access_expired", "access_denied"])
def test_P1_the_next_outage_is_prompted_for_anew(cause: str) -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable(cause=cause))
    s.webhook("fca_1", active())
    s.webhook("fca_2", relinkable(cause=cause))
    first, second = s.asked_for(NotifyCustomer)
    assert (first.outage_number, first.accounts) == (1, ("fca_1",))
    assert (second.outage_number, second.accounts) == (2, ("fca_2",))
    assert second.since == s.now
    assert first.id != second.id


def test_P1_timers_of_an_outage_that_is_over_remind_nobody() -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.wait(DAY)
    s.webhook("fca_1", active())
    s.webhook("fca_1", relinkable())
    assert days(s) == [2]


def test_P1_an_outage_begins_with_an_announcement_too() -> None:
    """What is announced and what then happens is prompted for once."""
    s = Scenario()
    s.webhook("fca_1", active(deactivates_on=in_days(3)))
    assert prompts(s) == [0]
    s.webhook("fca_1", relinkable())
    assert prompts(s) == [0]


def test_P1_what_happens_before_its_announced_day_is_prompted_for_then_and_not_again() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=(2 * DAY,)))
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    s.webhook("fca_1", relinkable())
    assert prompts(s) == [0]
    assert s.asked_for(NotifyCustomer)[0].accounts == ("fca_1",)
    assert days(s) == [2]


@pytest.mark.parametrize("brings", ["the account", "the result alone"])
def test_P1_a_relink_that_mends_a_number_ends_it_and_prompts_nobody(brings: str) -> None:
    s = Scenario()
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    session = s.open_session("fca_1")
    mended = active(numbers=(number("transactable"),))
    s.stripe["fca_1"] = mended
    s.result(session, {"fca_1": mended} if brings == "the account" else None, relinked="fca_1")
    assert s.outage("fcauth_1").state == "none"
    s.perform_reads()
    assert (s.account("fca_1").state, s.number("fca_1").state) == ("active", "transactable")
    assert prompts(s) == [0]


def test_P1_one_that_did_not_mend_it_prompts_again() -> None:
    s = Scenario()
    s.webhook("fca_1", active(numbers=(number("expired"),)))
    s.result(s.open_session("fca_1"), relinked="fca_1")
    s.perform_reads()
    assert s.number("fca_1").state == "lapsed"
    assert prompts(s) == [0, 0]


# ── P2 ───────────────────────────────────────────────────────────────────────


def test_P2_where_nothing_can_be_done_nobody_is_prompted() -> None:
    s = Scenario()
    s.webhook("fca_1", unrepairable())
    assert prompts(s) == []
    assert days(s) == []


@pytest.mark.parametrize("before", [None, active(), relinkable()])
@pytest.mark.parametrize(
    ("said", "because"), [(unrepairable(), "account_closed"), (disconnected(), "disconnected")]
)
def test_P2_the_service_is_asked_for_another_payment_method_instead(
    before: StatusReport | None, said: StatusReport, because: str
) -> None:
    s = Scenario()
    if before:
        s.webhook("fca_1", before)
    for _ in range(2):
        s.webhook("fca_1", said)
    [request] = s.asked_for(RequestNewPaymentMethod)
    assert (request.account, request.reason) == ("fca_1", because)


def test_P2_not_even_for_a_number_that_a_relink_could_mend() -> None:
    s = Scenario()
    s.webhook("fca_1", unrepairable())
    s.webhook("fca_1", unrepairable(numbers=(number("expired"),)))
    assert s.account("fca_1").facts.number == "lapsed"
    assert prompts(s) == []


def test_P2_nor_reminded() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.webhook("fca_1", unrepairable())
    assert days(s) == []


def test_P2_who_revoked_access_is_prompted_and_not_reminded() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable(cause="access_denied"))
    assert prompts(s) == [0]
    assert days(s) == []


def test_P2_also_if_it_was_announced_before() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY))
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    s.webhook("fca_1", relinkable(cause="access_denied"))
    assert prompts(s) == [0]
    assert s.asked_for(NotifyCustomer)[0].reasons == ("access_denied",)
    assert days(s) == []


def test_P2_unless_the_policy_says_so() -> None:
    s = Scenario(RelinkPolicy(remind_after_denial=True, reminders=(3 * DAY,)))
    s.webhook("fca_1", relinkable(cause="access_denied"))
    assert days(s) == [3]


def test_P2_or_another_account_of_the_outage_failed_by_itself() -> None:
    s = Scenario(RelinkPolicy(reminders=(3 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.webhook("fca_2", relinkable(cause="access_denied"))
    assert days(s) == [3]


def test_P2_who_revoked_access_later_is_not_reminded_either() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.wait(DAY)
    s.webhook("fca_1", relinkable(cause="access_denied"))
    s.wait(60 * DAY)
    assert prompts(s) == [0]


def test_P2_where_stripe_writes_we_do_not() -> None:
    s = Scenario()
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    s.open_session("fca_1", delivery="email")
    s.webhook("fca_1", active(deactivates_on=in_days(30), authorization="fcauth_2"))
    assert days(s) == []
    assert prompts(s) == []


def test_P2_once_stripe_has_written_we_do_not_remind() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable())
    s.open_session("fca_1", delivery="email")
    assert days(s) == []
    assert prompts(s) == [0]


@pytest.mark.parametrize("delivery", ["modal", "url"])
def test_P2_a_session_that_stripe_does_not_write_about_leaves_the_reminders(delivery: str) -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.open_session("fca_1", delivery=delivery)
    assert days(s) == [2]


# ── P3 ───────────────────────────────────────────────────────────────────────


def test_P3_an_announced_deactivation_prompts_ahead_of_time() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    assert prompts(s) == []
    assert days(s) == [23]
    [message] = s.asked_for(NotifyCustomer)
    assert (message.relink_by, message.reasons) == (in_days(30), ("announced_deactivation",))


@pytest.mark.parametrize(("ahead", "prompted"), [(7 * DAY + 1, []), (7 * DAY, [0]), (5 * DAY, [0])])
def test_P3_at_once_where_the_day_is_near(ahead: int, prompted: list[int]) -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY))
    s.webhook("fca_1", active(deactivates_on=s.now + 10 + ahead))
    assert prompts(s) == prompted


def test_P3_reminders_follow_that_prompt() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=(2 * DAY, 7 * DAY)))
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    assert days(s) == [23, 25, 30]
    assert prompts(s) == [0, 1, 2]


def test_P3_at_once_where_something_does_not_work_already() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY))
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    s.webhook("fca_1", active(deactivates_on=in_days(30), numbers=(number("expired"),)))
    [message] = s.asked_for(NotifyCustomer)
    assert (message.reasons, message.relink_by) == (("number_lapsed",), None)


def test_P3_of_two_days_the_earlier_counts() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    expiring = number("transactable", in_days(20))
    s.webhook("fca_1", active(deactivates_on=in_days(25), numbers=(expiring,)))
    assert days(s) == [13]
    assert s.asked_for(NotifyCustomer)[0].relink_by == in_days(20)


def test_P3_unless_its_action_is_none() -> None:
    s = Scenario()
    s.webhook("fca_1", active(deactivates_on=in_days(30), deactivation_action="none"))
    assert days(s) == []


def test_P3_an_expiring_number_prompts_ahead_of_time() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    s.webhook("fca_1", active(numbers=(number("transactable", in_days(20)),)))
    assert s.number("fca_1").state == "expiring"
    assert days(s) == [13]
    assert s.asked_for(NotifyCustomer)[0].reasons == ("number_expiring",)


def test_P3_a_number_that_lasts_is_not_expiring() -> None:
    s = Scenario(RelinkPolicy(number_notice=30 * DAY))
    s.webhook("fca_1", active(numbers=(number("transactable", in_days(40)),)))
    assert s.number("fca_1").state == "transactable"
    assert days(s) == []


def test_P3_a_day_put_off_puts_off_the_prompt() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    s.webhook("fca_1", active(deactivates_on=in_days(10)))
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    assert days(s) == [23]


def test_P3_a_day_put_off_after_the_prompt_puts_off_the_reminders() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=(2 * DAY, 3 * DAY)))
    s.webhook("fca_1", active(deactivates_on=in_days(5)))
    assert prompts(s) == [0]
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    assert days(s) == [23, 24]


def test_P3_a_day_taken_back_needs_no_prompt() -> None:
    s = Scenario()
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    s.webhook("fca_1", active(deactivates_on=None))
    assert days(s) == []


def test_P3_announcements_for_an_account_and_its_authorization_are_one() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    s.webhook("fca_1", active(deactivates_on=in_days(30)))
    s.authorization_webhook("fcauth_1", StatusReport(status="active", deactivates_on=in_days(30)))
    assert days(s) == [23]


def test_P3_the_authorizations_alone_prompts_as_well_unless_its_action_is_none() -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    near = in_days(3)
    none = StatusReport(status="active", deactivates_on=near, deactivation_action="none")
    s.authorization_webhook("fcauth_1", none)
    assert prompts(s) == []
    s.authorization_webhook("fcauth_1", StatusReport(status="active", deactivates_on=near))
    assert prompts(s) == [0]
    assert s.asked_for(NotifyCustomer)[0].accounts == ()
