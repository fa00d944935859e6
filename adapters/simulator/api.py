"""The API: one entry point for all requests, over HTTP and in process.

In order: a fault may stop the request; key, version, permission and account are checked; an
idempotency key may replay an earlier answer; the endpoint runs; a fault may spoil the answer. Every
request is recorded in the ledger with its answer.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, TypeVar

from . import errors
from .clock import Clock
from .errors import ApiError, SimulatedTimeout
from .expand import check, expand
from .faults import ApiFault, Fault, FaultSource, SetupFault
from .forms import decode
from .idempotency import IdempotencyKeys, Stored
from .ids import Ids
from .keys import OTHER_MODE, Access, Keys, permission_for
from .ledger import Asked, Ledger
from .message import Request, Response
from .parameters import EXPAND, Hash, Kind
from .render import Rendered, as_json
from .shapes import Shapes
from .versions import in_version, is_preview, version_of
from .webhooks import Cause
from .world import Owned, World, own

T = TypeVar("T", bound=Owned)


@dataclass(slots=True)
class Call:
    """A parsed request for an endpoint."""

    path: str
    names: tuple[str, ...]
    """The ids in the path."""
    raw: dict[str, Any]
    version: str
    owner: str | None
    expand: list[str]

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

    def own(self, store: dict[str, T], kind: str, param: str) -> T:
        """The caller's object with the first id in the path.

        Args:
            store: all objects of its kind, by id.
            kind: the name of its kind in the error.
            param: the name of the id in the error.

        Raises:
            ApiError: it does not exist, or belongs to another owner.
        """
        return own(store, kind, self.names[0], self.owner, param, in_path=True)


Endpoint = Callable[[Call], Rendered]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint."""

    method: str
    pattern: re.Pattern[str]
    carry_out: Endpoint
    kind: str
    """The kind of object that it returns."""
    is_list: bool
    """Whether it returns a list of them."""
    preview_only: bool


def route(
    method: str, path: str, carry_out: Endpoint, kind: str, preview_only: bool = False
) -> Route:
    """An endpoint.

    Args:
        method: the HTTP method.
        path: the path, with ``{}`` for ids. A GET of a path that does not end with one is a list.
        carry_out: answers a request.
        kind: the kind of object that it returns, or lists.
        preview_only: whether only the preview version has it.
    """
    pattern = re.compile(re.escape(path).replace(r"\{\}", "([^/]+)"))
    is_list = method == "GET" and not path.endswith("{}")
    return Route(method, pattern, carry_out, kind, is_list, preview_only)


