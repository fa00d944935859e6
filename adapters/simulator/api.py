"""The API: one entry point for all requests, over HTTP and in process.

In order: a fault may stop the request; key, version and account are checked; an idempotency key may
replay an earlier answer; the endpoint runs; a fault may spoil the answer. Every request is recorded
in the ledger with its answer.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from . import errors
from .clock import Clock
from .errors import ApiError, SimulatedTimeout
from .faults import ApiFault, FaultSource
from .forms import decode
from .idempotency import IdempotencyKeys, Stored
from .ids import Ids
from .ledger import Asked, Ledger
from .message import Request, Response
from .parameters import Hash, Kind
from .render import Rendered, as_json
from .versions import in_version, is_preview, version_of
from .webhooks import Cause
from .world import World


@dataclass(slots=True)
class Call:
    """A parsed request for an endpoint."""

    path: str
    names: tuple[str, ...]
    """The ids in the path."""
    raw: dict[str, Any]
    version: str
    owner: str | None

    @property
    def preview(self) -> bool:
        """Whether the request uses the preview version."""
        return is_preview(self.version)

    def params(self, fields: Mapping[str, Kind], required: tuple[str, ...] = ()) -> dict[str, Any]:
        """The validated parameters.

        Raises:
            ApiError: a parameter is unknown, missing or invalid.
        """
        return Hash(fields, required).check(self.raw, "")


Endpoint = Callable[[Call], Rendered]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint."""

    method: str
    pattern: re.Pattern[str]
    carry_out: Endpoint
    preview_only: bool = False


def route(method: str, path: str, carry_out: Endpoint, preview_only: bool = False) -> Route:
    """An endpoint; ``{}`` in the path is a placeholder for an id."""
    pattern = re.compile(re.escape(path).replace(r"\{\}", "([^/]+)"))
    return Route(method, pattern, carry_out, preview_only)


