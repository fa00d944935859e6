"""relink's pieces, put together once: for web handlers, and for who carries out commands.

Each piece is made when it is first used, in the process that uses it: servers and workers
fork, and connections to a database must not be shared across a fork.
"""

import os
import time
from functools import cache

from relink.adapters.gateway import Gateway, load_gateway
from relink.adapters.runner import Notify, Performer, reconcile
from relink.adapters.service import Service
from relink.adapters.settings import Settings
from relink.adapters.store import SqlStore
from relink.adapters.store.retention import prune
from relink.adapters.stripe import StripeWebhooks
from relink.machines import RelinkPolicy, relink_system

# Your choices. Events carry them, so every piece that makes events is given the same.
POLICY = RelinkPolicy(attempts=3, session_open_for=6 * 60 * 60)


@cache
def settings() -> Settings:
    """``STRIPE_API_KEY``, ``STRIPE_WEBHOOK_SECRET`` and ``RELINK_DATABASE_URL``, checked."""
    return Settings.from_environment(os.environ)


@cache
def store() -> SqlStore:
    """What is known, and what is to be done. ``relink migrate`` makes the tables."""
    # Nobody runs `relink work` beside this, so its jobs would only pile up.
    return SqlStore(settings().database_url, relink_system(), jobs=False)


@cache
def gateway() -> Gateway:
    """The way to Stripe."""
    return load_gateway("stripe", settings().gateway)


@cache
def service() -> Service:
    """What web handlers call."""
    webhooks = StripeWebhooks(settings().webhook_secrets, settings().is_live, policy=POLICY)
    return Service(store(), gateway(), webhooks=webhooks, policy=POLICY)


def performer(notify: Notify) -> Performer:
    """What carries out commands. ``notify`` is called with those that are for you."""
    return Performer(store(), gateway(), notify, policy=POLICY)


def look_after() -> None:
    """What is to be done every minute, beside the commands."""
    # A webhook can be lost: accounts that nothing was heard of for a day are read, spread over it.
    reconcile(store(), time.time(), policy=POLICY)
    # Of what is older than a year, as much goes as is not needed any more, a slice each time.
    prune(store(), time.time())
