"""From there to the present schema, with everything that is in the database."""

import sqlalchemy as sa
from alembic import op

from relink.adapters.store.schema import accounts, checkpoints, cursors, metadata, rate_limits

revision = "initial"
down_revision = "older"


def upgrade() -> None:
    connection = op.get_bind()
    op.alter_column("journal", "origin", new_column_name="causation_id")
    op.add_column("journal", sa.Column("chart", sa.String(16), nullable=False, server_default=""))
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("origin", new_column_name="causation_id")
        outbox.add_column(sa.Column("retried_for", sa.Float, nullable=False, server_default="0"))
        outbox.add_column(sa.Column("stuck_on", sa.String(255)))
        outbox.add_column(
            sa.Column("party", sa.String(16), nullable=False, server_default="stripe")
        )
        outbox.add_column(sa.Column("generation", sa.Integer, nullable=False, server_default="0"))
    metadata.create_all(connection, tables=[accounts, checkpoints, cursors, rate_limits])
    facts = sa.table("snapshots", *(sa.column(name) for name in ("machine", "key", "state")))
    of_accounts = sa.select(facts.c.key, facts.c.state).where(facts.c.machine == "account")
    connection.execute(accounts.insert().from_select(["id", "state"], of_accounts))
