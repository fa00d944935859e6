"""The ``relink`` command.

Each subcommand is a module of this package with ``add``, which declares its arguments, and
``run``, which returns the exit code. A subcommand imports what it needs when it runs, so each
works with just the extras that it needs.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

from .stopping import ended_by_signals

SUBCOMMANDS = {
    "demo": "play scenarios against a simulated Stripe and explain every decision",
    "table": "print a machine as a table: every state, every event, every decision",
    "diagram": "draw a machine: SVG, PNG, DOT or Mermaid",
    "serve": "serve webhooks and the HTTP API; on SQLite, also perform all commands",
    "work": "perform commands beside relink serve, on PostgreSQL",
    "migrate": "create the database schema, or upgrade it to this release",
    "backup": "copy the SQLite database into one file, while it is in use",
    "restore": "put a backup in the place of the SQLite database",
    "reconcile": "have everything read again at Stripe, as after a restore",
    "import": "make the accounts known that were linked before relink was installed",
    "doctor": "try every setting, and say what is wrong and how to mend it",
    "status": "show accounts by state, due commands, timers and dead letters",
    "dead-letters": "list the commands that failed for good, or retry them",
    "replay": "rebuild every machine from its journal and compare it with its snapshot",
    "explain": "explain the history of an account, authorization, session or payment method",
    "simulate": "serve a simulated Stripe API, with a bank to click through",
    "fuzz": "send a machine random events and search for a counterexample",
}

EXTRA_OF = {
    "sqlalchemy": "store",
    "alembic": "store",
    "psycopg": "postgres",
    "procrastinate": "postgres",
    "fastapi": "service",
    "httpx": "service",
    "prometheus_client": "service",
    "structlog": "service",
    "stripe": "stripe",
    "hypothesis": "fuzz",
    "starlette": "simulator",
    "uvicorn": "simulator",
}
"""Which extra installs a library, for the message when it is missing."""


MODULES = {"import": "import_accounts"}
"""The modules of subcommands whose names are reserved words in Python."""


SERVICES = {"serve", "work", "simulate"}
"""Subcommands that run until a signal ends them, which is the normal way to do so."""


class UsageError(Exception):
    """The command was used wrongly. The text says how to put it right."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Args:
        argv: the arguments; by default those of the process.

    Returns:
        the exit code: 0 for success, 1 for a finding (such as a counterexample), 2 for wrong usage.
    """
    argv = sys.argv[1:] if argv is None else argv
    if not set(argv[:1]) & SERVICES:
        return _run(argv)
    # From the first moment on: the imports alone can take a second.
    with ended_by_signals():
        return _run(argv)


def _run(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="relink",
        description="Decide what to do when a customer's linked bank account stops working.",
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
        )
        _module(name).add(subparser)
    arguments = parser.parse_args(argv)
    try:
        code: int = _module(arguments.command).run(arguments)
    except UsageError as error:
        print(f"relink {arguments.command}: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        print(
            f"relink {arguments.command} needs {error.name}. Run: "
            f"pip install 'relink-engine[{extra}]'",
            file=sys.stderr,
        )
        return 2
    except BrokenPipeError:
        # The reader, such as head, closed the pipe.
        sys.stderr.close()
        return 0
    return code


def _module(name: str) -> ModuleType:
    module = MODULES.get(name, name.replace("-", "_"))
    return importlib.import_module(f".{module}", __name__)
