"""The schema of a release that never was: other names, and no table to search accounts by."""

import sqlalchemy as sa
from alembic import context, op

revision = "older"
down_revision = None

_NAME = sa.String(64)
_ID = sa.String(255)


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("type", _ID, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("connected_account", _ID),
        sa.Index("inbox_received", "received_at"),
    )
    op.create_table(
        "snapshots",
        sa.Column("machine", _NAME, primary_key=True),
        sa.Column("key", _ID, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("connected_account", _ID),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("machine", _NAME, nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("origin", _ID, nullable=False),
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
    )
    op.create_table(
        "outbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("command", _NAME, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("origin", _ID, nullable=False),
        sa.Column("connected_account", _ID),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("error", sa.Text),
    )
    context.config.attributes["backend"].create_job_tables(op.get_bind())
