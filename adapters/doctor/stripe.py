"""Stripe: whether it accepts the key and the API version, and what the key may do.

Nothing is changed. Where an object has to be named for a read, it is one that cannot exist: Stripe
then answers 404 to a key that may read such objects, and 403 to one that may not. A write is tried
without any of the parameters that it requires: Stripe looks at the permission first, and so refuses
the request with 403 or else with 400.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Literal

import stripe

from relink.adapters.gateway import (
    Fault,
    GatewayError,
    GatewaySettings,
    OperatorError,
    TransientError,
)
from relink.adapters.gateway.failures import failure
from relink.adapters.gateway.reading import StripeAnswer, is_success, read
from relink.adapters.gateway.transport import Call, Params, Transport

from .finding import Finding

READS: dict[str, tuple[str, Params]] = {
    "accounts": ("/v1/financial_connections/accounts", {"limit": 1}),
    "authorizations": ("/v1/financial_connections/authorizations/fcauth_doctor", {}),
    "sessions": ("/v1/financial_connections/sessions/fcsess_doctor", {}),
    "payment methods": ("/v1/payment_methods", {"type": "us_bank_account", "limit": 1}),
    "customers": ("/v1/customers", {"limit": 1}),
}
"""What relink reads, and a request that shows whether the key may."""

WRITES = {
    "sessions": "/v1/financial_connections/sessions",
    "payment methods": "/v1/payment_methods",
}
"""What relink writes, and where; but for external accounts, which need a connected account."""

ATTEMPTS = 3
"""How often a request is sent while Stripe is busy."""

PAUSE = 1.0
"""Seconds between two attempts."""

LARGEST_SKEW = 60
"""Seconds by which our clock may differ from Stripe's. Signatures are refused after 300."""

Connect = Callable[[GatewaySettings, str], AbstractContextManager[Transport]]
"""Makes a transport to Stripe that sends this API version."""


Answer = StripeAnswer | GatewayError
"""What came of a request."""


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
    version = settings.api_version
    with connect(settings, version) as transport:
        first = _ask(transport, _read("accounts"), sleep)
        reached = _reached(first)
        yield reached
        if reached.is_problem:
            return
        if isinstance(first, StripeAnswer):
            yield _clock(first, clock())
        if _fault(first) is Fault.REQUEST:
            with connect(settings, stripe.api_version or "") as general:
                yield _version_refused(version, _ask(general, _read("accounts"), sleep))
            return
        yield Finding("API version", f"{version} is open to this Stripe account")
        yield _permission("read", "accounts", first)
        for name in READS:
            if name != "accounts":
                yield _permission("read", name, _ask(transport, _read(name), sleep))
        for name, path in WRITES.items():
            yield _permission("write", name, _ask(transport, Call("POST", path), sleep))


def _read(name: str) -> Call:
    return Call("GET", *READS[name])


def _ask(transport: Transport, call: Call, sleep: Callable[[float], None]) -> Answer:
    """Send a request, up to :data:`ATTEMPTS` times."""
    found: Answer | None = None
    for number in range(ATTEMPTS):
        if number:
            sleep(PAUSE)
        try:
            reply = transport.send(call)
            found = read(reply, call) if is_success(reply) else failure(reply, call)
        except GatewayError as error:
            found = error
        if not isinstance(found, TransientError) or isinstance(found, OperatorError):
            return found
    assert found is not None, "there is at least one attempt"
    return found


def _fault(answer: Answer) -> Fault | None:
    """What an operator has to mend, by an answer."""
    return Fault(answer.code) if isinstance(answer, OperatorError) else None


def _reached(first: Answer) -> Finding:
    """Whether Stripe itself answered, and accepts the key."""
    subject, fault = "Stripe", _fault(first)
    if fault is Fault.API_KEY:
        return Finding(
            subject,
            "does not accept the key",
            "Copy STRIPE_API_KEY again from Stripe's dashboard; it may have been rolled or expired",
        )
    if fault is Fault.NOT_STRIPE:
        return Finding(
            subject,
            "is not what answered",
            "Check the proxy between, and STRIPE_API_BASE",
        )
    if isinstance(first, TransientError) and fault is None:
        cure = "Try again later. If it stays so, check the network, a proxy and STRIPE_API_BASE"
        return Finding(subject, f"does not answer: {first}", cure)
    return Finding(subject, "answers, and accepts the key")


def _clock(answer: StripeAnswer, now: float) -> Finding:
    subject = "clock"
    if answer.as_of is None:
        return Finding(subject, "was not compared: Stripe's answer has no time")
    apart = abs(now - answer.as_of)
    if apart > LARGEST_SKEW:
        return Finding(
            subject,
            f"differs from Stripe's by {apart:,.0f} seconds",
            "Synchronize this machine's clock: webhooks are refused when they seem old",
        )
    return Finding(subject, "agrees with Stripe's")


def _version_refused(version: str, general: Answer) -> Finding:
    """Whether it is the preview version that Stripe refuses, by its answer in a general one."""
    subject = "API version"
    if _fault(general) is Fault.REQUEST:
        return Finding(
            subject,
            "was not tried: Stripe refuses to list accounts in any version",
            "Activate Financial Connections in Stripe's dashboard",
        )
    return Finding(
        subject,
        f"{version} is not open to this Stripe account",
        "Ask Stripe for access to relinking in Financial Connections, a preview",
    )


def _permission(doing: Literal["read", "write"], name: str, answer: Answer) -> Finding:
    subject, fault = f"key {doing}s {name}", _fault(answer)
    if fault is Fault.PERMISSION:
        cure = f"Give the restricted key {doing} access to {name} at Stripe"
        return Finding(subject, "is not allowed", cure)
    is_refused_later = fault is Fault.MISSING or (doing == "write" and fault is Fault.REQUEST)
    if isinstance(answer, StripeAnswer) or is_refused_later:
        return Finding(subject, "is allowed")
    return Finding(subject, f"could not be tried: {answer}", "Try again later")
