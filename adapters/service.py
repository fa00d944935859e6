"""The service: webhooks and requests in, decisions stored, answers out.

It ties the parts together and decides nothing. A framework's handlers call it with what
they received; the commands that follow are performed elsewhere (:mod:`relink.adapters.runner`).

A relink session is created within the request that asks for it, because its secret may
only go to whoever asked and is stored nowhere. The command's id is the idempotency key,
so a request that is repeated, after a crash or at the same time, reaches the same session.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast
from uuid import uuid4

from relink.adapters.gateway import (
    Answer,
    Attempt,
    ClientSecret,
    Gateway,
    GatewayError,
    HostedUrl,
    TransientError,
    WatchCommand,
)
from relink.adapters.gateway.retrying import RetryingGateway
from relink.adapters.logs import correlated
from relink.adapters.store import Applied, InboxMessage, JournalEntry, MemoryStore, Store
from relink.adapters.stripe import Accepted, Received, StripeWebhooks
from relink.engine import Address, Command, Decision, Snapshot, Step
from relink.machines import Assessment, NextAction, RelinkPolicy, assess, relink_system
from relink.machines.account.facts import AccountFacts
from relink.machines.authorization import AuthorizationFacts
from relink.machines.commands import (
    CreateRelinkSession,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
)
from relink.machines.events import (
    BillingNameGiven,
    DomainEvent,
    RelinkRequested,
    RelinkSessionCreated,
)
from relink.machines.session import SessionFacts
from relink.machines.vocabulary import Mode

ResultOutcome = Literal[
    "relinked", "new_account_linked", "known_account_linked", "failed", "cancelled", "pending"
]

WebhookOutcome = Literal["applied", "duplicate", "ignored"]

Watch = Callable[[Step], None]
"""Is shown every step that was stored."""

RETRY_FOR = 10.0
"""Seconds for which a request repeats what Stripe does not answer. A customer waits for it."""

MOST_MEMBERS = 1000
"""Accounts of one authorization that are told of; nobody has so many behind one password."""

ROUNDS = 4
"""Times that a request is put to the account. It takes three where the account is read first,
and then a session that turns out to be over."""

log = logging.getLogger(__name__)


class UnknownAccountError(LookupError):
    """An account that we have never heard of."""


class UnknownAuthorizationError(LookupError):
    """An authorization that we have never heard of."""


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
    """Whether it was opened for this request, or for another one (R1)."""
    secret: ClientSecret | None
    url: HostedUrl | None


class AssessedAccount(NamedTuple):
    """An account as it is, and whether it may be charged."""

    snapshot: Snapshot[AccountFacts]
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class SessionResult:
    """What the customer made of a session (R3), and what follows."""

    outcome: ResultOutcome
    """``pending`` as long as the customer can finish it, be it abandoned or superseded (R2), and
    while Stripe is asked whose account came back."""
    failure_reason: str | None
    account: str
    """The account that was linked, or else the one that was to be."""
    next: tuple[NextAction, ...]
    """What is due for that account."""


class Service:
    """relink, embedded.

    Args:
        store: where everything is kept.
        gateway: how requests reach Stripe.
        webhooks: how Stripe's bytes become events; None where none come in.
        policy: the service's choices.
        clock: the time (Unix seconds).
        sleep: waits so many seconds between attempts.
        watch: is shown every step.
        watch_command: is shown every attempt at a command within a request.
    """

    def __init__(
        self,
        store: Store | MemoryStore,
        gateway: Gateway,
        *,
        webhooks: StripeWebhooks | None = None,
        policy: RelinkPolicy | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        watch: Watch = lambda step: None,
        watch_command: WatchCommand = lambda command, result, age: None,
    ) -> None:
        self._store = store
        self._gateway = RetryingGateway(gateway, clock, sleep, watch_command)
        self._webhooks = webhooks
        self._policy = policy or RelinkPolicy()
        self.clock = clock
        self._watch = watch

    # ── what comes in ────────────────────────────────────────────────────────

    def handle_webhook(self, payload: bytes, signature: str) -> WebhookOutcome:
        """Verify a webhook and apply it, once.

        Args:
            payload: the request's body, as it came.
            signature: its ``Stripe-Signature`` header.

        Raises:
            WebhookRefused: the signature or the payload is bad; nothing was stored.
            StoreError: it could not be stored; Stripe is to deliver it again.
        """
        received, message = self._receive(payload, signature)
        with correlated(event_id=received.id):
            outcome: WebhookOutcome = "ignored"
            if isinstance(received, Accepted):
                outcome = self._apply(message, received.events).outcome
            log.info("webhook %s", outcome, extra={"event_type": received.type})
        return outcome

    async def handle_webhook_async(self, payload: bytes, signature: str) -> WebhookOutcome:
        """Do as :meth:`handle_webhook` does, without holding up the event loop.

        On PostgreSQL verifying and deciding is done on the loop, and takes less than handing it to
        a thread.
        """
        received, message = self._receive(payload, signature)
        with correlated(event_id=received.id):
            outcome: WebhookOutcome = "ignored"
            if isinstance(received, Accepted):
                applied = await self._database.apply_async(message, received.events)
                self._show(applied)
                outcome = applied.outcome
            log.info("webhook %s", outcome, extra={"event_type": received.type})
        return outcome

    def _receive(self, payload: bytes, signature: str) -> tuple[Received, InboxMessage]:
        if self._webhooks is None:
            raise TypeError("this service was made without webhooks")
        now = self.clock()
        received = self._webhooks.receive(payload, signature, now)
        account = received.connected_account if isinstance(received, Accepted) else None
        created = received.created if isinstance(received, Accepted) else int(now)
        return received, InboxMessage(received.id, received.type, created, now, account)

    def request_relink(self, account: str, **wishes: Any) -> RelinkSession:
        """Open a relink session for an account, or return to the one that is open.

        Args:
            account: ``fca_…``.
            wishes: fields of :class:`~relink.machines.events.RelinkRequested`: ``mode``,
                ``reason``, ``permissions``, ``delivery``, ``return_url``.

        Raises:
            ValueError: a wish can't be.
            UnknownAccountError: we have never heard of it.
            RelinkRefusedError: there is nothing to relink.
            TransientError: Stripe did not answer for :data:`RETRY_FOR` seconds; the account is
                unchanged.
            PermanentError: Stripe refused; the account is unchanged.
        """
        self.account(account)
        about, until = Address("account", account), self.clock() + RETRY_FOR
        has_read = False
        for _ in range(ROUNDS):
            decision, command = self._ask(account, has_read, wishes)
            match command:
                case CreateRelinkSession():
                    answer, is_new = self._perform_now(command, about, until)
                    session = _created(answer)
                    return RelinkSession(session, command.mode, is_new, answer.secret, answer.url)
                case RetrieveSessionForCaller(session=session):
                    answer, _ = self._perform_now(command, about, until)
                    if self._session(session).state == "open":
                        mode = decision.before.facts.request.mode
                        return RelinkSession(session, mode, False, answer.secret, answer.url)
                    # It is over, which we had not heard: the account knows better now.
                case RetrieveAccountForCaller():
                    self._perform_now(command, about, until)
                    has_read = True
                case _:
                    raise self._refusal(account, decision)
        raise TransientError(f"{account} changes while a relink session is asked for")

    def session_result(self, session: str, billing_name: str | None = None) -> SessionResult:
        """Read a session at Stripe and apply what came of it.

        Args:
            session: ``fcsess_…``.
            billing_name: the customer's name, where a new account waits for it (N1): once
                ``provide_name`` is next. Before that nobody asked for it, and it is not kept.

        Raises:
            UnknownSessionError: we did not create it; Stripe is not asked.
            TransientError: Stripe did not answer for :data:`RETRY_FOR` seconds.
            PermanentError: Stripe refused.
        """
        self._session(session)
        read = RetrieveSessionForCaller(
            session=session, reason="result", dedup_key=f"result {uuid4()}"
        )
        about, until = Address("session", session), self.clock() + RETRY_FOR
        self._perform_now(read, about, until)
        result = self._result(session)
        if billing_name is not None and result.outcome == "new_account_linked":
            named = BillingNameGiven(
                causation_id=f"billing name {uuid4()}",
                at=self.clock(),
                policy=self._policy,
                account=result.account,
                billing_name=billing_name,
            )
            self.tell(named)
            result = self._result(session)
        return result

    def tell(self, trigger: DomainEvent) -> None:
        """Apply what the embedding service knows: a billing name, a collected mandate."""
        self._apply(self._arrival(trigger.causation_id, trigger.name), (trigger,))

    # ── what is asked ────────────────────────────────────────────────────────

    def account(self, account: str) -> AssessedAccount:
        """An account as it is, and whether it may be charged.

        Raises:
            UnknownAccountError: we have never heard of it.
        """
        snapshot = self._store.snapshot(Address("account", account))
        if snapshot is None:
            raise UnknownAccountError(account)
        found = cast("Snapshot[AccountFacts]", snapshot)
        return AssessedAccount(found, assess(found))

    def accounts(self, **which: Any) -> list[AssessedAccount]:
        """Accounts by their ids, in order.

        Args:
            which: ``state``, ``holder``, ``authorization``, ``institution``; ``after`` an id, and
                a ``limit``; see ``Store.accounts``.
        """
        return [AssessedAccount(found, assess(found)) for found in self._database.accounts(**which)]

    def history(self, account: str, after: int = 0, limit: int = 100) -> list[JournalEntry]:
        """What an account decided, and why, oldest first.

        Args:
            account: ``fca_…``.
            after: only what came after this version.
            limit: at most so many decisions.

        Raises:
            UnknownAccountError: we have never heard of it.
        """
        self.account(account)
        return self._database.journal(Address("account", account), after=after, limit=limit)

    def authorization(
        self, authorization: str
    ) -> tuple[Snapshot[AuthorizationFacts], tuple[str, ...]]:
        """An authorization as it is, and the ids of its accounts.

        Raises:
            UnknownAuthorizationError: we have never heard of it.
        """
        snapshot = self._store.snapshot(Address("authorization", authorization))
        if snapshot is None:
            raise UnknownAuthorizationError(authorization)
        accounts = self._database.accounts(authorization=authorization, limit=MOST_MEMBERS)
        return cast("Snapshot[AuthorizationFacts]", snapshot), tuple(a.facts.id for a in accounts)

    def what_if(self, account: str, event: DomainEvent) -> Step:
        """What would be decided if this happened; nothing is stored or done.

        Raises:
            UnknownAccountError: we have never heard of it.
            EngineError: the event has a message for a machine that does not take it.
        """
        self.account(account)
        return relink_system().step(event, self._store.snapshot)

    # ── within a request ─────────────────────────────────────────────────────

    def _ask(
        self, account: str, has_read: bool, wishes: dict[str, Any]
    ) -> tuple[Decision, Command | None]:
        """Put the request to the account: its decision, and what to do in this request."""
        causation_id = f"request {uuid4()}"
        asked = RelinkRequested(
            causation_id=causation_id,
            at=self.clock(),
            policy=self._policy,
            account=account,
            has_read=has_read,
            **wishes,
        )
        applied = self._apply(self._arrival(causation_id, asked.name), (asked,))
        if applied.outcome == "duplicate":
            # It was stored, but the database's answer was lost. Asking again tells as much.
            return self._ask(account, has_read, wishes)
        (step,) = applied.steps
        (delivery,) = step.deliveries
        return delivery.decision, step.commands[0] if step.commands else None

    def _perform_now(self, command: Command, about: Address, until: float) -> tuple[Answer, bool]:
        """Have a command performed within the caller's request, and apply the answer.

        Returns:
            The answer, and whether it was the first to be applied.
        """
        connected_account = self._store.connected_account(about)
        first = Attempt(connected_account=connected_account, policy=self._policy)
        answer, now = self._gateway.perform(command, first, until)
        message = InboxMessage(command.id, command.name, int(now), now, connected_account)
        return answer, self._apply(message, answer.events).outcome == "applied"

    def _refusal(self, account: str, decision: Decision) -> RelinkRefusedError:
        reason = decision.reason.sentence if decision.reason else ""
        return RelinkRefusedError(account, decision.state, reason, self.account(account).assessment)

    def _session(self, session: str) -> Snapshot[SessionFacts]:
        snapshot = self._store.snapshot(Address("session", session))
        if snapshot is None:
            raise UnknownSessionError(session)
        return cast("Snapshot[SessionFacts]", snapshot)

    def _result(self, session: str) -> SessionResult:
        """What is known of a session by now."""
        state, facts, _ = self._session(session)
        assert facts.request is not None, "sessions begin with the request that opened them"
        expected = facts.request.account
        account, reason = expected, None
        outcome: ResultOutcome = "pending"
        if state == "succeeded":
            account, outcome = facts.linked or expected, cast(ResultOutcome, facts.outcome)
        elif facts.asked in (None, facts.linked):
            if facts.failure_reason is not None:
                outcome, reason = "failed", facts.failure_reason
            elif state == "cancelled":
                outcome = "cancelled"
        return SessionResult(outcome, reason, account, self.account(account).assessment.next)

    def _arrival(self, id: str, type: str) -> InboxMessage:
        now = self.clock()
        return InboxMessage(id, type, int(now), now)

    def _apply(self, message: InboxMessage, events: tuple[DomainEvent, ...]) -> Applied:
        applied = self._store.apply(message, events)
        self._show(applied)
        return applied

    def _show(self, applied: Applied) -> None:
        for step in applied.steps:
            self._watch(step)

    @property
    def _database(self) -> Store:
        if isinstance(self._store, MemoryStore):
            raise TypeError("a MemoryStore keeps no journal and answers no queries")
        return self._store


def _created(answer: Answer) -> str:
    """The session that Stripe created.

    Raises:
        GatewayError: there is none, as with a gateway that only records.
    """
    for event in answer.events:
        if isinstance(event, RelinkSessionCreated):
            return event.session
    raise GatewayError("no relink session was created")
