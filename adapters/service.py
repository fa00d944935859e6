"""The service: webhooks and requests in, decisions stored, commands carried out.

It ties the parts together and decides nothing. A framework's handlers call it with what
they received; whoever runs the outbox calls :meth:`Service.work_off`.

A relink session is created within the request that asks for it, because its secret may
only go to whoever asked and is stored nowhere. The command's id is the idempotency key,
so a request that is repeated after a crash reaches the same session.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import uuid4

from relink.adapters.gateway import FOR_STRIPE, Answer, Attempt, ClientSecret, Gateway, HostedUrl
from relink.adapters.perform import perform
from relink.adapters.store import Applied, Arrival, DueCommand, MemoryStore, Store
from relink.adapters.stripe import Accepted, StripeWebhooks
from relink.engine import Address, Command, Decision, Snapshot, Step
from relink.machines import Assessment, RelinkPolicy, assess
from relink.machines.account_facts import AccountFacts
from relink.machines.commands import (
    CreateRelinkSession,
    Mode,
    RetrieveAccount,
    RetrieveSession,
    Wake,
)
from relink.machines.events import Happening, RelinkRequested, TimerFired
from relink.machines.session import SessionFacts

Notify = Callable[[Command], None]
"""Tells the embedding service of a command that is for it, such as ``NotifyCustomer``."""

Watch = Callable[[Step], None]
"""Is shown every step that was stored."""

BATCH = 100
"""Commands taken from the outbox at a time."""


class UnknownAccountError(LookupError):
    """An account that we have never heard of."""


class UnknownSessionError(LookupError):
    """A relink session that we did not create (R6)."""


class RelinkRefusedError(Exception):
    """There is nothing to relink (R9).

    Attributes:
        state: the account's.
        reason: why, in a sentence.
        assessment: what to do instead is its ``next``.
    """

    def __init__(self, account: str, state: str, reason: str, assessment: Assessment) -> None:
        super().__init__(f"{account} is {state}: {reason}")
        self.state = state
        self.reason = reason
        self.assessment = assessment


@dataclass(frozen=True, slots=True)
class RelinkSession:
    """An open session, for the customer it belongs to. Secret and URL do not show."""

    id: str
    mode: Mode
    is_new: bool
    """Whether it was opened for this request, or for one before (R1)."""
    secret: ClientSecret | None
    url: HostedUrl | None


class Service:
    """relink, embedded.

    Args:
        store: where everything is kept.
        gateway: how commands reach Stripe.
        webhooks: how Stripe's bytes become events; None where none come in.
        notify: is told of every command that is for the embedding service.
        policy: the service's choices.
        clock: the time (Unix seconds).
        watch: is shown every step.
    """

    def __init__(
        self,
        store: Store | MemoryStore,
        gateway: Gateway,
        *,
        webhooks: StripeWebhooks | None = None,
        notify: Notify,
        policy: RelinkPolicy | None = None,
        clock: Callable[[], float] = time.time,
        watch: Watch = lambda step: None,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._webhooks = webhooks
        self._notify = notify
        self._policy = policy or RelinkPolicy()
        self._clock = clock
        self._watch = watch

    def handle_webhook(
        self, payload: bytes, signature: str
    ) -> Literal["applied", "duplicate", "ignored"]:
        """Verify a webhook and apply it, once.

        Args:
            payload: the request's body, as it came.
            signature: its ``Stripe-Signature`` header.

        Raises:
            WebhookRefused: the signature or the payload is bad; nothing was stored.
        """
        if self._webhooks is None:
            raise TypeError("this service was made without webhooks")
        now = self._clock()
        received = self._webhooks.receive(payload, signature, now)
        if not isinstance(received, Accepted):
            return "ignored"
        arrival = Arrival(
            received.id, received.type, received.created, now, received.connected_account
        )
        return self._apply(arrival, received.events).outcome

    def request_relink(self, account: str, **wishes: Any) -> RelinkSession:
        """Open a relink session for an account, or return to the one that is open.

        Args:
            account: ``fca_…``.
            wishes: fields of :class:`~relink.machines.events.RelinkRequested`: ``mode``,
                ``reason``, ``permissions``, ``delivery``, ``return_url``.

        Raises:
            UnknownAccountError: we have never heard of it.
            RelinkRefusedError: there is nothing to relink.
            GatewayError: Stripe did not answer, or refused; the account is unchanged.
        """
        self.account(account)
        decision, command = self._ask(account, has_read=False, wishes=wishes)
        if isinstance(command, RetrieveAccount):
            self._perform_now(command, Address("account", account))
            decision, command = self._ask(account, has_read=True, wishes=wishes)
        if isinstance(command, CreateRelinkSession):
            answer = self._perform_now(command, Address("account", account))
            session = cast(Any, answer.events[0]).session
            return RelinkSession(session, command.mode, True, answer.secret, answer.url)
        if isinstance(command, RetrieveSession):
            answer = self._perform_now(command, Address("account", account))
            request = decision.before.facts.request
            return RelinkSession(command.session, request.mode, False, answer.secret, answer.url)
        raise RelinkRefusedError(
            account,
            decision.state,
            (decision.reason or "").removeprefix("refused: "),
            self.account(account)[1],
        )

    def session_result(self, session: str) -> SessionFacts:
        """Read a session at Stripe and apply what came of it.

        Raises:
            UnknownSessionError: we did not create it; Stripe is not asked.
            GatewayError: Stripe did not answer, or refused.
        """
        address = Address("session", session)
        if self._store.snapshot(address) is None:
            raise UnknownSessionError(session)
        occasion = f"result {uuid4()}"
        read = RetrieveSession(
            session=session, because="result", occasion=occasion, for_caller=True
        )
        self._perform_now(read, address)
        snapshot = self._store.snapshot(address)
        assert snapshot is not None, "snapshots are never removed"
        return cast(SessionFacts, snapshot.facts)

    def account(self, account: str) -> tuple[Snapshot[AccountFacts], Assessment]:
        """An account as it is, and whether it may be charged.

        Raises:
            UnknownAccountError: we have never heard of it.
        """
        snapshot = self._store.snapshot(Address("account", account))
        if snapshot is None:
            raise UnknownAccountError(account)
        found = cast("Snapshot[AccountFacts]", snapshot)
        return found, assess(found)

    def tell(self, happened: Happening) -> None:
        """Apply what the embedding service knows: a billing name, a collected mandate."""
        self._apply(self._arrival(happened.cause, happened.name), (happened,))

    def work_off(self) -> int:
        """Carry out the commands that are due, and what follows from them, until none is.

        Returns:
            how many attempts were made.
        """
        attempts = 0
        while due := self._store.due_commands(self._clock(), BATCH):
            for command in due:
                self._carry_out(command)
            attempts += len(due)
        return attempts

    def _carry_out(self, due: DueCommand) -> None:
        command, now = due.command, self._clock()
        if isinstance(command, Wake):
            event = command.event
            assert isinstance(event, Happening), "timers bring back what machines are told"
            fired = TimerFired(
                cause=command.id,
                at=now,
                policy=self._policy,
                machine=command.machine,
                key=command.key,
                event=event,
            )
            self._answered(due, (fired,), now)
        elif isinstance(command, FOR_STRIPE):
            attempt = Attempt(
                number=due.attempts + 1,
                asked_at=due.created_at,
                connected_account=due.connected_account,
                policy=self._policy,
            )
            performed = perform(command, self._gateway, now, attempt)
            if performed.retry_at is not None:
                self._store.postpone(command.id, performed.retry_at)
            else:
                self._answered(due, performed.events, now, failed=performed.gave_up)
        else:
            self._notify(command)
            self._store.finish(command.id, "done", now)

    def _ask(
        self, account: str, *, has_read: bool, wishes: dict[str, Any]
    ) -> tuple[Decision, Command | None]:
        """Put the request to the account: its decision, and what to do in this request."""
        cause = f"request {uuid4()}"
        asked = RelinkRequested(
            cause=cause,
            at=self._clock(),
            policy=self._policy,
            account=account,
            has_read=has_read,
            **wishes,
        )
        (step,) = self._apply(self._arrival(cause, asked.name), (asked,)).steps
        (delivery,) = step.deliveries
        return delivery.decision, step.commands[0] if step.commands else None

    def _perform_now(self, command: Command, about: Address) -> Answer:
        """Make one attempt within the caller's request, and apply the answer."""
        now, connected_account = self._clock(), self._store.connected_account(about)
        attempt = Attempt(connected_account=connected_account, policy=self._policy)
        answer = self._gateway.perform(command, now, attempt)
        arrival = Arrival(command.id, command.name, int(now), now, connected_account)
        self._apply(arrival, answer.events)
        return answer

    def _answered(
        self, due: DueCommand, events: tuple[Happening, ...], now: float, failed: bool = False
    ) -> None:
        """Apply an answer, then close the command. After a crash between the two the same
        answer is applied again, which the inbox stops."""
        command = due.command
        arrival = Arrival(command.id, command.name, int(now), now, due.connected_account)
        self._apply(arrival, events)
        self._store.finish(command.id, "failed" if failed else "done", now)

    def _arrival(self, id: str, type: str) -> Arrival:
        now = self._clock()
        return Arrival(id, type, int(now), now)

    def _apply(self, arrival: Arrival, events: tuple[Happening, ...]) -> Applied:
        applied = self._store.apply(arrival, events)
        for step in applied.steps:
            self._watch(step)
        return applied
