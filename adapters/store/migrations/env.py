"""Runs the revisions on the connection that :mod:`relink.adapters.store.migrate` opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
