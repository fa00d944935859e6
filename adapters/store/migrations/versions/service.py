"""What a service needs: accounts to look for, patience, retention, the pace, and jobs.

What is due stays due: rows of the first release get their patience from when they are due, and on
PostgreSQL the workers' sweep finds that they have no job yet. Billing names go from where they
were needed.
"""

import sqlalchemy as sa
from alembic import op

revision = "service"
down_revision = "first"

_NAME = sa.String(64)
_ID = sa.String(255)

PATIENCE = 3 * 24 * 60 * 60
"""Seconds, as the first release had it in its code."""

NAMING = {"fk": "%(table_name)s_cause_fkey"}
"""SQLite gave the foreign keys no names; these are PostgreSQL's."""


def upgrade() -> None:
    """Change the tables of the first release, and add the new ones."""
    on_postgres = op.get_context().dialect.name == "postgresql"
    _snapshots(on_postgres)
    _accounts(on_postgres)
    _journal(on_postgres)
    _outbox(on_postgres)
    op.create_index("inbox_received", "inbox", ["received_at"])
    op.create_table(
        "checkpoints",
        sa.Column("machine", _NAME, primary_key=True),
        sa.Column("key", _ID, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        comment="Where a machine was when the part of its journal ended that is not kept any more.",
    )
    op.create_table(
        "cursors",
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        comment="How far the walks through all accounts are.",
    )
    pace = op.create_table(
        "pace",
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("next_at", sa.Float, nullable=False),
        comment="When the next request may go to Stripe (Unix seconds), for all workers together.",
    )
    op.bulk_insert(pace, [{"name": "stripe", "next_at": 0.0}])
    if on_postgres:
        _jobs()


def _snapshots(on_postgres: bool) -> None:
    op.add_column("snapshots", sa.Column("connected_account", _ID))
    op.execute(
        "UPDATE snapshots SET connected_account = (SELECT inbox.connected_account FROM inbox "
        "JOIN journal ON journal.cause = inbox.id WHERE journal.machine = snapshots.machine "
        "AND journal.key = snapshots.key AND inbox.connected_account IS NOT NULL "
        "ORDER BY journal.version DESC LIMIT 1)"
    )
    if on_postgres:
        op.execute("ALTER TABLE snapshots SET (fillfactor = 70)")


def _accounts(on_postgres: bool) -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("holder", _ID),
        sa.Column("authorization", _ID),
        sa.Column("institution", _ID),
        comment="What accounts are looked for by; their snapshots have the same, and the rest.",
    )
    facts = ("'{holder,id}'", "'{authorization}'", "'{institution_name}'")
    read = "facts #>> {}"
    if not on_postgres:
        facts = ("'$.holder.id'", "'$.authorization'", "'$.institution_name'")
        read = "json_extract(facts, {})"
    op.execute(
        'INSERT INTO accounts (id, state, holder, "authorization", institution) '
        f"SELECT key, state, {', '.join(map(read.format, facts))} "
        "FROM snapshots WHERE machine = 'account'"
    )
    for column in ("state", "holder", "authorization", "institution"):
        op.create_index(f"accounts_{column}", "accounts", [column, "id"])


def _journal(on_postgres: bool) -> None:
    if on_postgres:
        op.drop_constraint("journal_cause_fkey", "journal")
        return
    with op.batch_alter_table(
        "journal", naming_convention={"fk": "%(table_name)s_cause_fkey"}
    ) as t:
        t.drop_constraint("journal_cause_fkey", type_="foreignkey")


def _outbox(on_postgres: bool) -> None:
    op.drop_index("outbox_due", "outbox")
    with op.batch_alter_table("outbox", naming_convention=NAMING) as t:
        t.drop_constraint("outbox_cause_fkey", type_="foreignkey")
        t.drop_column("result")
        t.add_column(sa.Column("give_up_at", sa.Float))
        t.add_column(sa.Column("round", sa.Integer, nullable=False, server_default="0"))
        t.add_column(sa.Column("error", sa.Text))
    op.execute(f"UPDATE outbox SET give_up_at = due_at + {PATIENCE}")
    nameless = "json_remove(fields, '$.billing_name')"
    if on_postgres:
        nameless = "(fields::jsonb - 'billing_name')::json"
    op.execute(
        f"UPDATE outbox SET fields = {nameless} "
        "WHERE command = 'create_payment_method' AND status = 'done'"
    )
    with op.batch_alter_table("outbox") as t:
        t.alter_column("give_up_at", existing_type=sa.Float, nullable=False)
        t.alter_column("round", existing_type=sa.Integer, server_default=None)
    for index, column, status in (
        ("outbox_due", "due_at", "due"),
        ("outbox_failed", "finished_at", "failed"),
        ("outbox_done", "finished_at", "done"),
    ):
        only = sa.text(f"status = '{status}'")
        op.create_index(index, "outbox", [column], postgresql_where=only, sqlite_where=only)


def _jobs() -> None:
    """Procrastinate's own tables and functions."""
    from procrastinate.schema import SchemaManager

    # Many statements at once, which the driver takes only without parameters.
    connection = op.get_bind().connection.driver_connection
    assert connection is not None, "a connection that is open has a driver's"
    connection.execute(SchemaManager.get_schema())
