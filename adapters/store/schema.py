"""The tables. Only types and constraints that SQLite and PostgreSQL have in common."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
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
    comment="Each machine as it is now.",
)

journal = Table(
    "journal",
    metadata,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("machine", _NAME, nullable=False),
    Column("key", _ID, nullable=False),
    Column("version", Integer, nullable=False),
    Column("cause", _ID, ForeignKey(inbox.c.id), nullable=False),
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

outbox = Table(
    "outbox",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("command", _NAME, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("cause", _ID, ForeignKey(inbox.c.id), nullable=False),
    Column("connected_account", _ID),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("result", JSON(none_as_null=True)),
    Index("outbox_due", "status", "due_at"),
    comment="What is to be done, and how far it is.",
)
