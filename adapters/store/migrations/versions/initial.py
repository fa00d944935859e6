"""The tables of the first release."""

import sqlalchemy as sa
from alembic import context, op

revision = "initial"
down_revision = None

_NAME = sa.String(64)
_ID = sa.String(255)


def upgrade() -> None:
    """Create them."""
    _inbox()
    _machines()
    _journal()
    _outbox()
    _sweeps_and_rates()
    context.config.attributes["backend"].create_job_tables(op.get_bind())


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("type", _ID, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("connected_account", _ID),
        sa.Index("inbox_received", "received_at"),
        comment="Each message that arrived, once: webhooks, answers to commands, timers, requests.",
    )


def _machines() -> None:
    op.create_table(
        "snapshots",
        sa.Column("machine", _NAME, primary_key=True),
        sa.Column("key", _ID, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("connected_account", _ID),
        postgresql_with={"fillfactor": 70},
        comment="Each machine as it is now.",
    )
    op.create_table(
        "accounts",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("holder", _ID),
        sa.Column("authorization", _ID),
        sa.Column("institution", _ID),
        *(
            sa.Index(f"accounts_{column}", column, "id")
            for column in ("state", "holder", "authorization", "institution")
        ),
        comment="What accounts are searched by; their snapshots hold the same, and the rest.",
    )


def _journal() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "journal",
        sa.Column("seq", serial, primary_key=True, autoincrement=True),
        sa.Column("machine", _NAME, nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("causation_id", _ID, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("event", _NAME, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("from_state", _NAME, nullable=False),
        sa.Column("to_state", _NAME, nullable=False),
        sa.Column("transition", sa.Text),
        sa.Column("guards", sa.JSON, nullable=False),
        sa.Column("chart", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("anomaly", sa.Boolean, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("commands", sa.JSON, nullable=False),
        sa.UniqueConstraint("machine", "key", "version"),
        comment="Each decision, in order. Rows are added, and never changed.",
    )
    op.create_table(
        "checkpoints",
        sa.Column("machine", _NAME, primary_key=True),
        sa.Column("key", _ID, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        comment="Each machine as it was when the deleted part of its journal ended.",
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("command", _NAME, nullable=False),
        sa.Column("party", sa.String(16), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("causation_id", _ID, nullable=False),
        sa.Column("connected_account", _ID),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("retried_for", sa.Float, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("error", sa.Text),
        sa.Column("stuck_on", _ID),
        comment="Each command that is carried out later, and how far it is.",
    )
    for index, columns, condition in (
        ("outbox_due", "due_at", "status = 'due'"),
        ("outbox_due_at_party", "party due_at", "status = 'due'"),
        ("outbox_failing", "created_at", "status = 'due' AND error IS NOT NULL"),
        ("outbox_failed", "finished_at", "status = 'failed'"),
        ("outbox_done", "finished_at", "status = 'done'"),
        ("outbox_stuck", "stuck_on", "stuck_on IS NOT NULL"),
    ):
        only = sa.text(condition)
        op.create_index(index, "outbox", columns.split(), postgresql_where=only, sqlite_where=only)


def _sweeps_and_rates() -> None:
    op.create_table(
        "cursors",
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        comment="How far the sweeps over all accounts are, and the latest write of a health check.",
    )
    op.create_table(
        "rate_limits",
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("next_at", sa.Float, nullable=False),
        comment="When each lane's next request may go to Stripe (Unix seconds), for all processes.",
    )
