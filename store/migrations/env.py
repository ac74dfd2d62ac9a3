"""Alembic's entry point: runs the migrations on the connection of `upgrade`."""

from alembic import context

from signoff.store.tables import complete_metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=complete_metadata(),
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
