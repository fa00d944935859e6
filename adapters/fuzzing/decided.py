"""What relink decides about a stream of webhooks: the reference that others are compared with.

The machines run in memory. Their reads are answered at once, by whoever makes this; their timers
fire when time passes. What is for the customer or the service is counted.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from relink.adapters.stripe.envelope import open_envelope
from relink.adapters.stripe.handlers import HANDLERS
from relink.adapters.stripe.reduce import Origin
from relink.engine import Address, Command, Facts, Snapshot, Step
from relink.machines import RelinkPolicy, relink_system
from relink.machines.commands import (
    NotifyCustomer,
    Read,
    RequestNewPaymentMethod,
    Wake,
)
from relink.machines.events import CommandFailed, DomainEvent, TimerFired

from .webhook import Sent

MOST_ANSWERS = 1_000
"""How many reads may follow from one webhook; more count as endless."""

Answering = Callable[[Read], DomainEvent | None]
"""Answers a read; None: the object does not exist."""


class Decided:
    """All machines, and what they asked for.

    Args:
        policy: the service's policy.
        answer: answers the reads.
        watch: called with each step, and the snapshots before it.
    """

    def __init__(
        self,
        policy: RelinkPolicy,
        answer: Answering,
        watch: Callable[[Mapping[Address, Snapshot[Facts]], Step], None] | None = None,
    ) -> None:
        self._policy = policy
        self._answer = answer
        self._watch = watch
        self._system = relink_system()
        self._reads: dict[str, Read] = {}
        self._timers: list[Wake] = []
        self._taken: set[str] = set()
        self.world: dict[Address, Snapshot[Facts]] = {}
        """The snapshots of all machines."""
        self.prompts: Counter[str] = Counter()
        """How many messages to the customer named each account."""
        self.requests: Counter[str] = Counter()
        """How often another payment method was requested for each account."""

    def receive(self, sent: Sent, now: float) -> list[Step]:
        """Take a webhook in, and whatever follows from it at once.

        Args:
            sent: the webhook.
            now: when it arrives (Unix seconds).
        """
        steps = self.pass_time(now)
        envelope = open_envelope(json.loads(sent.payload))
        handler = HANDLERS.get(envelope.base_type)
        if handler is None:
            return steps
        origin = Origin(
            causation_id=envelope.id,
            at=now,
            as_of=envelope.created,
            read=False,
            policy=self._policy,
            complete=envelope.complete,
        )
        event = handler.reduce(envelope.object, origin)
        return steps if event is None else [*steps, *self._settled(event)]

    def pass_time(self, now: float) -> list[Step]:
        """Let the timers fire that are due by now (Unix seconds)."""
        steps: list[Step] = []
        while due := [timer for timer in self._timers if timer.due <= now]:
            timer = min(due, key=lambda each: (each.due, each.id))
            self._timers.remove(timer)
            fired = TimerFired(
                causation_id=timer.id,
                at=now,
                policy=self._policy,
                machine=timer.machine,
                key=timer.key,
                event=timer.event,
            )
            steps += self._settled(fired)
        return steps

    def _settled(self, event: DomainEvent) -> list[Step]:
        steps = [self._step(event)]
        while self._reads:
            read = self._reads.pop(next(iter(self._reads)))
            answer = self._answer(read)
            if answer is None:
                answer = CommandFailed(
                    causation_id=read.id,
                    at=event.at,
                    policy=self._policy,
                    command=read.name,
                    subject=read.subject,
                    error="resource_missing",
                )
            steps.append(self._step(answer))
            if len(steps) > MOST_ANSWERS:
                raise RuntimeError(f"{event.causation_id} leads to reads without an end")
        return steps

    def _step(self, event: DomainEvent) -> Step:
        before = dict(self.world)
        step = self._system.step(event, before.get)
        self.world.update(step.snapshots)
        for command in step.commands:
            self._take(command)
        if self._watch:
            self._watch(before, step)
        return step

    def _take(self, command: Command) -> None:
        if isinstance(command, Read):
            self._reads[command.id] = command  # a later version of one that has not begun counts
        if command.id in self._taken:
            return
        self._taken.add(command.id)
        match command:
            case NotifyCustomer():
                self.prompts.update(command.accounts)
            case RequestNewPaymentMethod():
                self.requests[command.account] += 1
            case Wake():
                self._timers.append(command)


def told(step: Step) -> Iterator[str]:
    """What a step changed, in readable lines: machines that moved, and commands."""
    for delivery in step.deliveries:
        before, after = delivery.decision.before.state, delivery.decision.state
        if before != after:
            machine, key = delivery.address
            yield f"{machine} {key}: {before} → {after}"
    for command in step.commands:
        if not isinstance(command, Wake):
            yield f"{command.name} {getattr(command, 'subject', '')}".rstrip()


def origin_of(read: Read, as_of: int, at: float, policy: RelinkPolicy) -> Origin:
    """The origin of the answer to a read.

    Args:
        read: the command.
        as_of: when the object was current (Unix seconds).
        at: now (Unix seconds).
        policy: the service's policy.
    """
    return Origin(causation_id=read.id, at=at, as_of=as_of, read=True, policy=policy, begun_at=at)
