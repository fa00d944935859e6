"""relink's notifications to the shop: signed, verified, and kept once each."""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relink.adapters.http.body import read
from relink.adapters.http.problems import Problem
from relink.adapters.notifications import BadSignatureError, verify

LONGEST = 64 * 1024
"""Size limit of a notification (bytes)."""

KEPT = 100
"""How many notifications are kept; older ones are dropped."""


class Inbox:
    """The receiving end of ``RELINK_NOTIFY_URL``.

    Args:
        secret: ``RELINK_NOTIFY_SECRET``.
        clock: the time (Unix seconds).
    """

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._secret = secret
        self._clock = clock
        self._kept: dict[str, Any] = {}

    async def receive(self, request: Request) -> Response:
        """Verify and keep a notification. A repeated one changes nothing."""
        try:
            payload = await read(request, LONGEST)
            verify(
                payload, request.headers.get("relink-signature", ""), self._secret, self._clock()
            )
        except (BadSignatureError, Problem):
            return Response(status_code=400)
        notification = json.loads(payload)
        self._kept.setdefault(notification["id"], notification)
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return Response(status_code=204)

    async def show(self, request: Request) -> JSONResponse:
        """The kept notifications, newest first."""
        return JSONResponse({"notifications": list(self._kept.values())[::-1]})
