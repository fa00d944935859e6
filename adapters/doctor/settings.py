"""The settings: whether each has the shape that it needs."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from relink.adapters.gateway import gateway_names
from relink.adapters.http.return_url import ReturnUrls
from relink.adapters.settings import GATEWAY, Settings

from .finding import Finding

SHORTEST = 16
"""Characters of a token or a secret that is not Stripe's. A shorter one can be guessed."""

RANDOM = "Set a long random text, such as the output of: openssl rand -hex 32"

_KEY = re.compile(r"(sk|rk)_(org_)?(test|live)_[A-Za-z0-9_]+")
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")

_WRONG_VALUES = {
    "RELINK_DATABASE_URL": (
        "is not the URL of an SQLite file or of a PostgreSQL database",
        "Use sqlite:///relink.db or postgresql://user@host/name",
    ),
}
"""Variables whose own error could quote a part of the value, and what to say instead."""


def examine_key(settings: Settings, faults: Mapping[str, str]) -> Finding:
    """``STRIPE_API_KEY``, without asking Stripe."""
    name, key = "STRIPE_API_KEY", settings.gateway.api_key
    if name in faults:
        return _fault(name, faults)
    if key is None:
        if "STRIPE_API_BASE" in faults:
            return Finding(name, "was not tried, because STRIPE_API_BASE is invalid")
        if settings.gateway_name != GATEWAY:
            return Finding(name, "is not set, and the gateway may need none")
        return Finding(name, "is not set", "Set it to a secret or restricted key of Stripe's")
    text = key.reveal()
    if text.startswith("pk_"):
        return Finding(
            name, "is a publishable key", "Use a secret or restricted key (sk_… or rk_…)"
        )
    if not _KEY.fullmatch(text):
        return Finding(
            name,
            "does not look like a key of Stripe's",
            "Use a secret or restricted key (sk_test_…, rk_live_…), copied whole",
        )
    mode = "live" if settings.is_live else "test"
    if not text.startswith("rk_"):
        return Finding(name, f"a secret key, in {mode} mode")
    # Only a write could tell what it may write, and the doctor writes nothing.
    detail = f"a restricted key, in {mode} mode; what it may write was not tried"
    return Finding(name, detail)


def examine_settings(settings: Settings, faults: Mapping[str, str]) -> Iterator[Finding]:
    """All other variables."""
    if "STRIPE_API_BASE" in faults:
        yield _fault("STRIPE_API_BASE", faults)
    yield _webhook_secrets(settings)
    yield _random("RELINK_API_TOKEN", settings.api_token, "relink serve does not start without it")
    yield from _notifications(settings, faults)
    yield _gateway(settings)
    yield _return_origins(settings)
    for name in ("RELINK_POLICY", "RELINK_RECONCILE_HOURS", "RELINK_RETENTION_DAYS"):
        yield _fault(name, faults) if name in faults else Finding(name, "is valid")
    if "RELINK_DATABASE_URL" in faults:
        yield _fault("RELINK_DATABASE_URL", faults)


def _webhook_secrets(settings: Settings) -> Finding:
    name, secrets = "STRIPE_WEBHOOK_SECRET", settings.webhook_secrets
    if not secrets:
        cure = "Set it to the signing secret of the endpoint at Stripe (whsec_…)"
        return Finding(name, "is not set", cure)
    wrong = sum(not _WEBHOOK_SECRET.fullmatch(secret) for secret in secrets)
    if wrong:
        which = "is not a signing secret" if len(secrets) == 1 else f"has {wrong} wrong secrets"
        cure = "Use what Stripe shows as the endpoint's signing secret (whsec_…), not its id"
        return Finding(name, which, cure)
    if len(set(secrets)) > 2:
        cure = "Stripe signs with two at most, during a rotation. Remove those that expired"
        return Finding(name, f"has {len(secrets)} secrets", cure)
    what = "one signing secret" if len(secrets) == 1 else "two signing secrets, for a rotation"
    return Finding(name, what)


def _random(name: str, text: str | None, without: str) -> Finding:
    if text is None:
        return Finding(name, f"is not set: {without}", RANDOM)
    if len(text) < SHORTEST:
        return Finding(name, f"is shorter than {SHORTEST} characters", RANDOM)
    return Finding(name, "is set")


def _notifications(settings: Settings, faults: Mapping[str, str]) -> Iterator[Finding]:
    name, url, secret = "RELINK_NOTIFY_URL", settings.notify_url, settings.notify_secret
    if name in faults:
        yield _fault(name, faults)
    elif url is None:
        yield Finding(name, "is not set: notifications are only logged")
    elif urlsplit(url).scheme == "http" and not _is_local(url):
        yield Finding(name, "is a URL without TLS on another machine", "Use an https URL")
    else:
        yield Finding(name, "is a valid URL; it was not called")
    if url is not None or secret is not None:
        without = "RELINK_NOTIFY_URL needs it to sign notifications"
        yield _random("RELINK_NOTIFY_SECRET", secret, without)


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _gateway(settings: Settings) -> Finding:
    name, registered = "RELINK_GATEWAY", gateway_names()
    if settings.gateway_name in registered:
        return Finding(name, f"is {settings.gateway_name}")
    cure = f"Registered gateways are {', '.join(registered)}"
    return Finding(name, "names no registered gateway", cure)


def _return_origins(settings: Settings) -> Finding:
    name, origins = "RELINK_RETURN_ORIGINS", settings.return_origins
    try:
        ReturnUrls(origins)
    except ValueError:
        cure = "Give origins like https://shop.example, separated by commas"
        return Finding(name, "has a value that is no https origin", cure)
    if not origins:
        return Finding(name, "is not set: sessions that Stripe hosts are refused")
    return Finding(name, f"allows {len(origins)} origin{'s' if len(origins) > 1 else ''}")


def _fault(name: str, faults: Mapping[str, str]) -> Finding:
    """What the settings' own error says: what is wrong, and the rule as the cure."""
    if name in _WRONG_VALUES:
        return Finding(name, *_WRONG_VALUES[name])
    detail, cure = re.split(": |; ", faults[name].removeprefix(f"{name} "), maxsplit=1)
    return Finding(name, detail, f"{cure[:1].upper()}{cure[1:]}")
