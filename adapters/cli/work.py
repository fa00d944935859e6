"""``relink work``: perform commands beside ``relink serve``, on PostgreSQL."""

import argparse
import os
from contextlib import ExitStack

from . import UsageError
from .settings import settings_of, store_error
from .stopping import stop_if_requested

NICE = 5
"""How far a worker steps back for a `relink serve` that shares its processors: webhooks and
customers who wait come first. It has a third of their weight, and all that they leave."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--concurrency",
        type=int,
        default=10,
        help="Stripe commands to perform at once, and as many notifications (default: 10)",
    )
    parser.add_argument(
        "--metrics-port",
        type=int,
        metavar="PORT",
        help="serve Prometheus metrics on this port of 127.0.0.1",
    )
    parser.add_argument("--log-level", default="INFO", help="log level (default: INFO)")


def run(arguments: argparse.Namespace) -> int:
    """Work until a signal comes, and finish the attempts in progress first."""
    settings = settings_of(os.environ)
    if settings.runs_worker_in_process:
        raise UsageError(
            "workers need PostgreSQL. On SQLite, relink serve performs all commands itself."
        )
    if arguments.concurrency < 1:
        raise UsageError(f"--concurrency must be at least 1, got {arguments.concurrency}")
    from relink.adapters.bootstrap import assemble
    from relink.adapters.logs import log_json
    from relink.adapters.runner.worker import Worker
    from relink.adapters.store import StoreError

    with ExitStack() as stack:
        try:
            parts = assemble(settings)
            stack.callback(parts.store.close)
            parts.store.check()
            if arguments.metrics_port:
                stack.callback(parts.metrics.serve(arguments.metrics_port))
        except StoreError as error:
            raise store_error(error) from None
        except (ValueError, OSError) as error:
            raise UsageError(str(error)) from error
        log_json(arguments.log_level)
        stop_if_requested()
        if hasattr(os, "nice"):
            os.nice(NICE)
        Worker(
            parts.store,
            parts.performer,
            parts.periodic_tasks,
            concurrency=arguments.concurrency,
        ).run()
    return 0
