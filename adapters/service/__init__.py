"""The service: relink's use cases, for web handlers and for applications that embed relink."""

from .errors import (
    RelinkRefusedError,
    UnknownAccountError,
    UnknownAuthorizationError,
    UnknownSessionError,
)
from .requests import RETRY_FOR
from .results import AssessedAccount, RelinkSession, ResultOutcome, SessionResult, WebhookOutcome
from .service import Service, Watch

__all__ = [
    "RETRY_FOR",
    "AssessedAccount",
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
