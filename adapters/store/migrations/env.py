"""Runs the revisions on the connection that :mod:`relink.adapters.store.migrating` opened."""

from alembic import context

from relink.adapters.store.migrating import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
