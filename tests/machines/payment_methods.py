"""Scenarios in which payment methods are made from accounts."""

from relink.machines.events import PaymentMethodMade

from .reports import active, number, relinkable
from .scenario import Scenario

WELL = (number("transactable"),)


def account_that_works() -> Scenario:
    """An active account with a tokenized number."""
    s = Scenario()
    s.link("fca_1", numbers=WELL)
    return s


def new_payment_method() -> Scenario:
    """A customer whose new account, ``fca_1``, has a payment method of relink's, ``pm_1``."""
    s = Scenario()
    s.webhook("fca_0", relinkable())
    s.result(s.open_session("fca_0", mode="any_eligible"), {"fca_1": active()})
    s.happens(PaymentMethodMade, account="fca_1", payment_method="pm_1")
    s.perform_reads()
    return s
