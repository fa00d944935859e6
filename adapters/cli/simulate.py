"""``relink simulate``: a simulated Stripe to develop against, with StripeBank for people."""

import argparse
import os

from . import UsageError


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--port", type=int, default=12111, help="on 127.0.0.1; 0: a free one")
    parser.add_argument("--seed", type=int, default=0, help="of ids, secrets and faults (0)")
    parser.add_argument("--webhook-url", help="where webhooks are posted to")
    parser.add_argument(
        "--webhook-secret",
        default=os.environ.get("STRIPE_WEBHOOK_SECRET", "").partition(",")[0] or "whsec_simulated",
        help="what signs them (default: $STRIPE_WEBHOOK_SECRET, else whsec_simulated)",
    )
    parser.add_argument(
        "--faults", type=float, default=0.0, help="rate of each fault, 0 to 0.125 (0)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    if os.environ.get("STRIPE_API_KEY", "").startswith(("sk_live_", "rk_live_")):
        raise UsageError("a live key is set (STRIPE_API_KEY), and a simulator is no place for it")
    from relink.adapters.simulator import INACTIVE_ACCOUNTS, TOKENIZED_NUMBERS, Faults, Simulator
    from relink.adapters.simulator.server import SimulatorServer

    try:
        faults = Faults.everywhere(arguments.faults)
    except ValueError as error:
        raise UsageError(str(error)) from error
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
        raise UsageError(f"port {arguments.port} can't be bound: {error.strerror}") from error
    print(f"Stripe's API     {server.url}   (any sk_test_… key; STRIPE_API_BASE={server.url})")
    print(f"StripeBank       {server.url}/stripebank")
    if arguments.webhook_url:
        print(f"Webhooks         {arguments.webhook_url}   signed with --webhook-secret")
    print(f"Linked already   {', '.join(sim.world.accounts)}", flush=True)
    server.run()
    return 0
