"""What can go wrong with a command at Stripe.

Each error names the request by the id that Stripe's dashboard shows. Its text holds only what
cannot be secret: the status, and Stripe's error type, code and parameter. Stripe's message is left
out, because it may quote what was sent. So is the body, and so are chained exceptions, because
those of the SDK and of HTTP clients hold bodies and keys.
"""


class GatewayError(Exception):
    """Base class of all gateway errors.

    Args:
        what: what went wrong.
        request_id: ``req_…``; None where no answer came, or the answer had none.
    """

    def __init__(self, what: str, request_id: str | None = None) -> None:
        super().__init__(what, request_id)
        self.what = what
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.what} (request {self.request_id})" if self.request_id else self.what


class TransientError(GatewayError):
    """A temporary failure: no answer, a timeout, or an error of Stripe's. A retry is safe."""


class RateLimitedError(TransientError):
    """Too many requests.

    Args:
        wait: the delay that Stripe asks for (seconds); None where it names none.
    """

    def __init__(self, what: str, request_id: str | None = None, wait: float | None = None) -> None:
        super().__init__(what, request_id)
        self.args = (what, request_id, wait)
        self.wait = wait


class HeldBackError(RateLimitedError):
    """relink's own rate limiter let the request wait: nothing was sent, and nothing has failed.

    Args:
        wait: the delay until a slot is free (seconds).
    """


class MalformedAnswerError(TransientError):
    """An answer without the documented shape, for example one that was cut off.

    The network may be at fault, and a retry is as safe as after a timeout.
    """


class OperatorError(TransientError):
    """A failure that an operator has to mend, and that says nothing about the customer (F1).

    A retry is safe, and succeeds once the fault is mended. Until then it is useless to retry
    quickly: report it, and retry at long intervals.

    Args:
        what: what went wrong, and what to do.
        request_id: as above.
        code: what to mend. relink's own gateways give a :class:`~.faults.Fault`.
    """

    def __init__(self, what: str, request_id: str | None = None, code: str = "operator") -> None:
        super().__init__(what, request_id)
        self.args = (what, request_id, code)
        self.code = code


class PermanentError(GatewayError):
    """The command cannot be carried out, now or later. A retry changes nothing.

    It is raised only where Stripe itself says so about the object of the command (F1), and for an
    id that cannot be one of Stripe's.

    Args:
        code: the reason: Stripe's error code where there is one.
    """

    def __init__(self, what: str, request_id: str | None = None, code: str = "refused") -> None:
        super().__init__(what, request_id)
        self.args = (what, request_id, code)
        self.code = code


class GatewayConfigurationError(ValueError):
    """The settings do not allow to make the gateway."""
