"""What machines send is what their charts declare, no more and no less; so is what is routed.

Facts and payloads are drawn from a small world until everything that is declared has been sent. So
the picture of the system, which holds what is declared, holds exactly the sends.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from relink.engine import Address, Event, Facts, Send, Snapshot
from relink.engine.fuzz import instances, payloads
from relink.machines import CHARTS, events
from relink.machines.commands import BY_NAME
from relink.machines.events import DomainEvent, FromStripe
from relink.machines.messages import ReviewDue
from relink.machines.payment_method import NUMBER_DEACTIVATED
from relink.machines.report import ExternalAccountReport, PaymentMethodReport, StatusReport
from relink.machines.routing import ROUTED, route

from .reports import active, disconnected, inactive, number, relinkable, unrepairable
from .test_leaves import LINK_STATUS, NUMBER_STATUS, SMALL

Sent = set[tuple[str, str]]
"""Pairs of an event and the machine that gets it."""

SEARCH = settings(
    max_examples=1500,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def sent(sends: Iterator[Send]) -> Sent:
    return {(send.event.name, send.machine) for send in sends}


def declared(by_target: dict[str, tuple[type[Event], ...]]) -> Sent:
    return {(event.name, target) for target, found in by_target.items() for event in found}


def search(drawn: st.SearchStrategy, send: Callable[..., Iterator[Send]], wanted: Sent) -> Sent:
    """Draw until all that is wanted is sent, or for long enough; what was sent."""
    found: Sent = set()

    def is_complete(example: object) -> bool:
        found.update(sent(send(*example)))
        return found >= wanted

    with suppress(NoSuchExample):
        find(drawn, is_complete, settings=SEARCH)
    return found


def values(machine: str) -> dict[str, st.SearchStrategy]:
    statuses = NUMBER_STATUS if machine == "account_number" else LINK_STATUS
    return {
        **SMALL,
        "reported_status": st.sampled_from(statuses),
        "PaymentMethodBlocked.reason": st.sampled_from([NUMBER_DEACTIVATED, "closed"]),
    }


@pytest.mark.parametrize("machine", CHARTS)
def test_a_machine_sends_exactly_what_its_chart_declares(machine: str):
    chart = CHARTS[machine]
    table = chart.table()
    small = values(machine)
    kinds = [payloads(kind, small) for kind in chart.alphabet]

    def sends(remembered: Facts, *triggers: Event) -> Iterator[Send]:
        # To draw facts takes a hundred times longer than to decide on them: try all states.
        for state, trigger in product(table.states, triggers):
            commands = table.decide(Snapshot(state, remembered), trigger).commands
            yield from (command for command in commands if isinstance(command, Send))

    wanted = declared(chart.sends)
    assert search(st.tuples(instances(chart.facts_type, small), *kinds), sends, wanted) == wanted


# -- What is routed -------------------------------------------------------------------------------

REPORTS = [
    None,
    StatusReport(),
    *(make() for make in (relinkable, unrepairable, inactive, disconnected)),
    *(active(numbers=(number(status),)) for status in ("transactable", "pending", "expired")),
    active(numbers=(number("transactable", expires_on=2),)),
]
REPORTED = {
    "report": st.sampled_from(REPORTS[1:]),
    **dict.fromkeys(
        ("AccountReported.report", "AuthorizationReported.report"), st.sampled_from(REPORTS)
    ),
    "PaymentMethodReported.report": st.none()
    | instances(PaymentMethodReport, {"blocked": SMALL["blocked"]}),
    "ExternalAccountReported.report": st.sampled_from(
        [
            None,
            *(ExternalAccountReport(status=status) for status in ("new", "errored", None)),
            ExternalAccountReport(gone=True),
        ]
    ),
    "SessionReported.status": st.sampled_from(
        ["succeeded", "failed", "cancelled", "pending", "new", None]
    ),
    "MandateReported.status": st.sampled_from(["active", "inactive"]),
    "CommandFailed.command": st.sampled_from(sorted(BY_NAME)),
    "payment_method": st.sampled_from(["pm_1", "pm_2"]),
    "external_account": st.sampled_from(["ba_1", "ba_2"]),
    "TimerFired.machine": st.just("outage"),
    "TimerFired.event": st.just(ReviewDue(at=1.0, causation_id="evt_1")),
}

OUTSIDE = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type)
    and issubclass(kind, DomainEvent)
    and kind not in (DomainEvent, FromStripe)
]
"""Every event that comes from outside."""

STATES = {"session": "open", "payment_method": "ready", "account_number": "pending", "read": "due"}
"""The states of machines that routing looks up, where it is not ``active``."""

TIMERS = {
    ("review_due", "account"),
    ("review_due", "outage"),
    ("review_due", "holder"),
    ("session_deadline", "session"),
}
"""What machines ask the clock to bring back."""


def test_routing_sends_exactly_what_it_declares():
    small = {name: drawn for name, drawn in {**SMALL, **REPORTED}.items() if name != "gone"}
    kinds = [payloads(kind, small) for kind in OUTSIDE]
    known = {
        machine: st.none() | instances(CHARTS[machine].facts_type, small)
        for machine in ("account", "session", "payment_method", "account_number", "read")
    }

    def sends(facts: dict[str, Facts | None], *triggers: Event) -> Iterator[Send]:
        def load(address: Address) -> Snapshot | None:
            of = facts.get(address.machine)
            return None if of is None else Snapshot(STATES.get(address.machine, "active"), of)

        for trigger in triggers:
            yield from route(trigger, load)

    found = search(
        st.tuples(st.fixed_dictionaries(known), *kinds), sends, declared(ROUTED) - TIMERS
    )
    assert found | TIMERS == declared(ROUTED)
