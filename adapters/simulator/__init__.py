"""A simulated Stripe Financial Connections: stateful and deterministic, with faults on demand."""

from .bank import Bank
from .errors import NotPossibleError, SimulatedTimeout
from .faults import ApiFault, Faults
from .flow import CustomerPart, Offer
from .forms import encode
from .ledger import Asked, Effect, Ledger
from .message import Request, Response
from .resources import Account, Authorization, Holder, PaymentMethod, Session
from .simulator import Simulator
from .versions import GENERAL, PREVIEW
from .webhooks import Delivery, Endpoint
from .world import INACTIVE_ACCOUNTS, STRIPE_BANK, TOKENIZED_NUMBERS

__all__ = [
    "GENERAL",
    "INACTIVE_ACCOUNTS",
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
    "Faults",
    "Holder",
    "Ledger",
    "NotPossibleError",
    "Offer",
    "PaymentMethod",
    "Request",
    "Response",
    "Session",
    "SimulatedTimeout",
    "Simulator",
    "encode",
]
