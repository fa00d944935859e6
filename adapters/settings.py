"""The settings of a service, read from the environment and validated once.

Errors name the variable and the rule. They never show a value that may be secret.
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

GATEWAY = "stripe"
"""``RELINK_GATEWAY``, unless it is set."""

DATABASE = "sqlite:///relink.db"
"""The default of ``RELINK_DATABASE_URL``."""

HOUR = 60 * 60
"""Seconds."""


class SettingsError(ValueError):
    """A setting is missing or invalid. The text names it, and says what it has to be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a service is configured with."""

    gateway: GatewaySettings
    """``STRIPE_API_KEY`` and ``STRIPE_API_BASE``."""
    gateway_name: str = GATEWAY
    """``RELINK_GATEWAY``: the name under which the gateway is registered."""
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    """``STRIPE_WEBHOOK_SECRET``: one secret, or during a rotation two, separated by a comma."""
    database_url: str = field(default=DATABASE, repr=False)
    """``RELINK_DATABASE_URL``: an SQLAlchemy URL for SQLite or PostgreSQL."""
    api_token: str | None = field(default=None, repr=False)
    """``RELINK_API_TOKEN``: the bearer token of the API."""
    notify_url: str | None = field(default=None, repr=False)
    """``RELINK_NOTIFY_URL``: notifications are posted there; without it they are logged."""
    notify_secret: str | None = field(default=None, repr=False)
    """``RELINK_NOTIFY_SECRET``: signs notifications."""
    return_origins: tuple[str, ...] = ()
    """``RELINK_RETURN_ORIGINS``: where hosted sessions may return to, separated by commas."""
    kept_for: int = KEPT
    """``RELINK_RETENTION_DAYS``, in seconds: how long journal and inbox are kept."""
    reconcile_every: int = DAY
    """``RELINK_RECONCILE_HOURS``, in seconds: an account is read at Stripe after this long without
    a report."""
    policy: RelinkPolicy = DEFAULT_POLICY
    """``RELINK_POLICY``: what differs from the default policy, as a JSON object."""

    @property
    def is_live(self) -> bool:
        """Whether Stripe's key is a live one, by its prefix."""
        key = self.gateway.api_key
        return key is not None and LIVE in key.reveal()

    @property
    def runs_worker_in_process(self) -> bool:
        """Whether one process is the whole service, by the kind of its database."""
        return backend_for(self.database_url).runs_worker_in_process

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and validate the variables. An empty variable counts as not set.

        Args:
            environment: such as ``os.environ``.

        Raises:
            SettingsError: a variable is invalid.
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
            gateway_name=read("RELINK_GATEWAY") or GATEWAY,
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
        raise SettingsError(f"RELINK_DATABASE_URL is invalid: {error}") from None
    return url


def _notifications(url: str | None, secret: str | None) -> dict[str, str | None]:
    if url:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                "RELINK_NOTIFY_URL is invalid: it must be an http or https URL, such as "
                "https://shop.example/relink"
            )
        if not secret:
            raise SettingsError(
                "RELINK_NOTIFY_SECRET is not set: RELINK_NOTIFY_URL needs it to sign notifications"
            )
    return {"notify_url": url, "notify_secret": secret}


def _number(name: str, text: str | None, default: int, least: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or int(text) < least:
        raise SettingsError(
            f"{name} is invalid: it must be a whole number, at least {least}, got {text!r}"
        )
    return int(text)


def _policy(text: str | None) -> RelinkPolicy:
    if text is None:
        return DEFAULT_POLICY
    try:
        return RelinkPolicy.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the value'}: {fault['msg']}"
            for fault in error.errors()
        )
    raise SettingsError(f"RELINK_POLICY is invalid: {faults}")
