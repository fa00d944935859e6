"""Ways told: as lines for people, and as a Mermaid sequence diagram.

Both say the same: what happens, which machine decides it how, and which commands follow.
"""

import re
from collections.abc import Iterator

from ..arguments import explained
from ..decision import Decision
from ..effect import Command, Send
from ..system import Address, Delivery, Step
from .model import Move, S
from .reached import Way
from .search import Verdict

AROUND = "environment"
"""The participant of a diagram that stands for all around the machines."""


@explained
def story(told: Verdict[S] | Way[S]) -> tuple[str, ...]:
    """A way, or the one of a verdict, in readable lines.

    Args:
        told: The way; or a verdict, which also says what is wrong.
    """
    if isinstance(told, Way):
        return tuple(_lines(told))
    head = f"{told.name}: {told.wrong or told.outcome}"
    return (head, *(_lines(told.way) if told.way else ()))


@explained
def sequence_diagram(way: Way[S]) -> str:
    """A way as the text of a Mermaid ``sequenceDiagram``, which Git forges draw inline."""
    names: dict[str, str] = {AROUND: AROUND}
    body: list[str] = []
    for number, move in enumerate(way.moves):
        if number == way.loop:
            body.append("loop for ever")
        body += _messages(move, names)
    if way.loop is not None:
        body += ["end"] if way.loop < len(way.moves) else [f"Note over {AROUND}: nothing more"]
    declared = [f"participant {alias} as {_text(name)}" for name, alias in names.items()]
    return "\n".join(["sequenceDiagram", *(f"    {line}" for line in [*declared, *body])]) + "\n"


def _lines(way: Way[S]) -> Iterator[str]:
    for number, move in enumerate(way.moves):
        if number == way.loop:
            yield "then for ever:"
        yield f"{number + 1}. {move.label}"
        yield from (f"   {line}" for line in _outcome(move))
    if way.loop is not None and way.loop == len(way.moves):
        yield "and nothing more happens, though it could"


def _outcome(move: Move[S]) -> Iterator[str]:
    outcome = move.outcome
    if move.error is not None:
        yield f"{type(move.error).__name__}: {move.error}"
    elif isinstance(outcome, Decision):
        yield str(outcome)
    elif isinstance(outcome, Step):
        yield from (f"{_place(each.address)}: {each.decision}" for each in outcome.deliveries)
        if not outcome.deliveries:
            yield "routed to no machine"


def _messages(move: Move[S], names: dict[str, str]) -> Iterator[str]:
    outcome = move.outcome
    if isinstance(outcome, Decision):
        machine = _alias(names, "machine")
        yield f"{AROUND}->>{machine}: {_text(move.label)}"
        yield _note(machine, outcome)
        yield from _commands(machine, outcome)
    elif isinstance(outcome, Step):
        senders = _senders(outcome.deliveries)
        if not senders:
            yield f"Note over {AROUND}: {_text(move.label)}"
        for delivery, sender in zip(outcome.deliveries, senders, strict=True):
            machine = _alias(names, _place(delivery.address))
            source = AROUND if sender is None else _alias(names, _place(sender))
            label = move.label if sender is None else delivery.decision.trigger.name
            yield f"{source}->>{machine}: {_text(label)}"
            yield _note(machine, delivery.decision)
            yield from _commands(machine, delivery.decision)
    else:
        what = f"{move.label}: {type(move.error).__name__}" if move.error else move.label
        yield f"Note over {AROUND}: {_text(what)}"


def _senders(deliveries: tuple[Delivery, ...]) -> list[Address | None]:
    """Who sent what was delivered; None for what came from outside."""
    sent: list[tuple[Send, Address]] = []
    senders: list[Address | None] = []
    for delivery in deliveries:
        address, decision = delivery.address, delivery.decision
        found = None
        for pair in sent:
            send, sender = pair
            if (send.machine, send.key, send.event) == (*address, decision.trigger):
                found = sender
                sent.remove(pair)
                break
        senders.append(found)
        sent += [(each, address) for each in decision.commands if isinstance(each, Send)]
    return senders


def _commands(machine: str, decision: Decision) -> Iterator[str]:
    others: list[Command] = [each for each in decision.commands if not isinstance(each, Send)]
    return (f"{machine}-->>{AROUND}: {_text(command.name)}" for command in others)


def _note(machine: str, decision: Decision) -> str:
    if decision.outcome == "ignored":
        what = f"ignored: {decision.reason}"
    elif decision.outcome == "moved" and decision.before.state:
        what = f"{decision.before.state} → {decision.state}"
    else:
        what = decision.state
    return f"Note over {machine}: {_text(what)}"


def _alias(names: dict[str, str], name: str) -> str:
    return names.setdefault(name, f"machine_{len(names)}" if name != "machine" else "machine")


def _place(address: Address) -> str:
    return f"{address.machine} {address.key}"


def _text(label: str) -> str:
    """Escape Mermaid's syntax: a semicolon ends a line, and a hash begins an entity."""
    return re.sub(r"[#;]", lambda found: f"#{ord(found[0])};", label).replace("\n", " ")
