"""Everything that the doctor tries, in the order in which a service needs it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from relink.adapters.gateway.settings import GatewaySettings
from relink.adapters.gateway.transport import Transport
from relink.adapters.settings import GATEWAY, Settings

from .database import examine_database, examine_records
from .finding import Finding
from .settings import examine_key, examine_settings
from .stripe import Connect, examine_stripe

TIMEOUT = 8.0
"""The longest time for one request to Stripe (seconds)."""


@contextmanager
def over_sdk(settings: GatewaySettings, api_version: str) -> Iterator[Transport]:
    """A transport over Stripe's SDK."""
    from relink.adapters.gateway.sdk import SdkTransport

    assert settings.api_key is not None, "without a key, Stripe is not asked"
    transport = SdkTransport(settings.api_key, settings.api_base, api_version, timeout=TIMEOUT)
    try:
        yield transport
    finally:
        transport.close()


def examine(
    environment: Mapping[str, str],
    connect: Connect = over_sdk,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    *,
    with_records: bool = False,
) -> Iterator[Finding]:
    """Try everything: the settings, the key at Stripe, the database.

    Args:
        environment: such as ``os.environ``.
        connect: makes transports to Stripe.
        clock: the time (Unix seconds).
        sleep: waits for a number of seconds.
        with_records: whether everything that is stored is read too, which takes a while.
    """
    settings, wrong = Settings.examine(environment)
    key = examine_key(settings, wrong)
    yield key
    if settings.gateway_name != GATEWAY:
        detail = "another gateway than stripe performs commands, so Stripe was not asked"
        yield Finding("Stripe", detail)
    elif not key.is_problem and "STRIPE_API_BASE" not in wrong:
        yield from examine_stripe(settings.gateway, connect, clock, sleep)
    yield from examine_settings(settings, wrong, environment)
    if not {"RELINK_DATABASE_URL", "RELINK_DATABASE_SCHEMA"} & wrong.keys():
        found = examine_database(settings.database)
        yield found
        if with_records and not found.is_problem:
            yield from examine_records(settings.database)
