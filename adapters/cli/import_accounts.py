"""``relink import``: make the accounts known that were linked before relink was installed."""

import argparse
import os
import re
import sys
from typing import TYPE_CHECKING

from . import UsageError
from .arguments import whole_number
from .settings import open_store, settings_of

if TYPE_CHECKING:
    from relink.adapters.service import ImportProgress, ImportScope, Service
    from relink.machines.report import Holder

EVERY = 10
"""Pages between two lines of progress, when standard error is not a terminal."""

MOST_NAMED = 10
"""How many of the accounts that could not be imported are named at the end."""

_CUSTOMER = re.compile("cus_[A-Za-z0-9_]{1,251}")
_CONNECTED = re.compile("acct_[A-Za-z0-9_]{1,250}")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--holder",
        default="all",
        metavar="ID",
        help="whose accounts: cus_…, acct_…, or all (default: all)",
    )
    parser.add_argument(
        "--customer-account",
        action="store_true",
        help="the holder acct_… represents a customer: its accounts are for payments, not payouts",
    )
    parser.add_argument(
        "--on-behalf-of",
        metavar="ACCT",
        help="import the accounts that were linked for this connected account",
    )
    parser.add_argument(
        "--limit",
        type=whole_number(1, 10**12),
        metavar="N",
        help="stop after the page with the N-th account",
    )
    parser.add_argument(
        "--hold",
        action="store_true",
        help="retire new accounts for which a message would be sent at once; resume them later",
    )
    parser.add_argument(
        "--restart",
        action="store_true",
        help="begin again instead of continuing an import that was interrupted",
    )


def run(arguments: argparse.Namespace) -> int:
    """Import, show progress, and print what came of it.

    Returns:
        0, or 1 if the import stopped early or accounts could not be imported.
    """
    from relink.adapters.bootstrap import assemble

    scope = _scope(arguments)
    settings = settings_of(os.environ)
    with open_store():
        pass  # This refuses a missing database, and one with another schema.
    parts = assemble(settings)
    try:
        return _import(parts.service, scope, arguments)
    finally:
        parts.store.close()


def _import(service: "Service", scope: "ImportScope", arguments: argparse.Namespace) -> int:
    from relink.adapters.gateway import GatewayError
    from relink.adapters.store import StoreError

    here = None
    try:
        steps = service.import_accounts(scope, restart=arguments.restart, hold=arguments.hold)
        begin = here = next(steps)
        if begin.accounts:
            print(f"Continuing after {begin.accounts:,} accounts.", file=sys.stderr)
        for here in steps:
            _show(here)
            if arguments.limit and here.accounts - begin.accounts >= arguments.limit:
                break
    except (GatewayError, StoreError) as error:
        read = here.accounts if here else 0
        print(f"relink import: stopped after {read:,} accounts: {error}", file=sys.stderr)
        print("Run it again to continue, or with --restart to begin again.", file=sys.stderr)
        return 1
    return _conclude(here)


def _show(here: "ImportProgress") -> None:
    """Show progress: on a terminal in one line that changes, elsewhere in a line now and then."""
    text = f"{here.accounts:,} accounts, {here.new:,} of them new"
    if sys.stderr.isatty():
        print(f"\r{text}", end="\n" if here.is_over else "", file=sys.stderr, flush=True)
    elif here.pages % EVERY == 0:
        print(text, file=sys.stderr, flush=True)


def _conclude(here: "ImportProgress") -> int:
    print(f"{here.accounts:,} accounts read: {here.new:,} new, {here.known:,} known before")
    for state, count in sorted(here.states.items()):
        print(f"  {state.replace('_', ' '):24}{count:>9,}")
    if here.held:
        are = "account is" if here.held == 1 else "accounts are"
        print(f"{here.held:,} new {are} retired. POST /accounts/…/resume takes one up again.")
    if not here.is_over:
        print("More accounts are left. Run it again to continue.")
    if not here.failed:
        return 0
    print(
        f"relink import: {len(here.failed):,} accounts could not be imported: "
        f"{', '.join(here.failed[:MOST_NAMED])}. The log above says why.",
        file=sys.stderr,
    )
    return 1


def _scope(arguments: argparse.Namespace) -> "ImportScope":
    from relink.adapters.service import ImportScope

    for_account = arguments.on_behalf_of
    if for_account is not None and not _CONNECTED.fullmatch(for_account):
        raise UsageError(f"--on-behalf-of must be like acct_…, got {for_account!r}")
    return ImportScope(_holder(arguments), for_account)


def _holder(arguments: argparse.Namespace) -> "Holder | None":
    from relink.machines.report import Holder

    named, is_customer = arguments.holder, arguments.customer_account
    if _CONNECTED.fullmatch(named):
        return Holder(field="customer_account" if is_customer else "account", id=named)
    if is_customer:
        raise UsageError("--customer-account needs --holder acct_…")
    if _CUSTOMER.fullmatch(named):
        return Holder(field="customer", id=named)
    if named != "all":
        raise UsageError(f"--holder must be like cus_… or acct_…, or all, got {named!r}")
    return None
