"""How fast is a decision? The account's chart, by four means, in one run.

Every means takes an account through the same weeks: it works, and Stripe confirms that from time to
time; its consent expires; one relink fails and the next succeeds; it works again. Some reports
arrive late.

Two questions are put. *Deciding* is finding the transition: the same guards are asked
everywhere, and the effects do nothing. *With effects*, they also make facts and commands, and
everywhere their assigns are merged into new facts; they are the same methods, and cost the same
whoever calls them.

- ``decide``: the compiled table.
- ``send``: a live python-statemachine machine, which keeps its state.
- ``build and send``: what a service does per request, a machine for the stored state, and one
  event.
- ``transitions``: the ``transitions`` library on a live object, with the same transitions.

Run with ``python benchmarks/decide.py``. Compare the ratios; absolute times are the machine's.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from statemachine.spec_parser import operator_mapping, parse_boolean_expr
from transitions import Machine

from relink.engine import Event, Snapshot
from relink.engine.apply import apply_effects
from relink.machines.account import AccountChart
from relink.machines.account.facts import AccountFacts
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import RelinkRequested
from relink.machines.messages import (
    SessionOpened,
    SessionRelinked,
    SessionUnsuccessful,
)
from relink.machines.report import Holder, StatusReport
from relink.machines.reported import (
    Reported,
    ReportedActive,
    ReportedRelinkable,
)

Step = tuple[str, Any, Event]
"""The state before, the facts before, and what happens."""

COMMON = {
    "authorization": "fcauth_1",
    "holder": Holder(field="customer", id="cus_1"),
    "permissions": ("payment_method",),
    "subcategory": "checking",
    "payment_method_types": ("us_bank_account",),
    "institution_name": "StripeBank",
    "last4": "6789",
}
WORKS = StatusReport(
    status="active",
    action=None,
    cause=None,
    deactivates_on=None,
    deactivation_action=None,
    **COMMON,
)
EXPIRED = StatusReport(
    status="inactive", action="relink_required", cause="access_expired", **COMMON
)


def reported(kind: type[Reported], as_of: int, report: StatusReport) -> Reported:
    """A report by webhook, as of the given time."""
    return kind(causation_id=f"evt_{as_of}", at=as_of, as_of=as_of, read=False, report=report)


def opened(session: str, attempt: int) -> SessionOpened:
    """A session for the account was opened."""
    request = CreateRelinkSession(
        account="fca_1",
        attempt=attempt,
        authorization="fcauth_1",
        mode="specific",
        reason="inactive",
        holder=Holder(field="customer", id="cus_1"),
        permissions=("payment_method",),
        subcategories=("checking", "savings"),
        delivery="modal",
        return_url=None,
    )
    return SessionOpened(causation_id=session, at=40, session=session, request=request)


def weeks(first: int, times: int) -> tuple[tuple[str, Event], ...]:
    """While it works, Stripe refreshes the account's data each day, and sends the account along."""
    return tuple(
        ("active", reported(ReportedActive, first + day, WORKS)) for day in range(7 * times)
    )


WALK: tuple[tuple[str, Event], ...] = (
    *weeks(20, times=1),
    # Consent expires; a late webhook comes after that, and a read confirms.
    ("active", reported(ReportedRelinkable, 30, EXPIRED)),
    ("inactive_relinkable", reported(ReportedActive, 21, WORKS)),
    ("inactive_relinkable", reported(ReportedRelinkable, 35, EXPIRED)),
    # The customer picks the wrong account; account and authorization are read.
    ("inactive_relinkable", RelinkRequested(causation_id="r1", at=40, account="fca_1")),
    ("inactive_relinkable", opened("fcsess_1", 1)),
    (
        "relinking",
        SessionUnsuccessful(
            causation_id="evt_50",
            at=50,
            session="fcsess_1",
            outcome="failed",
            failure_reason="no_account",
            as_of=50,
        ),
    ),
    ("inactive_relinkable", reported(ReportedRelinkable, 52, EXPIRED)),
    # The next time it is the right one: its webhook, its session's result, and a read.
    ("inactive_relinkable", RelinkRequested(causation_id="r2", at=55, account="fca_1")),
    ("inactive_relinkable", opened("fcsess_2", 2)),
    ("relinking", reported(ReportedActive, 60, WORKS)),
    ("active", reported(ReportedActive, 61, WORKS)),
    (
        "active",
        SessionRelinked(
            causation_id="evt_61", at=61, session="fcsess_2", account="fca_1", as_of=61, read=False
        ),
    ),
    ("active", reported(ReportedActive, 63, WORKS)),
    *weeks(70, times=2),
    ("active", reported(ReportedRelinkable, 31, EXPIRED)),
)


def walk() -> list[Step]:
    """The steps with the facts before each, by the table; it ends where it began."""
    table = AccountChart.table()
    first = table.start(AccountFacts(id="fca_1")).snapshot
    snapshot = table.decide(first, reported(ReportedActive, 10, WORKS)).snapshot
    steps: list[Step] = []
    for state, event in WALK:
        assert snapshot.state == state, f"the walk is in {snapshot.state}, not {state}"
        steps.append((state, snapshot.facts, event))
        snapshot = table.decide(snapshot, event).snapshot
    assert snapshot.state == WALK[0][0], "the walk ends elsewhere than it began"
    return steps


