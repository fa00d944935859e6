"""A caller's request: what relink does while the caller waits.

A relink session is created within the request that asks for it, because its secret is for that
caller alone and is stored nowhere. The command's id is the idempotency key. So when a request is
repeated, after a crash or at the same time, Stripe returns the same session.
"""

from collections.abc import Callable
from typing import Any

from relink.adapters.deadline import Deadline
from relink.adapters.gateway import Answer, Attempt
from relink.adapters.gateway.retrying import RetryingGateway
from relink.adapters.store import Applied, InboxMessage, Store
from relink.engine import Address, Command, Decision
from relink.machines import RelinkPolicy
from relink.machines.commands import AnyCallerCommand
from relink.machines.events import DomainEvent, RelinkRequested

RETRY_FOR = 10.0
"""Seconds for which a request retries while Stripe is unavailable. A customer waits for it."""

Apply = Callable[[InboxMessage, tuple[DomainEvent, ...]], Applied]
"""Decides events and stores what follows, once for each message id."""


class CallerRequest:
    """One request. All its commands share a deadline, :data:`RETRY_FOR` seconds from now, or
    an earlier one of its caller.

    Args:
        about: the account or session that the request names.
        store: says on behalf of which connected account Stripe is called.
        gateway: performs commands, with retries.
        apply: stores what follows from an event.
        policy: the service's choices, which travel in the events.
        clock: the time (Unix seconds).
        timer: a clock that is never set back (seconds).
        new_id: makes the ids of requests, none twice.
    """

    def __init__(
        self,
        about: Address,
        store: Store,
        gateway: RetryingGateway,
        apply: Apply,
        policy: RelinkPolicy,
        clock: Callable[[], float],
        timer: Callable[[], float],
        new_id: Callable[[], object],
    ) -> None:
        self._about = about
        self._store = store
        self._gateway = gateway
        self._apply = apply
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._deadline = Deadline(RETRY_FOR, timer)

    def ask_for_relink(
        self, has_read: bool, wishes: dict[str, Any]
    ) -> tuple[Decision, Command | None]:
        """Ask the account for a relink.

        Args:
            has_read: whether this request has read the account at Stripe already (R9).
            wishes: further fields of :class:`~relink.machines.events.RelinkRequested`.

        Returns:
            The account's decision, and the command to perform; None when the account refuses.

        Raises:
            ValueError: a wish is invalid.
            StoreError: nothing was stored.
        """
        now = self._clock()
        requested = RelinkRequested(
            causation_id=f"request {self._new_id()}",
            at=now,
            policy=self._policy,
            account=self._about.key,
            has_read=has_read,
            **wishes,
        )
        message = InboxMessage(requested.causation_id, requested.name, int(now), now)
        applied = self._apply(message, (requested,))
        if applied.outcome == "duplicate":
            # The commit succeeded, and the database's answer to it was lost, so the store tried
            # again. The decision is not known here, and a second request leads to the same one.
            return self.ask_for_relink(has_read, wishes)
        (step,) = applied.steps
        (delivery,) = step.deliveries
        return delivery.decision, step.commands[0] if step.commands else None

    def perform(self, command: AnyCallerCommand) -> tuple[Answer, bool]:
        """Perform a command now, and apply its answer.

        Returns:
            The answer, and whether this was the first answer to the command to be applied.

        Raises:
            TransientError: Stripe did not answer before the deadline.
            PermanentError: Stripe refused.
            StoreError: the answer was not stored.
        """
        connected_account = self._store.connected_account(self._about)
        first = Attempt(connected_account=connected_account, policy=self._policy)
        with self._deadline:
            answer, now = self._gateway.perform(command, first)
        message = InboxMessage(command.id, command.name, int(now), now, connected_account)
        return answer, self._apply(message, answer.events).outcome == "applied"
