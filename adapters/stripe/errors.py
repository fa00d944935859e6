"""Errors of the Stripe adapter. Their texts name the rule, never what the payload held."""


class WebhookRefused(Exception):  # noqa: N818
    """A webhook that is not Stripe's, not fresh, or not of the documented shape: answer 400."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnreadableObject(Exception):  # noqa: N818
    """An object that can't be told from others: of another kind, or without a valid id."""
