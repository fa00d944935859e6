"""What routing looks up: the facts of machines that an event is about."""

from typing import cast

from relink.engine import Address, Load, Snapshot

from ..account.facts import AccountFacts
from ..payment_method import PaymentMethodFacts


def account_facts(account: str, load: Load) -> AccountFacts | None:
    """What is remembered of an account; None while it is not known."""
    found = cast("Snapshot[AccountFacts] | None", load(Address("account", account)))
    return found.facts if found else None


def payment_method_facts(key: str, load: Load) -> PaymentMethodFacts | None:
    """What is remembered of a payment method or external account."""
    found = cast("Snapshot[PaymentMethodFacts] | None", load(Address("payment_method", key)))
    return found.facts if found else None
