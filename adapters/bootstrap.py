"""Makes the parts of a process from its settings, for `serve`, `work` and the demo alike."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from relink.adapters.gateway import (
    LIVE_RATE,
    TEST_RATE,
    Gateway,
    GatewayConfigurationError,
    LocalRateLimits,
    RateLimiter,
    RateLimiters,
    load_gateway,
)
from relink.adapters.http import Metrics, StoreStatus, application
from relink.adapters.notifications import Notifier, log_notification
from relink.adapters.runner import Loop, Notify, Performer, PeriodicTask, reconcile
from relink.adapters.runner.overdue import warn_if_overdue
from relink.adapters.service import Service
from relink.adapters.settings import Settings, SettingsError
from relink.adapters.store import Party, SqlStore, migrate
from relink.adapters.store.retention import SLICE, prune
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Step
from relink.machines import relink_system

RECONCILE_EVERY = 60
PRUNE_EVERY = 15 * 60
WATCH_EVERY = 60
"""Seconds between two runs of the reconciliation sweep, of retention, and of the look for commands
that are overdue."""

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
    store = SqlStore(settings.database, relink_system())
    metrics = Metrics(lambda: store_status(store, clock()))
    limiters = _rate_limiters(settings, store)
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
        _gateway(settings, limiters.callers, settings.waits.stripe_for_caller),
        webhooks=webhooks,
        policy=policy,
        clock=clock,
        watch=watch,
        watch_command=metrics.watch_command,
        watch_ignored=metrics.watch_ignored,
    )
    performer = Performer(
        store,
        _gateway(settings, limiters.background, settings.waits.stripe),
        _notify(settings, clock),
        clock,
        policy,
        watch=watch,
        watch_command=metrics.watch_command,
    )
    for party in Party:
        metrics.show_failures(party.value, partial(performer.streaks.failures_at, party))
    periodic_tasks = _periodic_tasks(store, settings, clock)
    if settings.runs_worker_in_process:
        loop = Loop(store, performer, periodic_tasks, clock)
    return Parts(settings, store, service, performer, metrics, periodic_tasks, loop)


@contextmanager
def opened(parts: Parts) -> Iterator[None]:
    """Hold the database of a process that serves.

    On SQLite, this waits until no other process serves it, and brings its schema up to date. On the
    way out, the database is closed: then its file is complete without the log beside it.

    Args:
        parts: what :func:`assemble` made.

    Raises:
        InUseError: another process serves the database, and does not stop.
        StoreError: the database does not answer, or has another schema.
        OSError: its file cannot be locked.
    """
    with ExitStack() as stack:
        if parts.settings.runs_worker_in_process:
            from relink.adapters.store.sqlite.lock import exclusive

            database, wait = parts.settings.database, parts.settings.waits.predecessor
            stack.enter_context(exclusive(database, wait))
            migrate(database)
        stack.callback(parts.store.close)
        if parts.loop is not None:
            # Even when a second signal interrupts the server: no other process may lock the
            # database while this one performs commands.
            stack.callback(parts.loop.stop)
        parts.store.check()
        yield


def serving(parts: Parts) -> FastAPI:
    """Make the web application. While it runs, the loop of these parts runs too, if there is one.

    Args:
        parts: what :func:`assemble` made. The caller holds the database: see :func:`opened`.
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
        ready=parts.store.check_writes,
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
    overdue = store.overdue(now)
    return StoreStatus(
        accounts=store.count_by_state(),
        dead_letters=store.count_dead_letters(),
        stuck=store.count_stuck(),
        waiting=overdue.waiting,
        failing=overdue.failing,
        oldest_due=max(0.0, now - overdue.since) if overdue.since is not None else 0.0,
    )


def _rate_limiters(settings: Settings, store: SqlStore) -> RateLimiters:
    """The lanes of the limit that all processes with this key share."""
    rate = LIVE_RATE if settings.is_live else TEST_RATE
    if settings.runs_worker_in_process:
        return LocalRateLimits(rate).lanes
    from relink.adapters.runner.shared_rate_limiter import SharedRateLimits

    return SharedRateLimits(store.engine, rate).lanes


def _gateway(settings: Settings, rate_limiter: RateLimiter, timeout: float) -> Gateway:
    made_from = replace(settings.gateway, timeout=timeout, rate_limiter=rate_limiter)
    try:
        return load_gateway(settings.gateway_name, made_from)
    except GatewayConfigurationError as error:
        raise SettingsError(str(error)) from None


def _notify(settings: Settings, clock: Callable[[], float]) -> Notify:
    if settings.notify_url is None or settings.notify_secret is None:
        return log_notification
    wait = settings.waits.notification
    try:
        return Notifier(settings.notify_url, settings.notify_secret, clock, wait)
    except ValueError as error:
        raise SettingsError(str(error)) from None


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
        PeriodicTask("overdue", WATCH_EVERY, lambda: warn_if_overdue(store, clock())),
    )
