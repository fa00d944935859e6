"""Messages that arrive in these tests: reports about accounts, and answers to commands."""

from typing import Any

from relink.adapters.store import Applied, DueCommand, InboxMessage, Store
from relink.engine import Address
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import AccountReported, RelinkRequested, RelinkSessionCreated
from relink.machines.report import AccountNumber, Holder, StatusReport

NOW = 1_760_000_000
ACCOUNT = Address("account", "fca_1")

ACTIVE = {"status": "active", "action": None, "cause": None}
INACTIVE = {"status": "inactive", "action": "relink_required", "cause": "access_expired"}

_REPORT: dict[str, Any] = {
    **INACTIVE,
    "deactivates_on": None,
    "authorization": "fcauth_1",
    "holder": Holder(field="customer", id="cus_1"),
    "permissions": ("payment_method", "balances"),
    "category": "cash",
    "subcategory": "checking",
    "payment_method_types": ("us_bank_account",),
    "numbers": (AccountNumber(status="transactable", networks=("ach",)),),
    "institution_name": "StripeBank",
    "last4": "6789",
}


def message(id: str, at: float = NOW, connected_account: str | None = None) -> InboxMessage:
    """A message with this id."""
    return InboxMessage(id, "test", NOW, at, connected_account)


def reported(id: str, as_of: int = NOW, account: str = "fca_1", **changed: Any) -> AccountReported:
    """A webhook's report about an account: inactive and relinkable, unless changed."""
    report = StatusReport(**{**_REPORT, **changed})
    return AccountReported(
        causation_id=id, at=float(as_of), account=account, as_of=as_of, read=False, report=report
    )


def receive(
    store: Store, id: str, as_of: int = NOW, account: str = "fca_1", **changed: Any
) -> Applied:
    """Apply a report about an account."""
    return store.apply(message(id, at=as_of), [reported(id, as_of, account, **changed)])


def open_session(store: Store, at: float = NOW) -> CreateRelinkSession:
    """Request a relink session and open it; returns the command for the caller."""
    asked = RelinkRequested(causation_id="req_1", at=at, account=ACCOUNT.key)
    commands = store.apply(message("req_1"), [asked]).steps[0].commands
    (create,) = [command for command in commands if isinstance(command, CreateRelinkSession)]
    made = RelinkSessionCreated(causation_id="req_2", at=at, session="fcsess_1", request=create)
    store.apply(message("req_2"), [made])
    return create


def due_for(store: Store, name: str, now: float = 9e9) -> DueCommand:
    """The command of this name that is due by then."""
    (found,) = [due for due in store.due_commands(now, 999) if due.command.name == name]
    return found
