"""The settings of a service, read from the environment and validated once, into one object."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from relink.adapters.gateway import GatewaySettings
from relink.adapters.gateway.settings import STRIPE, is_live
from relink.adapters.store.location import DatabaseLocation, PostgresLocation
from relink.adapters.store.retention import DAY, KEPT
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

from . import declared
from .database import DEFAULT_DATABASE
from .declared import GATEWAY
from .forms import RANDOM
from .setting import SettingsError, WrongSetting
from .waits import DEFAULT_WAITS, Waits


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a service is configured with."""

    gateway: GatewaySettings
    """``STRIPE_API_KEY`` and ``STRIPE_API_BASE``."""
    gateway_name: str = GATEWAY
    """``RELINK_GATEWAY``: the name under which the gateway is registered."""
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    """``STRIPE_WEBHOOK_SECRET``: one secret, or during a rotation two."""
    database: DatabaseLocation = DEFAULT_DATABASE
    """``RELINK_DATABASE_URL``, ``RELINK_DATABASE_SCHEMA`` and ``RELINK_DATABASE_TIMEOUT``."""
    api_token: str | None = field(default=None, repr=False)
    """``RELINK_API_TOKEN``: the bearer token of the API."""
    notify_url: str | None = field(default=None, repr=False)
    """``RELINK_NOTIFY_URL``: notifications are posted there; without it they are logged."""
    notify_secret: str | None = field(default=None, repr=False)
    """``RELINK_NOTIFY_SECRET``: signs notifications."""
    return_origins: tuple[str, ...] = ()
    """``RELINK_RETURN_ORIGINS``: where hosted sessions may return to."""
    kept_for: int = KEPT
    """``RELINK_RETENTION_DAYS``, in seconds: how long journal and inbox are kept."""
    reconcile_every: int = DAY
    """``RELINK_RECONCILE_HOURS``, in seconds: an account is read at Stripe after this long without
    a report."""
    policy: RelinkPolicy = DEFAULT_POLICY
    """``RELINK_POLICY``: what differs from the default policy."""
    waits: Waits = DEFAULT_WAITS
    """The bounds of waits."""

    @property
    def is_live(self) -> bool:
        """Whether Stripe's key is a live one, by its prefix."""
        key = self.gateway.api_key
        return key is not None and is_live(key)

    @property
    def runs_worker_in_process(self) -> bool:
        """Whether one process is the whole service, by the kind of its database."""
        # Here, since nothing else of the settings needs SQLAlchemy.
        from relink.adapters.store.backend import backend_for

        return backend_for(self.database).runs_worker_in_process

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and validate the variables. An empty variable counts as not set.

        Args:
            environment: such as ``os.environ``.

        Raises:
            SettingsError: variables are invalid. The text has a line for each.
        """
        settings, wrong = cls.examine(environment)
        if wrong:
            raise SettingsError("\n".join(map(str, wrong.values())))
        return settings

    @classmethod
    def examine(cls, environment: Mapping[str, str]) -> tuple[Self, dict[str, WrongSetting]]:
        """Read all variables, invalid ones too.

        Args:
            environment: such as ``os.environ``.

        Returns:
            The settings, with the default in place of each invalid value; and what is wrong, by
            the name of the variable.
        """
        wrong: dict[str, WrongSetting] = {}
        notify_url = declared.RELINK_NOTIFY_URL.read(environment, wrong)
        notify_secret = declared.RELINK_NOTIFY_SECRET.read(environment, wrong)
        if notify_url and not notify_secret and "RELINK_NOTIFY_SECRET" not in wrong:
            needed = f"RELINK_NOTIFY_URL needs it to sign notifications. Set {RANDOM}"
            name = "RELINK_NOTIFY_SECRET"
            wrong[name] = WrongSetting(name, "is not set", needed)
        waits = Waits.read(environment, wrong)
        found = cls(
            gateway=_gateway(environment, wrong),
            gateway_name=declared.RELINK_GATEWAY.read(environment, wrong),
            webhook_secrets=declared.STRIPE_WEBHOOK_SECRET.read(environment, wrong),
            database=_database(environment, waits.database, wrong),
            api_token=declared.RELINK_API_TOKEN.read(environment, wrong),
            notify_url=notify_url,
            notify_secret=notify_secret,
            return_origins=declared.RELINK_RETURN_ORIGINS.read(environment, wrong),
            kept_for=declared.RELINK_RETENTION_DAYS.read(environment, wrong),
            reconcile_every=declared.RELINK_RECONCILE_HOURS.read(environment, wrong),
            policy=declared.RELINK_POLICY.read(environment, wrong),
            waits=waits,
        )
        return found, wrong


def _database(
    environment: Mapping[str, str], timeout: float, wrong: dict[str, WrongSetting]
) -> DatabaseLocation:
    found = declared.RELINK_DATABASE_URL.read(environment, wrong)
    schema = declared.RELINK_DATABASE_SCHEMA.read(environment, wrong)
    if isinstance(found, PostgresLocation):
        return replace(found, schema=schema, timeout=timeout)
    return replace(found, timeout=timeout)


def _gateway(environment: Mapping[str, str], wrong: dict[str, WrongSetting]) -> GatewaySettings:
    key = declared.STRIPE_API_KEY.read(environment, wrong)
    base = declared.STRIPE_API_BASE.read(environment, wrong)
    if key is not None and is_live(key) and base != STRIPE:
        detail = f"is a live key, which is sent to {STRIPE} only"
        cure = "unset STRIPE_API_BASE or use a test key"
        wrong["STRIPE_API_KEY"] = WrongSetting("STRIPE_API_KEY", detail, cure)
        return GatewaySettings()
    return GatewaySettings(api_key=key, api_base=base)
