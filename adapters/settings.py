"""Everything that a service is told by its environment, read and checked once.

Errors name the variable and the rule, and never show a value that may be secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from pydantic import ValidationError

from relink.adapters.gateway import GatewayConfigurationError, GatewaySettings
from relink.adapters.gateway.settings import LIVE
from relink.adapters.store.backend import backend_for
from relink.adapters.store.retention import DAY, KEPT, SHORTEST
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

DATABASE = "sqlite:///relink.db"
"""``RELINK_DATABASE_URL``, where nothing else is said."""

HOUR = 60 * 60
"""Seconds."""


class SettingsError(ValueError):
    """A setting that can't be; the text says which, and what it has to be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service is made from."""

    gateway: GatewaySettings
    """``STRIPE_API_KEY`` and ``STRIPE_API_BASE``."""
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    """``STRIPE_WEBHOOK_SECRET``: one, or during a rotation two, with a comma between."""
    database_url: str = field(default=DATABASE, repr=False)
    """``RELINK_DATABASE_URL``: an SQLAlchemy URL of SQLite or PostgreSQL."""
    api_token: str | None = field(default=None, repr=False)
    """``RELINK_API_TOKEN``: what the embedding service shows to be let in."""
    notify_url: str | None = field(default=None, repr=False)
    """``RELINK_NOTIFY_URL``: where notifications are posted."""
    notify_secret: str | None = field(default=None, repr=False)
    """``RELINK_NOTIFY_SECRET``: what signs them."""
    return_origins: tuple[str, ...] = ()
    """``RELINK_RETURN_ORIGINS``: where hosted sessions may lead back to, with commas between."""
    kept_for: int = KEPT
    """``RELINK_RETENTION_DAYS``, in seconds here: how long journal and inbox are kept."""
    reconcile_every: int = DAY
    """``RELINK_RECONCILE_HOURS``, in seconds here: after what silence an account is read."""
    policy: RelinkPolicy = DEFAULT_POLICY
    """``RELINK_POLICY``: what differs from the default policy, as JSON."""

    @property
    def is_live(self) -> bool:
        """Whether real money is at stake, by the prefix of Stripe's key."""
        key = self.gateway.api_key
        return key is not None and LIVE in key.reveal()

    @property
    def on_sqlite(self) -> bool:
        """Whether one process is the whole service."""
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read them; a variable that is empty is as good as one that is not set.

        Raises:
            SettingsError: one of them can't be.
        """

        def read(name: str) -> str | None:
            return environment.get(name, "").strip() or None

        def number(name: str, default: int, least: int) -> int:
            return _number(name, read(name), default, least)

        try:
            gateway = GatewaySettings.from_environment(environment)
        except GatewayConfigurationError as error:
            raise SettingsError(str(error)) from None
        return cls(
            gateway=gateway,
            webhook_secrets=_several(read("STRIPE_WEBHOOK_SECRET")),
            database_url=_database(read("RELINK_DATABASE_URL") or DATABASE),
            api_token=read("RELINK_API_TOKEN"),
            **_notifications(read("RELINK_NOTIFY_URL"), read("RELINK_NOTIFY_SECRET")),
            return_origins=_several(read("RELINK_RETURN_ORIGINS")),
            kept_for=DAY * number("RELINK_RETENTION_DAYS", KEPT // DAY, SHORTEST // DAY),
            reconcile_every=HOUR * number("RELINK_RECONCILE_HOURS", 24, 1),
            policy=_policy(read("RELINK_POLICY")),
        )


def _several(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _database(url: str) -> str:
    try:
        backend_for(url)
    except ValueError as error:
        raise SettingsError(f"RELINK_DATABASE_URL: {error}") from None
    return url


def _notifications(url: str | None, secret: str | None) -> dict[str, str | None]:
    if url:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError("RELINK_NOTIFY_URL must be an http or https URL")
        if not secret:
            raise SettingsError("RELINK_NOTIFY_URL needs RELINK_NOTIFY_SECRET, which signs")
    return {"notify_url": url, "notify_secret": secret}


def _number(name: str, text: str | None, default: int, least: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or int(text) < least:
        raise SettingsError(f"{name} must be a whole number, at least {least}, got {text!r}")
    return int(text)


def _policy(text: str | None) -> RelinkPolicy:
    if text is None:
        return DEFAULT_POLICY
    try:
        return RelinkPolicy.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg']}"
            for fault in error.errors()
        )
    raise SettingsError(f"RELINK_POLICY can't be: {faults}")
