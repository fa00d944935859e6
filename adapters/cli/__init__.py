"""The ``relink`` command.

Each subcommand is a module of this package with ``add``, which declares its arguments, and
``run``, which returns the exit code. A subcommand imports what it needs when it runs, so each
works with just the extras that it needs.
"""

import argparse
import atexit
import gc
import importlib
import importlib.metadata
import signal
import sys
from collections.abc import Collection, Sequence
from types import ModuleType

from relink.adapters.signs import visible

from .failures import (
    DEFECT,
    INTERRUPTED,
    TERMINATED,
    WRONG_USAGE,
    UsageError,
    explained,
    show_defect,
)
from .options import Arguments, CommandParser
from .output import safe_output
from .stopping import Stopped, ended_by_signals

__all__ = ["SUBCOMMANDS", "UsageError", "main", "read"]

SUBCOMMANDS = {
    "demo": "play scenarios against a simulated Stripe, and tell what relink decided and why",
    "table": "print a machine as a table: every state, every event, every decision",
    "diagram": "draw a machine: SVG, PNG, DOT or Mermaid",
    "export": "export a machine: JSON for XState 5, or SCXML",
    "serve": "serve webhooks and the HTTP API; on SQLite, also perform all commands",
    "work": "perform commands beside relink serve, on PostgreSQL",
    "migrate": "create the database schema, or upgrade it to this release",
    "backup": "copy the SQLite database into one file, while it is in use",
    "restore": "put a backup in the place of the SQLite database",
    "reconcile": "have everything read again at Stripe, as after a restore",
    "import": "make the accounts known that were linked before relink was installed",
    "doctor": "try every setting, and say what is wrong and how to mend it",
    "status": "show accounts by state, due commands, timers and dead letters",
    "top": "show what a running relink does now: live counts, and what changed last",
    "dead-letters": "list the commands that failed for good, or retry them",
    "replay": "rebuild every machine from its journal and compare it with its snapshot",
    "explain": "tell what became of an account, authorization, session or payment method, and why",
    "simulate": "serve a simulated Stripe API, with a bank to click through",
    "fuzz": "send machines random events, and search for a counterexample",
    "check": "explore every history of one account and of two, and check what must hold",
}

MODULES = {"import": "import_accounts"}
"""The modules of subcommands whose names are reserved words in Python."""

SERVICES = {"serve", "work", "simulate", "top"}
"""Subcommands that run until a signal ends them, which is the normal way to do so."""

STOPPED = (0, signal.SIGTERM, signal.SIGINT)
KILLED = (TERMINATED, signal.SIGTERM)
"""The exit code of a service and of any other subcommand, and the signals that lead to it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Args:
        argv: the arguments; by default those of the process.

    Returns:
        the exit code: 0 for success, 1 for a finding (such as a counterexample), 2 for wrong usage
        or surroundings, 70 for a defect of relink, 130 or 143 after a signal. A service ends with 0
        after a signal.
    """
    argv = sys.argv[1:] if argv is None else argv
    # Python would examine all that is left at the end, for half a second.
    atexit.register(gc.freeze)
    with safe_output() as output:
        try:
            # From the first moment on: the imports alone can take a second.
            is_service = bool(set(argv[:1]) & SERVICES) and "--world" not in argv
            with ended_by_signals(*(STOPPED if is_service else KILLED)):
                code = _run(argv)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except Stopped as stopped:
            code = int(stopped.code or 0)
        except Exception as error:
            code = _failed("".join(argv[:1]), error)
        sys.stdout.flush()
        if output.failure is not None:
            reason = output.failure.strerror
            print(f"relink: the output could not be written: {reason}", file=sys.stderr)
            code = WRONG_USAGE
    return code


def read(argv: Sequence[str], of: Collection[str] = tuple(SUBCOMMANDS)) -> Arguments:
    """Read the arguments of the process.

    Args:
        argv: the subcommand, and its arguments.
        of: the subcommands whose arguments are known; by default all.

    Raises:
        SystemExit: there is no such subcommand or argument, or a value is wrong.
        UsageError: arguments do not go together.
    """
    whole = argparse.ArgumentParser(
        prog="relink",
        allow_abbrev=False,
        description="Decide what to do when a customer's linked bank account stops working.",
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="print the version, and exit")
    subparsers = whole.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    by_name = {}
    for name, summary in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
        )
        if name in of:
            _module(name).add(subparser)
        subparser.mark_defaults()
        by_name[name] = subparser
    parsed, unknown = whole.parse_known_args(argv)
    command = by_name[parsed.command]
    if unknown:
        command.refuse(unknown)
    return command.checked(parsed)


class _Version(argparse.Action):
    """Prints the version of the distribution, which is read only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"relink {importlib.metadata.version('relink-engine')}")
        parser.exit()


def _run(argv: Sequence[str]) -> int:
    _refuse_unknown(argv)
    # The arguments of some subcommands name the machines, whose import takes a while.
    arguments = read(argv, of=argv[:1])
    command: str = arguments.command
    code: int = _module(command).run(arguments)
    _name_unread(command, arguments)
    return code


def _name_unread(command: str, arguments: Arguments) -> None:
    """Say which arguments had no effect, though the command declares that they have one."""
    if unread := arguments.unread:
        print(f"relink {command}: {', '.join(unread)} had no effect", file=sys.stderr)


def _refuse_unknown(argv: Sequence[str]) -> None:
    """Refuse a subcommand that does not exist, and name the one that was probably meant.

    Raises:
        SystemExit: it does not exist.
    """
    name = argv[0] if argv else ""
    if not name or name.startswith("-") or name in SUBCOMMANDS:
        return
    from relink.engine.suggest import did_you_mean

    meant = did_you_mean(name, SUBCOMMANDS)
    hint = f" {meant[:1].upper()}{meant[1:]}" if meant else ""
    print(f"relink: there is no command {name!r}.{hint} relink --help lists all.", file=sys.stderr)
    raise SystemExit(WRONG_USAGE)


def _failed(command: str, error: Exception) -> int:
    line = explained(command, error)
    if line is None:
        show_defect(command, error)
        return DEFECT
    # It repeats what the user or a file said.
    print(*map(visible, line.splitlines()), sep="\n", file=sys.stderr)
    return WRONG_USAGE


def _module(name: str) -> ModuleType:
    module = MODULES.get(name, name.replace("-", "_"))
    return importlib.import_module(f".{module}", __name__)
