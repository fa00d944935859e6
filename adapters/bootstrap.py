"""The service put together from its settings: one way for `serve`, for `work` and for the demo."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from relink.adapters.gateway import Gateway
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import READ_TIMEOUT, SdkTransport
from relink.adapters.http import Metrics, Standing, application
from relink.adapters.notify import Notifier, log_notification
from relink.adapters.runner import (
    LIVE_RATE,
    TEST_RATE,
    LocalRateLimiter,
    Loop,
    Notify,
    Performer,
    PeriodicTask,
    RateLimitedTransport,
    RateLimiter,
    reconcile,
)
from relink.adapters.service import Service
from relink.adapters.settings import Settings, SettingsError
from relink.adapters.store import SqlStore
from relink.adapters.store.retention import SLICE, prune
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Step
from relink.machines import relink_system

RECONCILE_EVERY = 60
PRUNE_EVERY = 15 * 60
"""Seconds between the slices of the sweep through all accounts, and of retention."""


MOST_SLICES = 20
"""Of retention at a time, so that nobody who ends waits for it."""

CUSTOMER_WAITS = 8.0
"""Seconds without a byte from Stripe in a request of which a customer sees the end."""


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a process of the service is made of."""

    settings: Settings
    store: SqlStore
    service: Service
    performer: Performer
    metrics: Metrics
    periodic_tasks: tuple[PeriodicTask, ...]
    loop: Loop | None
    """Performs the commands, on SQLite; on PostgreSQL workers do."""


def assemble(settings: Settings, clock: Callable[[], float] = time.time) -> Parts:
    """Make the parts; nothing runs yet, and no connection is open.

    Args:
        settings: what they are made from.
        clock: the time (Unix seconds).

    Raises:
        SettingsError: something that is needed is not set.
    """
    policy = settings.policy
    store = SqlStore(settings.database_url, relink_system())
    metrics = Metrics(lambda: standing(store, clock()))
    rate_limiter = _rate_limiter(settings, store)
    loop: Loop | None = None

    def watch(step: Step) -> None:
        metrics.watch_step(step)
        if loop is not None and step.commands:
            loop.wake()

    webhooks = None
    if settings.webhook_secrets:
        webhooks = StripeWebhooks(settings.webhook_secrets, settings.is_live, policy=policy)
    service = Service(
        store,
        _gateway(settings, rate_limiter, CUSTOMER_WAITS),
        webhooks=webhooks,
        policy=policy,
        clock=clock,
        watch=watch,
        watch_command=metrics.watch_command,
    )
    performer = Performer(
        store,
        _gateway(settings, rate_limiter, READ_TIMEOUT),
        _notify(settings, clock),
        clock,
        policy,
        watch=watch,
        watch_command=metrics.watch_command,
    )
    periodic_tasks = _periodic_tasks(store, settings, clock)
    if settings.on_sqlite:
        loop = Loop(store, performer, periodic_tasks, clock)
    return Parts(settings, store, service, performer, metrics, periodic_tasks, loop)


def serving(parts: Parts) -> FastAPI:
    """The application over the parts; while it runs, so does the loop, if there is one."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if parts.loop is not None:
            parts.loop.start()
        yield
        # The server has let the requests that it was answering finish.
        if parts.loop is not None:
            await run_in_threadpool(parts.loop.stop)

    return application(
        parts.service,
        token=parts.settings.api_token,
        ready=parts.store.check,
        metrics=parts.metrics,
        return_origins=parts.settings.return_origins,
        lifespan=lifespan,
    )


def standing(store: SqlStore, now: float) -> Standing:
    """How things stand in the store, at a time in Unix seconds."""
    next_due_at = store.next_due_at()
    return Standing(
        accounts=store.count_by_state(),
        dead_letters=store.count_dead_letters(),
        oldest_due=max(0.0, now - next_due_at) if next_due_at is not None else 0.0,
    )


def _rate_limiter(settings: Settings, store: SqlStore) -> RateLimiter:
    """One for all processes that ask Stripe with this key."""
    rate = LIVE_RATE if settings.is_live else TEST_RATE
    if settings.on_sqlite:
        return LocalRateLimiter(rate)
    from relink.adapters.runner.shared_rate_limiter import SharedRateLimiter

    return SharedRateLimiter(store.engine, rate)


def _gateway(settings: Settings, rate_limiter: RateLimiter, read_timeout: float) -> Gateway:
    stripe = settings.gateway
    if stripe.api_key is None:
        raise SettingsError("STRIPE_API_KEY is not set")
    transport = SdkTransport(
        stripe.api_key, stripe.api_base, stripe.api_version, read_timeout=read_timeout
    )
    return StripeGateway(RateLimitedTransport(transport, rate_limiter))


def _notify(settings: Settings, clock: Callable[[], float]) -> Notify:
    if settings.notify_url is None or settings.notify_secret is None:
        return log_notification
    return Notifier(settings.notify_url, settings.notify_secret, clock)


def _periodic_tasks(
    store: SqlStore, settings: Settings, clock: Callable[[], float]
) -> tuple[PeriodicTask, ...]:
    def walk() -> None:
        reconcile(store, clock(), settings.reconcile_every, settings.policy)

    def let_go() -> None:
        for _ in range(MOST_SLICES):
            if SLICE not in prune(store, clock(), settings.kept_for).values():
                return

    return PeriodicTask("reconcile", RECONCILE_EVERY, walk), PeriodicTask(
        "prune", PRUNE_EVERY, let_go
    )
