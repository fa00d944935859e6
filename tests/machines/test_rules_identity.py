"""K7, K8 and R6: which accounts are known, where they belong, and who holds them."""

import pytest

from relink.engine import Address
from relink.machines import RelinkPolicy
from relink.machines.commands import CreatePaymentMethod, NotifyCustomer, RetrieveAuthorization
from relink.machines.events import PaymentMethodMade
from relink.machines.report import Holder, StatusReport

from .reports import CUSTOMER, DAY, active, inactive, relinkable, unrepairable
from .scenario import Scenario, expired, knowing

OTHER = Holder(field="customer", id="cus_2")

# ── K7 ───────────────────────────────────────────────────────────────────────


def test_K7_an_account_held_before_the_session_is_known() -> None:
    s = knowing(relinkable())
    s.webhook("fca_2", relinkable(authorization="fcauth_2"))
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active()})
    assert s.session(session).facts.outcome == "known_account_linked"


def test_K7_an_account_first_seen_in_a_result_is_new() -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active()})
    assert s.session(session).facts.outcome == "new_account_linked"


@pytest.mark.parametrize("report", [active(), None], ids=["account.created", "thin"])
def test_K7_an_account_first_seen_by_a_webhook_while_the_session_was_open_is_new(
    report: StatusReport | None,
) -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1", mode="any_eligible")
    s.webhook("fca_2", report)
    s.result(session, {"fca_2": active()})
    assert s.session(session).facts.outcome == "new_account_linked"


def test_K7_an_account_that_stripe_has_had_for_long_is_new_if_relink_had_not_seen_it() -> None:
    """Its first webhook is dated long before the session, and arrives while the session is open."""
    s = knowing(relinkable())
    session = s.open_session("fca_1", mode="any_eligible")
    s.webhook("fca_2", active(), created=100)
    s.result(session, {"fca_2": active()})
    assert s.session(session).facts.outcome == "new_account_linked"


def test_K7_the_same_result_again_gives_the_same_outcome_and_builds_nothing_twice() -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active()}, webhook=True)
    s.happens(PaymentMethodMade, account="fca_2", payment_method="pm_1")
    outcome = s.session(session).facts
    built = s.build("fca_2").facts
    s.result(session)
    s.result(session)
    assert s.session(session).facts == outcome
    assert s.build("fca_2").facts == built
    assert s.account("fca_1").state == "new_account_linked"
    assert s.commands == ()


# ── K8 ───────────────────────────────────────────────────────────────────────


def test_K8_an_account_moves_to_its_new_authorization_and_both_are_read() -> None:
    s = knowing(active())
    s.webhook("fca_1", active(authorization="fcauth_2"))
    assert s.account("fca_1").facts.authorization == "fcauth_2"
    assert s.authorization("fcauth_1").facts.members == frozenset()
    assert s.authorization("fcauth_2").facts.members == {"fca_1"}
    read = {c.authorization for c in s.commands if isinstance(c, RetrieveAuthorization)}
    assert read == {"fcauth_1", "fcauth_2"}


def test_K8_the_customer_of_an_account_that_moves_is_not_prompted_again() -> None:
    s = knowing(relinkable())
    s.webhook("fca_1", relinkable(authorization="fcauth_2"))
    assert len(s.asked_for(NotifyCustomer)) == 1
    assert s.outage("fcauth_1").state == "none"
    assert s.outage("fcauth_2").state == "prompted"


def test_K8_the_customer_of_an_account_that_moves_is_reminded_as_before() -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.webhook("fca_1", relinkable(authorization="fcauth_2"))
    s.wait(60 * DAY)
    reminder = s.asked_for(NotifyCustomer)[-1]
    assert (reminder.outage, reminder.reminder) == ("fcauth_2", 1)
    assert len(s.asked_for(NotifyCustomer)) == 2


def test_K8_an_account_that_moves_after_the_last_reminder_brings_no_more() -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.webhook("fca_2", relinkable())
    s.wait(3 * DAY)
    assert len(s.asked_for(NotifyCustomer)) == 2
    s.webhook("fca_1", relinkable(authorization="fcauth_2"))
    s.webhook("fca_2", relinkable(authorization="fcauth_2"))
    s.wait(60 * DAY)
    assert len(s.asked_for(NotifyCustomer)) == 2


def test_K8_an_account_that_moves_is_not_reminded_of_if_the_policy_has_no_reminders() -> None:
    s = Scenario(RelinkPolicy(reminders=()))
    s.webhook("fca_1", relinkable())
    s.webhook("fca_1", relinkable(authorization="fcauth_2"))
    s.wait(60 * DAY)
    assert len(s.asked_for(NotifyCustomer)) == 1


def test_K8_reminders_for_the_accounts_that_stay_do_not_name_the_one_that_moved() -> None:
    s = Scenario(RelinkPolicy(reminders=(2 * DAY,)))
    s.webhook("fca_1", relinkable())
    s.webhook("fca_2", relinkable())
    s.webhook("fca_1", active(authorization="fcauth_2"))
    s.wait(60 * DAY)
    reminder = s.asked_for(NotifyCustomer)[-1]
    assert (reminder.outage, reminder.accounts) == ("fcauth_1", ("fca_2",))


def test_K8_an_announcement_moves_along_with_its_account_and_is_prompted_for_once() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    day = s.now + 30 * DAY
    s.webhook("fca_1", active(deactivates_on=day))
    s.webhook("fca_1", active(deactivates_on=day, authorization="fcauth_2"))
    s.wait(60 * DAY)
    [prompt] = s.asked_for(NotifyCustomer)
    assert (prompt.outage, prompt.relink_by) == ("fcauth_2", day)


