"""Faults that a service like this may have, each planted into the product by one small change."""

import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any

from relink.adapters.gateway import Gateway
from relink.adapters.gateway.transport import Call, Reply, Transport
from relink.adapters.notifications import NotifyError
from relink.adapters.runner import Performer, PeriodicTask
from relink.adapters.service import RelinkSession, Service, WebhookOutcome
from relink.adapters.store import Applied, DueCommand, InboxMessage, Store
from relink.adapters.stripe import StripeWebhooks
from relink.adapters.stripe.webhook import Accepted, Received
from relink.adapters.world import Product
from relink.machines.commands import Notification


class Around:
    """A store around another one: what it does not change is the other's."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class LedgerFirst(Product):
    """The inbox is committed before the work."""

    def make_store(self, store: Store) -> Any:
        class Ledger(Around):
            def apply(self, message: InboxMessage, events: Any) -> Applied:
                entered = self.store.apply(message, ())
                if entered.outcome == "duplicate":
                    return entered
                return self.store.apply(replace(message, id=f"{message.id} work"), events)

        return Ledger(store)


class AnswerFirst(Product):
    """A webhook is answered before it is applied."""

    def handle_webhook(self, payload: bytes, signature: str) -> WebhookOutcome:
        self.waiting.append((payload, signature))
        return "applied"

    def make_periodic_tasks(self) -> tuple[PeriodicTask, ...]:
        self.waiting: list[tuple[bytes, str]] = []
        return (*super().make_periodic_tasks(), PeriodicTask("work", 1, self.work))

    def work(self) -> None:
        while self.waiting:
            self.service.handle_webhook(*self.waiting.pop(0))


class NoInbox(Product):
    """Nobody notes which messages arrived."""

    def make_store(self, store: Store) -> Any:
        world = self.world

        class Forgetful(Around):
            def apply(self, message: InboxMessage, events: Any) -> Applied:
                return self.store.apply(
                    replace(message, id=f"{message.id} {world.new_id()}"), events
                )

        return Forgetful(store)


class ResultLost(Product):
    """A command is completed before its answer is applied."""

    def make_store(self, store: Store) -> Any:
        class Eager(Around):
            def answer(self, due: DueCommand, events: Any, at: float, **how: Any) -> Applied:
                done = self.store.answer(due, (), at, **how)
                if done.outcome == "duplicate" or not events:
                    return done
                return self.store.apply(InboxMessage.answer_to(due, at), events)

        return Eager(store)


class GivesUpAtOnce(Product):
    """A command that fails for now is not tried again."""

    def make_store(self, store: Store) -> Any:
        class Impatient(Around):
            def postpone(self, due: DueCommand, due_at: float, *details: Any, **more: Any) -> None:
                self.store.answer(due, (), due_at, failed=True)

        return Impatient(store)


class NoKey(Product):
    """Requests to Stripe carry no idempotency key."""

    def make_transport(self) -> Transport:
        inner = super().make_transport()

        class Keyless:
            def send(self, call: Call) -> Reply:
                return inner.send(replace(call, idempotency_key=None))

        return Keyless()


class NoStaleness(Product):
    """A webhook is taken for news of the moment at which it arrives."""

    def make_webhooks(self) -> StripeWebhooks:
        class Newest(StripeWebhooks):
            def receive(self, payload: Any, signature: str | None, at: float) -> Received:
                found = super().receive(payload, signature, at)
                if not isinstance(found, Accepted):
                    return found
                events = tuple(
                    event.model_copy(update={"as_of": int(at)})
                    if hasattr(event, "as_of")
                    else event
                    for event in found.events
                )
                return replace(found, events=events)

        made = super().make_webhooks()
        made.__class__ = Newest
        return made


class TimersForgotten(Product):
    """Timers are not there any more after a restart."""

    def make_store(self, store: Store) -> Store:
        inner: Store = store._store  # type: ignore[attr-defined]
        for due in inner.timers(1000):
            inner.answer(due, (), self.world.clock())
        return store


class NotifiedFirst(Product):
    """A notification is noted as sent before it is sent."""

    def make_performer(self, gateway: Gateway) -> Performer:
        product = self

        class Optimist(Performer):
            def perform(self, due: DueCommand) -> None:
                if isinstance(due.command, Notification):
                    product.store.answer(due, (), product.world.clock())
                    with suppress(NotifyError):
                        product.notify(due.command, due.id)
                else:
                    super().perform(due)

        made = super().make_performer(gateway)
        made.__class__ = Optimist
        return made


class NoSweep(Product):
    """Nobody reads again what a lost webhook could have told."""

    def make_periodic_tasks(self) -> tuple[PeriodicTask, ...]:
        return tuple(t for t in super().make_periodic_tasks() if t.name != "reconcile")


class SecretLogged(Product):
    """A session's client secret is logged."""

    def make_service(self, gateway: Gateway) -> Service:
        class Talkative(Service):
            def request_relink(self, account: str, **wishes: Any) -> RelinkSession:
                session = super().request_relink(account, **wishes)
                secret = session.secret.reveal() if session.secret else ""
                logging.getLogger("relink.adapters.service").warning("opened %s", secret)
                return session

        made = super().make_service(gateway)
        made.__class__ = Talkative
        return made


PLANTED: dict[type[Product], set[str]] = {
    LedgerFirst: {"answered_after_commit"},
    AnswerFirst: {"answered_after_commit"},
    NoInbox: {"applied_once"},
    ResultLost: {"no_read_is_left", "agrees_with_stripe"},
    GivesUpAtOnce: {"no_read_is_left", "every_outage_is_prompted"},
    NoKey: {"one_effect"},
    NoStaleness: {"old_report_changes_nothing"},
    TimersForgotten: {"nothing_is_lost"},
    NotifiedFirst: {"every_notification_arrives"},
    NoSweep: {"agrees_with_stripe"},
    SecretLogged: {"no_secret_is_logged"},
}
"""Each fault, and the rules of which it breaks one."""
