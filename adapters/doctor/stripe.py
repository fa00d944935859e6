"""Stripe: whether it accepts the key and the API version, and what the key may read.

Only reads are sent. Where an object has to be named, it is one that cannot exist: Stripe then
answers 404 to a key that may read such objects, and 403 to one that may not.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from email.utils import parsedate_to_datetime

import stripe

from relink.adapters.gateway import GatewaySettings, TransientError
from relink.adapters.gateway.transport import Call, Params, Reply, Transport

from .finding import Finding

READS: dict[str, tuple[str, Params]] = {
    "accounts": ("/v1/financial_connections/accounts", {"limit": 1}),
    "authorizations": ("/v1/financial_connections/authorizations/fcauth_doctor", {}),
    "sessions": ("/v1/financial_connections/sessions/fcsess_doctor", {}),
    "payment methods": ("/v1/payment_methods", {"type": "us_bank_account", "limit": 1}),
    "customers": ("/v1/customers", {"limit": 1}),
}
"""What relink reads, and a request that shows whether the key may."""

ATTEMPTS = 3
"""How often a request is sent while Stripe is busy."""

PAUSE = 1.0
"""Seconds between two attempts."""

LARGEST_SKEW = 60
"""Seconds by which our clock may differ from Stripe's. Signatures are refused after 300."""

Connect = Callable[[GatewaySettings], AbstractContextManager[Transport]]
"""Makes a transport to Stripe that sends the settings' API version."""


def examine_stripe(
    settings: GatewaySettings,
    connect: Connect,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[Finding]:
    """Ask Stripe.

    Args:
        settings: with a key.
        connect: makes transports.
        clock: the time (Unix seconds).
        sleep: waits for a number of seconds.
    """
    with connect(settings) as transport:
        ask = _Asking(transport, sleep)
        first = ask("accounts")
        reached = _reached(first)
        yield reached
        if reached.is_problem or isinstance(first, str):
            return
        yield _clock(first, clock())
        if first.status == 400:
            general = replace(settings, api_version=stripe.api_version or "")
            with connect(general) as other:
                yield _version_refused(settings.api_version, _Asking(other, sleep)("accounts"))
            return
        yield Finding("API version", f"{settings.api_version} is open to this Stripe account")
        yield _permission("accounts", first)
        yield from (_permission(name, ask(name)) for name in READS if name != "accounts")


class _Asking:
    """Sends the requests, each up to :data:`ATTEMPTS` times."""

    def __init__(self, transport: Transport, sleep: Callable[[float], None]) -> None:
        self._transport = transport
        self._sleep = sleep

    def __call__(self, name: str) -> Reply | str:
        """Read one kind of object; the error's text where no answer came."""
        path, params = READS[name]
        found: Reply | str = ""
        for number in range(ATTEMPTS):
            if number:
                self._sleep(PAUSE)
            try:
                found = self._transport.send(Call("GET", path, params))
            except TransientError as error:
                found = str(error)
                continue
            if found.status != 429 and found.status < 500:
                break
        return found


def _reached(first: Reply | str) -> Finding:
    """Whether Stripe itself answered, and accepts the key."""
    subject = "Stripe"
    if isinstance(first, str):
        cure = "Check the network, a proxy between, and STRIPE_API_BASE"
        return Finding(subject, f"does not answer: {first}", cure)
    if first.status == 401:
        return Finding(
            subject,
            "does not accept the key",
            "Copy STRIPE_API_KEY again from Stripe's dashboard; it may have been rolled or expired",
        )
    if first.status == 429 or first.status >= 500:
        return Finding(subject, f"answers {first.status}", "Try again later")
    if not _is_from_stripe(first):
        return Finding(
            subject,
            f"is not what answered: a {first.status} without Stripe's error body",
            "Check the proxy between, and STRIPE_API_BASE",
        )
    return Finding(subject, "answers, and accepts the key")


def _is_from_stripe(reply: Reply) -> bool:
    body = reply.body.read()
    return body is not None and (reply.status < 300 or isinstance(body.get("error"), dict))


def _clock(reply: Reply, now: float) -> Finding:
    subject, there = "clock", _date(reply)
    if there is None:
        return Finding(subject, "was not compared: Stripe's answer has no time")
    apart = abs(now - there)
    if apart > LARGEST_SKEW:
        return Finding(
            subject,
            f"differs from Stripe's by {apart:,.0f} seconds",
            "Synchronize this machine's clock: webhooks are refused when they seem old",
        )
    return Finding(subject, "agrees with Stripe's")


def _date(reply: Reply) -> float | None:
    try:
        return parsedate_to_datetime(reply.headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None


def _version_refused(version: str, general: Reply | str) -> Finding:
    """Whether it is the preview version that Stripe refuses, by its answer in a general one."""
    subject = "API version"
    if isinstance(general, Reply) and general.status != 400:
        return Finding(
            subject,
            f"{version} is not open to this Stripe account",
            "Ask Stripe for access to relinking in Financial Connections, a preview",
        )
    return Finding(
        subject,
        "was not tried: Stripe refuses to list accounts in any version",
        "Activate Financial Connections in Stripe's dashboard",
    )


def _permission(name: str, reply: Reply | str) -> Finding:
    subject = f"key reads {name}"
    if isinstance(reply, str):
        return Finding(subject, reply, "Try again later")
    error = (reply.body.read() or {}).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if reply.status == 200 or (reply.status == 404 and code == "resource_missing"):
        return Finding(subject, "is allowed")
    if reply.status == 403 and isinstance(error, dict):
        return Finding(
            subject, "is not allowed", f"Give the restricted key read access to {name} at Stripe"
        )
    return Finding(subject, f"could not be tried: Stripe answers {reply.status}", "Try again later")
