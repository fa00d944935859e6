"""Problem details (RFC 9457): what every error is answered with.

Each kind of problem has a status and a type; ``detail`` says in a sentence what was wrong this
time. What the request held is never repeated, since it may be a secret in the wrong place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from relink.machines import NextAction

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
    members: Mapping[str, Any] = field(default_factory=dict)
    """Schemas of its extension members, with examples."""
    header: str | None = None
    """A header that its answers have."""

    @property
    def type(self) -> str:
        """What tells it from other kinds."""
        return f"urn:relink:problem:{self.slug}"


WEBHOOK_REFUSED = Kind(400, "webhook-refused", "The webhook was refused", "wrong signature")
UNAUTHORIZED = Kind(
    401, "unauthorized", "A valid token is needed", "no bearer token", header="WWW-Authenticate"
)
UNKNOWN = Kind(404, "unknown", "It is not known here", "no account has this id")
NOTHING_TO_RELINK = Kind(
    409,
    "nothing-to-relink",
    "There is nothing to relink",
    "nobody can repair it now; ask for a new payment method",
    {
        "state": {"type": "string", "examples": ["inactive_unrepairable"]},
        "reason": {
            "type": "string",
            "examples": ["nobody can repair it now; ask for a new payment method"],
        },
        "next": {
            "type": "array",
            "items": NextAction.model_json_schema(),
            "examples": [
                [{"action": "request_new_payment_method", "mode": None, "reason": "account_closed"}]
            ],
        },
    },
)
TOO_LARGE = Kind(413, "too-large", "The body is too large", "the body is longer than 65536 bytes")
INVALID = Kind(
    422,
    "invalid",
    "The request can't be understood",
    "body.mode: Input should be 'specific' or 'any_eligible'",
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
FAILED = Kind(500, "failed", "Something broke", "the log tells more")
STRIPE_REFUSED = Kind(
    502,
    "stripe-refused",
    "Stripe refused",
    "POST /v1/financial_connections/sessions got 400 (invalid_request_error) (request req_1)",
    {"code": {"type": "string", "examples": ["invalid_request_error"]}},
)
UNAVAILABLE = Kind(
    503,
    "unavailable",
    "It can't be done now",
    "the database can't be used; nothing was stored",
    header=RETRY_AFTER,
)

KINDS = (
    *(WEBHOOK_REFUSED, UNAUTHORIZED, UNKNOWN, NOTHING_TO_RELINK, TOO_LARGE, INVALID),
    *(FAILED, STRIPE_REFUSED, UNAVAILABLE),
)
"""All of them, each with a status of its own."""


class Problem(HTTPException):
    """An error that is answered with a problem.

    Args:
        kind: of which kind.
        detail: what was wrong, in a sentence that repeats nothing of the request.
        headers: of the answer.
        members: extension members.
    """

    def __init__(
        self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(kind.status, detail, headers)
        self.kind = kind
        self.members = members

    def response(self) -> JSONResponse:
        """The answer."""
        content = _content(self.kind, self.detail, self.members)
        return JSONResponse(content, self.kind.status, self.headers, MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems of these statuses, as OpenAPI has responses."""
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
