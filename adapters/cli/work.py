"""``relink work``: a worker beside ``relink serve``, on PostgreSQL."""

import argparse
import os
from contextlib import ExitStack

from . import UsageError
from .settings import settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument(
        "--concurrency", type=int, default=10, help="commands that are performed at once (10)"
    )
    parser.add_argument(
        "--metrics-port", type=int, metavar="PORT", help="metrics for Prometheus, on 127.0.0.1"
    )
    parser.add_argument("--log-level", default="INFO", help="of the JSON lines (INFO)")


def run(arguments: argparse.Namespace) -> int:
    """Work until interrupted; the commands that are being performed are finished first."""
    settings = settings_of(os.environ)
    if settings.on_sqlite:
        raise UsageError("on SQLite relink serve does all the work itself; workers need PostgreSQL")
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
        except (StoreError, ValueError, OSError) as error:
            raise UsageError(str(error)) from error
        log_json(arguments.log_level)
        Worker(
            settings.database_url,
            parts.store,
            parts.performer,
            parts.periodic_tasks,
            concurrency=arguments.concurrency,
        ).run()
    return 0
