"""The clock that all processes share, and when the process of a worker started."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Nothing is known of the clock yet, and the start of a process that works now is not compared."""
    op.create_table(
        "clocks",
        sa.Column("timeline", sa.String(), nullable=False),
        sa.Column("offset_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("timeline", name="pk_clocks"),
    )
    op.add_column("workers", sa.Column("pid_started", sa.String()))
