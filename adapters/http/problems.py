"""Problem details (RFC 9457): the body of every error response.

Each kind of problem has a status and a type. ``detail`` is a sentence about this occurrence. It
never repeats a value from the request, which may be a secret in the wrong place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from relink.machines import NextAction
from relink.machines.reasons import UNREPAIRABLE

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER = "Retry-After"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem."""

    status: int
    slug: str
    title: str
    detail: str
    """An example."""
    cure: str
    """What to do about it, for whoever runs or calls the service."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """Schemas of its extension members, with examples."""
    header: str | None = None
    """A header that its responses have."""

    @property
    def type(self) -> str:
        """The URI that identifies this kind."""
        return f"urn:relink:problem:{self.slug}"


WEBHOOK_REFUSED = Kind(
    400,
    "webhook-refused",
    "The webhook was refused",
    "The signature does not match the payload and any secret.",
    "Set STRIPE_WEBHOOK_SECRET to the signing secret of this endpoint at Stripe, both "
    "during a rotation. Synchronize the machine's clock. Let no proxy change the body.",
)
UNAUTHORIZED = Kind(
    401,
    "unauthorized",
    "A valid token is required",
    "The request has no bearer token: send Authorization: Bearer <RELINK_API_TOKEN>.",
    "Let the caller send the token that RELINK_API_TOKEN has.",
    header="WWW-Authenticate",
)
FORBIDDEN = Kind(
    403,
    "forbidden",
    "The request is not allowed",
    "A page of another origin sent the request, and no token protects this service.",
    "Send the request from your server, or set RELINK_API_TOKEN.",
)
UNKNOWN = Kind(
    404,
    "unknown",
    "Not found",
    "No account has this id.",
    "Check the id, and its mode. POST /accounts/{id}/refresh makes an account known; relink import "
    "makes all of them known.",
)
NOTHING_TO_RELINK = Kind(
    409,
    "nothing-to-relink",
    "There is nothing to relink",
    UNREPAIRABLE.sentence,
    "Nothing is wrong. Do what next says instead of a relink.",
    {
        "state": {
            "type": "string",
            "description": "The account's state.",
            "examples": ["inactive_unrepairable"],
        },
        "reason": {
            "type": "string",
            "description": "Why, as a code. The sentence is in detail.",
            "examples": [UNREPAIRABLE.code],
        },
        "next": {
            "type": "array",
            "description": "What to do instead.",
            "items": NextAction.model_json_schema(),
            "examples": [
                [{"action": "request_new_payment_method", "mode": None, "reason": "account_closed"}]
            ],
        },
    },
)
TOO_SLOW = Kind(
    408,
    "too-slow",
    "The body took too long",
    "The body took longer than 10 seconds.",
    "Look for a slow network or a proxy that holds bodies back. Stripe delivers webhooks again.",
)
TOO_LARGE = Kind(
    413,
    "too-large",
    "The body is too large",
    "The body is longer than 65536 bytes.",
    "Send less. A webhook of Stripe's is never that long: look at who sends it.",
)
INVALID = Kind(
    422,
    "invalid",
    "The request is invalid",
    "body.mode: Input should be 'specific' or 'any_eligible'",
    "Correct the request: errors names each field and its rule.",
    {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "rule"],
                "properties": {"where": {"type": "string"}, "rule": {"type": "string"}},
            },
            "examples": [
                [{"where": "body.mode", "rule": "Input should be 'specific' or 'any_eligible'"}]
            ],
        }
    },
)
FAILED = Kind(
    500,
    "failed",
    "The request failed",
    "An unexpected error occurred. The log has it under this request's id, X-Request-Id.",
    "Look for an error with this request_id in the log. If it names the database, see its "
    "table; otherwise report it, since it is a defect of relink.",
)
HEAD_TOO_LARGE = Kind(
    431,
    "head-too-large",
    "The head is too large",
    "The request's head is longer than 16384 bytes.",
    "Send fewer or shorter headers. Look for a proxy that adds cookies.",
)
STRIPE_REFUSED = Kind(
    502,
    "stripe-refused",
    "Stripe refused the request",
    "POST /v1/financial_connections/sessions got 400 (invalid_request_error) (request req_1)",
    "Look up the request (req_…) in Stripe's dashboard. relink doctor tries the key, its "
    "permissions and the API version.",
    {"code": {"type": "string", "examples": ["invalid_request_error"]}},
)
UNAVAILABLE = Kind(
    503,
    "unavailable",
    "Temporarily unavailable",
    "The database is unavailable. Nothing was stored.",
    "Nothing, if it passes within a minute: callers and Stripe try again. Otherwise "
    "/healthz says what is wrong with the database; without that, check "
    "https://status.stripe.com.",
    header=RETRY_AFTER,
)

KINDS = (
    *(
        WEBHOOK_REFUSED,
        UNAUTHORIZED,
        FORBIDDEN,
        UNKNOWN,
        TOO_SLOW,
        NOTHING_TO_RELINK,
        TOO_LARGE,
        INVALID,
    ),
    *(HEAD_TOO_LARGE, FAILED, STRIPE_REFUSED, UNAVAILABLE),
)
"""Every kind. No two share a status."""


class Problem(HTTPException):
    """An error that carries its response.

    Args:
        kind: the kind of problem.
        detail: what went wrong, in a sentence that repeats no value from the request.
        headers: headers of the response.
        members: extension members.
    """

    def __init__(
        self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(kind.status, detail, headers)
        self.kind = kind
        self.members = members

    def response(self) -> JSONResponse:
        """Make the response."""
        content = _content(self.kind, self.detail, self.members)
        return JSONResponse(content, self.kind.status, self.headers, MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems with these statuses, as OpenAPI responses."""
    return {kind.status: _documented(kind) for kind in KINDS if kind.status in statuses}


def _documented(kind: Kind) -> dict[str, Any]:
    text = {"type": "string"}
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail", *kind.members],
        "properties": {
            "type": {"const": kind.type},
            "title": text,
            "status": {"const": kind.status},
            "detail": text,
            **kind.members,
        },
    }
    example = _content(
        kind, kind.detail, {name: schema["examples"][0] for name, schema in kind.members.items()}
    )
    found: dict[str, Any] = {
        "description": kind.title,
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
    }
    if kind.header:
        found["headers"] = {kind.header: {"required": True, "schema": text}}
    return found


def _content(kind: Kind, detail: str, members: Mapping[str, Any]) -> dict[str, Any]:
    about = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail}
    return {**about, **members}
