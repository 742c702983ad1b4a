"""Alembic's entry: runs the versions on the connection that the store hands over."""

from __future__ import annotations

from alembic import context

from tinyfield_gateway.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
