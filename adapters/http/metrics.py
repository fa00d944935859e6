"""Metrics for Prometheus, in a registry of their own.

What happens is counted as it happens, in this process; how things stand is asked of the store
when somebody looks, at most every few seconds.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from relink.adapters.store import StoreError
from relink.engine import Command, Step

FRESH_FOR = 15.0
"""Seconds for which the answer of the store is good."""

AGES = (0.1, 0.5, 1, 5, 15, 60, 5 * 60, 15 * 60, 3600, 6 * 3600, 24 * 3600, 72 * 3600)
"""Buckets, in seconds. Commands can take as long as patience with them lasts."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand in the store."""

    accounts: Mapping[str, int]
    """How many there are in each state."""
    dead_letters: int
    """Commands that failed for good."""
    oldest_due: float
    """For how long the command has been due that is due longest, in seconds; 0 for none."""


class Metrics:
    """The metrics of one application.

    Args:
        standing: asks the store how things stand; None where there is nothing to ask.
        clock: in seconds from anywhere.
    """

    def __init__(
        self,
        standing: Callable[[], Standing] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = CollectorRegistry()
        self._webhooks = Counter(
            "relink_webhooks",
            "Webhooks by what became of them",
            ["outcome"],
            registry=self._registry,
        )
        self._decisions = Counter(
            "relink_decisions",
            "Decisions by machine, and by transition or outcome",
            ["machine", "transition"],
            registry=self._registry,
        )
        self._commands = Counter(
            "relink_commands",
            "Attempts at commands, by their result",
            ["command", "result"],
            registry=self._registry,
        )
        self._ages = Histogram(
            "relink_command_age_seconds",
            "From when a command was asked for until it was done",
            buckets=AGES,
            registry=self._registry,
        )
        if standing:
            self._registry.register(_Standing(standing, clock))

    def count_webhook(self, outcome: str) -> None:
        """Count a webhook: applied, duplicate, ignored, refused or unavailable."""
        self._webhooks.labels(outcome).inc()

    def watch_step(self, step: Step) -> None:
        """Count the decisions of a step that was stored."""
        for delivery in step.deliveries:
            decision = delivery.decision
            transition = decision.transition or decision.outcome
            self._decisions.labels(delivery.address.machine, transition).inc()

    def watch_command(self, command: Command, result: str, age: float) -> None:
        """Count an attempt at a command.

        Args:
            command: which.
            result: ``done``, ``failed`` for good, or ``postponed``.
            age: seconds since it was asked for.
        """
        self._commands.labels(command.name, result).inc()
        if result == "done":
            self._ages.observe(age)

    def page(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)

    def serve(self, port: int) -> Callable[[], None]:
        """Show them on a port of 127.0.0.1, for a process that serves nothing else.

        Returns:
            what ends it.

        Raises:
            OSError: the port can't be bound.
        """
        server, thread = start_http_server(port, "127.0.0.1", self._registry)

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return end


class _Standing(Collector):
    """Gauges that are asked for when somebody looks."""

    def __init__(self, standing: Callable[[], Standing], clock: Callable[[], float]) -> None:
        self._standing = standing
        self._clock = clock
        self._asked_at = float("-inf")
        self._known: Standing | None = None

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is asked of the store to register them."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; none while the store can't be asked."""
        now = self._clock()
        if now - self._asked_at >= FRESH_FOR:
            self._asked_at = now
            try:
                self._known = self._standing()
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
        yield GaugeMetricFamily(
            "relink_oldest_due_seconds",
            "For how long the command has been due that is due longest",
            known.oldest_due,
        )
