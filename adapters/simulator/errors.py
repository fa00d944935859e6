"""Errors: the API's error answers, lost answers, and actions that are not possible."""

from typing import Any


class NotPossibleError(ValueError):
    """A bank event or a customer's choice that is not possible in the current state."""


class SimulatedTimeout(Exception):  # noqa: N818
    """No answer came. The caller does not know whether the request took effect."""


class ApiError(Exception):
    """An error answer of the API, in Stripe's format.

    Args:
        message: a text for people.
        status: the HTTP status.
        code: Stripe's error code, where there is one.
        param: the invalid parameter, as ``hash[key]``.
        kind: ``type`` in the body.
        executed: whether the endpoint was reached. An idempotency key then stores the answer and
            replays it; it does not store the answer to an invalid parameter.
        about: the id of the object that was not found.
        headers: additional headers.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        executed: bool = False,
        about: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.param = param
        self.kind = kind
        self.executed = executed
        self.about = about
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The body of the answer."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://docs.stripe.com/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return {"error": error}


def missing(param: str) -> ApiError:
    """A required parameter is missing."""
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> ApiError:
    """A parameter that this version of the API does not have."""
    return ApiError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def invalid(param: str, message: str, code: str | None = None) -> ApiError:
    """A parameter with the wrong type or an invalid value."""
    return ApiError(message, code=code, param=param)


def no_such(kind: str, name: str, param: str, *, in_path: bool = False) -> ApiError:
    """An object that does not exist, or belongs to another account."""
    return ApiError(
        f"No such {kind}: '{name}'",
        status=404 if in_path else 400,
        code="resource_missing",
        param=param,
        executed=True,
        about=name,
    )


def refused(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """A well-formed request that the current state does not allow."""
    return ApiError(message, code=code, param=param, executed=True)


def no_such_url(method: str, path: str) -> ApiError:
    """A path that the API does not have, or not in this version."""
    return ApiError(f"Unrecognized request URL ({method}: {path}).", status=404)


def account_invalid(name: str, *, executed: bool = False) -> ApiError:
    """A connected account that does not exist, or is not the caller's."""
    return ApiError(
        f"The provided key does not have access to account '{name}' "
        "(or that account does not exist).",
        status=403,
        code="account_invalid",
        executed=executed,
    )


def not_permitted(key: str, permission: str) -> ApiError:
    """A restricted key without the permission for an endpoint. Stripe names no code for it."""
    return ApiError(
        f"The provided key '{key[:8]}{'*' * 12}' does not have the required permissions for this "
        f"endpoint. Having the 'rak_{permission}' permission would allow this request to continue.",
        status=403,
    )


def version_not_open(version: str) -> ApiError:
    """A version that the Stripe account may not use. Stripe names no code for it."""
    return ApiError(
        f"Invalid Stripe API version: {version}. You do not have permission to use this version."
    )


def internal() -> ApiError:
    """An internal error at Stripe."""
    return ApiError(
        "An unknown error occurred",
        status=500,
        kind="api_error",
        executed=True,
        headers={"stripe-should-retry": "false"},
    )


def rate_limited(wait: int | None) -> ApiError:
    """Too many requests; ``wait`` is the delay that Stripe asks for (seconds)."""
    return ApiError(
        "Request rate limit exceeded.",
        status=429,
        code="rate_limit",
        headers={} if wait is None else {"retry-after": str(wait)},
    )
