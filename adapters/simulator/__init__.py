"""A simulated Stripe Financial Connections: stateful and deterministic, with faults on demand."""

from .bank import Bank
from .errors import NotPossibleError, SimulatedTimeout
from .faults import ApiFault, Faults, SetupFault
from .flow import CustomerPart, Offer
from .forms import encode
from .keys import PERMISSIONS, Keys
from .ledger import Asked, Effect, Ledger
from .message import Request, Response
from .resources import (
    Account,
    Authorization,
    ExternalAccount,
    Holder,
    Mandate,
    Number,
    PaymentMethod,
    Session,
)
from .shapes import Shapes
from .simulator import Simulator
from .versions import GENERAL, PREVIEW
from .webhooks import Delivery, Endpoint
from .world import INACTIVE_ACCOUNTS, STRIPE_BANK, TOKENIZED_NUMBERS

__all__ = [
    "GENERAL",
    "INACTIVE_ACCOUNTS",
    "PERMISSIONS",
    "PREVIEW",
    "STRIPE_BANK",
    "TOKENIZED_NUMBERS",
    "Account",
    "ApiFault",
    "Asked",
    "Authorization",
    "Bank",
    "CustomerPart",
    "Delivery",
    "Effect",
    "Endpoint",
    "ExternalAccount",
    "Faults",
    "Holder",
    "Keys",
    "Ledger",
    "Mandate",
    "NotPossibleError",
    "Number",
    "Offer",
    "PaymentMethod",
    "Request",
    "Response",
    "Session",
    "SetupFault",
    "Shapes",
    "SimulatedTimeout",
    "Simulator",
    "encode",
]
