"""The stages that a prompt has passed, and in which one a submission came."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"


def upgrade() -> None:
    """So far no policy had stages."""
    op.add_column("prompts", sa.Column("stages", sa.JSON(), nullable=True))
    op.add_column("submissions", sa.Column("stage", sa.String(), nullable=True))