def returned(result: object) -> list[tuple[str, object]]:
    """What ``send`` gives back, by effect: one result alone, or a list of several."""
    several = isinstance(result, list) and any(isinstance(item, list) for item in result)
    return [("on", item) for item in result] if several else [("on", result)]  # type: ignore[attr-defined]


def does_nothing(self: Any, facts: Any, trigger: Any) -> None:
    """Stand in for an effect."""


def without_effects() -> type[AccountChart]:
    """The chart, its effects replaced."""
    effects = {name for leaf in AccountChart.table().leaves() for name in leaf.effects}
    return type("BareAccountChart", (AccountChart,), dict.fromkeys(effects, does_nothing))


def by_decide(chart: type[AccountChart], steps: list[Step]) -> Callable[[], None]:
    """The compiled table."""
    decide = chart.table().decide
    questions = [(Snapshot(state, facts), event) for state, facts, event in steps]

    def go() -> None:
        for snapshot, event in questions:
            decide(snapshot, event)

    return go


def by_send(chart: type[AccountChart], steps: list[Step]) -> Callable[[], None]:
    """One live machine."""
    machine = chart()
    machine.current_state_value = steps[0][0]

    def go() -> None:
        for _, facts, event in steps:
            result = machine.send(event.name, facts=facts, trigger=event)
            apply_effects(facts, returned(result))

    return go


def by_build_and_send(chart: type[AccountChart], steps: list[Step]) -> Callable[[], None]:
    """A machine for each event."""

    def go() -> None:
        for state, facts, event in steps:
            result = chart(start_value=state).send(event.name, facts=facts, trigger=event)
            apply_effects(facts, returned(result))

    return go


class Account:
    """A live object for ``transitions``, with the chart's guards and effects."""

    def __init__(self) -> None:
        self.returned: list[tuple[str, object]] = []


def by_transitions(chart: type[AccountChart], steps: list[Step]) -> Callable[[], None]:
    """The ``transitions`` library, its machine made from the chart's own declarations."""
    methods, model = chart(), Account()

    def guard(expression: str) -> Callable[..., bool]:
        return parse_boolean_expr(expression, lambda name: getattr(methods, name), operator_mapping)  # type: ignore[no-any-return]

    def effect(name: str) -> Callable[..., None]:
        bound = getattr(methods, name)
        return lambda facts, trigger: model.returned.append((name, bound(facts, trigger)))

    declared = []
    for state in AccountChart.states:
        for transition in state.transitions:
            for event in transition.events:
                declared.append(
                    {
                        "trigger": str(event),
                        "source": state.id,
                        "dest": transition.target.id if transition.target else None,
                        "conditions": [guard(spec.func) for spec in transition.cond],
                        "before": [
                            effect(spec.func) for spec in transition.on if not spec.is_convention
                        ],
                    }
                )
    Machine(
        model,
        states=[state.id for state in AccountChart.states],
        transitions=declared,
        initial=steps[0][0],
        auto_transitions=False,
        ignore_invalid_triggers=True,
    )
    triggers = [(getattr(model, event.name), facts, event) for _, facts, event in steps]

    def go() -> None:
        for trigger, facts, event in triggers:
            trigger(facts, event)
            apply_effects(facts, model.returned)
            model.returned.clear()

    return go


def seconds(go: Callable[[], None], times: int) -> float:
    """How long it takes."""
    began = time.perf_counter()
    for _ in range(times):
        go()
    return time.perf_counter() - began


def cold_start() -> float:
    """Seconds from nothing to the first decision, interpreter included: the median of five."""
    code = (
        "from relink.machines.account import AccountChart\n"
        "from relink.machines.account.facts import AccountFacts\n"
        "AccountChart.table().start(AccountFacts(id='fca_1'))\n"
    )
    took = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        took.append(time.perf_counter() - began)
    return median(took)


PEERS = {
    "decide": (by_decide, 400),
    "send": (by_send, 20),
    "build and send": (by_build_and_send, 1),
    "transitions": (by_transitions, 200),
}


def compare(title: str, chart: type[AccountChart], steps: list[Step], rounds: int) -> None:
    """Print how long each takes for an event, and the ratios: medians of interleaved rounds."""
    ready = {name: (peer(chart, steps), times) for name, (peer, times) in PEERS.items()}
    for go, _ in ready.values():
        go()
    taken: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(rounds):
        for name, (go, times) in ready.items():
            taken[name].append(seconds(go, times) / times / len(steps))
    print(title)
    for name, took in taken.items():
        ratio = median(t / d for t, d in zip(took, taken["decide"], strict=True))
        print(f"  {name:<15} {median(took) * 1e6:9.1f} µs  {ratio:9.1f} x decide")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (9)")
    rounds = parser.parse_args().rounds
    steps = walk()
    print(f"{len(steps)} events on the account chart, medians of {rounds} interleaved rounds")
    compare("deciding", without_effects(), steps, rounds)
    compare("with effects", AccountChart, steps, rounds)
    print(f"cold start to the first decision: {cold_start():.2f} s, interpreter included")


if __name__ == "__main__":
    main()
