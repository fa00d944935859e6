"""The service: relink's use cases, for web handlers and for applications that embed relink."""

from .errors import (
    MissingAtStripeError,
    RelinkRefusedError,
    UnknownAccountError,
    UnknownAuthorizationError,
    UnknownSessionError,
)
from .importing import EVERYBODY, ImportProgress, ImportScope
from .requests import RETRY_FOR
from .results import AssessedAccount, RelinkSession, ResultOutcome, SessionResult, WebhookOutcome
from .service import Service, Watch

__all__ = [
    "EVERYBODY",
    "RETRY_FOR",
    "AssessedAccount",
    "ImportProgress",
    "ImportScope",
    "MissingAtStripeError",
    "RelinkRefusedError",
    "RelinkSession",
    "ResultOutcome",
    "Service",
    "SessionResult",
    "UnknownAccountError",
    "UnknownAuthorizationError",
    "UnknownSessionError",
    "Watch",
    "WebhookOutcome",
]
