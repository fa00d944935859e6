"""The settings of a service, read from the environment and validated once.

Errors name the variable and the rule. They never show a value that may be secret.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from relink.adapters.gateway import GatewayConfigurationError, GatewaySettings
from relink.adapters.gateway.settings import LIVE
from relink.adapters.store.backend import backend_for
from relink.adapters.store.location import (
    SCHEMA,
    TIMEOUT,
    DatabaseLocation,
    LocationError,
    SqliteLocation,
    locate,
    schema_name,
)
from relink.adapters.store.retention import DAY, KEPT, SHORTEST
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy

GATEWAY = "stripe"
"""``RELINK_GATEWAY``, unless it is set."""

PREDECESSOR_WAIT = 90
"""The default of ``RELINK_PREDECESSOR_WAIT`` (seconds)."""

DATABASE = SqliteLocation(Path("relink.db"))
"""The default of ``RELINK_DATABASE_URL``."""

HOUR = 60 * 60
"""Seconds."""

T = TypeVar("T")

_NUMBER = re.compile("[0-9]{1,6}")


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
    database: DatabaseLocation = DATABASE
    """``RELINK_DATABASE_URL``, ``RELINK_DATABASE_SCHEMA`` and ``RELINK_DATABASE_TIMEOUT``."""
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
    predecessor_wait: int = PREDECESSOR_WAIT
    """``RELINK_PREDECESSOR_WAIT``, in seconds: how long a process on SQLite waits for the one that
    serves the database to stop. That one finishes requests (for up to 30 seconds), and then its
    attempts at commands, which their timeouts bound."""
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
        return backend_for(self.database).runs_worker_in_process

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and validate the variables. An empty variable counts as not set.

        Args:
            environment: such as ``os.environ``.

        Raises:
            SettingsError: variables are invalid. The text has a line for each.
        """
        settings, faults = cls.examine(environment)
        if faults:
            raise SettingsError("\n".join(faults.values()))
        return settings

    @classmethod
    def examine(cls, environment: Mapping[str, str]) -> tuple[Self, dict[str, str]]:
        """Read all variables, invalid ones too.

        Args:
            environment: such as ``os.environ``.

        Returns:
            The settings, with the default in place of each invalid value; and by the name of each
            invalid variable, what is wrong with it.
        """
        faults: dict[str, str] = {}

        def read(name: str, parse: Callable[[str, str], T], default: T) -> T:
            text = environment.get(name, "").strip()
            try:
                return parse(name, text) if text else default
            except SettingsError as error:
                faults[name] = str(error)
                return default

        try:
            gateway = GatewaySettings.from_environment(environment)
        except GatewayConfigurationError as error:
            gateway = GatewaySettings()
            # Its errors begin with the variable's name.
            faults[str(error).partition(" ")[0]] = str(error)
        notify_url = read("RELINK_NOTIFY_URL", _http_url, None)
        notify_secret = read("RELINK_NOTIFY_SECRET", _text, None)
        if notify_url and not notify_secret:
            faults["RELINK_NOTIFY_SECRET"] = (
                "RELINK_NOTIFY_SECRET is not set: RELINK_NOTIFY_URL needs it to sign notifications"
            )
        schema = read("RELINK_DATABASE_SCHEMA", _schema, SCHEMA)
        timeout = read("RELINK_DATABASE_TIMEOUT", _between(1, 60), int(TIMEOUT))
        default: DatabaseLocation = SqliteLocation(DATABASE.file, timeout)
        found = cls(
            gateway=gateway,
            gateway_name=read("RELINK_GATEWAY", _text, GATEWAY),
            webhook_secrets=read("STRIPE_WEBHOOK_SECRET", _several, ()),
            database=read("RELINK_DATABASE_URL", _database(schema, timeout), default),
            api_token=read("RELINK_API_TOKEN", _text, None),
            notify_url=notify_url,
            notify_secret=notify_secret,
            return_origins=read("RELINK_RETURN_ORIGINS", _several, ()),
            kept_for=DAY * read("RELINK_RETENTION_DAYS", _at_least(SHORTEST // DAY), KEPT // DAY),
            reconcile_every=HOUR * read("RELINK_RECONCILE_HOURS", _at_least(1), 24),
            predecessor_wait=read("RELINK_PREDECESSOR_WAIT", _at_least(0), PREDECESSOR_WAIT),
            policy=read("RELINK_POLICY", _policy, DEFAULT_POLICY),
        )
        return found, faults


def _text(name: str, text: str) -> str:
    return text


def _several(name: str, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _database(schema: str, timeout: int) -> Callable[[str, str], DatabaseLocation]:
    def parse(name: str, text: str) -> DatabaseLocation:
        return _located(name, locate, text, schema, timeout)

    return parse


def _schema(name: str, text: str) -> str:
    return _located(name, schema_name, text)


def _located(name: str, parse: Callable[..., T], *values: object) -> T:
    try:
        return parse(*values)
    except LocationError as error:
        raise SettingsError(f"{name} is invalid: {error}") from None


def _http_url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        raise SettingsError(
            f"{name} is invalid: it must be an http or https URL, such as "
            "https://shop.example/relink"
        )
    return text


def _at_least(least: int) -> Callable[[str, str], int]:
    return _number(least, None, f"at least {least}")


def _between(least: int, most: int) -> Callable[[str, str], int]:
    return _number(least, most, f"from {least} to {most}")


def _number(least: int, most: int | None, bounds: str) -> Callable[[str, str], int]:
    def parse(name: str, text: str) -> int:
        rule = f"{name} is invalid: it must be a whole number, {bounds}"
        if not _NUMBER.fullmatch(text):
            # Not shown: it may be a secret in the wrong place.
            raise SettingsError(rule)
        if int(text) < least or (most is not None and int(text) > most):
            raise SettingsError(f"{rule}, got {text}")
        return int(text)

    return parse


def _policy(name: str, text: str) -> RelinkPolicy:
    try:
        return RelinkPolicy.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(map(_policy_fault, error.errors()))
    raise SettingsError(f"{name} is invalid: {faults}")


def _policy_fault(fault: ErrorDetails) -> str:
    """Where and by which rule; never the value, which may be a secret in the wrong place."""
    place = [str(part) for part in fault["loc"]]
    if fault["type"] != "extra_forbidden":
        return f"{'.'.join(place) or 'the value'}: {fault['msg']}"
    known = list(RelinkPolicy.model_fields)
    meant = get_close_matches(place[-1], known, 1)
    cure = f"did you mean {meant[0]}?" if meant else f"the policy has {', '.join(known)}"
    return f"a name is unknown: {cure}"
