"""Runs the migrations on the connection that the store hands over; alembic calls this file, there is no alembic.ini."""

from alembic import context

from probe.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # SQLite rolls its tables back, too: a migration happens or it does not
)
with context.begin_transaction():
    context.run_migrations()
