"""No secret and no private data reaches the disk or the log."""

import hmac
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from relink.adapters.store import SqlStore
from relink.adapters.stripe import Accepted, StripeWebhooks
from relink.engine import Address

from .database import Database
from .messages import NOW, message, open_session, receive

CLIENT_SECRET = "fcsess_client_secret_NobodyMayKeepThis"

NEW: dict[str, Any] = {
    "id": "fca_2",
    "object": "financial_connections.account",
    "account_holder": {"type": "customer", "customer": "cus_1"},
    "account_numbers": [{"identifier_type": "account_number", "status": "transactable"}],
    "authorization": "fcauth_2",
    "balance": {"current": {"usd": 4_321_098}},
    "display_name": "Jenny's Secret Savings",
    "institution_name": "StripeBank",
    "last4": "6789",
    "livemode": False,
    "ownership": {"owners": {"data": [{"name": "Jenny Rosen"}]}},
    "permissions": ["payment_method"],
    "status": "active",
    "subcategory": "checking",
    "supported_payment_method_types": ["us_bank_account"],
}
UPDATED = {
    "id": "evt_1",
    "object": "event",
    "created": NOW + 60,
    "livemode": False,
    "type": "financial_connections.session.updated",
    "data": {
        "object": {
            "id": "fcsess_1",
            "object": "financial_connections.session",
            "account_holder": {"type": "customer", "customer": "cus_1"},
            "accounts": {"object": "list", "data": [NEW], "has_more": False},
            "bank_account_token": {"id": "btok_NobodyMayKeepThis", "object": "token"},
            "client_secret": CLIENT_SECRET,
            "status": "succeeded",
            "url": f"https://hosted.example/{CLIENT_SECRET}",
        }
    },
}
PRIVATE = (CLIENT_SECRET, "NobodyMayKeepThis", "hosted.example", "Jenny", "4321098")


def received() -> Accepted:
    """The session's webhook, verified and reduced."""
    payload = json.dumps(UPDATED).encode()
    signature = hmac.new(b"whsec_1", f"{NOW}.".encode() + payload, "sha256").hexdigest()
    found = StripeWebhooks(["whsec_1"], livemode=False).receive(
        payload, f"t={NOW},v1={signature}", NOW
    )
    assert isinstance(found, Accepted)
    return found


def written(database: Database, folder: Path) -> str:
    """Everything on the disk: the files of SQLite, or every row of PostgreSQL."""
    if not database.is_postgres:
        return "".join(path.read_bytes().decode("latin-1") for path in folder.iterdir())
    tables = database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'relink'")
    names = [row["tablename"] for row in tables]
    assert {"journal", "procrastinate_jobs"} <= set(names)
    return "".join(str(database.rows(f"SELECT t::text FROM {name} AS t")) for name in names)


def test_neither_the_database_nor_the_log_holds_a_sessions_secrets(
    store: SqlStore, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    for logger in ("stripe", "sqlalchemy.engine", "psycopg"):
        caplog.set_level(logging.DEBUG, logger=logger)
    receive(store, "evt_0")
    open_session(store)
    event = received()
    assert store.apply(message(event.id), event.events).steps[0].deliveries
    assert store.snapshot(Address("session", "fcsess_1")).state == "succeeded"
    assert store.snapshot(Address("account", "fca_2")).state == "active"
    assert "sqlalchemy.engine" in {record.name.rsplit(".", 1)[0] for record in caplog.records}
    store.close()
    found = written(database, tmp_path)
    assert "fcsess_1" in found
    for private in PRIVATE:
        assert private not in found
        assert private not in caplog.text
