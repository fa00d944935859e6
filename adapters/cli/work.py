"""``relink work``: perform commands beside ``relink serve``, on PostgreSQL."""

import argparse
import os
from contextlib import ExitStack

from . import UsageError
from .arguments import address, log_level, whole_number
from .options import CommandParser
from .settings import settings_of

NICE = 5
"""How far a worker steps back for a `relink serve` that shares its processors: webhooks and
customers who wait come first. It has a third of their weight, and all that they leave."""


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--concurrency",
        type=whole_number(1, 1_000),
        default=10,
        help="Stripe commands to perform at once, and as many notifications (default: 10)",
    )
    parser.add_argument(
        "--metrics-port",
        type=whole_number(1, 65_535),
        metavar="PORT",
        help="serve Prometheus metrics on this port, without a token",
    )
    parser.add_argument(
        "--metrics-host",
        type=address,
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address of --metrics-port (default: 127.0.0.1)",
    )
    parser.add_argument(
        "--log-level", type=log_level, default="INFO", help="log level (default: INFO)"
    )
    parser.needs("--metrics-host", "--metrics-port")


def run(arguments: argparse.Namespace) -> int:
    """Work until a signal comes, and finish the attempts in progress first."""
    settings = settings_of(os.environ)
    if settings.runs_worker_in_process:
        raise UsageError(
            "workers need PostgreSQL. On SQLite, relink serve performs all commands itself."
        )
    from relink.adapters.bootstrap import assemble
    from relink.adapters.logs import log_json
    from relink.adapters.runner.worker import Worker
    from relink.adapters.settings import hide_secrets

    log_json(arguments.log_level, hide=hide_secrets(os.environ))
    with ExitStack() as stack:
        parts = assemble(settings)
        stack.callback(parts.store.close)
        parts.store.check()
        if arguments.metrics_port:
            address = (arguments.metrics_host, arguments.metrics_port)
            stack.callback(parts.metrics.serve(*address))
        if hasattr(os, "nice"):
            os.nice(NICE)
        Worker(
            parts.store,
            parts.performer,
            parts.periodic_tasks,
            concurrency=arguments.concurrency,
        ).run()
    return 0
