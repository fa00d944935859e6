"""Sends notifications to the embedding service, or logs them."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import httpx

from relink.adapters.gateway import TransientError
from relink.adapters.outbound import NoAnswerError, Outbound
from relink.machines.commands import Notification

from .signature import sign

TIMEOUT = 10.0
"""The longest time for one notification, from the connection to the answer (seconds)."""

log = logging.getLogger(__name__)


class NotifyError(TransientError):
    """The embedding service did not accept a notification. It is retried."""


class Notifier:
    """Posts notifications to one URL. It can be used from several threads.

    Args:
        url: ``RELINK_NOTIFY_URL``. A user name and password in it are sent as basic authentication.
        secret: ``RELINK_NOTIFY_SECRET``, which the receiver knows too.
        clock: the time (Unix seconds).
        timeout: the longest time for one notification (seconds).

    Raises:
        ValueError: the environment names certificates or a proxy that cannot be used.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        clock: Callable[[], float] = time.time,
        timeout: float = TIMEOUT,
    ) -> None:
        target = httpx.URL(url)
        self._url = target.copy_with(userinfo=b"")
        self._headers = {"Content-Type": "application/json", "User-Agent": "relink"}
        if target.userinfo:
            login = httpx.BasicAuth(target.username, target.password)
            request = next(login.sync_auth_flow(httpx.Request("POST", self._url)))
            self._headers["Authorization"] = request.headers["Authorization"]
        self._secret = secret
        self._clock = clock
        self._timeout = timeout
        self._outbound = Outbound(str(self._url))

    def __call__(self, command: Notification, id: str) -> None:
        """Send a notification, once. The receiver's status is the answer; its body is not read.

        Args:
            command: the notification.
            id: its id in the outbox, by which the receiver tells a repeat.

        Raises:
            NotifyError: it was not accepted, or no answer came.
        """
        now = int(self._clock())
        body = json.dumps(notification(command, id, now)).encode()
        headers = {
            **self._headers,
            "Relink-Signature": sign(body, self._secret, now),
            "Relink-Command": id,
        }
        failure = self._send(headers, body)
        if failure is not None:
            raise NotifyError(f"the notification to {self._url.host} {failure}")

    def close(self) -> None:
        """Close all connections."""
        self._outbound.close()

    def _send(self, headers: dict[str, str], body: bytes) -> str | None:
        """Send a request; why it was not accepted, or None when it was."""
        try:
            answer = self._outbound.send(
                "POST", str(self._url), headers, body, timeout=self._timeout, wants_body=False
            )
        except NoAnswerError as error:
            return f"got no answer: {error}"
        return None if 200 <= answer.status < 300 else f"got {answer.status}"


def log_notification(command: Notification, id: str) -> None:
    """Log a notification, for installations without ``RELINK_NOTIFY_URL``."""
    data = json.dumps(command.model_dump(mode="json"))
    log.info("notification %s %s: %s", command.name, id, data)


def notification(command: Notification, id: str, created: int) -> dict[str, Any]:
    """Return the body of a notification, ready for JSON.

    Args:
        command: the notification.
        id: its id in the outbox.
        created: when it is sent (Unix seconds).
    """
    return {
        "id": id,
        "type": command.name,
        "created": created,
        "data": command.model_dump(mode="json"),
    }
