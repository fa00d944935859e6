"""Whole scenarios, as in the docstring of :mod:`relink.machines.account.chart`."""

from relink.machines.commands import (
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
)
from relink.machines.events import MandateCollected, PaymentMethodMade

from .reports import DAY, active, relinkable
from .scenario import Scenario


def picks_the_wrong_account() -> Scenario:
    """An account expires, and its customer picks another one in a specific session."""
    s = Scenario()
    s.link("fca_1")
    s.webhook("fca_1", relinkable())
    assert s.account("fca_1").state == "inactive_relinkable"
    assert not s.assess("fca_1").chargeable
    [prompt] = s.asked_for(NotifyCustomer)
    assert (prompt.accounts, prompt.ask) == (("fca_1",), "relink")

    session = s.open_session("fca_1")
    assert s.account("fca_1").facts.request.mode == "specific"
    assert s.account("fca_1").state == "relinking"
    s.result(session, failure_reason="no_account")
    assert s.account("fca_1").state == "inactive_relinkable"
    return s


def test_a_customer_picks_the_wrong_account_twice_and_links_a_new_one() -> None:
    s = picks_the_wrong_account()
    s.perform_reads()  # the answers repeat what is known

    request = s.request_relink("fca_1")
    assert isinstance(request, CreateRelinkSession)
    assert (request.mode, request.attempt) == ("any_eligible", 2)
    session = s.create(request)
    assert s.account("fca_1").state == "relinking"

    s.result(session, {"fca_2": active(last4="6789")})
    assert s.session(session).facts.outcome == "new_account_linked"
    assert s.account("fca_1").state == "new_account_linked"
    assert s.account("fca_1").facts.replaced_by == "fca_2"
    assert s.outage("fcauth_1").state == "none"
    assert [c.account for c in s.asked_for(CreatePaymentMethod)] == ["fca_2"]

    s.perform_reads()
    s.happens(PaymentMethodMade, account="fca_2", payment_method="pm_1")
    assert s.next("fca_2") == [("collect_mandate", "new_account")]
    s.happens(MandateCollected, account="fca_2")
    assert s.assess("fca_2").chargeable
    assert s.next("fca_1") == s.next("fca_2") == []

    s.wait(30 * DAY)
    assert len(s.asked_for(NotifyCustomer)) == 1


def test_a_customer_picks_the_wrong_account_twice_and_links_a_known_one() -> None:
    s = picks_the_wrong_account()
    s.webhook("fca_2", active())

    session = s.open_session("fca_1")
    s.result(session, {"fca_2": active()})
    assert s.session(session).facts.outcome == "known_account_linked"
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.account("fca_1").facts.known_linked == "fca_2"
    assert s.asked_for(CreatePaymentMethod) == []
    assert s.assess("fca_2").chargeable

    [action] = s.assess("fca_1").next
    assert (action.action, action.mode) == ("relink", "any_eligible")


def test_a_customer_finds_the_right_account_in_the_end() -> None:
    s = picks_the_wrong_account()
    s.result(s.open_session("fca_1"), {"fca_1": active()})
    s.perform_reads()
    assert s.account("fca_1").state == "active"
    assert s.assess("fca_1").chargeable
    assert s.next("fca_1") == []
