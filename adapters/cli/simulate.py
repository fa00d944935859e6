"""``relink simulate``: a simulated Stripe to develop against, with a bank to click through.

With ``--world``, no server: the whole product runs in simulated worlds, see
:mod:`.simulated_worlds`.
"""

import argparse
import math
import os
from typing import TYPE_CHECKING

from . import UsageError, simulated_worlds
from .arguments import port, seed
from .options import CommandParser
from .settings import refuse_live_key

if TYPE_CHECKING:
    from relink.adapters.simulator.server import SimulatorServer


MOST_FAULTS = 0.125
"""The highest probability of each fault: a request can have only one."""


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--port",
        type=port,
        default=12111,
        help="port on 127.0.0.1; 0 chooses a free one (default: 12111)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, help="seed of ids, secrets and faults (default: 0)"
    )
    parser.add_argument("--webhook-url", metavar="URL", help="post webhooks to this URL")
    parser.add_argument(
        "--webhook-secret",
        metavar="SECRET",
        default=os.environ.get("STRIPE_WEBHOOK_SECRET", "").partition(",")[0] or "whsec_simulated",
        help="sign webhooks with this (default: $STRIPE_WEBHOOK_SECRET, else whsec_simulated)",
    )
    parser.add_argument(
        "--faults",
        metavar="RATE",
        help=f"probability of each fault, 0 to {MOST_FAULTS} (default: 0); with --world, the kinds "
        "of fault",
    )
    simulated_worlds.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted, or run simulated worlds."""
    refuse_live_key()
    if arguments.world:
        return simulated_worlds.run(arguments)
    from relink.adapters.simulator import INACTIVE_ACCOUNTS, TOKENIZED_NUMBERS, Faults, Simulator
    from relink.adapters.simulator.server import SimulatorServer

    faults = Faults.everywhere(_rate(arguments.faults))
    sim = Simulator(seed=arguments.seed, faults=faults, start=None)
    if arguments.webhook_url:
        sim.add_endpoint(arguments.webhook_secret, url=arguments.webhook_url)
    customer = sim.add_customer()
    linked = sim.link_account(customer)
    assert linked.authorization is not None, "a linked account has an authorization"
    sim.link_account(customer, authorization=linked.authorization.id, subcategory="savings")
    for institution in (TOKENIZED_NUMBERS, INACTIVE_ACCOUNTS):
        sim.link_account(customer, institution=institution)
    try:
        server = SimulatorServer(sim, port=arguments.port)
    except OSError as error:
        raise UsageError(f"port {arguments.port} cannot be bound: {error.strerror}") from error
    _announce(server, arguments.webhook_url)
    server.run()
    return 0


def _announce(server: "SimulatorServer", webhook_url: str | None) -> None:
    url, accounts = server.url, server.simulator.world.accounts
    print(f"Stripe's API     {url}   (set STRIPE_API_BASE={url}, and any sk_test_… key)")
    print(f"StripeBank       {url}/stripebank")
    if webhook_url:
        print(f"Webhooks         {webhook_url}   (signed with --webhook-secret)")
    print(f"Linked accounts  {', '.join(accounts)}", flush=True)


def _rate(text: str | None) -> float:
    try:
        rate = float("0" if text is None else text)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= MOST_FAULTS:
        raise UsageError(
            f"--faults: {text!r} is no probability: give a number from 0 to {MOST_FAULTS}. Kinds "
            "of fault, by name, need --world."
        )
    return rate
