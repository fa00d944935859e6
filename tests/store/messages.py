"""What arrives in these tests: reports of accounts, and the answers to commands."""

from typing import Any

from relink.adapters.store import Applied, DueCommand, InboxMessage, MemoryStore, SqlStore
from relink.engine import Address
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import AccountReported, RelinkRequested, RelinkSessionCreated
from relink.machines.report import AccountNumber, Holder, StatusReport

NOW = 1_760_000_000
ACCOUNT = Address("account", "fca_1")

WORKS = {"status": "active", "action": None, "cause": None}
BROKEN = {"status": "inactive", "action": "relink_required", "cause": "access_expired"}

_WORD: dict[str, Any] = {
    **BROKEN,
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


def message(name: str, at: float = NOW, connected_account: str | None = None) -> InboxMessage:
    """Something that arrives under this id."""
    return InboxMessage(name, "test", NOW, at, connected_account)


def reported(
    name: str, as_of: int = NOW, account: str = "fca_1", **changed: Any
) -> AccountReported:
    """An account as a webhook reports it: inactive and relinkable, unless it says otherwise."""
    report = StatusReport(**{**_WORD, **changed})
    return AccountReported(
        causation_id=name, at=float(as_of), account=account, as_of=as_of, read=False, report=report
    )


def hear(
    store: Store, name: str, as_of: int = NOW, account: str = "fca_1", **said: Any
) -> Applied:
    """Apply the report of an account."""
    report = reported(name, as_of, account, **said)
    return store.apply(message(name, at=as_of), [report])


def relink(store: SqlStore, at: float = NOW) -> CreateRelinkSession:
    """Ask for a session and open it; what the caller was to do."""
    asked = RelinkRequested(causation_id="req_1", at=at, account=ACCOUNT.key)
    commands = store.apply(message("req_1"), [asked]).steps[0].commands
    (create,) = [command for command in commands if isinstance(command, CreateRelinkSession)]
    made = RelinkSessionCreated(causation_id="req_2", at=at, session="fcsess_1", request=create)
    store.apply(message("req_2"), [made])
    return create


def due_for(store: SqlStore, name: str, now: float = 9e9) -> DueCommand:
    """The command of this name that is due by then."""
    (found,) = [due for due in store.due_commands(now, 999) if due.command.name == name]
    return found
