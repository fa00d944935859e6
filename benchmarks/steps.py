"""Whole steps: what the webhooks of one account do to all machines.

It is driven by bytes alone and reads no names of events, facts or states, so it runs on earlier
releases too (:mod:`.against`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from relink.adapters.stripe import StripeWebhooks
from relink.machines import relink_system

from . import webhooks

CYCLES = 3
"""How often the account breaks. The first time its machines are made."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One step of the account's life."""

    body: bytes
    signature: str
    event: Any
    machines: Mapping[Any, Any]
    """The snapshots before it."""


class Life:
    """An account's life, with everything that is needed to repeat each step of it."""

    def __init__(self) -> None:
        self.system: Any = relink_system()
        self._webhooks: Any = StripeWebhooks([webhooks.SECRET], livemode=False)
        self.steps: list[Asked] = []
        machines: dict[Any, Any] = {}
        for body in webhooks.life(CYCLES):
            signature = webhooks.signature(body, webhooks.FIRST)
            (event,) = self._receive(body, signature)
            self.steps.append(Asked(body, signature, event, dict(machines)))
            machines.update(self.system.step(event, machines.get).snapshots)

    def _receive(self, body: bytes, signature: str) -> tuple[Any, ...]:
        events: tuple[Any, ...] = self._webhooks.receive(body, signature, webhooks.FIRST).events
        return events

    def step(self) -> None:
        """Take all steps."""
        step = self.system.step
        for asked in self.steps:
            step(asked.event, asked.machines.get)

    def receive(self) -> None:
        """Verify, parse and reduce all webhooks."""
        for asked in self.steps:
            self._receive(asked.body, asked.signature)

    def receive_and_step(self) -> None:
        """Take all steps, from the bytes."""
        step = self.system.step
        for asked in self.steps:
            for event in self._receive(asked.body, asked.signature):
                step(event, asked.machines.get)

    def decisions(self) -> Callable[[], None]:
        """A function that decides the account's part of the steps: what Stripe reported of it."""
        decide = self.system.tables["account"].decide
        asked = []
        for each in self.steps:
            deliveries = self.system.step(each.event, each.machines.get).deliveries
            decision = next(d.decision for d in deliveries if d.address.machine == "account")
            asked.append(decision[:2])  # before and trigger, whatever their names were

        def go() -> None:
            for snapshot, trigger in asked:
                decide(snapshot, trigger)

        return go
