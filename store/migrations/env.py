"""Alembic's entry: run the migrations on the connection that `upgrade` holds."""

from alembic import context

from signoff.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
