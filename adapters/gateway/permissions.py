"""What a restricted API key must be allowed.

Every request of this package belongs to one of these resources. `relink doctor` tries the reads.
"""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission of a restricted key."""

    resource: str
    """As ``relink doctor`` names it."""
    access: Literal["Read", "Write"]
    """Stripe's name of the access. Writing includes reading."""
    use: str
    """What relink needs it for."""
    path: str
    """A pattern for the paths of the requests."""
    only_connect: bool = False
    """Whether it is needed with connected accounts only."""

    def covers(self, method: str, path: str) -> bool:
        """Whether it allows a request."""
        is_allowed = method == "GET" or self.access == "Write"
        return is_allowed and re.fullmatch(self.path, path) is not None


PERMISSIONS = (
    Permission(
        "accounts", "Read", "the state of a link", r"/v1/financial_connections/accounts(/\w+)?"
    ),
    Permission(
        "authorizations",
        "Read",
        "the state of a link",
        r"/v1/financial_connections/authorizations/\w+",
    ),
    Permission(
        "sessions",
        "Write",
        "relink sessions and their results",
        r"/v1/financial_connections/sessions(/\w+)?",
    ),
    Permission(
        "payment methods",
        "Write",
        "the payment method of a new account",
        r"/v1/payment_methods(/\w+(/attach)?)?",
    ),
    Permission(
        "customers", "Read", "the customer's name, for that payment method", r"/v1/customers/\w+"
    ),
    Permission(
        "external accounts",
        "Write",
        "payouts to a new account",
        r"/v1/accounts/\w+/external_accounts(/\w+)?",
        only_connect=True,
    ),
)
"""All that relink needs, and nothing else."""
