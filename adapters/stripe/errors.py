"""Errors of the Stripe adapter. Their texts name the rule, and never quote the payload."""


class WebhookRefused(Exception):  # noqa: N818
    """A webhook that is not from Stripe, too old, or malformed: answer 400."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnreadableObject(Exception):  # noqa: N818
    """An object of the wrong kind, or without a valid id."""
