"""Answers to callers, for any framework: body, status and headers."""

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


def owned(account: str, customer: str | None) -> str:
    """The account, if it belongs to this customer (``cus_…``); any other counts as unknown."""
    holder = service().account(account).snapshot.facts.holder
    if holder is None or holder.id != customer:
        raise UnknownAccountError(account)
    return account


def session_answer(opened: RelinkSession) -> Answer:
    """A relink session, for the browser of its customer.

    The secret opens the bank's login in the customer's name. Send it to that browser only, and
    keep it out of logs, caches, databases and URLs.
    """
    secret = opened.secret.reveal() if opened.secret else None
    body = {"session": opened.id, "mode": opened.mode, "client_secret": secret}
    return body, 201 if opened.is_new else 200, {"Cache-Control": "no-store"}


def result_answer(found: SessionResult) -> Answer:
    """The result of a session, and what to do next."""
    due = [action.model_dump() for action in found.next]
    return {"outcome": found.outcome, "failure_reason": found.failure_reason, "next": due}, 200, {}


REFUSALS = (WebhookRefused, UnknownAccountError, UnknownSessionError, RelinkRefusedError)
FAILURES = (PermanentError, TransientError, StoreUnavailableError, ConcurrentChangeError)
EXPECTED = (*REFUSALS, *FAILURES)
"""Errors that have an answer. Any other is a bug: answer 500, and Stripe delivers again."""


def error_answer(error: Exception) -> Answer:
    """The answer to an expected error."""
    match error:
        case WebhookRefused():
            return {"error": error.reason}, 400, {}
        case UnknownAccountError() | UnknownSessionError():
            return {"error": "unknown"}, 404, {}
        case RelinkRefusedError():
            instead = [action.model_dump() for action in error.assessment.next]
            return {"error": error.reason, "state": error.state, "next": instead}, 409, {}
        case PermanentError():
            return {"error": "refused by Stripe"}, 502, {}
        case _:
            return {"error": "try again"}, 503, {"Retry-After": "5"}
