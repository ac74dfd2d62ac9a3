"""Alembic's entry point: runs the migrations on the connection of `upgrade`."""

from alembic import context

from signoff.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
