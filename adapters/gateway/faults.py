"""The faults that an operator has to mend before a command can succeed (F1)."""

from enum import StrEnum

from .errors import OperatorError


class Fault(StrEnum):
    """What has to be mended: the ``code`` of an :class:`~.errors.OperatorError`."""

    API_KEY = "api_key"
    PERMISSION = "permission"
    NOT_STRIPE = "not_stripe"
    REQUEST = "request"
    OTHER_MODE = "other_mode"
    MISSING = "missing"

    @property
    def cure(self) -> str:
        """What to do, for operators."""
        return _CURES[self]

    def error(self, what: str, request_id: str | None) -> OperatorError:
        """The error for a request that failed because of this fault.

        Args:
            what: what went wrong.
            request_id: ``req_…``, if the answer had one.
        """
        return OperatorError(f"{what}: {self.cure}", request_id, self)


_CURES = {
    Fault.API_KEY: "Stripe does not accept the API key. Check STRIPE_API_KEY",
    Fault.PERMISSION: "the API key may not do this. Check its permissions, and that the connected "
    "account still belongs to the platform",
    Fault.NOT_STRIPE: "the answer does not come from Stripe. Check the proxy and STRIPE_API_BASE",
    Fault.REQUEST: "Stripe refuses the request itself, not the object. Check that the API version "
    "is open to your Stripe account, and for a newer release of relink",
    Fault.OTHER_MODE: "the object is of the other mode than the API key. Check whether "
    "STRIPE_API_KEY is a live or a test key",
    Fault.MISSING: "Stripe finds no such object, and the API key has not proved since that it "
    "reaches this Stripe account. Check the account and the mode of STRIPE_API_KEY",
}
