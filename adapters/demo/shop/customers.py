"""The shop's customers, who pay a music school for lessons from their bank accounts."""

from dataclasses import dataclass

from relink.adapters.simulator import TOKENIZED_NUMBERS, Simulator

DAY = 24 * 60 * 60
"""Seconds."""

SINCE_THEN = 5.0
"""How long ago they signed up (seconds)."""

ENDS_IN = 5 * DAY
"""When one link stops working, as announced (seconds from now): soon enough to prompt at once."""


@dataclass(frozen=True, slots=True)
class Customer:
    """What the shop knows about a customer."""

    id: str
    """``cus_…``, at Stripe."""
    name: str
    """The name that the shop shows."""
    takes: str
    pays: str


def sign_up(simulator: Simulator) -> list[Customer]:
    """Create customers at Stripe, with the accounts that they linked when they signed up."""
    ada = simulator.add_customer("Ada Winter")
    checking = simulator.link_account(ada)
    assert checking.authorization is not None, "a linked account has an authorization"
    simulator.link_account(ada, authorization=checking.authorization.id, subcategory="savings")
    ben = simulator.add_customer("Ben Okafor")
    simulator.link_account(ben, institution=TOKENIZED_NUMBERS)
    cleo = simulator.add_customer("Cleo Marin")
    simulator.link_account(cleo)
    # She has no name at Stripe, so a payment method for a new account waits for one.
    dana = simulator.add_customer(None, "dana@mail.test")
    simulator.link_account(dana)
    eli = simulator.add_customer("Eli Brandt")
    ending = simulator.link_account(eli)
    # A report of the same second would be ambiguous, and relink would read the account first.
    simulator.advance(SINCE_THEN)
    simulator.bank.announce_deactivation(ending.id, int(simulator.now + ENDS_IN))
    return [
        Customer(ada, "Ada Winter", "Piano, weekly", "$160 a month"),
        Customer(ben, "Ben Okafor", "Violin, weekly", "$150 a month"),
        Customer(cleo, "Cleo Marin", "Choir", "$45 a month"),
        Customer(dana, "dana@mail.test", "Guitar, trial term", "$90 a term"),
        Customer(eli, "Eli Brandt", "Drums, every other week", "$80 a month"),
    ]
