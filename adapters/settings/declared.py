"""All settings but the bounds of waits (:mod:`.waits`), each declared once."""

from typing import Any

from relink.adapters.gateway import ApiKey
from relink.adapters.gateway.settings import STRIPE
from relink.adapters.store.location import SCHEMA
from relink.adapters.store.retention import DAY, KEPT, SHORTEST
from relink.machines.policy import DEFAULT_POLICY

from . import forms
from .database import DEFAULT_DATABASE, database, schema
from .policy import policy
from .setting import Setting
from .waits import WAITS

HOUR = 60 * 60
"""Seconds."""

GATEWAY = "stripe"
"""``RELINK_GATEWAY``, unless it is set."""

STRIPE_API_KEY: Setting[ApiKey | None] = Setting(
    "STRIPE_API_KEY",
    forms.api_key,
    None,
    "Stripe's secret key, or a [restricted one](service.md#a-restricted-key). Its prefix decides "
    "whether live events are expected.",
    is_secret=True,
    default_text="required",
)
STRIPE_WEBHOOK_SECRET: Setting[tuple[str, ...]] = Setting(
    "STRIPE_WEBHOOK_SECRET",
    forms.webhook_secrets,
    (),
    "Verifies webhooks. During a rotation give both secrets.",
    is_secret=True,
    default_text="required",
)
STRIPE_API_BASE = Setting(
    "STRIPE_API_BASE",
    forms.server,
    STRIPE,
    "Another server in place of Stripe's, for tests. A live key is refused with it.",
)
RELINK_GATEWAY = Setting(
    "RELINK_GATEWAY",
    forms.gateway,
    GATEWAY,
    "The [gateway](testing.md#another-gateway) that performs Stripe commands.",
)
RELINK_DATABASE_URL = Setting(
    "RELINK_DATABASE_URL",
    database,
    DEFAULT_DATABASE,
    "Where everything is kept; [its grammar](databases.md#the-url).",
    is_secret=True,
    default_text="`sqlite:///relink.db`",
)
RELINK_DATABASE_SCHEMA = Setting(
    "RELINK_DATABASE_SCHEMA",
    schema,
    SCHEMA,
    "On PostgreSQL, the schema of relink's tables.",
)
RELINK_API_TOKEN: Setting[str | None] = Setting(
    "RELINK_API_TOKEN",
    forms.own_secret,
    None,
    "Your application sends it as `Authorization: Bearer …`.",
    is_secret=True,
    default_text="required",
)
RELINK_NOTIFY_URL: Setting[str | None] = Setting(
    "RELINK_NOTIFY_URL",
    forms.http_url,
    None,
    "Notifications are posted there. Without it, they are logged. A user and a password in it are "
    "sent as basic authentication.",
    is_secret=True,
    default_text="not set",
)
RELINK_NOTIFY_SECRET: Setting[str | None] = Setting(
    "RELINK_NOTIFY_SECRET",
    forms.own_secret,
    None,
    "Signs notifications.",
    is_secret=True,
    default_text="required with `RELINK_NOTIFY_URL`",
)
RELINK_RETURN_ORIGINS: Setting[tuple[str, ...]] = Setting(
    "RELINK_RETURN_ORIGINS",
    forms.origins,
    (),
    "Where sessions that Stripe hosts may return to.",
    default_text="none",
)
RELINK_POLICY = Setting(
    "RELINK_POLICY",
    policy,
    DEFAULT_POLICY,
    'What differs from the [default policy](#the-policy): `{"attempts": 5, "reminders": [86400]}`.',
    default_text="`{}`",
)
RELINK_RECONCILE_HOURS = Setting(
    "RELINK_RECONCILE_HOURS",
    forms.whole_number(1, 8_784, HOUR),
    24 * HOUR,
    "What webhooks report is read at Stripe after this long without a report, because webhooks can "
    "be lost: accounts, authorizations, open sessions, and what relink built.",
)
RELINK_RETENTION_DAYS = Setting(
    "RELINK_RETENTION_DAYS",
    forms.whole_number(SHORTEST // DAY, 36_500, DAY),
    KEPT,
    "How long inbox, journal and finished commands are kept.",
)

DECLARED: tuple[Setting[Any], ...] = (
    STRIPE_API_KEY,
    STRIPE_WEBHOOK_SECRET,
    STRIPE_API_BASE,
    RELINK_GATEWAY,
    RELINK_DATABASE_URL,
    RELINK_DATABASE_SCHEMA,
    RELINK_API_TOKEN,
    RELINK_NOTIFY_URL,
    RELINK_NOTIFY_SECRET,
    RELINK_RETURN_ORIGINS,
    RELINK_POLICY,
    RELINK_RECONCILE_HOURS,
    RELINK_RETENTION_DAYS,
)
"""These, in the order of the page of settings."""

SETTINGS: tuple[Setting[Any], ...] = (*DECLARED, *WAITS)
"""All settings."""