class Api:
    """Stripe's API."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: FaultSource,
        keys: Keys,
        shapes: Shapes,
        ledger: Ledger,
        ids: Ids,
        routes: Iterable[Route],
        default_version: str,
    ) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._api_keys = keys
        self._shapes = shapes
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
        headers = {**self._headers(answer), **answer.headers}
        return Response(answer.status, headers, answer.body, answer.wait)

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
            case SetupFault.PROXY_FORBIDS | SetupFault.PROXY_NEEDS_LOGIN as fault:
                answer.come_from_proxy(403 if fault is SetupFault.PROXY_FORBIDS else 407)
                return
        key = _key(request.headers.get("authorization"))
        access = self._api_keys.access(key)
        if access.revoked:
            raise ApiError(f"Expired API Key provided: {key[:8]}{'*' * 12}", status=401)
        self._answer_caller(request, method, answer, key, access)

    def _answer_caller(
        self, request: Request, method: str, answer: "_Answer", api_key: str, access: Access
    ) -> None:
        call, found = self._understand(request, method, access)
        answer.version = call.version
        if answer.fault is SetupFault.VERSION_NOT_OPEN:
            raise errors.version_not_open(call.version)
        permission = permission_for(method, found.kind)
        if not access.allows(permission):
            raise errors.not_permitted(api_key, permission)
        check(call.expand, found.kind, found.is_list, call.version)
        key = request.headers.get("idempotency-key") if method == "POST" else None
        if key is not None:
            identity = (call.path, call.raw)
            stored = self._keys.find(call.owner, key, identity, self._clock.now)
            if stored:
                answer.replay(stored)
                self._spoil(answer, None)
                return
        began = self._clock.now
        self._carry_out(call, found.carry_out, answer, Cause(answer.request_id, key), access)
        if key is not None and answer.executed:
            stored = answer.to_store(identity, began)
            self._keys.store(call.owner, key, stored)
            self._spoil(answer, stored)
        else:
            self._spoil(answer, None)

    def _carry_out(
        self, call: Call, carry_out: Endpoint, answer: "_Answer", cause: Cause, access: Access
    ) -> None:
        self.cause = cause
        try:
            if answer.fault is ApiFault.ERROR_BEFORE:
                raise errors.internal()
            rendered = carry_out(call)
            if answer.fault is ApiFault.ERROR_AFTER:
                raise errors.internal()
            expand(self._world, rendered, call.expand)
            shown = self._shapes.altered(in_version(call.version, rendered), "answers")
            answer.succeed(shown)
        except ApiError as error:
            answer.fail(self._seen_with(access, error))
        finally:
            self.cause = Cause()

    def _seen_with(self, access: Access, error: ApiError) -> ApiError:
        """The error as the caller's key sees it: an object can exist in the other mode."""
        if access.of_other_mode and error.about and self._world.has(error.about):
            error.message += (
                "; a similar object exists in test mode, but a live mode key was used to make this "
                "request."
            )
        return error

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

    def _understand(self, request: Request, method: str, access: Access) -> tuple[Call, Route]:
        version = version_of(request.headers.get("stripe-version"), self._default_version)
        owner = OTHER_MODE if access.of_other_mode else self._owner(request.headers)
        preview = is_preview(version)
        for candidate in self._routes:
            if candidate.method != method or (candidate.preview_only and not preview):
                continue
            if found := candidate.pattern.fullmatch(request.path):
                raw = decode(request.body if method == "POST" else request.query)
                paths = EXPAND["expand"].check(raw.get("expand", ""), "expand")
                call = Call(request.path, found.groups(), raw, version, owner, paths)
                return call, candidate
        raise errors.no_such_url(method, request.path)

    def _owner(self, headers: Mapping[str, str]) -> str | None:
        # A context is a path that may begin with an organization.
        context = headers.get("stripe-context", "").rpartition("/")[2]
        owner = headers.get("stripe-account") or context or None
        if owner is not None and owner not in self._world.connected_accounts:
            raise errors.account_invalid(owner)
        return owner

    def _headers(self, answer: "_Answer") -> dict[str, str]:
        date = formatdate(int(self._clock.now), usegmt=True)
        if answer.is_proxy:
            return {"content-type": "text/html", "date": date, "server": "proxy"}
        return {
            "content-type": "application/json",
            "date": date,
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


def _key(header: str | None) -> str:
    """The API key of a request.

    Raises:
        ApiError: there is none, or it is a live key: then the caller expects the real Stripe.
    """
    scheme, _, key = (header or "").partition(" ")
    if scheme != "Bearer" or not key:
        raise ApiError("You did not provide an API key.", status=401)
    if not key.startswith(("sk_test_", "rk_test_")):
        raise ApiError(
            "Invalid API Key provided: the simulator accepts test keys only.", status=401
        )
    return key


class _Answer:
    """An answer under construction."""

    __slots__ = (
        *("body", "executed", "fault", "headers", "is_proxy", "lost", "request_id", "status"),
        *("version", "wait"),
    )

    def __init__(self, request_id: str, fault: Fault | None) -> None:
        self.request_id = request_id
        self.fault = fault
        self.version: str | None = None
        self.status = 0
        self.body = b""
        self.headers: dict[str, str] = {}
        self.executed = False
        self.is_proxy = False
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

    def come_from_proxy(self, status: int) -> None:
        self.is_proxy = True
        self.status = status
        page = f"<html><body><h1>{status}</h1><p>Ask your network team.</p></body></html>"
        self.body = page.encode()
        if status == 407:
            self.headers = {"proxy-authenticate": 'Basic realm="proxy"'}

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
