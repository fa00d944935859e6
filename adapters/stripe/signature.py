"""Verification of signatures, by the SDK and with a given time.

The SDK compares the signature's timestamp with the process's clock. relink must not depend on that
clock, so the SDK verifies only the signature, and the age is checked here. The SDK is imported when
the first signature is verified, so that the rest of relink works without the extra ``stripe``.
"""

from collections.abc import Callable, Sequence
from functools import cache

from relink.adapters.extras import needed_for

from .errors import WebhookRefused


def verify(
    payload: str, header: str | None, secrets: Sequence[str], at: float, tolerance: float
) -> None:
    """Accept a payload that one of the secrets signed, within the tolerance.

    Args:
        payload: the decoded body.
        header: the value of ``Stripe-Signature``.
        secrets: the endpoint's signing secrets; during a rotation several are valid.
        at: now (Unix seconds).
        tolerance: the maximum age of the signature (seconds).

    Raises:
        WebhookRefused: the signature is missing, malformed, wrong or too old.
    """
    if not header:
        raise WebhookRefused("no signature")
    if not isinstance(header, str):
        raise WebhookRefused("malformed signature")
    signed_at = _timestamp(header)
    if signed_at is None:
        raise WebhookRefused("malformed signature")
    if not any(_signed(payload, header, secret) for secret in secrets):
        raise WebhookRefused("wrong signature")
    if signed_at < at - tolerance:
        raise WebhookRefused("old signature")


def _timestamp(header: str) -> int | None:
    """The timestamp, if there is exactly one: the SDK takes the first of several."""
    stamps = [item[2:] for item in header.split(",") if item.startswith("t=")]
    if not header.isascii() or len(stamps) != 1:
        return None
    return int(stamps[0]) if stamps[0].isdigit() and len(stamps[0]) <= 12 else None


def _signed(payload: str, header: str, secret: str) -> bool:
    verify_header, refused = _sdk()
    try:
        verify_header(payload, header, secret)
    except refused:
        return False
    return True


@cache
def _sdk() -> tuple[Callable[..., object], type[Exception]]:
    """What verifies a signature, and what it raises. Once: the SDK's names are looked up again and
    again otherwise, which takes a seventh of the time from the bytes to an event."""
    with needed_for("verifying a webhook", "stripe"):
        from stripe import SignatureVerificationError, WebhookSignature
    return WebhookSignature.verify_header, SignatureVerificationError
