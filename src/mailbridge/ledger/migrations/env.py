"""Alembic runs inside the transaction that `migrate` opened."""

from alembic import context

from mailbridge.ledger import schema_alerts  # noqa: F401 - its tables belong to them
from mailbridge.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
