"""The settings: whether each is set where it has to be, valid, and wise."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from urllib.parse import urlsplit

from relink.adapters.settings import GATEWAY, SETTINGS, Settings, WrongSetting

from .finding import Finding
from .problem import Problem

SHORTEST = 16
"""Characters of a token or a secret that is not Stripe's. A shorter one can be guessed."""

Wrong = Mapping[str, WrongSetting]


def examine_key(settings: Settings, wrong: Wrong) -> Finding:
    """``STRIPE_API_KEY``, without asking Stripe."""
    name, key = "STRIPE_API_KEY", settings.gateway.api_key
    if name in wrong:
        return _invalid(wrong[name])
    if key is None:
        if settings.gateway_name != GATEWAY:
            return Finding(name, "is not set, and the gateway may need none")
        return Problem.KEY_NOT_SET.found()
    mode = "live" if settings.is_live else "test"
    kind = "restricted" if key.reveal().startswith("rk_") else "secret"
    return Finding(name, f"a {kind} key, in {mode} mode")


def examine_settings(
    settings: Settings, wrong: Wrong, environment: Mapping[str, str]
) -> Iterator[Finding]:
    """All other variables: what is wrong, and what is valid but not wise."""
    advise: dict[str, Callable[[Settings], Finding]] = {
        "STRIPE_WEBHOOK_SECRET": _webhook_secrets,
        "RELINK_GATEWAY": lambda found: Finding("RELINK_GATEWAY", f"is {found.gateway_name}"),
        "RELINK_API_TOKEN": _token,
        "RELINK_NOTIFY_URL": _notify_url,
        "RELINK_NOTIFY_SECRET": _notify_secret,
        "RELINK_RETURN_ORIGINS": _return_origins,
    }
    for setting in SETTINGS:
        name = setting.name
        if name == "STRIPE_API_KEY":
            continue
        if name in wrong:
            yield _invalid(wrong[name])
        elif name in advise:
            yield advise[name](settings)
        elif setting.text(environment):
            yield Finding(name, "is valid")
    yield from _mistyped(environment)


def _invalid(wrong: WrongSetting) -> Finding:
    return Finding(wrong.name, wrong.detail, f"{wrong.cure[:1].upper()}{wrong.cure[1:]}")


def _webhook_secrets(settings: Settings) -> Finding:
    name, secrets = "STRIPE_WEBHOOK_SECRET", settings.webhook_secrets
    if not secrets:
        return Problem.WEBHOOK_SECRET_NOT_SET.found()
    if len(set(secrets)) > 2:
        return Problem.MANY_WEBHOOK_SECRETS.found(count=len(secrets))
    what = "one signing secret" if len(secrets) == 1 else "two signing secrets, for a rotation"
    return Finding(name, what)


def _token(settings: Settings) -> Finding:
    return _random("RELINK_API_TOKEN", settings.api_token, "relink serve does not start without it")


def _notify_secret(settings: Settings) -> Finding:
    name, secret = "RELINK_NOTIFY_SECRET", settings.notify_secret
    if secret is None and settings.notify_url is None:
        return Finding(name, "is not set, and nothing is signed")
    return _random(name, secret, "RELINK_NOTIFY_URL needs it to sign notifications")


def _random(name: str, text: str | None, without: str) -> Finding:
    if text is None:
        return Problem.SECRET_NOT_SET.found(name=name, without=without)
    if len(text) < SHORTEST:
        return Problem.SECRET_TOO_SHORT.found(name=name, shortest=SHORTEST)
    return Finding(name, "is set")


def _notify_url(settings: Settings) -> Finding:
    name, url = "RELINK_NOTIFY_URL", settings.notify_url
    if url is None:
        return Finding(name, "is not set: notifications are only logged")
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        return Problem.NO_TLS.found()
    return Finding(name, "is a valid URL; it was not called")


def _return_origins(settings: Settings) -> Finding:
    name, origins = "RELINK_RETURN_ORIGINS", settings.return_origins
    if not origins:
        return Finding(name, "is not set: sessions that Stripe hosts are refused")
    return Finding(name, f"allows {len(origins)} origin{'s' if len(origins) > 1 else ''}")


def _mistyped(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Variables whose names are almost those of settings."""
    names = [setting.name for setting in SETTINGS]
    for name in sorted(environment):
        if name in names or not name.startswith(("RELINK_", "STRIPE_")):
            continue
        if meant := get_close_matches(name, names, 1, cutoff=0.85):
            yield Problem.MISTYPED.found(name=name, meant=meant[0])
