"""relink's parts, assembled once: for web handlers, and for whatever performs commands.

Each part is created when it is first used. Servers and workers fork, and database connections
must not be shared across a fork.
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

# Your choices. Events carry the policy, so every part that makes events gets the same one.
POLICY = RelinkPolicy(attempts=3, session_open_for=6 * 60 * 60)


@cache
def settings() -> Settings:
    """``STRIPE_API_KEY``, ``STRIPE_WEBHOOK_SECRET`` and ``RELINK_DATABASE_URL``, checked."""
    return Settings.from_environment(os.environ)


@cache
def store() -> SqlStore:
    """The database. ``relink migrate`` creates its tables."""
    # No `relink work` runs beside this application, so nothing would take its jobs.
    return SqlStore(settings().database, relink_system(), jobs=False)


@cache
def gateway() -> Gateway:
    """Performs commands at Stripe."""
    return load_gateway("stripe", settings().gateway)


@cache
def service() -> Service:
    """What web handlers call."""
    webhooks = StripeWebhooks(settings().webhook_secrets, settings().is_live, policy=POLICY)
    return Service(store(), gateway(), webhooks=webhooks, policy=POLICY)


def performer(notify: Notify) -> Performer:
    """Performs commands. ``notify`` gets those that are for your application."""
    return Performer(store(), gateway(), notify, policy=POLICY)


def maintain() -> None:
    """Run this every minute."""
    # Webhooks can be lost: read accounts that nothing was received about for a day.
    reconcile(store(), time.time(), policy=POLICY)
    # Delete a slice of what is older than a year and no longer needed.
    prune(store(), time.time())
