"""Runs the revisions on the connection that :mod:`relink.adapters.store.migrate` opened."""

from alembic import context

from relink.adapters.store.migrate import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
