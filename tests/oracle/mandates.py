"""Mandates (N3): for which payment methods the customer has to authorize debits again."""

from dataclasses import dataclass, field

from relink.machines.events import (
    DomainEvent,
    MandateCollected,
    MandateReported,
    PaymentMethodMade,
)

from .said import time_of

CLOSE = 2
"""Our clock and Stripe's are not the same: within two seconds nobody can tell (seconds)."""


@dataclass
class Mandates:
    """All that was said about mandates, by payment method."""

    needed_since: dict[str, list[float]] = field(default_factory=dict)
    """When one was built, or when its mandate ended."""
    collected: dict[str, list[float]] = field(default_factory=dict)
    """When the service said that it has a mandate, or that all of its account have."""
    vague: set[str] = field(default_factory=set)
    """Those about which something was said that may count, or not."""

    def learn(self, event: DomainEvent, made_for: dict[str, str]) -> set[str]:
        """Write down what an event says. Returns the accounts that it can matter for."""
        match event:
            case PaymentMethodMade(payment_method=name, account=account):
                self.needed_since.setdefault(name, []).append(event.at)
                return {account}
            case MandateReported(payment_method=name, status=status):
                as_of = time_of(event)
                if status == "inactive" and as_of is not None and name in made_for:
                    self.needed_since.setdefault(name, []).append(as_of)
                elif status == "inactive":
                    # K2: it cannot be read. And no rule says what a mandate is worth of a payment
                    # method that nobody has told the account of.
                    self.vague.add(name)
                return {made_for[name]} if name in made_for else set()
            case MandateCollected(account=account, payment_method=only):
                for name, owner in made_for.items():
                    if owner == account and only in (None, name):
                        self.collected.setdefault(name, []).append(event.at)
                return {account}
        return set()

    def is_due(self, name: str) -> bool | None:
        """Whether a mandate has to be collected; None where that is left open."""
        needed = max(self.needed_since.get(name, []), default=None)
        if needed is None:
            return None if name in self.vague else False
        collected = max(self.collected.get(name, []), default=0.0)
        if name in self.vague or abs(needed - collected) <= CLOSE:
            return None
        return needed > collected
