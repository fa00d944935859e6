"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "first"
down_revision = None

_NAME = sa.String(64)
_ID = sa.String(255)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "inbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("type", _ID, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("connected_account", _ID),
        comment="What has arrived, once each: webhooks, answers to commands, timers, requests.",
    )
    op.create_table(
        "snapshots",
        sa.Column("machine", _NAME, primary_key=True),
        sa.Column("key", _ID, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        comment="Each machine as it is now.",
    )
    op.create_table(
        "journal",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("machine", _NAME, nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("cause", _ID, sa.ForeignKey("inbox.id"), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("event", _NAME, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("from_state", _NAME, nullable=False),
        sa.Column("to_state", _NAME, nullable=False),
        sa.Column("transition", sa.Text),
        sa.Column("guards", sa.JSON, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("anomaly", sa.Boolean, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("commands", sa.JSON, nullable=False),
        sa.UniqueConstraint("machine", "key", "version"),
        comment="Each decision, in order. Rows are added, and never changed.",
    )
    op.create_table(
        "outbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("command", _NAME, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("cause", _ID, sa.ForeignKey("inbox.id"), nullable=False),
        sa.Column("connected_account", _ID),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("result", sa.JSON(none_as_null=True)),
        sa.Index("outbox_due", "status", "due_at"),
        comment="What is to be done, and how far it is.",
    )
