"""Metrics for Prometheus, in a registry of their own.

Counters count what this process does. Gauges show what the store holds; they query it when they are
scraped, at most every 15 seconds.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from relink.adapters.store import StoreError
from relink.adapters.stripe import ON_PURPOSE, Ignored
from relink.adapters.stripe.handlers import HANDLERS
from relink.engine import Command, Step

from .connections import CLIENT_TIMEOUT

FRESH_FOR = 15.0
"""Seconds for which an answer of the store is reused."""

AGES = (0.1, 0.5, 1, 5, 15, 60, 5 * 60, 15 * 60, 3600, 6 * 3600, 24 * 3600, 72 * 3600)
"""Buckets in seconds. A command that failed for days can still succeed."""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What the store holds at one time."""

    accounts: Mapping[str, int]
    """The number of accounts, by state."""
    dead_letters: int
    """The number of commands that failed for good."""
    stuck: Mapping[str, int]
    """The number of due commands that an operator has to look at, by what they are stuck on."""
    waiting: int
    """The number of commands that are due and were not tried yet."""
    failing: Mapping[str, int]
    """The number of commands whose last attempt failed and that are retried, by name; stuck ones
    are left out."""
    oldest_due: float
    """How long ago the oldest command should have been done that is not, in seconds; 0 where there
    is none. It counts from when a command was asked for, and goes on while attempts fail."""


class Metrics:
    """The metrics of one application.

    Args:
        status: queries the store; None leaves the gauges out.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        status: Callable[[], StoreStatus] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = CollectorRegistry()
        self._webhooks = Counter(
            "relink_webhooks",
            "Webhooks, by outcome",
            ["outcome"],
            registry=self._registry,
        )
        self._ignored = Counter(
            "relink_webhooks_ignored",
            "Webhooks that are ignored, by reason, and by type where relink knows it",
            ["reason", "type"],
            registry=self._registry,
        )
        self._decisions = Counter(
            "relink_decisions",
            "Decisions, by machine, and by transition or else outcome",
            ["machine", "transition"],
            registry=self._registry,
        )
        self._commands = Counter(
            "relink_commands",
            "Attempts at commands, by result",
            ["command", "result"],
            registry=self._registry,
        )
        self._ages = Histogram(
            "relink_command_age_seconds",
            "Time from the decision for a command until it was done",
            buckets=AGES,
            registry=self._registry,
        )
        self._failures = Gauge(
            "relink_failures_in_a_row",
            "Attempts that failed since the last success, by who should have answered",
            ["party"],
            registry=self._registry,
        )
        if status:
            self._registry.register(_StoreGauges(status, clock))

    def count_webhook(self, outcome: str) -> None:
        """Count a webhook.

        Args:
            outcome: ``applied``, ``duplicate``, ``ignored``, ``refused`` or ``unavailable``.
        """
        self._webhooks.labels(outcome).inc()

    def watch_ignored(self, ignored: Ignored) -> None:
        """Count a webhook that is ignored. Types that relink does not know are counted as one."""
        base = ignored.type.removeprefix("v1.")
        kind = base if base in HANDLERS or base in ON_PURPOSE else "(unknown)"
        self._ignored.labels(ignored.reason.value, kind).inc()

    def watch_step(self, step: Step) -> None:
        """Count the decisions of a step that was stored."""
        for delivery in step.deliveries:
            decision = delivery.decision
            transition = decision.transition or decision.outcome
            self._decisions.labels(delivery.address.machine, transition).inc()

    def watch_command(self, command: Command, result: str, age: float) -> None:
        """Count an attempt at a command.

        Args:
            command: the command.
            result: ``done``, ``failed`` for good, ``postponed``, ``stuck`` (postponed, and an
                operator has to look at it), or ``held_back`` by relink's own rate limiter.
            age: seconds since the decision for it.
        """
        self._commands.labels(command.name, result).inc()
        if result == "done":
            self._ages.observe(age)

    def show_failures(self, party: str, failures: Callable[[], int]) -> None:
        """Show the failures in a row at a party.

        Args:
            party: ``stripe``, ``service`` or ``clock``.
            failures: gives their number.
        """
        self._failures.labels(party).set_function(failures)

    def page(self) -> bytes:
        """Render all metrics in Prometheus's text format."""
        return generate_latest(self._registry)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Serve the metrics for a process without an HTTP server. No token is asked for.

        Args:
            host: the address to bind.
            port: the port.

        Returns:
            A function that stops serving.

        Raises:
            OSError: the address cannot be bound.
        """
        server, thread = start_http_server(port, host, self._registry)
        # A thread serves each connection, and would wait for its client for ever.
        handler: Any = server.RequestHandlerClass
        server.RequestHandlerClass = type("Handler", (handler,), {"timeout": CLIENT_TIMEOUT})

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop


class _StoreGauges(Collector):
    """Gauges that query the store when they are scraped."""

    def __init__(self, status: Callable[[], StoreStatus], clock: Callable[[], float]) -> None:
        self._status = status
        self._clock = clock
        self._asked_at = float("-inf")
        self._known: StoreStatus | None = None

    def describe(self) -> list[GaugeMetricFamily]:
        """Return none, so that registering does not query the store."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; none while the store is unavailable."""
        now = self._clock()
        if now - self._asked_at >= FRESH_FOR:
            self._asked_at = now
            try:
                self._known = self._status()
            except StoreError:
                self._known = None
        if (known := self._known) is None:
            return
        accounts = GaugeMetricFamily("relink_accounts", "Accounts by state", labels=["state"])
        for state, count in known.accounts.items():
            accounts.add_metric([state], count)
        yield accounts
        yield GaugeMetricFamily(
            "relink_dead_letters", "Commands that failed for good", known.dead_letters
        )
        stuck = GaugeMetricFamily(
            "relink_stuck_commands",
            "Due commands that an operator has to look at, by what they are stuck on",
            labels=["code"],
        )
        for code, count in known.stuck.items():
            stuck.add_metric([code], count)
        yield stuck
        failing = GaugeMetricFamily(
            "relink_failing_commands",
            "Commands whose last attempt failed and that are retried, by command",
            labels=["command"],
        )
        for name, count in known.failing.items():
            failing.add_metric([name], count)
        yield failing
        yield GaugeMetricFamily(
            "relink_waiting_commands", "Commands that are due and were not tried yet", known.waiting
        )
        yield GaugeMetricFamily(
            "relink_oldest_due_seconds",
            "How long ago the oldest command was asked for that should be done and is not",
            known.oldest_due,
        )
