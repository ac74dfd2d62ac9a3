"""Which engine runs a run, and who asked for it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the engine, its own id of the run, and the requester. Runs there are so far belong to the embedded engine."""
    op.add_column("flow_runs", sa.Column("engine", sa.String(), nullable=False, server_default="embedded"))
    for name in ("external_id", "requester", "requester_name"):
        op.add_column("flow_runs", sa.Column(name, sa.String(), nullable=True))
    # Partial, so that runs of the embedded engine, which have no such id, do not pay for it.
    elsewhere = sa.text("external_id IS NOT NULL")
    op.create_index(
        "ix_flow_runs_external_id",
        "flow_runs",
        ["engine", "external_id"],
        unique=True,
        sqlite_where=elsewhere,
        postgresql_where=elsewhere,
    )
