"""The ``relink`` command.

Each subcommand is a module of this package with ``add`` (its arguments) and ``run`` (what it
does, returning the exit code). What a subcommand needs is imported when it runs, so that each
works with the extras that it needs and no others.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

SUBCOMMANDS = {
    "demo": "play a cast of customers against a simulated Stripe, and tell what was decided",
    "table": "print a machine as a table: every state and event, and what is decided",
    "diagram": "draw a machine",
    "serve": "serve relink over HTTP; on SQLite with all its work, alone",
    "work": "carry out commands beside serve, on PostgreSQL",
    "migrate": "bring the database to where this release needs it",
    "status": "tell how things stand: accounts by state, what is due, what failed",
    "dead-letters": "list the commands that failed for good, or take them up again",
    "replay": "rebuild every machine from its journal, and compare with what is stored",
    "explain": "tell the story of an account, authorization or session from the journal",
    "simulate": "serve a simulated Stripe, with StripeBank to click through",
    "fuzz": "let anything happen to a machine, and look for what must not come of it",
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
"""Which extra brings a library, for the message when it is missing."""


class UsageError(Exception):
    """Something that the user can put right; its text says what."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Returns:
        the exit code: 0, or 1 for a finding (such as a counterexample), or 2 for wrong usage.
    """
    parser = argparse.ArgumentParser(
        prog="relink",
        description="Decides what to do when a customer's linked bank account stops working.",
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary.capitalize())
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
            f"relink {arguments.command} needs {error.name}: pip install 'relink-engine[{extra}]'",
            file=sys.stderr,
        )
        return 2
    except BrokenPipeError:
        # The reader (such as head) has seen enough.
        sys.stderr.close()
        return 0
    return code


def _module(name: str) -> ModuleType:
    return importlib.import_module(f".{name.replace('-', '_')}", __name__)
