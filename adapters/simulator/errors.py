"""What goes wrong: the API's error answers, lost answers, and impossible wishes."""

from typing import Any


class CannotHappen(ValueError):  # noqa: N818
    """A bank event or a customer's choice that this world has no way to."""


class SimulatedTimeout(Exception):  # noqa: N818
    """No answer came. The caller can't know whether the request had an effect."""


class ApiError(Exception):
    """An error answer of the API, in Stripe's form.

    Args:
        message: for people.
        status: of HTTP.
        code: Stripe's code, where there is one.
        param: the parameter at fault, as ``hash[key]``.
        kind: ``type`` in the body.
        executed: whether the request was understood and carried out up to here. Its answer is
            then the result that an idempotency key replays; a wrong parameter's is not.
        headers: more of them.
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
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.param = param
        self.kind = kind
        self.executed = executed
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
    """A required parameter is not there."""
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> ApiError:
    """A parameter that this version of the API does not have."""
    return ApiError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def invalid(param: str, message: str, code: str | None = None) -> ApiError:
    """A parameter of the wrong type or value."""
    return ApiError(message, code=code, param=param)


def no_such(kind: str, name: str, param: str, *, in_path: bool = False) -> ApiError:
    """An object that does not exist, or belongs to another account."""
    return ApiError(
        f"No such {kind}: '{name}'",
        status=404 if in_path else 400,
        code="resource_missing",
        param=param,
        executed=True,
    )


def refused(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """A request that is well-formed, and that the state of things forbids."""
    return ApiError(message, code=code, param=param, executed=True)


def internal() -> ApiError:
    """Stripe's own mistake."""
    return ApiError(
        "An unknown error occurred",
        status=500,
        kind="api_error",
        executed=True,
        headers={"stripe-should-retry": "false"},
    )


def rate_limited(wait: int | None) -> ApiError:
    """Too many requests; ``wait`` is what Stripe asks for, in seconds."""
    return ApiError(
        "Request rate limit exceeded.",
        status=429,
        code="rate_limit",
        headers={} if wait is None else {"retry-after": str(wait)},
    )
