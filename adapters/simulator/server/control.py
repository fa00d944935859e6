"""The control API: banks, customers, clock and faults, for the pages and for other processes.

All requests and answers are JSON, under ``/_simulator``. An action that is not possible gets a 409
with the reason, and an invalid request a 400. Only the answer to a new endpoint contains secrets.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError, validate_call
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ..bank import Bank
from ..errors import NotPossibleError
from ..faults import Faults
from ..flow import CustomerPart
from ..ledger import Asked, Effect
from ..resources import Session
from ..simulator import Simulator
from ..world import STRIPE_BANK
from .posting import Poster
from .view import account_view, authorization_view, session_view

Handler = Callable[[Request, dict[str, Any]], object]

BANK_EVENTS = tuple(name for name in vars(Bank) if not name.startswith("_"))
CHOICES = (
    *("choose_expected", "choose_known", "choose_new", "choose_again", "fail_to_sign_in"),
    *("sign_in_without_account", "cancel", "walk_away", "bank_error"),
)
KEY_SETTINGS = ("restrict", "use_other_mode", "revoke", "reset")
SHAPE_RULES = ("leave_out", "put")
_RECENT = 60


class Control:
    """The endpoints of the control API."""

    def __init__(self, simulator: Simulator, lock: threading.RLock, poster: Poster) -> None:
        self._simulator = simulator
        self._lock = lock
        self._poster = poster

    def routes(self) -> list[BaseRoute]:
        """All endpoints of this class."""
        return [
            self._route("GET", "/state", self.state),
            self._route("GET", "/ledger", self.ledger),
            self._route("GET", "/flows/{name}", self.flow),
            self._route("POST", "/flows/{name}/{choice}", self.choose),
            self._route("POST", "/bank/{event}", self.bank_event),
            self._route("POST", "/customers", self.add_customer),
            self._route("POST", "/connected_accounts", self.add_connected_account),
            self._route("POST", "/accounts", self.link_account),
            self._route("POST", "/clock", self.advance),
            self._route("POST", "/endpoints", self.add_endpoint),
            self._route("PUT", "/faults", self.set_faults),
            self._route("POST", "/faults", self.inject),
            self._route("DELETE", "/faults", self.clear_faults),
            self._route("POST", "/keys/{setting}", self.set_key),
            self._route("POST", "/shapes/{rule}", self.add_shape),
            self._route("DELETE", "/shapes", self.reset_shapes),
            self._route("POST", "/mandates", self.collect_mandate),
        ]

    def _route(self, method: str, path: str, handler: Handler) -> Route:
        async def answer(request: Request) -> Response:
            # A page of another origin can post a form here, but not JSON.
            kind = request.headers.get("content-type", "").partition(";")[0]
            if method in ("POST", "PUT") and kind != "application/json":
                return _error(415, "the content type must be application/json")
            try:
                given = await request.json() if method in ("POST", "PUT") else {}
                if not isinstance(given, dict):
                    return _error(400, "the body must be a JSON object")
                with self._lock:
                    self._simulator.advance_to(self._simulator.now)
                    found = handler(request, given)
            except NotPossibleError as error:
                return _error(409, str(error))
            except ValidationError as error:
                return _error(400, _readable(error))
            except (TypeError, ValueError) as error:
                return _error(400, str(error))
            except RecursionError:
                return _error(400, "the body is nested too deep")
            self._poster.notify()
            return JSONResponse(found, headers={"Cache-Control": "no-store"})

        return Route(path, answer, methods=[method])

    # ── reading ──────────────────────────────────────────────────────────────

    def state(self, request: Request, given: dict[str, Any]) -> object:
        """The state for the pages, newest first."""
        world = self._simulator.world
        return {
            "now": self._simulator.now,
            "sessions": [
                session_view(world, session)
                for session in list(world.sessions.values())[: -_RECENT - 1 : -1]
            ],
            "authorizations": [
                authorization_view(world, authorization)
                for authorization in list(world.authorizations.values())[: -_RECENT - 1 : -1]
            ],
            "events": [
                {"number": number, "at": entry.at, "kind": entry.kind, "subject": entry.subject}
                for number, entry in self._latest_entries()
                if isinstance(entry, Effect)
            ][:_RECENT],
        }

    def _latest_entries(self) -> Iterator[tuple[int, Asked | Effect]]:
        """The latest entries of the ledger with their numbers, newest first."""
        entries = self._simulator.ledger.entries
        latest = range(len(entries) - 1, max(-1, len(entries) - 5 * _RECENT), -1)
        return ((number, entries[number]) for number in latest)

    def ledger(self, request: Request, given: dict[str, Any]) -> object:
        """The ledger from entry ``?since=`` on."""
        since = int(request.query_params.get("since", "0"))
        entries = self._simulator.ledger.entries[since:]
        return {
            "next": since + len(entries),
            "entries": [
                {"entry": type(entry).__name__.lower(), **_plain(asdict(entry))}
                for entry in entries
            ],
        }

    def flow(self, request: Request, given: dict[str, Any]) -> object:
        """The flow of a session. ``?institution=`` chooses the bank where the session does not."""
        part = self._part(request)
        session = part.session
        institution = request.query_params.get("institution", STRIPE_BANK)
        banks = self._simulator.world.institutions.values()
        return {
            **session_view(self._simulator.world, session),
            "permissions": session.permissions,
            "return_url": session.return_url,
            "known": [account_view(account) for account in part.known_accounts()],
            "offers": [asdict(offer) for offer in part.offers(institution)],
            "institutions": [] if session.is_relink else [bank.name for bank in banks],
        }

    # ── acting ───────────────────────────────────────────────────────────────

    def choose(self, request: Request, given: dict[str, Any]) -> object:
        """Complete a flow with one of its results."""
        choice = _one_of(request.path_params["choice"], CHOICES, "the choice")
        part = self._part(request)
        if "holder" in given:
            raise ValueError("holder is available in process only")
        validate_call(getattr(part, choice))(**given)
        return session_view(self._simulator.world, part.session)

    def bank_event(self, request: Request, given: dict[str, Any]) -> object:
        """Trigger a bank event."""
        event = _one_of(request.path_params["event"], BANK_EVENTS, "the bank event")
        validate_call(getattr(self._simulator.bank, event))(**given)
        return {}

    def add_customer(self, request: Request, given: dict[str, Any]) -> object:
        """Add a customer."""
        return {"id": validate_call(self._simulator.add_customer)(**given)}

    def add_connected_account(self, request: Request, given: dict[str, Any]) -> object:
        """Add a connected account."""
        return {"id": validate_call(self._simulator.add_connected_account)(**given)}

    def link_account(self, request: Request, given: dict[str, Any]) -> object:
        """Link an account, as if its holder had completed a flow."""
        return account_view(validate_call(self._simulator.link_account)(**given))

    def advance(self, request: Request, given: dict[str, Any]) -> object:
        """Let time pass: ``{"seconds": …}``."""
        validate_call(self._simulator.advance)(**given)
        return {"now": self._simulator.now}

    def add_endpoint(self, request: Request, given: dict[str, Any]) -> object:
        """Add a webhook endpoint with a URL. Only this answer contains its secrets."""
        secrets = given.pop("secrets", ())
        endpoint = validate_call(self._simulator.add_endpoint)(*secrets, **given)
        return {"id": endpoint.id, "secrets": endpoint.secrets}

    def set_faults(self, request: Request, given: dict[str, Any]) -> object:
        """Set the rates of all faults. Rates that are not given become 0."""
        self._simulator.faults = TypeAdapter(Faults).validate_python(given)
        return asdict(self._simulator.faults)

    def inject(self, request: Request, given: dict[str, Any]) -> object:
        """Add a fault to the next matching requests, or with ``"times": null`` to all."""
        validate_call(self._simulator.inject)(**given)
        return {}

    def clear_faults(self, request: Request, given: dict[str, Any]) -> object:
        """Remove all faults that were added."""
        self._simulator.clear_faults()
        return {}

    def set_key(self, request: Request, given: dict[str, Any]) -> object:
        """Change what an API key may do."""
        setting = _one_of(request.path_params["setting"], KEY_SETTINGS, "the setting")
        validate_call(getattr(self._simulator.keys, setting))(**given)
        return {}

    def add_shape(self, request: Request, given: dict[str, Any]) -> object:
        """Add a rule by which objects are altered."""
        rule = _one_of(request.path_params["rule"], SHAPE_RULES, "the rule")
        validate_call(getattr(self._simulator.shapes, rule))(**given)
        return {}

    def reset_shapes(self, request: Request, given: dict[str, Any]) -> object:
        """Remove all rules by which objects are altered."""
        self._simulator.shapes.reset()
        return {}

    def collect_mandate(self, request: Request, given: dict[str, Any]) -> object:
        """The customer authorizes debits with a payment method."""
        return {"id": validate_call(self._simulator.collect_mandate)(**given)}

    def _part(self, request: Request) -> CustomerPart:
        """The customer, by the session's id or by the name in its hosted URL."""
        name = request.path_params["name"]
        return self._simulator.customer(_session_of(self._simulator, name).id)


def _one_of(name: str, names: tuple[str, ...], what: str) -> str:
    """The name of a method that may be called.

    Raises:
        ValueError: no such method may be called.
    """
    if name not in names:
        raise ValueError(f"{what} must be one of {', '.join(names)}, got {name!r}")
    return name


def _session_of(simulator: Simulator, name: str) -> Session:
    sessions = simulator.world.sessions
    found = sessions.get(name)
    if found is None and name.startswith("fcsess_hosted_"):
        hosted = (s for s in sessions.values() if (s.hosted_url or "").endswith(f"/{name}"))
        found = next(hosted, None)
    if found is None:
        raise NotPossibleError(f"there is no session {name!r}")
    return found


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in entry.items()
    }


def _readable(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'arguments'}: {problem['msg']}"
        for problem in error.errors()
    )


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)