def test_K8_an_announcement_that_moves_is_prompted_for_once_after_an_earlier_prompted_outage() -> (
    None
):
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY, reminders=()))
    day = s.now + 30 * DAY
    s.webhook("fca_1", relinkable())
    s.webhook("fca_1", active())
    s.webhook("fca_1", active(deactivates_on=day))
    s.webhook("fca_1", active(deactivates_on=day, authorization="fcauth_2"))
    s.wait(60 * DAY)
    assert [prompt.outage for prompt in s.asked_for(NotifyCustomer)] == ["fcauth_1", "fcauth_2"]


def test_K8_a_prompted_customer_is_not_prompted_for_the_new_authorizations_announcement() -> None:
    s = Scenario(RelinkPolicy(announcement_lead=7 * DAY))
    announced = StatusReport(status="active", deactivates_on=s.now + 30 * DAY)
    s.authorization_webhook("fcauth_2", announced)
    s.webhook("fca_1", relinkable())
    s.webhook("fca_1", relinkable(authorization="fcauth_2"))
    s.wait(60 * DAY)
    assert [m.reminder for m in s.messages] == [0, 1, 2]
    assert s.outage("fcauth_2").facts.needing.keys() == {"fca_1"}


def test_K8_an_authorization_learned_from_a_stale_report_is_prompted_for_once() -> None:
    s = Scenario()
    s.webhook("fca_1", relinkable(without=("authorization",)))
    s.webhook("fca_1", active(), created=500)
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.authorization("fcauth_1").facts.inactive_members == {"fca_1"}
    assert s.messages == []  # a read of the account is due
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert [m.outage for m in s.messages] == ["fcauth_1"]
    s.webhook("fca_1", active())
    assert s.outage("fcauth_1").state == "none"


def test_K8_a_stale_report_with_an_authorization_moves_nothing_that_was_read_to_have_none() -> None:
    s = Scenario()
    s.stripe["fca_1"] = relinkable(without=("authorization",))
    s.read("fca_1")
    s.webhook("fca_1", active(), created=500)
    assert s.account("fca_1").facts.authorization is None
    assert s.messages == []


def test_K8_two_authorizations_within_one_second_are_ambiguous() -> None:
    s = knowing(active())
    s.webhook("fca_1", active(authorization="fcauth_2"), created=s.as_of("fca_1"))
    assert s.account("fca_1").facts.authorization == "fcauth_1"
    assert s.read_reasons == ["contradiction"]
    s.stripe["fca_1"] = active(authorization="fcauth_2")
    s.perform_reads()
    assert s.account("fca_1").facts.authorization == "fcauth_2"


def test_K8_a_stale_report_with_the_old_authorization_moves_nothing_back() -> None:
    s = knowing(active())
    s.webhook("fca_1", active(authorization="fcauth_2"))
    s.webhook("fca_1", active(authorization="fcauth_1"), created=s.now - 5)
    assert s.account("fca_1").facts.authorization == "fcauth_2"


# ── R6 ───────────────────────────────────────────────────────────────────────


def test_R6_an_account_of_another_holder_is_recorded_and_nothing_is_built_on_it() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active(holder=OTHER)})
    facts = s.session(session).facts
    assert (facts.outcome, facts.failure_reason) == ("failed", "other_holder")
    assert facts.linked == "fca_2"
    assert s.account("fca_2").state == "active"
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.asked_for(CreatePaymentMethod) == []
    assert Address("payment_method", "fca_2") not in s.world


@pytest.mark.parametrize(
    ("holder", "outcome"), [(CUSTOMER, "new_account_linked"), (OTHER, "failed")]
)
def test_R6_the_holder_is_read_first_if_the_result_leaves_it_out(
    holder: Holder, outcome: str
) -> None:
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active(without=("holder",))}, webhook=True)
    assert s.session(session).state == "open"
    assert s.asked_for(CreatePaymentMethod) == []
    s.stripe["fca_2"] = active(holder=holder)
    s.perform_reads()
    assert s.session(session).facts.outcome == outcome
    built = [command.account for command in s.asked_for(CreatePaymentMethod)]
    assert built == (["fca_2"] if holder == CUSTOMER else [])


def test_R6_a_known_account_of_another_holder_is_not_offered() -> None:
    s = expired()
    s.webhook("fca_2", active(holder=OTHER))
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, {"fca_2": active(holder=OTHER)})
    assert s.account("fca_1").facts.known_linked is None


def test_R6_a_late_account_of_another_holder_is_recorded_and_changes_nothing_else() -> None:
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    s.result(session, status="cancelled")
    before = s.account("fca_1").facts
    s.result(session, {"fca_2": active(holder=OTHER)}, webhook=True)
    assert s.session(session).state == "cancelled"
    assert s.session(session).facts.linked == "fca_2"
    assert s.account("fca_1").facts == before


@pytest.mark.parametrize("webhook", [True, False], ids=["webhook", "read"])
def test_R6_a_result_of_a_session_that_relink_did_not_create_changes_nothing(webhook: bool) -> None:
    s = expired()
    world = dict(s.world)
    s.result("fcsess_of_another_service", {"fca_2": active()}, relinked="fca_1", webhook=webhook)
    assert s.step.deliveries == ()
    assert s.commands == ()
    assert s.world == world


# ── unknown accounts ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("report", [active(), relinkable(), unrepairable(), inactive(), None])
def test_an_unknown_account_becomes_known_by_its_first_webhook(
    report: StatusReport | None,
) -> None:
    s = Scenario()
    s.webhook("fca_9", report)
    assert Address("account", "fca_9") in s.world
    assert s.account("fca_9").facts.first_seen_at == s.now
    assert s.account("fca_9").facts.holder == (CUSTOMER if report else None)