class Api:
    """Stripe's API."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: FaultSource,
        ledger: Ledger,
        ids: Ids,
        routes: Iterable[Route],
        default_version: str,
    ) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._ledger = ledger
        self._ids = ids
        self._routes = list(routes)
        self._default_version = default_version
        self._keys = IdempotencyKeys()
        self.cause = Cause()
        """The request that an endpoint is handling now."""

    def handle(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            SimulatedTimeout: a fault drops the answer.
        """
        method = request.method.upper()
        fault = self._faults.of_request(method, request.path)
        answer = _Answer(self._ids.new("req"), fault)
        try:
            self._answer(request, method, answer)
        except ApiError as error:
            answer.fail(error)
        self._note(request, method, answer)
        if answer.lost:
            raise SimulatedTimeout(f"no answer to {method} {request.path}")
        return Response(
            answer.status, {**self._headers(answer), **answer.headers}, answer.body, answer.wait
        )

    def _answer(self, request: Request, method: str, answer: "_Answer") -> None:
        match answer.fault:
            case ApiFault.RATE_LIMITED:
                raise errors.rate_limited(None)
            case ApiFault.RATE_LIMITED_WITH_WAIT:
                raise errors.rate_limited(self._faults.wait())
            case ApiFault.TIMEOUT_BEFORE:
                answer.lost = True
                self._clock.elapse(self._faults.faults.caller_timeout)
                return
        self._check_key(request.headers.get("authorization"))
        call, carry_out = self._understand(request, method)
        answer.version = call.version
        key = request.headers.get("idempotency-key") if method == "POST" else None
        if key is not None:
            identity = (call.path, call.raw)
            stored = self._keys.find(call.owner, key, identity, self._clock.now)
            if stored:
                answer.replay(stored)
                self._spoil(answer, None)
                return
        began = self._clock.now
        self._carry_out(call, carry_out, answer, Cause(answer.request_id, key))
        if key is not None and answer.executed:
            stored = answer.to_store(identity, began)
            self._keys.store(call.owner, key, stored)
            self._spoil(answer, stored)
        else:
            self._spoil(answer, None)

    def _carry_out(self, call: Call, carry_out: Endpoint, answer: "_Answer", cause: Cause) -> None:
        self.cause = cause
        try:
            if answer.fault is ApiFault.ERROR_BEFORE:
                raise errors.internal()
            rendered = carry_out(call)
            if answer.fault is ApiFault.ERROR_AFTER:
                raise errors.internal()
            answer.succeed(in_version(call.version, rendered))
        except ApiError as error:
            answer.fail(error)
        finally:
            self.cause = Cause()

    def _spoil(self, answer: "_Answer", stored: Stored | None) -> None:
        """Delay, truncate or drop an answer."""
        match answer.fault:
            case ApiFault.SLOW:
                seconds = self._faults.slow_for()
                if stored:
                    stored.busy_until = self._clock.now + seconds
                answer.wait = self._clock.elapse(seconds)
            case ApiFault.TIMEOUT_AFTER:
                answer.lost = True
                self._clock.elapse(self._faults.faults.caller_timeout)
                if stored:
                    stored.busy_until = self._clock.now + self._faults.busy_for()
            case ApiFault.TRUNCATED:
                answer.body = answer.body[: len(answer.body) // 2]

    def _understand(self, request: Request, method: str) -> tuple[Call, Endpoint]:
        version = version_of(request.headers.get("stripe-version"), self._default_version)
        owner = self._owner(request.headers)
        preview = is_preview(version)
        for candidate in self._routes:
            if candidate.method != method or (candidate.preview_only and not preview):
                continue
            if found := candidate.pattern.fullmatch(request.path):
                raw = decode(request.body if method == "POST" else request.query)
                call = Call(request.path, found.groups(), raw, version, owner)
                return call, candidate.carry_out
        raise ApiError(f"Unrecognized request URL ({method}: {request.path}).", status=404)

    def _check_key(self, header: str | None) -> None:
        scheme, _, key = (header or "").partition(" ")
        if scheme != "Bearer" or not key:
            raise ApiError("You did not provide an API key.", status=401)
        if not key.startswith(("sk_test_", "rk_test_")):
            # A live key means that the caller expects the real Stripe.
            raise ApiError(
                "Invalid API Key provided: the simulator accepts test keys only.", status=401
            )

    def _owner(self, headers: Mapping[str, str]) -> str | None:
        # A context is a path that may begin with an organization.
        context = headers.get("stripe-context", "").rpartition("/")[2]
        owner = headers.get("stripe-account") or context or None
        if owner is not None and owner not in self._world.connected_accounts:
            raise ApiError(
                f"The provided key does not have access to account '{owner}' "
                "(or that account does not exist).",
                status=403,
                code="account_invalid",
            )
        return owner

    def _headers(self, answer: "_Answer") -> dict[str, str]:
        return {
            "content-type": "application/json",
            "date": formatdate(int(self._clock.now), usegmt=True),
            "request-id": answer.request_id,
            "stripe-version": answer.version or self._default_version,
        }

    def _note(self, request: Request, method: str, answer: "_Answer") -> None:
        self._ledger.entries.append(
            Asked(
                at=self._clock.now,
                request_id=answer.request_id,
                method=method,
                path=request.path,
                query=request.query,
                body=request.body,
                version=request.headers.get("stripe-version"),
                account=request.headers.get("stripe-account"),
                idempotency_key=request.headers.get("idempotency-key"),
                status=None if answer.lost else answer.status,
                replayed="idempotent-replayed" in answer.headers,
                fault=answer.fault,
            )
        )


class _Answer:
    """An answer under construction."""

    __slots__ = (
        *("body", "executed", "fault", "headers", "lost", "request_id", "status", "version"),
        "wait",
    )

    def __init__(self, request_id: str, fault: ApiFault | None) -> None:
        self.request_id = request_id
        self.fault = fault
        self.version: str | None = None
        self.status = 0
        self.body = b""
        self.headers: dict[str, str] = {}
        self.executed = False
        self.wait = 0.0
        self.lost = False

    def succeed(self, rendered: Rendered) -> None:
        self.status = 200
        self.body = as_json(rendered).encode()
        self.executed = True

    def fail(self, error: ApiError) -> None:
        self.status = error.status
        self.body = as_json(error.body()).encode()
        self.headers = error.headers
        self.executed = error.executed

    def replay(self, stored: Stored) -> None:
        self.status = stored.status
        self.body = stored.body
        self.headers = {
            **stored.headers,
            "idempotent-replayed": "true",
            "original-request": stored.request_id,
        }

    def to_store(self, identity: tuple[str, dict[str, Any]], began: float) -> Stored:
        return Stored(identity, began, began, self.request_id, self.status, self.body, self.headers)
