"""Where the flow of a run comes from, and the hash of its code."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    """Of the runs that are there nothing is known, so every worker with a flow of the name takes them, as before."""
    op.add_column("flow_runs", sa.Column("source", sa.String()))
    op.add_column("flow_runs", sa.Column("fingerprint", sa.String(64)))
