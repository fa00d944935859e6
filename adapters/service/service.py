"""The use cases: webhooks and requests in, decisions stored, answers out.

The service decides nothing itself; the machines do. Commands that follow from a decision are
performed by :mod:`relink.adapters.runner`, except those that a caller waits for, see
:mod:`.requests`.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import uuid4

from relink.adapters.gateway import (
    AccountLister,
    Answer,
    Fault,
    Gateway,
    GatewayConfigurationError,
    GatewayError,
    OperatorError,
    PermanentError,
    TransientError,
    WatchCommand,
)
from relink.adapters.gateway.failures import RESOURCE_MISSING
from relink.adapters.gateway.retrying import RetryingGateway
from relink.adapters.logs import correlated
from relink.adapters.store import Applied, InboxMessage, Store
from relink.adapters.stripe import Accepted, Ignored, Payload, Received, StripeWebhooks
from relink.engine import Address, Decision, Snapshot, Step
from relink.machines import RelinkPolicy
from relink.machines.commands import (
    CreateRelinkSession,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
)
from relink.machines.events import (
    AccountReplaced,
    AccountResumed,
    AccountRetired,
    BillingNameGiven,
    DomainEvent,
    MandateCollected,
    RelinkSessionCreated,
)
from relink.machines.session import SessionFacts

from .errors import (
    MissingAtStripeError,
    RelinkRefusedError,
    UnknownSessionError,
)
from .importing import EVERYBODY, AccountImport, ImportProgress, ImportScope
from .queries import Queries
from .requests import CallerRequest
from .results import AssessedAccount, RelinkSession, ResultOutcome, SessionResult, WebhookOutcome

Watch = Callable[[Step], None]
"""Called with every step that was stored."""

MAX_ROUNDS = 4
"""How often one request asks the account. Three times is enough when the account has to be read
first and the session that seemed open turns out to have ended."""

log = logging.getLogger(__name__)


class Service(Queries):
    """relink, embedded. It can be used from several threads.

    Args:
        store: where everything is kept.
        gateway: performs commands at Stripe.
        webhooks: verifies Stripe's webhooks; None for a service that receives none.
        policy: the service's choices.
        clock: the time (Unix seconds).
        timer: a clock that is never set back (seconds), for the time that a request may take.
        sleep: waits this many seconds between attempts.
        new_id: makes ids for what callers ask, none twice.
        watch: called with every step that was stored.
        watch_command: called after every attempt at a command within a request.
        watch_ignored: called with every webhook that is ignored, and why.
    """

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        *,
        webhooks: StripeWebhooks | None = None,
        policy: RelinkPolicy | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        new_id: Callable[[], object] = uuid4,
        watch: Watch = lambda step: None,
        watch_command: WatchCommand = lambda command, result, age: None,
        watch_ignored: Callable[[Ignored], None] = lambda ignored: None,
    ) -> None:
        super().__init__(store)
        self._lister = gateway if isinstance(gateway, AccountLister) else None
        self._gateway = RetryingGateway(gateway, clock, sleep, watch_command, timer)
        self._webhooks = webhooks
        self._policy = policy or RelinkPolicy()
        self.clock = clock
        self.timer = timer
        self._sleep = sleep
        self._new_id = new_id
        self._watch = watch
        self._watch_ignored = watch_ignored

    # ── webhooks and other events ────────────────────────────────────────────

    def handle_webhook(self, payload: Payload, signature: str | None) -> WebhookOutcome:
        """Verify a webhook and apply it, once.

        Args:
            payload: the raw body of the request, as the framework hands it over: bytes, or text.
            signature: the ``Stripe-Signature`` header; None if it is missing.

        Raises:
            WebhookRefused: the signature or the payload is invalid. Nothing was stored.
            StoreError: nothing was stored. Answer with an error, so that Stripe delivers again.
        """
        received, message = self._receive(payload, signature)
        with correlated(event_id=received.id):
            outcome: WebhookOutcome = "ignored"
            if isinstance(received, Accepted):
                outcome = self._apply(message, received.events).outcome
            self._told(received, outcome)
        return outcome

    async def handle_webhook_async(self, payload: Payload, signature: str | None) -> WebhookOutcome:
        """Like :meth:`handle_webhook`, without blocking the event loop.

        On PostgreSQL the loop itself verifies and decides: that takes less time than a thread
        switch.
        """
        received, message = self._receive(payload, signature)
        with correlated(event_id=received.id):
            outcome: WebhookOutcome = "ignored"
            if isinstance(received, Accepted):
                applied = await self._store.apply_async(message, received.events)
                self._show(applied)
                outcome = applied.outcome
            self._told(received, outcome)
        return outcome

    def _told(self, received: Received, outcome: WebhookOutcome) -> None:
        extra = {"event_type": received.type}
        if isinstance(received, Ignored):
            extra["reason"] = received.reason.value
            self._watch_ignored(received)
        log.info("webhook %s", outcome, extra=extra)

    def _receive(self, payload: Payload, signature: str | None) -> tuple[Received, InboxMessage]:
        if self._webhooks is None:
            raise TypeError("Service(webhooks=…) is not set, so webhooks cannot be verified")
        now = self.clock()
        received = self._webhooks.receive(payload, signature, now)
        account = received.connected_account if isinstance(received, Accepted) else None
        created = received.created if isinstance(received, Accepted) else int(now)
        return received, InboxMessage(received.id, received.type, created, now, account)

    def tell(self, event: DomainEvent) -> None:
        """Apply an event that the embedding service knows of, such as a billing name.

        Args:
            event: it is applied once for each ``causation_id``.

        Raises:
            StoreError: nothing was stored.
        """
        now = self.clock()
        self._apply(InboxMessage(event.causation_id, event.name, int(now), now), (event,))

    def _apply(self, message: InboxMessage, events: tuple[DomainEvent, ...]) -> Applied:
        applied = self._store.apply(message, events)
        self._show(applied)
        return applied

    def _show(self, applied: Applied) -> None:
        for step in applied.steps:
            self._watch(step)

    # ── what only the embedding service knows (P4) ───────────────────────────

    def refresh(self, account: str) -> AssessedAccount:
        """Read an account at Stripe now, and return it. An unknown account becomes known.

        Args:
            account: ``fca_…``.

        Raises:
            MissingAtStripeError: Stripe has no such account.
            TransientError: Stripe did not answer within ``RETRY_FOR`` seconds, or an operator has
                to mend something first.
            PermanentError: Stripe refused.
        """
        read = RetrieveAccountForCaller(account=account, dedup_key=f"refresh {self._new_id()}")
        try:
            self._request(Address("account", account)).perform(read)
        except (PermanentError, OperatorError) as error:
            if error.code in (RESOURCE_MISSING, Fault.MISSING):
                raise MissingAtStripeError(account) from None
            raise
        return self.account(account)

    def retire(self, account: str) -> AssessedAccount:
        """Say that nobody has a use for an account any more. It causes no more prompts.

        Raises:
            UnknownAccountError: relink knows no account with this id.
        """
        return self._say(AccountRetired, account)

    def resume(self, account: str) -> AssessedAccount:
        """Take up a retired account again.

        Raises:
            UnknownAccountError: relink knows no account with this id.
        """
        return self._say(AccountResumed, account)

    def replaced_by(self, account: str, by: str) -> AssessedAccount:
        """Say that the customer linked another account instead of this one, outside of a relink.

        Args:
            account: the account that is not used any more.
            by: the account that stands in for it. If relink does not know it, it is read at Stripe
                first, as by :meth:`refresh`.

        Raises:
            ValueError: an account cannot replace itself.
            UnknownAccountError: relink knows no account with this id.
            MissingAtStripeError, TransientError, PermanentError: the other account could not be
                read.
        """
        if by == account:
            raise ValueError("an account cannot replace itself: name another account")
        self.account(account)
        if self._store.snapshot(Address("account", by)) is None:
            self.refresh(by)
        return self._say(AccountReplaced, account, by=by)

    def collect_mandate(self, account: str, payment_method: str | None = None) -> AssessedAccount:
        """Say that the customer authorized debits of a new account.

        Args:
            account: ``fca_…``.
            payment_method: the one that the mandate is for; None: every one of the account that
                needs a mandate.

        Raises:
            UnknownAccountError: relink knows no account with this id.
        """
        return self._say(MandateCollected, account, payment_method=payment_method)

    def _say(self, kind: type[DomainEvent], account: str, **fields: Any) -> AssessedAccount:
        self.account(account)
        event = kind.model_validate(
            {
                "causation_id": f"{kind.name} {self._new_id()}",
                "at": self.clock(),
                "policy": self._policy,
                "account": account,
                **fields,
            }
        )
        self.tell(event)
        return self.account(account)

    def import_accounts(
        self, scope: ImportScope = EVERYBODY, *, restart: bool = False, hold: bool = False
    ) -> Iterator[ImportProgress]:
        """Make known the accounts that Stripe lists, each as if it had been read.

        An import that was interrupted continues where it stopped.

        Args:
            scope: which accounts.
            restart: begin again, also where an earlier import was interrupted.
            hold: retire each new account for which somebody would be written to at once. Resume
                them when you are ready (P4).

        Yields:
            How far the import is: where it begins, and after each page.

        Raises:
            GatewayConfigurationError: the gateway cannot list accounts.
            TransientError: Stripe did not answer for too long, or an operator has to mend something
                first (:class:`~relink.adapters.gateway.OperatorError`).
        """
        if self._lister is None:
            raise GatewayConfigurationError(
                "the gateway cannot list accounts: it has no method list_accounts()"
            )
        work = AccountImport(
            *(self._store, self._lister, self._apply, self._policy),
            clock=self.clock,
            timer=self.timer,
            sleep=self._sleep,
        )
        return work.run(scope, restart, hold)

    # ── relink sessions ──────────────────────────────────────────────────────

    def request_relink(self, account: str, **wishes: Any) -> RelinkSession:
        """Open a relink session for an account, or return the one that is open.

        Args:
            account: ``fca_…``.
            wishes: fields of :class:`~relink.machines.events.RelinkRequested`: ``mode``,
                ``reason``, ``permissions``, ``delivery``, ``return_url``.

        Raises:
            ValueError: a wish is invalid.
            UnknownAccountError: relink knows no account with this id.
            RelinkRefusedError: there is nothing to relink.
            TransientError: Stripe did not answer within ``RETRY_FOR`` seconds. The account is
                unchanged.
            PermanentError: Stripe refused. The account is unchanged.
        """
        self.account(account)
        request = self._request(Address("account", account))
        has_read = False
        for _ in range(MAX_ROUNDS):
            decision, command = request.ask_for_relink(has_read, wishes)
            match command:
                case CreateRelinkSession():
                    answer, is_new = request.perform(command)
                    session = _created(answer)
                    return RelinkSession(session, command.mode, is_new, answer.secret, answer.url)
                case RetrieveSessionForCaller(session=session):
                    answer, _ = request.perform(command)
                    if self._session(session).state == "open":
                        mode = decision.before.facts.request.mode
                        return RelinkSession(session, mode, False, answer.secret, answer.url)
                    # The session has ended, and the answer has told the account so. Ask again.
                case RetrieveAccountForCaller():
                    request.perform(command)
                    has_read = True
                case _:
                    raise self._refusal(account, decision)
        raise TransientError(f"{account} keeps changing while a relink session is requested")

    def _refusal(self, account: str, decision: Decision) -> RelinkRefusedError:
        assert decision.reason is not None, "a request without a command was ignored"
        assessment = self.account(account).assessment
        return RelinkRefusedError(account, decision.state, decision.reason, assessment)

    def session_result(self, session: str, billing_name: str | None = None) -> SessionResult:
        """Read a session at Stripe and apply its result.

        Args:
            session: ``fcsess_…``.
            billing_name: the customer's name, for the payment method of a new account (N1). It is
                used once ``next`` asks to ``provide_name``, and is not stored before.

        Raises:
            UnknownSessionError: relink did not create it. Stripe is not asked.
            TransientError: Stripe did not answer within ``RETRY_FOR`` seconds.
            PermanentError: Stripe refused.
        """
        self._session(session)
        read = RetrieveSessionForCaller(
            session=session, reason="result", dedup_key=f"result {self._new_id()}"
        )
        self._request(Address("session", session)).perform(read)
        result = self._result(session)
        if billing_name is not None and result.outcome == "new_account_linked":
            named = BillingNameGiven(
                causation_id=f"billing name {self._new_id()}",
                at=self.clock(),
                policy=self._policy,
                account=result.account,
                billing_name=billing_name,
            )
            self.tell(named)
            result = self._result(session)
        return result

    def _result(self, session: str) -> SessionResult:
        state, facts, _ = self._session(session)
        assert facts.request is not None, "a session begins with the request that opened it"
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

    def _session(self, session: str) -> Snapshot[SessionFacts]:
        snapshot = self._store.snapshot(Address("session", session))
        if snapshot is None:
            raise UnknownSessionError(session)
        return cast("Snapshot[SessionFacts]", snapshot)

    def _request(self, about: Address) -> CallerRequest:
        return CallerRequest(
            *(about, self._store, self._gateway, self._apply, self._policy),
            clock=self.clock,
            timer=self.timer,
            new_id=self._new_id,
        )


def _created(answer: Answer) -> str:
    """The id of the session that Stripe created.

    Raises:
        GatewayError: the answer has none, as with a gateway that only records commands.
    """
    for event in answer.events:
        if isinstance(event, RelinkSessionCreated):
            return event.session
    raise GatewayError("no relink session was created: the gateway's answer has none")
