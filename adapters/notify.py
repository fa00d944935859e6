"""Notifications: what the embedding service is told, as signed POSTs.

A notification is a command that is not for Stripe: prompt the customer, ask for a name or another
way to pay, look at an anomaly. It is sent until it is answered with a 2xx, so it can come twice;
its id tells. The signature is made as Stripe makes its own, so that receivers can be as careful
with ours: HMAC-SHA256 of the time, a dot and the body.

The body is JSON::

    {"id": "notify_customer_…", "type": "notify_customer", "created": 1767225600, "data": {…}}

where ``created`` is when it was sent (Unix seconds), and ``data`` the fields of the command. Its
headers are ``Relink-Signature: t=<Unix seconds>,v1=<hex>`` and ``Relink-Command: <id>``.
"""

import hmac
import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import httpx

from relink.adapters.gateway import TransientError
from relink.engine import Command

TIMEOUT = 10.0
"""Seconds without an answer after which it counts as not told."""

TOLERANCE = 300.0
"""Seconds by which a signature may be older than its receiver's clock."""

_HEADER = re.compile(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)")

log = logging.getLogger(__name__)


class NotifyError(TransientError):
    """The embedding service could not be told, or did not take it. It is to be tried again."""


class BadSignatureError(ValueError):
    """A notification that is not from us, or not of now."""


class Notifier:
    """Posts notifications to one URL. It can be used from several threads.

    Args:
        url: where to; a name and password in it are sent as basic authentication.
        secret: what signs them, which the receiver knows too.
        clock: the time (Unix seconds).
    """

    def __init__(self, url: str, secret: str, clock: Callable[[], float] = time.time) -> None:
        target = httpx.URL(url)
        self._url = target.copy_with(userinfo=b"")
        self._headers = {"Content-Type": "application/json", "User-Agent": "relink"}
        if target.userinfo:
            login = httpx.BasicAuth(target.username, target.password)
            request = next(login.sync_auth_flow(httpx.Request("POST", self._url)))
            self._headers["Authorization"] = request.headers["Authorization"]
        self._secret = secret
        self._clock = clock
        # Not a client, which would log the URL with all that is in it, and follow the
        # environment to proxies.
        self._transport = httpx.HTTPTransport()

    def __call__(self, command: Command, id: str) -> None:
        """Tell of a command, once.

        Raises:
            NotifyError: it was not taken, or whether it was is not known.
        """
        now = int(self._clock())
        body = json.dumps(notification(command, id, now)).encode()
        headers = {
            **self._headers,
            "Relink-Signature": sign(body, self._secret, now),
            "Relink-Command": id,
        }
        extensions = {"timeout": httpx.Timeout(TIMEOUT).as_dict()}
        request = httpx.Request(
            "POST", self._url, headers=headers, content=body, extensions=extensions
        )
        told = self._send(request)
        if told is not None:
            raise NotifyError(f"the notification to {self._url.host} {told}")

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _send(self, request: httpx.Request) -> str | None:
        """Why it was not taken; None when it was."""
        try:
            response = self._transport.handle_request(request)
            response.close()
        except httpx.TransportError as error:
            return f"got no answer: {type(error).__name__}"
        return None if response.is_success else f"got {response.status_code}"


def log_notification(command: Command, id: str) -> None:
    """Only log a notification: where the embedding service has no URL."""
    told = json.dumps(command.model_dump(mode="json"))
    log.info("notification %s %s: %s", command.name, id, told)


def notification(command: Command, id: str, created: int) -> dict[str, Any]:
    """What a notification says, ready for JSON."""
    return {
        "id": id,
        "type": command.name,
        "created": created,
        "data": command.model_dump(mode="json"),
    }


def sign(payload: bytes, secret: str, at: int) -> str:
    """The value of ``Relink-Signature`` for a body that is sent now (Unix seconds)."""
    return f"t={at},v1={_digest(payload, secret, at)}"


def verify(
    payload: bytes, header: str, secret: str, at: float, tolerance: float = TOLERANCE
) -> None:
    """Accept a notification that was signed with the secret, and not long ago.

    For receivers, who pass the body as it came.

    Args:
        payload: the request's body.
        header: its ``Relink-Signature``.
        secret: the one that the service was given.
        at: now (Unix seconds).
        tolerance: by how many seconds it may be older, or newer.

    Raises:
        BadSignatureError: the signature is malformed, wrong or not of now.
    """
    found = _HEADER.fullmatch(header)
    if found is None:
        raise BadSignatureError("the signature is malformed")
    signed_at = int(found[1])
    right = _digest(payload, secret, signed_at)
    given = found[2].split(",v1=")[1:]
    # All are compared, so that the time it takes tells nothing.
    if not sum(hmac.compare_digest(right, one) for one in given):
        raise BadSignatureError("the signature is wrong")
    if abs(at - signed_at) > tolerance:
        raise BadSignatureError("the signature is not of now")


def _digest(payload: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), b"%d.%b" % (at, payload), "sha256").hexdigest()
