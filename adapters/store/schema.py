"""The tables. Only types and constraints that SQLite and PostgreSQL have in common.

They come about by the steps in ``migrations/``; a test holds that both say the same.

What belongs together is written in one transaction, so that no foreign key has to watch over
it; and each goes when its own time is up (:mod:`.retention`).
"""

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

metadata = MetaData()

_NAME = String(64)
_ID = String(255)
_SERIAL = BigInteger().with_variant(Integer, "sqlite")

inbox = Table(
    "inbox",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("type", _ID, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("connected_account", _ID),
    Index("inbox_received", "received_at"),
    comment="What has arrived, once each: webhooks, answers to commands, timers, requests.",
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("machine", _NAME, primary_key=True),
    Column("key", _ID, primary_key=True),
    Column("state", _NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    # In whose name Stripe has to be called about it (``acct_…``).
    Column("connected_account", _ID),
    # It changes with every event. With room on each page, and nothing indexed but the key, a new
    # version of a row finds place beside the old one, and the index stays as it is.
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
    comment="What accounts are looked for by; their snapshots have the same, and the rest.",
)

journal = Table(
    "journal",
    metadata,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("machine", _NAME, nullable=False),
    Column("key", _ID, nullable=False),
    Column("version", Integer, nullable=False),
    Column("cause", _ID, nullable=False),
    Column("at", Float, nullable=False),
    Column("event", _NAME, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("from_state", _NAME, nullable=False),
    Column("to_state", _NAME, nullable=False),
    Column("transition", Text),
    Column("guards", JSON, nullable=False),
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
    comment="Where a machine was when the part of its journal ended that is not kept any more.",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("command", _NAME, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("cause", _ID, nullable=False),
    Column("connected_account", _ID),
    # due, done, or failed: a dead letter.
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("give_up_at", Float, nullable=False),
    # How often it was taken up again by hand.
    Column("round", Integer, nullable=False),
    Column("finished_at", Float),
    # Why the last attempt failed.
    Column("error", Text),
    Index(
        "outbox_due",
        "due_at",
        postgresql_where=text("status = 'due'"),
        sqlite_where=text("status = 'due'"),
    ),
    Index(
        "outbox_failed",
        "finished_at",
        postgresql_where=text("status = 'failed'"),
        sqlite_where=text("status = 'failed'"),
    ),
    Index(
        "outbox_done",
        "finished_at",
        postgresql_where=text("status = 'done'"),
        sqlite_where=text("status = 'done'"),
    ),
    comment="What is to be done, and how far it is.",
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("value", JSON, nullable=False),
    comment="How far the walks through all accounts are.",
)

rate_limiter = Table(
    "rate_limiter",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("next_at", Float, nullable=False),
    comment="When the next request may go to Stripe (Unix seconds), for all workers together.",
)
