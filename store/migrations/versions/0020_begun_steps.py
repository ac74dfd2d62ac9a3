"""What a step was called with, and which runs have recorded when their steps begin."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"


def upgrade() -> None:
    """Runs that are there go on with the keys that their steps have."""
    op.add_column("flow_runs", sa.Column("journal_version", sa.Integer()))
    op.add_column("steps", sa.Column("arguments", sa.Text()))
