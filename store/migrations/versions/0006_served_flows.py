"""Which flows a worker knows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add their names."""
    op.add_column("workers", sa.Column("flows", sa.JSON(), nullable=True))
