"""Testing relink itself: all of its machines, over streams of webhooks, against what is true.

Reads are answered with what is true at Stripe. After each step every property of the rules is
checked (:mod:`relink.machines.properties`). When nothing is on the way any more, each account is
known as it is: whatever came twice, late or never.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from relink.adapters.simulator import PREVIEW, Request
from relink.adapters.stripe.reduce import Origin, reduce_account, reduce_authorization
from relink.engine import Address, Facts, Snapshot, Step
from relink.engine.fuzz import Delivery, DeliveryFaults, Said
from relink.machines.commands import Read, RetrieveAccount, RetrieveAuthorization
from relink.machines.events import DomainEvent
from relink.machines.properties import violations

from .decided import Decided, origin_of, told
from .linked_accounts import LinkedAccountsTest
from .webhook import Sent

_STATES = {
    ("active", None): "active",
    ("inactive", "relink_required"): "inactive_relinkable",
    ("inactive", "none"): "inactive_unrepairable",
    ("disconnected", None): "disconnected",
}
"""The state of an account, by what is true of it."""


class RelinkTest(LinkedAccountsTest):
    """relink's own machines under test, as ``relink fuzz --system`` runs them."""

    accounts = 3
    gap = 3
    faults: ClassVar[DeliveryFaults] = DeliveryFaults(duplicates=2, overtaken=5, stale=2, lost=0)

    def __init__(self) -> None:
        super().__init__()
        self._wrong: list[str] = []
        self._decided = Decided(self.policy, self._answer, self._watch)

    def deliver(self, delivery: object) -> None:
        """Check what the rules say of the steps that the webhook led to."""
        if self._wrong:
            self._refute(self._wrong[0])

    def _decide(self, delivery: Delivery[Sent]) -> list[str]:
        steps = self._decided.receive(delivery.event, self.simulator.now)
        return [line for step in steps for line in told(step)]

    def _answer(self, read: Read) -> DomainEvent | None:
        self.simulator.advance_to(read.after)
        match read:
            case RetrieveAccount(account=name):
                found = self._read(f"accounts/{name}")
                return None if found is None else reduce_account(found, self._now(read))
            case RetrieveAuthorization(authorization=name):
                found = self._read(f"authorizations/{name}")
                if found is not None:
                    return reduce_authorization(found, self._now(read))
        return None

    def _read(self, path: str) -> dict[str, Any] | None:
        headers = {"authorization": "Bearer sk_test_fuzz", "stripe-version": PREVIEW}
        asked = Request("GET", f"/v1/financial_connections/{path}", headers=headers)
        answer = self.simulator.handle(asked)
        found: dict[str, Any] | None = json.loads(answer.body) if answer.status == 200 else None
        return found

    def _now(self, read: Read) -> Origin:
        now = self.simulator.now
        return origin_of(read, int(now), now, self.policy)

    def _watch(self, before: Mapping[Address, Snapshot[Facts]], step: Step) -> None:
        self._wrong += violations(before, step, self._decided.world)

    def _said(self) -> Iterator[tuple[str, Said, Said]]:
        if not self.transit.is_empty or self.to_arrive:
            return
        for name, account in self.simulator.world.accounts.items():
            found = self._decided.world.get(Address("account", name))
            if found is not None:
                action = account.inactive.action if account.inactive else None
                true = _STATES[account.status, action]
                yield f"{name}: ", {"state": true}, {"state": found.state}
