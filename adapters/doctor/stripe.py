"""Stripe: whether it accepts the key and the API version, and what the key may do.

Nothing is changed: see :mod:`relink.adapters.gateway.permissions`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import stripe

from relink.adapters.gateway import (
    Fault,
    GatewayError,
    GatewaySettings,
    OperatorError,
    TransientError,
)
from relink.adapters.gateway.failures import failure
from relink.adapters.gateway.permissions import PERMISSIONS
from relink.adapters.gateway.reading import StripeAnswer, is_success, read
from relink.adapters.gateway.transport import Call, Transport

from .finding import Finding
from .problem import Problem

FIRST = Call("GET", "/v1/financial_connections/accounts", {"limit": 1})
"""The first request. It also shows whether Stripe accepts the key and the API version."""

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
        first = _ask(transport, FIRST, sleep)
        reached = _reached(first)
        yield reached
        if reached.is_problem:
            return
        if isinstance(first, StripeAnswer):
            yield _clock(first, clock())
        if _fault(first) is Fault.REQUEST:
            with connect(settings, stripe.api_version or "") as general:
                yield _version_refused(version, _ask(general, FIRST, sleep))
            return
        yield Finding("API version", f"{version} is open to this Stripe account")
        tried = [(each.resource, call) for each in PERMISSIONS for call in each.tried_by]
        for resource, call in sorted(tried, key=lambda each: each[1].method):
            answer = first if call == FIRST else _ask(transport, call, sleep)
            yield _permission(call.method, resource, answer)


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
    fault = _fault(first)
    if fault is Fault.API_KEY:
        return Problem.KEY_REFUSED.found()
    if fault is Fault.NOT_STRIPE:
        return Problem.NOT_STRIPE.found()
    if isinstance(first, TransientError) and fault is None:
        return Problem.NO_ANSWER.found(error=first)
    return Finding("Stripe", "answers, and accepts the key")


def _clock(answer: StripeAnswer, now: float) -> Finding:
    subject = "clock"
    if answer.as_of is None:
        return Finding(subject, "was not compared: Stripe's answer has no time")
    apart = abs(now - answer.as_of)
    if apart > LARGEST_SKEW:
        return Problem.CLOCK.found(seconds=apart)
    return Finding(subject, "agrees with Stripe's")


def _version_refused(version: str, general: Answer) -> Finding:
    """Whether it is the preview version that Stripe refuses, by its answer in a general one."""
    if _fault(general) is Fault.REQUEST:
        return Problem.NOT_ACTIVATED.found()
    return Problem.VERSION_NOT_OPEN.found(version=version)


def _permission(method: str, resource: str, answer: Answer) -> Finding:
    access, fault = "read" if method == "GET" else "write", _fault(answer)
    if fault is Fault.PERMISSION:
        return Problem.NOT_ALLOWED.found(access=access, resource=resource)
    is_refused_later = fault is Fault.MISSING or (access == "write" and fault is Fault.REQUEST)
    if isinstance(answer, StripeAnswer) or is_refused_later:
        return Finding(f"key {access}s {resource}", "is allowed")
    return Problem.NOT_TRIED.found(access=access, resource=resource, error=answer)
