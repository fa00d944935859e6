"""relink with its machines in Django's tables: ``python own_tables.py`` carries out commands.

``service().handle_webhook(…)`` and the rest work as in ``django_app.py``. What the service stores
within a transaction of yours is stored together with your own rows, or not at all.
"""

import logging
import os
import time
from functools import cache

from relink.adapters.gateway import ApiKey, Gateway, GatewaySettings, load_gateway
from relink.adapters.runner import Loop, Performer, PeriodicTask, reconcile
from relink.adapters.service import Service
from relink.adapters.store import TableStore
from relink.adapters.store.retention import prune
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Command
from relink.machines import RelinkPolicy, relink_system

POLICY = RelinkPolicy(attempts=3)


@cache
def store() -> TableStore:
    """The machines, in the tables of ``bank_links``."""
    from bank_links.tables import DjangoTables

    return TableStore(DjangoTables(), relink_system())


@cache
def gateway() -> Gateway:
    """Performs commands at Stripe."""
    base = os.environ.get("STRIPE_API_BASE", "https://api.stripe.com")
    return load_gateway("stripe", GatewaySettings(ApiKey(os.environ["STRIPE_API_KEY"]), base))


@cache
def service() -> Service:
    """What your views call."""
    secrets = os.environ["STRIPE_WEBHOOK_SECRET"].split(",")
    is_live = "_live_" in os.environ["STRIPE_API_KEY"]
    webhooks = StripeWebhooks(secrets, is_live, policy=POLICY)
    return Service(store(), gateway(), webhooks=webhooks, policy=POLICY)


def notify(command: Command, command_id: str) -> None:
    """Replace this: write to the customer, ask for a name or alert someone, by ``command.name``."""
    logging.getLogger("shop").info("%s: %r", command_id, command)


def maintain() -> None:
    """Read what was not reported for a day, and delete what is older than a year."""
    reconcile(store(), time.time(), policy=POLICY)
    prune(store(), time.time())


def loop() -> Loop:
    """Carries out due commands and timers, in threads. Run it in one process."""
    performer = Performer(store(), gateway(), notify, policy=POLICY)
    return Loop(store(), performer, [PeriodicTask("maintain", 60, maintain)])


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_settings")
    django.setup()
    loop().start()
