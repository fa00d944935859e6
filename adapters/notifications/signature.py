"""The signature of a notification: HMAC-SHA256 of the time, a dot and the body.

It is Stripe's own scheme, so receivers can check both in the same way.
"""

import hmac
import re

TOLERANCE = 300.0
"""How far a signature's time may be from the receiver's clock, in seconds."""

_HEADER = re.compile(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)")


class BadSignatureError(ValueError):
    """The notification was not signed with the secret, or not recently."""


def sign(payload: bytes, secret: str, at: int) -> str:
    """Return the value of ``Relink-Signature``.

    Args:
        payload: the request's body.
        secret: ``RELINK_NOTIFY_SECRET``.
        at: now (Unix seconds).
    """
    return f"t={at},v1={_digest(payload, secret, at)}"


def verify(
    payload: bytes | bytearray | memoryview | str,
    header: str | None,
    secret: str,
    at: float,
    tolerance: float = TOLERANCE,
) -> None:
    """Verify a notification that was received.

    Args:
        payload: the request's raw body, or its text.
        header: its ``Relink-Signature`` header; None if it is missing.
        secret: ``RELINK_NOTIFY_SECRET``.
        at: now (Unix seconds).
        tolerance: how far the signature's time may be from ``at`` (seconds).

    Raises:
        BadSignatureError: the signature is malformed, does not match, or is not recent.
    """
    if isinstance(payload, str):
        raw = payload.encode(errors="surrogatepass")
    elif isinstance(payload, (bytes, bytearray, memoryview)):
        raw = bytes(payload)
    else:
        raise BadSignatureError("the payload must be the raw body of the request, or its text")
    found = _HEADER.fullmatch(header) if isinstance(header, str) else None
    if found is None:
        raise BadSignatureError("Relink-Signature is malformed: it must look like t=…,v1=…")
    signed_at = int(found[1])
    right = _digest(raw, secret, signed_at)
    given = found[2].split(",v1=")[1:]
    # Compares all of them, so that the time taken reveals nothing.
    if not sum(hmac.compare_digest(right, one) for one in given):
        raise BadSignatureError("Relink-Signature does not match the body and the secret")
    if abs(at - signed_at) > tolerance:
        raise BadSignatureError(
            f"Relink-Signature is not recent: its time is more than {tolerance:g} s from now"
        )


def _digest(payload: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), b"%d.%b" % (at, payload), "sha256").hexdigest()
