"""What can go wrong with a command at Stripe.

Each error names the request, by the id under which Stripe's dashboard shows it. Its text
holds what can't be secret: status, and Stripe's own words for kind and parameter. Not
Stripe's message, which may quote what was sent; no body; and no chained exception, since
those of the SDK and of HTTP clients hold bodies and keys.
"""


class GatewayError(Exception):
    """Base of them all.

    Args:
        what: what went wrong.
        request_id: ``req_…``; None where no answer came, or it had none.
    """

    def __init__(self, what: str, request_id: str | None = None) -> None:
        super().__init__(what, request_id)
        self.what = what
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.what} (request {self.request_id})" if self.request_id else self.what


class TransientError(GatewayError):
    """It may pass: no answer, a timeout, a failure of Stripe's. Repeating it is safe."""


class RateLimitedError(TransientError):
    """Too many requests.

    Args:
        wait: the seconds that Stripe asks for; None where it does not say.
    """

    def __init__(self, what: str, request_id: str | None = None, wait: float | None = None) -> None:
        super().__init__(what, request_id)
        self.args = (what, request_id, wait)
        self.wait = wait


class MalformedAnswerError(TransientError):
    """An answer that is not of the documented shape, such as one cut off in the middle.

    It passes where the network was at fault, and repeating is as safe as after a timeout.
    """


class PermanentError(GatewayError):
    """Stripe refuses the command, or it can't be carried out. Repeating it changes nothing.

    Args:
        code: why, in one word: Stripe's error code where it gave one.
    """

    def __init__(self, what: str, request_id: str | None = None, code: str = "refused") -> None:
        super().__init__(what, request_id)
        self.args = (what, request_id, code)
        self.code = code


class GatewayConfigurationError(ValueError):
    """No gateway can be made of these settings."""
