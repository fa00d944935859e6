"""Health: whether a webhook could be stored right now, and apart from that, whether the process
lives.

A database can answer every question and still take no writes, as a standby does. So the check
writes. It has a thread, a bound and a short memory of its own: however many probes come, and
however the database hangs, none waits for longer than the bound, and requests do not wait for
probes.
"""

import logging
import time
from collections.abc import Callable

from anyio import CapacityLimiter, Lock, move_on_after
from anyio.to_thread import run_sync
from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from relink.adapters.store import DatabaseFileError, SchemaError, StoreUnavailableError

from .errors import unavailable
from .problems import documented

WITHIN = 5.0
"""Seconds that a check may take."""

FRESH = 1.0
"""Seconds for which its result is used again."""

_WELL = {
    "description": "A webhook could be stored right now.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["status"],
                "properties": {"status": {"const": "ok"}},
            },
            "example": {"status": "ok"},
        }
    },
}
_ALIVE = {**_WELL, "description": "The process answers, whatever the database does."}

log = logging.getLogger(__name__)


class Health:
    """The latest result of a check.

    Args:
        ready: raises unless a webhook could be stored.
    """

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._thread = CapacityLimiter(1)
        self._turn = Lock()
        self._fault: str | None = None
        self._checked_at = float("-inf")

    async def fault(self) -> str | None:
        """What is wrong, in a sentence; None when nothing is."""
        async with self._turn:
            if time.monotonic() - self._checked_at > FRESH:
                before, self._fault = self._fault, await self._check()
                self._checked_at = time.monotonic()
                if before and not self._fault:
                    log.warning("ready again")
            return self._fault

    async def _check(self) -> str | None:
        with move_on_after(WITHIN):
            return await run_sync(self._check_now, limiter=self._thread, abandon_on_cancel=True)
        return f"The database did not answer within {WITHIN:.0f} s."

    def _check_now(self) -> str | None:
        try:
            self._ready()
        except DatabaseFileError as error:
            fault, cause = _sentence(str(error)), str(error)
        except StoreUnavailableError as error:
            treatment = error.meaning.treatment
            fault, cause = f"{treatment.sentence} {treatment.cure}", str(error)
        except SchemaError as error:
            fault = cause = _sentence(str(error))
        except Exception as error:
            fault, cause = "The check failed unexpectedly. The log says how.", repr(error)
        else:
            return None
        log.warning("not ready: %s", cause)
        return fault


def add_health(app: FastAPI, ready: Callable[[], None]) -> None:
    """Add the two routes.

    Args:
        app: the application.
        ready: raises unless a webhook could be stored.
    """
    health = Health(ready)

    @app.get(
        "/healthz",
        response_class=JSONResponse,
        responses={200: _WELL, **documented(503)},
        tags=["operation"],
    )
    async def check_health() -> Response:
        """Check that a webhook could be stored right now."""
        fault = await health.fault()
        return unavailable(fault).response() if fault else JSONResponse({"status": "ok"})

    @app.get("/livez", response_class=JSONResponse, responses={200: _ALIVE}, tags=["operation"])
    async def check_life() -> Response:
        """Check that the process answers. A restart would not mend what this does not see."""
        return JSONResponse({"status": "ok"})


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
