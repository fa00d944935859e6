"""The tables, with the types and constraints that SQLite and PostgreSQL share.

The revisions in ``migrations/`` create them; a test holds that both describe the same schema.
All statements take their columns from here.

Rows that belong together are written in one transaction, so no foreign key guards them; each
row is deleted when its own retention time is over (:mod:`.retention`).
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .limits import LONGEST_ID

metadata = MetaData()

_NAME = String(64)
_ID = String(LONGEST_ID)
_SERIAL = BigInteger().with_variant(Integer, "sqlite")


def _partial(name: str, columns: str, condition: str) -> Index:
    """An index over some rows of the outbox."""
    only = text(condition)
    return Index(name, *columns.split(), postgresql_where=only, sqlite_where=only)


inbox = Table(
    "inbox",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("type", _ID, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("connected_account", _ID),
    Index("inbox_received", "received_at"),
    comment="Each message that arrived, once: webhooks, answers to commands, timers, requests.",
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("machine", _NAME, primary_key=True),
    Column("key", _ID, primary_key=True),
    Column("state", _NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    # The connected account (acct_…) on whose behalf Stripe is called about the machine.
    Column("connected_account", _ID),
    # Every event updates a row. With free room on each page, and no index but the key,
    # PostgreSQL puts the new version beside the old one and leaves the index alone.
    postgresql_with={"fillfactor": 70},
    comment="Each machine as it is now.",
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("state", _NAME, nullable=False),
    Column("holder", _ID),
    Column("authorization", _ID),
    Column("institution", _ID),
    Index("accounts_state", "state", "id"),
    Index("accounts_holder", "holder", "id"),
    Index("accounts_authorization", "authorization", "id"),
    Index("accounts_institution", "institution", "id"),
    comment="What accounts are searched by; their snapshots hold the same, and the rest.",
)

journal = Table(
    "journal",
    metadata,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("machine", _NAME, nullable=False),
    Column("key", _ID, nullable=False),
    Column("version", Integer, nullable=False),
    Column("causation_id", _ID, nullable=False),
    Column("at", Float, nullable=False),
    Column("event", _NAME, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("from_state", _NAME, nullable=False),
    Column("to_state", _NAME, nullable=False),
    Column("transition", Text),
    Column("guards", JSON, nullable=False),
    # The digest of the table that decided.
    Column("chart", String(16), nullable=False),
    # A code of relink.machines.reasons.
    Column("reason", Text),
    Column("anomaly", Boolean, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("commands", JSON, nullable=False),
    UniqueConstraint("machine", "key", "version"),
    comment="Each decision, in order. Rows are added, and never changed.",
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("machine", _NAME, primary_key=True),
    Column("key", _ID, primary_key=True),
    Column("state", _NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    comment="Each machine as it was when the deleted part of its journal ended.",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("command", _NAME, nullable=False),
    # Who carries it out: stripe, service or clock.
    Column("party", String(16), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("causation_id", _ID, nullable=False),
    Column("connected_account", _ID),
    # due, done, or failed: a dead letter.
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    # The pauses between its attempts, together (seconds).
    Column("retried_for", Float, nullable=False),
    # How often an operator has retried it after it failed.
    Column("generation", Integer, nullable=False),
    Column("finished_at", Float),
    # Why the last attempt failed; and as a code, where an operator has to look at it.
    Column("error", Text),
    Column("stuck_on", _ID),
    _partial("outbox_due", "due_at", "status = 'due'"),
    _partial("outbox_due_at_party", "party due_at", "status = 'due'"),
    _partial("outbox_failing", "created_at", "status = 'due' AND error IS NOT NULL"),
    _partial("outbox_failed", "finished_at", "status = 'failed'"),
    _partial("outbox_done", "finished_at", "status = 'done'"),
    _partial("outbox_stuck", "stuck_on", "stuck_on IS NOT NULL"),
    comment="Each command that is carried out later, and how far it is.",
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("value", JSON, nullable=False),
    comment="How far the sweeps over all accounts are, and the latest write of a health check.",
)

PROOF = """INSERT INTO cursors (name, value) VALUES ('health', '{}')
ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
"""Writes, and changes nothing. It proves that the database takes writes."""

rate_limits = Table(
    "rate_limits",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("next_at", Float, nullable=False),
    comment="When each lane's next request may go to Stripe (Unix seconds), for all processes.",
)

Columns = tuple[Column[Any], ...]


def _columns(table: Table, *without: str) -> Columns:
    return tuple(column for column in table.c if column.name not in without)


INBOX = _columns(inbox)
SNAPSHOT = _columns(snapshots)
ACCOUNT = _columns(accounts)
ENTRY = _columns(journal, "seq")
COMMAND = _columns(outbox, "finished_at", "error", "stuck_on")
"""The columns that a new row of each table is given."""


def names(columns: Columns) -> str:
    """The columns' names as SQL, in order; quoted, since PostgreSQL reserves some of them."""
    return ", ".join(f'"{column.name}"' for column in columns)
