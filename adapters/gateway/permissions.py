"""What a restricted API key must be allowed.

Every request of this package belongs to one of these resources. The doctor tries them without
changing anything. Where an object has to be named for a read, it is one that cannot exist: Stripe
then answers 404 to a key that may read such objects, and 403 to one that may not. A write is tried
without any of the parameters that it requires: Stripe looks at the permission first, and so refuses
the request with 403 or else with 400.
"""

import re
from dataclasses import dataclass
from typing import Literal

from .transport import Call


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
    tried_by: tuple[Call, ...] = ()
    """Requests that show whether a key has it. Stripe refuses those for a connected account alike
    whether the permission or the account is missing, so there is none for them."""
    only_connect: bool = False
    """Whether it is needed with connected accounts only."""

    def covers(self, method: str, path: str) -> bool:
        """Whether it allows a request."""
        is_allowed = method == "GET" or self.access == "Write"
        return is_allowed and re.fullmatch(self.path, path) is not None


PERMISSIONS = (
    Permission(
        "accounts",
        "Read",
        "the state of a link",
        r"/v1/financial_connections/accounts(/\w+)?",
        (Call("GET", "/v1/financial_connections/accounts", {"limit": 1}),),
    ),
    Permission(
        "authorizations",
        "Read",
        "the state of a link",
        r"/v1/financial_connections/authorizations/\w+",
        (Call("GET", "/v1/financial_connections/authorizations/fcauth_doctor"),),
    ),
    Permission(
        "sessions",
        "Write",
        "relink sessions and their results",
        r"/v1/financial_connections/sessions(/\w+)?",
        (
            Call("GET", "/v1/financial_connections/sessions/fcsess_doctor"),
            Call("POST", "/v1/financial_connections/sessions"),
        ),
    ),
    Permission(
        "payment methods",
        "Write",
        "the payment method of a new account",
        r"/v1/payment_methods(/\w+(/attach)?)?",
        (
            Call("GET", "/v1/payment_methods", {"type": "us_bank_account", "limit": 1}),
            Call("POST", "/v1/payment_methods"),
        ),
    ),
    Permission(
        "customers",
        "Read",
        "the customer's name, for that payment method",
        r"/v1/customers/\w+",
        (Call("GET", "/v1/customers/cus_doctor"),),
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
