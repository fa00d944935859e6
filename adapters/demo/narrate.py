"""What the demo tells of a step: the decisions about what people know, and what follows from them.

Machines that only prepare decisions are left out: when to read an object, whether a message may go
out now, which message is next. ``relink explain`` shows those too.
"""

from collections.abc import Iterator

from relink.adapters.explain import READS, ExplainedDecision, describe, explain_delivery, utc
from relink.engine import Delivery, Step
from relink.machines.commands import Wake
from relink.machines.events import TimerFired

PREPARING = ("holder", "outage", "read")
"""The machines that are left out."""

MAIN = ("session", "account", "authorization", "payment_method")
"""Where a webhook changes no state, the first of these machines that it concerns is named."""


def told(step: Step, is_webhook: bool) -> list[str]:
    """A step in lines: the decisions, then the commands.

    Args:
        step: the step.
        is_webhook: whether a webhook caused it. Then it has a line even if it changes no state.
    """
    lines = list(_changes(step))
    if not lines and is_webhook:
        lines += _unchanged(step)
    lines += (f"▸ {describe(c)}" for c in step.commands if not isinstance(c, (*READS, Wake)))
    reads = sum(isinstance(command, READS) for command in step.commands)
    if reads:
        lines.append(f"▸ read {reads} object{'s' if reads > 1 else ''} at Stripe")
    return lines


def _changes(step: Step) -> Iterator[str]:
    for delivery in step.deliveries:
        if delivery.address.machine not in PREPARING:
            decision = explain_delivery(delivery)
            if _is_worth_telling(decision, step):
                yield from decision.lines()


def _is_worth_telling(decision: ExplainedDecision, step: Step) -> bool:
    """A move, or an event that was ignored; but not a timer that came too late."""
    if decision.before != decision.after:
        return True
    return decision.ignored is not None and not isinstance(step.trigger, TimerFired)


def _unchanged(step: Step) -> Iterator[str]:
    by_machine = {each.address.machine: each for each in step.deliveries[::-1]}
    for machine in MAIN:
        if machine in by_machine:
            yield from explain_delivery(by_machine[machine]).lines()
            yield from _announced(by_machine[machine])
            return


def _announced(delivery: Delivery) -> Iterator[str]:
    """What became known of the day on which the link stops working."""
    before, after = (
        getattr(facts, "deactivates_on", None)
        for facts in (delivery.decision.before.facts, delivery.decision.facts)
    )
    if after is not None and after != before:
        yield f"    It is expected to stop working on {utc(after)[:10]}."
    elif after is None and before is not None:
        yield "    It is not expected to stop working any more."
