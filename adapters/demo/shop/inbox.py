"""What relink tells the shop: signed notifications, verified and kept once each."""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relink.adapters.http.body import read
from relink.adapters.http.problems import Problem
from relink.adapters.notifications import BadSignatureError, verify

LONGEST = 64 * 1024
"""Bytes of a notification."""

KEPT = 100
"""Notifications; older ones are let go."""


class Inbox:
    """The receiving end of ``RELINK_NOTIFY_URL``.

    Args:
        secret: ``RELINK_NOTIFY_SECRET``.
        clock: the time (Unix seconds).
    """

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._secret = secret
        self._clock = clock
        self._told: dict[str, Any] = {}

    async def receive(self, request: Request) -> Response:
        """Take in a notification. What was taken in before changes nothing."""
        try:
            payload = await read(request, LONGEST)
            verify(
                payload, request.headers.get("relink-signature", ""), self._secret, self._clock()
            )
        except (BadSignatureError, Problem):
            return Response(status_code=400)
        notification = json.loads(payload)
        self._told.setdefault(notification["id"], notification)
        if len(self._told) > KEPT:
            del self._told[next(iter(self._told))]
        return Response(status_code=204)

    async def show(self, request: Request) -> JSONResponse:
        """All that are kept, the newest first."""
        return JSONResponse({"notifications": list(self._told.values())[::-1]})
