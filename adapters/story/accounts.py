"""Whose story something belongs to: the accounts of a bank login, session or payment method."""

from relink.adapters.store import Store
from relink.engine import Address
from relink.machines.authorization.facts import AuthorizationFacts
from relink.machines.payment_method import PaymentMethodFacts
from relink.machines.session.facts import SessionFacts


def accounts_of(store: Store, machine: str, id: str) -> list[str]:
    """The accounts whose story a machine belongs to; empty where the store does not know it.

    Args:
        store: holds it.
        machine: ``account``, ``authorization``, ``session`` or ``payment_method``.
        id: its id.
    """
    found = store.snapshot(Address(machine, id))
    if found is None:
        return []
    match found.facts:
        case AuthorizationFacts(members=members):
            return sorted(members)
        case SessionFacts(request=request):
            return [request.account] if request else []
        case PaymentMethodFacts(account=account):
            return [account] if account else []
    return [id]
