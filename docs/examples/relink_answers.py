"""What callers are told, in any framework: body, status and headers."""

from typing import Any

from relink_setup import service

from relink.adapters.gateway import PermanentError, TransientError
from relink.adapters.service import (
    RelinkRefusedError,
    RelinkSession,
    SessionResult,
    UnknownAccountError,
    UnknownSessionError,
)
from relink.adapters.store import ConcurrentChangeError, StoreUnavailableError
from relink.adapters.stripe import WebhookRefused

Answer = tuple[dict[str, Any], int, dict[str, str]]


def own(account: str, customer: str | None) -> str:
    """An account of this customer's (``cus_…``); anybody else's is as good as unknown."""
    holder = service().account(account).snapshot.facts.holder
    if holder is None or holder.id != customer:
        raise UnknownAccountError(account)
    return account


def session_answer(opened: RelinkSession) -> Answer:
    """A session for the customer it belongs to.

    The secret opens the bank's login in their name. It goes to their browser in this answer,
    and nowhere else: into no log, cache, database or URL.
    """
    secret = opened.secret.reveal() if opened.secret else None
    body = {"session": opened.id, "mode": opened.mode, "client_secret": secret}
    return body, 201 if opened.is_new else 200, {"Cache-Control": "no-store"}


def result_answer(found: SessionResult) -> Answer:
    """What came of a session, and what is due."""
    due = [action.model_dump() for action in found.next]
    return {"outcome": found.outcome, "failure": found.failure_reason, "next": due}, 200, {}


REFUSALS = (WebhookRefused, UnknownAccountError, UnknownSessionError, RelinkRefusedError)
FAILURES = (PermanentError, TransientError, StoreUnavailableError, ConcurrentChangeError)
EXPECTED = (*REFUSALS, *FAILURES)
"""Errors that have an answer. Any other is a fault: let it be a 500, and Stripe comes again."""


def error_answer(error: Exception) -> Answer:
    """The answer to an expected error."""
    match error:
        case WebhookRefused():
            return {"error": error.reason}, 400, {}
        case UnknownAccountError() | UnknownSessionError():
            return {"error": "not known"}, 404, {}
        case RelinkRefusedError():
            instead = [action.model_dump() for action in error.assessment.next]
            return {"error": error.reason, "state": error.state, "next": instead}, 409, {}
        case PermanentError():
            return {"error": "refused by Stripe"}, 502, {}
        case _:
            return {"error": "try again"}, 503, {"Retry-After": "5"}
