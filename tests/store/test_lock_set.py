"""The lock set foresees what the events that come often change, so that no writer starts again."""

from collections.abc import Sequence

import pytest

from relink.adapters.store.lock_set import likely_addresses, related_addresses
from relink.engine import Address, Event, Facts, Snapshot
from relink.machines import events, relink_system
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import (
    AccountReported,
    CommandFailed,
    DomainEvent,
    FromStripe,
    PaymentMethodMade,
    RelinkRequested,
    RelinkSessionCreated,
    TimerFired,
)

from .messages import ACTIVE, NOW, reported


class Watched:
    """The system, and what it loads that was not foreseen."""

    def __init__(self) -> None:
        self.machines: dict[Address, Snapshot[Facts]] = {}

    def unforeseen(self, *happen: Event) -> set[Address]:
        """Decide events; what the last one loaded beside what was foreseen."""
        loaded: set[Address] = set()

        def load(address: Address) -> Snapshot[Facts] | None:
            loaded.add(address)
            return self.machines.get(address)

        for trigger in happen:
            loaded.clear()
            self.machines |= relink_system().step(trigger, load).snapshots
        return loaded - set(likely_addresses(happen[-1:]))


DOWN = reported("evt_1", NOW)
REQUEST = CreateRelinkSession(
    account="fca_1",
    attempt=1,
    authorization="fcauth_1",
    mode="specific",
    reason="inactive",
    holder=None,
    permissions=("payment_method",),
    subcategories=("checking",),
    delivery="modal",
    return_url=None,
)
AGAIN = {"causation_id": "x", "at": NOW + 60.0}


def answered(id: str, at: int, **changed: object) -> AccountReported:
    return reported(id, at, **changed).model_copy(update={"read": True, "begun_at": at - 1.0})


@pytest.mark.parametrize(
    "happen",
    [
        (DOWN,),
        (DOWN, DOWN),
        (DOWN, reported("evt_2", NOW + 60, **ACTIVE)),
        (DOWN, reported("evt_2", NOW, **ACTIVE)),
        (DOWN, reported("evt_2", NOW, **ACTIVE), answered("read_1", NOW + 9, **ACTIVE)),
        (DOWN, answered("read_1", NOW + 9, **ACTIVE)),
        (DOWN, RelinkRequested(account="fca_1", **AGAIN)),
        (DOWN, RelinkSessionCreated(session="fcsess_1", request=REQUEST, **AGAIN)),
        (DOWN, PaymentMethodMade(account="fca_1", payment_method="pm_1", **AGAIN)),
    ],
    ids=lambda happen: " ".join(each.causation_id for each in happen),
)
def test_what_comes_often_is_foreseen(happen: Sequence[Event]):
    assert Watched().unforeseen(*happen) == set()


def every_event() -> list[type[DomainEvent]]:
    kinds = (kind for kind in vars(events).values() if isinstance(kind, type))
    own = [kind for kind in kinds if issubclass(kind, DomainEvent)]
    return [kind for kind in own if kind not in (DomainEvent, FromStripe)]


@pytest.mark.parametrize("kind", every_event())
def test_each_outside_event_names_some_machine(kind: type[DomainEvent]):
    given = {
        field: None if field in ("report", "accounts") else REQUEST if field == "request" else "x"
        for field, info in kind.model_fields.items()
        if info.is_required()
    }
    trigger = kind.model_construct(**given)
    if isinstance(trigger, CommandFailed):
        trigger = trigger.model_copy(update={"command": "retrieve_payment_method"})
    assert list(likely_addresses([trigger]))
    if isinstance(trigger, TimerFired):
        assert list(likely_addresses([trigger])) == [Address("x", "x")]


def test_related_machines_include_the_one_that_was_asked_for():
    for name in relink_system().tables:
        assert Address(name, "x") in list(related_addresses(Address(name, "x")))
