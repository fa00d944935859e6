"""Makes the parts of a process from its settings, for `serve`, `work` and the demo alike."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from relink.adapters.gateway import (
    LIVE_RATE,
    TEST_RATE,
    Gateway,
    GatewayConfigurationError,
    LocalRateLimiter,
    RateLimiter,
    load_gateway,
)
from relink.adapters.http import Metrics, StoreStatus, application
from relink.adapters.notifications import Notifier, log_notification
from relink.adapters.runner import Loop, Notify, Performer, PeriodicTask, reconcile
from relink.adapters.service import Service
from relink.adapters.settings import Settings, SettingsError
from relink.adapters.store import SqlStore
from relink.adapters.store.retention import SLICE, prune
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Step
from relink.machines import relink_system

RECONCILE_EVERY = 60
PRUNE_EVERY = 15 * 60
"""Seconds between two runs of the reconciliation sweep, and of retention."""

MAX_SLICES = 20
"""Slices of retention in one run, so that a process can stop soon."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one process."""

    settings: Settings
    store: SqlStore
    service: Service
    performer: Performer
    metrics: Metrics
    periodic_tasks: tuple[PeriodicTask, ...]
    loop: Loop | None
    """Performs commands on SQLite; on PostgreSQL, workers do."""


def assemble(settings: Settings, clock: Callable[[], float] = time.time) -> Parts:
    """Make the parts. Nothing runs yet, and no connection is open.

    Args:
        settings: the settings of the process.
        clock: the time (Unix seconds).

    Raises:
        SettingsError: a required setting is missing.
    """
    policy = settings.policy
    store = SqlStore(settings.database_url, relink_system())
    metrics = Metrics(lambda: store_status(store, clock()))
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
        _gateway(settings, rate_limiter, settings.waits.stripe_for_caller),
        webhooks=webhooks,
        policy=policy,
        clock=clock,
        watch=watch,
        watch_command=metrics.watch_command,
    )
    performer = Performer(
        store,
        _gateway(settings, rate_limiter, settings.waits.stripe),
        _notify(settings, clock),
        clock,
        policy,
        watch=watch,
        watch_command=metrics.watch_command,
    )
    periodic_tasks = _periodic_tasks(store, settings, clock)
    if settings.runs_worker_in_process:
        loop = Loop(store, performer, periodic_tasks, clock)
    return Parts(settings, store, service, performer, metrics, periodic_tasks, loop)


def serving(parts: Parts) -> FastAPI:
    """Make the web application. While it runs, the loop of these parts runs too, if there is one.

    Args:
        parts: what :func:`assemble` made.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if parts.loop is not None:
            parts.loop.start()
        yield
        # By now the server has finished the requests in progress.
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


def store_status(store: SqlStore, now: float) -> StoreStatus:
    """Count what the store holds.

    Args:
        store: the store.
        now: the time (Unix seconds).
    """
    next_due_at = store.next_due_at()
    return StoreStatus(
        accounts=store.count_by_state(),
        dead_letters=store.count_dead_letters(),
        stuck=store.count_stuck(),
        oldest_due=max(0.0, now - next_due_at) if next_due_at is not None else 0.0,
    )


def _rate_limiter(settings: Settings, store: SqlStore) -> RateLimiter:
    """The limiter that all processes with this key share."""
    rate = LIVE_RATE if settings.is_live else TEST_RATE
    if settings.runs_worker_in_process:
        return LocalRateLimiter(rate)
    from relink.adapters.runner.shared_rate_limiter import SharedRateLimiter

    return SharedRateLimiter(store.engine, rate)


def _gateway(settings: Settings, rate_limiter: RateLimiter, read_timeout: float) -> Gateway:
    made_from = replace(settings.gateway, read_timeout=read_timeout, rate_limiter=rate_limiter)
    try:
        return load_gateway(settings.gateway_name, made_from)
    except GatewayConfigurationError as error:
        raise SettingsError(str(error)) from None


def _notify(settings: Settings, clock: Callable[[], float]) -> Notify:
    if settings.notify_url is None or settings.notify_secret is None:
        return log_notification
    return Notifier(settings.notify_url, settings.notify_secret, clock, settings.waits.notification)


def _periodic_tasks(
    store: SqlStore, settings: Settings, clock: Callable[[], float]
) -> tuple[PeriodicTask, ...]:
    def sweep() -> None:
        reconcile(store, clock(), settings.reconcile_every, settings.policy)

    def delete_old_records() -> None:
        for _ in range(MAX_SLICES):
            if SLICE not in prune(store, clock(), settings.kept_for).values():
                return

    return (
        PeriodicTask("reconcile", RECONCILE_EVERY, sweep),
        PeriodicTask("prune", PRUNE_EVERY, delete_old_records),
    )
