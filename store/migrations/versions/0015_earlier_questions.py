"""What a prompt asked before in other words, and how that ended."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """No prompt so far was asked again in other words."""
    op.add_column("prompts", sa.Column("earlier", sa.JSON(), nullable=True))
