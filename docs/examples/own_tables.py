"""relink's parts with its machines in Django's tables. Save this file as ``relink_setup.py``.

It has the same names as the ``relink_setup.py`` for tables of relink's own, so ``django_app.py``
and ``celery_app.py`` work with either. It needs no SQLAlchemy. ``python relink_setup.py`` carries
out commands. What is stored within a transaction of yours is stored together with your own rows, or
not at all.
"""

import logging
import os
import signal
import threading
import time
from functools import cache

from relink.adapters.gateway import ApiKey, Gateway, GatewaySettings, load_gateway
from relink.adapters.runner import Loop, Notify, Performer, PeriodicTask, reconcile
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


def performer(notify: Notify) -> Performer:
    """Carries out commands. ``notify`` gets those that are for your application."""
    return Performer(store(), gateway(), notify, policy=POLICY)


def maintain() -> None:
    """Read what was not reported for a day, and delete what is older than a year."""
    reconcile(store(), time.time(), policy=POLICY)
    prune(store(), time.time())


def notify(command: Command, command_id: str) -> None:
    """Replace this: write to the customer, ask for a name or alert someone, by ``command.name``."""
    logging.getLogger("shop").info("%s: %r", command_id, command)


def main() -> None:
    """Carry out due commands and timers, in threads, until SIGTERM or SIGINT. Run one process."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    loop = Loop(store(), performer(notify), [PeriodicTask("maintain", 60, maintain)])
    loop.start()  # returns at once
    stopped.wait()
    loop.stop()


if __name__ == "__main__":
    import django

    logging.basicConfig(level=logging.INFO)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_settings")
    django.setup()
    main()
